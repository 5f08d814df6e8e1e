"""
========================
One surface, many lights
========================

Pictures of one matt surface under all lights from afar lie in a space of three
dimensions: brightness is the product of the normal with the direction of the light. So
pictures of several surfaces are a union of subspaces, and clusters of pixels are
something else. This page clusters such pictures.
"""

# %%
# Pictures
# --------
# Five bumpy surfaces, 60 pictures of each, under lights from anywhere in front. Light
# that would come from behind the surface is cut off, and there is noise.

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from skgeom import SubspaceClustering
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(1)
side, n_pictures = 24, 60
pictures, y = [], []
for surface in range(5):
    height = gaussian_filter(rng.normal(size=(side, side)), 3, mode="wrap")
    slope = np.gradient(height / height.std() * 3)
    normals = np.stack([-slope[1], -slope[0], np.ones((side, side))], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    for _ in range(n_pictures):
        light = rng.normal(size=3) * [0.6, 0.6, 0.2] + [0, 0, 1]
        shade = normals @ (light * rng.uniform(0.5, 1.5))
        pictures.append(np.maximum(shade, 0).ravel())
        y.append(surface)
X = np.array(pictures) + 0.05 * rng.normal(size=(300, side * side))
y = np.array(y)

fig, axes = plt.subplots(3, 5, figsize=(7, 4.4), layout="constrained")
for surface, column in enumerate(axes.T):
    for ax, number in zip(column, (0, 1, 2), strict=True):
        ax.imshow(X[y == surface][number].reshape(side, side), cmap="gray", vmin=0)
        ax.set(xticks=[], yticks=[])
    column[0].set_title(f"surface {surface + 1}")
plt.show()

# %%
# Labels
# ------
# K-means finds how bright a picture is and where the light is. Each subspace, however,
# is a surface.

model = SubspaceClustering(5, random_state=0).fit(X)
labels = {
    "KMeans": KMeans(5, n_init=10, random_state=0).fit_predict(X),
    "GaussianMixture,\ndiagonal": GaussianMixture(
        5, covariance_type="diag", n_init=3, random_state=0
    ).fit_predict(X),
    "SubspaceClustering": model.labels_,
}
fig, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained", sharey=True)
for ax, (name, found) in zip(axes, labels.items(), strict=True):
    table = np.zeros((5, 5), dtype=int)
    np.add.at(table, (y, found), 1)
    table = table[:, np.argsort(table.argmax(axis=0), kind="stable")]
    ax.imshow(table, cmap="Blues", vmin=0, vmax=n_pictures)
    for i, j in np.ndindex(5, 5):
        color = "white" if table[i, j] > n_pictures / 2 else "0.3"
        ax.text(j, i, table[i, j], ha="center", va="center", color=color)
    score = adjusted_rand_score(y, found)
    ax.set(title=f"{name}: {score:.2f}", xlabel="cluster", xticks=[], yticks=[])
axes[0].set_ylabel("surface")
plt.show()

# %%
# What a cluster is
# -----------------
# The dimensions were chosen by themselves: three lights, and what shadows add. With the
# coordinates of `transform` a picture is a few numbers, and `inverse_transform` paints
# it again, without the noise.

print("dimensions:", model.dimensions_)
back = model.inverse_transform(model.transform(X))
fig, axes = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
for column, k in zip(axes.T[:3], (0, 1, 2), strict=True):
    row = np.flatnonzero(model.labels_ == k)[0]
    for ax, picture in zip(column, (X[row], back[row]), strict=True):
        ax.imshow(picture.reshape(side, side), cmap="gray", vmin=0)
for ax, direction in zip(
    axes[:, 3:].ravel(), np.concatenate(model.components_[:2]), strict=False
):
    limit = np.abs(direction).max()
    ax.imshow(direction.reshape(side, side), cmap="PuOr", vmin=-limit, vmax=limit)
for ax in axes.ravel():
    ax.set(xticks=[], yticks=[])
axes[0, 1].set_title("pictures, and painted again")
axes[0, 4].set_title("directions of two surfaces")
plt.show()
