"""The forms of a Gaussian process: what each learns from, and what it is given.

A form is a name of `FORMS`. It learns hyper-parameters from a `Table`, and after its
rows it is a process: an object with

- ``table`` and ``parameters``, what it was given,
- ``posterior(queries, backend, variances=True)``: means of the signal at placed rows,
  shape (n_queries, n_targets), and variances, (n_queries,), in units of the table,
- ``covariance(queries, backend)``: of the signal between them,
- ``draw(queries, n_columns, rng, backend)``: draws of the signal less its mean,
- ``negative_log_likelihood(theta, backend)``: of the rows, with its gradient.

Rows may have noise each of its own: `Table.factors` times that of the parameters.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skgeom.gaussian_process._vecchia._full_scale import FullScaleProcess
from skgeom.gaussian_process._vecchia._full_scale_learning import learn_full_scale
from skgeom.gaussian_process._vecchia._latent import LatentProcess
from skgeom.gaussian_process._vecchia._learning import learn, learn_from_all
from skgeom.gaussian_process._vecchia._processes import ExactProcess, NeighborProcess


class Settings(NamedTuple):
    """What users say of a form: kernel (of the backends) and sizes."""

    kernel: str
    n_neighbors: int
    n_neighbors_predict: int
    batch_size: int | None
    n_inducing: int = 200
    linear_trend: bool = True


class Form(NamedTuple):
    """How a form learns and is given rows, and whether their order is random.

    ``learn(table, free, settings, backend, rng=, tol=, max_iter=, callback=)`` returns
    a `Learned`, ``condition(table, parameters, settings, backend)`` a process, and
    ``may_pay(table, parameters, settings, backend)`` whether "auto" tries the form on
    many rows, of which the first one of `FORMS` that is not exact has learned these
    parameters.
    """

    learn: Callable
    condition: Callable
    may_pay: Callable = lambda *_: True
    in_random_order: bool = True


FORMS = {
    "exact": Form(learn_from_all, ExactProcess.given, in_random_order=False),
    "response": Form(learn, NeighborProcess.given),
    "latent": Form(learn, LatentProcess.given, LatentProcess.may_pay),
    "full_scale": Form(
        learn_full_scale, FullScaleProcess.given, FullScaleProcess.may_pay
    ),
}


def held_out_density(process, held, backend):
    """Mean log density of the residuals of rows that a process was not given."""
    mean, variances = process.posterior(held.points, backend)
    variances = (variances + process.parameters.noise * held.factors)[:, None]
    gaps = (held.residuals - mean) ** 2
    return -0.5 * float((np.log(2 * np.pi * variances) + gaps / variances).mean())
