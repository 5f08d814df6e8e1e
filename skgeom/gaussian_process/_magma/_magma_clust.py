"""Clusters of curves with common mean processes (Leroy et al., 2023)."""

import copy
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.base import GeometryEstimator, with_callbacks
from skgeom.gaussian_process._magma._bound import Design, mean_processes
from skgeom.gaussian_process._magma._covariances import KERNELS
from skgeom.gaussian_process._magma._curves import Curves, Units, grid_of
from skgeom.gaussian_process._magma._forecast import (
    Forecaster,
    forecast,
    forecast_known,
)
from skgeom.gaussian_process._magma._learning import Limits, learn_clusters
from skgeom.gaussian_process._magma._rows import (
    codes_of,
    read_inputs,
    read_rows,
    read_targets,
)
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike

# Rows of one task whose matrix is decomposed.
_MOST_ROWS = 5000


class MagmaClust(RegressorMixin, GeometryEstimator):
    r"""Gaussian processes for many short curves, with clusters of common means.

    Rows are observations in a long table: a column says whose they are, the others
    when. A curve, or task, of cluster k is :math:`y_i(t) = \mu_k(t) + f_i(t) +
    \epsilon` with a mean process :math:`\mu_k`, a deviation :math:`f_i` of its own, and
    noise [1]_. Clusters, mean processes and hyper-parameters are learned together from
    all tasks, whatever times each has been seen at. A task that has been seen a few
    times is forecast by the mean processes it agrees with. With one cluster this is
    Magma [2]_.

    Read more in the :ref:`User Guide <magma_clust>`.

    Parameters
    ----------
    n_clusters : int, default=3
        Clusters, at most the number of tasks. Without `task` there is one.
    task : int or str, default=None
        The column of X with the ids of tasks, numbers or text, by its position or name;
        None takes all rows for one curve. All other columns are inputs.
    kernel_mean : {"rbf", "matern12", "matern32", "matern52"}, default="rbf"
        Kernel of mean processes, with a length scale for each input.
    kernel_task : {"rbf", "matern12", "matern32", "matern52"}, default="rbf"
        Kernel of deviations, the same for all tasks.
    n_grid : int, default=100
        Places at which mean processes are learned, where more inputs are distinct: then
        they are smooth between these. The cost is quadratic in it.
    n_init : int, default=3
        Starts of the clusters.
    max_iter : int, default=50
        Most turns of learning hyper-parameters and clusters.
    tol : float, default=1e-4
        Learning ends when a turn gains less of the log likelihood for each row.
    random_state : int, RandomState instance or None, default=None
        Decides the starts.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. What is
        computed is NumPy's and SciPy's here, on the host; results go where X is.

    Attributes
    ----------
    tasks_ : ndarray of shape (n_tasks,)
        Ids of the tasks, sorted; a zero without `task`.
    labels_ : ndarray of shape (n_tasks,), int
        The most probable cluster of each.
    responsibilities_ : ndarray of shape (n_tasks, n_clusters)
        Probabilities of the clusters for each.
    weights_ : ndarray of shape (n_clusters,)
        Shares of the clusters.
    mean_variance_ : float
        Variance of mean processes about `intercept_`; next to 0 where there is one task
        alone, which is all deviation, and 0 where y is constant.
    mean_length_scale_ : ndarray of shape (n_inputs,)
        Their length scales, in the units of the inputs; zero for constant ones.
    task_variance_ : float
        Variance of deviations.
    task_length_scale_ : ndarray of shape (n_inputs,)
        Their length scales.
    noise_variance_ : float
        Variance of the noise.
    intercept_ : float
        The mean of all rows, to which mean processes return far from them.
    lower_bound_ : float
        Lower bound of the log likelihood of all rows, which learning maximises.
    n_iter_ : int
        Turns of learning.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    VecchiaGPRegressor : One function of many rows, rather than many short curves.

    Notes
    -----
    Hyper-parameters are shared by all clusters and tasks. Clusters that are left
    without tasks stay, with a weight of nearly zero, and are warned of.

    References
    ----------
    .. [1] Leroy, Latouche, Guedj and Gey, "Cluster-specific predictions with multi-task
       Gaussian processes", Journal of Machine Learning Research 24, 2023.
    .. [2] Leroy, Latouche, Guedj and Gey, "MAGMA: inference and prediction using
       multi-task Gaussian processes", Machine Learning 111, 2022.

    Examples
    --------
    Two kinds of curves, and a new one of which the beginning is seen:

    >>> import numpy as np
    >>> from skgeom import MagmaClust
    >>> rng = np.random.default_rng(0)
    >>> task, t = np.repeat(np.arange(20), 8), rng.uniform(0, 6, 160)
    >>> y = np.sin(t) * np.where(task % 2, 1, -1) + 0.1 * rng.standard_normal(160)
    >>> model = MagmaClust(2, task=0, random_state=0)
    >>> model = model.fit(np.column_stack([task, t]), y)
    >>> model = model.condition([[99, 0.5], [99, 1.0]], [0.5, 0.8])
    >>> mean, std = model.predict([[99, 4.7]], return_std=True)
    >>> mean.round(), bool(std[0] < 0.3)
    (array([-1.]), True)
    """

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "task": [Interval(Integral, 0, None, closed="left"), str, None],
        "kernel_mean": [StrOptions(set(KERNELS))],
        "kernel_task": [StrOptions(set(KERNELS))],
        "n_grid": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        n_clusters: int = 3,
        *,
        task: int | str | None = None,
        kernel_mean: str = "rbf",
        kernel_task: str = "rbf",
        n_grid: int = 100,
        n_init: int = 3,
        max_iter: int = 50,
        tol: float = 1e-4,
        random_state: RandomStateLike = None,
        device: str = "auto",
    ):
        self.n_clusters = n_clusters
        self.task = task
        self.kernel_mean = kernel_mean
        self.kernel_task = kernel_task
        self.n_grid = n_grid
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.device = device

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Learn clusters, mean processes and hyper-parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows: the id of a task and inputs.
        y : array-like of shape (n_samples,)
            What was seen.

        Returns
        -------
        self : MagmaClust
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X or y is not finite or as long as the
            other, `task` is no column or the only one, there are fewer tasks than
            clusters, or one has more than 5,000 rows.

        Warns
        -----
        ConvergenceWarning
            If learning ends before `tol` is met, or clusters are left without tasks.
        """
        self._backend_for(X, reset=True)
        ids, inputs = read_rows(self, X, self.task, reset=True)
        targets = read_targets(y, inputs, type(self).__name__)
        self.tasks_, codes = codes_of(ids)
        n_clusters = self._n_clusters(len(self.tasks_), np.bincount(codes))
        raw = Curves.of(inputs, targets, codes, len(self.tasks_))
        self._units = units = Units.of(raw.inputs, raw.targets)
        self._curves = curves = raw.placed(units)
        rng = check_random_state(self.random_state)
        # One curve alone has no mean process in common with others.
        n_grid = self.n_grid if len(self.tasks_) > 1 else 1
        grid = grid_of(curves.inputs, n_grid, rng)
        design = Design(self.kernel_mean, self.kernel_task, grid)
        learned = self._learn(curves, design, n_clusters, rng)
        means = mean_processes(curves.stacks(), learned.shares, design, learned.theta)
        self._known = Forecaster.of(means, learned.weights, design, learned.theta)
        self._seen: dict = {}
        self._tell(learned, like=X)
        return self

    def predict(self, X: MatrixLike, return_std: bool = False) -> Any:
        """Forecast tasks at inputs, each row independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Ids of tasks, and inputs. Tasks that neither `fit` nor `condition` has seen
            are forecast by the mean processes alone.
        return_std : bool, default=False
            Whether standard deviations are returned as well.

        Returns
        -------
        y : array of shape (n_rows,)
            Means over clusters, in the namespace, width and device of X.
        std : array of shape (n_rows,)
            Standard deviations of what would be seen, noise included, the spread
            between clusters as well. Only with `return_std`.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        self._backend_for(X)
        ids, inputs = read_rows(self, X, self.task, reset=False)
        units, noise = self._units, self._known.theta.noise
        mean, variances = np.empty(len(ids)), np.empty(len(ids))
        for task, rows in _groups(ids):
            found = self._forecast(task, units.place(inputs[rows]))
            mean[rows], variances[rows] = found.moments(found.weights)
        mean = self._output(mean * units.scale + units.mean, like=X)
        if not return_std:
            return mean
        return mean, self._output(np.sqrt(variances + noise) * units.scale, like=X)

    def predict_cluster_proba(self, X: MatrixLike) -> Array:
        """Probabilities of the clusters, for the task of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Ids of tasks, and inputs, which do not count.

        Returns
        -------
        array of shape (n_rows, n_clusters)
            `weights_` for tasks that have not been seen.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        self._backend_for(X)
        ids, inputs = read_rows(self, X, self.task, reset=False)
        out = np.empty((len(ids), len(self._known.weights)))
        for task, rows in _groups(ids):
            out[rows] = self._forecast(task, self._units.place(inputs[:0])).weights
        return self._output(out, like=X)

    def condition(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Show rows of tasks to a copy of the model, which forecasts these from then.

        Mean processes, clusters and hyper-parameters stay as they are.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Ids of tasks, new or known, and inputs.
        y : array-like of shape (n_rows,)
            What was seen.

        Returns
        -------
        MagmaClust
            A copy that has seen them, beside all that was seen before.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, X or y is not finite or as
            long as the other, or a task has more than 5,000 rows.
        """
        check_is_fitted(self)
        self._backend_for(X)
        ids, inputs = read_rows(self, X, self.task, reset=False)
        targets = read_targets(y, inputs, type(self).__name__)
        placed, standard = self._units.place(inputs), self._units.standard(targets)
        model = copy.copy(self)
        model._seen = dict(self._seen)
        empty = placed[:0], standard[:0]
        for task, rows in _groups(ids):
            before = self._seen.get(task, empty)
            pairs = zip(before, (placed[rows], standard[rows]), strict=True)
            model._seen[task] = tuple(np.concatenate(pair) for pair in pairs)
            _refuse_long(len(model._seen[task][1]), task)
        return model

    def mean_processes(self, inputs: MatrixLike, return_std: bool = False) -> Any:
        """Mean processes of the clusters at inputs.

        Parameters
        ----------
        inputs : array-like of shape (n_rows, n_inputs)
            The columns of X but for the task.
        return_std : bool, default=False
            Whether standard deviations are returned as well.

        Returns
        -------
        means : ndarray of shape (n_clusters, n_rows)
            Means of the processes.
        std : ndarray of shape (n_clusters, n_rows)
            What is not known of them. Only with `return_std`.

        Raises
        ------
        ValueError
            If there is another number of inputs than in `fit`.
        """
        check_is_fitted(self)
        units = self._units
        rows = read_inputs(inputs, len(units.center))
        means, variances = self._known.mean_processes(units.place(rows))
        means = means * units.scale + units.mean
        return (means, np.sqrt(variances) * units.scale) if return_std else means

    def training_curves(self) -> list:
        """Curves that the model was fitted to.

        Returns
        -------
        list of (inputs, targets)
            Of each task, in the order of `tasks_`: arrays of shape (n_rows, n_inputs)
            and (n_rows,), float64, in the order of the inputs.
        """
        check_is_fitted(self)
        units, curves = self._units, self._curves
        pairs = (curves.one(i) for i in range(len(self.tasks_)))
        return [(units.inputs_of(x), y * units.scale + units.mean) for x, y in pairs]

    # ------------------------------------------------------------------- steps of fit

    def _n_clusters(self, n_tasks, sizes):
        """How many clusters there are."""
        _refuse_long(sizes.max(), self.tasks_[sizes.argmax()])
        if self.task is None:
            return 1
        if self.n_clusters > n_tasks:
            raise ValueError(
                f"n_clusters={self.n_clusters} is more than the {n_tasks} tasks in "
                f"column {self.task!r} of X."
            )
        return self.n_clusters

    def _learn(self, curves, design, n_clusters, rng):
        """Clusters and hyper-parameters, in units of the spread of rows."""
        progress = self._progress(self.max_iter, "negative bound")
        learned = learn_clusters(
            curves,
            design,
            n_clusters,
            n_init=self.n_init,
            limits=Limits(self.max_iter, self.tol, self._units.scale > 0),
            rng=rng,
            callback=progress,
        )
        if progress is not None:
            progress.close()
        if not learned.converged:
            warn(
                f"Learning ended after max_iter={self.max_iter} turns, before tol="
                f"{self.tol:g} was met. Raise max_iter or tol.",
                ConvergenceWarning,
            )
        n_empty = n_clusters - len(np.unique(learned.shares.argmax(axis=1)))
        if n_empty:
            warn(
                f"{n_empty} of {n_clusters} clusters are left without tasks; "
                f"n_clusters={n_clusters} may be too many.",
                ConvergenceWarning,
            )
        return learned

    def _tell(self, learned, like):
        """Set what users are told, in the units of X and y."""
        units, theta = self._units, learned.theta
        squared = units.scale**2
        self.labels_ = learned.shares.argmax(axis=1)
        self.responsibilities_ = self._kept(learned.shares, like)
        self.weights_ = self._kept(learned.weights, like)
        self.mean_variance_ = theta.mean[0] * squared
        self.mean_length_scale_ = self._kept(theta.mean[1] * units.spread, like)
        self.task_variance_ = theta.task[0] * squared
        self.task_length_scale_ = self._kept(theta.task[1] * units.spread, like)
        self.noise_variance_ = theta.noise * squared
        self.intercept_ = units.mean
        n = len(self._curves.targets)
        self.lower_bound_ = 0.0
        if units.scale > 0:
            self.lower_bound_ = float(learned.bound - n * np.log(units.scale))
        self.n_iter_ = learned.n_iter

    def _forecast(self, task, queries):
        """What is known of a task at queries."""
        i = np.flatnonzero(self.tasks_ == task)
        seen = self._seen.get(task)
        if len(i) == 0:
            seen = (queries[:0], np.empty(0)) if seen is None else seen
            return forecast(*seen, queries, self._known)
        rows, shares = self._curves.one(i[0]), self.responsibilities_[i[0]]
        if seen is None:
            return forecast_known(*rows, shares, queries, self._known)
        others = self._known.without(*rows, shares)
        both = [np.concatenate(pair) for pair in zip(rows, seen, strict=True)]
        return forecast(*both, queries, others)


def _groups(ids):
    """Tasks of rows, and the rows of each."""
    tasks, codes = codes_of(ids)
    for code, task in enumerate(tasks.tolist()):
        yield task, np.flatnonzero(codes == code)


def _refuse_long(n, task):
    """Matrices are of the rows of a task."""
    if n > _MOST_ROWS:
        raise ValueError(
            f"Task {task!s} has {n} rows; at most {_MOST_ROWS} are taken, whose matrix "
            "is decomposed. VecchiaGPRegressor takes one curve of any length."
        )
