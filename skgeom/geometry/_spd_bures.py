"""Positive definite matrices as centred normal distributions, by optimal transport.

Bhatia, Jain and Lim, "On the Bures-Wasserstein distance between positive definite
matrices", Expositiones Mathematicae 37, 2019; the mean is the fixed point of
Alvarez-Esteban, del Barrio, Cuesta-Albertos and Matran, "A fixed-point approach to
barycenters in Wasserstein space", Journal of Mathematical Analysis and Applications
441, 2016.
"""

from skgeom.geometry._arrays import floats
from skgeom.geometry._karcher import normalised
from skgeom.geometry._spd_matrices import of_spectrum, power, spectrum, symmetric
from skgeom.typing import Array, ArrayLike


def distance_bures(x: Array, y: Array) -> Array:
    r"""Wasserstein distance of centred normal distributions with these covariances.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.

    Returns
    -------
    array of shape (...)
        The root of :math:`\operatorname{tr} x + \operatorname{tr} y
        - 2 \operatorname{tr} (x^{1/2} y x^{1/2})^{1/2}`, computed as the distance of
        square roots that are turned towards each other: small ones keep their digits.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.distance_bures(np.ones((1, 1, 1)), 9 * np.ones((1, 1, 1)))
    array([2.])
    """
    xp, x, y = floats(x, y)
    a, b = power(x, 0.5), power(y, 0.5)
    left, _, right = xp.linalg.svd(b @ a)
    turn = xp.matrix_transpose(right) @ xp.matrix_transpose(left)
    gap = a - turn @ b
    flat = xp.reshape(gap, (*gap.shape[:-2], gap.shape[-1] ** 2))
    return xp.linalg.vector_norm(flat, axis=-1)


def exp_bures(x: Array, v: Array) -> Array:
    """Follow the geodesic that starts at x with velocity v, for one unit of time.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Points.
    v : array of shape (..., d, d)
        Symmetric matrices, velocities of x itself.

    Returns
    -------
    array of shape (..., d, d)
        Points, as long as v does not lead across the rim of singular matrices, where
        geodesics end.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> x, v = np.diag([1.0, 2.0]), np.array([[0.2, 0.5], [0.5, 0.0]])
    >>> spd.log_bures(x, spd.exp_bures(x, v)).round(12) + 0.0
    array([[0.2, 0.5],
           [0.5, 0. ]])
    """
    xp, x, v = floats(x, v)
    values, vectors = spectrum(x)
    turned = xp.matrix_transpose(vectors) @ v @ vectors
    turned = turned / (values[..., :, None] + values[..., None, :])
    change = symmetric(vectors @ turned @ xp.matrix_transpose(vectors))
    change = change + xp.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return symmetric(change @ x @ change)


def log_bures(x: Array, y: Array) -> Array:
    """Velocity at x of the geodesic that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric matrices, the inverse of `exp_bures`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.log_bures(np.eye(1), 9 * np.eye(1)).round(12)
    array([[4.]])
    """
    xp, x, y = floats(x, y)
    eye = xp.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return 2 * symmetric((_transport_map(x, y) - eye) @ x)


def geodesic_bures(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the geodesics from x to y: covariances on the way of the transport.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.
    t : float or array of shape (..., 1, 1)
        0 at x, 1 at y.

    Returns
    -------
    array of shape (..., d, d)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.geodesic_bures(np.eye(1), 9 * np.eye(1), 0.5).round(12)
    array([[4.]])
    """
    xp, x, y = floats(x, y)
    eye = xp.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    way = (1 - t) * eye + t * _transport_map(x, y)
    return symmetric(way @ x @ way)


def mean_bures(
    x: Array, weights: ArrayLike | None = None, *, max_iter: int = 200
) -> Array:
    """The covariance with the least sum of squared Bures distances.

    Parameters
    ----------
    x : array of shape (n, d, d)
        Points.
    weights : array-like of shape (n,), default=None
        Numbers >= 0; None is equal ones.
    max_iter : int, default=200
        Steps at most; ten to thirty are usual.

    Returns
    -------
    array of shape (d, d)
        The mean.

    Raises
    ------
    ValueError
        If `weights` are not such numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.mean_bures(np.array([[[1.0]], [[9.0]]])).round(12)
    array([[4.]])
    """
    xp, x = floats(x)
    weights = normalised(xp, weights, x, x.shape[0])[:, None, None]
    mean = xp.sum(weights * x, axis=0)
    eps = 4 * x.shape[-1] * float(xp.finfo(x.dtype).eps)
    for _ in range(max_iter):
        way = xp.sum(weights * _transport_map(mean, x), axis=0)
        following = symmetric(way @ mean @ way)
        change = float(xp.max(xp.abs(following - mean)))
        mean = following
        if change <= eps * float(xp.max(xp.abs(mean))):
            break
    return mean


def _transport_map(x, y):
    """The linear map that takes one normal distribution to the other."""
    values, vectors = spectrum(x)
    root, inverse = (of_spectrum(values**e, vectors) for e in (0.5, -0.5))
    return symmetric(inverse @ power(symmetric(root @ y @ root), 0.5) @ inverse)
