"""Rows around their mean, in a unit in which squares and products are finite."""

from typing import NamedTuple

import numpy as np

from skgeom.backends import Backend
from skgeom.graph._neighbors import power_of_two
from skgeom.typing import Array, NDArray

# Deviations below this share of the largest entry are rounding, and none.
_ROUNDING = 1e-13
# No row is farther away than this, in units; squares of it, added up, are numbers.
_FARTHEST = 1e75


class Frame(NamedTuple):
    """A unit, and the mean of the rows in it.

    Attributes
    ----------
    unit : float
        > 0.
    mean : ndarray of shape (d,), float64
        In units.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._centred import Frame
    >>> Frame(2.0, np.array([3.0])).unit
    2.0
    """

    unit: float
    mean: NDArray


def frame_of(rows: Array, backend: Backend) -> Frame:
    """Mean of rows, and their root mean squared distance from it, which is the unit.

    Parameters
    ----------
    rows : array of shape (n, d)
        Finite, of the backend.
    backend : Backend
        Where they are.

    Returns
    -------
    Frame
        Of equal rows with a unit in which they stay finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._centred import frame_of
    >>> frame_of(np.array([[1e200], [9e200]]), get_backend("cpu")).unit > 1e199
    True
    """
    xp = backend.xp
    rows = backend.asarray(rows, dtype=backend.float64)
    # One over a unit is a number, too.
    largest = power_of_two(max(float(xp.max(xp.abs(rows))), 1e-290))
    rows = rows / largest
    mean = xp.mean(rows, axis=0)
    apart = rows - mean
    sound = float(xp.max(xp.abs(apart))) > _ROUNDING
    spread = float(xp.sum(apart * apart) / rows.shape[0]) ** 0.5 if sound else 1.0
    return Frame(largest * spread, backend.to_numpy(mean) / spread)


def placed(rows: Array, frame: Frame, backend: Backend) -> Array:
    """Rows from the mean, in units; those farther away than numbers reach are nearer.

    Parameters
    ----------
    rows : array of shape (n, d)
        Finite, of the backend or the host.
    frame : Frame
        As `frame_of` makes it.
    backend : Backend
        Where they will be.

    Returns
    -------
    array of shape (n, d), float64
        Of the backend.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._centred import Frame, placed
    >>> placed(np.array([[8.0]]), Frame(2.0, np.array([3.0])), get_backend("cpu"))
    array([[1.]])
    """
    rows = backend.asarray(rows, dtype=backend.float64)
    mean = backend.asarray(frame.mean, dtype=backend.float64)
    with np.errstate(over="ignore"):
        found = rows / frame.unit
    return backend.xp.clip(found - mean, -_FARTHEST, _FARTHEST)
