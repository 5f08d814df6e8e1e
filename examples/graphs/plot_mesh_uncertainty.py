"""
==========================================
Values on a surface, and how sure they are
==========================================

A hundred noisy readings on a surface that is a mesh of triangles, finer on one side
than on the other. A Gaussian process on the mesh fills in the rest, learns its range
and the noise from the readings, and says how far it may be off.
"""

# %%
# A mesh
# ------
# A dented sphere. Its triangles are the hull of points on the round sphere, four in
# five of which lie on the right.

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial import ConvexHull

from skgeom import GraphGPRegressor
from skgeom.graph import mesh_graph
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
ball = rng.normal(size=(6000, 3))
ball /= np.linalg.norm(ball, axis=1, keepdims=True)
kept = (ball[:, 0] > 0) | (rng.random(6000) < 0.25)
ball = ball[kept]
triangles = ConvexHull(ball).simplices
vertices = ball * (1 + 0.25 * np.cos(4 * ball[:, 2:]) * ball[:, :1] ** 2)
graph, mass = mesh_graph(vertices, triangles)
print(graph)

# %%
# Readings
# --------
# None of them near the top.

truth = np.sin(3 * vertices[:, 0]) + np.cos(4 * vertices[:, 1]) * vertices[:, 2]
known = rng.permutation(np.flatnonzero(ball[:, 2] < 0.55))[:100]
readings = truth[known] + 0.1 * rng.normal(size=100)

# %%
# The model
# ---------
# Weights of links are cotangents, and the mass of a vertex is its area: the field is
# one on the surface, and does not see where the mesh is fine. Without the masses,
# variances follow the mesh, and the evidence says which is the better model.

X = known[:, None]
everywhere = np.arange(graph.n_nodes)[:, None]
for name, given in (("with areas", mass), ("without", None)):
    model = GraphGPRegressor(graph=graph, mass=given).fit(X, readings)
    error = np.sqrt(np.mean((model.predict(everywhere) - truth) ** 2))
    print(
        f"{name}: log evidence {model.log_marginal_likelihood_value_:.1f}, "
        f"error {error:.3f}, noise {model.noise_variance_**0.5:.3f}, which is 0.1"
    )

# %%
# The picture
# -----------
# `return_std` counts the noise of a new reading in; without it, what is left is how
# well the surface is known.

model = GraphGPRegressor(graph=graph, mass=mass).fit(X, readings)
mean, std = model.predict(everywhere, return_std=True)
unsure = np.sqrt(np.maximum(std**2 - model.noise_variance_, 0))

fig = plt.figure(figsize=(11, 4.2))
pictures = ("values", truth), ("prediction", mean), ("its deviation", unsure)
for place, (title, values) in enumerate(pictures, 1):
    ax = fig.add_subplot(1, 3, place, projection="3d")
    shown = ax.plot_trisurf(*vertices.T, triangles=triangles, linewidth=0)
    shown.set_array(values[triangles].mean(axis=1))
    low, high = (truth.min(), truth.max()) if place < 3 else (0, unsure.max())
    shown.set_clim(low, high)
    if place == 3:
        shown.set_cmap("magma")
        ax.scatter(*(1.02 * vertices[known]).T, s=6, color="white", depthshade=True)
    ax.set_title(title)
    ax.view_init(25, -60)
    ax.set_box_aspect((1, 1, 1), zoom=1.5)
    ax.set_axis_off()
    fig.colorbar(shown, ax=ax, shrink=0.6)

# %%
inside = np.abs(truth - mean) < 1.96 * np.maximum(unsure, 1e-12)
print(f"{inside.mean():.0%} of the values lie within 1.96 deviations")
print(
    f"deviation where readings are near: {np.quantile(unsure, 0.1):.2f}, at the top: "
)
print(f"{unsure[ball[:, 2] > 0.9].mean():.2f}")
