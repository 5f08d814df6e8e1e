"""
====================
Classes as subspaces
====================

A linear classifier has a vector for each class, and a row belongs where its product is
largest. Some classes are not of that kind: sounds whose phase is any, faces under any
light, signals with either sign lie along *subspaces*, on both sides of zero.
:class:`~skgeom.classification.GrassmannClassifier` has a subspace for each class and
measures the length of a row's shadow on it.
"""

# %%
# Two lines and a plane
# ---------------------
# Rows of three classes lie along two lines and a plane through zero.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from skgeom import GrassmannClassifier
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
bases = [
    np.array([[1.0, 0.3, 0.5]]),
    np.array([[-0.6, 1.0, 0.6]]),
    np.array([[0.5, 0.7, -0.6], [1.0, -0.8, 0.1]]),
]
y = np.repeat([0, 1, 2], 150)
X = np.vstack([rng.normal(size=(150, len(B))) @ B for B in bases])
X += 0.08 * rng.normal(size=X.shape)

subspaces = GrassmannClassifier(n_components=2, fit_intercept=False).fit(X, y)
vectors = LogisticRegression().fit(X, y)
print(f"subspaces: {subspaces.score(X, y):.2f}, vectors: {vectors.score(X, y):.2f}")

# %%
# What each says of every direction, on the sphere flattened to longitude and latitude:
# regions of subspaces are the same on opposite sides.

lon, lat = np.meshgrid(np.linspace(-180, 180, 241), np.linspace(-90, 90, 121))
a, b = np.deg2rad(lon), np.deg2rad(lat)
sphere = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=-1)
unit = X / np.linalg.norm(X, axis=1, keepdims=True)
places = np.rad2deg([np.arctan2(unit[:, 1], unit[:, 0]), np.arcsin(unit[:, 2])])
fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.1), sharey=True)
for ax, model, name in (
    (axes[0], vectors, "a vector for each class"),
    (axes[1], subspaces, "a subspace for each class"),
):
    regions = model.predict(2 * sphere.reshape(-1, 3)).reshape(lon.shape)
    ax.pcolormesh(lon, lat, regions, cmap="Pastel2", vmin=0, vmax=7)
    ax.scatter(*places, c=y, cmap="Dark2", vmin=0, vmax=7, s=5)
    ax.set(title=name, xlabel="longitude", xticks=[-180, -90, 0, 90, 180])
axes[0].set_ylabel("latitude")
plt.show()

# %%
# Subspaces of digits
# ---------------------
# With the constant that is appended by default, rows need not lie around zero. Columns
# of a basis are pictures; the first is what the class has in common, the others say how
# it may vary.

digits, labels = load_digits(return_X_y=True)
model = GrassmannClassifier().fit(digits[::2], labels[::2])
print(f"new digits: {model.score(digits[1::2], labels[1::2]):.3f}")
fig, axes = plt.subplots(4, 10, figsize=(9.6, 4))
for digit, basis in enumerate(model.subspaces_):
    for ax, column in zip(axes[:, digit], basis[:64].T, strict=True):
        size = np.abs(column).max()
        ax.imshow(column.reshape(8, 8), cmap="RdBu_r", vmin=-size, vmax=size)
        ax.set(xticks=[], yticks=[])
    axes[0, digit].set_title(str(digit))
plt.show()

# %%
# Angles between subspaces say which digits are alike:

angles = np.rad2deg(np.sqrt((model.class_angles_**2).mean(axis=2)))
fig, ax = plt.subplots(figsize=(4.6, 4))
np.fill_diagonal(angles, np.nan)
picture = ax.imshow(angles, cmap="viridis")
ax.set(xticks=range(10), yticks=range(10))
fig.colorbar(picture, label="degrees apart")
plt.show()
