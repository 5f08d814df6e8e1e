"""Hyper-parameters from the likelihood of inducing points and what they leave."""

import numpy as np
from scipy.optimize import minimize

from skgeom.gaussian_process._vecchia._dense import Learned
from skgeom.gaussian_process._vecchia._full_scale_likelihood import FullScaleLikelihood

# Rows of a batch, each given half of the neighbours: inducing points say the rest.
_BATCH, _SHARE_OF_NEIGHBORS = 4000, 0.5
# For each choice of inducing points and neighbours, the share of the batch that is
# learned from, of this many rows or more, and steps; the last choice is learned from
# all to the end.
_CHOICES, _LEAST = ((0.25, 8), (0.5, 8)), 500


def learn_full_scale(table, free, settings, backend, *, rng, **limits):
    """Learn from a batch of rows. `limits`: tol, max_iter and callback."""
    found = learn_full_scale_together(
        [table], free, settings, backend, rng=rng, **limits
    )
    return found[1]


def learn_full_scale_together(
    tables, free, settings, backend, *, rng, start=None, tol, max_iter, callback=None
):
    """Learn the hyper-parameters that tables of the same rows share.

    From a start, the first choices are left out. Returns what `descend` does.
    """
    n = len(tables[0].points)
    rows = rng.permutation(n)[: settings.batch_size or _BATCH]
    phi = free.start if start is None else start
    n_iter, choices = 0, (*_CHOICES, (1.0, max_iter))
    for share, steps in choices if start is None else choices[-1:]:
        likelihood = FullScaleLikelihood(
            tables,
            np.sort(rows[: max(int(share * len(rows)), _LEAST)]),
            max(int(_SHARE_OF_NEIGHBORS * settings.n_neighbors), 1),
            settings.kernel,
            settings.linear_trend,
            backend,
        )
        likelihood.place(free.theta(phi), settings.n_inducing)

        def after_step(step, value, before=n_iter):
            return callback is not None and callback(before + step, value)

        steps = min(steps, max_iter - n_iter)
        phi, learned = descend(
            likelihood, free, phi, tol=tol, max_iter=steps, callback=after_step
        )
        n_iter += learned.n_iter
        if n_iter >= max_iter:
            break
    told = n / len(likelihood.rows) * learned.log_likelihood
    return phi, learned._replace(log_likelihood=told, n_iter=n_iter)


def descend(likelihood, free, start=None, *, tol, max_iter, callback=None):
    """Maximise a likelihood of rows, with a weak pull of length scales, by L-BFGS.

    Parameters
    ----------
    likelihood : object
        Called with theta, returns its negative log and the gradient; has `rows`.
    free : Freedom
        What is learned.
    start : ndarray of shape (n_numbers,), default=None
        Where steps start from.
    tol : float
        The last step gains less for each row.
    max_iter : int
        Most steps.
    callback : callable, default=None
        Told the step and the value for each row; what it returns ends the steps.

    Returns
    -------
    numbers : ndarray of shape (n_numbers,)
        Of the greatest likelihood.
    learned : Learned
        What they mean.
    """
    n_iter, values, n_rows = 0, [np.inf, np.inf], len(likelihood.rows)

    def of(phi):
        value, gradient = likelihood(free.theta(phi))
        pull, slope, _ = free.toward_middle(phi)
        return value + pull, free.matrix.T @ gradient + slope

    def after_step(intermediate_result):
        nonlocal n_iter
        n_iter += 1
        values[:] = values[1], float(intermediate_result.fun)
        stop = callback is not None and callback(n_iter, values[1] / n_rows)
        if stop or values[0] - values[1] <= tol * n_rows:
            raise StopIteration

    found = minimize(
        of,
        free.start if start is None else free.clip(start),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(free.lower, free.upper, strict=True)),
        callback=after_step,
        options={"maxiter": max_iter, "ftol": 0.0, "gtol": 1e-5},
    )
    phi = found.x
    value = free.toward_middle(phi)[0] - float(found.fun)
    return phi, Learned(free.theta(phi), value, max(n_iter, 1), found.status != 1)
