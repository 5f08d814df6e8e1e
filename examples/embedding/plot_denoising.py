"""
======================================
Noise off, and rows that do not belong
======================================

Rows that lie near a curve or surface are brought to it, new ones as well. How far they
are from it tells which of them do not belong, where density cannot.
"""

# %%
# A spiral in twenty dimensions
# -----------------------------
# Noise is as large in each of twenty directions; seen are the two of the spiral.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from skgeom import ManifoldProjection
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)
rng = np.random.default_rng(0)


def spiral(n):
    t = np.sqrt(rng.uniform(1, 9, n)) * np.pi
    return np.column_stack([t * np.cos(2 * t), t * np.sin(2 * t)])


turn = np.linalg.qr(rng.normal(size=(20, 2)))[0]
train, new = (spiral(n) @ turn.T + 0.2 * rng.normal(size=(n, 20)) for n in (1500, 800))
model = ManifoldProjection().fit(train)
feet = model.transform(new)
print(
    f"dimension {model.n_dims_}, {model.n_neighbors_} neighbours, "
    f"order {model.order_}, noise {model.noise_:.2f}"
)

fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
for ax, rows, title in ((axes[0], new, "new rows"), (axes[1], feet, "their feet")):
    ax.plot(*(rows @ turn).T, ".", ms=4, color=PALETTE[0])
    ax.set(title=title, aspect="equal", xticks=[], yticks=[])
plt.show()


def off_plane(rows):
    return np.sqrt(np.mean(((rows - rows @ turn @ turn.T) ** 2).sum(axis=1)))


print(f"off the plane of the spiral: {off_plane(new):.2f}, then {off_plane(feet):.2f}")

# %%
# Feet are their own feet: to project twice changes nothing.

again = np.linalg.norm(model.transform(feet) - feet, axis=1)
print(f"the median foot moves by {np.median(again):.1e}")

# %%
# Rows between the turns
# ----------------------
# In two dimensions, rows between the turns are near many others. Density ranks them
# among rows at the ends and in thin stretches; the distance from the curve tells them
# apart.

X = spiral(1500) + 0.1 * rng.normal(size=(1500, 2))
normal = spiral(300) + 0.1 * rng.normal(size=(300, 2))
odd = spiral(60)
odd += (
    rng.choice([-0.9, 0.9], (60, 1)) * odd / np.linalg.norm(odd, axis=1, keepdims=True)
)
rows, truth = np.vstack([normal, odd]), np.repeat([0, 1], [300, 60])
scores = {
    "ManifoldProjection": -ManifoldProjection().fit(X).score_samples(rows),
    "LocalOutlierFactor": -LocalOutlierFactor(35, novelty=True)
    .fit(X)
    .score_samples(rows),
}
fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
for ax, (name, score) in zip(axes, scores.items(), strict=True):
    ax.plot(*X.T, ".", ms=2, color="0.85", zorder=0)
    shown = ax.scatter(*rows.T, c=score, s=10, cmap="viridis")
    area = roc_auc_score(truth, score)
    ax.set(title=f"{name}, area {area:.3f}", aspect="equal", xticks=[], yticks=[])
    fig.colorbar(shown, ax=ax, shrink=0.8)
plt.show()
