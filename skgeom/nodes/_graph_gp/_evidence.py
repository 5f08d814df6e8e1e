"""Range, signal and noise of greatest evidence.

As in Rasmussen and Williams, "Gaussian processes for machine learning", MIT Press,
2006, section 5.4.1: in the basis of the eigenvectors of the covariance of the labels,
the evidence of any signal and noise is a sum.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.optimize import minimize_scalar

from skgeom.nodes._graph_gp._labels import Labels
from skgeom.typing import NDArray

# Noise beside the mean of the diagonal of the covariance: bounds, and points of a grid.
LEAST_RATIO, _LARGEST_RATIO, _N_RATIOS = 1e-8, 1e6, 57
# Ranges are tried in steps of this factor, then between the neighbours of the best.
_STEP, _LOG_TOL = 4.0, 0.05
# Differences of logs, steps of Newton's method, and what is no gain of a log density.
_SIDE, _MOST_STEPS, _NO_GAIN = 0.2, 6, 0.1
_TINY = np.finfo(np.float64).tiny


class Evidence(NamedTuple):
    """Log evidence, and the signal and ratio of noise to signal that it is for."""

    value: float
    signal: float
    ratio: float


class Spectrum(NamedTuple):
    """Eigenvalues of the weighted covariance of labels, and the targets' squares there.

    With eigenvectors v of :math:`W^{1/2} K W^{1/2}`, `squares` are the sums over
    targets of :math:`(v' W^{1/2} y)^2`.
    """

    values: NDArray
    squares: NDArray
    labels: Labels
    log_weights: float

    @classmethod
    def of(cls, K, labels):
        """From the covariance of labels."""
        roots = np.sqrt(labels.weights)
        values, vectors = scipy.linalg.eigh(
            roots[:, None] * K * roots, overwrite_a=True, check_finite=False
        )
        squares = ((vectors.T @ (roots[:, None] * labels.targets)) ** 2).sum(axis=1)
        logs = float(np.log(labels.weights).sum())
        return cls(np.maximum(values, 0.0), squares, labels, logs)

    def evidence(self, ratio: float, noise: float | None = None) -> Evidence:
        """Of the best signal variance for a ratio, or of a noise that is given."""
        total = self.values + ratio
        return profile(
            np.log(total).sum() - self.log_weights,
            (self.squares / total).sum(),
            ratio,
            noise,
            self.labels,
        )

    def best(self, noise: float | None = None) -> Evidence:
        """Over ratios of noise to signal."""
        mean = max(self.values.mean(), _TINY)
        low, high = np.log(LEAST_RATIO * mean), np.log(_LARGEST_RATIO * mean)
        if noise == 0:
            return self.evidence(np.exp(low))

        def loss(log):
            return -self.evidence(np.exp(log), noise).value

        logs = np.linspace(low, high, _N_RATIOS)
        losses = [loss(log) for log in logs]
        best = int(np.argmin(losses))
        around = logs[max(best - 1, 0)], logs[min(best + 1, len(logs) - 1)]
        found = minimize_scalar(
            loss, bounds=around, method="bounded", options=dict(xatol=1e-4)
        )
        log = found.x if found.fun < losses[best] else logs[best]
        return self.evidence(np.exp(log), noise)


def profile(
    log_determinant: float,
    quadratic: float,
    ratio: float,
    noise: float | None,
    labels: Labels,
) -> Evidence:
    """Log density of labels, from a determinant and a quadratic form.

    Parameters
    ----------
    log_determinant : float
        Of the covariance of labels, in units of the signal variance.
    quadratic : float
        Of the targets with its inverse, summed over them.
    ratio : float
        Noise of a label of weight one, in those units.
    noise : float or None
        The variance that it is; None takes the signal variance of the largest density,
        as does zero.
    labels : Labels
        What the density is of.

    Returns
    -------
    Evidence
        With that signal variance.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_gp._evidence import profile
    >>> from skgeom.nodes._graph_gp._labels import Labels
    >>> one = Labels(np.arange(1), np.ones((1, 1)), np.ones(1), 0, 0.0)
    >>> profile(np.log(2.0), 1 / 2, 1.0, None, one).signal  # 1 = 2 x 1 / 2
    0.5
    """
    n_targets = labels.targets.shape[1]
    n_more = n_targets * labels.n_more
    n = n_targets * len(labels.nodes) + n_more
    quadratic = quadratic + labels.scatter / ratio
    signal = max(quadratic / n, _TINY) if not noise else noise / ratio
    twice = n_targets * (log_determinant - labels.log_weights)
    twice += n_more * np.log(ratio)
    twice += n * np.log(2 * np.pi * signal) + quadratic / signal
    return Evidence(float(-twice / 2), float(signal), float(ratio))


def best_range(evidence_at: Callable, times: NDArray) -> tuple[float, Evidence, int]:
    """Range of greatest evidence: over a grid of times, then between its points.

    Longer ones are tried until two have not been better.

    Parameters
    ----------
    evidence_at : callable
        Maps a time to an `Evidence`.
    times : ndarray of shape (2,)
        The shortest and the longest.

    Returns
    -------
    time : float
        The best one.
    evidence : Evidence
        Its own.
    n_evaluations : int
        How many times were tried.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_gp._evidence import Evidence, best_range
    >>> bump = lambda time: Evidence(-(np.log(time / 3.0) ** 2), 1.0, 1.0)
    >>> time, _, n_evaluations = best_range(bump, np.array([0.25, 1000.0]))
    >>> bool(2.9 < time < 3.1), n_evaluations < 20
    (True, True)
    """
    found: dict[float, Evidence] = {}

    def loss(log):
        if log not in found:
            found[log] = evidence_at(float(np.exp(log)))
        return -found[log].value

    low, high = np.log(times)
    logs = np.linspace(low, high, max(2, round((high - low) / np.log(_STEP)) + 1))
    best = 0
    for i, log in enumerate(logs):
        if loss(log) < loss(logs[best]):
            best = i
        if i >= best + 2:
            break
    around = logs[max(best - 1, 0)], logs[min(best + 1, len(logs) - 1)]
    minimize_scalar(loss, bounds=around, method="bounded", options=dict(xatol=_LOG_TOL))
    log = min(found, key=lambda log: -found[log].value)
    return float(np.exp(log)), found[log], len(found)


def polished(
    evidence_at: Callable, start: NDArray, times: NDArray | None
) -> tuple[NDArray, Evidence, int]:
    """Logs of ratio and range of greatest evidence near a first guess.

    Parameters
    ----------
    evidence_at : callable
        Maps such logs to an `Evidence`. It is asked six times for a step of Newton's
        method, whose derivatives are differences.
    start : ndarray of shape (1,) or (2,)
        The first guess; without the range where that is given.
    times : ndarray of shape (2,) or None
        The shortest and the longest range.

    Returns
    -------
    logs : ndarray of the shape of start
        The best ones.
    evidence : Evidence
        Theirs.
    n_evaluations : int
        How many calls were made.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_gp._evidence import Evidence, polished
    >>> bump = lambda logs: Evidence(-((logs[0] - 1.0) ** 2), 1.0, 1.0)
    >>> bool(abs(polished(bump, np.zeros(1), None)[0][0] - 1.0) < 0.05)
    True
    """
    found: dict[tuple, Evidence] = {}
    bounds = [(np.log(_TINY) / 2, -np.log(_TINY) / 2)]
    if times is not None:
        bounds.append(tuple(np.log(times)))
    low, high = np.transpose(bounds)

    def value(logs):
        key = tuple(np.clip(logs, low, high).tolist())
        if key not in found:
            found[key] = evidence_at(np.array(key))
        return found[key].value

    at = np.clip(start, low + _SIDE, high - _SIDE)
    for _ in range(_MOST_STEPS):
        gradient, curvature = _differences(value, at, _SIDE)
        vectors = np.linalg.eigh(curvature)
        # Where it is not concave, a step of bounded size uphill.
        sizes = np.maximum(np.abs(vectors[0]), _TINY)
        step = vectors[1] @ ((vectors[1].T @ gradient) / sizes)
        step = np.clip(step, -1.0, 1.0)
        proposed = np.clip(at + step, low + _SIDE, high - _SIDE)
        before = value(at)
        value(proposed)
        best = max(found, key=lambda key: found[key].value)
        at = np.clip(np.array(best), low + _SIDE, high - _SIDE)
        if found[best].value - before < _NO_GAIN:
            break
    best = max(found, key=lambda key: found[key].value)
    return np.array(best), found[best], len(found)


def _differences(value, at, h):
    """Gradient and second derivatives of a function of one or two numbers."""
    steps, middle = h * np.eye(len(at)), value(at)
    ahead = np.array([value(at + step) for step in steps])
    behind = np.array([value(at - step) for step in steps])
    curvature = np.diag((ahead + behind - 2 * middle) / h**2)
    if len(at) == 2:
        mixed = value(at + steps.sum(axis=0)) - ahead.sum() + middle
        curvature[0, 1] = curvature[1, 0] = mixed / h**2
    return (ahead - behind) / (2 * h), curvature
