"""
================================
A line on a sphere and in a cone
================================

One principal component of rows that live in a curved space should be a geodesic.
:class:`~skgeom.embedding.TangentCoordinates` takes rows to the flat space at their
mean, and what comes back from any model there is in the space again.
"""

# %%
# An arc, four radians long
# -------------------------
# Directions near a great circle. Flat principal components see the chord: put back to
# the sphere they fold the ends over each other.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skgeom import TangentCoordinates
from skgeom.geometry import spd, sphere
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)
rng = np.random.default_rng(0)

angles = rng.uniform(-2, 2, 200)
arc = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
noise = 0.1 * rng.normal(size=arc.shape)
X = sphere.exp(arc, noise - (noise * arc).sum(axis=1, keepdims=True) * arc)

curved = make_pipeline(TangentCoordinates("sphere"), PCA(1)).fit(X)
flat = PCA(1).fit(X)


def error(model):
    """Root mean squared angle that one component leaves."""
    back = model.inverse_transform(model.transform(X))
    return np.sqrt((sphere.distance(X, sphere.project(back)) ** 2).mean())


print(f"at the mean {error(curved):.3f}, flat {error(flat):.3f}")

# %%
# Covariance matrices
# -------------------
# Ellipses on the way of one component, from three deviations below the mean to three
# above. The flat way leaves the cone of positive definite matrices: there is nothing to
# draw.

root = spd.expm(spd.from_vector(np.array([0.4, 0.6, -0.3])))
way = spd.from_vector(np.array([1.0, 0.9, -0.8]))
logs = 0.9 * rng.normal(size=(200, 1, 1)) * way
logs = logs + spd.from_vector(0.1 * rng.normal(size=(200, 3)))
S = (root @ spd.expm(logs) @ root)[:, [0, 0, 1], [0, 1, 1]]

steps = np.linspace(-3, 3, 7)
ways = {}
for name, model in {
    "at the mean": make_pipeline(TangentCoordinates("spd"), PCA(1)),
    "flat": PCA(1),
}.items():
    scores = model.fit_transform(S)
    rows = model.inverse_transform(steps[:, None] * scores.std())
    ways[name] = np.stack([rows[:, [0, 1]], rows[:, [1, 2]]], axis=1)

fig = plt.figure(figsize=(10, 4.6))
ax = fig.add_subplot(1, 2, 1, projection="3d")
circles = np.linspace(0, 2 * np.pi, 60)
for tilt in np.linspace(0, np.pi, 7)[:-1]:
    ring = np.stack([np.cos(circles), np.sin(circles) * np.cos(tilt)])
    ax.plot(*ring, np.sin(circles) * np.sin(tilt), color="0.85", lw=0.6)
ax.scatter(*X.T, s=6, color="0.4")
along = np.linspace(-2.2, 2.2, 200)[:, None]
for number, (name, model) in enumerate({"at the mean": curved, "flat": flat}.items()):
    line = sphere.project(model.inverse_transform(along))
    style = dict(color=PALETTE[number], lw=3 - number)
    ax.plot(*line.T, label=f"{name}, error {error(model):.2f}", **style)
ax.set_axis_off()
ax.set_box_aspect((1, 1, 1), zoom=1.4)
ax.view_init(40, 20)
ax.legend(loc="lower center")
for number, (name, matrices) in enumerate(ways.items()):
    ax = fig.add_subplot(2, 2, 2 + 2 * number)
    for k, matrix in enumerate(matrices):
        values, vectors = np.linalg.eigh(matrix)
        if values[0] <= 0:
            ax.text(5 * k, 0, "none", ha="center", va="center", color="0.5")
            continue
        turn = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
        size = 1.9 * values[::-1] ** 0.25
        ellipse = Ellipse((5 * k, 0), *size, angle=turn, color=PALETTE[number])
        ax.add_patch(ellipse)
    ax.set(xlim=(-3, 33), ylim=(-3, 3), yticks=[], title=f"matrices, {name}")
    ax.set_xticks(5 * np.arange(7), [f"{step:+.0f}" for step in steps])
    ax.set_aspect("equal")
plt.show()
