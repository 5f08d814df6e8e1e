"""Weights under which latents cover the decoded surface evenly, and draws by them."""

import numpy as np

from skgeom.typing import NDArray


def evening_weights(
    log_volume: NDArray, radii: NDArray, copies: NDArray, n_dims: int
) -> NDArray:
    r"""Weights of rows: volume of the decoder over density of the latents.

    Parameters
    ----------
    log_volume : ndarray of shape (n,)
        Logarithms of the volume, -inf where there is none.
    radii : ndarray of shape (n,)
        Distances to the same neighbour of each: the density is :math:`r^{-d}`.
    copies : ndarray of shape (n,), int
        How many rows share the latents.
    n_dims : int
        Their dimension d.

    Returns
    -------
    ndarray of shape (n,)
        With mean one; all one where no row has a volume.
    """
    with np.errstate(divide="ignore"):
        logs = log_volume + n_dims * np.log(radii) - np.log(copies)
    largest = logs.max()
    if not np.isfinite(largest):
        return np.ones(len(logs))
    weights = np.exp(logs - largest)
    return weights / weights.mean()


def systematic_draws(
    weights: NDArray, n_draws: int, random_state: np.random.RandomState
) -> NDArray:
    """Draw rows in proportion to weights, in random order.

    Parameters
    ----------
    weights : ndarray of shape (n,)
        At least one of them > 0.
    n_draws : int
        How many.
    random_state : RandomState
        What is drawn from.

    Returns
    -------
    ndarray of shape (n_draws,), int64
        Each row as often as its share says, rounded up or down.
    """
    # So that equal counts do not always fall on the same of rows that are in order.
    order = random_state.permutation(len(weights))
    ends = np.cumsum(weights[order])
    places = (np.arange(n_draws) + random_state.uniform()) * (ends[-1] / n_draws)
    found = order[
        np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)
    ]
    return random_state.permutation(found)
