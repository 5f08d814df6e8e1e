"""What the regressor and the classifier share: reading input, solving, predicting."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions

from skgeom._warnings import warn
from skgeom.backends import POINT_KERNELS
from skgeom.graph import Attachment, by_node, canonical_csr, nearest_neighbors
from skgeom.kernels._operators import extreme_eigenvalues
from skgeom.kernels._stkr._average import Problem, fit_average
from skgeom.kernels._stkr._averaged_machines import Candidate
from skgeom.kernels._stkr._base_kernel import combine, neighbor_weights, over
from skgeom.kernels._stkr._choice import Choice, choose, label_folds
from skgeom.kernels._stkr._kernel_input import (
    KernelInput,
    working_memory,
)
from skgeom.kernels._stkr._spectral_ridge import (
    dense_ridge,
    dual_ridge,
    eigen_ridge,
    primal_ridge,
)
from skgeom.kernels._stkr._transform import check_transform, transforms_of
from skgeom.solvers import leading_eigenpairs

# Labels up to which a dense matrix over them is the fastest way, and up to which it is
# a safe one: some builds of LAPACK fail on matrices a little larger.
_FEW_LABELS = 2000
_MOST_LABELS = 12_000
# Relative error of the largest eigenvalue, which a kernel is divided by.
_EIGENVALUE_ERROR = 1e-8
# Samples up to which all eigenpairs cost next to nothing.
_FEW_SAMPLES = 1000


class _Problem(NamedTuple):
    """Labels in the units of a solver, and how their predictions are judged."""

    operator: Any
    positive: bool
    nodes: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    unit: float
    folds: np.ndarray
    loss: Callable


class SpectralMachine(KernelInput):
    """Base of the estimators with a spectrally transformed kernel."""

    _parameter_constraints = {
        "kernel": [
            StrOptions({"auto", "nearest_neighbors", "precomputed", *POINT_KERNELS}),
            callable,
        ],
        "spectral_transform": [
            StrOptions({"inverse_laplacian", "polynomial", "top_components"}),
            callable,
        ],
        "strength": [
            Interval(Real, 1, None, closed="left"),
            StrOptions({"auto"}),
            "array-like",
        ],
        "degree": [Interval(Integral, 1, None, closed="left"), None],
        "alpha": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
            "array-like",
        ],
        "normalization": [StrOptions({"auto", "random_walk", "symmetric"}), None],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({"auto", "cg", "dense", "eigen"})],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    # Exponents where `degree` is None.
    _default_degrees = {"inverse_laplacian": 2, "polynomial": 16}

    # ----------------------------------------------------------------- solving

    def _fit_values(self, base, rows, labelled, targets, backend, weights=None):
        """Fit the labelled rows; set the fitted values of all nodes.

        `targets` holds the centred targets of the labelled rows of X, `weights` what
        their errors weigh.
        """
        nodes, mean, weights = by_node(rows[labelled], targets, weights)
        weights = self._in_their_mean(weights)
        unit = self._unit_of_spectrum(base)
        operator = base.operator if unit == 1.0 else over(base.operator, unit)
        root = np.sqrt(base.measure)[:, None]
        problem = _Problem(
            operator,
            base.positive,
            nodes,
            root[nodes] * mean,
            weights / base.measure[nodes],
            unit,
            self._folds(nodes, mean),
            self._selection_loss(mean, weights, root[nodes]),
        )
        found = self._solve(problem, backend)
        self._keep_solution(found, base, unit, backend)
        self.dual_coef_ = backend.to_numpy(found.dual) * root[nodes] / unit

    def _fit_average(self, base, rows, labelled, targets, backend, weights=None):
        """Average machines on neighbours and points; set the values of all nodes.

        Returns the intercept of the average.
        """
        nodes, mean, weights = by_node(rows[labelled], targets, weights)
        weights = self._in_their_mean(weights)
        problem = Problem(
            base.operator,
            base.measure,
            np.asarray(self._fit_points, dtype=np.float64),
            nodes,
            mean,
            weights,
            self._mean_squared_error(mean, weights),
            self._telling(mean),
        )
        relative = None if isinstance(self.alpha, str) else self._alphas()
        found = fit_average(
            problem,
            self._strengths(),
            self.degree or self._default_degrees["inverse_laplacian"],
            relative,
            self.gamma,
            self._folds(nodes, mean),
            np.asarray(self._default_alphas) if relative is None else relative,
            fit_intercept=self.fit_intercept,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self._keep_solution(found.solution, base, 1.0, backend)
        self._points_part = found.points
        self._node_values += found.points.values(problem.points, backend)
        fields = Candidate._fields
        columns = zip(*found.candidates, strict=True)
        self.candidates_ = {
            name: np.array(column) for name, column in zip(fields, columns, strict=True)
        }
        self.solver_ = "dense"
        return found.intercept

    def _in_their_mean(self, weights):
        """Weights of labels; in units of their mean where the penalty is automatic."""
        return weights / weights.mean() if isinstance(self.alpha, str) else weights

    def _folds(self, nodes, targets):
        """Parts of the labels, whatever the order of the rows."""
        points = None if self._fit_points is None else self._fit_points[nodes]
        return label_folds(self._order_of(targets), targets.shape[1], points)

    def _keep_solution(self, found, base, unit, backend):
        """Set what predictions need of the kernel of a graph or of points."""
        root = np.sqrt(base.measure)[:, None]
        self.n_iter_ = max(1, found.n_iter)
        if found.eigenvalues is not None:
            self.eigenvalues_ = found.eigenvalues
        scaled = root if self._scaled_by == "random_walk" else 1.0
        self._node_values = backend.to_numpy(found.values) / root
        self._extension = backend.to_numpy(found.extension) / scaled / unit
        self._degrees = base.degrees
        if found.residual > self.tol:
            warn(
                f"The solver stopped at max_iter={self.max_iter} with a relative "
                f"residual of {found.residual:.1e}, wanted is tol={self.tol:.1e}.",
                ConvergenceWarning,
            )

    def _solve(self, problem, backend):
        """Choose transform and penalty, and solve with them."""
        S, nodes = problem.operator, problem.nodes
        targets, weights = (
            backend.asarray(part, dtype=backend.float64)
            for part in (problem.targets, problem.weights)
        )
        labels = nodes, targets, weights
        limits = dict(tol=self.tol, max_iter=self.max_iter)
        try:
            pairs = None
            if self.spectral_transform == "top_components":
                pairs = leading_eigenpairs(S, self.n_components)
            transform, self.alpha_ = self._choose(problem, labels, pairs)
            solver = self._choose_solver(S, transform, len(nodes), targets.shape[1])
            self.solver_ = solver
            # With the kernel c s(K / c), a penalty over c gives the same values.
            system = S, transform, *labels, self.alpha_ / problem.unit
            if solver == "eigen":
                pairs = leading_eigenpairs(S, None) if pairs is None else pairs
                return eigen_ridge(*system, eigenpairs=pairs)
            if solver == "dense":
                try:
                    return dense_ridge(*system, **limits)
                except np.linalg.LinAlgError:
                    # Columns that were cut short; the other way says so.
                    if not transform.has_primal:
                        raise
                    self.solver_ = "cg"
            method = dual_ridge
            if transform.has_primal:
                method = primal_ridge
            progress = self._progress(self.max_iter, "residual")
            found = method(*system, **limits, callback=progress)
            if progress is not None:
                progress.close()
            return found
        except np.linalg.LinAlgError as error:
            raise ValueError(
                "The transformed kernel is not positive semidefinite: the base kernel "
                f"is indefinite, or spectral_transform is negative. ({error})"
            ) from None

    # Where "auto" looks.
    _default_strengths: Sequence[float] = (10.0, 100.0, 1e3, 1e4, 1e5)
    _default_alphas: Sequence[float] = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)

    def _strengths(self):
        """Strengths that are tried."""
        if isinstance(self.strength, str):
            return np.array(self._default_strengths)
        return self._positive("strength", self.strength, 1.0)

    def _alphas(self):
        """Penalties that are given, as an array."""
        return self._positive("alpha", self.alpha, np.nextafter(0.0, 1.0))

    def _positive(self, name, given, least):
        found = np.asarray(given, dtype=np.float64).ravel()
        if not (found.size and np.isfinite(found).all() and found.min() >= least):
            wanted = "at least 1" if least == 1.0 else "positive"
            raise InvalidParameterError(
                f"{type(self).__name__}: {name} must be {wanted}, got {given!r}."
            )
        return found

    def _choose(self, problem, labels, pairs):
        """Transform and penalty, by the labels where there are several."""
        transforms = transforms_of(self, problem.positive, self._strengths)
        if callable(self.spectral_transform):
            check_transform(transforms[0], problem.positive)
        alphas = None
        if not isinstance(self.alpha, str):
            alphas = self._alphas() / problem.unit
        elif transforms[0] is not None and transforms[0].has_primal:
            alphas = np.array(self._default_alphas)
        if len(transforms) == 1 and np.ndim(self.alpha) == 0 and alphas is not None:
            if not isinstance(self.alpha, str):
                chosen = Choice(0, float(self.alpha) / problem.unit, 0.0)
                return self._chosen(transforms, chosen, problem.unit)
        chosen = choose(
            problem.operator,
            transforms,
            *labels,
            alphas,
            problem.loss,
            problem.folds,
            eigenvectors=None if pairs is None else pairs[1],
            tol=self.tol,
            max_iter=self.max_iter,
            memory=working_memory(),
        )
        return self._chosen(transforms, chosen, problem.unit)

    def _chosen(self, transforms, chosen, unit):
        """The transform that was chosen, and the penalty in the units of the kernel."""
        transform = transforms[chosen.transform]
        if self.spectral_transform == "inverse_laplacian":
            self.strength_ = float(self._strengths()[chosen.transform])
        alpha = chosen.alpha * unit
        if not isinstance(self.alpha, str):
            given = self._alphas()
            alpha = float(given[np.abs(given - alpha).argmin()])
        return transform, alpha

    def _choose_solver(self, S, transform, n_labels, n_targets):
        if transform is None:
            return "eigen"
        if self.solver == "dense" and n_labels > _MOST_LABELS:
            warn(
                f"solver='dense' is for up to {_MOST_LABELS} labels, there are "
                f"{n_labels}; 'cg' is used.",
            )
            return "cg"
        if self.solver == "eigen" and 8 * S.n**2 > 2 * working_memory():
            raise ValueError(
                f"solver='eigen' needs a matrix of {S.n} x {S.n} numbers, more than "
                "scikit-learn's working_memory allows. Choose 'auto', or raise it with "
                "sklearn.set_config."
            )
        if self.solver != "auto":
            return self.solver
        # Two sets of columns as long as the data, and as much again on the way.
        fits = 32 * S.n * n_labels <= working_memory()
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
        if self._scaled_by is not None or self.spectral_transform == "top_components":
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
        return self._scaled_by

    def _predict_values(self, X):
        """Values of rows, without the intercept."""
        backend = self._backend_for(X)
        if self.graph is not None:
            return self._node_values[self._read_ids(X, len(self._node_values))]
        if self._is_of_neighbors():
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
        if self._points_part is not None:
            values = values + self._points_part.values(X, backend)
        # A row that coincides with nodes has their value, and one near them a part.
        own = Attachment.to_neighbors(*found, n_nodes).own
        return own @ self._node_values + (1.0 - own.sum(axis=1))[:, None] * values

    def _predict_links(self, X):
        X = self._validated(X, reset=False, accept_sparse="csr")
        if self._scaled_by is None:
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
        points = self.kernel not in ("auto", "nearest_neighbors", "precomputed")
        tags.input_tags.sparse = self.graph is None and (precomputed or points)
        tags.input_tags.positive_only = precomputed and self.normalization is not None
        return tags
