"""Distances of hyperbolic rows, and the kernel that is positive definite on them.

Hyperbolic distance is conditionally negative definite (Faraut and Harzallah, "Distances
hilbertiennes invariantes sur un espace homogène", Annales de l'Institut Fourier 24,
1974), so that its exponential is a kernel at every width, by Schoenberg's theorem. The
exponential of its square is not.
"""

from numbers import Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.geometry import polar
from skgeom.geometry._chart_rows import CHARTS, from_chart
from skgeom.metrics._pairwise import row_blocks
from skgeom.typing import ArrayLike, NDArray

# Differences of directions, and what is in use beside them.
_BYTES_PER_ENTRY = 64

_CONSTRAINTS = {
    "X": ["array-like"],
    "Y": ["array-like", None],
    "input_space": [StrOptions(set(CHARTS))],
    "working_memory": [Interval(Real, 0, None, closed="neither")],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def hyperbolic_distances(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    input_space: str = "tangent",
    working_memory: float = 64,
) -> NDArray:
    """Hyperbolic distances between the rows of X and those of Y.

    From differences of radii and directions: products of coordinates lose all digits
    beyond a radius of nine.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Points.
    Y : array-like of shape (n_columns, n_features), default=None
        Points; None is X.
    input_space : {"poincare", "lorentz", "klein", "tangent"}, default="tangent"
        What rows are: points of a ball or of the hyperboloid, time first; or vectors at
        the origin.
    working_memory : float, default=64
        Mebibytes for blocks of differences.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64
        Distances.

    Raises
    ------
    ValueError
        If rows are not what `input_space` says, or numbers of columns differ.

    Examples
    --------
    >>> from skgeom.metrics import hyperbolic_distances
    >>> hyperbolic_distances([[1.0, 0.0], [-2.0, 0.0]]).round(6)
    array([[0., 3.],
           [3., 0.]])
    """
    x = _points(X, input_space)
    y = x if Y is None else _points(Y, input_space)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"X has rows of {x.shape[1] - 1} coordinates, and Y of {y.shape[1] - 1}."
        )
    found = np.empty((len(x), len(y)))
    size = _BYTES_PER_ENTRY * x.shape[1]
    for rows in row_blocks(len(x), len(y), size, working_memory):
        found[rows] = polar.distance(x[rows, None], y[None])
    return found


@validate_params(
    {**_CONSTRAINTS, "gamma": [Interval(Real, 0, None, closed="neither")]},
    prefer_skip_nested_validation=True,
)
def hyperbolic_laplacian_kernel(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    gamma: float = 1.0,
    *,
    input_space: str = "tangent",
    working_memory: float = 64,
) -> NDArray:
    r"""The kernel :math:`e^{-\gamma d(x, y)}` of hyperbolic distances.

    Positive definite at every width, so that support vector machines, Gaussian
    processes and kernel components may use it:
    ``SVC(kernel=hyperbolic_laplacian_kernel)``.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Points.
    Y : array-like of shape (n_columns, n_features), default=None
        Points; None is X.
    gamma : float, default=1.0
        Inverse width, > 0.
    input_space : {"poincare", "lorentz", "klein", "tangent"}, default="tangent"
        What rows are, as for :func:`hyperbolic_distances`.
    working_memory : float, default=64
        Mebibytes for blocks of differences.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64
        In (0, 1].

    Raises
    ------
    ValueError
        As of :func:`hyperbolic_distances`.

    Examples
    --------
    >>> from functools import partial
    >>> from sklearn.svm import SVC
    >>> from skgeom.metrics.pairwise import hyperbolic_laplacian_kernel
    >>> kernel = partial(hyperbolic_laplacian_kernel, gamma=0.5, input_space="poincare")
    >>> model = SVC(kernel=kernel).fit([[0.9, 0.0], [0.8, 0.1], [-0.9, 0.0]], [0, 0, 1])
    >>> model.predict([[-0.7, 0.2]])
    array([1])
    """
    far = hyperbolic_distances(
        X, Y, input_space=input_space, working_memory=working_memory
    )
    return np.exp(-gamma * far)


def _points(X, input_space):
    X = check_array(X, dtype=[np.float64, np.float32])
    return from_chart(X, input_space, "input_space")
