"""Cosines of von Mises-Fisher draws (Wood, 1994)."""

import numpy as np


def cosine_drops(k, p, rng):
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
