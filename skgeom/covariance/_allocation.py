"""How many runs of each fidelity a budget pays (Peherstorfer et al., 2016)."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array

from skgeom.typing import ArrayLike, NDArray


class Allocation(NamedTuple):
    """What `optimal_allocation` found.

    Parameters
    ----------
    n_runs : ndarray of shape (n_fidelities,), int64
        Draws that each fidelity is run on; 0 for those that are not worth it. Draws of
        a fidelity are among those of all cheaper ones that are run.
    variance : float
        Of the estimate, as a share of that by the budget on the first fidelity alone.

    Examples
    --------
    >>> from skgeom.covariance import Allocation
    >>> Allocation._fields
    ('n_runs', 'variance')
    """

    n_runs: NDArray
    variance: float


def optimal_allocation(
    costs: ArrayLike,
    budget: float,
    correlations: ArrayLike,
    *,
    moment: str = "covariance",
    n_least: int = 2,
) -> Allocation:
    r"""Share a budget between fidelities, such that the estimate varies least.

    With correlations :math:`\rho_1 = 1, \rho_2, ...` with the dearest fidelity, means
    corrected by control variates vary least if
    :math:`n_l \propto \sqrt{(\rho_l^2 - \rho_{l+1}^2) / w_l}`, w the costs [1]_. That
    holds if correlations fall more slowly than costs do: fidelities are tried in all
    subsets, and the best is taken. Covariances are means of products, whose
    correlations are :math:`\rho^2` for normal numbers.

    Parameters
    ----------
    costs : array-like of shape (n_fidelities,)
        Of a run, > 0, the dearest and best fidelity first.
    budget : float
        What may be spent, at least that of `n_least` runs of the first.
    correlations : array-like of shape (n_fidelities,)
        With the first fidelity, in [0, 1]; the first is 1. An estimate is
        `MultiFidelityCovariance.correlations_`, of a pilot.
    moment : {"covariance", "mean"}, default="covariance"
        What is estimated.
    n_least : int, default=2
        Least number of runs of the first fidelity, >= 1. A regression on d columns
        wants more than d.

    Returns
    -------
    Allocation
        Runs of each fidelity, and the variance that is left.

    Raises
    ------
    ValueError
        If costs and correlations are not of one length or out of their range, or the
        budget is too small.

    References
    ----------
    .. [1] Peherstorfer, Willcox and Gunzburger, "Optimal model management for
       multifidelity Monte Carlo estimation", SIAM Journal on Scientific Computing 38,
       2016.

    Examples
    --------
    >>> from skgeom.covariance import optimal_allocation
    >>> found = optimal_allocation([1.0, 0.002], 40, [1.0, 0.97])
    >>> found.n_runs, round(found.variance, 2)
    (array([  35, 2499]), 0.15)
    """
    w, rho = (
        check_array(part, ensure_2d=False, dtype=np.float64, input_name=name)
        for part, name in ((costs, "costs"), (correlations, "correlations"))
    )
    if w.ndim != 1 or w.shape != rho.shape:
        raise ValueError(
            f"costs and correlations must be of one length, got {w.shape} and "
            f"{rho.shape}."
        )
    if not (w > 0).all():
        raise ValueError("costs must be positive.")
    if rho[0] != 1 or not ((rho >= 0) & (rho <= 1)).all():
        raise ValueError("correlations must be in [0, 1], and the first must be 1.")
    if moment not in ("covariance", "mean"):
        raise ValueError(f"moment={moment!r} must be 'covariance' or 'mean'.")
    if n_least < 1:
        raise ValueError(f"n_least={n_least} must be at least 1.")
    if not budget >= n_least * w[0]:
        raise ValueError(
            f"budget={budget} must pay n_least={n_least} runs of the first fidelity, "
            f"at {w[0]:g} each."
        )
    rho = rho**2 if moment == "covariance" else rho
    least, n_runs = np.inf, np.zeros(len(w), dtype=np.int64)
    for chosen in _chains(len(w), rho):
        runs = _runs(w[chosen], budget, rho[chosen], n_least)
        if runs is None:
            continue
        variance = _variance(runs, rho[chosen])
        if variance < least * (1 - 1e-12):
            least, n_runs = variance, np.zeros(len(w), dtype=np.int64)
            n_runs[chosen] = runs
    return Allocation(n_runs, float(least * (budget / w[0])))


def _chains(n, rho):
    """Subsets with the first, of which each correlates less than the one before."""
    chains = [[0]]
    for level in range(1, n):
        chains += [[*c, level] for c in chains if rho[level] < rho[c[-1]] or c == [0]]
    return chains


def _runs(w, budget, rho, n_least):
    """Whole runs of a chain, or None where it cannot be paid or is out of order."""
    shares = rho**2 - np.append(rho[1:] ** 2, 0.0)
    # A fidelity that is the first one again needs no runs of it but the least.
    wanted = np.sqrt(np.maximum(shares, 0.0) / w)
    if wanted @ w <= 0:
        return None
    runs = wanted * budget / (wanted @ w)
    if runs[0] < n_least:
        left = budget - n_least * w[0]
        rest = wanted[1:] @ w[1:]
        if len(w) > 1 and not (rest > 0 and left > 0):
            return None
        runs = np.append(n_least, wanted[1:] * left / rest if len(w) > 1 else [])
    if (np.diff(runs) < 0).any():
        return None
    runs = np.floor(runs * (1 + 1e-12)).astype(np.int64)
    # What rounding left over is spent on the cheapest.
    runs[-1] += int((budget - runs @ w) / w[-1])
    return runs if runs[0] >= n_least and (np.diff(runs) >= 0).all() else None


def _variance(runs, rho):
    """Variance of the corrected mean of runs of variance one."""
    steps = 1 / runs[:-1] - 1 / runs[1:]
    return 1 / runs[0] - steps @ rho[1:] ** 2
