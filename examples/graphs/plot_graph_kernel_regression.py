r"""
==============================================
A function on a mesh, from a few of its values
==============================================

A kernel on a graph tells how much the value at one node says about that at another.
With :math:`L` the normalised Laplacian, :math:`W = I - L` and heat as the example,

.. math::

    K = e^{-tL} = f(W)^2, \qquad f(W) = \sum_l f_l W^l,
    \qquad f_l = e^{-t/2} \frac{(t/2)^l}{l!} .

:class:`~skgeom.nodes.GraphRandomFeatures` estimates rows of :math:`f(W)` by random
walks [1]_: a walk from node :math:`i` that stands on node :math:`j` after :math:`l`
steps adds to the entry :math:`(i, j)`. Inner products of rows are the kernel.
"""

# %%
# A mesh and a function on it
# ---------------------------
# Points in a disk with a slit, joined to their neighbours: a triangulation without the
# triangles that cross the slit. The function has different values on its two sides.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.tri import Triangulation
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from skgeom import GraphKernelRidge, GraphRandomFeatures
from skgeom.graph import Graph
from skgeom.nodes import GraphKernelOperator
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
radius, angle = np.sqrt(rng.uniform(0.04, 1, 2000)), rng.uniform(-np.pi, np.pi, 2000)
points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
mesh = Triangulation(*points.T)
corners = angle[mesh.triangles]
crosses = np.ptp(corners, axis=1) > np.pi
around_the_hole = radius[mesh.triangles].mean(axis=1) < 0.22
mesh.set_mask(crosses | around_the_hole)
graph = Graph.from_edges(mesh.edges, n_nodes=2000)
truth = angle / np.pi
nodes = np.arange(2000)[:, None]

# %%
# What walks find, and what the kernel is
# ---------------------------------------
# Heat that starts at one node next to the slit does not cross it. Features of 16, 256
# and 4,096 walks for each node, and the kernel itself, by a Chebyshev series.

source = np.argmin(abs(points - [-0.5, 0.06]).sum(axis=1))
K = GraphKernelOperator(graph, "diffusion", diffusion_time=100.0)
exact = K @ (np.arange(2000) == source).astype(float)

fig, axes = plt.subplots(2, 2, figsize=(7, 6))
style = dict(shading="gouraud", cmap="magma", vmin=0, vmax=0.7 * exact.max())
for ax, n_walks in zip(axes.flat, (16, 256, 4096), strict=False):
    model = GraphRandomFeatures(
        diffusion_time=100.0,
        alpha=1.0,
        graph=graph,
        n_walks=n_walks,
        random_state=0,
    ).fit(nodes)
    features = model.transform(nodes)
    column = (features @ features[[source]].T).toarray()[:, 0]
    ax.tripcolor(mesh, column, **style)
    error = model.error_estimate_
    ax.set_title(f"{n_walks} walks\nestimated error {error:.2f}")
shown = axes[1, 1].tripcolor(mesh, exact, **style)
axes[1, 1].set_title("the kernel")
fig.colorbar(shown, ax=axes, label="heat, share", shrink=0.7)
for ax in axes.flat:
    ax.set_aspect("equal")
    ax.set_axis_off()
plt.show()

# %%
# Regression
# ----------
# A hundred values are given, with noise. Ridge on the features, ridge with the exact
# kernel, and for comparison the 5 nearest given points in the plane, which see across
# the slit.

known = rng.permutation(2000)[:100]
y = truth[known] + 0.02 * rng.standard_normal(100)
walks = make_pipeline(
    GraphRandomFeatures(
        diffusion_time=100.0, alpha=1e-3, graph=graph, n_walks=256, random_state=0
    ),
    Ridge(),
)
ridge = GraphKernelRidge(diffusion_time=100.0, alpha=1e-3, graph=graph)
predictions = {
    "features, 256 walks": walks.fit(nodes[known], y).predict(nodes),
    "exact kernel": ridge.fit(nodes[known], y).predict(nodes),
    "5 neighbours in the plane": KNeighborsRegressor(5, weights="distance")
    .fit(points[known], y)
    .predict(points),
}

fig, axes = plt.subplots(2, 2, figsize=(7, 6))
style = dict(shading="gouraud", cmap="viridis", vmin=-1, vmax=1)
axes[0, 0].tripcolor(mesh, truth, **style)
axes[0, 0].plot(*points[known].T, "k.", ms=4)
axes[0, 0].set_title("the function,\nand where it is known")
for ax, (name, values) in zip(axes.flat[1:], predictions.items(), strict=True):
    shown = ax.tripcolor(mesh, values, **style)
    error = np.sqrt(np.mean((values - truth) ** 2))
    ax.set_title(f"{name}\nerror {error:.3f}")
fig.colorbar(shown, ax=axes, label="value of the function", shrink=0.7)
for ax in axes.flat:
    ax.set_aspect("equal")
    ax.set_axis_off()
plt.show()

# %%
# For one regression on one graph the exact kernel is the better choice: it is exact,
# and here no slower. Features are for what needs rows: other linear models, a few nodes
# of a large graph, many kernels from one sampling.
#
# .. rubric:: References
#
# .. [1] I. Reid, K. Choromanski, E. Berger and A. Weller, "General graph random
#    features", ICLR 2024.
