"""What ridge regression and classification with a kernel on a graph share."""

from numbers import Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.graph import by_node
from skgeom.nodes._graph_kernel_mixin import GraphKernelMixin
from skgeom.nodes._kernel_operator import GraphKernelOperator
from skgeom.nodes._labelled_kernel import labelled_kernels
from skgeom.solvers import conjugate_gradient

# Error of the products that penalties and kernels are compared by.
ROUGHLY = 1e-4
# Targets that differ by less, relative to their size, are the same.
_SAME = 1e-13


class GraphKernelMachine(GraphKernelMixin, GraphInputMixin, GeometryEstimator):
    """Kernel ridge on a graph: the kernel and penalty chosen, coefficients solved for.

    Sub-classes read targets, and say what the fitted values mean.
    """

    _parameter_constraints = {"tol": [Interval(Real, 0, 1, closed="neither")]}
    _merges_rows = True

    def _fit_coefficients(self, rows, targets, weights, backend, are_classes=False):
        """Fit columns of targets of rows that are nodes.

        Returns
        -------
        dual : ndarray of shape (n_nodes, n_targets)
            Coefficients of all nodes.
        mean : ndarray of shape (n_targets,)
            Of the targets, by their weights.
        labels : tuple of ndarray
            The nodes with a label, the means of their targets less `mean`, and what
            these weigh.
        choice : KernelChoice
            With predictions of labels that were left out.
        """
        order = self._drawing_order(rows)
        rows, targets = rows[order], targets[order]
        weights = None if weights is None else weights[order]
        found = self._candidates(rows, targets, backend, weights)
        mean = np.average(targets, axis=0, weights=weights)
        nodes, means, counts = by_node(rows, targets - mean, weights)
        order = self._drawing_order(nodes)
        nodes, means, counts = nodes[order], means[order], counts[order]
        # Labels of nodes that all are the mean say nothing, whatever rounding says.
        if np.abs(means).max() <= _SAME * np.abs(targets).max():
            means = np.zeros_like(means)

        def gram(kernels, places):
            return labelled_kernels(
                self.graph_, kernels, nodes[places], backend=backend
            )

        def product(kernel):
            K = GraphKernelOperator(self.graph_, kernel, tol=ROUGHLY, backend=backend)
            return _between(K, nodes, backend)

        options = dict(backend=backend, are_classes=are_classes)
        shown = means + mean if are_classes else means
        # A penalty that is chosen is found beside weights in units of their mean, and
        # told beside those that were given.
        unit = counts.mean() if self.alpha == "auto" else 1.0
        choice = self._settle(found, shown, counts / unit, gram, product, **options)
        self.alpha_ *= unit
        K = GraphKernelOperator(
            self.graph_, self.kernel_, tol=self.tol / 10, backend=backend
        )
        dual = self._solve(K, nodes, means, counts, backend)
        self._values = K @ dual
        return dual, mean, (nodes, means, counts), choice

    def _drawing_order(self, nodes):
        """The order in which nodes are dealt to what is left out, by where they lie.

        The order of the rows of a table says nothing of points. Ids of a graph are one.
        """
        if self._is_of_points():
            return np.lexsort(self._fit_points[nodes].T)
        return np.arange(len(nodes))

    def _values_of(self, X):
        """Fitted values of rows, less the mean, each independently of the others."""
        check_is_fitted(self)
        if self.graph is not None:
            return self._values[self._read_ids(X, self.graph_.n_nodes)]
        own, weights = self._links(X, self._backend_for(X))
        # A new row has the value at which it does not differ from its neighbours, as L
        # tells differences. The kernel one step further, k(L) without its constant,
        # would weigh their coefficients, errors of labels among them, far more.
        return (own + weights) @ self._values

    def _solve(self, K, nodes, targets, weights, backend):
        """Coefficients of all nodes, those of `nodes` by conjugate gradients."""
        roots = np.sqrt(weights)[:, None]
        B = backend.asarray(roots * targets, dtype=backend.float64)
        R = backend.asarray(roots, dtype=backend.float64)
        kernel, alpha = _between(K, nodes, backend), self.alpha_
        # K + alpha / weights, with the roots of the weights on both sides: weights of
        # very different sizes would make the penalties as different.
        try:
            found = conjugate_gradient(
                backend.xp,
                lambda V: R * kernel(R * V) + alpha * V,
                B,
                tol=self.tol,
                max_iter=self.max_iter,
            )
        except np.linalg.LinAlgError:
            raise ValueError(
                f"alpha={alpha:.2g} is too small beside a kernel whose largest value "
                f"is {np.abs(K.coefficients).sum():.2g} and sample_weight of up to "
                f"{weights.max():.2g} for a node: errors of products are larger. "
                "Raise alpha, or lower sample_weight or tol."
            ) from None
        self.n_iter_ = max(1, int(found.n_iter.max(initial=1)))
        if not found.converged:
            warn(
                f"Conjugate gradients stopped after {self.n_iter_} iterations with a "
                f"residual of {found.residuals.max():.1e}, more than tol={self.tol:g}. "
                "Raise max_iter, or alpha.",
                ConvergenceWarning,
            )
        dual = np.zeros((self.graph_.n_nodes, targets.shape[1]))
        dual[nodes] = roots * np.asarray(backend.to_numpy(found.solution))
        return dual


def _between(K, nodes, backend):
    """Products with the kernel between some nodes."""
    xp, where = backend.xp, backend.asarray(nodes)

    def product(V):
        shape = (K.shape[0], V.shape[1])
        full = xp.zeros(shape, dtype=V.dtype, device=V.device)
        full[where] = V
        return K.apply(full)[where]

    return product
