"""What estimators with a kernel on a graph share: its parameters, and new rows."""

from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import r2_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skgeom.backends import as_numpy
from skgeom.base._targets import read_numbers, read_weights
from skgeom.graph import by_node
from skgeom.model_selection._labelled import find_gaps
from skgeom.nodes._diffusion_time import mean_diagonal, spreading_time
from skgeom.nodes._graph_kernel import GraphKernel, graph_kernel
from skgeom.nodes._kernel_choice import choose_kernel, no_choice
from skgeom.nodes._kernel_learning import learn_modulation
from skgeom.typing import ArrayLike, MatrixLike

_PARAMETERS = (
    "diffusion_time",
    "regularization",
    "smoothness",
    "length_scale",
    "n_steps",
    "offset",
    "coefficients",
)


class KernelRange(NamedTuple):
    """The parameter that says how far a kernel reaches.

    And its value for a diffusion time t with the same slope at eigenvalue 0, and back,
    by the smoothness.
    """

    name: str
    of_time: Callable
    to_time: Callable


RANGES: dict[Any, KernelRange] = {
    "diffusion": KernelRange(
        "diffusion_time", lambda t, smoothness: t, lambda value, smoothness: value
    ),
    "regularized_laplacian": KernelRange(
        "regularization",
        lambda t, smoothness: t / smoothness,
        lambda value, smoothness: value * smoothness,
    ),
    "matern": KernelRange(
        "length_scale",
        lambda t, smoothness: np.sqrt(2 * t),
        lambda value, smoothness: value**2 / 2,
    ),
}
# Diffusion times that are tried, so many at first, longer ones while they are better.
_TIMES = 2.0 ** np.arange(-2, 13)
_FIRST = _TIMES[:8]
# Series of inverse powers are long: no kernel of these reaches farther than this time.
_LONGEST_POWER = 256.0
# Fewer labels than this in each class are not enough to choose by.
_FEW_A_CLASS = 4
# Integers of more values are numbers if they are so few a value.
_MOST_DOUBTFUL = 10
# The penalty where no label says more, as a share of the mean of the diagonal.
_PLAIN_PENALTY = 0.1


class Candidates(NamedTuple):
    """Kernels to choose from, and the parameter in which they differ, if any."""

    kernels: Sequence[GraphKernel]
    name: str | None
    values: Sequence[float]


class _Kernels(Sequence):
    """Kernels that are made when they are asked for: long series take a while."""

    def __init__(self, makers):
        self.makers, self.made = makers, {}

    def __len__(self):
        return len(self.makers)

    def __getitem__(self, i):
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        if i not in self.made:
            self.made[i] = self.makers[i]()
        return self.made[i]


class GraphKernelMixin:
    """A kernel on the nodes of a graph, and how new rows hang on the nodes.

    Sub-classes have the parameters of `graph_kernel` and inherit `GraphInputMixin`.
    """

    # The shortest time that is tried.
    _shortest = _TIMES[0]

    _parameter_constraints = {
        "kernel": [
            StrOptions(
                {
                    "diffusion",
                    "regularized_laplacian",
                    "matern",
                    "random_walk",
                    "cosine",
                    "coefficients",
                    "learned",
                }
            ),
            callable,
        ],
        "alpha": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "diffusion_time": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "regularization": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "smoothness": [Interval(Real, 0, None, closed="neither")],
        "length_scale": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "offset": [Interval(Real, 2, None, closed="left")],
        "coefficients": ["array-like", None],
    }

    def _candidates(self, rows, y, backend, weights=None):
        """The kernels that the parameters leave open."""
        if self.kernel == "learned":
            if y is None:
                raise ValueError("kernel='learned' needs y, the targets to learn from.")
            targets = centred_columns(y, len(rows), weights)
            f = learn_modulation(
                self.graph_,
                rows,
                targets,
                self.n_steps,
                weights=weights,
                backend=backend,
            )
            return Candidates([GraphKernel.from_modulation(f)], None, [])
        name, of_time = None, None
        if isinstance(self.kernel, str) and self.kernel in RANGES:
            name, of_time, _ = RANGES[self.kernel]
        if name is None or getattr(self, name) != "auto":
            values = [] if name is None else [getattr(self, name)]
            return Candidates([self._kernel()], name, values)
        times = _TIMES[_TIMES >= self._shortest]
        if name != "diffusion":
            times = times[times <= _LONGEST_POWER]
        values = [float(of_time(t, self.smoothness)) for t in times]
        kernels = _Kernels([partial(self._kernel, **{name: v}) for v in values])
        return Candidates(kernels, name, values)

    def _kernel(self, **given):
        """The kernel that the parameters describe, where none is "auto"."""
        said = {name: getattr(self, name) for name in _PARAMETERS} | given
        # What another kernel leaves to be chosen is not looked at.
        said = {name: 1.0 if isinstance(v, str) else v for name, v in said.items()}
        return graph_kernel(self.kernel, **said)

    def _settle(self, found, targets, weights, gram, product, **options):
        """Choose one of the candidates, and the penalty; tell what was chosen."""
        alpha = None if self.alpha == "auto" else float(self.alpha)
        choice = no_choice(alpha)
        # Of so few labels, those that are left out say less than the rule.
        scarce = options.pop("are_classes", False) and few_a_class(targets)
        if targets is not None and not scarce:
            choice = self._choice(
                found, targets, weights, gram, product, alpha, options
            )
        if choice.place is None and len(found.kernels) > 1:
            found = self._by_rule(found)
        place = choice.place or 0
        self.kernel_ = found.kernels[place]
        for name, _, _ in RANGES.values():
            vars(self).pop(f"{name}_", None)
        if found.name is not None:
            setattr(self, f"{found.name}_", float(found.values[place]))
        self.alpha_ = choice.alpha
        if choice.alpha is None:
            self.alpha_ = _PLAIN_PENALTY * mean_diagonal(self.graph_, self.kernel_)
        if scarce and has_pairs(targets):  # they are left out all the same
            labels = targets, weights, gram, product
            choice = self._choice(found, *labels, self.alpha_, options)
        return choice

    def _choice(self, found, targets, weights, gram, product, alpha, options):
        n_first = np.count_nonzero(_FIRST >= self._shortest)
        return choose_kernel(
            found.kernels,
            targets,
            weights,
            gram,
            product,
            alpha=alpha,
            n_first=min(n_first, len(found.kernels)),
            **options,
        )

    def _by_rule(self, found):
        """The kernel of the time that the graph says."""
        time = spreading_time(self.graph_)
        value = float(RANGES[self.kernel].of_time(time, self.smoothness))
        return Candidates([self._kernel(**{found.name: value})], found.name, [value])

    def _links(self, X, backend):
        """How rows hang on the nodes.

        Returns
        -------
        own : csr_array of shape (n_rows, n_nodes)
            Shares of the nodes that a row is itself, see `Attachment`.
        weights : csr_array of shape (n_rows, n_nodes)
            Entries of the row of W that a new row adds, by the share of it that is new.
        """
        attachment = self._attach(X, backend)
        new = 1.0 - attachment.own.sum(axis=1)
        weights = attachment.weights.copy()
        # W_uv = A_uv / sqrt(d_u d_v): with shares q of the new row's degree d_u, this
        # is q_v sqrt(d_u / d_v).
        degrees = self.graph_.degrees
        roots = np.sqrt(np.where(degrees > 0, degrees, 1.0))
        if self.affinity == "precomputed":
            degree = sp.csr_array(as_numpy(X), dtype=np.float64).sum(axis=1)
        else:
            degree = weights @ degrees
        weights.data /= roots[weights.indices]
        weights = sp.csr_array(sp.diags_array(new * np.sqrt(degree)) @ weights)
        weights.eliminate_zeros()
        return attachment.own, weights


class NumbersMixin:
    """Score of predictions of numbers, some of which may be missing."""

    predict: Any

    def score(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination of predictions.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Rows, as in `predict`.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Their values; rows of NaN, None or pandas.NA are left out.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, >= 0.

        Returns
        -------
        float
            At most 1.

        Raises
        ------
        ValueError
            As of `predict`, or if y is not as long as X.
        """
        predicted = as_numpy(self.predict(X))
        name = type(self).__name__
        y, known, _ = read_numbers(y, predicted, name)
        known, weights = read_weights(sample_weight, predicted, known)
        return r2_score(y[known], predicted[known], sample_weight=weights)


class NodeLabels(NamedTuple):
    """Targets as nodes have them; None is none that tells of another."""

    nodes: Any
    targets: Any
    counts: Any
    are_classes: bool


def centred_columns(y, n_rows, weights=None):
    """Targets as columns of mean zero by their weights, classes one a column."""
    y, _ = _columns(y, n_rows)
    return y - np.average(y, axis=0, weights=weights)


def labels_of_nodes(rows, y):
    """Targets that are optional, by node; rows of NaN, None or pandas.NA have none."""
    nothing = NodeLabels(rows, None, np.ones(len(rows)), False)
    if y is None:
        return nothing
    y = np.asarray(as_numpy(y))
    check_consistent_length(rows, y)
    gaps = find_gaps(y).reshape(len(rows), -1).any(axis=1)
    if gaps.all():
        return nothing
    rows, y = rows[~gaps], y[~gaps]
    if y.dtype.kind == "O" and not any(isinstance(label, str) for label in y.ravel()):
        y = np.array(y.tolist())
    columns, are_classes = _columns(y, len(rows))
    nodes, targets, counts = by_node(rows, columns)
    return NodeLabels(nodes, targets, counts, are_classes)


def few_a_class(indicators):
    """Whether classes have fewer nodes with a label, on average, than it takes."""
    n_classes = max(indicators.shape[1], 2)
    return len(indicators) < _FEW_A_CLASS * n_classes


def has_pairs(indicators):
    """Whether some class is that of two nodes; else none can be left out."""
    if indicators.shape[1] == 1:
        indicators = np.hstack([indicators, 1 - indicators])
    return bool((np.count_nonzero(indicators > 1e-9, axis=0) > 1).any())


def _are_counts(y):
    """Whether targets are integers of too many values to be classes."""
    if y.dtype.kind not in "iu":
        return False
    n_values = len(np.unique(y))
    return n_values > _MOST_DOUBTFUL and len(y) < _FEW_A_CLASS * n_values


def _columns(y, n_rows):
    """Targets as columns, and whether they are classes, of which each has one."""
    y = np.asarray(as_numpy(y))
    check_consistent_length(np.empty(n_rows), y)
    # Columns are numbers already, and so are floats, whole or not.
    are_classes = y.ndim == 1 and y.dtype.kind != "f" and not _are_counts(y)
    are_classes = are_classes and type_of_target(y) in ("binary", "multiclass")
    if are_classes:
        y = LabelBinarizer().fit_transform(column_or_1d(y))
    return y.reshape(n_rows, -1).astype(np.float64), are_classes
