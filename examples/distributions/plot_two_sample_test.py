"""
===================================
Two collections of maps of a sphere
===================================

A row is a histogram on the nodes of a graph: where one animal was seen, cells of a map
being joined to their neighbours. Do two groups of animals live alike? The mean maps do
not tell, where each animal of one group roams more widely;
:class:`~skgeom.distributions.SlicedWassersteinEmbedding` makes rows of which
:func:`~skgeom.metrics.two_sample_test` does.
"""

# %%
# Two groups of thirty
# --------------------
# Places are 400 points of a sphere, joined to eight neighbours. Each animal is seen
# sixty times around a home. Homes vary in both groups; ranges are wider in the second.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import kneighbors_graph

from skgeom import SlicedWassersteinEmbedding
from skgeom.graph import Graph
from skgeom.metrics import two_sample_test
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)
rng = np.random.default_rng(1)

# Points of a spiral from pole to pole, as even as 400 can be.
height = 1 - (2 * np.arange(400) + 1) / 400
turn = np.pi * (1 + 5**0.5) * np.arange(400)
ring = np.sqrt(1 - height**2)
places = np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)
links = kneighbors_graph(places, 8)
world = Graph.from_adjacency(links.maximum(links.T))


def animals(n, concentration):
    """Histograms of sixty sightings around homes on one side of the sphere."""
    homes = np.array([1.0, 0.0, 0.0]) + 0.5 * rng.normal(size=(n, 3))
    homes /= np.linalg.norm(homes, axis=1, keepdims=True)
    density = np.exp(concentration * (homes @ places.T))
    return rng.multinomial(60, density / density.sum(axis=1, keepdims=True))


first, second = animals(30, 9.0), animals(30, 5.0)
histograms = np.concatenate([first, second])

# %%
# Sorted along smooth functions
# -----------------------------
# Eigenfunctions of the graph's Laplacian take the place of lines: a histogram becomes
# the quantiles of each of them.

embedding = SlicedWassersteinEmbedding(domain=world)
Z = embedding.fit_transform(histograms.astype(float))
tests = {
    "sorted functions": two_sample_test(Z[:30], Z[30:], random_state=0),
    "the same, by coordinates": two_sample_test(
        Z[:30], Z[30:], method="coordinates", random_state=0
    ),
    "histograms as they are": two_sample_test(first, second, random_state=0),
}
for name, test in tests.items():
    print(f"{name:24} p = {test.p_value:.3f}")

# %%
# The pictures
# ------------
# Mean maps, the functions of two slices, and the values of one of them, sorted: wider
# ranges are steeper curves.

fig = plt.figure(figsize=(11, 5.6))
front = places[:, 0] > -0.2


def globe(k, values, title, cmap):
    """A map seen from the side on which homes are."""
    ax = fig.add_subplot(2, 3, k, projection="3d")
    ax.scatter(*places[front].T, c=values[front], cmap=cmap, s=70, depthshade=False)
    ax.view_init(10, 0)
    ax.set_axis_off()
    ax.set_box_aspect((1, 1, 1), zoom=1.5)
    ax.set_title(title)


globe(1, first.mean(axis=0), "mean map, first group", "viridis")
globe(2, second.mean(axis=0), "mean map, second group", "viridis")
globe(4, embedding.directions_[0], "a function of the nodes", "coolwarm")
globe(5, embedding.directions_[4], "a faster one", "coolwarm")

# Sorted values of the slice in which the groups differ most, mean and deviation.
ax = fig.add_subplot(1, 3, 3)
parts = Z.reshape(60, -1, 20) * (Z.shape[1] ** 0.5)
gap = np.abs(parts[:30].mean(axis=0) - parts[30:].mean(axis=0))
most = int(np.argmax(gap.sum(axis=1) / parts.std(axis=0).sum(axis=1)))
for number, group in enumerate(["first", "second"]):
    some = parts[30 * number : 30 * (number + 1), most]
    middle, spread = some.mean(axis=0), some.std(axis=0)
    color = PALETTE[number]
    ax.plot(embedding.levels_, middle, color=color, label=f"{group} group")
    ax.fill_between(
        embedding.levels_, middle - spread, middle + spread, color=color, alpha=0.2
    )
ax.set(title="the function that tells most", xlabel="share", ylabel="sorted values")
ax.legend()
plt.show()
