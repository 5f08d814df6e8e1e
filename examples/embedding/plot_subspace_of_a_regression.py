"""
================================
The plane that a target lives in
================================

A target may depend on two directions of twelve columns, in a way that no straight line
shows. This page looks for the plane with the methods that everybody has, and with the
gradients of a kernel machine, and asks when the simpler ones are enough.
"""

# %%
# Rings in a plane
# ----------------
# The target is a wave that runs outwards in a plane of the twelve columns. It is an
# even function: a straight line explains nothing of it.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from skgeom import SufficientSubspace
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 12))
hidden = np.linalg.qr(rng.normal(size=(12, 2)))[0]
u = X @ hidden
radius = np.hypot(*u.T)
y = np.cos(2.5 * radius) + 0.2 * rng.normal(size=len(X))

model = SufficientSubspace(2, random_state=0).fit(X, y)
views = {
    "PCA": PCA(2).fit(X).transform(X),
    "partial least squares": PLSRegression(2).fit(X, y).transform(X),
    "SufficientSubspace": model.transform(X),
}

fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharex=True, sharey=True)
for ax, (name, Z) in zip(axes, views.items(), strict=True):
    shown = ax.scatter(*(Z / Z.std(axis=0)).T, c=y, s=9, cmap="viridis")
    ax.set(title=name, xticks=[], yticks=[], xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    ax.set_aspect("equal")
fig.colorbar(shown, ax=axes, label="target", shrink=0.8)
plt.show()

# %%
# How many directions?
# --------------------
# `eigenvalues_` has a gap where the directions end. The moments of Stein's lemma see
# the plane, too, but less of it: they are means, and waves cancel in a mean.

found = {
    "gradients": model,
    "Stein's moments": SufficientSubspace(2, method="stein").fit(X, y),
}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2))
for ax, color, (name, fitted) in zip(axes, PALETTE, found.items(), strict=False):
    P, Q = (np.linalg.qr(B)[0] for B in (hidden, fitted.components_.T))
    angle = np.degrees(np.arccos(np.linalg.svd(P.T @ Q)[1].min()))
    ax.bar(np.arange(1, 13), fitted.eigenvalues_, color=color)
    ax.set(title=f"{name}: {angle:.0f} degrees off", xlabel="direction")
axes[0].set_ylabel("eigenvalue")
plt.show()

# %%
# What it is good for
# -------------------
# A learner that suffers from columns without meaning gets two instead of twelve.

scores = {
    "neighbours,\n12 columns": KNeighborsRegressor(8),
    "boosting,\n12 columns": HistGradientBoostingRegressor(random_state=0),
    "neighbours,\nsubspace": make_pipeline(
        SufficientSubspace(2, random_state=0), KNeighborsRegressor(8)
    ),
    "boosting,\nsubspace": make_pipeline(
        SufficientSubspace(2, random_state=0),
        HistGradientBoostingRegressor(random_state=0),
    ),
}
scores = {name: cross_val_score(m, X, y, cv=3).mean() for name, m in scores.items()}
fig, ax = plt.subplots(figsize=(6, 3.2))
bars = ax.bar(list(scores), list(scores.values()), color=PALETTE[1])
ax.bar_label(bars, fmt="%.2f")
ax.axhline(0, color="0.5", lw=0.8)
ax.set(ylabel="R2 of rows left out", ylim=(-0.2, 1))
plt.show()
