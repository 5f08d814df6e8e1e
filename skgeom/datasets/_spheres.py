"""Points on spheres whose density is known, and events along the rims of plates."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.geometry import sphere
from skgeom.typing import NDArray, RandomStateLike

_POSITIVE_INT = [Interval(Integral, 1, None, closed="left")]
