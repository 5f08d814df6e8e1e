r"""The likelihood of curves in clusters with common mean processes, and its slopes.

A curve of cluster k is :math:`y_i = \mu_k + f_i + \epsilon` (Leroy, Latouche, Guedj and
Gey, "Cluster-specific predictions with multi-task Gaussian processes", Journal of
Machine Learning Research 24, 2023). Mean processes are :math:`\mu_k(t) = \phi(t)' w_k`
with :math:`w_k \sim N(0, I)` and :math:`\phi(t) = L^{-1} k_0(z, t)` for a grid z and
:math:`L L' = k_0(z, z)`. With the shares of clusters in curves held fixed, weights are
integrated out in closed form.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from skgeom.gaussian_process._magma._covariances import covariance
from skgeom.gaussian_process._magma._curves import Stack
from skgeom.typing import NDArray

# Share of the variance that is added on the grid, where inputs are near each other.
_JITTER = 1e-6
# Curves with a smaller share in a cluster are not seen by it.
_LEAST_SHARE = 1e-10


class Theta(NamedTuple):
    """Logs of hyper-parameters, as one vector.

    The variance and the length scales of mean processes, the same of what curves
    deviate by, and the variance of the noise.
    """

    vector: NDArray

    @property
    def n_inputs(self):
        """How many length scales each kernel has."""
        return (len(self.vector) - 3) // 2

    @property
    def mean(self):
        """Variance and length scales of mean processes."""
        values = np.exp(self.vector[: 1 + self.n_inputs])
        return float(values[0]), values[1:]

    @property
    def task(self):
        """Variance and length scales of deviations."""
        values = np.exp(self.vector[1 + self.n_inputs : -1])
        return float(values[0]), values[1:]

    @property
    def noise(self):
        """Variance of the noise."""
        return float(np.exp(self.vector[-1]))


class Design(NamedTuple):
    """Names of both kernels, and the grid of mean processes."""

    kernel_mean: str
    kernel_task: str
    grid: NDArray


class Means(NamedTuple):
    """What is known of the weights of mean processes.

    `factor` is L. Weights of cluster k are Gaussian, of precision ``precisions[k]`` and
    mean ``precisions[k]^-1 projections[k]``.
    """

    factor: NDArray
    precisions: NDArray
    projections: NDArray

    @property
    def moments(self):
        """Means and covariances of weights."""
        found = [_solved(*pair) for pair in zip(*self[1:], strict=True)]
        return np.array([w for _, w, _ in found]), np.array([C for *_, C in found])

    def features(self, inputs, design, theta):
        """The phi of inputs."""
        K = covariance(inputs, design.grid, design.kernel_mean, *theta.mean).values
        return solve_triangular(self.factor, K.T, lower=True).T


class _Terms(NamedTuple):
    """Of a stack: phi, the inverse of Psi, its log determinant, products with it."""

    features: NDArray
    inverse: NDArray
    logarithm: NDArray
    scaled: NDArray
    alpha: NDArray


def mean_processes(
    stacks: list[Stack], shares: NDArray, design: Design, theta: Theta
) -> Means:
    """What curves say of mean processes.

    Parameters
    ----------
    stacks : list of Stack
        The curves.
    shares : ndarray of shape (n_curves, n_clusters)
        Of clusters in curves; rows add up to one.
    design : Design
        Kernels and grid.
    theta : Theta
        Hyper-parameters.

    Returns
    -------
    Means
        Precisions and projections, sums over curves.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._magma._bound import (
    ...     Design, Theta, mean_processes)
    >>> from skgeom.gaussian_process._magma._curves import Curves
    >>> curves = Curves.of(np.zeros((2, 1)), np.ones(2), np.arange(2), 2)
    >>> design = Design("rbf", "rbf", np.zeros((1, 1)))
    >>> means = mean_processes(
    ...     curves.stacks(), np.ones((2, 1)), design, Theta(np.zeros(5)))
    >>> means.moments[0].round(3)  # two values of variance 2 about one of variance 1
    array([[0.5]])
    """
    _, factor = _grid_factor(design, theta)
    terms = [_terms(stack, factor, design, theta) for stack in stacks]
    return Means(factor, *_sums(stacks, terms, shares))


def evidence_of_clusters(
    stacks: list[Stack], means: Means, design: Design, theta: Theta, n_curves: int
) -> NDArray:
    """Expected log density of each curve in each cluster, shape (n_curves, n_clusters).

    But for what is the same in all clusters.
    """
    out = np.empty((n_curves, len(means.projections)))
    weights, covariances = means.moments
    for stack in stacks:
        terms = _terms(stack, means.factor, design, theta)
        for k, (w, C) in enumerate(zip(weights, covariances, strict=True)):
            residual = stack.targets - terms.features @ w
            misfit = (residual * (terms.alpha - terms.scaled @ w)).sum(axis=1)
            spread = np.einsum("gnm,gnm->g", terms.features @ C, terms.scaled)
            out[stack.which, k] = -0.5 * (misfit + spread)
    return out


def negative_bound(
    vector: NDArray, stacks: list[Stack], shares: NDArray, design: Design
) -> tuple[float, NDArray]:
    """Negative log likelihood with shares of clusters fixed, and its gradient.

    Parameters
    ----------
    vector : ndarray of shape (2 * n_inputs + 3,)
        Of `Theta`.
    stacks : list of Stack
        The curves.
    shares : ndarray of shape (n_curves, n_clusters)
        Of clusters in curves; rows add up to one.
    design : Design
        Kernels and grid.

    Returns
    -------
    value : float
        Infinite where a matrix is not positive definite to rounding.
    gradient : ndarray of shape (2 * n_inputs + 3,)
        Zero there.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._magma._bound import Design, negative_bound
    >>> from skgeom.gaussian_process._magma._curves import Curves
    >>> curves = Curves.of(np.zeros((1, 1)), np.ones(1), np.zeros(1, int), 1)
    >>> design = Design("rbf", "rbf", np.zeros((1, 1)))
    >>> value, _ = negative_bound(
    ...     np.zeros(5), curves.stacks(), np.ones((1, 1)), design)
    >>> round(float(value - np.log(2 * np.pi * 3) / 2), 5)  # 1 / (2 * 3)
    0.16667
    """
    theta = Theta(vector)
    try:
        return _bound(theta, stacks, shares, design)
    except np.linalg.LinAlgError:
        return np.inf, np.zeros(len(vector))


def _bound(theta, stacks, shares, design):
    on_grid, factor = _grid_factor(design, theta)
    terms = [_terms(stack, factor, design, theta) for stack in stacks]
    precisions, projections = _sums(stacks, terms, shares)
    solved = [_solved(*pair) for pair in zip(precisions, projections, strict=True)]
    value = sum(
        0.5 * (t.logarithm.sum() + np.log(2 * np.pi) * s.there.sum())
        + 0.5 * np.vdot(s.targets, t.alpha)
        for s, t in zip(stacks, terms, strict=True)
    )
    for (logarithm, w, _), c in zip(solved, projections, strict=True):
        value += 0.5 * logarithm - 0.5 * c @ w
    d = theta.n_inputs
    gradient = np.zeros(len(theta.vector))
    inner = np.zeros_like(factor)
    for stack, t in zip(stacks, terms, strict=True):
        of_psi, of_features = _adjoints(stack, t, shares, solved)
        inner += np.tensordot(of_features, t.features, ((0, 1), (0, 1)))
        K = covariance(stack.inputs, stack.inputs, design.kernel_task, *theta.task)
        gradient[1 + d : -1] += K.by_logs(of_psi)
        own = np.einsum("gnn->gn", of_psi)
        gradient[-1] += theta.noise * own.sum()
        M = len(factor)
        of_K = solve_triangular(
            factor, of_features.reshape(-1, M).T, lower=True, trans=1
        ).T.reshape(of_features.shape)
        K = covariance(stack.inputs, design.grid, design.kernel_mean, *theta.mean)
        gradient[: 1 + d] += K.by_logs(of_K)
    # The adjoint of a Cholesky factor, of which it takes but the inner product.
    half = np.tril(inner)
    half[np.diag_indices(len(half))] *= 0.5
    of_grid = -0.5 * (half + half.T)
    for _ in range(2):
        of_grid = solve_triangular(factor, of_grid, lower=True, trans=1).T
    gradient[: 1 + d] += on_grid.by_logs(of_grid)
    gradient[0] += _JITTER * theta.mean[0] * np.trace(of_grid)
    return float(value), gradient


def _adjoints(stack, terms, shares, solved):
    """Derivatives of the bound by Psi and by phi, zero for rows that are missing."""
    of_psi = terms.inverse.copy()
    of_features = np.zeros_like(terms.features)
    for k, (_, w, C) in enumerate(solved):
        share = shares[stack.which, k]
        some = np.flatnonzero(share > _LEAST_SHARE)
        if len(some) == 0:
            continue
        weight = share[some][:, None, None]
        scaled = terms.scaled[some]
        alpha = (terms.alpha[some] - scaled @ w)[:, :, None]
        spread = scaled @ C
        of_psi[some] -= weight * (alpha @ alpha.transpose(0, 2, 1))
        of_psi[some] -= weight * (spread @ scaled.transpose(0, 2, 1))
        of_features[some] += weight * (spread - alpha * w)
    both = stack.there[:, :, None] & stack.there[:, None, :]
    return np.where(both, 0.5 * of_psi, 0.0), of_features


def _grid_factor(design, theta):
    """Covariance of mean processes on the grid, and its Cholesky factor."""
    K = covariance(design.grid, design.grid, design.kernel_mean, *theta.mean)
    system = K.values.copy()
    system[np.diag_indices(len(system))] += _JITTER * theta.mean[0]
    return K, np.linalg.cholesky(system)


def _terms(stack, factor, design, theta):
    """Everything of a stack that clusters share."""
    K = covariance(stack.inputs, design.grid, design.kernel_mean, *theta.mean).values
    flat = solve_triangular(factor, K.reshape(-1, len(factor)).T, lower=True).T
    features = np.where(stack.there[:, :, None], flat.reshape(K.shape), 0.0)
    psi = psi_of(stack.inputs, design, theta)
    both = stack.there[:, :, None] & stack.there[:, None, :]
    psi = np.where(both, psi, np.eye(psi.shape[1]))
    diagonal = np.einsum("gnn->gn", np.linalg.cholesky(psi))
    logarithm = 2 * np.log(diagonal).sum(axis=1)
    inverse = np.linalg.inv(psi)
    inverse = (inverse + inverse.transpose(0, 2, 1)) / 2
    alpha = (inverse @ stack.targets[:, :, None])[:, :, 0]
    return _Terms(features, inverse, logarithm, inverse @ features, alpha)


def psi_of(inputs: NDArray, design: Design, theta: Theta) -> NDArray:
    """Covariance of deviations with their noise, of one curve or a stack of them."""
    psi = covariance(inputs, inputs, design.kernel_task, *theta.task).values
    return psi + theta.noise * np.eye(psi.shape[-1])


def _sums(stacks, terms, shares):
    """Precisions and projections of all clusters."""
    M = terms[0].features.shape[2]
    precisions, projections = [], []
    for k in range(shares.shape[1]):
        B, c = np.eye(M), np.zeros(M)
        for stack, t in zip(stacks, terms, strict=True):
            share = shares[stack.which, k]
            some = np.flatnonzero(share > _LEAST_SHARE)
            weight = share[some][:, None]
            features = t.features[some].reshape(-1, M)
            scaled = weight[:, :, None] * t.scaled[some]
            B += features.T @ scaled.reshape(-1, M)
            c += features.T @ (weight * t.alpha[some]).ravel()
        precisions.append((B + B.T) / 2)
        projections.append(c)
    return np.array(precisions), np.array(projections)


def _solved(precision, projection):
    """Log determinant, mean and covariance of weights."""
    L = np.linalg.cholesky(precision)
    w = cho_solve((L, True), projection)
    C = cho_solve((L, True), np.eye(len(L)))
    return 2 * np.log(np.diagonal(L)).sum(), w, C
