"""
=======================
Neighbours without hubs
=======================

In many dimensions a few rows are among the nearest of hundreds, and where clusters are
of unequal spread, the rows of a dense one are nearer to those of a loose one than its
own are. This page counts who has whom for a neighbour, and what
:class:`~skgeom.neighbors.HubnessReducedNeighbors` makes of it.
"""

# %%
# Dense clusters and loose ones
# -----------------------------
# Ten Gaussian clusters in a hundred dimensions, 900 rows, with deviations from .6 to
# 1.7. Plain distances come first, then the same over the geometric mean of how far both
# rows have their own neighbours.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline

from skgeom import HubnessReducedNeighbors
from skgeom.metrics import hubness_score
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(3)
spread = np.geomspace(0.6, 1.7, 10)
y = np.sort(rng.integers(10, size=900))
X = 0.6 * rng.normal(size=(10, 100))[y]
X += spread[y, None] * rng.normal(size=X.shape)

graphs = {
    "plain": KNeighborsTransformer(n_neighbors=10).fit_transform(X),
    "without hubs": HubnessReducedNeighbors(10).fit_transform(X),
}
for name, links in graphs.items():
    print(name, hubness_score(links, metric="precomputed"))

# %%
# Whose neighbours are whose
# --------------------------
# Clusters from dense to loose: of the neighbours of each, the share that is of each.
# By plain distances loose clusters have dense ones for neighbours.

figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), width_ratios=[1, 1, 1.2])
for axis, (name, links) in zip(axes, graphs.items(), strict=False):
    near = links.indices.reshape(900, 11)[:, 1:]
    shares = np.zeros((10, 10))
    np.add.at(shares, (y[:, None].repeat(10, axis=1), y[near]), 1)
    shares /= shares.sum(axis=1, keepdims=True)
    image = axis.imshow(shares, vmin=0, vmax=1, cmap="viridis")
    axis.set(
        title=name,
        xlabel="cluster of the neighbour",
        ylabel="cluster of the row",
        xticks=[0, 9],
        xticklabels=["dense", "loose"],
        yticks=[0, 9],
        yticklabels=["dense", "loose"],
    )
    axis.grid(visible=False)
figure.colorbar(
    image, ax=axes[:2], shrink=0.8, pad=0.02, label="share of the neighbours"
)
for name, links in graphs.items():
    near = links.indices.reshape(900, 11)[:, 1:]
    counts = np.sort(np.bincount(near.ravel(), minlength=900))[::-1]
    axes[2].plot(counts + 0.5, label=name)
axes[2].set(
    title="how many have a row for a neighbour",
    xlabel="rows, by that number",
    yscale="log",
)
axes[2].legend()
plt.show()

# %%
# Labels by neighbours
# --------------------
# The transformer stands before whatever takes precomputed neighbours. A classifier that
# weighs columns needs none of it: neighbours are what it helps.

half = rng.permutation(900)
train, new = half[:450], half[450:]
for name, graph in (
    ("plain", KNeighborsTransformer(n_neighbors=10)),
    ("without hubs", HubnessReducedNeighbors(10)),
):
    model = make_pipeline(graph, KNeighborsClassifier(10, metric="precomputed"))
    score = model.fit(X[train], y[train]).score(X[new], y[new])
    print(f"{name}: {score:.2f} of new rows are right")
