"""
===========================
A field and how sure one is
===========================

Ten thousand noisy readings of a field, none of them in a lake in the middle. A Gaussian
process fills it in, says how far it may be off, and draws fields that could be.
"""

# %%
# Readings
# --------
# The noise is as large as the field itself.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import VecchiaGPRegressor
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)


def field(X):
    """Twelve waves in all directions."""
    turn = np.random.default_rng(7)
    waves = turn.normal(scale=9.0, size=(2, 12))
    return np.cos(X @ waves + turn.uniform(0, 6.3, 12)).sum(axis=1) / np.sqrt(6)


X = rng.uniform(size=(12_000, 2))
X = X[((X - 0.5) ** 2).sum(axis=1) > 0.2**2]
y = field(X) + rng.normal(size=len(X))

# %%
# The model
# ---------
# Hyper-parameters are learned from 8,000 rows that are given their neighbours. The
# field is then either found at all rows at once, or, at a place, from the readings near
# it: which it is, a thousand readings decide that are held out for that.

model = VecchiaGPRegressor(random_state=0).fit(X, y)
print(f"{len(X)} rows, {model.approximation_}, {model.n_iter_} steps")
print(f"length scales {model.length_scale_.round(3)}")
print(f"noise variance {model.noise_variance_:.2f}, which is 1")

# %%
# The map
# -------
# `return_std` counts the noise of a new reading in; without it, what is left is how
# well the field is known: well where there are readings, not at all in the lake.

side = np.linspace(0, 1, 80)
grid = np.stack(np.meshgrid(side, side), axis=2).reshape(-1, 2)
mean, std = model.predict(grid, return_std=True)
unsure = np.sqrt(np.maximum(std**2 - model.noise_variance_, 0))

fig, axes = plt.subplots(1, 3, figsize=(11, 4))
pictures = ("field", field(grid)), ("prediction", mean), ("its deviation", unsure)
for ax, (title, values) in zip(axes, pictures, strict=True):
    signed = title != "its deviation"
    shown = ax.imshow(
        values.reshape(80, 80),
        origin="lower",
        extent=(0, 1, 0, 1),
        cmap="RdBu_r" if signed else "viridis",
        vmin=-2.5 if signed else 0,
        vmax=2.5 if signed else None,
    )
    ax.add_patch(plt.Circle((0.5, 0.5), 0.2, fill=False, linestyle="--"))
    ax.set(title=title, xticks=[], yticks=[])
    fig.colorbar(shown, ax=ax, shrink=0.7)
plt.show()

# %%
# Fields that could be
# --------------------
# Along a line through the lake: draws share what is not known. In the middle the
# nearest rows change shore, and the prediction turns from one to the other.
# With more of them (`n_neighbors`) both shores count.

line = np.stack([np.linspace(0, 1, 150), np.full(150, 0.5)], axis=1)
mean, covariance = model.predict(line, return_cov=True)
covariance[np.diag_indices(150)] -= model.noise_variance_  # the field without noise
values, vectors = np.linalg.eigh(covariance)
root = vectors * np.sqrt(np.maximum(values, 0))
deviation = np.sqrt(np.diagonal(root @ root.T))

fig, ax = plt.subplots(figsize=(8, 4))
ax.fill_between(line[:, 0], mean - 1.96 * deviation, mean + 1.96 * deviation, alpha=0.2)
for draw in (root @ rng.normal(size=(150, 4))).T:
    ax.plot(line[:, 0], mean + draw, linewidth=0.8, linestyle="-", color="#8A8A8A")
ax.plot(line[:, 0], mean, label="prediction, with 95 %", linestyle="-")
ax.plot(line[:, 0], field(line), label="field")
ax.axvspan(0.3, 0.7, alpha=0.06, color="black")
ax.set(title="through the lake", xlabel="way", ylabel="field")
ax.legend()
plt.show()

inside = np.abs(line[:, 0] - 0.5) < 0.2
within = np.abs(field(line) - mean) < 1.96 * deviation
print(f"within the band in the lake: {within[inside].mean():.2f}")
