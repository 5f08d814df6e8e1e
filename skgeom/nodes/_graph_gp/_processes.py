"""What is known of the values of all nodes after those of some.

By the covariance of labels as in Rasmussen and Williams, "Gaussian processes for
machine learning", MIT Press, 2006, section 2.2; by the sparse precision of all nodes as
in Rue and Held, "Gaussian Markov random fields", Chapman and Hall, 2005; else by
conjugate gradients. Draws are made by Matheron's rule.
"""

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from skgeom._warnings import warn
from skgeom.nodes._graph_gp._evidence import Evidence, profile
from skgeom.nodes._graph_gp._labels import Labels
from skgeom.nodes._graph_gp._lanczos import lanczos_evidence
from skgeom.nodes._graph_gp._prior import (
    GraphPrior,
    decomposed,
    indicators,
    log_determinant,
)
from skgeom.solvers import conjugate_gradient
from skgeom.typing import NDArray

# Of the residuals of conjugate gradients, and the most steps.
_SOLVED, _MOST_STEPS = 1e-8, 2000


class DenseProcess:
    """The posterior by the dense covariance of the labels.

    Parameters
    ----------
    prior : GraphPrior
        Covariance of nodes.
    labels : Labels
        What is known.
    ratio : float
        Noise of a label of weight one, in units of the signal variance.
    """

    def __init__(self, prior: GraphPrior, labels: Labels, ratio: float):
        self.prior, self.labels, self.ratio = prior, labels, ratio
        K = prior.between(labels.nodes)
        K[np.diag_indices(len(K))] += ratio / labels.weights
        self.factor = scipy.linalg.cholesky(K, lower=True, overwrite_a=True)
        half = self._half(labels.targets)
        self.quadratic = float((half**2).sum())
        dual = scipy.linalg.solve_triangular(self.factor, half, lower=True, trans=1)
        at = indicators(labels.nodes, prior.n_nodes)
        self.values = prior.product(at.T @ dual)

    def variances(self, rows):
        """Variances of weighted sums of nodes."""
        found = np.empty(rows.shape[0])
        for part, columns in self.prior.columns(rows):
            half = self._half(columns[self.labels.nodes])
            found[part] = rows[part].multiply(columns.T).sum(axis=1)
            found[part] -= (half**2).sum(axis=0)
        return np.maximum(found, 0.0)

    def covariance(self, rows):
        """Covariance of weighted sums of nodes."""
        n = rows.shape[0]
        total, halves = np.empty((n, n)), np.empty((len(self.labels.nodes), n))
        for part, columns in self.prior.columns(rows):
            halves[:, part] = self._half(columns[self.labels.nodes])
            total[:, part] = rows @ columns
        total -= halves.T @ halves
        return (total + total.T) / 2

    def evidence(self, noise: float | None = None) -> Evidence:
        """Log density of the labels."""
        determinant = 2 * np.log(np.diagonal(self.factor)).sum()
        return profile(determinant, self.quadratic, self.ratio, noise, self.labels)

    def _half(self, V):
        return scipy.linalg.solve_triangular(
            self.factor, V, lower=True, check_finite=False
        )


class SparseProcess:
    r"""The posterior by the sparse precision :math:`k(L)^{-1} + S W S / \rho`.

    Parameters
    ----------
    prior : GraphPrior
        Covariance of nodes, of an inverse power that was decomposed.
    labels : Labels
        What is known.
    ratio : float
        Noise of a label of weight one, in units of the signal variance.
    n_draws : int
        Draws that variances are estimated from; 0 is none, variances are exact.
    seed : int, default=0
        Of the draws.
    """

    def __init__(
        self,
        prior: GraphPrior,
        labels: Labels,
        ratio: float,
        n_draws: int,
        seed: int = 0,
    ):
        self.prior, self.labels, self.ratio = prior, labels, ratio
        self.n_draws = n_draws
        gains = np.zeros(prior.n_nodes)
        gains[labels.nodes] = labels.weights / ratio
        power = prior.matrix
        for _ in range(prior.power - 1):
            power = power @ prior.matrix
        self.precision = (power + sp.diags_array(prior.roots**2 * gains)).tocsc()
        self.factor = decomposed(self.precision)
        told = np.zeros((prior.n_nodes, labels.targets.shape[1]))
        told[labels.nodes] = labels.targets
        told *= (prior.roots * gains)[:, None]
        self.values = prior.roots[:, None] * self.factor.solve(told)
        explained = (labels.targets * self.values[labels.nodes]).sum(axis=1)
        squares = (labels.targets**2).sum(axis=1)
        self.quadratic = float((labels.weights / ratio) @ (squares - explained))
        if n_draws:
            self._draw(gains, np.random.default_rng(seed))

    def __getstate__(self):
        """Leave the decomposition behind, which is not to be stored."""
        return {**self.__dict__, "factor": None}

    def __setstate__(self, state):
        """Decompose anew."""
        self.__dict__.update(state)
        self.factor = decomposed(self.precision)

    def _draw(self, gains, rng):
        """Draws of the field less its mean, of variances that are better.

        Of each node the variance given the others is known: only that of its mean is
        estimated (Rao and Blackwell).
        """
        roots, shape = self.prior.roots[:, None], (len(gains), self.n_draws)
        noise = self.prior.precision_root(rng.standard_normal(shape))
        noise += roots * np.sqrt(gains)[:, None] * rng.standard_normal(shape)
        draws = self.factor.solve(noise)
        own = self.precision.diagonal()[:, None]
        means = self.precision @ draws / own - draws
        better = 1 / own[:, 0] + (means**2).mean(axis=1)
        draws *= np.sqrt(better / (draws**2).mean(axis=1))[:, None]
        self.draws = roots * draws

    def variances(self, rows):
        """Variances of weighted sums of nodes."""
        if self.n_draws:
            return ((rows @ self.draws) ** 2).mean(axis=1)
        found = np.empty(rows.shape[0])
        for part, known in self._columns(rows):
            found[part] = rows[part].multiply(known.T).sum(axis=1)
        return np.maximum(found, 0.0)

    def covariance(self, rows):
        """Covariance of weighted sums of nodes."""
        total = np.empty((rows.shape[0], rows.shape[0]))
        for part, known in self._columns(rows):
            total[:, part] = rows @ known
        return (total + total.T) / 2

    def _columns(self, rows):
        """Covariances of all nodes with weighted sums, block after block."""
        roots = self.prior.roots[:, None]
        for part in self.prior.blocks(rows.shape[0]):
            known = self.factor.solve(roots * rows[part].T.toarray())
            yield part, roots * known

    def evidence(self, noise: float | None = None) -> Evidence:
        """Log density of the labels."""
        determinant = log_determinant(self.factor)
        determinant -= self.prior.power * log_determinant(self.prior.factor)
        determinant += np.log(self.ratio / self.labels.weights).sum()
        return profile(determinant, self.quadratic, self.ratio, noise, self.labels)


class IterativeProcess:
    """The posterior by conjugate gradients, its variances from draws.

    Parameters
    ----------
    prior : GraphPrior
        Covariance of nodes.
    labels : Labels
        What is known.
    ratio : float
        Noise of a label of weight one, in units of the signal variance.
    n_draws : int
        Draws that variances are estimated from.
    seed : int, default=0
        Of the draws.
    """

    def __init__(
        self,
        prior: GraphPrior,
        labels: Labels,
        ratio: float,
        n_draws: int,
        seed: int = 0,
    ):
        self.prior, self.labels, self.ratio = prior, labels, ratio
        rng = np.random.default_rng(seed)
        before = prior.root(rng.standard_normal((prior.n_nodes, n_draws)))
        spread = np.sqrt(ratio / labels.weights)[:, None]
        noise = spread * rng.standard_normal((len(labels.nodes), n_draws))
        known = before[labels.nodes] + noise
        n_targets = labels.targets.shape[1]
        dual = self._solve(np.hstack([labels.targets, known]))
        explained = prior.product(self._full(dual))
        self.values = explained[:, :n_targets].copy()
        self.draws = before - explained[:, n_targets:]

    def product(self, V):
        """Multiply by the noisy covariance of labels between roots of weights."""
        roots = np.sqrt(self.labels.weights)[:, None]
        found = self.prior.product(self._full(roots * V))[self.labels.nodes]
        return roots * found + self.ratio * V

    def variances(self, rows):
        """Variances of weighted sums of nodes."""
        return ((rows @ self.draws) ** 2).mean(axis=1)

    def covariance(self, rows):
        """Covariance of weighted sums of nodes."""
        n = rows.shape[0]
        total, crossing = np.empty((n, n)), np.empty((len(self.labels.nodes), n))
        for part, columns in self.prior.columns(rows):
            crossing[:, part] = columns[self.labels.nodes]
            total[:, part] = rows @ columns
        total -= crossing.T @ self._solve(crossing)
        return (total + total.T) / 2

    def evidence(self, noise: float | None = None) -> Evidence:
        """Log density of the labels, its determinant by stochastic Lanczos."""
        return lanczos_evidence(self.product, self.labels, self.ratio, noise)

    def _full(self, V):
        full = np.zeros((self.prior.n_nodes, V.shape[1]))
        full[self.labels.nodes] = V
        return full

    def _solve(self, B):
        roots = np.sqrt(self.labels.weights)[:, None]
        found = conjugate_gradient(
            np, self.product, roots * B, tol=_SOLVED, max_iter=_MOST_STEPS
        )
        if not found.converged:
            warn(
                f"Conjugate gradients stopped after {_MOST_STEPS} steps, residual "
                f"{found.residuals.max():.1e}: the noise is very small.",
            )
        return roots * np.asarray(found.solution)


def draw(covariance: NDArray, n_columns: int, rng: Any) -> NDArray:
    """Columns of Gaussian numbers of a covariance, shape (n, n_columns)."""
    values, vectors = scipy.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return root @ rng.standard_normal((len(covariance), n_columns))
