"""Classes of nodes from a stream of labels, by mass pushed along edges.

Pushing is that of Andersen, Chung and Lang, "Local graph partitioning using PageRank
vectors", FOCS 2006.
"""

from numbers import Real
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import row_blocks
from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.base._targets import read_classes
from skgeom.graph import Graph
from skgeom.nodes._walk_features import push_features
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

# A node that this share of the mass of one label reaches hears of it; of less, the
# shares of the classes say more.
_HARDLY = 1e-4
# Labels that are pushed at once, by what their entries take.
_BYTES_A_LABEL = 2**14
# The smallest entry that goes on, whatever the tolerance.
_LEAST = 1e-9


class OnlineGraphClassifier(ClassifierMixin, GraphInputMixin, GeometryEstimator):
    r"""Classes of nodes from labels that come one after the other, and may be revoked.

    A label pushes a unit of mass of its class from its node: a share a stays, the rest
    moves on along the edges, and so on, until what is left is hardly worth a step [1]_.
    At a node there is then :math:`F_{uc} = \sum_{s:\, y_s = c} K_{us}` with K =
    :math:`a (I - (1 - a) W)^{-1}` and W the normalised adjacency; the class with most
    is predicted. A label costs its neighbourhood and not the graph, and a prediction
    one look.

    Read more in the :ref:`User Guide <online_graph_classifier>`.

    Parameters
    ----------
    teleport : float, default=0.1
        The share a in [0.001, 1): mass goes some 1 / a steps far.
    tol : float, default=0.01
        Mass that is less than this share of a unit goes no further, in [0, 1). Lower
        values are slower, and reach farther.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    class_count_ : ndarray of shape (n_classes,)
        Labels of each class that have been learned, less those unlearned.
    label_mass_ : ndarray of shape (n_nodes, n_classes)
        The F of the formula.
    graph_ : Graph
        The graph.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphKernelClassifier : All labels at once, with kernel and penalty chosen by them.
    sklearn.semi_supervised.LabelSpreading : The same mass, of all labels at once.

    Notes
    -----
    Mass of different labels adds up: their order does not matter, and `unlearn` takes
    back what a label has brought, but for rounding. Probabilities are shares of the
    mass, and where hardly any has come, the shares of the classes in the labels.

    Without `graph` the nodes are the rows of the first call; later rows are new ones
    that hang on these by their links, or on their nearest points. A label of such a row
    goes to these by their weights, and what is told of it is the mean of theirs.

    FastONL (Zhou et al., ICML 2023) learns by a relaxation on the same kernel, which
    with its constants comes to the sum above.

    References
    ----------
    .. [1] Andersen, Chung and Lang, "Local graph partitioning using PageRank vectors",
       FOCS 2006.

    Examples
    --------
    >>> import networkx as nx
    >>> import numpy as np
    >>> from skgeom import OnlineGraphClassifier
    >>> from skgeom.graph import Graph
    >>> club = nx.karate_club_graph()
    >>> side = np.array([club.nodes[i]["club"] for i in range(34)])
    >>> model = OnlineGraphClassifier(graph=Graph.from_networkx(club))
    >>> for node in (0, 33, 1, 32):
    ...     model = model.partial_fit([[node]], side[[node]], classes=np.unique(side))
    >>> bool(model.score(np.arange(34)[:, None], side) > 0.9)
    True
    """

    # Arrays are changed after all that may fail.
    _changes_last = True

    _parameter_constraints = {
        "teleport": [Interval(Real, 0.001, 1, closed="left")],
        "tol": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        teleport: float = 0.1,
        *,
        tol: float = 0.01,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.teleport = teleport
        self.tol = tol
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.n_jobs = n_jobs
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Forget all labels, and learn these.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : array-like of shape (n_samples,)
            Classes; -1 has no label, and beside text nor have None, NaN and pandas.NA.
            Where -1 and one other value are all there is, both are classes, with a
            warning.

        Returns
        -------
        self : OnlineGraphClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, or y is None, without a label or of another
            length than X.
        """
        backend = self._backend_for(X, reset=True)
        self.graph_, rows, _ = self._fit_graph(X, backend)
        y, known = read_classes(y, rows, type(self).__name__)
        self.classes_ = np.unique(y[known])
        self._start()
        self._learn(self._of_nodes(rows[known]), y[known], 1.0, backend)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> Self:
        """Learn labels, in addition to those learned before.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            As in `fit` at the first call, later as in `predict`.
        y : array-like of shape (n_samples,)
            Classes of the rows, as in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All that will ever come; needed at the first call.

        Returns
        -------
        self : OnlineGraphClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            As of `fit`; if `classes` is missing at the first call, or is not what it
            was then; or if y holds another class.
        """
        first = _check_partial_fit_first_call(self, classes)
        backend = self._backend_for(X, reset=first)
        if first:
            self.graph_, rows, _ = self._fit_graph(X, backend)
            self._start()
            weights = self._of_nodes(rows)
        else:
            weights = self._rows_of(X, backend)
        self._learn_rows(weights, y, 1.0, backend)
        return self

    def unlearn(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Take back labels that were learned.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows, as in `predict`.
        y : array-like of shape (n_samples,)
            The classes that they were given.

        Returns
        -------
        self : OnlineGraphClassifier
            The estimator, as if these labels had not come.

        Raises
        ------
        ValueError
            If the estimator is not fitted, X is not what `graph` and `affinity` say, y
            holds a class that never came, or a class more often than it came.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        self._learn_rows(self._rows_of(X, backend), y, -1.0, backend)
        return self

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute logarithms of the probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,)
            For two classes, that of the second less that of the first.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        logs = np.log(self._shares(X))
        if len(self.classes_) == 2:
            logs = logs[:, 1] - logs[:, 0]
        return self._output(logs, like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Estimate probabilities of the classes: their shares of the mass.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows sum to one.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        return self._output(self._shares(X), like=X)

    def predict(self, X: MatrixLike) -> NDArray:
        """Predict the classes of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.

        Returns
        -------
        array of shape (n_rows,)
            Of the classes in `classes_`; numbers are in the namespace of X.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        best = self._shares(X).argmax(axis=1)
        return self._output_labels(self.classes_[best], like=X)

    def _start(self):
        """No labels yet."""
        k = len(self.classes_)
        self.label_mass_ = np.zeros((self.graph_.n_nodes, k))
        self.class_count_ = np.zeros(k)

    def _of_nodes(self, rows):
        """Rows that are nodes, as weights of the nodes."""
        shape, n = (len(rows), self.graph_.n_nodes), len(rows)
        return sp.csr_array((np.ones(n), rows, np.arange(n + 1)), shape=shape)

    def _rows_of(self, X, backend):
        """Rows as weights of the nodes that they are, or hang on."""
        if self.graph is not None:
            return self._of_nodes(self._read_ids(X, self.graph_.n_nodes))
        return self._attach(X, backend).weights

    def _learn_rows(self, weights, y, sign, backend):
        """Learn the rows that have a label, or take them back."""
        y, known = read_classes(y, weights, type(self).__name__)
        self._learn(weights[np.flatnonzero(known)], y[known], sign, backend)

    def _learn(self, weights, y, sign, backend):
        """Push units of mass, and add them up once all are there."""
        numbers = np.searchsorted(self.classes_, y)
        numbers = np.minimum(numbers, len(self.classes_) - 1)
        strange = self.classes_[numbers] != y
        if strange.any():
            raise ValueError(
                f"y holds {y[strange][:1].tolist()[0]!r}, which is none of the classes "
                f"{self.classes_.tolist()}."
            )
        k = len(self.classes_)
        counts = self.class_count_ + sign * np.bincount(numbers, minlength=k)
        if counts.min() < 0:
            label = self.classes_.tolist()[counts.argmin()]
            raise ValueError(
                f"y takes back more labels of class {label!r} than were learned."
            )
        indicators = sp.csr_array(
            (np.full(len(y), sign), (numbers, np.arange(len(y)))), shape=(k, len(y))
        )
        self._push(sp.csr_array(indicators @ weights), backend)
        self.class_count_[:] = counts

    def _push(self, sources, backend):
        """Add what mass at nodes becomes, given as rows of classes."""
        nodes = np.unique(sources.indices)
        least = max(self.tol, _LEAST)
        # Longer powers are worth less than the tolerance at any node.
        length = int(np.ceil(np.log(least) / np.log1p(-self.teleport))) + 1
        modulation = self.teleport * (1.0 - self.teleport) ** np.arange(length)
        blocks = row_blocks(len(nodes), _BYTES_A_LABEL)
        mass = np.ascontiguousarray(self.label_mass_)
        mass = mass if len(blocks) == 1 else mass.copy()
        flat, k = mass.reshape(-1), mass.shape[1]
        for block in blocks:
            some = nodes[block]
            rows = push_features(
                self.graph_,
                some,
                modulation,
                threshold=self.tol,
                dtype=np.float64,
                backend=backend,
            )
            here = sp.coo_array(sp.csc_array(sources[:, some]))  # node by node
            number, place = here.coords
            # A node may have come with several classes.
            alone = np.array_equal(place, np.arange(len(some)))
            brought = rows if alone else rows[place]
            counts = np.diff(brought.indptr)
            slots = brought.indices.astype(np.int64) * k + np.repeat(number, counts)
            np.add.at(flat, slots, np.repeat(here.data, counts) * brought.data)
        self.label_mass_ = mass

    def _shares(self, X):
        """Shares of the classes in the mass, and of the labels where there is none."""
        check_is_fitted(self)
        if self.graph is not None:
            mass = self.label_mass_[self._read_ids(X, self.graph_.n_nodes)]
        else:
            mass = self._attach(X, self._backend_for(X)).place(self.label_mass_)
        mass = np.maximum(mass, 0.0)  # of labels that were taken back, rounding
        prior = self.class_count_ + 1.0 / len(self.classes_)
        mass = mass + _HARDLY * self.teleport * prior / prior.sum()
        return mass / mass.sum(axis=1, keepdims=True)
