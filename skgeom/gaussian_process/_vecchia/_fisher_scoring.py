"""Hyper-parameters from Vecchia's likelihood, by Fisher scoring on a batch of rows.

Every row given its neighbours is a term of its own, so that a batch of rows tells the
parameters of all (Guinness, "Gaussian process learning via Fisher scoring of Vecchia's
approximation", Statistics and Computing 31, 2021).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.linalg

from skgeom.gaussian_process._vecchia._parameters import Freedom, Parameters
from skgeom.graph import ordered_neighbors
from skgeom.typing import NDArray

# Neighbours are sought anew where weights of the columns, as shares of the largest,
# have changed so much; but after each search only after twice as many steps.
_DRIFT = 0.1
_MOST_SEARCHES = 8
# Largest step of a log of a parameter.
_LARGEST_STEP = 1.0


class Ascent(NamedTuple):
    """Numbers that steps end in, and the log likelihoods of the first and last ones."""

    phi: NDArray
    first: float
    last: float
    converged: bool


class BatchLikelihood:
    """The likelihood of a batch of rows, each given its neighbours among all.

    Parameters
    ----------
    points, targets : ndarray of shape (n, n_features), (n, n_targets)
        All rows, in their order.
    factors : ndarray of shape (n,)
        What the variance of the noise of each row is multiplied by.
    rows : ndarray of shape (n_rows,), int64
        The batch.
    n_neighbors : int
        Of each row.
    kernel : str
        A name of the backends.
    backend : Backend
        Where the terms are computed.
    """

    def __init__(self, points, targets, factors, rows, n_neighbors, kernel, backend):
        self.points, self.kernel, self.backend = points, kernel, backend
        self.rows, self.n_neighbors = rows, n_neighbors
        self.there = [
            backend.asarray(a, dtype=backend.float64) for a in (targets, factors)
        ]
        self.rows_there = backend.asarray(rows)
        self.neighbors, self.searched = None, None

    def drift(self, theta):
        """How far the columns' weights are from those that neighbours are near in."""
        weights = np.exp(theta[1:-1].min(initial=0.0) - theta[1:-1])
        if self.searched is None:
            return np.inf
        return float(np.abs(weights - self.searched).max(initial=0.0))

    def search(self, theta):
        """Find the neighbours anew."""
        self.searched = np.exp(theta[1:-1].min(initial=0.0) - theta[1:-1])
        points = self.backend.asarray(self.points / Parameters(theta).lengths)
        found = ordered_neighbors(
            points, self.n_neighbors, rows=self.rows, backend=self.backend
        )
        self.neighbors = self.backend.asarray(found)

    def __call__(self, theta):
        """Negative log likelihood, gradient and Fisher information, on the host."""
        parameters = Parameters(theta)
        points = self.backend.asarray(
            self.points / parameters.lengths, dtype=self.backend.float64
        )
        targets, factors = self.there
        found = self.backend.vecchia_likelihood(
            points,
            targets,
            parameters.noise * factors,
            self.neighbors,
            self.rows_there,
            self.kernel,
            parameters.signal,
        )
        value, gradient, fisher = (
            self.backend.to_numpy(part).astype(np.float64) for part in found
        )
        return float(value), *parameters.by_theta(gradient, fisher)


def learn_by_fisher_scoring(
    likelihood: BatchLikelihood,
    free: Freedom,
    start: NDArray,
    *,
    tol: float,
    max_iter: int,
    callback: Callable | None = None,
) -> Ascent:
    """Maximise the likelihood of a batch, with a weak pull of length scales.

    Steps go by the Fisher information, damped where they do not descend. Neighbours
    follow the length scales; values before and after are not compared.
    """
    phi, n_batch = start, len(likelihood.rows)
    n_searches, due, damping, converged = 1, 2, 1e-3, False

    def of(phi):
        value, gradient, fisher = likelihood(free.theta(phi))
        pull, slope, curvature = free.toward_middle(phi)
        gradient = free.matrix.T @ gradient + slope
        fisher = free.matrix.T @ fisher @ free.matrix + np.diag(curvature)
        return value + pull, gradient, fisher, value

    if likelihood.drift(free.theta(phi)) > _DRIFT:
        likelihood.search(free.theta(phi))
    current = of(phi)
    first = current[3]
    for n_iter in range(1, max_iter + 1):
        moved = likelihood.drift(free.theta(phi)) > _DRIFT
        if moved and (n_iter >= due or converged) and n_searches < _MOST_SEARCHES:
            likelihood.search(free.theta(phi))
            n_searches, due, converged = n_searches + 1, 2 * n_iter, False
            current = of(phi)
        if converged:
            break
        while True:
            step = _damped_step(current, damping, n_batch)
            proposed = free.clip(phi + step)
            found = of(proposed)
            if found[0] < current[0]:
                break
            damping = max(10 * damping, 1e-2)
            if damping > 1e8:
                proposed, found = phi, current
                break
        gain = current[0] - found[0]
        phi, current, damping = proposed, found, max(damping / 10, 1e-6)
        converged = gain <= tol * n_batch
        if callback is not None and callback(n_iter, current[0] / n_batch):
            converged = True  # to whom it was told
            break
    return Ascent(phi, -first, -current[3], converged)


def _damped_step(current, damping, n_batch):
    """A step of Levenberg and Marquardt, of bounded size."""
    _, gradient, fisher, _ = current
    diagonal = np.diagonal(fisher)
    system = fisher + np.diag(damping * diagonal + 1e-6 * n_batch)
    step = -scipy.linalg.solve(system, gradient, assume_a="pos")
    return np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
