"""
===========================
Few rows that stand for all
===========================

A hundred rows of ten thousand: drawn at random they leave gaps and crowd elsewhere.
:class:`~skgeom.sample_selection.KernelCoreset` chooses those whose kernel mean is that
of all, :class:`~skgeom.sample_selection.SupportPoints` those of least energy distance;
:class:`~skgeom.sample_selection.DiversitySampler` covers what there is, rare or not.
"""

# %%
# Three clusters
# --------------
# One is wide, one is long, and one is rare: three rows of a hundred.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import DiversitySampler, KernelCoreset, SupportPoints
from skgeom.metrics import energy_distance
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
X = np.concatenate(
    [
        rng.normal(size=(6000, 2)),
        rng.normal(size=(3700, 2)) @ [[1.6, 1.2], [0.0, 0.15]] + [4, 2.5],
        0.3 * rng.normal(size=(300, 2)) + [0.5, 4.5],
    ]
)

selectors = {
    "random rows": None,
    "KernelCoreset": KernelCoreset(100),
    "SupportPoints": SupportPoints(100, random_state=0),
    "DiversitySampler": DiversitySampler(100),
}
fig, axes = plt.subplots(2, 2, figsize=(8, 7), sharex=True, sharey=True)
for ax, (name, selector) in zip(axes.flat, selectors.items(), strict=True):
    if selector is None:
        chosen = rng.permutation(len(X))[:100]
    else:
        chosen = selector.fit(X).sample_indices_
    rare = np.mean(chosen >= 9700)
    distance = energy_distance(X[chosen], X, random_state=0)
    ax.scatter(*X[::4].T, s=1, color="0.8")
    ax.scatter(*X[chosen].T, s=14)
    ax.set(title=f"{name}\nenergy distance {distance:.4f}, rare {rare:.0%}")
    ax.set(xticks=[], yticks=[])
plt.show()

# %%
# Diverse rows are far from the distribution on purpose: they say what kinds there are.
#
# How the distance falls
# ----------------------
# Means over random rows err by the root of their number. Chosen rows err by far less,
# and weights take away most of what is left.

sizes = [10, 20, 40, 80, 160]
curves = {"random rows": [], "equal": [], "simplex": [], "optimal": []}
for m in sizes:
    for weights in ("equal", "simplex", "optimal"):
        curves[weights].append(KernelCoreset(m, weights=weights).fit(X[::4]).mmd_)
    # Of random rows the mean square is known: the mean of k(x, x) - k(x, y) over m.
    few = X[::4]
    gamma = 1 / (2 * few.var())
    pairs = ((few[:500, None] - few[None, :500]) ** 2).sum(axis=2)
    curves["random rows"].append(((1 - np.exp(-gamma * pairs).mean()) / m) ** 0.5)

fig, ax = plt.subplots(figsize=(6, 4))
for name, told in curves.items():
    ax.loglog(sizes, told, marker="o", label=name)
ax.set(xlabel="rows", ylabel="maximum mean discrepancy")
ax.legend()
plt.show()

# %%
# Rows for another sample
# -----------------------
# Labels are from one place, and predictions are wanted in another. With `target`, rows
# of the first stand for the second; ``weights="simplex"`` of all rows is kernel mean
# matching.

target = 0.7 * rng.normal(size=(500, 2)) + [3.0, 1.5]
near = KernelCoreset(60, target=target).fit(X)
fig, ax = plt.subplots(figsize=(6, 4))
ax.scatter(*X[::4].T, s=1, color="0.8", label="rows")
ax.scatter(*target.T, s=4, label="target")
ax.scatter(*X[near.sample_indices_].T, s=18, label="chosen for it")
ax.set(xticks=[], yticks=[])
ax.legend()
plt.show()
