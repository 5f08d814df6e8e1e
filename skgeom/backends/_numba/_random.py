"""Random numbers that depend on a stream and a counter alone: splitmix64."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS

_OPTIONS = {**OPTIONS, "error_model": "numpy"}

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@njit(**_OPTIONS)
def mix(x):
    """Splitmix64's finaliser: neighbouring numbers in, unrelated numbers out."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@njit(**_OPTIONS)
def uniform(stream, counter):
    """Draw number `counter` of a stream, in [0, 1)."""
    bits = mix(stream + np.uint64(counter + 1) * GOLDEN)
    # Of a signed number, whose conversion is one instruction.
    return float(np.int64(bits >> np.uint64(11))) * 2.0**-53
