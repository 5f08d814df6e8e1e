"""
===============================
How many axes do the data need?
===============================

An autoencoder uses every axis that it is given. With a penalty on the volume of its
latent box, and a decoder that cannot stretch, axes that say nothing vanish.
"""

# %%
# A curved sheet
# --------------
# Two numbers, bent into six waves and turned into twenty columns. Principal components
# need four axes to leave less than a hundredth of the variance.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skgeom import LeastVolumeAutoencoder
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
s, t = rng.random((2, 1500))
bent = [np.sin(4 * s), t, np.cos(3 * s), s * t, np.sin(3 * t), s]
X = np.stack(bent, axis=1) @ np.linalg.qr(rng.normal(size=(20, 6)))[0].T

# %%
# Training may end with an axis too many; of four starts the one with the lowest loss is
# kept. ``volume=0`` is an autoencoder without the penalty.

least = LeastVolumeAutoencoder(8, n_init=4, random_state=0).fit(X)
plain = LeastVolumeAutoencoder(8, volume=0.0, random_state=0).fit(X)
linear = PCA(8).fit(X)
print(f"axes that count: {least.n_effective_components_}")

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
models = {"least volume": least, "no penalty": plain, "PCA": linear}
for (name, model), color in zip(models.items(), PALETTE, strict=False):
    unexplained = 1 - np.cumsum(model.explained_variance_ratio_)
    left.plot(range(1, 9), np.maximum(unexplained, 2e-4), "o-", color=color, label=name)
left.set(
    yscale="log",
    xlabel="axes kept, the others at their mean",
    ylabel="share of the variance that is left",
)
left.legend()
Z = least.transform(X)
points = right.scatter(Z[:, 0], Z[:, 1], c=s, s=8, cmap="viridis")
fig.colorbar(points, label="first of the two numbers")
right.set(title="the two axes", xlabel="first", ylabel="second", aspect="equal")
plt.show()

# %%
# Digits
# ------
# Sixteen axes to begin with. Those that are left say more than as many principal
# components do: below, digits, and what is made of them from the same number of axes.

X, y = load_digits(return_X_y=True)
model = LeastVolumeAutoencoder(16, random_state=0).fit(X)
k = model.n_effective_components_
print(f"{k} axes explain {model.explained_variance_ratio_[:k].sum():.3f},", end=" ")
linear = PCA(k).fit(X)
print(f"{k} principal components {linear.explained_variance_ratio_.sum():.3f}")

shown = np.concatenate([np.flatnonzero(y == digit)[3:4] for digit in range(10)])
rows = {
    "digit": X[shown],
    f"{k} axes of least volume": model.inverse_transform(
        model.transform(X[shown]), n_components=k
    ),
    f"{k} principal components": linear.inverse_transform(linear.transform(X[shown])),
}
fig, axes = plt.subplots(3, 1, figsize=(9, 3.4), layout="constrained")
for ax, (title, images) in zip(axes, rows.items(), strict=True):
    strip = images.reshape(10, 8, 8).transpose(1, 0, 2)
    strip = np.pad(strip, ((0, 0), (0, 0), (0, 1))).reshape(8, -1)
    ax.imshow(strip, cmap="gray_r", vmin=0, vmax=16)
    ax.set_title(title, fontsize=10, loc="left")
    ax.axis("off")
plt.show()
