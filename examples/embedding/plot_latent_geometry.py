"""
=======================
Paths in a latent plane
=======================

Coordinates of a map are not to scale. What they decode to gives them a metric: where a
step is a long way, which path is the shortest, and how to draw rows evenly.
"""

# %%
# Half of a sphere, with a hole
# -----------------------------
# Rows of twenty columns with noise, on half of a sphere from which a disc is missing.
# Principal components look at it from above, so the rim is squeezed.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA

from skgeom import LatentGeometry
from skgeom.metrics import energy_distance
from skgeom.plotting import PALETTE, STYLE, LatentGeometryDisplay

plt.style.use(STYLE)

rng = np.random.default_rng(0)
points = rng.normal(size=(9000, 3))
points /= np.linalg.norm(points, axis=1, keepdims=True)
hole = np.array([0.35, 0.0, np.sqrt(1 - 0.35**2)])
points = points[(points[:, 2] > 0.1) & (points @ hole < 0.93)][:1500]
frame = np.linalg.qr(rng.normal(size=(20, 3)))[0].T
X = points @ frame + 0.01 * rng.normal(size=(1500, 20))

model = LatentGeometry(PCA(2), random_state=0).fit(X)

# %%
# The volume tells how much of the surface a piece of the plane stands for: most at the
# rim. Geodesics from one place bend towards the middle, where a step decodes to a short
# way, and go round the hole, where there are no rows. In space they are arcs of great
# circles.

fig = plt.figure(figsize=(10, 4.4), layout="constrained")
left = fig.add_subplot(1, 2, 1)
right = fig.add_subplot(1, 2, 2, projection="3d")
start = model.transform(np.array([[-0.55, -0.75, 0.36]]) @ frame)
angles = np.linspace(-0.35, 2.2, 9)
rim = 0.93 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
rim = np.column_stack([rim, np.sqrt(1 - (rim**2).sum(axis=1))])
ends = model.transform(rim @ frame)
pairs = np.stack([np.repeat(start, 9, axis=0), ends], axis=1)
display = LatentGeometryDisplay.from_estimator(
    model, ends=pairs, ax=left, name="latents: volume and geodesics"
)
right.scatter(*points.T, s=4, c=PALETTE[4], alpha=0.6)
for path in display.paths:
    right.plot(*(model.inverse_transform(path) @ frame.T).T, "-", color=PALETTE[5])
right.view_init(elev=55, azim=-70)
right.set(title="the same, decoded", xticks=[], yticks=[], zticks=[])
right.set_box_aspect((2, 2, 1))
plt.show()

# %%
# Distances are those along the surface. Straight lines between latents are not, even
# with the best factor.

whole = points[points @ hole < 0.6][:200]
one, two = whole[:100], whole[100:]
true = np.arccos(np.clip((one * two).sum(axis=1), -1, 1))
A, B = model.transform(one @ frame), model.transform(two @ frame)
along, straight = model.paired_distances(A, B), np.linalg.norm(A - B, axis=1)
straight *= np.median(true / straight)
for name, found in {"geodesics": along, "straight lines": straight}.items():
    print(f"{name}: mean error {100 * np.mean(np.abs(found - true) / true):.1f} %")

# %%
# Rows that are drawn evenly
# --------------------------
# A sample that is dense on one side. Each training row gets the weight volume over
# density of the latents, and ``sample`` draws by it: the decoded rows are even.

weights = np.exp(1.5 * points[:, 0])
some = points[rng.choice(len(points), 900, False, p=weights / weights.sum())]
model = LatentGeometry(PCA(2), random_state=0).fit(some @ frame)
drawn = model.sample(900) @ frame.T

fig, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharey=True)
for ax, rows, name in zip(axes, (some, drawn), ("as they are", "drawn"), strict=True):
    distance = energy_distance(rows, points)
    ax.scatter(*rows[:, :2].T, s=6, c=PALETTE[0], alpha=0.6)
    ax.set(title=f"{name}: energy distance to even {distance:.3f}", aspect="equal")
plt.show()
