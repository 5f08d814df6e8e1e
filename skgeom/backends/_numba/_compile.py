"""How every numba kernel is compiled.

Kernels are arrays in, arrays out, without the GIL, and give the same answer on any
number of threads. Importing a module of them costs the import of numba: only functions
that are about to run a kernel do so.
"""

import os

# Without the GIL, and kept on disk unless the environment says otherwise.
OPTIONS = {"cache": os.environ.get("SKGEOM_NUMBA_CACHE", "1") != "0", "nogil": True}
