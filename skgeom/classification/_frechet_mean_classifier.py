"""Predictions as Fréchet means of labels (Roberts et al., NeurIPS 2023)."""

from numbers import Real
from typing import Any, Self

import numpy as np
from scipy.optimize import linprog
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.utils import _safe_indexing, column_or_1d, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_array,
    check_is_fitted,
    validate_data,
)

from skgeom.backends import as_numpy, row_blocks
from skgeom.base import GeometryEstimator
from skgeom.graph import Graph, shortest_paths
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

# Temperatures that are tried; folds of rows, and classes that are left out one by one.
_TEMPERATURES = np.array([0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.7, 8.0])
_N_FOLDS, _MOST_CLASSES = 5, 10
# Slack of a program that is rounding, as a share of the largest cost.
_ROUNDING = 1e-9


def expected_costs(
    probabilities: NDArray, costs: NDArray, temperature: float = 1.0
) -> NDArray:
    """Mean cost of each answer, given probabilities of the truth.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_seen)
        Of the labels that were seen.
    costs : ndarray of shape (n_seen, n_labels)
        Of answering a label where another is true.
    temperature : float, default=1.0
        Probabilities are taken to the power of one over it.

    Returns
    -------
    ndarray of shape (n, n_labels)
        The least is the Fréchet mean, for squared distances.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.classification._frechet_mean_classifier import expected_costs
    >>> apart = np.array([[0.0, 1.0, 4.0], [4.0, 1.0, 0.0]])  # of the ends of a path
    >>> expected_costs(np.array([[0.5, 0.5]]), apart)
    array([[2., 1., 2.]])
    """
    if temperature != 1.0:
        largest = probabilities.max(axis=1, keepdims=True)
        probabilities = (probabilities / largest) ** (1.0 / temperature)
        probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return probabilities @ costs


def reachable(costs: NDArray) -> NDArray:
    """Which labels have the least expected cost for some probabilities.

    Parameters
    ----------
    costs : ndarray of shape (n_seen, n_labels)
        As of `expected_costs`.

    Returns
    -------
    ndarray of shape (n_labels,), bool
        Ties count as reached.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.classification._frechet_mean_classifier import reachable
    >>> reachable(np.array([[0.0, 1.0, 4.0], [4.0, 1.0, 0.0]]))  # the middle of a path
    array([ True,  True,  True])
    >>> reachable(np.array([[0.0, 4.0, 9.0], [4.0, 0.0, 1.0]]))  # a leaf
    array([ True,  True, False])
    """
    found = np.zeros(costs.shape[1], dtype=bool)
    # The best answers to certain truths, without a program.
    found[np.argmin(costs, axis=1)] = True
    for label in np.flatnonzero(~found):
        found[label] = shortfall(costs, int(label)) <= _ROUNDING
    return found


def shortfall(costs: NDArray, label: int) -> float:
    """By how much a label is behind the best one, where that is least.

    A linear program over the probabilities.

    Parameters
    ----------
    costs : ndarray of shape (n_seen, n_labels)
        As of `expected_costs`.
    label : int
        Position of the label.

    Returns
    -------
    float
        As a share of the largest cost; negative where the label can be ahead.
    """
    n_seen, size = len(costs), float(costs.max(initial=0.0)) or 1.0
    behind = np.delete((costs[:, [label]] - costs).T / size, label, axis=0)
    if not len(behind):
        return -1.0
    program = linprog(
        np.append(np.zeros(n_seen), 1.0),
        A_ub=np.column_stack([behind, -np.ones(len(behind))]),
        b_ub=np.zeros(len(behind)),
        A_eq=np.append(np.ones(n_seen), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * n_seen + [(None, None)],
        method="highs",
    )
    return float(program.fun)


class FrechetMeanClassifier(MetaEstimatorMixin, ClassifierMixin, GeometryEstimator):
    r"""Turn probabilities into the label that is nearest to them, in a metric.

    Classes are often places: grades, ages, species in a tree, cells of a map. A
    classifier that has never heard of it gives probabilities all the same, and the
    answer that costs least is

    .. math::
        \hat y = \arg\min_y \sum_l p_l \, d(y, l)^2 ,

    over all labels [1]_, those too that no training row has. Read more in the
    :ref:`User Guide <frechet_mean_classifier>`.

    Parameters
    ----------
    estimator : object, default=None
        A classifier with `predict_proba`. None is
        :class:`~sklearn.linear_model.LogisticRegression`.
    distances : str, Graph or array-like of (n_labels, n_labels), default="discrete"
        How far labels are from each other. "discrete": all alike, so that the most
        likely one is predicted. "absolute": by their difference, for numbers. A matrix,
        in the order of `labels`. A graph whose nodes are the labels: by shortest paths.
    labels : array-like of shape (n_labels,), int or str, default=None
        All labels, among them those of y. None is those of y, sorted; of a graph, its
        names, or ids where it has none.
    power : float, default=2.0
        Of the distance in the cost: 2 is for small squared errors, 1 for small
        absolute ones.
    temperature : float or "auto", default=1.0
        Probabilities are taken to the power of one over it: above 1 they are less sure,
        and labels between the likely ones are predicted more often. "auto" tries nine
        by the cost of rows left out and, where there are labels without rows, of
        classes left out, those that lie between others.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. The product
        of probabilities and costs is a small one and done on the host; `estimator` does
        as it does.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        All labels.
    estimator_ : object
        The fitted classifier, whose `classes_` are the labels with rows.
    costs_ : ndarray of shape (n_seen, n_labels)
        Distances of the labels with rows to all, to the `power`.
    temperature_ : float
        The one that is used.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphKernelClassifier : Classes of the nodes of a graph.

    References
    ----------
    .. [1] Roberts, Li, Adila, Cromp, Huang, Zhao and Sala, "Geometry-aware adaptation
       for pretrained models", NeurIPS 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import FrechetMeanClassifier
    >>> X, y = np.array([[0.0], [0.1], [3.9], [4.0]]), [0, 0, 4, 4]
    >>> model = FrechetMeanClassifier(distances="absolute", labels=range(5))
    >>> model.fit(X, y).predict([[0.0], [2.0]])
    array([0, 2])
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "distances": [
            StrOptions({"discrete", "absolute"}),
            HasMethods(["laplacian"]),
            "array-like",
        ],
        "labels": ["array-like", None],
        "power": [Interval(Real, 0, None, closed="neither")],
        "temperature": [
            StrOptions({"auto"}),
            Interval(Real, 0, None, closed="neither"),
        ],
    }

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        distances: str | Graph | ArrayLike = "discrete",
        labels: ArrayLike | None = None,
        power: float = 2.0,
        temperature: float | str = 1.0,
        device: str = "auto",
    ):
        self.estimator = estimator
        self.distances = distances
        self.labels = labels
        self.power = power
        self.temperature = temperature
        self.device = device

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Fit the classifier, and measure labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Whatever the classifier takes.
        y : array-like of shape (n_samples,)
            Labels.

        Returns
        -------
        self : FrechetMeanClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or labels and distances do not agree.
        """
        self._backend_for(X, reset=True)
        X = self._rows(X, reset=True)
        if y is None:
            raise ValueError(
                "FrechetMeanClassifier requires y to be passed, but the target y is "
                "None."
            )
        y = column_or_1d(as_numpy(y), warn=True)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.estimator_ = self._model().fit(X, y)
        seen = np.asarray(self.estimator_.classes_)
        self.classes_ = self._all_labels(seen)
        self.costs_ = self._costs_of(seen)
        self.temperature_ = (
            self._best_temperature(X, y, seen)
            if self.temperature == "auto"
            else float(self.temperature)
        )
        return self

    def predict(self, X: MatrixLike) -> Array:
        """Predict the label of least expected cost, the first of several.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows,)
            Labels, not only those that rows had.

        Raises
        ------
        ValueError
            If X is not what the classifier takes, or has another number of columns than
            in `fit`.
        """
        best = self._best(self._probabilities(X), self.costs_, self.temperature_)
        return self._output_labels(self.classes_[best], like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Probabilities as the classifier has them, zero for labels without rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_labels)
            In the order of `classes_`.

        Raises
        ------
        ValueError
            If X is not what the classifier takes, or has another number of columns than
            in `fit`.
        """
        told = self._probabilities(X)
        found = np.zeros((len(told), len(self.classes_)))
        found[:, self._seen] = told
        return self._output(found, like=X)

    def decision_function(self, X: MatrixLike) -> Array:
        """Minus the expected cost of each label.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_labels) or (n_rows,)
            For two labels, what the second costs less than the first.

        Raises
        ------
        ValueError
            If X is not what the classifier takes, or has another number of columns than
            in `fit`.
        """
        told = self._probabilities(X)
        scores = -expected_costs(told, self.costs_, self.temperature_)
        if scores.shape[1] == 2:
            scores = scores[:, 1] - scores[:, 0]
        return self._output(scores, like=X)

    def reachable_labels(self) -> NDArray:
        """Labels that some probabilities lead to, exactly.

        Labels without rows are often out of reach: of a tree, all leaves are.

        Returns
        -------
        ndarray of shape (n_reachable,)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return self.classes_[reachable(self.costs_)]

    def _model(self):
        return LogisticRegression() if self.estimator is None else clone(self.estimator)

    def _all_labels(self, seen):
        """All labels, among which those with rows must be."""
        labels = self.labels
        if labels is None and isinstance(self.distances, Graph):
            names = self.distances.node_names
            labels = np.arange(self.distances.n_nodes) if names is None else names
        labels = seen if labels is None else np.asarray(labels)
        if labels.ndim != 1 or len(np.unique(labels)) < len(labels):
            raise ValueError("labels must be a list of different labels.")
        place = {label: k for k, label in enumerate(labels.tolist())}
        missing = [label for label in seen.tolist() if label not in place]
        if missing:
            raise ValueError(
                f"y holds {missing[0]!r}, which is none of the {len(labels)} labels."
            )
        self._seen = np.array([place[label] for label in seen.tolist()])
        return labels

    def _costs_of(self, seen):
        """Distances of the labels with rows to all, to the power."""
        labels, n = self.classes_, len(self.classes_)
        if isinstance(self.distances, Graph):
            graph = self.distances.to_undirected()
            if graph.n_nodes != n:
                raise ValueError(
                    f"The graph has {graph.n_nodes} nodes, and there are {n} labels."
                )
            found = shortest_paths(graph.lengths, self._seen).T
            if np.isinf(found).any():
                raise ValueError("The graph of labels must be connected; it has parts.")
        elif isinstance(self.distances, str) and self.distances == "discrete":
            found = 1.0 * (self._seen[:, None] != np.arange(n))
        elif isinstance(self.distances, str):
            if labels.dtype.kind not in "iufb":
                raise ValueError(
                    'distances="absolute" takes labels that are numbers, and they are '
                    f"{labels.dtype}s."
                )
            numbers = labels.astype(np.float64)
            found = np.abs(numbers[self._seen, None] - numbers)
        else:
            D = check_array(
                self.distances,
                dtype=np.float64,
                input_name="distances",
                ensure_non_negative=True,
            )
            if D.shape != (n, n):
                raise ValueError(
                    f"distances must have a row and a column for each of the {n} "
                    f"labels ({len(seen)} with rows), got shape {D.shape}."
                )
            found = D[self._seen]
        # In units of the largest, so that powers stay finite.
        return (found / (found.max(initial=0.0) or 1.0)) ** self.power

    def _best_temperature(self, X, y, seen):
        """The one whose answers cost least on rows, and classes, that are left out."""
        codes = np.searchsorted(seen, y)
        folds = KFold(min(_N_FOLDS, len(y)), shuffle=True, random_state=0)
        total = self._left_out(X, y, codes, seen, folds.split(codes)) * len(seen)
        n_unseen = len(self.classes_) - len(seen)
        between = self._classes_between(seen) if n_unseen else []
        if len(between):
            folds = [
                (np.flatnonzero(codes != code), np.flatnonzero(codes == code))
                for code in between
            ]
            total = total + self._left_out(X, y, codes, seen, folds) * n_unseen
        return float(_TEMPERATURES[np.argmin(total)])

    def _classes_between(self, seen):
        """Labels with rows that are in reach without them: they speak for others."""
        found = []
        order = np.random.default_rng(0).permutation(len(seen))
        for code in order if len(seen) > 2 else ():
            others = np.delete(self.costs_, code, axis=0)
            if shortfall(others, self._seen[code]) < -_ROUNDING:
                found.append(code)
            if len(found) == _MOST_CLASSES:
                break
        return found

    def _left_out(self, X, y, codes, seen, folds):
        """Mean costs at each temperature, of the rows that folds leave out."""
        costs, count = np.zeros(len(_TEMPERATURES)), 0
        for train, test in folds:
            if len(np.unique(codes[train])) < 2:
                continue
            model = self._model().fit(_safe_indexing(X, train), y[train])
            told = model.predict_proba(_safe_indexing(X, test))
            known = self.costs_[np.searchsorted(seen, model.classes_)]
            for number, temperature in enumerate(_TEMPERATURES):
                best = self._best(told, known, temperature)
                costs[number] += self.costs_[codes[test], best].sum()
            count += len(test)
        return costs / max(count, 1)

    def _best(self, probabilities, costs, temperature):
        """Positions of the labels of least cost, in blocks of rows."""
        best = np.empty(len(probabilities), dtype=np.int64)
        for rows in row_blocks(len(best), 8 * 2 * costs.shape[1]):
            told = expected_costs(probabilities[rows], costs, temperature)
            best[rows] = np.argmin(told, axis=1)
        return best

    def _probabilities(self, X):
        check_is_fitted(self)
        X = self._rows(X, reset=False)
        return np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)

    def _rows(self, X, *, reset):
        """Rows for the classifier: what it takes, texts too, but no lone numbers."""
        self._refuse_graph(X)
        X = as_numpy(X)
        if getattr(X, "ndim", 2) < 2 and X.dtype.kind in "biufc":
            raise ValueError(
                f"Expected 2D array, got {X.ndim}D array instead. Reshape your data by "
                "X.reshape(-1, 1) if it has one feature, or X.reshape(1, -1) if it is "
                "one row."
            )
        validate_data(self, X, reset=reset, skip_check_array=True)
        return X

    def __sklearn_tags__(self):
        """Sparse rows are for the classifier to take."""
        tags = super().__sklearn_tags__()
        model: Any = LogisticRegression() if self.estimator is None else self.estimator
        tags.input_tags.sparse = get_tags(model).input_tags.sparse
        return tags
