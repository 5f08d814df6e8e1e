"""From X to a base kernel, and what the parameters say of it."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from sklearn import get_config

from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.graph import Graph, nearest_neighbors
from skgeom.graph._affinity import positive_scale
from skgeom.kernels._stkr._base_kernel import (
    kernel_of_graph,
    kernel_of_matrix,
    kernel_of_points,
)
from skgeom.operators._point_kernels import callable_diagonal, callable_matvec


class KernelInput(GraphInputMixin, GeometryEstimator):
    """Base of estimators that read a kernel of points, a graph or a matrix."""

    def _is_of_points(self):
        return self.graph is None and self.kernel != "precomputed"

    def _is_of_neighbors(self):
        """Whether rows are points that are joined to their neighbours."""
        return self.graph is None and self.affinity == "nearest_neighbors"

    def _is_average(self):
        """Whether kernels of neighbours and of points are averaged."""
        return (
            self.graph is None
            and self.kernel == "auto"
            and self.spectral_transform == "inverse_laplacian"
            and self.normalization is not None
            and self.solver == "auto"
        )

    @property
    def affinity(self) -> str | Callable:
        """What `GraphInputMixin` calls the source of the graph."""
        return "nearest_neighbors" if self.kernel == "auto" else self.kernel

    # What normalization="auto" is; an average takes random walks.
    _default_normalization = "random_walk"

    @property
    def _scaled_by(self):
        """How the base kernel is normalised."""
        if self.normalization != "auto":
            return self.normalization
        return "random_walk" if self._is_average() else self._default_normalization

    _source = "kernel"
    _merges_rows = True

    def _fit_base_kernel(self, X, backend):
        """Read X; return the base kernel and the node of each row."""
        self._fit_points = self._known_rows = None
        self._points_part = None
        if self.graph is not None or self._is_of_neighbors():
            self.graph_, rows, _ = self._fit_graph(X, backend)
        elif self.kernel == "precomputed":
            if self._scaled_by is None:
                return self._fit_matrix(X, backend)
            self.graph_, rows, _ = self._fit_graph(X, backend)
        else:
            return self._fit_point_kernel(X, backend)
        return kernel_of_graph(self.graph_, self._scaled_by, backend), rows

    def _fit_matrix(self, X, backend):
        X = self._validated(X, reset=True, accept_sparse="csr")
        if X.shape[0] != X.shape[1]:
            raise ValueError(
                "kernel='precomputed' needs a square matrix of shape (n_samples, "
                f"n_samples), got {X.shape}."
            )
        return kernel_of_matrix(X, backend), np.arange(X.shape[0])

    def _fit_point_kernel(self, X, backend):
        X, rows = self._distinct(self._read_points(X, reset=True))
        self._fit_points, self.gamma_ = X, self.gamma or 1.0 / X.shape[1]
        points = backend.asarray(X, dtype=backend.float64)
        if callable(self.kernel):
            diagonal = callable_diagonal(self.kernel, points, backend)
        else:
            diagonal = backend.xp.ones_like(points[:, 0])
        kernel = kernel_of_points(
            points,
            self._point_matvec(points, backend),
            diagonal,
            self._scaled_by,
            backend,
            working_memory(),
        )
        return kernel, rows

    def _read_points(self, X, **checks):
        """Rows for a kernel of points: sparse ones become dense, as kernels need."""
        X = self._validated(X, accept_sparse="csr", **checks)
        return X.toarray() if sp.issparse(X) else X

    def _point_matvec(self, points, backend):
        if callable(self.kernel):
            return callable_matvec(self.kernel, points, backend)
        return lambda Z, V: backend.kernel_matvec(
            Z, points, V, self.kernel, self.gamma_
        )

    def _graph_of_points(self, X, n_neighbors, backend):
        """Self-tuning affinities between nearest neighbours."""
        distances, indices = nearest_neighbors(
            X, n_neighbors=n_neighbors, backend=backend
        )
        self._bandwidth = positive_scale(distances[:, -1])
        return Graph.from_neighbors(
            distances, indices, affinity="self_tuning", bandwidth=self._bandwidth
        )


def working_memory():
    """scikit-learn's limit on temporary arrays, in bytes."""
    return 2**20 * get_config()["working_memory"]
