r"""The likelihood of inducing points with Vecchia's form of what they leave.

The field is :math:`f = \phi' w + g`, with :math:`\phi` the factors of inducing points
and w standard normal; g, what they leave, and noise are given neighbours (Gyger, Furrer
and Sigrist, "Vecchia-inducing-points full-scale approximations for Gaussian processes",
arXiv:2507.05064). Derivatives are derived here.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Neighborhoods
from skgeom.gaussian_process._vecchia._inducing import (
    InducingFactors,
    choose_inducing_points,
    in_units,
)
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.graph import ordered_neighbors
from skgeom.typing import NDArray

# Prior variance of the coefficients of what a trend leaves, in units of the table.
_OF_TREND = 10.0


class TrendColumns(NamedTuple):
    """One, and coordinates, as factors of a trend that has a prior.

    A ridge regression has been taken away from targets, but as if what it leaves were
    independent; the field explains a slope as well, with a large variance. Coordinates
    may go a range beyond those of the rows.
    """

    lower: NDArray
    upper: NDArray

    @classmethod
    def among(cls, points):
        """With the range of these points."""
        reach = np.ptp(points, axis=0)
        return cls(points.min(axis=0) - reach, points.max(axis=0) + reach)

    def of(self, points):
        """Columns of placed points, shape (n, n_features + 1)."""
        inside = np.clip(points, self.lower, self.upper)
        return _OF_TREND**0.5 * np.column_stack([np.ones(len(points)), inside])


class GivenRows(NamedTuple):
    """Some rows and their neighbours, as places among the rows that are used at all."""

    used: NDArray
    rows: NDArray
    neighbors: NDArray

    @classmethod
    def of(cls, rows, neighbors):
        """From rows of a table, and for each the rows that it is given or -1."""
        both = np.column_stack([np.maximum(neighbors, 0), rows])
        used, places = np.unique(both, return_inverse=True)
        places = places.reshape(both.shape)
        known = np.where(neighbors >= 0, places[:, :-1], -1)
        return cls(used, places[:, -1], known)

    def with_neighbors(self, values):
        """Values of each neighbour, and of the row as the last."""
        values = values[self.used]
        near = values[np.maximum(self.neighbors, 0)]
        return np.column_stack([near, values[self.rows]])


class FullScaleLikelihood:
    """The likelihood of tables of the same rows, told by a batch of them.

    Parameters
    ----------
    tables : list of Table
        Whose likelihoods are added up. They differ in targets and noise.
    rows : ndarray of shape (n_rows,), int64
        The batch.
    n_neighbors : int
        Of each row.
    kernel : str
        A name of the backends.
    linear_trend : bool
        Whether targets have a trend with a prior.
    backend : Backend
        Where terms are computed.
    """

    def __init__(self, tables, rows, n_neighbors, kernel, linear_trend, backend):
        self.tables, self.points = tables, tables[0].points
        self.rows, self.n_neighbors = rows, n_neighbors
        self.kernel, self.backend = kernel, backend
        self.inducing, self.given = None, None
        self.trend = TrendColumns.among(self.points) if linear_trend else None

    def place(self, theta, n_inducing):
        """Choose inducing points and neighbours that are near by these scales."""
        parameters = Parameters(theta)
        self.inducing = choose_inducing_points(
            self.points, parameters.lengths, n_inducing, self.backend
        )
        self.search(theta)

    def search(self, theta):
        """Find neighbours anew."""
        near = ordered_neighbors(
            in_units(self.points, Parameters(theta), self.backend),
            self.n_neighbors,
            rows=self.rows,
            backend=self.backend,
        )
        self.given = GivenRows.of(self.rows, near)
        self.neighbors = self.backend.asarray(self.given.neighbors)
        self.places = self.backend.asarray(self.given.rows)
        own = self.points[self.given.used]
        columns = own[:, :0] if self.trend is None else self.trend.of(own)
        self.columns = self._there(columns)
        self.noise_factors = [
            self._there(self.given.with_neighbors(table.factors))
            for table in self.tables
        ]
        self.targets = [
            self._there(table.residuals[self.given.used]) for table in self.tables
        ]

    def __call__(self, theta):
        """Negative log likelihood for each row times those of the batch, and gradient.

        On the host. What the batch tells of inducing points counts as often as there
        are rows for each of its own.
        """
        parameters, backend = Parameters(theta), self.backend
        points = in_units(self.points[self.given.used], parameters, backend)
        factors = InducingFactors(self.inducing, self.kernel, parameters, backend)
        phi = factors(points)
        value, gradient = 0.0, np.zeros(len(theta))
        by_phi = 0.0
        for targets, noise_factors in zip(
            self.targets, self.noise_factors, strict=True
        ):
            given = Neighborhoods(
                points,
                backend.xp.concat([phi, self.columns, targets], axis=1),
                phi.shape[1],
                parameters.noise * noise_factors,
                self.neighbors,
                self.places,
            )
            options = self.kernel, parameters.signal
            contrasts, variances, _ = backend.vecchia_contrasts(given, *options)
            found, *slopes = self._of_contrasts(contrasts, variances)
            value += found
            part, by_values = backend.vecchia_contrasts_gradient(
                given, *slopes, *options
            )
            gradient += backend.to_numpy(part)
            by_phi = by_phi + by_values
        gradient[:-1] += factors.gradient(points, phi, by_phi)
        return value, parameters.by_theta(gradient)

    def _of_contrasts(self, contrasts, variances):
        """The value, and its derivatives by contrasts and variances.

        With e the contrasts of factors, u those of targets and v variances: S = I +
        sum e e' / v, t = sum e u' / v, and the value is (log|S| + sum log v + sum
        u^2 / v - t' S^-1 t) / 2.
        """
        xp, backend = self.backend.xp, self.backend
        k = contrasts.shape[1] - self.targets[0].shape[1]
        share = len(self.points) / len(self.rows)
        e, u, v = contrasts[:, :k], contrasts[:, k:], variances[:, None]
        n_targets = u.shape[1]
        system = share * backend.to_numpy((e / v).T @ e)
        system[np.diag_indices(k)] += 1.0
        moments = share * backend.to_numpy((e / v).T @ u)
        L = scipy.linalg.cholesky(system, lower=True)
        mean = scipy.linalg.cho_solve((L, True), moments)
        inverse = self._there(scipy.linalg.cho_solve((L, True), np.eye(k)))
        value = n_targets * np.log(np.diagonal(L)).sum() - 0.5 * (moments * mean).sum()
        value = value / share + 0.5 * float(
            n_targets * xp.sum(xp.log(2 * np.pi * v)) + xp.sum(u * u / v)
        )
        mean = self._there(mean)
        left, spread = u - e @ mean, e @ inverse
        of_row = xp.sum(left * left, axis=1) + n_targets * xp.sum(spread * e, axis=1)
        by_variances = 0.5 * (n_targets - of_row / variances) / variances
        by_e = (n_targets * spread - left @ mean.T) / v
        return value, xp.concat([by_e, left / v], axis=1), by_variances

    def _there(self, values):
        return self.backend.asarray(values, dtype=self.backend.float64)
