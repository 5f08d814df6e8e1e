"""What Gaussian processes of neighbours share, whatever their targets are."""

from numbers import Integral

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.gaussian_process._vecchia._dense import Learned
from skgeom.gaussian_process._vecchia._forms import FORMS, Settings, held_out_density
from skgeom.gaussian_process._vecchia._parameters import KERNELS, Parameters, freedom

# Rows that "auto" takes the whole matrix for, and that "exact" refuses.
_MOST_EXACT, _TOO_MANY_EXACT = 1000, 10_000
# Rows that "auto" compares forms on, at most.
_HELD_OUT = 1000


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
        form = self._given_form(len(table.points))
        if form is None or FORMS[form].in_random_order:
            table = table.of(rng.permutation(len(table.points)))
        learned = _Learning(self._learn, table, noise, rng, backend)
        if form is None:
            form = self._best_form(table, learned, backend)
        self.approximation_, self._learned = form, learned.of(form)
        self._process = self._condition(form, table, self._learned, backend)

    def _given_form(self, n):
        """The form for so many rows; None where it is to be found out."""
        if self.approximation == "auto":
            return "exact" if n <= _MOST_EXACT else None
        if self.approximation == "exact" and n > _TOO_MANY_EXACT:
            raise ValueError(
                f"approximation='exact' makes matrices of {n} x {n}; take 'response' "
                f"for more than {_TOO_MANY_EXACT} rows."
            )
        return self.approximation

    def _best_form(self, table, learned, backend):
        """The form, of those that may pay, that tells rows best that it was not given.

        Others than the first are tried where they say so of what that has learned.
        """
        first, *others = (name for name in FORMS if name != "exact")
        parameters = Parameters(learned.of(first).theta)
        known = table, parameters, self._settings(), backend
        others = [name for name in others if FORMS[name].may_pay(*known)]
        if not others or not table.residuals.any():
            return first
        n_held = min(_HELD_OUT, len(table.points) // 5)
        held = table.of(slice(-n_held, None))
        told = {}
        for name in (first, *others):
            given = table.of(slice(None, -n_held))
            process = self._condition(name, given, learned.of(name), backend)
            told[name] = held_out_density(process, held, backend)
        return max(told, key=told.get)

    def _condition(self, form, table, learned, backend):
        """The process after rows."""
        parameters = Parameters(learned.theta)
        return FORMS[form].condition(table, parameters, self._settings(), backend)

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

    def _learn(self, learn, table, noise, rng, backend):
        """Hyper-parameters of greatest likelihood, in the units of the table."""
        spreads = self._frame.spread_of_varying
        free = freedom(len(spreads), self.ard, noise, spreads)
        if not table.residuals.any():
            return Learned(free.theta(free.start), 0.0, 0, True)
        progress = self._progress(self.max_iter, "negative log likelihood")
        learned = learn(
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
        self._warn_unless_converged(learned)
        return learned

    def _warn_unless_converged(self, learned):
        """Say where learning ended too early."""
        if not learned.converged:
            warn(
                f"Learning ended after max_iter={self.max_iter} steps, before tol="
                f"{self.tol:g} was met. Raise max_iter or tol.",
                ConvergenceWarning,
            )

    def _placed(self, X):
        """Rows in the units of the process."""
        return self._frame.place(as_numpy(self._validated(X, reset=False)))


class _Learning:
    """What forms have learned of a table: those that learn alike, only once."""

    def __init__(self, learn, *options):
        self.learn, self.options, self.found = learn, options, {}

    def of(self, form):
        """What a form has learned."""
        learn = FORMS[form].learn
        if learn not in self.found:
            self.found[learn] = self.learn(learn, *self.options)
        return self.found[learn]
