"""Symmetric positive definite matrices, in three geometries.

A batch of points has shape (..., d, d), and so have tangent vectors, which are
symmetric matrices. ``log_euclidean``: logarithms are a flat space (Arsigny, Fillard,
Pennec and Ayache, "Geometric means in a novel vector space structure on symmetric
positive-definite matrices", SIAM Journal on Matrix Analysis and Applications 29, 2007);
the cheapest. ``affine``: the same in all coordinates, of curvature from -1/2 to 0
(Pennec, Fillard and Ayache, "A Riemannian framework for tensor computing",
International Journal of Computer Vision 66, 2006). ``bures``: optimal transport of
centred normal distributions (Bhatia, Jain and Lim, "On the Bures-Wasserstein distance
between positive definite matrices", Expositiones Mathematicae 37, 2019); matrices that
are nearly singular are near.

Functions are not told whether their input is positive definite: :func:`check` is.
Eigenvalues that rounding hides are raised to what it can tell, so that all results are
finite.
"""

from array_api_compat import array_namespace

from skgeom.geometry._arrays import floats, positive
from skgeom.geometry._karcher import karcher_mean, normalised
from skgeom.geometry._spd_bures import (
    distance_bures,
    exp_bures,
    geodesic_bures,
    log_bures,
    mean_bures,
)
from skgeom.geometry._spd_matrices import (
    check,
    expm,
    from_vector,
    logm,
    of_spectrum,
    power,
    project,
    random,
    spectrum,
    symmetric,
    to_vector,
    within_range,
)
from skgeom.typing import Array, ArrayLike

__all__ = [
    "check",
    "distance_affine",
    "distance_bures",
    "distance_log_euclidean",
    "exp_affine",
    "exp_bures",
    "exp_log_euclidean",
    "expm",
    "from_vector",
    "geodesic_affine",
    "geodesic_bures",
    "geodesic_log_euclidean",
    "log_affine",
    "log_bures",
    "log_log_euclidean",
    "logm",
    "mean_affine",
    "mean_bures",
    "mean_log_euclidean",
    "power",
    "project",
    "random",
    "to_vector",
    "transport_affine",
    "transport_log_euclidean",
]


def distance_log_euclidean(x: Array, y: Array) -> Array:
    """Distance of the logarithms, matrix by matrix.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.

    Returns
    -------
    array of shape (...)
        Distances.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> x = np.eye(4)[None]
    >>> spd.distance_log_euclidean(x, np.exp(1) * x).round(12)
    array([2.])
    """
    xp, x, y = floats(x, y)
    return xp.linalg.vector_norm(to_vector(logm(x) - logm(y)), axis=-1)


def exp_log_euclidean(x: Array, v: Array) -> Array:
    """Follow the straight line of logarithms with velocity v at x.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Points.
    v : array of shape (..., d, d)
        Symmetric matrices, velocities of x itself.

    Returns
    -------
    array of shape (..., d, d)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> x, v = np.diag([1.0, 2.0]), np.array([[1.0, 0.5], [0.5, 0.0]])
    >>> spd.log_log_euclidean(x, spd.exp_log_euclidean(x, v)).round(12) + 0.0
    array([[1. , 0.5],
           [0.5, 0. ]])
    """
    xp, x, v = floats(x, v)
    values, vectors = spectrum(x)
    logs = xp.log(values)
    return expm(of_spectrum(logs, vectors) + _by_slopes(v, logs, vectors, inverse=True))


def log_log_euclidean(x: Array, y: Array) -> Array:
    """Velocity at x of the straight line of logarithms to y.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric matrices, the inverse of `exp_log_euclidean`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.log_log_euclidean(2 * np.eye(2), 2 * np.exp(1) * np.eye(2)).round(12)
    array([[2., 0.],
           [0., 2.]])
    """
    xp, x, y = floats(x, y)
    values, vectors = spectrum(x)
    logs = xp.log(values)
    return _by_slopes(logm(y) - of_spectrum(logs, vectors), logs, vectors)


def geodesic_log_euclidean(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the straight lines of logarithms from x to y.

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
    >>> spd.geodesic_log_euclidean(np.eye(1), 16 * np.eye(1), 0.5).round(12)
    array([[4.]])
    """
    _, x, y = floats(x, y)
    start = logm(x)
    return expm(start + t * (logm(y) - start))


def transport_log_euclidean(x: Array, y: Array, v: Array) -> Array:
    """Carry vectors from x to y: logarithms keep their velocity.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.
    v : array of shape (..., d, d)
        Symmetric matrices, vectors at x.

    Returns
    -------
    array of shape (..., d, d)
        Vectors at y.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.transport_log_euclidean(np.eye(1), 3 * np.eye(1), np.eye(1)).round(12)
    array([[3.]])
    """
    xp, x, y, v = floats(x, y, v)
    here, there = spectrum(x), spectrum(y)
    flat = _by_slopes(v, xp.log(here[0]), here[1], inverse=True)
    return _by_slopes(flat, xp.log(there[0]), there[1])


def mean_log_euclidean(x: Array, weights: ArrayLike | None = None) -> Array:
    """The exponential of the mean logarithm.

    Parameters
    ----------
    x : array of shape (n, d, d)
        Points.
    weights : array-like of shape (n,), default=None
        Numbers >= 0; None is equal ones.

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
    >>> spd.mean_log_euclidean(np.array([[[1.0]], [[16.0]]])).round(12)
    array([[4.]])
    """
    xp, x = floats(x)
    return expm(_weighted(xp, logm(x), normalised(xp, weights, x, x.shape[0])))


def distance_affine(x: Array, y: Array) -> Array:
    """Length of the logarithm of one matrix where the other is the identity.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.

    Returns
    -------
    array of shape (...)
        Distances, which no change of coordinates ``a x a^T`` alters.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> x = np.array([[[2.0, 1.0], [1.0, 1.0]]])
    >>> spd.distance_affine(x, np.exp(1) * x).round(6)  # the root of two
    array([1.414214])
    """
    xp, x, y = floats(x, y)
    return xp.linalg.vector_norm(to_vector(_seen_from(x, y)[0]), axis=-1)


def exp_affine(x: Array, v: Array) -> Array:
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
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.exp_affine(2 * np.eye(1), 2 * np.eye(1)).round(6)  # two times e
    array([[5.436564]])
    """
    _, x, v = floats(x, v)
    root, inverse = power(x, 0.5), power(x, -0.5)
    return symmetric(root @ expm(symmetric(inverse @ v @ inverse)) @ root)


def log_affine(x: Array, y: Array) -> Array:
    """Velocity at x of the geodesic that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric matrices, the inverse of `exp_affine`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.log_affine(2 * np.eye(1), 2 * np.exp(1) * np.eye(1)).round(12)
    array([[2.]])
    """
    _, x, y = floats(x, y)
    seen, root, _ = _seen_from(x, y)
    return symmetric(root @ seen @ root)


def geodesic_affine(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the geodesics from x to y.

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
    >>> spd.geodesic_affine(np.eye(1), 16 * np.eye(1), 0.5).round(12)
    array([[4.]])
    """
    _, x, y = floats(x, y)
    seen, root, _ = _seen_from(x, y)
    return symmetric(root @ expm(t * seen) @ root)


def transport_affine(x: Array, y: Array, v: Array) -> Array:
    """Carry vectors from x to y along the geodesic.

    Parameters
    ----------
    x, y : array of shape (..., d, d)
        Points.
    v : array of shape (..., d, d)
        Symmetric matrices, vectors at x.

    Returns
    -------
    array of shape (..., d, d)
        Vectors at y, of the same length there.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.transport_affine(np.eye(1), 3 * np.eye(1), np.eye(1)).round(12)
    array([[3.]])
    """
    xp, x, y, v = floats(x, y, v)
    seen, root, inverse = _seen_from(x, y)
    carry = root @ expm(seen / 2) @ inverse
    return symmetric(carry @ v @ xp.matrix_transpose(carry))


def mean_affine(
    x: Array, weights: ArrayLike | None = None, *, max_iter: int = 100
) -> Array:
    """The point with the least sum of squared affine distances, which is unique.

    Parameters
    ----------
    x : array of shape (n, d, d)
        Points.
    weights : array-like of shape (n,), default=None
        Numbers >= 0; None is equal ones.
    max_iter : int, default=100
        Steps at most; five to ten are usual.

    Returns
    -------
    array of shape (d, d)
        The mean, to a gradient of `d eps` times the spread of the points.

    Raises
    ------
    ValueError
        If `weights` are not such numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> x = np.array([np.diag([1.0, 4.0]), np.diag([16.0, 4.0])])
    >>> spd.mean_affine(x).round(9)
    array([[4., 0.],
           [0., 4.]])
    """
    xp, x = floats(x)
    weights = normalised(xp, weights, x, x.shape[0])

    def tangent(at):
        return _weighted(xp, _seen_from(at, x)[0], weights)

    def move(at, v):
        root = power(at, 0.5)
        return symmetric(root @ expm(v) @ root)

    def inner(u, v):
        return float(xp.sum(u * v))

    start = mean_log_euclidean(x, weights)
    far = float(xp.max(distance_affine(start[None], x)))
    tol = 8 * x.shape[-1] * float(xp.finfo(x.dtype).eps) * (1 + far)
    shortest = 1 / (1 + far)
    return karcher_mean(
        start, tangent, move, inner, tol=tol, shortest=shortest, max_iter=max_iter
    )


def _seen_from(x, y):
    """Logarithms of y in coordinates in which x is the identity, and the ways there."""
    xp = array_namespace(x, y)
    scales = [positive(xp, _largest(xp, m)) for m in (x, y)]
    root, inverse = (power(x / scales[0], exponent) for exponent in (0.5, -0.5))
    seen = logm(symmetric(inverse @ (y / scales[1]) @ inverse))
    apart = xp.log(scales[1]) - xp.log(scales[0])
    seen = seen + apart * xp.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    size = xp.sqrt(scales[0])
    return seen, size * root, inverse / size


def _largest(xp, x):
    """Largest entries of matrices, which have two axes of length one."""
    return xp.max(xp.max(xp.abs(x), axis=-1, keepdims=True), axis=-2, keepdims=True)


def _weighted(xp, matrices, weights):
    return xp.sum(weights[:, None, None] * matrices, axis=0)


def _by_slopes(v, logs, vectors, inverse=False):
    """Derivative of the exponential at a logarithm in a direction, or the inverse.

    By divided differences of the eigenvalues (Daleckii and Krein, 1965), of which a
    hyperbolic sine keeps the digits where two are nearly equal.
    """
    xp = array_namespace(v, logs)
    half = (logs[..., :, None] - logs[..., None, :]) / 2
    middle = xp.exp((logs[..., :, None] + logs[..., None, :]) / 2)
    half = within_range(xp.abs(half))
    slopes = middle * xp.where(half > 0, xp.sinh(half) / positive(xp, half), 1.0)
    turned = xp.matrix_transpose(vectors) @ v @ vectors
    turned = turned / slopes if inverse else turned * slopes
    return symmetric(vectors @ turned @ xp.matrix_transpose(vectors))
