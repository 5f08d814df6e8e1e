"""Kernel herding with exchanges (Chen, Welling and Smola, 2010)."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom.backends import POINT_KERNELS, as_numpy
from skgeom.operators import KernelFunction
from skgeom.sample_selection._herding import (
    herded_rows,
    optimal_weights,
    simplex_weights,
)
from skgeom.sample_selection._kernel_columns import (
    columns_of_matrix,
    columns_of_points,
    inverse_width,
    kernel_mean,
    placed_points,
    square_kernel,
)
from skgeom.sample_selection._selector import SIZE, RowSelector
from skgeom.typing import ArrayLike, MatrixLike, RandomStateLike


class KernelCoreset(RowSelector):
    r"""Choose rows whose kernel mean is that of all rows, or of another sample.

    Means of smooth functions over the chosen rows are nearly those over the sample: the
    worst error is the maximum mean discrepancy. Rows are herded one by one [1]_, each
    the one that lowers it the most, and are then exchanged for better ones, pass by
    pass, until none is.

    With `target` the chosen rows stand for that sample instead, wherever X lies: a
    training set for other inputs, and with ``weights="simplex"`` and ``n_samples=1.0``
    weights of all rows, kernel mean matching [2]_.

    Read more in the :ref:`User Guide <sample_selection>`.

    Parameters
    ----------
    n_samples : int, float or None, default=None
        How many rows: a number, a share of the rows in (0, 1], or None for the square
        root of their number, rounded up. More than there are is all of them, with a
        warning.
    kernel : str or callable, default="rbf"
        "rbf", "laplacian", "exponential", "matern32" or "matern52", as
        `Backend.kernel_matvec` writes them; "precomputed": X is the kernel matrix,
        (n_samples, n_samples); or a function of two matrices of rows that returns the
        matrix of kernel values.
    gamma : "scale" or float, default="scale"
        Inverse width of a named kernel, > 0. "scale" is one over the number of columns
        times the variance of all entries of X.
    weights : {"equal", "optimal", "simplex"}, default="equal"
        "equal": ones. "optimal": those of the least discrepancy, some of which may be
        negative. "simplex": the same of weights that are not negative and have a mean
        of one, as estimators take them.
    target : array-like of shape (n_target, n_features), default=None
        Rows that the chosen ones are to stand for. None is X. With "precomputed" kernel
        values of these rows with X, shape (n_target, n_samples).
    n_candidates : int, default=16384
        Rows that are chosen from, at random if X has more; means are always of all
        rows.
    max_iter : int, default=10
        Most passes of exchanges, >= 0.
    random_state : int, RandomState instance or None, default=None
        Decides the candidates.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context. The
        result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_chosen,), int64
        Chosen rows, ascending, none twice.
    sample_weight_ : ndarray of shape (n_chosen,)
        Their shares in the mean, times their number; ones for "equal".
    mmd_ : float or None
        Maximum mean discrepancy of the weighted rows and the sample; None where
        candidates are not all rows, or `target` is given with "precomputed".
    gamma_ : float or None
        Inverse width that was used, in the units of X; None without a named kernel.
    n_iter_ : int
        Passes that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    SupportPoints : Rows and points of least energy distance, without a width.
    DiversitySampler : Rows that cover X evenly, not as densely as it lies.

    Notes
    -----
    Time is :math:`O(n\, n_c)` kernel values for the means of :math:`n_c` candidates and
    :math:`O(n_c m)` for each pass, memory that of X and of columns of the candidates.
    Weights need :math:`O(m^3)` time and :math:`O(m^2)` memory. NaN is refused.

    References
    ----------
    .. [1] Chen, Welling and Smola, "Super-samples from kernel herding", UAI 2010.
    .. [2] Huang, Smola, Gretton, Borgwardt and Schölkopf, "Correcting sample selection
       bias by unlabeled data", NIPS 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import KernelCoreset
    >>> X = np.random.default_rng(0).normal(size=(2000, 2))
    >>> coreset = KernelCoreset(50).fit(X)
    >>> off = X[coreset.sample_indices_].mean(axis=0) - X.mean(axis=0)
    >>> bool(np.abs(off).max() < 0.02)
    True
    >>> coreset.mmd_ < 0.01  # of random rows about 0.12
    True
    """

    def __init__(
        self,
        n_samples: int | float | None = None,
        *,
        kernel: str | Callable = "rbf",
        gamma: float | str = "scale",
        weights: str = "equal",
        target: ArrayLike | None = None,
        n_candidates: int = 16_384,
        max_iter: int = 10,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.n_samples = n_samples
        self.kernel = kernel
        self.gamma = gamma
        self.weights = weights
        self.target = target
        self.n_candidates = n_candidates
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    _parameter_constraints = {
        "n_samples": SIZE,
        "kernel": [StrOptions({*POINT_KERNELS, "precomputed"}), callable],
        "gamma": [StrOptions({"scale"}), Interval(Real, 0, None, closed="neither")],
        "weights": [StrOptions({"equal", "optimal", "simplex"})],
        "target": ["array-like", None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Choose rows and weights.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, or a kernel matrix with ``kernel="precomputed"``.
        y : None
            Ignored.

        Returns
        -------
        self : KernelCoreset
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X or `target` is no finite matrix of
            the shape that it must have.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend)
        n = rows.shape[0]
        size = self._size_of(n)
        given = self._target_rows()
        some = np.arange(n)
        if n > max(self.n_candidates, size):
            rng = check_random_state(self.random_state)
            some = rng.choice(n, max(self.n_candidates, size), replace=False)
            some = np.sort(some)
        columns, mean, constant = self._means(rows, given, some, backend)
        chosen, self.n_iter_ = herded_rows(columns, mean, size, self.max_iter)
        K, near = columns.block(chosen), backend.to_numpy(mean)[chosen]
        shares = np.full(size, 1 / size)
        if self.weights != "equal":
            solve = optimal_weights if self.weights == "optimal" else simplex_weights
            shares = solve(K, near)
        self.mmd_ = None
        if constant is not None:
            squared = shares @ K @ shares - 2 * shares @ near + constant
            self.mmd_ = float(max(squared, 0.0) ** 0.5)
        self._keep_choice(some[chosen], shares * size, like=X)
        return self

    def _target_rows(self):
        if self.target is None:
            return None
        return as_numpy(self._validated(self.target, reset=False))

    def _means(self, rows, given, some, backend):
        """Kernel of the candidates, their means, and the mean of all kernel values."""
        xp, all_rows = backend.xp, len(some) == rows.shape[0]
        self.gamma_ = None
        there = backend.asarray(some)
        if self.kernel == "precomputed":
            K = square_kernel(rows, backend)
            means = xp.mean(K, axis=0)
            constant = float(xp.mean(means))
            if given is not None:
                means = xp.mean(backend.asarray(given, dtype=backend.float64), axis=0)
                constant = None
            block = K if all_rows else K[there][:, there]
            return columns_of_matrix(block, backend), means[there], constant
        if callable(self.kernel):
            points = backend.asarray(rows, dtype=backend.float64)
            sample = points if given is None else backend.asarray(given, points.dtype)
            kernel = KernelFunction(self.kernel, 1.0, backend)
        else:
            placed = placed_points(rows, backend)
            points, width = placed.points, inverse_width(self.gamma, placed, backend)
            sample = points if given is None else placed.place(given, backend)
            kernel = KernelFunction(self.kernel, width, backend)
            with np.errstate(over="ignore", under="ignore"):
                unit = np.float64(width) ** 0.5 / placed.size
                self.gamma_ = float(np.clip(unit * unit, 1e-300, 1e300))
        candidates = points if all_rows else points[there]
        means = kernel_mean(candidates, sample, kernel)
        constant = None
        if given is not None:
            constant = float(xp.mean(kernel_mean(sample, sample, kernel)))
        elif all_rows:
            constant = float(xp.mean(means))
        return columns_of_points(candidates, kernel), means, constant

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags
