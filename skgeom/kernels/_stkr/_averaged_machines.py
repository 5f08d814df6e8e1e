r"""Ridge regression with many kernels at once, averaged by how they predict labels.

Every candidate is a kernel over the labels with a penalty. Its weight in the mean is
:math:`e^{-c}`, where c says how badly it predicts each label from all others. Where
there are few labels many candidates share the weight, and the mean of their predictions
is safer than that of any one of them; with more labels the weight goes to the best
(Yao, Vehtari, Simpson and Gelman, "Using stacking to average Bayesian predictive
distributions", Bayesian Analysis 13, 2018, section 2.2).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from array_api_compat import numpy as xp

from skgeom.solvers import ridge_path
from skgeom.typing import NDArray

# Penalties end here, in units of the mean variance of a kernel over the labels, and
# begin at one over so many labels, or with few labels here.
_LARGEST, _LEAST_BY_LABEL, _LEAST = 30.0, 0.3, 3e-3
_PENALTIES = 12
# Share of the neighbours' kernel in a sum of two kernels.
_SHARES = (0.2, 0.5, 0.8)
# Labels up to which every pair of kernels is summed; then the two best of each kind.
_ALL_PAIRS = 32
# Candidates of less weight than this are left out.
_LEAST_WEIGHT = 1e-4


class Candidate(NamedTuple):
    """A kernel over the labels with a penalty.

    Parameters
    ----------
    strength : float
        Of the transformed kernel of neighbours; NaN where that has no part.
    kernel : str
        The kernel of points, "" where that has no part.
    gamma : float
        Its inverse width; NaN where it has no part.
    share : float
        Share of the kernel of neighbours, from 0 to 1.
    alpha : float
        Penalty, in units of the mean variance of the kernel over the labels.
    loss : float
        The c of the module, up to a constant.
    weight : float
        In the mean of all candidates.

    Examples
    --------
    >>> from skgeom.kernels._stkr._averaged_machines import Candidate
    >>> Candidate._fields[:3]
    ('strength', 'kernel', 'gamma')
    """

    strength: float
    kernel: str
    gamma: float
    share: float
    alpha: float
    loss: float
    weight: float


class AveragedMachines(NamedTuple):
    """The mean of many machines, which is linear in each kernel.

    Parameters
    ----------
    neighbors : dict of float to ndarray of shape (n_labels, n_targets)
        Coefficients of the kernel of neighbours of each strength.
    points : dict of (str, float) to ndarray of shape (n_labels, n_targets)
        Those of the kernels of points, by kernel and gamma.
    intercept : ndarray of shape (n_targets,)
        What is added.
    candidates : list of Candidate
        Those that have a weight, the largest first.

    Examples
    --------
    >>> from skgeom.kernels._stkr._averaged_machines import AveragedMachines
    >>> AveragedMachines._fields
    ('neighbors', 'points', 'intercept', 'candidates')
    """

    neighbors: dict
    points: dict
    intercept: np.ndarray
    candidates: list


def penalty_ratios(n_labels: int) -> NDArray:
    """Penalties that are tried, in units of the mean variance of a kernel.

    A small penalty follows every label. Few labels cannot show that they are so free
    of noise, and what is made of them then is wild where there are none.

    Parameters
    ----------
    n_labels : int
        Number of labels.

    Returns
    -------
    ndarray of shape (n_penalties,)
        From the smallest.

    Examples
    --------
    >>> from skgeom.kernels._stkr._averaged_machines import penalty_ratios
    >>> penalty_ratios(10)[0].round(4), penalty_ratios(3000)[0].round(4)
    (np.float64(0.003), np.float64(0.0001))
    """
    least = min(_LEAST, _LEAST_BY_LABEL / max(n_labels, 1))
    return np.geomspace(least, _LARGEST, _PENALTIES)


def average_machines(
    neighbors: dict[float, NDArray],
    points: dict[tuple[str, float], NDArray],
    targets: NDArray,
    weights: NDArray,
    loss: Callable,
    *,
    ratios: NDArray | None = None,
    fit_intercept: bool = True,
    faith: float = 0.0,
) -> AveragedMachines:
    """Fit every kernel, and sums of two, with every penalty; average by their losses.

    Parameters
    ----------
    neighbors : dict of float to ndarray of shape (n_labels, n_labels)
        Kernels of neighbours over the labels, by strength.
    points : dict of (str, float) to ndarray of shape (n_labels, n_labels)
        Kernels of points over the labels, by kernel and gamma.
    targets : ndarray of shape (n_labels, n_targets)
        The labels.
    weights : ndarray of shape (n_labels,)
        What their errors weigh, > 0.
    loss : callable
        ``loss(predicted)`` maps predictions of each label from the others, shape
        (n_penalties, n_labels, n_targets), to the c of the module for each penalty.
    ratios : ndarray of shape (n_penalties,), default=None
        Penalties, in units of the mean variance of a kernel over the labels; None is
        `penalty_ratios`.
    fit_intercept : bool, default=True
        Whether a constant without a penalty is fitted.
    faith : float, default=0.0
        By how much the c of kernels of neighbours alone is less than it is.

    Returns
    -------
    AveragedMachines
        The mean.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._averaged_machines import average_machines
    >>> x = np.arange(6.0)[:, None]
    >>> loss = lambda found: 3 * np.log(((found - x) ** 2).mean(axis=(1, 2)))
    >>> found = average_machines({}, {("linear", 1.0): x @ x.T}, x, np.ones(6), loss)
    >>> (x @ x.T @ found.points["linear", 1.0] + found.intercept).round(1).ravel()
    array([0., 1., 2., 3., 4., 5.])
    """
    ratios = penalty_ratios(len(targets)) if ratios is None else ratios
    fits = _Fits(targets, weights, loss, ratios, fit_intercept, faith)
    grams = {}
    for kind, kernels in (("neighbors", neighbors), ("points", points)):
        for name, gram in kernels.items():
            unit = mean_variance(gram, weights)
            grams[kind, name] = gram / unit, unit
            share = float(kind == "neighbors")
            fits.add(((kind, name, 1.0 / unit),), gram / unit, share)
    best = {
        kind: sorted((key for key in grams if key[0] == kind), key=fits.loss_of)
        for kind in ("neighbors", "points")
    }
    kept = None if len(targets) <= _ALL_PAIRS else 2
    for one in best["neighbors"][:kept]:
        for two in best["points"][:kept]:
            for share in _SHARES:
                mixed = share * grams[one][0] + (1 - share) * grams[two][0]
                parts = (
                    (*one, share / grams[one][1]),
                    (*two, (1 - share) / grams[two][1]),
                )
                fits.add(parts, mixed, share)
    return fits.mean()


class _Fits:
    """Kernels that were fitted: for each its parts, penalties, losses and solutions."""

    def __init__(self, targets, weights, loss, ratios, fit_intercept, faith):
        self.targets, self.weights, self.loss = targets, weights, loss
        self.faith = faith
        self.ratios, self.fit_intercept = ratios, fit_intercept
        self.found = []

    def add(self, parts, gram, share):
        """Fit a kernel, which is the sum of its parts: kind, name and factor."""
        path = ridge_path(
            xp,
            gram,
            self.targets,
            self.weights,
            self.ratios,
            fit_intercept=self.fit_intercept,
        )
        losses = self.loss(self.targets - path.left_out) - (
            self.faith if share == 1.0 else 0.0
        )
        fit = losses, path.duals, path.intercepts
        self.found.append((parts, share, *fit))

    def loss_of(self, key):
        """Loss of a single kernel, all penalties taken together."""
        return next(
            -np.logaddexp.reduce(-losses)
            for parts, _, losses, *_ in self.found
            if len(parts) == 1 and parts[0][:2] == key
        )

    def mean(self):
        """The weighted mean of all."""
        losses = np.array([losses for _, _, losses, *_ in self.found])
        weights = np.exp(losses.min() - losses)
        weights[weights < _LEAST_WEIGHT * weights.sum()] = 0.0
        weights /= weights.sum()
        sums: dict = {"neighbors": {}, "points": {}}
        intercept = np.zeros(self.targets.shape[1])
        candidates = []
        for fit, mass in zip(self.found, weights, strict=True):
            parts, share, losses, duals, intercepts = fit
            if not mass.any():
                continue
            dual = np.tensordot(mass, duals, 1)
            intercept += mass @ intercepts
            for kind, name, factor in parts:
                sums[kind][name] = sums[kind].get(name, 0.0) + factor * dual
            candidates += [
                _described(parts, share, self.ratios[i], losses[i], mass[i])
                for i in np.flatnonzero(mass)
            ]
        candidates.sort(key=lambda candidate: -candidate.weight)
        return AveragedMachines(
            sums["neighbors"], sums["points"], intercept, candidates
        )


def _described(parts, share, alpha, loss, weight):
    """The Candidate of a kernel and a penalty."""
    strength, kernel, gamma = np.nan, "", np.nan
    for kind, name, _ in parts:
        if kind == "neighbors":
            strength = name
        else:
            kernel, gamma = name
    numbers = (float(number) for number in (gamma, share, alpha, loss, weight))
    return Candidate(float(strength), kernel, *numbers)


def mean_variance(gram: NDArray, weights: NDArray) -> float:
    """Mean over labels of the variance that a kernel allows around the mean."""
    share = weights / weights.sum()
    centred = np.diagonal(gram) - 2 * gram @ share + share @ gram @ share
    spread = float(share @ centred)
    return spread if spread > 1e-12 * np.abs(np.diagonal(gram)).max() else 1.0
