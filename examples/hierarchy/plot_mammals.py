r"""
============================
Mammals in the Poincaré disk
============================

A tree has exponentially more nodes in each lower level. A Euclidean plane has only
linearly more room at a larger distance from the centre, a hyperbolic plane
exponentially more: there a tree fits.

WordNet knows 1,180 kinds of mammals, each linked to all more general words. This
page draws them in the Poincaré disk, and gives the same graph to the same optimizer
in a Euclidean plane.
"""

# %%
# In the hyperbolic plane
# -----------------------
# The links of :func:`~skgeom.datasets.load_wordnet_mammals` go from the special to the
# general word. X is the column of the nodes' ids.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.metrics import mean_rank, reconstruction_score
from skgeom.plotting import STYLE, PoincareDiskDisplay

plt.style.use(STYLE)

mammals = load_wordnet_mammals()
nodes = np.arange(mammals.n_nodes)[:, None]
model = PoincareEmbedding(n_components=2, graph=mammals, random_state=0).fit(nodes)

# %%
# General words are near the centre. Lines are geodesics, arcs that meet the rim at
# right angles; equal distances look shorter near the rim. The true radii go up to 26,
# where all would be drawn on the rim, and
# :class:`~skgeom.plotting.PoincareDiskDisplay` scales them to the room of a picture.

names = [name.partition(".")[0].replace("_", " ") for name in mammals.node_names]
fig, ax = plt.subplots(figsize=(7.6, 7))
PoincareDiskDisplay.from_estimator(
    model,
    nodes,
    model.radii_,
    value_name="distance to the centre",
    labels=names,
    radius=5.0,
    ax=ax,
    max_labels=40,
)
plt.show()

# %%
# In the Euclidean plane
# ----------------------
# The same loss with Euclidean distances, in twenty lines: each link is drawn nearer
# than nodes that are not linked, by full gradients and Adam.

rng = np.random.RandomState(0)
linked = mammals.adjacency.toarray() > 0
np.fill_diagonal(linked, True)
u, v = mammals.adjacency.nonzero()


def loss_gradient(x):
    step = x[:, None] - x
    distance = np.linalg.norm(step, axis=2) + 1e-9
    near = np.exp(-distance)
    background = 50 / len(x) * np.where(linked, 0.0, near).sum(axis=1)
    slope = np.zeros_like(near)
    slope[u, v] = background[u] / (near[u, v] + background[u])
    pressure = np.bincount(u, 1 / (near[u, v] + background[u]), len(x))
    slope -= np.where(linked, 0.0, 50 / len(x) * near * pressure[:, None])
    slope /= distance
    return np.einsum("ij,ijk->ik", slope + slope.T, step)


flat = rng.uniform(-1e-3, 1e-3, (len(nodes), 2))
first, second = np.zeros_like(flat), np.zeros_like(flat)
for epoch in range(1, 201):
    gradient = loss_gradient(flat)
    first += 0.1 * (gradient - first)
    second += 0.001 * (gradient**2 - second)
    scale = np.sqrt(second / (1 - 0.999**epoch)) + 1e-9
    flat -= 0.3 * (1 - epoch / 200) * first / (1 - 0.9**epoch) / scale

# %%
# Mean average precision asks whether the nearest words of each word are those above it.
# In the Euclidean plane there is not enough room to have them all.

fig, axes = plt.subplots(1, 2, figsize=(10, 5))
PoincareDiskDisplay.from_estimator(model, nodes, ax=axes[0], max_labels=0)
direct = load_wordnet_mammals(closure=False).adjacency.nonzero()
axes[1].plot(*flat[np.stack(direct)].transpose(2, 0, 1), ls="-", color="0.7", lw=0.5)
axes[1].scatter(*flat.T, s=6, linewidths=0, zorder=2)
axes[1].set_axis_off()
for ax, x, metric in zip(
    axes, (model.embedding_, flat), ("poincare", "euclidean"), strict=True
):
    precision = reconstruction_score(x, mammals, metric=metric)
    rank = mean_rank(x, mammals, metric=metric)
    ax.set_title(f"{metric}: MAP {precision:.2f}, mean rank {rank:.1f}")
plt.show()

# %%
# In more dimensions Euclidean space catches up: see :ref:`poincare`.
