"""
===========================
Where is it not a manifold?
===========================

Methods that lay data out assume a manifold: near every row, data fill a plane. Where
two sheets cross, a branch begins or a cone has its tip, they do not, and maps tear
or fold there. This page finds such rows, also where they are the most sparse of all.
"""

# %%
# Two sheets that cross, dense far away from the crossing
# --------------------------------------------------------
# Half of the rows lie on each of two sheets, one of them bent, in a space of eight
# dimensions, with noise. Most rows are far from the crossing.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import NearestNeighbors

from skgeom import SingularityScorer
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
n = 3000
along = rng.uniform(-1, 1, n)
off = rng.choice([-1, 1], n) * np.sqrt(rng.uniform(size=n))
flat = rng.random(n) < 0.5
sheets = np.where(
    flat[:, None],
    np.column_stack([off, along, 0 * off]),
    np.column_stack([0.4 * off**2, along, off]),
)
turn = np.linalg.qr(rng.normal(size=(8, 3)))[0]
X = sheets @ turn.T + 0.01 * rng.normal(size=(n, 8))

model = SingularityScorer(random_state=0).fit(X)
scores = model.score_samples(X)
print(
    f"dimension {model.n_dims_}, noise {model.noise_:.3f}, radius {model.radius_:.2f}"
)

# %%
# The distance to the fiftieth neighbour, which finds crossings of sheets of even
# density because two sheets are twice as dense, sees here what it should: density. The
# score sees the crossing.

distances = NearestNeighbors(n_neighbors=50).fit(X).kneighbors()[0][:, -1]
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), subplot_kw={"projection": "3d"})
for ax, values, title in (
    (axes[0], -distances, "density"),
    (axes[1], -scores, "what planes leave unexplained"),
):
    order = np.argsort(values)
    ax.scatter(*sheets[order].T, c=values[order], s=4, cmap="viridis")
    ax.set(title=title, xticks=[], yticks=[], zticks=[])
    ax.view_init(elev=18, azim=-62)
plt.show()

# %%
# Rows that are judged singular
# -----------------------------
# With ``contamination="auto"`` a row is singular that is far below the usual scores.
# These are rows whose ball reaches the other sheet, and no others: the score is no
# sharper than the radius.

singular = SingularityScorer(contamination="auto", random_state=0).fit_predict(X) == -1
print(f"{singular.sum()} rows, the farthest {np.abs(off[singular]).max():.2f} from it")

# %%
# Branches
# --------
# A curve that forks is of dimension one but for the fork.

t = rng.uniform(0, 1, 900)
arm = rng.integers(3, size=900)
ways = np.array([[0, -1], [0.7, 0.8], [-0.7, 0.8]])
fork = t[:, None] * ways[arm] + np.column_stack([0.15 * t**2, 0 * t])
fork += 0.01 * rng.normal(size=fork.shape)
scores = SingularityScorer(n_neighbors=40, random_state=0).fit(fork).score_samples(fork)
fig, ax = plt.subplots(figsize=(5, 4))
points = ax.scatter(*fork.T, c=-scores, s=8, cmap="viridis")
fig.colorbar(points, label="share that is left")
ax.set(aspect="equal", title="A fork")
plt.show()
