"""Linear maps mixed by Gaussian weights, stress and its gradient (Bergh, 2025)."""

from typing import Any, NamedTuple

import numpy as np

from skgeom.backends import Backend
from skgeom.typing import Array, NDArray

# Added to squared lengths, in units of the rows, so that points on each other have a
# slope.
_TINY = 1e-18


class Maps(NamedTuple):
    """K linear maps and where each of them counts.

    Attributes
    ----------
    slopes : array of shape (K, d, m)
        A row x goes to ``x @ slopes[k] + offsets[k]``.
    offsets : array of shape (K, m)
        The shifts.
    centers : array of shape (K, d)
        Where the k-th map counts most.
    log_widths : array of shape (K,)
        Logarithms of the widths of the Gaussians.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._gaussian_weighted._maps import Maps
    >>> Maps(*Maps.shapes(2, 3, 1)).offsets
    (2, 1)
    """

    slopes: Any
    offsets: Any
    centers: Any
    log_widths: Any

    @staticmethod
    def shapes(n_maps: int, n_features: int, n_components: int) -> list[tuple]:
        """Shapes of the parts, in their order.

        Parameters
        ----------
        n_maps, n_features, n_components : int
            K, d and m.

        Returns
        -------
        list of tuple of int
            Four.
        """
        K, d, m = n_maps, n_features, n_components
        return [(K, d, m), (K, m), (K, d), (K,)]


def map_weights(xp: Any, X: Array, maps: Maps) -> tuple[Array, Array]:
    r"""Share of each map in each row.

    Parameters
    ----------
    xp : module
        Namespace of the arrays.
    X : array of shape (n, d)
        Rows.
    maps : Maps
        Of the same namespace.

    Returns
    -------
    weights : array of shape (n, K)
        :math:`w_{ik} \propto e^{-|x_i - c_k|^2 / 2 l_k^2}`, adding up to one.
    squares : array of shape (n, K)
        :math:`|x_i - c_k|^2 / l_k^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._gaussian_weighted._maps import Maps, map_weights
    >>> parts = np.zeros((2, 1, 1)), np.zeros((2, 1)), np.array([[-1.0], [1.0]])
    >>> maps = Maps(*parts, np.zeros(2))
    >>> map_weights(np, np.array([[0.0], [1.0]]), maps)[0].round(3)
    array([[0.5  , 0.5  ],
           [0.119, 0.881]])
    """
    centers = maps.centers
    squares = (
        xp.sum(X * X, axis=1)[:, None]
        + xp.sum(centers * centers, axis=1)
        - 2 * (X @ centers.T)
    )
    squares = xp.clip(squares, 0.0, None) * xp.exp(-2 * maps.log_widths)
    logits = -squares / 2
    logits = logits - xp.max(logits, axis=1, keepdims=True)
    weights = xp.exp(logits)
    return weights / xp.sum(weights, axis=1, keepdims=True), squares


def mapped(xp: Any, X: Array, maps: Maps) -> tuple[Array, Array, Array, Array]:
    """Coordinates of rows, and what they are made of.

    Parameters
    ----------
    xp : module
        Namespace of the arrays.
    X : array of shape (n, d)
        Rows.
    maps : Maps
        Of the same namespace.

    Returns
    -------
    coordinates : array of shape (n, m)
        Means of what the maps say, by their weights.
    weights, squares : array of shape (n, K)
        As of `map_weights`.
    told : array of shape (n, K, m)
        What each map says.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._gaussian_weighted._maps import Maps, mapped
    >>> parts = np.full((1, 1, 1), 2.0), np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1)
    >>> mapped(np, np.array([[3.0]]), Maps(*parts))[0]
    array([[7.]])
    """
    weights, squares = map_weights(xp, X, maps)
    K, d, m = maps.slopes.shape
    side = xp.reshape(xp.permute_dims(maps.slopes, (1, 0, 2)), (d, K * m))
    told = xp.reshape(X @ side, (X.shape[0], K, m)) + maps.offsets
    return xp.sum(weights[:, :, None] * told, axis=1), weights, squares, told


def pairwise_distances_within(xp: Any, blocks: Array) -> Array:
    """Distances of all pairs within each block of rows.

    Parameters
    ----------
    xp : module
        Namespace of the array.
    blocks : array of shape (b, s, d)
        Blocks of as many rows each.

    Returns
    -------
    array of shape (b, s, s)
        Zero on the diagonals, but for a billionth.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._gaussian_weighted._maps import pairwise_distances_within
    >>> pairwise_distances_within(np, np.array([[[0.0], [3.0]]])).round(6)
    array([[[0., 3.],
            [3., 0.]]])
    """
    lengths = xp.sum(blocks * blocks, axis=2)
    squares = lengths[:, :, None] + lengths[:, None, :]
    squares = squares - 2 * (blocks @ xp.matrix_transpose(blocks))
    return xp.sqrt(xp.clip(squares, 0.0, None) + _TINY)


def stress_and_slope(xp: Any, wanted: Array, points: Array) -> tuple[Any, Array]:
    r"""Squared errors of distances within blocks, and their slope at the points.

    Parameters
    ----------
    xp : module
        Namespace of the arrays.
    wanted : array of shape (b, s, s)
        Distances.
    points : array of shape (b, s, m)
        Coordinates.

    Returns
    -------
    stress : scalar array of the namespace
        :math:`\sum (|z_i - z_j| - d_{ij})^2` over all ordered pairs.
    slope : array of shape (b, s, m)
        Of the stress.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._gaussian_weighted._maps import stress_and_slope
    >>> wanted = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    >>> stress, slope = stress_and_slope(np, wanted, np.array([[[0.0], [3.0]]]))
    >>> float(stress), slope.ravel()
    (8.0, array([-8.,  8.]))
    """
    found = pairwise_distances_within(xp, points)
    error = found - wanted
    pull = error / found
    others = 1.0 - xp.eye(points.shape[1], dtype=points.dtype, device=_where(points))
    pull = pull * others
    slope = xp.sum(pull, axis=2)[:, :, None] * points - pull @ points
    return xp.sum(error * error * others), 4 * slope


def gradient_of_maps(
    xp: Any, X: Array, maps: Maps, parts: tuple[Array, Array, Array], slope: Array
) -> Maps:
    """Slopes of a loss at the maps, from its slope at the coordinates.

    Parameters
    ----------
    xp : module
        Namespace of the arrays.
    X : array of shape (n, d)
        Rows.
    maps : Maps
        Where the loss was computed.
    parts : tuple of array
        Weights, squares and what each map says, as of `mapped`, of shapes (n, K),
        (n, K) and (n, K, m).
    slope : array of shape (n, m)
        Of the loss at the coordinates.

    Returns
    -------
    Maps
        Slopes at each part.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._gaussian_weighted._maps import (
    ...     Maps, gradient_of_maps, mapped)
    >>> shapes = np.ones((1, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1)
    >>> X, maps = np.array([[3.0]]), Maps(*shapes)
    >>> parts = mapped(np, X, maps)[1:]
    >>> gradient_of_maps(np, X, maps, parts, np.ones((1, 1))).slopes
    array([[[3.]]])
    """
    weights, squares, told = parts
    K, d, m = maps.slopes.shape
    n = X.shape[0]
    by_map = weights[:, :, None] * slope[:, None, :]
    flat = X.T @ xp.reshape(by_map, (n, K * m))
    slopes = xp.permute_dims(xp.reshape(flat, (d, K, m)), (1, 0, 2))
    gain = xp.sum(told * slope[:, None, :], axis=2)
    gain = weights * (gain - xp.sum(weights * gain, axis=1, keepdims=True))
    pulled = gain * xp.exp(-2 * maps.log_widths)
    centers = pulled.T @ X - xp.sum(pulled, axis=0)[:, None] * maps.centers
    widths = xp.sum(gain * squares, axis=0)
    return Maps(slopes, xp.sum(by_map, axis=0), centers, widths)


class MapObjective:
    r"""Stress as a share of all squared distances, and a penalty, of a flat vector.

    The penalty is :math:`\frac{\alpha}{2 m} \sum_k |A_k - \bar A|^2`: maps that differ
    from their mean.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows, of the backend.
    blocks : array of shape (b, s), int64
        Rows of each block, within which pairs are compared.
    shapes : list of tuple of int
        As of `Maps.shapes`.
    alpha : float
        The weight of the penalty.
    backend : Backend
        Where the work is done.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._gaussian_weighted._maps import MapObjective, Maps
    >>> X, blocks = np.array([[0.0], [1.0]]), np.array([[0, 1]])
    >>> loss = MapObjective(X, blocks, Maps.shapes(1, 1, 1), 0.0, get_backend("cpu"))
    >>> value, slope = loss(np.array([1.0, 0.0, 0.0, 0.0]))
    >>> float(round(value, 6)), slope.round(6)
    (0.0, array([0., 0., 0., 0.]))
    """

    def __init__(
        self,
        X: Array,
        blocks: Array,
        shapes: list[tuple],
        alpha: float,
        backend: Backend,
    ):
        self.xp, self.backend, self.shapes = backend.xp, backend, shapes
        self.alpha, self.size = alpha, tuple(blocks.shape)
        flat = self.xp.reshape(blocks, (-1,))
        self.X = self.xp.take(X, flat, axis=0)
        rows = self.xp.reshape(self.X, (*self.size, X.shape[1]))
        self.wanted = pairwise_distances_within(self.xp, rows)
        self.total = float(self.xp.sum(self.wanted**2)) or 1.0

    def maps(self, flat: NDArray) -> Maps:
        """The parts of a flat vector.

        Parameters
        ----------
        flat : ndarray of shape (n_parameters,)
            On the host.

        Returns
        -------
        Maps
            Of the backend.
        """
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        pieces = np.split(flat, ends)
        return Maps(
            *(
                self.backend.asarray(piece.reshape(shape), dtype=self.backend.float64)
                for piece, shape in zip(pieces, self.shapes, strict=True)
            )
        )

    def __call__(self, flat: NDArray) -> tuple[float, NDArray]:
        """Value and gradient at a flat vector.

        Parameters
        ----------
        flat : ndarray of shape (n_parameters,)
            On the host.

        Returns
        -------
        value : float
            Of the objective.
        gradient : ndarray of shape (n_parameters,)
            On the host.
        """
        xp, maps = self.xp, self.maps(flat)
        points, *parts = mapped(xp, self.X, maps)
        m = points.shape[1]
        stress, slope = stress_and_slope(
            xp, self.wanted, xp.reshape(points, (*self.size, m))
        )
        slope = xp.reshape(slope, (-1, m)) / self.total
        found = gradient_of_maps(xp, self.X, maps, tuple(parts), slope)
        apart = maps.slopes - xp.mean(maps.slopes, axis=0)
        value = stress / self.total + self.alpha / (2 * m) * xp.sum(apart * apart)
        found = found._replace(slopes=found.slopes + self.alpha / m * apart)
        flat_slope = xp.concat([xp.reshape(part, (-1,)) for part in found])
        return float(value), self.backend.to_numpy(flat_slope)


def _where(array):
    return getattr(array, "device", None)
