"""Hyper-parameters of greatest likelihood, of all rows or a batch (Guinness, 2021).

From a batch first with one length scale for all columns; with one for each only if the
likelihood gains what so many parameters are worth (Schwarz, "Estimating the dimension
of a model", Annals of Statistics 6, 1978). Where rows are dense, neighbours span a
small part of a length scale, and many noisy rows are needed to tell it: there, signal
and length scales are learned anew from means over cells.
"""

import numpy as np

from skgeom.gaussian_process._vecchia._cells import cells_of
from skgeom.gaussian_process._vecchia._dense import Learned, learn_dense
from skgeom.gaussian_process._vecchia._fisher_scoring import (
    Ascent,
    BatchLikelihood,
    learn_by_fisher_scoring,
)

# Rows of a batch: in general; in few columns, where they cost little and few of them
# show up as spurious anisotropy; and there, up to how many it is a share of all.
_BATCH, _FLAT_BATCH, _BATCH_SHARE, _MOST_BATCH = 4000, 8000, 0.1, 20_000
_FEW_COLUMNS = 3
# Share of the batch that one length scale is learned from first.
_SHARE_FOR_ONE = 4
# Cells are made anew where a length scale has changed by such a factor.
_CHANGED, _MOST_CELLS = 1.25, 3


def learn_from_all(table, free, settings, backend, *, rng, **limits):
    """Learn from all rows at once, on the host."""
    return learn_dense(*table, settings.kernel, free, **limits)


def learn(table, free, settings, backend, *, rng, **limits):
    """Learn from rows given their neighbours. `limits`: tol, max_iter and callback.

    Of a batch, what is told is an estimate of the likelihood of all rows.
    """
    n, n_features = table.points.shape
    size = settings.batch_size
    if size is None:
        size = _BATCH
        if n_features <= _FEW_COLUMNS:
            size = max(_FLAT_BATCH, min(int(_BATCH_SHARE * n), _MOST_BATCH))
    rows = np.sort(rng.permutation(n)[:size])
    search = _Search(settings, backend, **limits)
    few = n_features <= _FEW_COLUMNS
    likelihood, tied = search.likelihood(table, rows), free.tied()
    share = np.sort(rng.permutation(rows)[: -(-len(rows) // _SHARE_FOR_ONE)])
    found = search.ascend(search.likelihood(table, share), tied, tied.start)
    if few:
        found = search.ascend(likelihood, tied, found.phi)
    theta = tied.theta(found.phi)
    cells = cells_of(table, theta, settings.kernel) if few else None
    if cells is None:
        phi, told = search.untied(likelihood, free, found)
        theta = free.theta(phi)
    else:
        theta = search.from_cells(table, cells, free, found.phi, rng)
        likelihood.search(theta)
        told = -likelihood(theta)[0]
    return Learned(theta, n / len(rows) * told, search.n_iter, search.converged)


class _Search:
    """Ascents that share their limits, and the steps that they have made."""

    def __init__(self, settings, backend, *, tol, max_iter, callback=None):
        self.settings, self.backend = settings, backend
        self.tol, self.max_iter, self.callback = tol, max_iter, callback
        self.n_iter, self.converged, self.stopped = 0, True, False

    def likelihood(self, table, rows):
        """That of some rows of a table."""
        sizes = self.settings.n_neighbors, self.settings.kernel, self.backend
        return BatchLikelihood(*table, rows, *sizes)

    def ascend(self, likelihood, free, start):
        """Numbers of greatest likelihood; those of the start where no step is left."""
        left = self.max_iter - self.n_iter
        if left <= 0 or self.stopped:
            self.converged = self.stopped
            likelihood.search(free.theta(start))
            value = -likelihood(free.theta(start))[0]
            return Ascent(start, value, value, self.converged)

        def after(step, value):
            self.n_iter += 1
            if self.callback is not None:
                self.stopped = bool(self.callback(self.n_iter, value))
            return self.stopped

        limits = dict(tol=self.tol, max_iter=left, callback=after)
        found = learn_by_fisher_scoring(likelihood, free, start, **limits)
        self.converged = found.converged
        return found

    def untied(self, likelihood, free, one):
        """A length scale for each column where that pays, after an ascent with one.

        Numbers, and the log likelihood that they have.
        """
        start, more = free.untie(one.phi), free.n_lengths - 1
        if more < 1:
            return start, one.last
        apart = self.ascend(likelihood, free, start)
        worth = 0.5 * more * np.log(len(likelihood.rows))
        if apart.last - apart.first > worth:
            return apart.phi, apart.last
        return start, apart.first

    def from_cells(self, table, cells, free, phi, rng):
        """Signal and length scales from means over cells, and the noise as it was."""
        theta = free.tied().theta(phi)
        free = free.without_noise(theta)
        phi = phi[: free.tied().matrix.shape[1]]
        for _ in range(_MOST_CELLS):
            cells = cells.of(rng.permutation(len(cells.points)))
            rows = np.arange(min(len(cells.points), _FLAT_BATCH))
            likelihood = self.likelihood(cells, rows)
            one = self.ascend(likelihood, free.tied(), phi)
            found, phi = free.theta(self.untied(likelihood, free, one)[0]), one.phi
            change = np.abs(found - theta)[1:-1].max()
            theta = found
            cells = cells_of(table, theta, self.settings.kernel)
            if cells is None or change < np.log(_CHANGED):
                break
        return theta
