"""Hyper-parameters from the likelihood of inducing points and what they leave."""

import numpy as np
from scipy.optimize import minimize

from skgeom.gaussian_process._vecchia._dense import Learned
from skgeom.gaussian_process._vecchia._full_scale_likelihood import FullScaleLikelihood

# Rows of a batch; and for each choice of inducing points and neighbours, the share of
# the batch that is learned from, and steps, which the last choice has without a bound.
_BATCH = 4000
_CHOICES = (0.25, 8), (0.5, 8)


def learn_full_scale(table, free, settings, backend, *, rng, **limits):
    """Learn from a batch of rows. `limits`: tol, max_iter and callback."""
    return learn_full_scale_together([table], free, settings, backend, rng=rng, **limits)


def learn_full_scale_together(
    tables, free, settings, backend, *, rng, start=None, tol, max_iter, callback=None
):
    """Learn the hyper-parameters that tables of the same rows share."""
    n = len(tables[0].points)
    rows = rng.permutation(n)[: settings.batch_size or _BATCH]
    phi = free.start if start is None else free.clip(start)
    n_iter = 0
    for share, steps in (*_CHOICES, (1.0, max_iter)):
        steps = min(steps, max_iter - n_iter)
        if not steps:
            break
        likelihood = FullScaleLikelihood(
            tables,
            np.sort(rows[: max(int(share * len(rows)), 1)]),
            settings.n_neighbors,
            settings.kernel,
            settings.linear_trend,
            backend,
        )
        likelihood.place(free.theta(phi), settings.n_inducing)
        least = tol * len(likelihood.rows)
        phi, value, made, at_rest = _descend(
            likelihood, free, phi, steps, least, n_iter, callback
        )
        n_iter += made
    told = n / len(likelihood.rows) * value
    return Learned(free.theta(phi), -told, max(n_iter, 1), at_rest)


def _descend(likelihood, free, start, steps, least, before, callback):
    """Steps of L-BFGS: numbers, the likelihood, how many, and whether it is at rest."""
    n_iter, values, told = 0, [np.inf, np.inf], {}

    def of(phi):
        theta = free.theta(phi)
        value, gradient = likelihood(theta)
        pull, slope, _ = free.toward_middle(phi)
        told[phi.tobytes()] = value
        return value + pull, free.matrix.T @ gradient + slope

    def after_step(intermediate_result):
        nonlocal n_iter
        n_iter += 1
        values[:] = values[1], float(intermediate_result.fun)
        each = intermediate_result.fun / len(likelihood.rows)
        if callback is not None and callback(before + n_iter, each):
            raise StopIteration
        if values[0] - values[1] <= least:
            raise StopIteration

    found = minimize(
        of,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(free.lower, free.upper, strict=True)),
        callback=after_step,
        options={"maxiter": steps, "ftol": 0.0, "gtol": 1e-5},
    )
    return found.x, told[found.x.tobytes()], n_iter, found.status != 1
