"""
===================================
Clusters of any shape, and new rows
===================================

Spectral clustering cuts a graph of neighbours where walks seldom cross. Here links are
as wide as rows have their neighbours, new rows have labels, and many rows walk by
landmarks.
"""

# %%
# Shapes, and what a place would be
# ---------------------------------
# The dots are the rows that were fitted. The colours behind them are
# :meth:`~skgeom.cluster.SpectralClusterer.predict` of every place.

from time import process_time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import make_circles, make_moons

from skgeom import SpectralClusterer
from skgeom.plotting import STYLE

plt.style.use(STYLE)
colors = ListedColormap(["#3b75af", "#e08214", "#519e3e"])

rng = np.random.default_rng(0)
t, arm = rng.uniform(size=900), rng.integers(3, size=900)
angle, radius = 2 * np.pi * (1.2 * t + arm / 3), 0.3 + 2 * t
spirals = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
shapes = {
    "moons": (make_moons(500, noise=0.08, random_state=0)[0], 2),
    "two rings": (
        make_circles(500, noise=0.07, factor=0.4, random_state=0)[0],
        2,
    ),
    "three spirals": (spirals + 0.04 * rng.normal(size=(900, 2)), 3),
}

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6))
for axis, (name, (X, n_clusters)) in zip(axes, shapes.items(), strict=True):
    model = SpectralClusterer(n_clusters, random_state=0).fit(X)
    low, high = X.min(axis=0) - 0.2, X.max(axis=0) + 0.2
    grid = np.stack(
        np.meshgrid(*(np.linspace(a, b, 150) for a, b in zip(low, high, strict=True))),
        axis=2,
    )
    places = model.predict(grid.reshape(-1, 2)).reshape(150, 150)
    extent = (low[0], high[0], low[1], high[1])
    axis.imshow(
        places,
        origin="lower",
        extent=extent,
        cmap=colors,
        vmin=0,
        vmax=2,
        alpha=0.3,
        aspect="auto",
        interpolation="nearest",
    )
    axis.scatter(*X.T, c=model.labels_, cmap=colors, vmin=0, vmax=2, s=5)
    axis.set(title=name, xticks=[], yticks=[])
plt.show()

# %%
# A hundred thousand rows
# -----------------------
# From 10,000 rows on, each hangs on the five nearest of a thousand landmarks, and a
# walk goes from landmark to landmark by rows. The eigenproblem is one of landmarks.

X, y = make_moons(100_000, noise=0.08, random_state=0)
start = process_time()
model = SpectralClusterer(2, random_state=0).fit(X)
right = np.mean(model.labels_ == y)
print(f"{max(right, 1 - right):.2%} right in {process_time() - start:.1f} s")

figure, axis = plt.subplots(figsize=(5, 3.2))
axis.scatter(*X[::50].T, c=model.labels_[::50], cmap=colors, vmin=0, vmax=2, s=3)
axis.scatter(*model.landmarks_.T, c="black", s=4, label="landmarks")
axis.set(xticks=[], yticks=[])
axis.legend()
plt.show()

# %%
# Eigenvalues do not tell how many clusters there are
# ---------------------------------------------------
# One might look for a gap after the eigenvalue of the last cluster. But long thin
# clusters have slow modes of their own: after those of the clusters there come steps as
# large, and of three spirals hardly any.

figure, axes = plt.subplots(1, 3, figsize=(11, 2.8), sharey=True)
for axis, (name, (X, n_clusters)) in zip(axes, shapes.items(), strict=True):
    slow = 1 - SpectralClusterer(9, random_state=0).fit(X).eigenvalues_
    axis.bar(np.arange(1, 11), slow, color="0.7")
    axis.axvline(n_clusters + 0.5, color="#b2182b", label="clusters end here")
    axis.set(title=name, xlabel="mode")
axes[0].set_ylabel("1 - eigenvalue")
axes[0].legend()
plt.show()
