"""What the methods share that look at neighbourhoods of rows."""

import numpy as np

from skgeom.graph import local_dimension, nearest_neighbors
from skgeom.typing import NDArray

# Members of a neighbourhood by which its dimension is judged, the row among them.
DIMENSION_MEMBERS = 41
# Coordinates of rows, in units of the data, are no larger.
_FARTHEST = 1e60


class InUnits:
    """An estimator whose rows are brought to the size of one, and around zero."""

    def _in_units(self, points, *, reset):
        """Points around zero at the size of one, in float64."""
        if reset:
            # Halves first: the difference of huge numbers is none.
            low, high = points.min(axis=0) / 2, points.max(axis=0) / 2
            self._center = (low + high).astype(np.float64)
            self._unit = float((high - low).max()) * 2 or 1.0
        found = points / self._unit - self._center / self._unit
        # What is farther is as far: powers of distances stay finite.
        return np.clip(found, -_FARTHEST, _FARTHEST)


def around(points, n_members, backend):
    """Distances and indices of the rows nearest to each row, itself the first."""
    own = np.arange(len(points))
    n_near = min(n_members, len(points)) - 1
    if n_near == 0:
        return np.zeros((len(points), 1)), own[:, None]
    distances, indices = nearest_neighbors(points, n_neighbors=n_near, backend=backend)
    return np.pad(distances, ((0, 0), (1, 0))), np.column_stack([own, indices])


def dimension_beyond_noise(points, members, n_first=DIMENSION_MEMBERS):
    """Dimension of typical neighbourhoods, of small ones if there is one.

    Small neighbourhoods that are alike in all directions may lie within the noise: then
    they are doubled, up to all the members that are given.
    """
    n_members = min(n_first, members.shape[1])
    while True:
        found = local_dimension(points, members[:, :n_members])[0]
        if found < points.shape[1] or n_members == members.shape[1]:
            return found
        n_members = min(2 * n_members, members.shape[1])


def fading_weights(distances: NDArray) -> NDArray:
    """Weights of members that fade to zero at the last one.

    Parameters
    ----------
    distances : ndarray of shape (n, n_members)
        Distances of members, in increasing order.

    Returns
    -------
    ndarray of shape (n, n_members)
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._neighborhoods import fading_weights
    >>> fading_weights(np.array([[0.0, 1.0, 2.0]]))
    array([[1.  , 0.75, 0.  ]])
    """
    rim = distances[:, -1:]
    return 1.0 - (distances / np.where(rim > 0, rim, 1.0)) ** 2
