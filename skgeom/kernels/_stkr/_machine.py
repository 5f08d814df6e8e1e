"""What the regressor and the classifier share: reading input, solving, predicting."""

from collections.abc import Callable
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn import get_config
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions

from skgeom._warnings import warn
from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.graph import Attachment, Graph, by_node, canonical_csr, nearest_neighbors
from skgeom.graph._affinity import positive_scale
from skgeom.kernels._operators import extreme_eigenvalues
from skgeom.kernels._stkr._base_kernel import (
    callable_diagonal,
    callable_matvec,
    combine,
    kernel_of_graph,
    kernel_of_matrix,
    kernel_of_points,
    neighbor_weights,
    over,
)
from skgeom.kernels._stkr._ridge_path import ridge_path
from skgeom.kernels._stkr._spectral_ridge import (
    dense_ridge,
    dual_ridge,
    eigen_ridge,
    primal_ridge,
    transformed_columns,
)
from skgeom.kernels._stkr._transform import check_transform, transform_of
from skgeom.solvers import leading_eigenpairs

POINT_KERNELS = {"rbf", "laplacian", "matern"}

# Labels up to which a dense matrix over them is the fastest way, and up to which it is
# a safe one: some builds of LAPACK fail on matrices a little larger.
_FEW_LABELS = 2000
_MOST_LABELS = 12_000
# Relative error of the largest eigenvalue, which a kernel is divided by.
_EIGENVALUE_ERROR = 1e-8
# Samples up to which all eigenpairs cost next to nothing.
_FEW_SAMPLES = 1000


class SpectralMachine(GraphInputMixin, GeometryEstimator):
    """Base of the estimators with a spectrally transformed kernel."""

    _parameter_constraints = {
        "kernel": [
            StrOptions({"nearest_neighbors", "precomputed"} | POINT_KERNELS),
            callable,
        ],
        "spectral_transform": [
            StrOptions({"inverse_laplacian", "polynomial", "top_components"}),
            callable,
        ],
        "strength": [Interval(Real, 1, None, closed="left")],
        "degree": [Interval(Integral, 1, None, closed="left"), None],
        "alpha": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "normalization": [StrOptions({"random_walk", "symmetric"}), None],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({"auto", "cg", "dense", "eigen"})],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    def _is_of_points(self):
        return self.graph is None and self.kernel != "precomputed"

    @property
    def affinity(self) -> str | Callable:
        """What `GraphInputMixin` calls the source of the graph."""
        return self.kernel

    _source = "kernel"
    _merges_rows = True

    # Exponents where `degree` is None.
    _default_degrees = {"inverse_laplacian": 1, "polynomial": 16}

    # ------------------------------------------------------------------- input

    def _fit_base_kernel(self, X, backend):
        """Read X; return the base kernel and the node of each row."""
        self._fit_points = self._known_rows = None
        for name in ("graph_", "gamma_", "eigenvalues_"):  # of a fit before
            self.__dict__.pop(name, None)
        if self.graph is not None or self.kernel == "nearest_neighbors":
            self.graph_, rows, _ = self._fit_graph(X, backend)
        elif self.kernel == "precomputed":
            if self.normalization is None:
                return self._fit_matrix(X, backend)
            self.graph_, rows, _ = self._fit_graph(X, backend)
        else:
            return self._fit_point_kernel(X, backend)
        return kernel_of_graph(self.graph_, self.normalization, backend), rows

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
            self.normalization,
            backend,
            _working_memory(),
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

    # ----------------------------------------------------------------- solving

    def _fit_values(self, base, rows, labelled, targets, backend, weights=None):
        """Fit the labelled rows; set the fitted values of all nodes.

        `targets` holds the centred targets of the labelled rows of X, `weights` what
        their errors weigh.
        """
        nodes, mean, weights = by_node(rows[labelled], targets, weights)
        unit = self._unit_of_spectrum(base)
        operator = base.operator if unit == 1.0 else over(base.operator, unit)
        transform = transform_of(self, base.positive)
        if callable(self.spectral_transform):
            check_transform(transform, base.positive)
        root = np.sqrt(base.measure)[:, None]
        found = self._solve(
            operator,
            transform,
            nodes,
            root[nodes] * mean,
            weights / base.measure[nodes],
            unit,
            backend,
        )
        self.n_iter_ = max(1, found.n_iter)
        if found.eigenvalues is not None:
            self.eigenvalues_ = found.eigenvalues
        values, extension, dual = (
            backend.to_numpy(part)
            for part in (found.values, found.extension, found.dual)
        )
        self._node_values = values / root
        scaled = root if self.normalization == "random_walk" else 1.0
        self._extension = extension / scaled / unit
        self.dual_coef_ = dual * root[nodes] / unit
        self._degrees = base.degrees
        if found.residual > self.tol:
            warn(
                f"The solver stopped at max_iter={self.max_iter} with a relative "
                f"residual of {found.residual:.1e}, wanted is tol={self.tol:.1e}.",
                ConvergenceWarning,
            )

    def _solve(self, S, transform, nodes, targets, weights, unit, backend):
        # With the kernel c s(K / c), a penalty over c gives the same values.
        solver = self._choose_solver(S, transform, len(nodes), targets.shape[1])
        self.solver_ = solver
        targets, weights = (
            backend.asarray(part, dtype=backend.float64) for part in (targets, weights)
        )
        problem = S, transform, nodes, targets, weights
        limits = dict(tol=self.tol, max_iter=self.max_iter)
        try:
            self.alpha_ = self._choose_alpha(*problem, unit)
            problem = *problem, self.alpha_ / unit
            if solver == "eigen":
                top = self.n_components if transform is None else None
                pairs = leading_eigenpairs(S, top)
                return eigen_ridge(*problem, eigenpairs=pairs)
            if solver == "dense":
                return dense_ridge(*problem, **limits)
            method = dual_ridge
            if transform.has_primal:
                method = primal_ridge
            progress = self._progress(self.max_iter, "residual")
            found = method(*problem, **limits, callback=progress)
            if progress is not None:
                progress.close()
            return found
        except np.linalg.LinAlgError as error:
            raise ValueError(
                "The transformed kernel is not positive semidefinite: the base kernel "
                f"is indefinite, or spectral_transform is negative. ({error})"
            ) from None

    def _choose_alpha(self, S, transform, nodes, targets, weights, unit):
        """The penalty with the least error in predicting labels from the others."""
        if np.ndim(self.alpha) == 0:
            return float(self.alpha)
        alphas = np.asarray(self.alpha, dtype=np.float64).ravel()
        if not (alphas.size and np.isfinite(alphas).all() and alphas.min() > 0):
            raise InvalidParameterError(
                f"{type(self).__name__}: alpha must be positive, got {self.alpha!r}."
            )
        if transform is None or len(nodes) > _FEW_LABELS:
            raise ValueError(
                "alpha can be chosen from several for up to "
                f"{_FEW_LABELS} labels, and not for 'top_components'. Choose it by "
                "GridSearchCV and LabelledKFold."
            )
        columns = transformed_columns(
            S, transform, nodes, tol=1e-2 * self.tol, max_iter=self.max_iter
        )
        path = ridge_path(S.xp, columns.gram, targets, weights, alphas / unit)
        return float(alphas[np.argmin(path.errors)])

    def _choose_solver(self, S, transform, n_labels, n_targets):
        if transform is None:
            return "eigen"
        if self.solver == "dense" and n_labels > _MOST_LABELS:
            warn(
                f"solver='dense' is for up to {_MOST_LABELS} labels, there are "
                f"{n_labels}; 'cg' is used.",
            )
            return "cg"
        if self.solver == "eigen" and 8 * S.n**2 > 2 * _working_memory():
            raise ValueError(
                f"solver='eigen' needs a matrix of {S.n} x {S.n} numbers, more than "
                "scikit-learn's working_memory allows. Choose 'auto', or raise it with "
                "sklearn.set_config."
            )
        if self.solver != "auto":
            return self.solver
        # Two sets of columns as long as the data, and as much again on the way.
        fits = 32 * S.n * n_labels <= _working_memory()
        if transform.has_primal:
            # Conjugate gradients pay the square of the condition; the columns of a
            # few labels do not.
            few = transform.degree > 1 and n_labels <= max(64, 4 * n_targets)
            return "dense" if few and fits else "cg"
        if callable(self.spectral_transform) and S.n <= _FEW_SAMPLES:
            return "eigen"
        return "dense" if n_labels <= _FEW_LABELS and fits else "cg"

    def _unit_of_spectrum(self, base):
        """The largest eigenvalue of a kernel that is taken as it is, and positive."""
        if (
            self.normalization is not None
            or self.spectral_transform == "top_components"
        ):
            return 1.0
        least, largest = extreme_eigenvalues(base.operator, tol=_EIGENVALUE_ERROR)
        if least < -1e-3 * max(largest, 0.0) or largest <= 0:
            raise ValueError(
                "With normalization=None the kernel must be positive semidefinite; its "
                f"eigenvalues go from {least:.3g} to {largest:.3g}. Normalise it "
                "('random_walk' or 'symmetric'), which asks for entries >= 0 only."
            )
        # Transforms are made for eigenvalues up to 1, and grow without bound beyond.
        return largest * (1 + 10 * _EIGENVALUE_ERROR)

    # -------------------------------------------------------------- prediction

    @property
    def _extended_by(self):
        """How kernel values of new rows are scaled."""
        return self.normalization

    def _predict_values(self, X):
        """Values of rows, without the intercept."""
        backend = self._backend_for(X)
        if self.graph is not None:
            return self._node_values[self._read_ids(X, len(self._node_values))]
        if self.kernel == "nearest_neighbors":
            return self._predict_neighbors(X, backend)
        if self.kernel == "precomputed":
            return self._predict_links(X)
        X = self._read_points(X, reset=False, backend=backend)
        points, Z = (
            backend.asarray(part, dtype=backend.float64)
            for part in (self._fit_points, X)
        )
        evaluate = self._point_matvec(points, backend)

        def product(V):
            V = backend.asarray(V, dtype=backend.float64)
            return backend.to_numpy(evaluate(Z, V))

        return self._combined(product)

    def _predict_neighbors(self, X, backend):
        X = self._validated(X, reset=False, backend=backend)
        n_nodes = len(self._node_values)
        k = min(self.n_neighbors, n_nodes)
        if self._is_fitted_on(X):
            return self._node_values[self._fit_rows]
        # One more, whose distance says how near the others are.
        found = nearest_neighbors(
            self._fit_points, X, n_neighbors=min(k + 1, n_nodes), backend=backend
        )
        distances, indices = (part[:, :k] for part in found)
        reach = found[0][:, k:] if k < n_nodes else np.full((len(distances), 1), np.inf)
        weights = neighbor_weights(
            distances, indices, self._bandwidth, n_nodes, self._extended_by, reach
        )
        values = self._combined(lambda V: weights @ V)
        # A row that coincides with nodes has their value, and one near them a part.
        own = Attachment.to_neighbors(*found, n_nodes).own
        return own @ self._node_values + (1.0 - own.sum(axis=1))[:, None] * values

    def _predict_links(self, X):
        X = self._validated(X, reset=False, accept_sparse="csr")
        if self.normalization is None:
            return self._combined(lambda V: X @ V)
        links = canonical_csr(X)
        if links.nnz and links.data.min() < 0:
            raise ValueError(
                "Negative values in data passed to "
                f"{type(self).__name__}.predict (kernel='precomputed')."
            )
        same = self._known_rows.find(links)
        values = self._node_values[same]
        new = np.flatnonzero(same < 0)
        values[new] = self._combined(lambda V: links[new] @ V)
        return values

    def _combined(self, product):
        values, lonely = combine(
            product, self._extension, self._degrees, self._extended_by
        )
        if lonely.any():
            warn(
                f"{lonely.sum()} rows have no kernel value other than zero (the first "
                f"is row {np.argmax(lonely)}); their prediction is the mean of the "
                "labels.",
            )
        return values

    def __sklearn_tags__(self):
        """Precomputed input is pairwise; it and points for kernels may be sparse."""
        tags = super().__sklearn_tags__()
        precomputed = self.graph is None and self.kernel == "precomputed"
        tags.input_tags.pairwise = precomputed
        points = self.kernel not in ("nearest_neighbors", "precomputed")
        tags.input_tags.sparse = self.graph is None and (precomputed or points)
        tags.input_tags.positive_only = precomputed and self.normalization is not None
        return tags


def _working_memory():
    """scikit-learn's limit on temporary arrays, in bytes."""
    return 2**20 * get_config()["working_memory"]
