"""What the kernel machines for numbers and for classes share: the fit, and products."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.kernels._kernel_machine._chosen_kernel import (
    NETWORK_KERNELS,
    RADIAL_KERNELS,
    TINY,
    ChosenKernel,
)
from skgeom.kernels._kernel_machine._data import (
    Data,
    LeftOut,
    Told,
    best_penalty,
    left_out_of,
    residual_share,
    row_sums,
    shrink_to_fit,
    shrunk,
    some_of,
)
from skgeom.kernels._kernel_machine._falkon import falkon
from skgeom.kernels._kernel_machine._full_system import solve_full_system
from skgeom.kernels._kernel_machine._kernel_choice import (
    MOST_ROWS,
    PENALTIES,
)
from skgeom.kernels._kernel_machine._nystrom import (
    NystromFeatures,
    RidgeModels,
    inverse_root,
)
from skgeom.kernels._kernel_machine._rows import blocks

# Rows whose kernel matrix is decomposed whole, and for which products with it are made.
_MOST_DENSE, _MOST_FULL = 3000, 120_000
# Centres of the preconditioner for n rows: so many times the root of n, as a step costs
# n^2 and the preconditioner n times their square; and a share of n at the most.
_PER_ROOT, _MOST_SHARE = 13.0, 0.1
# Centres of a model of a part of the span, unless it is said; and how many are so many
# that sums over pairs of them cost more than passes over the rows.
_CENTERS, _MOST_SUMMED = 2000, 4000
# Rows that leave-one-out errors are taken of.
_MOST_LEFT_OUT = 20_000
# One of so many rows is held back from passes for probabilities, and most of them.
_HELD_BACK, _MOST_HELD_BACK = 20, 2000


class KernelMachine(ChosenKernel):
    """Base of kernel ridge machines; sub-classes read targets and shape predictions."""

    _parameter_constraints = {
        "kernel": [StrOptions({"auto", *RADIAL_KERNELS, *NETWORK_KERNELS}), callable],
        "gamma": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "alpha": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "metric": [StrOptions({"agop", "agop_full", "agop_diagonal"}), None],
        "n_metric_rounds": [Interval(Integral, 1, None, closed="left")],
        "n_centers": [Interval(Integral, 1, None, closed="left"), None],
        "centers": ["array-like", HasMethods("fit"), None],
        "solver": [StrOptions({"auto", "cholesky", "cg", "nystrom", "falkon"})],
        "max_memory": [Interval(Real, 0, None, closed="neither")],
    }

    def _fit_machine(self, X, targets, weights, backend, units=None):
        """Fit numbers, each about its mean and in units of its spread.

        Returns leave-one-out errors, targets and weights of the rows that were left
        out, in the units of the targets, or None.
        """
        n, rng = X.shape[0], check_random_state(self.random_state)
        vars(self).pop("_sums", None)
        intercept = np.average(targets, axis=0, weights=weights)
        if units is None:
            units = np.abs(targets - intercept).max(axis=0)
            units = np.where(units > 0, units, 1.0)
            spread = np.average(((targets - intercept) / units) ** 2, 0, weights)
            units = units * np.where(spread > 0, np.sqrt(spread), 1.0)
        data = Data(X, (targets - intercept) / units, weights, backend)
        if n <= _MOST_FULL:
            data = data.merged()
            n = len(data.targets)
        self._choose(data, rng)
        self.solver_ = self._solver_for(n)
        fit = getattr(self, f"_fit_{self.solver_}")
        dual, left_out = fit(data, rng)
        self._dual, self._intercept = dual * units, intercept
        self._scales = self._scales * units**2
        if left_out is None:
            return None
        if hasattr(self, "_sums"):
            self._sums = self._sums.in_units(units, intercept)
        return Told(
            left_out.errors * units,
            data.targets[left_out.rows] * units + intercept,
            data.weights[left_out.rows],
        )

    def _partial_fit_machine(self, X, targets, weights, backend):
        """Add rows to the sums of Nyström's model, and solve it again."""
        data = Data(X, targets, weights, backend)
        if not hasattr(self, "_sums"):
            # Rows of a fit by another solver were its centres: they come first.
            before = self._fitted_rows(backend) if hasattr(self, "solver_") else None
            self._partial_fit_start(before or data, backend)
            if before is not None:
                self._sums = row_sums(before, self._chart, self._features(backend))
        features = self._features(backend)
        sums = row_sums(data, self._chart, features)
        self._sums = self._sums + sums if hasattr(self, "_sums") else sums
        gram, moments = self._sums.gram, self._sums.centred_moments()
        if self.alpha == "auto":
            models = RidgeModels.of(gram, moments)
            alphas = PENALTIES * self._mean_variance
            told = [models.evidence(alpha, self._sums) for alpha in alphas]
            self.alpha_ = float(alphas[int(np.argmax(told))])
        else:
            self.alpha_ = float(self.alpha)
            models = RidgeModels.of_one(gram, moments, self.alpha_)
        self._dual = self._whitening @ models.weights(self.alpha_)
        self._intercept = self._sums.intercept()
        centred = targets - self._intercept
        left_out = left_out_of(
            data, centred, self._chart, features, models, self.alpha_
        )
        self._gram, self._scales = gram, left_out.scales()
        vars(self).pop("loo_score_", None)
        return Told(left_out.errors, targets, weights)

    def _features(self, backend):
        centers = self._chart.place(self.centers_, backend)
        kernel = self._kernel_function(backend)
        return NystromFeatures.restored(kernel, centers, self._whitening, backend)

    def _fitted_rows(self, backend):
        """Rows and targets of a fit of all rows, from the equations that it solved."""
        if self.solver_ == "falkon":
            raise ValueError(
                "partial_fit goes on from a fit by another solver than 'falkon', which "
                "keeps nothing to add to."
            )
        points = self._chart.place(self.centers_, backend)
        dual = backend.asarray(self._dual)
        fitted = self._kernel_function(backend).product(points, points, dual)
        noise = self.alpha_ * self._dual / self._weights[:, None]
        targets = backend.to_numpy(fitted) + noise + self._intercept
        return Data(self.centers_, targets, self._weights, backend)

    def _partial_fit_start(self, data, backend):
        """What the first rows decide: kernel, metric and centres."""
        if self.solver not in ("auto", "nystrom"):
            raise ValueError(
                f"partial_fit is for solver='nystrom', got solver={self.solver!r}."
            )
        rng = check_random_state(self.random_state)
        if not hasattr(self, "kernel_"):
            mean = np.average(data.targets, axis=0, weights=data.weights)
            self._choose(data._replace(targets=data.targets - mean).merged(), rng)
        self.solver_ = "nystrom"
        self.residual_, self.n_iter_ = 0.0, 1
        centers, _ = self._pick_centers(data, rng, self.n_centers or MOST_ROWS)
        kernel = self._kernel_function(backend)
        features = NystromFeatures(kernel, self._chart.place(centers, backend), backend)
        self._keep_features(centers, features, data)
        self._mean_variance = self._variance_of(data)

    # ------------------------------------------------------------------------ solvers

    def _solver_for(self, n):
        """The solver for so many rows."""
        few = self.n_centers is None and self.centers is None
        if self.solver != "auto":
            if self.solver == "cholesky" and 16 * n**2 > self.max_memory:
                raise ValueError(
                    f"solver='cholesky' takes {16 * n**2:.1e} bytes for {n} rows, "
                    f"above max_memory={self.max_memory:g}; take solver='cg'."
                )
            return self.solver
        if few and n <= _MOST_DENSE and 16 * n**2 <= self.max_memory:
            return "cholesky"
        if few and n <= _MOST_FULL:
            return "cg"
        m = self._n_centers(n)
        summed = m <= _MOST_SUMMED and 32 * m**2 <= self.max_memory
        return "nystrom" if summed else "falkon"

    def _n_centers(self, n):
        if self.centers is not None and not hasattr(self.centers, "fit"):
            return len(self.centers)
        return min(n, self.n_centers or _CENTERS)

    def _pick_centers(self, data, rng, m):
        """Rows that are centres, and their places; given ones have none."""
        if hasattr(self.centers, "fit"):
            rows = as_numpy(data.X)
            places = np.sort(clone(self.centers).fit(rows).sample_indices_)
            return rows[places], places
        if self.centers is not None:
            given = self._validated(self.centers, reset=False)
            return as_numpy(given), None
        places = np.sort(some_of(data.X.shape[0], m, rng))
        return as_numpy(data.X[places]), places

    def _fit_cholesky(self, data, rng):
        """The whole matrix, decomposed."""
        backend, alpha = data.backend, self.alpha_
        self.centers_ = self._kept(as_numpy(data.X), like=data.X)
        K = self._gram_of(self.centers_, backend)
        system = K + np.diag(alpha / data.weights)
        root = inverse_root(system, 0.0)
        inverse = root @ root.T
        dual, variances = inverse @ data.targets, 1 / np.diagonal(inverse)
        residual = data.targets - system @ dual
        # A step of refinement, for penalties that are next to nothing.
        dual = dual + inverse @ residual
        self.residual_, self.n_iter_ = (
            residual_share(data.targets - system @ dual, data),
            1,
        )
        left_out = LeftOut(np.arange(len(dual)), dual * variances[:, None], variances)
        self._weights, self._scales = data.weights, left_out.scales()
        self._set_score(left_out, data)
        return dual, left_out

    def _fit_cg(self, data, rng):
        """The whole system, by products with its matrix."""
        backend, n = data.backend, data.X.shape[0]
        m = int(min(_PER_ROOT * n**0.5, max(_MOST_SHARE * n, 64), n))
        m = min(self.n_centers or m, int((self.max_memory / 32) ** 0.5) or 1)
        points = self._chart.place(data.X, backend)
        kernel = self._kernel_function(backend)
        rows, places = self._pick_centers(data, rng, m)
        features = NystromFeatures(kernel, self._chart.place(rows, backend), backend)
        if places is not None:
            places = places[features.chosen]
        progress = self._progress(self.max_iter, "residual")
        found = solve_full_system(
            kernel,
            points,
            features,
            places,
            data.targets,
            data.weights,
            self.alpha_,
            backend,
            tol=self.tol,
            max_iter=self.max_iter,
            max_bytes=int(self.max_memory / 2),
            callback=progress,
        )
        if progress is not None:
            progress.close()
        self.residual_, self.n_iter_ = found.residual, found.n_iter
        self._warn_of_residual()
        self._keep_features(rows, features, data)
        self.centers_ = self._kept(as_numpy(data.X), like=data.X)
        self._weights, self._gram = data.weights, found.gram
        dual = found.coefficients
        self._scales = np.maximum((data.targets * dual).mean(axis=0), 0.0)
        models = RidgeModels.of_one(found.gram, found.moments, self.alpha_)
        few = data.of(some_of(n, MOST_ROWS, rng))
        errors = left_out_of(
            few, few.targets, self._chart, features, models, self.alpha_
        )
        self._shrink = self._shrink_of(dual, few, errors, places, kernel, backend)
        return dual, errors._replace(rows=few.places)

    def _shrink_of(self, dual, few, errors, places, kernel, backend):
        """How much surer than Nyström's model the whole one is of its rows.

        Of rows that are no centres: a row that is left out stays one.
        """
        others = np.ones(len(dual), dtype=bool)
        others[places if places is not None else []] = False
        shown = others[few.places]
        if not shown.any():
            return 1.0
        prior = backend.to_numpy(kernel.diagonal(self._chart.place(few.X, backend)))
        noise = self.alpha_ / few.weights
        squares = (dual[others] ** 2).mean(axis=0).sum()
        return shrink_to_fit(
            (errors.variances - noise)[shown],
            prior[shown],
            noise[shown],
            self._scales.sum() / max(squares, TINY),
        )

    def _fit_nystrom(self, data, rng):
        """Sums over the rows, and one decomposition of them."""
        backend, n = data.backend, data.X.shape[0]
        centers, _ = self._pick_centers(data, rng, self._n_centers(n))
        kernel = self._kernel_function(backend)
        features = NystromFeatures(kernel, self._chart.place(centers, backend), backend)
        self._keep_features(centers, features, data)
        sums = row_sums(data, self._chart, features)
        gram, moments, self._sums = sums.gram, sums.moments, sums
        self._mean_variance = self._variance_of(data)
        few = data.of(some_of(n, _MOST_LEFT_OUT, rng))
        known = few.targets, self._chart, features
        if self.alpha == "auto":
            models = RidgeModels.of(gram, moments)
            self.alpha_ = best_penalty(
                few, *known, models, PENALTIES * self._mean_variance
            )
        else:
            models = RidgeModels.of_one(gram, moments, self.alpha_)
        left_out = left_out_of(few, *known, models, self.alpha_)
        self.residual_, self.n_iter_ = 0.0, 1
        self._gram, self._scales = gram, left_out.scales()
        left_out = left_out._replace(rows=few.places)
        self._set_score(left_out, data)
        return self._whitening @ models.weights(self.alpha_), left_out

    def _fit_falkon(self, data, rng):
        """Passes over the rows instead of sums."""
        backend, n = data.backend, data.X.shape[0]
        centers, _ = self._pick_centers(data, rng, self._n_centers(n))
        held = np.zeros(0, dtype=np.int64)
        if hasattr(self, "predict_proba"):
            # Nothing else tells how sharp probabilities are.
            held = some_of(n, min(max(n // _HELD_BACK, 1), _MOST_HELD_BACK), rng)
            weights = data.weights.copy()
            weights[held] = 0.0
            data = data._replace(weights=weights)
        progress = self._progress(self.max_iter, "residual")
        chosen, dual, self.residual_, self.n_iter_ = falkon(
            self._kernel_function(backend),
            self._chart.place(centers, backend),
            lambda: data.passes(self._chart, len(centers)),
            n,
            self.alpha_,
            backend,
            tol=self.tol,
            max_iter=self.max_iter,
            callback=progress,
        )
        if progress is not None:
            progress.close()
        self._warn_of_residual()
        self.centers_ = self._kept(centers[chosen], like=data.X)
        self._scales = np.zeros(data.targets.shape[1])
        if not len(held):
            return dual, None
        points, there = (
            self._chart.place(rows, backend)
            for rows in (data.of(held).X, self.centers_)
        )
        kernel = self._kernel_function(backend)
        found = kernel.product(points, there, backend.asarray(dual))
        errors = data.targets[held] - backend.to_numpy(found)
        return dual, LeftOut(held, errors, np.ones(len(held)))

    def _keep_features(self, rows, features, data):
        """What Nyström's features of new rows need."""
        self.centers_ = self._kept(rows[features.chosen], like=data.X)
        self._landmarks = self.centers_
        self._whitening = data.backend.to_numpy(features.whitening)

    def _set_score(self, left_out, data):
        """R2 of leaving one row out, the mean over targets."""
        weights = data.weights[left_out.rows]
        wrong = np.average(left_out.errors**2, axis=0, weights=weights)
        truth = data.targets[left_out.rows]
        spread = np.average(truth**2, axis=0, weights=weights)
        known = spread > 0
        score = 1 - np.divide(wrong, spread, out=np.zeros_like(wrong), where=known)
        self.loo_score_ = float(score.mean())

    def _warn_of_residual(self):
        if self.residual_ > self.tol:
            warn(
                f"{type(self).__name__}: after {self.n_iter_} steps the residual is "
                f"{self.residual_:.2g} of the targets, above tol={self.tol:g}. The "
                "penalty is small for so flat a spectrum: raise alpha or n_centers.",
                ConvergenceWarning,
            )

    def _gram_of(self, rows, backend):
        points = self._chart.place(rows, backend)
        K = backend.to_numpy(self._kernel_function(backend).values(points, points))
        return (K + K.T) / 2

    # -------------------------------------------------------------------- predictions

    def _values_of(self, X, *, return_variance=False):
        """Predictions of rows, and their variances, on the host."""
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = self._validated(X, reset=False, backend=backend)
        kernel = self._kernel_function(backend)
        centers = self._chart.place(self.centers_, backend)
        dual = backend.asarray(self._dual, dtype=backend.float64)
        points = self._chart.place(rows, backend)
        found = backend.to_numpy(kernel.product(points, centers, dual))
        found = found + self._intercept
        if not return_variance:
            return found
        return found, self._variances_of(points, kernel, backend)

    def _variances_of(self, points, kernel, backend):
        """Variances of new values with their noise, for each target."""
        if self.solver_ == "falkon":
            raise ValueError(
                "return_std needs sums over the rows, which solver='falkon' does not "
                "make; take fewer centres or solver='nystrom'."
            )
        if self.solver_ == "cholesky":
            system = self._gram_of(self.centers_, backend)
            system += np.diag(self.alpha_ / self._weights)
            centers = self._chart.place(self.centers_, backend)
            root, remains = inverse_root(system, 0.0), None
        else:
            centers, root = self._chart.place(self._landmarks, backend), self._whitening
            remains = self.alpha_**0.5 * inverse_root(self._gram, self.alpha_)
            remains = backend.asarray(remains)
        root, found = backend.asarray(root), []
        for rows in blocks(points.shape[0], centers.shape[0]):
            known = kernel.values(points[rows], centers) @ root
            left = kernel.diagonal(points[rows]) - backend.xp.sum(known**2, axis=1)
            left = backend.xp.where(left > 0, left, 0 * left)
            if remains is not None:
                left = left + backend.xp.sum((known @ remains) ** 2, axis=1)
            if self.solver_ == "cg":
                left = shrunk(left, kernel.diagonal(points[rows]), self._shrink)
            found.append(backend.to_numpy(left))
        return (np.concatenate(found)[:, None] + self.alpha_) * self._scales


def read_sample_weight(X, targets, sample_weight, backend):
    """Rows, targets and weights of the rows whose weight is not zero."""
    if sample_weight is None:
        return X, targets, np.ones(len(targets))
    weights = _check_sample_weight(
        sample_weight, targets, dtype=np.float64, ensure_non_negative=True
    )
    if weights.all():
        return X, targets, weights
    kept = np.flatnonzero(weights)
    at = kept if isinstance(X, np.ndarray) else backend.asarray(kept)
    return X[at], targets[kept], weights[kept]
