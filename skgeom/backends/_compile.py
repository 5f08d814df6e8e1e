"""How every numba kernel is compiled."""

import os

# Without the GIL, and kept on disk unless the environment says otherwise.
OPTIONS = {"cache": os.environ.get("SKGEOM_NUMBA_CACHE", "1") != "0", "nogil": True}
