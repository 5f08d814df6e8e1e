r"""
========================
Which kernel on a graph?
========================

A kernel on the nodes of a graph is a function :math:`k(L)` of its Laplacian. Choosing a
kernel is choosing a function of the eigenvalues: how much is a smooth function on the
graph preferred to a rough one? This page draws five kernels in three ways: over the
spectrum, around one node, and by what they predict.
"""

# %%
# Over the spectrum
# -----------------
# The eigenvalues are those of :math:`W = I - L`: near 1 they belong to functions that
# hardly change from node to node. All curves are scaled to 1 there. The graph is the
# street map of a small town: a grid of crossings with a few streets closed, and a river
# from north to south that has a bridge at each end.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from scipy.sparse.csgraph import dijkstra
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsRegressor

from skgeom import GraphKernelRidge
from skgeom.graph import Graph
from skgeom.nodes import graph_kernel
from skgeom.plotting import STYLE, SpectrumDisplay

plt.style.use(STYLE)

side = 24
place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
gaps = np.abs(place[:, None] - place).sum(axis=2)
rng = np.random.default_rng(0)
streets = np.argwhere(np.triu(gaps == 1))
streets = streets[rng.random(len(streets)) > 0.15]
(one, two), row = place[streets][:, :, 0].T, place[streets][:, 0, 1]
river = (np.minimum(one, two) == 12) & (one != two)
streets = streets[~river | (row < 2) | (row > side - 3)]
graph = Graph.from_edges(streets, n_nodes=side**2)
eigenvalues, vectors = np.linalg.eigh(graph.laplacian("symmetric").transition.toarray())

kernels = {
    "diffusion, t = 10": dict(kernel="diffusion", diffusion_time=10.0),
    "regularised Laplacian, 30": dict(
        kernel="regularized_laplacian", regularization=30.0, smoothness=2.0
    ),
    "Matérn, length 6": dict(kernel="matern", length_scale=6.0, smoothness=1.5),
    "random walk, 8 steps": dict(kernel="random_walk", n_steps=8),
    "cosine": dict(kernel="cosine"),
}


def over_adjacency(options):
    kernel = graph_kernel(**options)
    return lambda values: kernel.function(1 - values)


fig, ax = plt.subplots(figsize=(6.4, 4))
SpectrumDisplay(
    {name: over_adjacency(options) for name, options in kernels.items()}, eigenvalues
).plot(ax)
ax.legend(loc="upper left")
plt.show()

# %%
# The cosine and the short random walk leave rough functions much weight: they look at
# the nearest nodes. The regularised Laplacian and the Matérn kernel have a sharp peak
# at the smooth end with a long tail: far range, and tolerance for jumps. Diffusion has
# no tail.
#
# Around one node
# ---------------
# Similarity to the node with the star, scaled to 1 there, on a logarithmic scale.

star = side * 11 + 10


def draw(ax, values, **options):
    ax.add_collection(LineCollection(place[streets], colors="0.8", lw=0.8, zorder=0))
    shown = ax.scatter(*place.T, c=values, s=22, zorder=1, **options)
    ax.set(xticks=[], yticks=[], aspect=1)
    ax.spines[:].set_visible(False)
    return shown


fig, axes = plt.subplots(1, 5, figsize=(12, 3))
for ax, (name, options) in zip(axes, kernels.items(), strict=True):
    kernel = graph_kernel(**options)
    column = kernel.function(1 - eigenvalues) * vectors[star] @ vectors.T
    column = np.maximum(column / column[star], 1e-9)
    shown = draw(ax, np.log10(column), cmap="magma", vmin=-4, vmax=0)
    ax.plot(*place[star], marker="*", color="white", mec="black", ms=12)
    ax.set_title(name.replace(", ", ",\n"))
bar = fig.colorbar(shown, ax=axes, shrink=0.8, label="similarity, 1 = itself")
bar.set_ticks([-4, -2, 0], labels=["0.0001", "0.01", "1"])
plt.show()

# %%
# By what they predict
# --------------------
# Two functions are measured at a quarter of the crossings, with noise: a smooth one,
# such as a rent that falls with the way to the centre (the star), and a rough one,
# which changes its sign every five blocks of that way. `GridSearchCV` chooses the
# penalty by the known values alone. X is a column of node numbers; folds hide values,
# never crossings. Without a graph one would ask the five nearest known crossings on the
# map, which is the last row.

way = dijkstra(graph.adjacency, indices=star)
way[np.isinf(way)] = way[np.isfinite(way)].max()
targets = {
    "falls with the way": np.exp(-way / 15),
    "rises and falls with it": np.cos(np.pi * way / 5),
}
nodes = np.arange(side**2)[:, None]
known = rng.permutation(side**2)[:144]
hidden = np.setdiff1d(nodes, known)
errors = {}


def error_of(found, truth):
    return np.sqrt(np.mean((found - truth[hidden]) ** 2)) / truth[hidden].std()


for target, truth in targets.items():
    y = truth[known] + 0.05 * rng.standard_normal(144)
    for options in kernels.values():
        search = GridSearchCV(
            GraphKernelRidge(graph=graph, **options),
            {"alpha": [1e-4, 1e-3, 1e-2, 1e-1, 1]},
            cv=KFold(5, shuffle=True, random_state=0),
            scoring="neg_root_mean_squared_error",
        ).fit(nodes[known], y)
        errors.setdefault(target, []).append(
            error_of(search.predict(nodes[hidden]), truth)
        )
    plane = KNeighborsRegressor(5, weights="distance").fit(place[known], y)
    errors[target].append(error_of(plane.predict(place[hidden]), truth))

fig, (left, right, bars) = plt.subplots(
    1, 3, figsize=(12, 3.6), width_ratios=[1, 1, 1.3]
)
for ax, (target, truth) in zip((left, right), targets.items(), strict=True):
    draw(ax, truth, cmap="viridis")
    ax.set_title(target)
rows = [*kernels, "5 nearest on the map"]
height = np.arange(len(rows))
for offset, hatch, (target, values) in zip(
    (-0.2, 0.2), ("", "///"), errors.items(), strict=True
):
    bars.barh(height + offset, values, height=0.36, hatch=hatch, label=target, ec="w")
bars.axvline(1, color="0.5", lw=0.8, ls=":")
bars.set(yticks=height, yticklabels=rows, xlim=(0, 1.1))
bars.set_xlabel("error on hidden crossings, standard deviations")
bars.invert_yaxis()
bars.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
plt.show()

# %%
# The range of a kernel matters more than its name: too short (the cosine) and nothing
# is learned. Among kernels of a fitting range the tail decides. For the slow function
# the regularised Laplacian is best, for the fast one diffusion. Both see the river,
# which the map does not. When in doubt take diffusion, and search its time.
