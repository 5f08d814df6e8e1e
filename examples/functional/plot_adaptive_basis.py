"""
=====================================
What of a curve does the answer need?
=====================================

Curves differ most by what the answer does not depend on. Principal components show how
they differ; adaptive bases show what an answer depends on.
"""

# %%
# Curves and an answer
# --------------------
# A curve is a sum of waves with random heights, of which the first three are tall. The
# answer is the square of the height of a small one, the fifth, and a multiple of that
# of another, the seventh: neither is a direction in which curves differ much.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA

from skgeom import AdaptiveBasisRegressor
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
t = np.linspace(0, 1, 81)
waves = np.sqrt(2) * np.cos(np.arange(1, 9)[:, None] * np.pi * t)
heights = rng.normal(size=(1200, 8)) * [4, 3, 2, 1, 1, 1, 0.7, 0.7]
X = heights @ waves + 0.1 * rng.normal(size=(1200, 81))
y = heights[:, 4] ** 2 + 1.5 * heights[:, 6]

# %%
# Two of four functions are enough
# --------------------------------
# :class:`~skgeom.functional.AdaptiveBasisRegressor` learns functions of time together
# with a network of the integrals of curves with them. What it shows are the directions
# along which its prediction varies, the one that matters most first. It is given four
# functions: with as few as the answer needs, training may not find the square.

train, test = slice(0, 900), slice(900, 1200)
model = AdaptiveBasisRegressor(4, random_state=0).fit(X[train], y[train])
print(f"R² of new curves: {model.score(X[test], y[test]):.3f}")
print("shares of the slope:", model.importances_.round(3))

components = PCA(2).fit(X[train]).components_ * len(t) ** 0.5
fig, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
norm = plt.Normalize(*np.quantile(y, [0.02, 0.98]))
for curve, value in zip(X[:60], y[:60], strict=True):
    axes[0].plot(t, curve, "-", color=plt.cm.viridis(norm(value)), lw=0.7)
axes[0].set(title="curves, by their answer", xlabel="time")
true = {"fifth wave": waves[4], "seventh": waves[6]}
for ax, shown, title in (
    (axes[1], components, "how curves differ: PCA"),
    (axes[2], model.basis_[:2], "what the answer depends on"),
):
    for line, color in zip(true.values(), PALETTE, strict=False):
        ax.plot(t, line, "-", color=color, lw=6, alpha=0.25)
    order = np.abs(shown @ np.stack(list(true.values())).T).argmax(axis=1)
    if order[0] == order[1]:
        order = np.arange(2)
    for line, k in zip(shown, order, strict=True):
        sign = np.sign(line @ list(true.values())[k])
        ax.plot(t, sign * line, "-", color=PALETTE[k], lw=1.5)
    ax.set(title=title, xlabel="time", ylim=(-2.2, 2.9))
axes[2].legend(list(true), loc="upper right", ncols=2, fontsize=9)
plt.show()

# %%
# In the plane of the first two integrals the answer is a parabola and a slope.

Z = model.transform(X[test])[:, :2]
fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
points = ax.scatter(*Z.T, c=y[test], s=14, norm=norm, cmap="viridis")
fig.colorbar(points, label="answer")
ax.set(xlabel="integral with the first function", ylabel="with the second")
plt.show()
