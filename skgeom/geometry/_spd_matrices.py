"""Symmetric positive definite matrices: as rows, as spectra, and whether they are that.

A batch of matrices has shape (..., d, d), and one batched eigendecomposition is all
that a function of them costs. Eigenvalues below ``d eps`` times the largest, which
rounding cannot tell from zero, are taken to be that: no logarithm is infinite.
Higham, "Functions of matrices", SIAM, 2008.
"""

import numpy as np
from sklearn.utils import check_random_state

from skgeom.geometry._arrays import at_least, at_most, floats, largest_radius
from skgeom.typing import Array, NDArray, RandomStateLike


def to_vector(x: Array) -> Array:
    r"""Symmetric matrices as vectors of the same length and inner products.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Symmetric matrices; the upper triangle is read.

    Returns
    -------
    array of shape (..., d (d + 1) / 2)
        The upper triangle, row by row, its entries off the diagonal times
        :math:`\sqrt 2`: Frobenius norms become Euclidean ones.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.to_vector(np.array([[1.0, 3.0], [3.0, 2.0]])).round(3)
    array([1.   , 4.243, 2.   ])
    """
    xp, x = floats(x)
    d = x.shape[-1]
    parts = []
    for row in range(d):
        parts += [x[..., row, row : row + 1], 2**0.5 * x[..., row, row + 1 :]]
    return xp.concat(parts, axis=-1)


def from_vector(v: Array) -> Array:
    """Symmetric matrices from the vectors of `to_vector`.

    Parameters
    ----------
    v : array of shape (..., d (d + 1) / 2)
        Vectors.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric matrices.

    Raises
    ------
    ValueError
        If the length of the vectors is not 1, 3, 6, 10 and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.from_vector(np.array([1.0, 0.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    xp, v = floats(v)
    d = order_of(v.shape[-1])
    scale = [2**-0.5 if i != j else 1.0 for i in range(d) for j in range(i, d)]
    return mirrored(v * xp.asarray(scale, dtype=v.dtype, device=v.device))


def mirrored(rows: Array) -> Array:
    """Symmetric matrices whose upper triangles are these rows, as they are.

    Parameters
    ----------
    rows : array of shape (..., d (d + 1) / 2)
        Upper triangles, row by row.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric matrices.

    Raises
    ------
    ValueError
        If the length of the rows is not 1, 3, 6, 10 and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_matrices import mirrored
    >>> mirrored(np.array([[1.0, 3.0, 2.0]]))
    array([[[1., 3.],
            [3., 2.]]])
    """
    xp, rows = floats(rows)
    d = order_of(rows.shape[-1])

    def place(i, j):
        i, j = min(i, j), max(i, j)
        return i * d - i * (i - 1) // 2 + j - i

    columns = [rows[..., place(i, j)] for i in range(d) for j in range(d)]
    return xp.reshape(xp.stack(columns, axis=-1), (*rows.shape[:-1], d, d))


def order_of(length: int) -> int:
    """Order d of the matrices whose triangles have so many entries.

    Parameters
    ----------
    length : int
        Entries of a triangle, d (d + 1) / 2.

    Returns
    -------
    int
        The order.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from skgeom.geometry._spd_matrices import order_of
    >>> order_of(21)
    6
    """
    d = int((np.sqrt(8 * length + 1) - 1) // 2)
    if d < 1 or d * (d + 1) // 2 != length:
        raise ValueError(
            f"A symmetric matrix of order d has d (d + 1) / 2 entries in its upper "
            f"triangle: 1, 3, 6, 10, 15 and so on, not {length}."
        )
    return d


def spectrum(x: Array) -> tuple[Array, Array]:
    """Eigenvalues, ascending and positive, and eigenvectors.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Symmetric matrices.

    Returns
    -------
    values : array of shape (..., d)
        At least d eps times the largest.
    vectors : array of shape (..., d, d)
        A column each.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_matrices import spectrum
    >>> spectrum(np.diag([1.0, 0.0]))[0].round(12)
    array([0., 1.])
    """
    xp, x = floats(x)
    values, vectors = xp.linalg.eigh(x)
    largest = at_least(xp, values[..., -1:], float(xp.finfo(x.dtype).tiny) * 2**60)
    floor = largest * rounding(x)
    return xp.where(values > floor, values, floor), vectors


def rounding(x: Array) -> float:
    """Share of the largest eigenvalue below which the others are rounding.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Matrices.

    Returns
    -------
    float
        The order times the rounding error of the type.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_matrices import rounding
    >>> rounding(np.eye(4))
    8.881784197001252e-16
    """
    xp, x = floats(x)
    return x.shape[-1] * float(xp.finfo(x.dtype).eps)


def of_spectrum(values: Array, vectors: Array) -> Array:
    """Symmetric matrices from eigenvalues and eigenvectors.

    Parameters
    ----------
    values : array of shape (..., d)
        Eigenvalues.
    vectors : array of shape (..., d, d)
        Eigenvectors, a column each.

    Returns
    -------
    array of shape (..., d, d)
        Equal to their transposes to the last digit.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_matrices import of_spectrum
    >>> of_spectrum(np.array([1.0, 2.0]), np.eye(2))
    array([[1., 0.],
           [0., 2.]])
    """
    xp, values, vectors = floats(values, vectors)
    return symmetric((vectors * values[..., None, :]) @ xp.matrix_transpose(vectors))


def symmetric(x: Array) -> Array:
    """The mean of matrices and their transposes.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Square matrices.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric ones.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_matrices import symmetric
    >>> symmetric(np.array([[1.0, 4.0], [2.0, 1.0]]))
    array([[1., 3.],
           [3., 1.]])
    """
    xp, x = floats(x)
    return x / 2 + xp.matrix_transpose(x) / 2


def logm(x: Array) -> Array:
    """Logarithms of positive definite matrices, which are symmetric.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Positive definite matrices.

    Returns
    -------
    array of shape (..., d, d)
        Symmetric matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.logm(np.exp(1) * np.eye(2)).round(12) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    xp, x = floats(x)
    values, vectors = spectrum(x)
    return of_spectrum(xp.log(values), vectors)


def expm(x: Array) -> Array:
    """Exponentials of symmetric matrices, which are positive definite.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Symmetric matrices. Eigenvalues beyond 700 (80 in float32) are cut.

    Returns
    -------
    array of shape (..., d, d)
        Positive definite matrices, as far as rounding lets them be.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.logm(spd.expm(np.array([[1.0, 2.0], [2.0, 3.0]]))).round(9)
    array([[1., 2.],
           [2., 3.]])
    """
    xp, x = floats(x)
    values, vectors = xp.linalg.eigh(x)
    return of_spectrum(xp.exp(within_range(values)), vectors)


def within_range(values: Array) -> Array:
    """Logarithms, cut to those whose exponentials are numbers.

    Parameters
    ----------
    values : array of any shape
        Logarithms.

    Returns
    -------
    array of the same shape
        From -700 to 700, in float32 from -80 to 80.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_matrices import within_range
    >>> within_range(np.array([-1e9, 2.0]))
    array([-700.,    2.])
    """
    xp, values = floats(values)
    limit = largest_radius(xp, values)
    return at_least(xp, at_most(xp, values, limit), -limit)


def power(x: Array, exponent: float) -> Array:
    """Powers of positive definite matrices.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Positive definite matrices.
    exponent : float
        0.5 for square roots, -0.5 for what whitens, -1 for inverses.

    Returns
    -------
    array of shape (..., d, d)
        Positive definite matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.power(np.diag([4.0, 9.0]), -0.5).round(3)
    array([[0.5  , 0.   ],
           [0.   , 0.333]])
    """
    values, vectors = spectrum(x)
    return of_spectrum(values**exponent, vectors)


def project(x: Array, floor: float | None = None) -> Array:
    """The nearest matrices that are symmetric and surely positive definite.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Square matrices; the mean with their transposes is used.
    floor : float, default=None
        Eigenvalues below this share of the largest are raised to it. None is 64 times
        what rounding hides.

    Returns
    -------
    array of shape (..., d, d)
        Positive definite matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.project(np.diag([1.0, -1.0]), floor=0.25)
    array([[1.  , 0.  ],
           [0.  , 0.25]])
    """
    xp, x = floats(x)
    values, vectors = xp.linalg.eigh(symmetric(x))
    share = 64 * rounding(x) if floor is None else float(floor)
    tiny = float(xp.finfo(x.dtype).tiny) / rounding(x)
    return of_spectrum(
        at_least(xp, values, at_least(xp, share * values[..., -1:], tiny)), vectors
    )


def check(x: Array, name: str = "x") -> None:
    """Raise an error that names the first matrix which is not positive definite.

    Parameters
    ----------
    x : array of shape (..., d, d)
        Symmetric matrices.
    name : str, default="x"
        What the error calls them.

    Raises
    ------
    ValueError
        If the least eigenvalue of a matrix is negative, or no more than rounding of
        its largest. The number of the matrix and the eigenvalue are told.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import spd
    >>> spd.check(np.stack([np.eye(2), np.diag([1.0, -0.5])]), "X")
    Traceback (most recent call last):
        ...
    ValueError: X: row 1 is not positive definite, its least eigenvalue is -0.5 ...
    """
    xp, x = floats(x)
    values = xp.reshape(xp.linalg.eigvalsh(x), (-1, x.shape[-1]))
    bad = ~((values[:, 0] > values[:, -1] * rounding(x)) & (values[:, 0] > 0))
    if not bool(xp.any(bad)):
        return
    row = int(xp.argmax(xp.astype(bad, xp.int64)))
    least, largest = float(values[row, 0]), float(values[row, -1])
    raise ValueError(
        f"{name}: row {row} is not positive definite, its least eigenvalue is "
        f"{least:.6g} and its largest {largest:.6g} ({int(xp.sum(bad))} of "
        f"{values.shape[0]} rows are not). skgeom.geometry.spd.project raises small "
        "eigenvalues; covariances of few rows need shrinkage."
    )


def random(
    n_points: int,
    order: int,
    *,
    scale: float = 1.0,
    random_state: RandomStateLike = None,
) -> NDArray:
    """Draw exponentials of symmetric normal matrices.

    Parameters
    ----------
    n_points, order : int
        How many, and of which order.
    scale : float, default=1.0
        Standard deviation of each component of the logarithm, in the coordinates of
        `to_vector`.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_points, order, order)
        Positive definite matrices, float64.

    Examples
    --------
    >>> from skgeom.geometry import spd
    >>> spd.random(3, 2, random_state=0).shape
    (3, 2, 2)
    """
    rng = check_random_state(random_state)
    size = order * (order + 1) // 2
    return expm(from_vector(scale * rng.standard_normal((n_points, size))))
