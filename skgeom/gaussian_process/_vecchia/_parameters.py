"""Hyper-parameters of a Gaussian process, and which of them are learned.

A length scale for each column: automatic relevance determination (Neal, "Bayesian
learning for neural networks", Springer, 1996).
"""

from typing import NamedTuple

import numpy as np

from skgeom.typing import NDArray

# Kernels by the names of users, with those of the backends.
KERNELS = {
    "matern12": "exponential",
    "matern32": "matern32",
    "matern52": "matern52",
    "rbf": "rbf",
}
# Bounds, for targets and columns of spread one. A share of the signal is added to the
# noise: below it, rounding decides what neighbours weigh.
_SIGNAL, _LENGTHS, _NOISE = (1e-6, 1e6), (1e-2, 1e5), (1e-8, 1e2)
LEAST_NOISE = 1e-8


class Parameters(NamedTuple):
    """Logs of signal variance, length scales and noise variance, as one vector."""

    theta: NDArray

    @property
    def signal(self):
        """Variance of the signal."""
        return float(np.exp(self.theta[0]))

    @property
    def lengths(self):
        """Length scales of the columns."""
        return np.exp(self.theta[1:-1])

    @property
    def noise(self):
        """Variance of the noise of a row of weight one."""
        return float(np.exp(self.theta[-1])) + LEAST_NOISE * self.signal

    def by_theta(self, gradient, fisher=None):
        """Derivatives by theta from those by logs of signal, lengths and all noise."""
        share = LEAST_NOISE * self.signal / self.noise
        chain = np.eye(len(self.theta))
        chain[-1, 0], chain[-1, -1] = share, 1 - share
        if fisher is None:
            return chain.T @ gradient
        return chain.T @ gradient, chain.T @ fisher @ chain


class Freedom(NamedTuple):
    """Learned numbers phi, of which theta = matrix phi + offset; and their bounds."""

    matrix: NDArray
    offset: NDArray
    start: NDArray
    lower: NDArray
    upper: NDArray

    def theta(self, phi):
        """Logs of all parameters."""
        return self.matrix @ phi + self.offset

    def clip(self, phi):
        """The nearest numbers within bounds."""
        return np.clip(phi, self.lower, self.upper)

    def toward_middle(self, phi, strength=1e-2):
        """A weak pull of length scales to where they start, with its gradient.

        It keeps those of columns that say nothing from wandering off.
        """
        pull = np.zeros(len(phi))
        pull[1 : 1 + self.n_lengths] = strength
        gap = phi - self.start
        return float((pull * gap**2).sum()), 2 * pull * gap, 2 * pull

    def tied(self):
        """One number in place of all length scales'."""
        k = 1 + self.n_lengths
        lengths = self.matrix[:, 1:k].sum(axis=1, keepdims=True)
        matrix = np.hstack([self.matrix[:, :1], lengths, self.matrix[:, k:]])
        kept = np.r_[0, 1, k : self.matrix.shape[1]]
        start, lower, upper = (a[kept] for a in (self.start, self.lower, self.upper))
        return Freedom(matrix, self.offset, start, lower, upper)

    def untie(self, phi):
        """Numbers as they are after those of `tied`."""
        return np.concatenate([phi[:1], np.repeat(phi[1], self.n_lengths), phi[2:]])

    def without_noise(self, theta):
        """All but the noise is learned, which is that of theta."""
        if not self.matrix[-1].any():
            return self
        offset = self.offset.copy()
        offset[-1] = theta[-1]
        vectors = (a[:-1] for a in (self.start, self.lower, self.upper))
        return Freedom(self.matrix[:, :-1], offset, *vectors)

    @property
    def n_lengths(self):
        """How many length scales are learned."""
        return int((self.matrix[1:-1] != 0).any(axis=0).sum())


def freedom(
    n_features: int, ard: bool, noise: float | None, spreads: NDArray
) -> Freedom:
    """Say what is learned.

    Parameters
    ----------
    n_features : int
        Columns of spread one.
    ard : bool
        Whether each has a length scale; else one is shared in the units that columns
        came in.
    noise : float or None
        Variance of the noise in units of that of the targets; None is learned.
    spreads : ndarray of shape (n_features,)
        In those units.

    Returns
    -------
    Freedom
        Where learning starts, and how the numbers are theta.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._parameters import freedom
    >>> free = freedom(2, False, 0.1, np.array([1.0, 10.0]))
    >>> np.exp(free.theta(np.log([3.0, 5.0]))).round(2)
    array([ 3.  , 15.81,  1.58,  0.1 ])
    """
    p = n_features + 2
    n_lengths = n_features if ard else min(n_features, 1)
    matrix, offset = np.zeros((p, 1 + n_lengths)), np.zeros(p)
    matrix[0, 0] = 1.0
    matrix[1:-1, 1:] = np.eye(n_features) if ard else np.ones((n_features, n_lengths))
    bounds = [_SIGNAL, *[_LENGTHS] * n_lengths]
    start = [0.7, *[max(n_features, 1) ** 0.5] * n_lengths]
    if not ard and n_features:
        logs = np.log(spreads)
        offset[1:-1] = logs.mean() - logs
        # A shared scale may be that of the widest column or of the narrowest.
        slack = np.exp(np.abs(offset).max())
        bounds[1] = _LENGTHS[0] / slack, _LENGTHS[1] * slack
    if noise is None:
        matrix = np.pad(matrix, ((0, 0), (0, 1)))
        matrix[-1, -1] = 1.0
        bounds.append(_NOISE)
        start.append(0.3)
    else:
        offset[-1] = np.log(max(noise, 1e-300))
    lower, upper = np.log(bounds).T
    return Freedom(matrix, offset, np.log(start), lower, upper)
