"""What is known of a Gaussian process after some rows: exactly, or from near rows.

Exactly as in Rasmussen and Williams, "Gaussian processes for machine learning", MIT
Press, 2006, algorithm 2.1; from near rows after Vecchia (1988).
"""

from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Backend, block_bytes, row_blocks
from skgeom.gaussian_process._vecchia._dense import dense_likelihood, dense_posterior
from skgeom.gaussian_process._vecchia._fisher_scoring import BatchLikelihood
from skgeom.gaussian_process._vecchia._local import error_covariance, local_weights
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.gaussian_process._vecchia._table import Table
from skgeom.typing import NDArray

# Rows that predictions from neighbours are made for at once.
_BLOCK = 2**16


def draw_jointly(
    process: Any, queries: NDArray, n_columns: int, rng: Any, backend: Backend
) -> NDArray:
    """Draws of the signal less its mean at queries, from their covariance.

    Shape (n_queries, n_columns).
    """
    root = root_of(process.covariance(queries, backend))
    return root @ rng.standard_normal((len(queries), n_columns))


def root_of(covariance):
    """A root R of a covariance RR', of which rounding may have made negative parts."""
    values, vectors = scipy.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


class ExactProcess(NamedTuple):
    """The posterior with the whole matrix: inverse of its factor, and coefficients."""

    table: Table
    kernel: str
    parameters: Parameters
    inverse: NDArray
    dual: NDArray

    @classmethod
    def given(cls, table, parameters, settings, backend):
        """The process after the rows of a table."""
        found = dense_posterior(*table, settings.kernel, parameters)
        return cls(table, settings.kernel, parameters, *found)

    def posterior(self, queries, backend, *, variances=True):
        """Means of the signal at queries, and variances; the latter only if wanted."""
        mean = np.empty((len(queries), self.dual.shape[1]))
        left = np.empty(len(queries)) if variances else None
        inverse, dual = (backend.asarray(a) for a in (self.inverse, self.dual))
        row_bytes = 8 * 3 * len(self.dual)
        for rows in row_blocks(len(queries), row_bytes, block_bytes()):
            K = self._values(queries[rows], self.table.points, backend)
            mean[rows] = backend.to_numpy(K @ dual)
            if variances:
                explained = backend.xp.sum((K @ inverse.T) ** 2, axis=1)
                left[rows] = self.parameters.signal - backend.to_numpy(explained)
        if variances:
            left = np.maximum(left, 0.0)
        return mean, left

    def covariance(self, queries, backend):
        """Covariance of the signal between queries."""
        K = self._values(queries, self.table.points, backend)
        root = K @ backend.asarray(self.inverse.T)
        found = self._values(queries, queries, backend) - root @ root.T
        found = backend.to_numpy(found)
        return (found + found.T) / 2

    def negative_log_likelihood(self, theta, backend):
        """Of the rows, with its gradient."""
        return dense_likelihood(theta, *self.table, self.kernel)

    def draw(self, queries, n_columns, rng, backend):
        """Draws of the signal less its mean at queries."""
        return draw_jointly(self, queries, n_columns, rng, backend)

    def _values(self, A, B, backend):
        A, B = (
            backend.asarray(points / self.parameters.lengths, dtype=backend.float64)
            for points in (A, B)
        )
        found = backend.kernel_values(A, B, self.kernel, 0.5)
        return self.parameters.signal * found


class NeighborProcess(NamedTuple):
    """The posterior at each row from the noisy targets of its nearest rows."""

    table: Table
    kernel: str
    parameters: Parameters
    n_neighbors: int
    n_neighbors_predict: int

    @classmethod
    def given(cls, table, parameters, settings, backend):
        """The process after the rows of a table, each looked up when it is near."""
        sizes = settings.n_neighbors, settings.n_neighbors_predict
        return cls(table, settings.kernel, parameters, *sizes)

    @property
    def noise(self):
        """Variance of the noise of each row."""
        return self.parameters.noise * self.table.factors

    def posterior(self, queries, backend, *, variances=True):
        """Means of the signal at queries, and variances."""
        mean = np.empty((len(queries), self.table.residuals.shape[1]))
        left = np.empty(len(queries))
        for rows in row_blocks(len(queries), 1, _BLOCK):
            local = self._local(queries[rows], backend)
            mean[rows] = local.mean(self.table.residuals)
            left[rows] = local.variances
        return mean, left

    def covariance(self, queries, backend):
        """Covariance of the errors of the means, between queries."""
        options = self.kernel, self.parameters, backend
        local = self._local(queries, backend)
        return error_covariance(local, self.table.points, queries, self.noise, *options)

    def negative_log_likelihood(self, theta, backend):
        """Of all rows, each given its neighbours before it, with its gradient."""
        rows = np.arange(len(self.table.points))
        of_all = BatchLikelihood(
            *self.table, rows, self.n_neighbors, self.kernel, backend
        )
        of_all.search(theta)
        return of_all(theta)[:2]

    def draw(self, queries, n_columns, rng, backend):
        """Draws of the signal less its mean at queries."""
        return draw_jointly(self, queries, n_columns, rng, backend)

    def _local(self, queries, backend):
        return local_weights(
            self.table.points,
            queries,
            self.noise,
            self.n_neighbors_predict,
            self.kernel,
            self.parameters,
            backend,
        )
