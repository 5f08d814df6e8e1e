"""Hyper-parameters of greatest likelihood, of all rows or a batch (Guinness, 2021)."""

import numpy as np

from skgeom.gaussian_process._vecchia._dense import learn_dense
from skgeom.gaussian_process._vecchia._fisher_scoring import (
    BatchLikelihood,
    learn_by_fisher_scoring,
)

# Rows of a batch: in general; in few columns, where they cost little and few of them
# show up as spurious anisotropy; and there, up to how many it is a share of all.
_BATCH, _FLAT_BATCH, _BATCH_SHARE, _MOST_BATCH = 4000, 8000, 0.1, 20_000
_FEW_COLUMNS = 3


def learn(table, free, settings, backend, *, rng, **limits):
    """Learn from rows given their neighbours. `limits`: tol, max_iter and callback.

    Of a batch, what is told is an estimate of the likelihood of all rows.
    """
    n, n_features = table.points.shape
    batch_size = settings.batch_size
    if batch_size is None:
        batch_size = _BATCH
        if n_features <= _FEW_COLUMNS:
            batch_size = max(_FLAT_BATCH, min(int(_BATCH_SHARE * n), _MOST_BATCH))
    rows = np.sort(rng.permutation(n)[:batch_size])
    likelihood = BatchLikelihood(
        *table, rows, settings.n_neighbors, settings.kernel, backend
    )
    learned = learn_by_fisher_scoring(likelihood, free, **limits)
    told = n / len(rows) * learned.log_likelihood
    return learned._replace(log_likelihood=told)


def learn_from_all(table, free, settings, backend, *, rng, **limits):
    """Learn from all rows at once, on the host."""
    return learn_dense(*table, settings.kernel, free, **limits)
