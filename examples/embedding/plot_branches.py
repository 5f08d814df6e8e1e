"""
=====================
Progress along a tree
=====================

Cells that mature, documents that are revised, species that part: many data run along
the branches of a tree. Two questions are asked of a map of such data. Which branch is a
point on? And how far has it come? The second needs distances, which this page measures
against the truth.
"""

# %%
# A tree with four branches
# -------------------------
# A trunk and three branches, each a random walk of 250 steps in ten dimensions, with
# noise. How far a point is from the root, along the branches, is known.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_tree
from skgeom.plotting import PALETTE, STYLE, EmbeddingDisplay

plt.style.use(STYLE)

tree = make_tree(1000, n_branches=4, noise=1.0, random_state=3)
root = 0
progress = tree.geodesic_distances(rows=[root])[0]
names = np.array(["trunk", "branch 1", "branch 2", "branch 3"])[tree.labels]
maps = {
    "PCA": PCA(2).fit_transform(tree.X),
    "t-SNE": TSNE(random_state=0).fit_transform(tree.X),
    "HeatGeodesicEmbedding": HeatGeodesicEmbedding(random_state=0).fit_transform(
        tree.X
    ),
}

# %%
# Which branch?
# -------------
# All three maps show branches. PCA draws some on top of each other; t-SNE curls them up
# to fill the page and breaks them where points are sparse.

display = EmbeddingDisplay.from_embeddings(
    maps, names, value_name="true branch", size=10, n_columns=2
)
for ax, points in zip(display.axes_, maps.values(), strict=True):
    ax.plot(*points[root], marker="*", color="black", markersize=16)
plt.show()

# %%
# How far from the root?
# ----------------------
# The distance from the star, in the map, against the true length of the way. On a good
# map each branch is a rising line. (Spearman's correlation asks whether the order is
# right.)

fig, axes = plt.subplots(1, 3, figsize=(10.4, 3.6))
for ax, (name, points) in zip(axes, maps.items(), strict=True):
    found = np.linalg.norm(points - points[root], axis=1)
    for branch, marker, color in zip(np.unique(names), "os^D", PALETTE, strict=False):
        mine = progress[names == branch], found[names == branch]
        ax.scatter(*mine, s=7, marker=marker, color=color, label=branch)
    agreement = spearmanr(progress, found).statistic
    ax.set(title=f"{name}\nSpearman {agreement:.2f}", xlabel="true way from the root")
axes[0].set_ylabel("distance from the root in the map")
axes[-1].legend(loc="lower right", markerscale=2)
plt.show()

# %%
# Without a map
# -------------
# A plane is a small place for a tree in ten dimensions. The distances that the map was
# made from are better than the map, and can be had without it:
# :meth:`~skgeom.embedding.HeatGeodesicEmbedding.geodesic_distances`.

model = HeatGeodesicEmbedding(random_state=0).fit(tree.X)
direct = model.geodesic_distances(tree.X)[root]
through_space = np.linalg.norm(tree.X - tree.X[root], axis=1)
print(f"stress of the map            {model.stress_:.2f}")
print(f"Spearman, geodesic distances {spearmanr(progress, direct).statistic:.3f}")
print(
    f"Spearman, through space      {spearmanr(progress, through_space).statistic:.3f}"
)
