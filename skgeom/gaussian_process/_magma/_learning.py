"""Clusters of curves and hyper-parameters, learned in turns.

The variational EM algorithm of Leroy, Latouche, Guedj and Gey, "Cluster-specific
predictions with multi-task Gaussian processes", Journal of Machine Learning Research
24, 2023, with mean processes integrated out while hyper-parameters are learned.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, xlogy
from sklearn.cluster import KMeans

from skgeom.gaussian_process._magma._bound import (
    Design,
    Means,
    Theta,
    evidence_of_clusters,
    mean_processes,
    negative_bound,
    psi_of,
)
from skgeom.gaussian_process._magma._covariances import covariance
from skgeom.gaussian_process._magma._curves import Curves
from skgeom.typing import NDArray

# Bounds of variances, length scales and the noise, for rows of spread one, and where
# learning starts.
_VARIANCE, _LENGTH, _NOISE = (1e-4, 1e3), (1e-2, 1e2), (1e-6, 1e1)
_START_MEAN, _START_TASK, _START_NOISE = (0.7, 0.5), (0.3, 0.3), 0.1
# Steps for hyper-parameters and rounds of labels in a turn.
_STEPS, _ROUNDS = 8, 10
# Steps with one cluster. Turns that starts are compared after, steps in each, and
# rounds: labels wait for hyper-parameters to follow them.
_FIRST_STEPS, _FIRST_TURNS, _FEW_ROUNDS = 25, 2, 2
# Least share of deviations that is taken for those within clusters.
_WITHIN = 1e-2
# Variance of the mean process of one curve, which stays as it is.
_NOTHING = 1e-12
# Prior weight of a cluster without curves.
_LEAST_WEIGHT = 1e-8
# Change of shares that ends rounds.
_SETTLED = 1e-4


class Learned(NamedTuple):
    """Hyper-parameters, shares and weights of clusters, and how they were found."""

    theta: Theta
    shares: NDArray
    weights: NDArray
    bound: float
    n_iter: int
    converged: bool


class Limits(NamedTuple):
    """When learning ends: after so many turns, or a gain below `tol` for each row.

    A turn has `steps` for hyper-parameters, if these are learned, and `rounds` of
    labels.
    """

    max_iter: int
    tol: float
    learn: bool = True
    steps: int = _STEPS
    rounds: int = _ROUNDS


def learn_clusters(
    curves: Curves,
    design: Design,
    n_clusters: int,
    *,
    n_init: int,
    limits: Limits,
    rng: np.random.RandomState,
    callback: Callable | None = None,
) -> Learned:
    """Learn hyper-parameters and shares of clusters.

    One cluster is learned first: its hyper-parameters and what it makes of each curve
    is where several starts of more clusters come from. The best after a few turns is
    learned to the end.

    Parameters
    ----------
    curves : Curves
        Rows in units of their spread.
    design : Design
        Kernels and grid.
    n_clusters : int
        Clusters, at most the number of curves.
    n_init : int
        Starts, with more than one cluster.
    limits : Limits
        When learning ends.
    rng : RandomState
        Decides starts.
    callback : callable, default=None
        Called with the number of turns and the bound.

    Returns
    -------
    Learned
        The best that was found.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._magma._bound import Design
    >>> from skgeom.gaussian_process._magma._curves import Curves
    >>> from skgeom.gaussian_process._magma._learning import Limits, learn_clusters
    >>> t = np.tile(np.linspace(-1, 1, 5), 4)
    >>> codes = np.repeat(np.arange(4), 5)
    >>> y = np.where(codes % 2, 1, -1) * (1 + t) + 0.01 * np.cos(9 * t * codes)
    >>> curves = Curves.of(t[:, None], y, codes, 4)
    >>> design = Design("rbf", "rbf", np.linspace(-1, 1, 5)[:, None])
    >>> learned = learn_clusters(curves, design, 2, n_init=1, limits=Limits(9, 1e-3),
    ...     rng=np.random.RandomState(0))
    >>> labels = learned.shares.argmax(axis=1)
    >>> bool(labels[0] == labels[2] != labels[1] == labels[3])
    True
    """
    stacks, n = curves.stacks(), len(curves.sizes)
    one = np.ones((n, 1))
    start = start_of(curves.inputs.shape[1], common=n > 1)
    if n_clusters == 1:
        return _one_cluster(start, one, stacks, design, limits, callback)
    if limits.learn:
        start = Theta(_step(start, one, stacks, design, _FIRST_STEPS, limits.tol).x)
    means = mean_processes(stacks, one, design, start)
    drawn = curves_on_grid(curves, means, design, start)
    short = limits._replace(max_iter=_FIRST_TURNS, steps=2 * _STEPS, rounds=_FEW_ROUNDS)
    tried = []
    for labels in _starts(drawn, curves, design, n_clusters, n_init, rng):
        shares = np.eye(n_clusters)[labels]
        within = _within(drawn, shares, start)
        tried.append(_to_the_end(within, shares, stacks, design, short))
    best = max(tried, key=lambda found: found.bound)
    return _to_the_end(best.theta, best.shares, stacks, design, limits, callback)


def start_of(n_inputs: int, common: bool = True) -> Theta:
    """Where hyper-parameters start, for rows of spread one.

    One curve alone has nothing in common with others: of its mean process and its
    deviation, the first is left out.
    """
    (variance, length), (own, own_length) = _START_MEAN, _START_TASK
    mean = [variance if common else _NOTHING, *[length] * n_inputs]
    task = [own if common else variance, *[own_length] * n_inputs]
    return Theta(np.log([*mean, *task, _START_NOISE]))


def curves_on_grid(
    curves: Curves, means: Means, design: Design, theta: Theta
) -> NDArray:
    """What one common mean process makes of each curve, on the grid."""
    w = means.moments[0][0]
    on_grid = means.features(design.grid, design, theta) @ w
    out = np.empty((len(curves.sizes), len(design.grid)))
    for i in range(len(out)):
        inputs, targets = curves.one(i)
        residual = targets - means.features(inputs, design, theta) @ w
        crossing = covariance(design.grid, inputs, design.kernel_task, *theta.task)
        psi = psi_of(inputs, design, theta)
        out[i] = on_grid + crossing.values @ np.linalg.solve(psi, residual)
    return out


def _starts(drawn, curves, design, n_clusters, n_init, rng):
    """Labels to start from: by k-means, of processes, lines between rows, at random."""
    tables = [(drawn, 10)]
    if design.grid.shape[1] == 1:
        rows = [curves.one(i) for i in range(len(curves.sizes))]
        lines = [np.interp(design.grid[:, 0], x[:, 0], y) for x, y in rows]
        tables.append((np.array(lines), 10))
    tables += [(drawn, 1)] * n_init
    before = set()
    for table, n in tables[:n_init]:
        labels = _in_order(_k_means(table, n_clusters, n, rng))
        if tuple(labels) not in before:
            before.add(tuple(labels))
            yield labels


def _in_order(labels):
    """The same clusters, numbered as they come first."""
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


def _k_means(table, n_clusters, n_init, rng):
    """Labels; where fewer rows are distinct, some clusters are empty."""
    n_distinct = len(np.unique(table, axis=0))
    model = KMeans(min(n_clusters, n_distinct), n_init=n_init, random_state=rng)
    return model.fit_predict(table)


def _within(drawn, shares, theta):
    """Hyper-parameters of one cluster, with the part between several in the means.

    That part has the length scales of deviations.
    """
    means = shares.T @ drawn / np.maximum(shares.sum(axis=0), 1.0)[:, None]
    total = ((drawn - drawn.mean(axis=0)) ** 2).sum()
    left = ((drawn - shares @ means) ** 2).sum()
    share = max(left / total, _WITHIN) if total > 0 else 1.0
    vector, d = theta.vector.copy(), theta.n_inputs
    between = (1 - share) * theta.task[0]
    if between > theta.mean[0]:
        vector[1 : 1 + d] = vector[2 + d : -1]
    vector[0] = np.log(np.minimum(theta.mean[0] + between, _VARIANCE[1]))
    vector[1 + d] = np.log(np.maximum(share * theta.task[0], _VARIANCE[0]))
    return Theta(vector)


def _one_cluster(theta, shares, stacks, design, limits, callback):
    """Hyper-parameters of one cluster, which has nothing to take turns with."""
    if not limits.learn:
        value, _ = negative_bound(theta.vector, stacks, shares, design)
        return Learned(theta, shares, np.ones(1), -value, 1, True)
    n_steps = limits.max_iter * _STEPS
    found = _step(theta, shares, stacks, design, n_steps, limits.tol)
    n_iter = max(-(-found.nit // _STEPS), 1)
    if callback is not None:
        callback(n_iter, float(found.fun))
    theta, bound = Theta(found.x), -float(found.fun)
    return Learned(theta, shares, np.ones(1), bound, n_iter, found.status != 1)


def _to_the_end(theta, shares, stacks, design, limits, callback=None):
    """Steps for hyper-parameters and rounds of labels, until the bound is at rest."""
    n_rows = sum(int(stack.there.sum()) for stack in stacks)
    bound, converged = -np.inf, False
    for n_iter in range(1, limits.max_iter + 1):
        if limits.learn:
            found = _step(theta, shares, stacks, design, limits.steps, limits.tol)
            theta, value = Theta(found.x), float(found.fun)
        else:
            value, _ = negative_bound(theta.vector, stacks, shares, design)
        new = -value + _entropy(shares, _weights(shares))
        if callback is not None and callback(n_iter, -new):
            break
        shares = _rounds(shares, stacks, design, theta, limits.rounds)
        converged = new - bound <= limits.tol * n_rows
        bound = max(new, bound)
        if converged:
            break
    return Learned(theta, shares, _weights(shares), bound, n_iter, bool(converged))


def _step(theta, shares, stacks, design, max_iter, tol):
    """Some steps of L-BFGS for hyper-parameters: SciPy's result."""
    d = theta.n_inputs
    one = [_VARIANCE, *[_LENGTH] * d]
    bounds = np.log([*one, *one, _NOISE])
    if theta.vector[0] < bounds[0, 0]:
        bounds[: 1 + d] = theta.vector[: 1 + d, None]
    return minimize(
        negative_bound,
        theta.vector,
        args=(stacks, shares, design),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": max_iter, "ftol": 1e-2 * tol, "gtol": 1e-5},
    )


def _rounds(shares, stacks, design, theta, n_rounds):
    """Shares of clusters in curves, given those of all others, until they settle."""
    for _ in range(n_rounds):
        means = mean_processes(stacks, shares, design, theta)
        logs = np.log(_weights(shares)) + evidence_of_clusters(
            stacks, means, design, theta, len(shares)
        )
        new = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        change, shares = np.abs(new - shares).max(), new
        if change <= _SETTLED:
            break
    return shares


def _weights(shares):
    """Weights of clusters; none is quite zero."""
    weights = np.maximum(shares.mean(axis=0), _LEAST_WEIGHT)
    return weights / weights.sum()


def _entropy(shares, weights):
    """What shares themselves add to the bound."""
    return float((shares @ np.log(weights)).sum() - xlogy(shares, shares).sum())
