"""What is known of a curve after its rows, in each cluster.

Equations 14 to 17 of Leroy, Latouche, Guedj and Gey, "Cluster-specific predictions with
multi-task Gaussian processes", Journal of Machine Learning Research 24, 2023.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import softmax

from skgeom.gaussian_process._magma._bound import Design, Means, Theta, psi_of
from skgeom.gaussian_process._magma._covariances import covariance
from skgeom.typing import NDArray


class Forecaster(NamedTuple):
    """Mean processes, and all that a forecast of a curve needs.

    `moments` are those of the weights of mean processes, and `weights` the prior
    probabilities of clusters.
    """

    means: Means
    moments: tuple[NDArray, NDArray]
    weights: NDArray
    design: Design
    theta: Theta

    @classmethod
    def of(cls, means, weights, design, theta):
        """With the moments that follow."""
        return cls(means, means.moments, weights, design, theta)

    def without(self, inputs, targets, shares):
        """Mean processes as all curves but one know them."""
        features = self.means.features(inputs, self.design, self.theta)
        psi = psi_of(inputs, self.design, self.theta)
        scaled = np.linalg.solve(psi, features)
        own, projection = features.T @ scaled, scaled.T @ targets
        means = Means(
            self.means.factor,
            self.means.precisions - shares[:, None, None] * (own + own.T) / 2,
            self.means.projections - shares[:, None] * projection,
        )
        return Forecaster.of(means, self.weights, self.design, self.theta)

    def mean_processes(self, queries):
        """Means and variances of mean processes, shape (n_clusters, n_queries)."""
        w, C = self.moments
        own = self.means.features(queries, self.design, self.theta)
        # What the grid does not resolve of mean processes is as before.
        unseen = np.maximum(self.theta.mean[0] - (own * own).sum(axis=1), 0.0)
        return w @ own.T, _spread(own, C) + unseen


class Forecast(NamedTuple):
    """Means and variances at queries in each cluster, and weights of the clusters.

    `means` and `variances` have the shape (n_clusters, n_queries), without noise.
    """

    means: NDArray
    variances: NDArray
    weights: NDArray

    def moments(self, weights):
        """Mean and variance of the mixture."""
        mean = weights @ self.means
        spread = (self.means - mean) ** 2
        return mean, weights @ (self.variances + spread)


def forecast(
    inputs: NDArray, targets: NDArray, queries: NDArray, known: Forecaster
) -> Forecast:
    """Forecast a curve that mean processes do not know yet.

    Parameters
    ----------
    inputs : ndarray of shape (n, n_inputs)
        Where it has been seen; n may be zero.
    targets : ndarray of shape (n,)
        What has been seen.
    queries : ndarray of shape (n_queries, n_inputs)
        Where it is asked for.
    known : Forecaster
        What other curves say.

    Returns
    -------
    Forecast
        In each cluster.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._magma._bound import Design, Means, Theta
    >>> from skgeom.gaussian_process._magma._forecast import Forecaster, forecast
    >>> means = Means(np.eye(1), np.ones((1, 1, 1)), np.zeros((1, 1)))
    >>> design = Design("rbf", "rbf", np.zeros((1, 1)))
    >>> known = Forecaster.of(means, np.ones(1), design, Theta(np.zeros(5)))
    >>> x = np.zeros((1, 1))
    >>> forecast(x, np.array([3.0]), x, known).means  # signal 2, noise 1
    array([[2.]])
    """
    design, theta = known.design, known.theta
    prior, spread = known.mean_processes(queries)
    spread = spread + theta.task[0]
    if len(targets) == 0:
        return Forecast(prior, spread, known.weights)
    w, C = known.moments
    own = known.means.features(queries, design, theta)
    features = known.means.features(inputs, design, theta)
    crossing = covariance(queries, inputs, design.kernel_task, *theta.task).values
    psi = psi_of(inputs, design, theta)
    logs = np.log(known.weights)
    found, left = np.empty_like(prior), np.empty_like(spread)
    for k in range(len(w)):
        R = psi + features @ C[k] @ features.T
        joint = crossing + own @ C[k] @ features.T
        factor = cho_factor((R + R.T) / 2, lower=True)
        residual = targets - features @ w[k]
        alpha = cho_solve(factor, residual)
        found[k] = prior[k] + joint @ alpha
        left[k] = spread[k] - np.einsum("qn,nq->q", joint, cho_solve(factor, joint.T))
        logs[k] -= 0.5 * residual @ alpha + np.log(np.diagonal(factor[0])).sum()
    return Forecast(found, np.maximum(left, 0.0), softmax(logs))


def forecast_known(
    inputs: NDArray,
    targets: NDArray,
    shares: NDArray,
    queries: NDArray,
    known: Forecaster,
) -> Forecast:
    """Forecast a curve whose rows mean processes have been learned from."""
    design, theta = known.design, known.theta
    prior, spread = known.mean_processes(queries)
    w, C = known.moments
    own = known.means.features(queries, design, theta)
    features = known.means.features(inputs, design, theta)
    crossing = covariance(queries, inputs, design.kernel_task, *theta.task).values
    factor = cho_factor(psi_of(inputs, design, theta), lower=True)
    gain = cho_solve(factor, crossing.T).T
    residuals = targets - w @ features.T
    # Deviations take up a part of what is not known of mean processes.
    left = own - gain @ features
    spread = spread - _spread(own, C) + _spread(left, C) + theta.task[0]
    spread -= (gain * crossing).sum(axis=1)
    return Forecast(prior + residuals @ gain.T, np.maximum(spread, 0.0), shares)


def _spread(features, covariances):
    """Variances of products of features and weights, (n_clusters, n_queries)."""
    return np.stack([((features @ C) * features).sum(axis=1) for C in covariances])
