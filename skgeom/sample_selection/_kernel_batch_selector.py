"""Batches of rows to label (Holzmüller, Zaverkin, Kästner and Steinwart, 2023)."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_consistent_length

from skgeom.backends import POINT_KERNELS, as_numpy
from skgeom.model_selection._labelled import find_gaps
from skgeom.operators import KernelFunction
from skgeom.sample_selection._batches import (
    frank_wolfe_batch,
    lcmd_batch,
    max_det_batch,
    max_dist_batch,
)
from skgeom.sample_selection._kernel_columns import (
    columns_of_features,
    columns_of_matrix,
    columns_of_points,
    inverse_width,
    kernel_mean,
    placed_points,
    square_kernel,
)
from skgeom.sample_selection._model_kernel import has_kernel, kernel_of_model
from skgeom.sample_selection._selector import ChosenRows
from skgeom.typing import ArrayLike, MatrixLike, RandomStateLike

# Rows that stand for the pool where its mean is wanted.
_STAND_FOR_POOL = 2048
_LEAST_NOISE = 1e-300


class KernelBatchSelector(ChosenRows):
    r"""Choose the rows to label next, a batch at a time.

    Rows of X whose entry in y is missing are the pool. A batch is chosen by a kernel:
    rows that it says are far from those with a label and from each other [1]_. So no
    two rows of a batch say the same, which choosing by uncertainty alone does not see.

    Read more in the :ref:`User Guide <sample_selection>`.

    Parameters
    ----------
    batch_size : int, default=10
        Rows to choose, at most: what is left of the pool if that is less.
    method : {"lcmd", "max_dist", "max_det", "frank_wolfe"}, default="lcmd"
        "lcmd" (largest cluster, maximum distance): every row belongs to its nearest
        row with a label; of the cluster with the largest sum of squared distances the
        farthest row, again and again. "max_dist": the farthest row. "max_det": the row
        of the largest variance, given labels and rows before it. "frank_wolfe": rows
        whose weighted sum is nearest to the sum of the pool, given labels [2]_.
    kernel : str or callable, default="rbf"
        "rbf", "laplacian", "exponential", "matern32" or "matern52", as
        `Backend.kernel_matvec` writes them; "linear": X holds features, the last layer
        of a network for one; "precomputed": X is the kernel matrix, (n_samples,
        n_samples); or a function of two matrices of rows.
    gamma : "scale" or float, default="scale"
        Inverse width of a named kernel, > 0. "scale" is one over the number of columns
        times the variance of all entries of X.
    alpha : float, default=0.01
        Variance of the noise of a label in units of the kernel, > 0, for "max_det" and
        "frank_wolfe".
    estimator : estimator, default=None
        A `KernelRegressor`, `KernelClassifier`, `VecchiaGPRegressor`, a Gaussian
        process of scikit-learn, or a Pipeline that ends with one: kernel, learned
        metric and noise are those of that model, instead of `kernel`, `gamma` and
        `alpha`. One that is not fitted is cloned and fitted on the rows with a label.
    random_state : int, RandomState instance or None, default=None
        Decides which 2,048 rows stand for a larger pool where its mean is wanted: for
        "frank_wolfe", and for the first row of all.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context. The
        result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_chosen,), int64
        Rows of X to label, in the order of choice; empty where all have labels.
    sample_weight_ : ndarray of shape (n_chosen,)
        Ones.
    estimator_ : estimator
        The model whose kernel was used. Only with `estimator`.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    DiversitySampler : The first rows, without a kernel.

    Notes
    -----
    "lcmd" and "max_dist" take one column of the kernel for each row with a label and
    each chosen one, and O(n_samples) memory. The other two take O(n_samples *
    n_labelled) memory and that times `n_labelled` of time. Without any label the row
    nearest to the mean of all is the first. NaN in X is refused; in y it says that the
    row has no label, as do None and pandas.NA.

    References
    ----------
    .. [1] Holzmüller, Zaverkin, Kästner and Steinwart, "A framework and benchmark for
       deep batch active learning for regression", Journal of Machine Learning Research
       24, 2023.
    .. [2] Pinsler, Gordon, Nalisnick and Hernández-Lobato, "Bayesian batch active
       learning as sparse subset approximation", NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import KernelBatchSelector
    >>> X = np.linspace(0, 1, 101)[:, None]
    >>> y = np.full(101, np.nan)
    >>> y[0] = 0.0
    >>> KernelBatchSelector(2).fit(X, y).sample_indices_
    array([100,  50])
    """

    def __init__(
        self,
        batch_size: int = 10,
        *,
        method: str = "lcmd",
        kernel: str | Callable = "rbf",
        gamma: float | str = "scale",
        alpha: float = 0.01,
        estimator: Any | None = None,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.batch_size = batch_size
        self.method = method
        self.kernel = kernel
        self.gamma = gamma
        self.alpha = alpha
        self.estimator = estimator
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    _parameter_constraints = {
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions({"lcmd", "max_det", "max_dist", "frank_wolfe"})],
        "kernel": [StrOptions({*POINT_KERNELS, "linear", "precomputed"}), callable],
        "gamma": [StrOptions({"scale"}), Interval(Real, 0, None, closed="neither")],
        "estimator": [HasMethods("fit"), None],
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike | None = None) -> Self:
        """Choose a batch of the rows that have no label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All rows, or a kernel matrix with ``kernel="precomputed"``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Labels; a row with a missing entry has none. None is no label at all.

        Returns
        -------
        self : KernelBatchSelector
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X is no finite matrix, y has another
            length, or there is no label to fit `estimator` on.
        TypeError
            If `estimator` has no kernel that can be read.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend)
        if self.kernel == "precomputed" and self.estimator is None:
            rows = square_kernel(rows, backend)
        labelled, pool = self._read_labels(y, rows.shape[0])
        size = min(self.batch_size, len(pool))
        if not size:
            self._keep_choice(pool, np.ones(0), like=X)
            return self
        columns, means, noise = self._kernel_of(rows, y, labelled, pool, backend)
        chosen = self._choose(columns, labelled, pool, size, means, noise)
        # Where all others coincide with rows that have a label, any is as good.
        rest = np.setdiff1d(pool, chosen)[: size - len(chosen)]
        chosen = np.concatenate([chosen, rest])
        self._keep_choice(chosen, np.ones(size), like=X)
        return self

    def _read_labels(self, y, n):
        """Places of rows with a label and without."""
        if y is None:
            return np.zeros(0, dtype=np.int64), np.arange(n)
        y = np.asarray(y)
        check_consistent_length(y, np.empty(n))
        gaps = find_gaps(y).reshape(n, -1).any(axis=1)
        return np.flatnonzero(~gaps), np.flatnonzero(gaps)

    def _kernel_of(self, rows, y, labelled, pool, backend):
        """Columns of the kernel, what finds its mean over the pool, and the noise."""
        xp, alpha = backend.xp, float(self.alpha)
        there = backend.asarray(pool)
        if self.estimator is not None:
            return self._kernel_of_estimator(rows, y, labelled, pool, backend)
        if self.kernel == "precomputed":
            return (
                columns_of_matrix(rows, backend),
                lambda: xp.mean(xp.take(rows, there, axis=1), axis=1),
                alpha,
            )
        if self.kernel == "linear":
            features = backend.asarray(rows, dtype=backend.float64)
            size = float(xp.max(xp.abs(features))) or 1.0
            features = features / size
            return (
                columns_of_features(features, backend),
                lambda: features @ xp.mean(xp.take(features, there, axis=0), axis=0),
                max(alpha / size / size, _LEAST_NOISE),
            )
        gamma = 1.0 if callable(self.kernel) else self.gamma
        return *self._of_points(rows, self.kernel, gamma, pool, backend), alpha

    def _of_points(self, rows, kernel, gamma, pool, backend):
        """Columns of a kernel of points, and its mean over the pool."""
        points = backend.asarray(rows, dtype=backend.float64)
        if not callable(kernel):
            placed = placed_points(rows, backend)
            points, gamma = placed.points, inverse_width(gamma, placed, backend)
        function = KernelFunction(kernel, gamma, backend)

        def means():
            some = pool
            if len(pool) > _STAND_FOR_POOL:
                rng = check_random_state(self.random_state)
                some = rng.choice(pool, _STAND_FOR_POOL, replace=False)
            sample = backend.xp.take(points, backend.asarray(np.sort(some)), axis=0)
            return kernel_mean(points, sample, function)

        return columns_of_points(points, function), means

    def _kernel_of_estimator(self, rows, y, labelled, pool, backend):
        """The same of a model, fitted on the labelled rows if it is not yet."""
        host = as_numpy(rows)
        self.estimator_ = self.estimator
        # Gaussian processes of scikit-learn predict before they are fitted, too.
        if not has_kernel(self.estimator):
            if not len(labelled):
                raise ValueError(
                    "estimator is not fitted, and y has no labels to fit it on."
                )
            known = np.asarray(y)[labelled]
            known = known if known.dtype.kind != "O" else np.array(known.tolist())
            self.estimator_ = clone(self.estimator).fit(host[labelled], known)
        told = kernel_of_model(self.estimator_, host)
        points = np.asarray(told.place(host), dtype=np.float64)
        of = self._of_points(points, told.kernel, told.gamma, pool, backend)
        return *of, max(told.noise, _LEAST_NOISE)

    def _choose(self, columns, labelled, pool, size, means, noise):
        """Places of the batch, in the order of choice."""
        to_numpy = columns.backend.to_numpy
        if self.method == "max_det":
            return max_det_batch(columns, labelled, size, noise)
        if self.method == "frank_wolfe":
            inside = np.zeros(columns.n)
            inside[pool] = 1.0
            sums = to_numpy(means()) * len(pool)
            return frank_wolfe_batch(columns, labelled, size, noise, sums, inside)
        first = np.zeros(0, dtype=np.int64)
        if not len(labelled):
            # The row nearest to the mean of all.
            apart = to_numpy(columns.diagonal) - 2 * to_numpy(means())
            first = labelled = pool[[int(np.argmin(apart[pool]))]]
        batch = lcmd_batch if self.method == "lcmd" else max_dist_batch
        return np.concatenate([first, batch(columns, labelled, size - len(first))])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags
