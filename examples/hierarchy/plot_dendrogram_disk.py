"""
======================
A dendrogram in a disk
======================

A dendrogram of hundreds of rows is a broad picture with crowded leaves, and distances
can be read along one axis alone. :class:`~skgeom.hyperbolic.TreeEmbedding` draws the
same tree in the hyperbolic plane, where a tree has room: leaves are around the rim,
merges inside, and *all* distances are nearly those along the tree.
"""

# %%
# Digits, joined by average linkage
# ---------------------------------
# 400 pictures of digits. `fit` joins them by average linkage and lays the tree out;
# nothing is optimised, and it takes some hundredths of a second. What is read off the
# drawing (`distances`) is compared with the path in the tree: a drawing of radius 9 is
# too small, one of 34 is the default, and with two floats a direction it is 69.

import matplotlib.pyplot as plt
import numpy as np
from scipy.cluster.hierarchy import cophenet, dendrogram, linkage
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances

from skgeom import TreeEmbedding
from skgeom.geometry import polar
from skgeom.graph import Graph
from skgeom.plotting import PALETTE, STYLE, PoincareDiskDisplay

plt.style.use(STYLE)

X, y = load_digits(return_X_y=True)
X, new, y, y_new = X[:400], X[400:800], y[:400], y[400:800]
paths = cophenet(linkage(X, "average"))
shown = np.random.default_rng(0).choice(len(paths), 4000, replace=False)

fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), sharex=True, sharey=True)
settings = {"radius 9": {"max_radius": 9.0}, "34": {}, "69": {"n_terms": 2}}
for ax, (name, setting) in zip(axes, settings.items(), strict=True):
    model = TreeEmbedding(**setting).fit(X)
    found = model.distances()[np.triu_indices(400, 1)]
    ax.plot(paths[shown], found[shown], ".", ms=2, alpha=0.4)
    ax.axline((30, 30), slope=1, color="0.5", lw=1, ls=":")
    ax.set(title=name, xlabel="along the tree")
axes[0].set_ylabel("in the drawing")
plt.show()

# %%
# New digits
# ----------
# New rows go where their nearest row is. Their neighbours by the distance of the
# drawing, from two numbers, are those by all 64 pixels:

model = TreeEmbedding().fit(X)
known, placed = (
    polar.from_poincare(Z) for Z in (model.embedding_, model.transform(new))
)
for name, distances in [
    ("two hyperbolic coordinates", polar.distance(known[None], placed[:, None])),
    ("64 pixels", pairwise_distances(new, X)),
]:
    votes = y[np.argsort(distances, axis=1)[:, :5]]
    guess = [np.bincount(row).argmax() for row in votes]
    print(f"{name:27} {np.mean(guess == y_new):.3f}")

# %%
# A picture of it
# ---------------
# Eyes have room for a radius of nine or less: beyond, all is at the rim. For the
# picture each merge is therefore placed by how many rows it has instead of how high it
# is, and the merges are those of Ward, whose groups are plain. Leaves have the colours
# of the digits, which the tree has not seen.

merges = linkage(X, "ward")
by_size = np.column_stack([merges[:, :2], np.log(merges[:, 3]), merges[:, 3]])
graph = Graph.from_linkage(by_size)
top = graph.n_nodes - 1
picture = TreeEmbedding(graph=graph, root=top, max_radius=9.0)
picture.fit(np.arange(graph.n_nodes)[:, None])

fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 5.0), width_ratios=[1, 1.3])
with plt.rc_context({"lines.linewidth": 0.5}):
    dendrogram(merges, ax=left, no_labels=True, color_threshold=0)
left.set_ylabel("height")
child = np.flatnonzero(picture.parents_ >= 0)
edges = np.column_stack([child, picture.parents_[child]])
digit = np.append(y, np.full(graph.n_nodes - len(y), -1))
colors = np.array([*PALETTE, "#8A8A8A", "#222222", "#CCCCCC"])[digit]
PoincareDiskDisplay(picture.nodes_, edges).plot(
    right, color=list(colors), size=np.where(digit < 0, 0.5, 12.0)
)
for number in range(10):
    right.scatter([], [], color=colors[:400][y == number][0], label=str(number))
right.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# sphinx_gallery_thumbnail_number = 2
