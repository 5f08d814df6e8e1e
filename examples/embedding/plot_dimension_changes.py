"""
===============================
How many dimensions, and where?
===============================

One number for the dimension of a data set hides that parts of it may differ. Here a
string runs into a sheet, and a ball floats above. Then a surface is coloured by
how it bends.
"""

# %%
# A string, a sheet and a ball
# ----------------------------
# All of it lies in ten dimensions, with noise in each of them.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import LocalGeometry
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
t = rng.uniform(-3, 0, 500)
string = np.column_stack([t, 0.5 * np.sin(2 * t), 0 * t])
u = rng.uniform(-1, 1, (900, 2))
sheet = np.column_stack([u[:, 0] + 1, u[:, 1], 0.3 * u[:, 0] ** 2])
ball = rng.normal(size=(900, 3))
ball *= rng.uniform(size=(900, 1)) ** (1 / 3) / np.linalg.norm(
    ball, axis=1, keepdims=True
)
parts = np.concatenate([string, sheet, 0.9 * ball + [-1, 0, 2]])
turn = np.linalg.qr(rng.normal(size=(10, 3)))[0]
X = parts @ turn.T + 0.01 * rng.normal(size=(len(parts), 10))

model = LocalGeometry(["dimension"]).fit(X)
by_distances = LocalGeometry(["dimension"], dimension="mle").fit(X)

fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), subplot_kw={"projection": "3d"})
for ax, found, title in (
    (axes[0], model.dimension_, "by variances"),
    (axes[1], np.rint(by_distances.dimension_), "by distances"),
):
    for dim, color in zip((1, 2, 3), PALETTE, strict=False):
        rows = (found == dim) if dim < 3 else (found >= 3)
        label = f"{dim}" if dim < 3 else "3 or more"
        ax.scatter(*parts[rows].T, s=4, color=color, label=label)
    ax.set(title=title, xticks=[], yticks=[], zticks=[])
    ax.view_init(elev=16, azim=-68)
axes[0].legend(title="dimension", markerscale=3, loc="upper right")
plt.show()

truth = np.repeat([1, 2, 3], [len(string), len(sheet), len(ball)])
print(
    f"right: {np.mean(model.dimension_ == truth):.3f} by variances, "
    f"{np.mean(np.rint(by_distances.dimension_) == truth):.3f} by distances"
)

# %%
# Distances measure the noise on the string, whose neighbours are as near as noise is
# wide. Variances err where the string enters the sheet, and neighbourhoods hold both.
#
# How a torus bends
# -----------------
# Outside it is round like a ball, inside like a saddle. Noise is a twentieth of the
# radius of the tube; neighbourhoods are chosen so large that it hardly counts.

n = 2500
b = rng.uniform(0, 2 * np.pi, 3 * n)
b = b[rng.uniform(size=3 * n) < (2 + np.cos(b)) / 3][:n]
a, w = rng.uniform(0, 2 * np.pi, n), 2 + np.cos(b)
torus = np.column_stack([w * np.cos(a), w * np.sin(a), np.sin(b)])
noisy = torus + 0.05 * rng.normal(size=torus.shape)

model = LocalGeometry(["curvature"]).fit(noisy)
gaussian = model.transform(noisy)[:, 1] / 2
print("neighbours by dimension:", model.n_neighbors_curvature_)

fig = plt.figure(figsize=(9, 4.2))
ax = fig.add_subplot(1, 2, 1, projection="3d")
points = ax.scatter(*noisy.T, c=gaussian, s=4, cmap="RdBu_r", vmin=-1, vmax=1)
ax.set(title="Gaussian curvature", xticks=[], yticks=[], zticks=[])
ax.set_box_aspect((3, 3, 1.1))
ax.view_init(elev=52)
fig.colorbar(points, shrink=0.7)
ax = fig.add_subplot(1, 2, 2)
order = np.argsort(b)
ax.plot(b, gaussian, ".", ms=2, color=PALETTE[0], label="found")
ax.plot(b[order], (np.cos(b) / w)[order], color=PALETTE[1], label="true")
ax.set(xlabel="angle around the tube", ylabel="Gaussian curvature")
ax.legend()
plt.show()
