"""What estimators with a kernel on a graph share: its parameters, and new rows."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skgeom.backends import as_numpy
from skgeom.nodes._graph_kernel import GraphKernel, graph_kernel
from skgeom.nodes._kernel_learning import learn_modulation

_PARAMETERS = (
    "diffusion_time",
    "regularization",
    "smoothness",
    "length_scale",
    "n_steps",
    "offset",
    "coefficients",
)


class GraphKernelMixin:
    """A kernel on the nodes of a graph, and how new rows hang on the nodes.

    Sub-classes have the parameters of `graph_kernel` and inherit `GraphInputMixin`.
    """

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
        "diffusion_time": [Interval(Real, 0, None, closed="neither")],
        "regularization": [Interval(Real, 0, None, closed="neither")],
        "smoothness": [Interval(Real, 0, None, closed="neither")],
        "length_scale": [Interval(Real, 0, None, closed="neither")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "offset": [Interval(Real, 2, None, closed="left")],
        "coefficients": ["array-like", None],
    }

    def _make_kernel(self, rows, y, backend, weights=None):
        """The kernel that the parameters describe, or that predicts y best."""
        if self.kernel == "learned":
            if y is None:
                raise ValueError("kernel='learned' needs y, the targets to learn from.")
            targets = _centred_columns(y, len(rows), weights)
            f = learn_modulation(
                self.graph_,
                rows,
                targets,
                self.n_steps,
                weights=weights,
                backend=backend,
            )
            return GraphKernel.from_modulation(f)
        return graph_kernel(
            self.kernel, **{name: getattr(self, name) for name in _PARAMETERS}
        )

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


def _centred_columns(y, n_rows, weights=None):
    """Targets as columns of mean zero by their weights, classes one a column."""
    y = np.asarray(as_numpy(y))
    check_consistent_length(np.empty(n_rows), y)
    # Columns are numbers already, whole or not.
    if y.ndim == 1 and type_of_target(y) in ("binary", "multiclass"):
        y = LabelBinarizer().fit_transform(column_or_1d(y))
    y = y.reshape(n_rows, -1).astype(np.float64)
    return y - np.average(y, axis=0, weights=weights)
