r"""
=====================
From heat to distance
=====================

Warm one point of a surface, wait a little, and look how much heat has come to the
other points. Far points are colder, and by how much tells how far they are, measured
along the surface and not through the air. For a heat kernel :math:`h_t(x, y)` Varadhan
[1]_ proved that

.. math::

    d(x, y)^2 = \lim_{t \to 0} -4t \log h_t(x, y) .

With points in place of a surface, the heat flows over a graph that joins each point to
its nearest neighbours, :math:`H = e^{-tL}` with the graph Laplacian :math:`L`. Time
cannot go to zero there: it has to be long enough for the heat to cross many edges. A
correction by the heat that each point keeps makes up for that [2]_:

.. math::

    d_{ij}^2 = -4t \log h_{ij} + 4t \sigma \log \frac{h_{ii} + h_{jj}}{2} .

This page follows the formula on a Swiss roll, whose true geodesic distances are known.
"""

# %%
# Heat from one point
# -------------------
# :class:`~skgeom.graph.Graph` joins the points, and
# :func:`~skgeom.operators.heat_kernel` lets heat flow. Its series has no negative term,
# so that the temperature of the farthest points, here below 1e-50, is as
# accurate as that of the nearest.

import matplotlib.pyplot as plt
import numpy as np

from skgeom.datasets import make_swiss_roll
from skgeom.graph import Graph
from skgeom.metrics import distance_preservation
from skgeom.operators import heat_kernel
from skgeom.plotting import STYLE
from skgeom.solvers import classical_mds

plt.style.use(STYLE)

roll = make_swiss_roll(1000, height=20.0, random_state=0)
along, across = roll.coordinates.T
geodesics = roll.geodesic_distances()
source = int(np.argmin(np.hypot(along - 35, across - 10)))

graph = Graph.from_points(roll.X, n_neighbors=10)
times = [5, 40, 160]
heats = [heat_kernel(graph.laplacian(), time) for time in times]

# %%
# One unit of time is one step of a random walk on the graph; the star is the source.
# After 5 steps the outer turn of the roll is still ice cold, although it is near the
# source through the air: heat has to go all the way round. After 160 steps differences
# begin to fade.


def draw_roll(ax, colors, **options):
    x, y, z = roll.X.T
    points = ax.scatter(
        x, y, z, c=colors, s=14, linewidths=0, depthshade=False, **options
    )
    ax.view_init(elev=12, azim=-68)
    ax.set_box_aspect(np.ptp(roll.X, axis=0), zoom=1.3)
    ax.computed_zorder = False
    ax.set_axis_off()
    return points


fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), subplot_kw={"projection": "3d"})
for ax, time, heat in zip(axes, times, heats, strict=True):
    shown = draw_roll(ax, np.log10(heat[source]), cmap="plasma", vmin=-20, vmax=-2)
    ax.plot(*roll.X[source], marker="*", markersize=14, color="black", zorder=10)
    ax.set_title(f"heat after {time} steps")
bar = fig.colorbar(shown, ax=axes, shrink=0.7, extend="both")
bar.set_ticks([-20, -14, -8, -2], labels=["1e-20", "1e-14", "1e-8", "1e-2"])
bar.set_label("share of the heat")
plt.show()

# %%
# Distance from the logarithm
# ---------------------------
# The formula takes three lines.


def heat_distances(heat, time, volume_weight):
    kept = np.diag(heat)
    volume = np.log((kept[:, None] + kept) / 2)
    squared = 4 * time * (volume_weight * volume - np.log(heat))
    return np.sqrt(np.maximum(squared, 0))


# %%
# Without the correction, the distance from the source to itself is not zero: even there
# some heat has left. The offset grows with time and hides the small distances. With the
# correction the curves begin at zero. (Stress is the relative error over all pairs,
# after the best single rescaling: :func:`~skgeom.metrics.distance_preservation`.)
#
# Two errors remain. At 5 steps the curve bends, for the time is too short: heat reaches
# far points over so few walks that the formula does not hold. And the curve forks,
# because this roll has more points near its axis: edges are shorter there, heat takes
# more steps for the same length, and inward distances come out longer than outward.

fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
for ax, time, heat in zip(axes, times, heats, strict=True):
    for weight, color, marker in [(0.0, "0.6", "^"), (1.0, "#0072B2", "o")]:
        distances = heat_distances(heat, time, weight)
        stress = distance_preservation(geodesics, distances=distances).scaled_stress
        ax.scatter(
            geodesics[source],
            distances[source],
            s=5,
            color=color,
            marker=marker,
            linewidths=0,
            label=f"σ = {weight:.0f}, stress {stress:.2f}",
        )
    ax.set(title=f"{time} steps", xlabel="true geodesic distance", xlim=0, ylim=0)
    ax.legend(loc="lower right", markerscale=3, handletextpad=0.1)
axes[0].set_ylabel("heat geodesic distance")
plt.show()

# %%
# From distances to a map
# -----------------------
# Multidimensional scaling places the points so that straight lines between them have
# these lengths, and the roll lies flat. With a limit on cost, a choice of time, and new
# points, this is :class:`~skgeom.embedding.HeatGeodesicEmbedding`.

flat = classical_mds(np, heat_distances(heats[1], times[1], 1.0), 2)

# sphinx_gallery_thumbnail_number = 3
fig = plt.figure(figsize=(6.4, 5))
above, below = fig.add_gridspec(2, 1, height_ratios=[1.5, 1])
draw_roll(fig.add_subplot(above, projection="3d"), along, cmap="viridis")
ax = fig.add_subplot(below)
ax.scatter(*flat.T, c=along, s=9, cmap="viridis", linewidths=0)
ax.set_aspect("equal")
ax.set_axis_off()
ax.set_title("unrolled by heat, coloured by the true position along the roll")
plt.show()

# %%
# .. rubric:: References
#
# .. [1] S. R. S. Varadhan, "On the behavior of the fundamental solution of the heat
#    equation with variable coefficients", Communications on Pure and Applied
#    Mathematics 20, 1967.
# .. [2] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein and
#    S. Krishnaswamy, "A heat diffusion perspective on geodesic preserving
#    dimensionality reduction", NeurIPS 2023.
