r"""
=====================
A kernel on a surface
=====================

A knotted tube comes near to itself many times, and touches itself nowhere. A function
on its surface may be high on one strand and low on the next, a finger's breadth away.
Kernels of the coordinates in space cannot know that; a kernel on the mesh can, because
it goes from node to node along the edges of the triangles,

.. math::

    K = e^{-tL}, \qquad L = I - D^{-1/2} A D^{-1/2} .

This page draws what such a kernel sees, and fits a function to it at few nodes.
"""

# %%
# A tube along a knot
# -------------------
# The knot runs four times around a torus, and nine times through its hole. The surface
# is made here: rings of 10 nodes around 420 points of the knot, each square cut into
# two triangles. Their edges are the graph.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skgeom import GraphKernelRidge, GraphRandomFeatures
from skgeom.graph import Graph
from skgeom.nodes import GraphKernelOperator
from skgeom.plotting import STYLE

plt.style.use(STYLE)

n_along, n_around = 420, 10
s = np.linspace(0, 2 * np.pi, n_along, endpoint=False)[:, None]
radius = 3 + 1.2 * np.cos(9 * s)
knot = np.hstack([radius * np.cos(4 * s), radius * np.sin(4 * s), 1.2 * np.sin(9 * s)])
tangent = np.gradient(np.vstack([knot[-1:], knot, knot[:1]]), axis=0)[1:-1]
tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
side = np.cross(tangent, [0.0, 0.0, 1.0])
side /= np.linalg.norm(side, axis=1, keepdims=True)
angle = np.linspace(0, 2 * np.pi, n_around, endpoint=False)[:, None]
ring = np.cos(angle) * side[:, None] + np.sin(angle) * np.cross(side, tangent)[:, None]
points = (knot[:, None] + 0.4 * ring).reshape(-1, 3)

node = np.arange(n_along * n_around).reshape(n_along, n_around)
right, up = np.roll(node, -1, axis=0), np.roll(node, -1, axis=1)
across = np.roll(right, -1, axis=1)
triangles = np.concatenate(
    [
        np.stack(c, axis=-1).reshape(-1, 3)
        for c in [(node, right, across), (node, across, up)]
    ]
)
sides = np.concatenate(
    [triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]
)
graph = Graph.from_edges(np.unique(np.sort(sides), axis=0), n_nodes=len(points))
print(f"{graph.n_nodes} nodes, {graph.n_edges} edges, {len(triangles)} triangles")


def draw(ax, values, title, shades):
    """Colour each triangle by the mean of its corners, with light from above."""
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    light = 0.7 + 0.3 * normals @ [0.3, -0.5, 0.8]
    colors = shades.to_rgba(values[triangles].mean(axis=1))
    colors[:, :3] *= light[:, None]
    surface = ax.plot_trisurf(
        *points.T, triangles=triangles, linewidth=0, antialiased=False, shade=False
    )
    surface.set_facecolor(colors)
    ax.set_box_aspect(np.ptp(points, axis=0), zoom=1.5)
    ax.view_init(elev=48, azim=-60)
    ax.set_axis_off()
    ax.set_title(title)


# %%
# Near in space, far on the surface
# ---------------------------------
# Both pictures start from the same node, marked by a star. In space, the next strand of
# the knot is near; for heat on the mesh it is at the other end of the world.
# :class:`~skgeom.nodes.GraphKernelOperator` multiplies with the kernel and never
# forms it.

source = node[94, 2]
K = GraphKernelOperator(graph, "diffusion", diffusion_time=150.0)
heat = K @ (np.arange(len(points)) == source).astype(float)
in_space = np.exp(-((points - points[source]) ** 2).sum(axis=1) / (2 * 0.8**2))

shades = ScalarMappable(Normalize(-0.15, 1), "magma")
fig, axes = plt.subplots(1, 2, figsize=(9, 4), subplot_kw={"projection": "3d"})
for ax, values, title in [
    (axes[0], in_space, "Gaussian kernel in space"),
    (axes[1], heat / heat.max(), "heat kernel on the mesh"),
]:
    draw(ax, values, title, shades)
    top = points[source] + 0.5 * (points[source] - knot[94])
    ax.plot(*top, marker="*", color="white", mec="black", ms=14, zorder=10)
fig.colorbar(shades, ax=axes, shrink=0.6, label="similarity to the star, 1 = itself")
plt.show()

# %%
# A function from 80 of 4,200 values
# ----------------------------------
# The function runs up and down along the knot. It is measured at eighty nodes, with
# noise. A Gaussian process on the coordinates, whose length scale and noise are fitted
# by the likelihood, mixes up the strands where they come near. The heat kernel does
# not, be it exact (:class:`~skgeom.nodes.GraphKernelRidge`) or by random walks
# (:class:`~skgeom.nodes.GraphRandomFeatures`), whose sparse rows go into any linear
# model.

rng = np.random.default_rng(0)
truth = np.repeat(np.sin(5 * s[:, 0]) + 0.5 * np.cos(11 * s[:, 0]), n_around)
nodes = np.arange(len(points))[:, None]
known = rng.permutation(len(points))[:80]
y = truth[known] + 0.05 * rng.standard_normal(80)

shared = dict(diffusion_time=150.0, graph=graph)
predictions = {
    "truth, and where it is known": truth,
    "Gaussian process in space": GaussianProcessRegressor(
        RBF(1.0) + WhiteKernel(0.01), normalize_y=True, random_state=0
    )
    .fit(points[known], y)
    .predict(points),
    "GraphKernelRidge": GraphKernelRidge(alpha=1e-3, **shared)
    .fit(nodes[known], y)
    .predict(nodes),
    "GraphRandomFeatures, Ridge": make_pipeline(
        GraphRandomFeatures(alpha=1e-3, n_walks=256, random_state=0, **shared), Ridge()
    )
    .fit(nodes[known], y)
    .predict(nodes),
}

shades = ScalarMappable(Normalize(-1.5, 1.5), "viridis")
# sphinx_gallery_thumbnail_number = 2
fig, axes = plt.subplots(2, 2, figsize=(9, 7), subplot_kw={"projection": "3d"})
for ax, (name, values) in zip(axes.flat, predictions.items(), strict=True):
    error = np.sqrt(np.mean((values - truth) ** 2))
    title = name if values is truth else f"{name}: error {error:.2f}"
    draw(ax, values, title, shades)
axes[0, 0].plot(*points[known].T, "o", color="white", mec="black", ms=4, zorder=10)
fig.colorbar(shades, ax=axes, shrink=0.5, label="value of the function")
plt.show()

# %%
# The error is the root mean square over all nodes; the function itself has a standard
# deviation of 0.79. With walks the answer is nearly as good. They pay where rows are
# needed: another linear model, or a few nodes of a mesh with millions.
# :ref:`graph_random_features` says more about which to take.
