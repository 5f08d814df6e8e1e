r"""The field itself given neighbours, and solved for at all rows at once.

Vecchia's form of the field without noise has the precision :math:`B' V^{-1} B`, B unit
lower triangular. Its mean given noisy targets solves a system of as many equations as
rows, by conjugate gradients (Kündig and Sigrist, "Iterative methods for
Vecchia-Laplace approximations for latent Gaussian process models", Journal of the
American Statistical Association 120, 2025).
"""

from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skgeom._warnings import warn
from skgeom.backends import block_bytes, row_blocks
from skgeom.gaussian_process._vecchia._local import (
    error_covariance,
    local_weights,
)
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.gaussian_process._vecchia._processes import NeighborProcess, root_of
from skgeom.gaussian_process._vecchia._table import Table
from skgeom.graph import equal_rows, ordered_neighbors
from skgeom.solvers import conjugate_gradient
from skgeom.typing import NDArray

# Noise that the field itself has, in units of its variance: for rounding.
JITTER = 1e-8
# Fields that variances are told from, fewer of many rows; how exactly these are solved
# for, and the mean, as shares of the right side and, where noise is small, of its
# deviation.
_N_DRAWS, _FEW_DRAWS, _MANY_ROWS = 16, 8, 50_000
_TOL_OF_DRAWS, _TOL = 1e-2, 1e-3
_LEAST_TOL, _MOST_STEPS = 1e-8, 500
# Signal to noise up to which fields are simulated in numbers of four bytes.
_FOR_SINGLE = 100.0
# Where the form may pay: columns, and noise in units of the signal.
_FEW_COLUMNS, _LEAST_NOISE = 3, 1e-3
# Rows that lie together in memory.
_TILE = 2**13
# Rows that predictions are made for at once.
_BLOCK = 2**14


class FieldSystem:
    r"""Posterior of the field at rows given noisy targets.

    With :math:`u = B f` the system :math:`(B' V^{-1} B + W) f = W y` is
    :math:`(V^{-1} + B^{-T} W B^{-1}) u = B^{-T} W y`, preconditioned by
    :math:`V^{-1} + W`.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Distinct, in units of the length scales.
    noise : ndarray of shape (n,)
        Variance of the noise of each row, > 0.
    n_neighbors : int
        That each row is given.
    kernel : str
        A name of the backends.
    signal : float
        Variance of the field.
    backend : Backend
        Where the work happens.
    """

    def __init__(self, points, noise, n_neighbors, kernel, signal, backend):
        self.backend = backend
        there = backend.asarray(points, dtype=backend.float64)
        near = ordered_neighbors(there, n_neighbors, backend=backend)
        own = np.full(near.shape, JITTER * signal)
        near = backend.asarray(near)
        weights, left = backend.kriging_weights(
            there,
            there,
            backend.asarray(own, dtype=backend.float64),
            near,
            kernel,
            signal,
        )
        self.near, self.weights, self.signal = near, weights, signal
        self.factor = backend.neighbor_factor(near, weights)
        self.left = left + JITTER * signal
        self.noise = backend.asarray(noise, dtype=backend.float64)

    @property
    def ratio(self):
        """Signal to noise, on the average of the rows."""
        return self.signal * float(self.backend.xp.mean(1 / self.noise))

    def given(self, targets, tol=_TOL):
        """The field given targets of shape (n, n_columns), and whether it was found.

        Where noise is small, steps start from the targets: what is left to be found is
        then within the noise.
        """
        ratio = max(self.ratio, 1.0)
        at_zero = self.backend.xp.zeros_like(targets)
        start = at_zero if ratio == 1.0 else targets
        found = self._solve(targets, start, max(tol / np.sqrt(ratio), _LEAST_TOL))
        return found.solution, bool(found.residuals.max(initial=0.0) <= 10 * tol)

    def simulate(self, rng, n_columns):
        """Fields, noisy targets of them, and the fields given these, on the host."""
        backend, shape = self.backend, (len(self.noise), n_columns)
        dtype = backend.float64
        if self.ratio <= _FOR_SINGLE:
            dtype = backend.xp.float32
        U, E = (
            backend.asarray(rng.standard_normal(shape), dtype=dtype) for _ in range(2)
        )
        fields = self._as(self.left, dtype)[:, None] ** 0.5 * U
        fields = backend.neighbor_solve(self.factor, fields)
        targets = fields + self._as(self.noise, dtype)[:, None] ** 0.5 * E
        found = self.given(targets, _TOL_OF_DRAWS)[0]
        return tuple(backend.to_numpy(part) for part in (fields, targets, found))

    def variance_times(self, columns):
        """Posterior covariance of the rows times columns, on the host."""
        there = self.backend.asarray(columns, dtype=self.backend.float64)
        aims = self.noise[:, None] * there
        found = self._solve(aims, 0.0 * aims, _TOL)
        return self.backend.to_numpy(found.solution)

    def _solve(self, targets, start, tol):
        xp, dtype = self.backend.xp, targets.dtype
        precision = self._as(1 / self.left, dtype)[:, None]
        W = self._as(1 / self.noise, dtype)[:, None]

        def solve(V, transposed=False):
            return self.backend.neighbor_solve(self.factor, V, transposed)

        def product(U):
            return precision * U + solve(W * solve(U), transposed=True)

        # From the start s on: (Q + W) (f - s) = W (y - s) - Q s, and Q s of s = B^-1 u
        # is V^-1 u once B^-T has been taken to the other side.
        found = conjugate_gradient(
            xp,
            product,
            solve(W * targets, transposed=True),
            initial=self._times(start),
            precondition=lambda R: R / (precision + W),
            tol=tol,
            max_iter=_MOST_STEPS,
        )
        return found._replace(solution=solve(found.solution))

    def _times(self, X):
        """The triangular matrix times columns."""
        xp = self.backend.xp
        out, weights = X + 0.0, self._as(self.weights, X.dtype)
        for e in range(self.near.shape[1]):
            known = self.near[:, e] >= 0
            other = X[xp.where(known, self.near[:, e], 0)]
            out = out - weights[:, e, None] * other
        return out

    def _as(self, array, dtype):
        return self.backend.xp.astype(array, dtype)


class LatentProcess(NamedTuple):
    """The posterior of the field at all rows, from which near rows are predicted.

    `rows` are those of the table, rows at one place being one of their mean; `field` is
    what they have, and `simulated` are fields, targets and fields given these.
    """

    table: Table
    kernel: str
    parameters: Parameters
    n_neighbors: int
    n_neighbors_predict: int
    rows: Table
    field: NDArray
    simulated: tuple[NDArray, NDArray, NDArray]

    @classmethod
    def given(cls, table, parameters, settings, backend):
        """The process after the rows of a table."""
        rows, sizes = _one_at_each_place(table), settings[1:3]
        rows = rows.of(by_tiles(rows.points / parameters.lengths))
        system = _system(rows, parameters, settings.kernel, sizes[0], backend)
        targets = backend.asarray(rows.residuals, dtype=backend.float64)
        field, found = system.given(targets)
        if not found:
            warn(
                f"Conjugate gradients ended after {_MOST_STEPS} steps, before the "
                "field was found as exactly as wanted: the noise is too small for "
                "approximation='latent'. 'response' does not mind.",
                ConvergenceWarning,
            )
        n_draws = _N_DRAWS if len(rows.points) <= _MANY_ROWS else _FEW_DRAWS
        simulated = system.simulate(np.random.default_rng(0), n_draws)
        field = backend.to_numpy(field)
        return cls(table, settings.kernel, parameters, *sizes, rows, field, simulated)

    @staticmethod
    def may_pay(table, parameters, settings, backend):
        """Few columns, and noise to be averaged away."""
        noise = parameters.noise * np.median(table.factors)
        few = table.points.shape[1] <= _FEW_COLUMNS
        return few and noise > _LEAST_NOISE * parameters.signal

    def posterior(self, queries, backend, *, variances=True):
        """Means of the signal at queries, and variances.

        A variance is that which near noisy rows leave, less what all rows tell beyond
        them, as simulated; or what the field at near rows leaves, and what is unknown
        of it: each counts by how little it depends on the simulation.
        """
        mean = np.empty((len(queries), self.field.shape[1]))
        left = np.empty(len(queries)) if variances else None
        for part in row_blocks(len(queries), 1, _BLOCK):
            local = self._local(queries[part], backend)
            mean[part] = local.mean(self.field)
            if variances:
                left[part] = self._variances(local, queries[part], backend)
        return mean, left

    def covariance(self, queries, backend):
        """Covariance of the signal between queries: one system for each of them."""
        local, found = self._local(queries, backend), self._own(queries, backend)
        A = local.matrix(len(self.rows.points))
        system = self._system(backend)
        for part in row_blocks(len(queries), 8 * 8 * A.shape[1], block_bytes()):
            found[:, part] += A @ system.variance_times(A[part].T.toarray())
        found = (found + found.T) / 2
        wanted = np.sqrt(self.posterior(queries, backend)[1])
        scale = wanted / np.sqrt(np.maximum(np.diagonal(found), 1e-300))
        return scale[:, None] * found * scale

    def draw(self, queries, n_columns, rng, backend):
        """Draws of the signal less its mean at queries: a system for each draw."""
        local = self._local(queries, backend)
        fields, _, found = self._system(backend).simulate(rng, n_columns)
        own = root_of(self._own(queries, backend))
        own = own @ rng.standard_normal((len(queries), n_columns))
        return local.mean(fields - found) + own

    def negative_log_likelihood(self, theta, backend):
        """That of noisy rows given their neighbours before them, with its gradient."""
        near = NeighborProcess(*self[:5])
        return near.negative_log_likelihood(theta, backend)

    def _local(self, queries, backend):
        return self._weights(queries, self._rounding, self.n_neighbors, backend)

    def _weights(self, queries, noise, size, backend):
        options = self.kernel, self.parameters, backend
        return local_weights(self.rows.points, queries, noise, size, *options)

    def _own(self, queries, backend):
        """Covariance of what the field at near rows leaves at queries."""
        options = self.kernel, self.parameters, backend
        local = self._local(queries, backend)
        places = self.rows.points, queries, self._rounding
        return error_covariance(local, *places, *options)

    @property
    def _rounding(self):
        return np.full(len(self.rows.points), JITTER * self.parameters.signal)

    def _variances(self, local, queries, backend):
        fields, targets, found = self.simulated
        unknown = (local.mean(fields - found) ** 2).mean(axis=1)
        direct = local.variances + unknown
        noise = self.parameters.noise * self.rows.factors
        near = self._weights(queries, noise, self.n_neighbors_predict, backend)
        beyond = local.mean(found) - near.mean(targets)
        beyond = (beyond**2).mean(axis=1)
        # The simulation's own errors are as large as what it is asked for.
        share = unknown**2 / np.maximum(unknown**2 + beyond**2, 1e-300)
        return direct + share * (near.variances - beyond - direct)

    def _system(self, backend):
        options = self.parameters, self.kernel, self.n_neighbors, backend
        return _system(self.rows, *options)


def _system(rows, parameters, kernel, n_neighbors, backend):
    points, noise = rows.points / parameters.lengths, parameters.noise * rows.factors
    return FieldSystem(points, noise, n_neighbors, kernel, parameters.signal, backend)


def by_tiles(points: NDArray) -> NDArray:
    """An order of rows in which neighbours are near in memory, too.

    Of each doubling of the rows, those of a tile of the space come together. Rows in
    random order stay so but for that: the first ones are spread as they were.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Rows, in random order.

    Returns
    -------
    ndarray of shape (n,), int64
        The rows, one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._latent import by_tiles
    >>> by_tiles(np.array([[0.0], [2.0], [1.0]]))
    array([0, 1, 2])
    """
    parts, start, end = [], 0, min(2 * _TILE, len(points))
    while start < end:
        parts += _tiles(points, np.arange(start, end))
        start, end = end, min(2 * end, len(points))
    return np.concatenate(parts)


def _tiles(points, rows):
    """Rows in halves of equal size, until they are few, each in its order."""
    if len(rows) <= _TILE:
        return [rows]
    here = points[rows]
    column = here[:, np.argmax(np.ptp(here, axis=0))]
    lower = column < np.median(column)
    if not lower.any():
        return [rows]
    return _tiles(points, rows[lower]) + _tiles(points, rows[~lower])


def _one_at_each_place(table):
    """Rows of the same place are one with their weighted mean: it tells as much."""
    groups = equal_rows(table.points)
    n = int(groups.max()) + 1
    if n == len(groups):
        return table
    weights = 1 / table.factors
    first = np.full(n, len(groups))
    np.minimum.at(first, groups, np.arange(len(groups)))
    total = np.bincount(groups, weights, n)
    sums = [np.bincount(groups, weights * r, n) for r in table.residuals.T]
    order = np.argsort(first)
    merged = Table(table.points[first], (np.array(sums) / total).T, 1 / total)
    return merged.of(order)
