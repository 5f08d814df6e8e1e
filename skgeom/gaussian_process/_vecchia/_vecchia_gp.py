"""What Gaussian processes of neighbours share, whatever their targets are."""

from numbers import Integral

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.gaussian_process._vecchia._dense import Learned
from skgeom.gaussian_process._vecchia._forms import FORMS, Settings
from skgeom.gaussian_process._vecchia._parameters import KERNELS, Parameters, freedom

# Rows that "auto" takes the whole matrix for, and that "exact" refuses.
_MOST_EXACT, _TOO_MANY_EXACT = 1000, 10_000


class VecchiaGP(GeometryEstimator):
    """Base of estimators that learn hyper-parameters and are given rows by a form.

    Its pieces are: a `Frame`, the units of rows and targets (`self._frame`, set by the
    estimator from `read_table`); a `Table`, placed rows whose residuals may have noise
    each of its own; a `Form` (`FORMS`), that learns and conditions; the process that
    comes of it (`self._process`), which predicts the signal in units of the table.
    Estimators add what their targets are.

    Their parameters include kernel, approximation, n_neighbors, n_neighbors_predict,
    n_inducing, ard, linear_trend, batch_size, max_iter and tol.
    """

    _parameter_constraints = {
        "kernel": [StrOptions(set(KERNELS))],
        "n_neighbors_predict": [Interval(Integral, 1, None, closed="left")],
        "n_inducing": [Interval(Integral, 1, None, closed="left")],
        "ard": ["boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
    }

    def _learn_and_condition(self, table, noise, rng, backend):
        """Choose a form, learn its hyper-parameters, and give it the rows.

        `noise` is its variance in the units of the table; None is learned.
        """
        self.approximation_ = self._approximation_for(len(table.points))
        if FORMS[self.approximation_].in_random_order:
            table = table.of(rng.permutation(len(table.points)))
        self._learned = self._learn(self.approximation_, table, noise, rng, backend)
        self._process = FORMS[self.approximation_].condition(
            table, Parameters(self._learned.theta), self._settings(), backend
        )

    def _approximation_for(self, n):
        """The form for so many rows."""
        if self.approximation == "auto":
            return "exact" if n <= _MOST_EXACT else "response"
        if self.approximation == "exact" and n > _TOO_MANY_EXACT:
            raise ValueError(
                f"approximation='exact' makes matrices of {n} x {n}; take 'response' "
                f"for more than {_TOO_MANY_EXACT} rows."
            )
        return self.approximation

    def _settings(self):
        """What forms are told."""
        return Settings(
            KERNELS[self.kernel],
            self.n_neighbors,
            self.n_neighbors_predict,
            self.batch_size,
            self.n_inducing,
            self.linear_trend,
        )

    def _learn(self, form, table, noise, rng, backend):
        """Hyper-parameters of greatest likelihood, in the units of the table."""
        spreads = self._frame.spread_of_varying
        free = freedom(len(spreads), self.ard, noise, spreads)
        if not table.residuals.any():
            return Learned(free.theta(free.start), 0.0, 0, True)
        progress = self._progress(self.max_iter, "negative log likelihood")
        learned = FORMS[form].learn(
            table,
            free,
            self._settings(),
            backend,
            rng=rng,
            tol=self.tol,
            max_iter=self.max_iter,
            callback=progress,
        )
        if progress is not None:
            progress.close()
        if not learned.converged:
            warn(
                f"Learning ended after max_iter={self.max_iter} steps, before tol="
                f"{self.tol:g} was met. Raise max_iter or tol.",
                ConvergenceWarning,
            )
        return learned

    def _placed(self, X):
        """Rows in the units of the process."""
        return self._frame.place(as_numpy(self._validated(X, reset=False)))
