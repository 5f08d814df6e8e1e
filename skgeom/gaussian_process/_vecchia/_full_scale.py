"""What is known of a Gaussian process from inducing points and near rows.

As in Gyger, Furrer and Sigrist, "Vecchia-inducing-points full-scale approximations for
Gaussian processes", arXiv:2507.05064.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Neighborhoods, block_bytes, row_blocks
from skgeom.gaussian_process._vecchia._full_scale_likelihood import (
    FullScaleLikelihood,
    GivenRows,
    TrendColumns,
)
from skgeom.gaussian_process._vecchia._inducing import (
    InducingFactors,
    choose_inducing_points,
    in_units,
)
from skgeom.gaussian_process._vecchia._local import (
    LocalWeights,
    error_covariance,
    faded_neighbors,
    local_weights,
)
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.gaussian_process._vecchia._processes import draw_jointly
from skgeom.gaussian_process._vecchia._table import Table
from skgeom.graph import ordered_neighbors
from skgeom.typing import NDArray

# "auto" tries this form where inducing points explain such a share of the field, and of
# the noise such a share is the variance of the field that near rows leave, told by so
# many rows.
_EXPLAINED, _WORTH, _TRIED = 0.85, 0.05, 200
_PLANE = 2


class FullScaleProcess(NamedTuple):
    """The posterior of the weights of the factors, and of what is left from near rows.

    Weights have mean `mean`, of each target, and covariance `root` root'.
    """

    table: Table
    kernel: str
    parameters: Parameters
    n_neighbors: int
    n_neighbors_predict: int
    inducing: NDArray
    trend: TrendColumns | None
    mean: NDArray
    root: NDArray

    @classmethod
    def given(cls, table, parameters, settings, backend):
        """The process after the rows of a table: a pass over all of them."""
        inducing = choose_inducing_points(
            table.points, parameters.lengths, settings.n_inducing, backend
        )
        trend = TrendColumns.among(table.points) if settings.linear_trend else None
        sizes = settings.n_neighbors, settings.n_neighbors_predict
        none = np.zeros((0, 0))
        process = cls(
            table, settings.kernel, parameters, *sizes, inducing, trend, none, none
        )
        system, moments = process._sums(backend)
        k = len(system)
        L = scipy.linalg.cholesky(system + np.eye(k), lower=True)
        inverse = scipy.linalg.solve_triangular(L, np.eye(k), lower=True)
        mean = scipy.linalg.cho_solve((L, True), moments)
        return process._replace(mean=mean, root=inverse.T)

    @staticmethod
    def may_pay(table, parameters, settings, backend):
        """Whether inducing points explain the field, and near rows leave much of it.

        As told by some rows, with the parameters of a form of near rows alone. In up to
        two columns the latent form is as good and costs less.
        """
        if len(parameters.lengths) <= _PLANE:
            return False
        some = slice(0, min(_TRIED, len(table.points)))
        queries = table.points[some]
        inducing = choose_inducing_points(
            table.points, parameters.lengths, settings.n_inducing, backend
        )
        factors = InducingFactors(inducing, settings.kernel, parameters, backend)
        phi = backend.to_numpy(factors(in_units(queries, parameters, backend)))
        explained = float((phi**2).sum(axis=1).mean())
        if explained < _EXPLAINED * parameters.signal:
            return False
        local = local_weights(
            table.points,
            queries,
            parameters.noise * table.factors,
            settings.n_neighbors_predict,
            settings.kernel,
            parameters,
            backend,
        )
        return float(local.variances.mean()) > _WORTH * parameters.noise

    @property
    def noise(self):
        """Variance of the noise of each row."""
        return self.parameters.noise * self.table.factors

    def posterior(self, queries, backend, *, variances=True):
        """Means of the signal at queries, and variances."""
        mean = np.empty((len(queries), self.table.residuals.shape[1]))
        left = np.empty(len(queries))
        for rows in self._blocks(len(queries), self.n_neighbors_predict):
            contrasts, local = self._local(queries[rows], backend)
            e, u = np.split(contrasts, [len(self.mean)], axis=1)
            mean[rows] = e @ self.mean - u
            left[rows] = local.variances + ((e @ self.root) ** 2).sum(axis=1)
        return mean, left

    def covariance(self, queries, backend):
        """Covariance of the errors of the means, between queries."""
        options = self.kernel, self.parameters, backend
        contrasts, local = self._local(queries, backend)
        e = contrasts[:, : len(self.mean)]
        of_field = e[:, : len(self.inducing)]
        found = error_covariance(
            local, self.table.points, queries, self.noise, *options
        )
        # Errors are those of what is left, and of the weights, which are known but for
        # their posterior.
        half = e @ self.root
        return found - of_field @ of_field.T + half @ half.T

    def negative_log_likelihood(self, theta, backend):
        """Of all rows, with its gradient."""
        rows = np.arange(len(self.table.points))
        of_all = FullScaleLikelihood(
            [self.table],
            rows,
            self.n_neighbors,
            self.kernel,
            self.trend is not None,
            backend,
        )
        of_all.inducing = self.inducing
        of_all.search(theta)
        return of_all(theta)

    def draw(self, queries, n_columns, rng, backend):
        """Draws of the signal less its mean at queries."""
        return draw_jointly(self, queries, n_columns, rng, backend)

    def _blocks(self, n, m):
        """Rows that are worked on at once."""
        width = len(self.inducing) + 2 * self.table.points.shape[1] + m
        return row_blocks(n, 8 * (m + 1) * width, block_bytes())

    def _sums(self, backend):
        """Sums over all rows of e e' / v and e u' / v, of contrasts and variances."""
        table = self.table
        points = in_units(table.points, self.parameters, backend)
        # Near rows together: they have neighbours in common.
        centers = in_units(self.inducing, self.parameters, backend)
        _, nearest = backend.knn(centers, points, 1)
        order = np.argsort(backend.to_numpy(nearest)[:, 0], kind="stable")
        n_targets = table.residuals.shape[1]
        k = len(self.inducing)
        if self.trend is not None:
            k += len(self.trend.lower) + 1
        system, moments = np.zeros((k, k)), np.zeros((k, n_targets))
        near = ordered_neighbors(points, self.n_neighbors, backend=backend)
        for block in self._blocks(len(order), self.n_neighbors):
            rows = order[block]
            given = GivenRows.of(rows, near[rows])
            noise = given.with_neighbors(self.noise)
            found = self._contrasts(
                table.points[given.used],
                table.residuals[given.used],
                noise,
                given,
                backend,
            )
            contrasts, variances, _ = found
            e, u = contrasts[:, :k], contrasts[:, k:]
            system += backend.to_numpy((e / variances[:, None]).T @ e)
            moments += backend.to_numpy((e / variances[:, None]).T @ u)
        return system, moments

    def _local(self, queries, backend):
        """Contrasts of queries, of whose targets nothing is known; their neighbours."""
        fading, near = faded_neighbors(
            self.table.points,
            queries,
            self.n_neighbors_predict,
            self.parameters,
            backend,
        )
        n = len(self.table.points)
        given = GivenRows.of(n + np.arange(len(queries)), near)
        used = given.used[: len(given.used) - len(queries)]
        points = np.concatenate([self.table.points[used], queries])
        targets = self.table.residuals[used]
        targets = np.pad(targets, ((0, len(queries)), (0, 0)))
        noise = np.pad(self.noise[near] + fading, ((0, 0), (0, 1)))
        found = self._contrasts(points, targets, noise, given, backend)
        contrasts, variances, weights = map(backend.to_numpy, found)
        # The noise that lets neighbours fade is not there: it adds to no error.
        variances = variances - np.einsum("ij,ij,ij->i", fading, weights, weights)
        return contrasts, LocalWeights(near, weights, np.maximum(variances, 0.0))

    def _contrasts(self, points, targets, noise, given, backend):
        """Contrasts of factors and targets; variances, and weights of neighbours."""
        factors = InducingFactors(self.inducing, self.kernel, self.parameters, backend)
        trend = points[:, :0] if self.trend is None else self.trend.of(points)
        points = in_units(points, self.parameters, backend)
        trend, targets, noise = (
            backend.asarray(a, dtype=backend.float64) for a in (trend, targets, noise)
        )
        phi = factors(points)
        rows = Neighborhoods(
            points,
            backend.xp.concat([phi, trend, targets], axis=1),
            phi.shape[1],
            noise,
            backend.asarray(given.neighbors),
            backend.asarray(given.rows),
        )
        return backend.vecchia_contrasts(rows, self.kernel, self.parameters.signal)
