"""
=================================
What few rows say of many columns
=================================

Scores of representations are made of covariances, and a covariance of few rows is
mostly chance: isotropic rows look flat, and representations that have nothing in common
look alike. Two scores that know it.
"""

# %%
# How evenly rows spread
# ----------------------
# Rows of three laws in 64 dimensions. The plug-in score, that of the covariance of the
# sample, depends on the number of rows more than on the law;
# :func:`~skgeom.metrics.spread_score` does not.

import matplotlib.pyplot as plt
import numpy as np

from skgeom.metrics import shape_distance, spread_score
from skgeom.plotting import STYLE

plt.style.use(STYLE)
rng = np.random.default_rng(0)
n_columns, n_draws = 64, 12
laws = {
    "isotropic": np.ones(n_columns),
    "half of the axes": np.where(np.arange(n_columns) < 32, 1.0, 0.0),
    "power law": np.arange(1, n_columns + 1) ** -0.5,
}
sizes = [10, 20, 40, 80, 160, 320, 640, 1280]


def plug_in(X):
    """The participation ratio of the covariance of the sample."""
    w = np.linalg.eigvalsh(np.cov(X.T))
    return w.sum() ** 2 / (w**2).sum() / n_columns


fig, ax = plt.subplots(figsize=(6.4, 4))
for number, (name, scales) in enumerate(laws.items()):
    color = f"C{number}"
    truth = (scales**2).sum() ** 2 / (scales**4).sum() / n_columns
    ax.axhline(truth, color=color, lw=0.8, ls=":")
    for score, style in ((spread_score, "o-"), (plug_in, "x--")):
        told = np.array(
            [
                [score(rng.normal(size=(n, n_columns)) * scales) for n in sizes]
                for _ in range(n_draws)
            ]
        )
        label = name if score is spread_score else None
        ax.plot(sizes, told.mean(axis=0), style, color=color, ms=5, label=label)
ax.plot([], [], "o-", color="grey", label="spread_score")
ax.plot([], [], "x--", color="grey", label="plug-in")
ax.plot([], [], ":", color="grey", label="truth")
ax.set(xscale="log", xlabel="rows", ylabel="spread over 64 directions", ylim=(0, 1.45))
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(ncols=2)
plt.show()

# %%
# How alike representations are
# -----------------------------
# Two views of the same rows, of which a part is shared. What the rows say of themselves
# is too much, and what a rotation that was fitted to one half says of the other too
# little: :func:`~skgeom.metrics.shape_distance` gives both, and the middle.

fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), sharey=True)
for ax, truth in zip(axes, (0.0, 0.4, 0.8), strict=True):
    told = []
    for n in sizes[1:]:
        shared, own = rng.normal(size=(n, 50)), rng.normal(size=(2, n, 50))
        one, other = truth**0.5 * shared + (1 - truth) ** 0.5 * own
        turned = other @ np.linalg.qr(rng.normal(size=(50, 50)))[0]
        told.append(np.cos(shape_distance(one, turned, random_state=0)))
    middle, most, least = np.transpose(told)
    ax.fill_between(sizes[1:], least, most, color="C0", alpha=0.2, label="bracket")
    ax.plot(sizes[1:], middle, "o-", ms=4, label="middle")
    ax.axhline(truth, color="black", lw=0.8, ls=":", label="truth")
    ax.set(xscale="log", xlabel="rows", ylim=(-0.05, 1.05), title=f"shared: {truth}")
    ax.set_xticks(sizes[1::2], sizes[1::2])
    ax.minorticks_off()
axes[0].set_ylabel("cosine of the shape distance")
axes[0].legend()
plt.show()
