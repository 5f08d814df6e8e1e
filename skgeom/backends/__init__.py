"""The one place that knows numba and torch.

Dense mathematics is written once against an array namespace ``xp``. What the array
API lacks is a short list of primitives, described by :class:`Backend` and implemented
once per engine. ``_reference.py`` says in a few lines of NumPy what each one means.
"""

from skgeom.backends._arrays import (
    MissingDeviceError,
    as_numpy,
    is_out_of_memory,
    is_sound_tensor,
    is_torch,
)
from skgeom.backends._blocks import (
    CACHE_BYTES,
    block_bytes,
    row_blocks,
    scratch_bytes,
)
from skgeom.backends._descent import Descent, Links, Points
from skgeom.backends._dispatch import get_backend
from skgeom.backends._kernel_products import POINT_KERNELS, SQUARED_UNITS
from skgeom.backends._neighborhoods import Neighborhoods
from skgeom.backends._protocol import Backend
from skgeom.backends._threads import (
    few_threads,
    in_threads,
    number_of_threads,
    one_blas_thread,
)
from skgeom.backends._walks import Steps

__all__ = [
    "CACHE_BYTES",
    "Backend",
    "Descent",
    "Links",
    "MissingDeviceError",
    "Neighborhoods",
    "POINT_KERNELS",
    "Points",
    "SQUARED_UNITS",
    "Steps",
    "as_numpy",
    "block_bytes",
    "few_threads",
    "in_threads",
    "number_of_threads",
    "get_backend",
    "is_out_of_memory",
    "is_sound_tensor",
    "is_torch",
    "one_blas_thread",
    "row_blocks",
    "scratch_bytes",
]
