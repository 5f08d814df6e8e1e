"""The von Mises-Fisher distribution: its concentration from a mean, and draws."""

import numpy as np

from skgeom.geometry import sphere

# Newton's steps; five reach rounding from the start below.
_N_STEPS = 7


def concentration_of(xp, length, n_features):
    r"""Most likely concentrations of rows whose mean has these lengths.

    Newton's method on A(k) = length, where A is the quotient of Bessel functions and
    A' = 1 - A^2 - (p - 1) A / k, from the approximation of Banerjee, Dhillon, Ghosh and
    Sra, "Clustering on the unit hypersphere using von Mises-Fisher distributions",
    JMLR 6, 2005. Nothing is read from the device.

    Parameters
    ----------
    xp : namespace
        Of the arrays.
    length : array of shape (...)
        In [0, 1).
    n_features : int
        Number of coordinates of a row.

    Returns
    -------
    array of shape (...)
        Concentrations >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> from skgeom.mixture._von_mises_fisher import concentration_of
    >>> k = concentration_of(np, np.array([0.9]), 32768)
    >>> float(np.round(sphere.bessel_ratio(32768 / 2 - 1, k)[0], 12))
    0.9
    """
    p, order = n_features, n_features / 2 - 1
    square = length * length
    # Below this the quotient is k / p to rounding.
    small = length < 1e-8
    start = length * (p - square) / (1 - square)
    k = xp.where(small, xp.ones_like(length), start)
    for _ in range(_N_STEPS):
        A = sphere.bessel_ratio(order, k)
        slope = (1 - A) * (1 + A) - (p - 1) * A / k
        # Where rounding leaves no slope, of the limit for large k.
        slope = xp.where(slope > 0, slope, (1 - A) / k)
        slope = xp.where(slope > 0, slope, xp.ones_like(slope))
        step = (A - length) / slope
        k = xp.where(step < k / 2, k - step, k / 2)
    return xp.where(small, length * p, k)


def draw(means, concentrations, rng):
    """Draw one row for each mean and concentration.

    The cosine with the mean by rejection (Wood, "Simulation of the von Mises Fisher
    distribution", Communications in Statistics 23, 1994), the rest uniform around it.

    Parameters
    ----------
    means : ndarray of shape (n_rows, n_features)
        Points of the sphere.
    concentrations : ndarray of shape (n_rows,)
        Concentrations >= 0.
    rng : RandomState instance
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        Points of the sphere.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.mixture._von_mises_fisher import draw
    >>> rng = np.random.RandomState(0)
    >>> bool(draw(np.eye(3), np.full(3, 1e6), rng).diagonal().min() > 0.99)
    True
    """
    n, p = means.shape
    if p == 1:
        opposite = rng.uniform(size=n) > 1 / (1 + np.exp(-2 * concentrations))
        return np.where(opposite[:, None], -means, means)
    drop = _drops(concentrations, p, rng)[:, None]
    around = rng.standard_normal((n, p))
    around -= (around * means).sum(axis=1, keepdims=True) * means
    around = sphere.project(around)
    across = np.sqrt(drop * (2 - drop))
    return sphere.project((1 - drop) * means + across * around)


def _drops(k, p, rng):
    """One minus the cosine of each draw, which keeps its digits for large k."""
    # Wood's b and 1 - x0, without cancellation.
    b = (p - 1) / (2 * k + np.hypot(2 * k, p - 1))
    low, drop = 2 * b / (1 + b), np.empty(len(k))
    todo = np.arange(len(k))
    while len(todo):
        beta = rng.beta((p - 1) / 2, (p - 1) / 2, len(todo))
        b_, k_, low_ = b[todo], k[todo], low[todo]
        # w = (1 - (1 + b) z) / (1 - (1 - b) z)
        found = 2 * b_ * beta / (1 - (1 - b_) * beta)
        x0 = 1 - low_
        # 1 - x0 w and 1 - x0^2, from their differences to one.
        ratio = (low_ + x0 * found) / (low_ * (1 + x0))
        gain = k_ * (low_ - found) + (p - 1) * np.log(ratio)
        accepted = gain >= np.log(rng.uniform(size=len(todo)))
        drop[todo[accepted]] = found[accepted]
        todo = todo[~accepted]
    return drop
