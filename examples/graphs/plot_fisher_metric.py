"""
=======================
Where do branches meet?
=======================

A random walk from a point of a branch goes up or down it: only one direction of the
start matters. Where branches meet, two do. The Fisher metric of the walk tells.
"""

# %%
# A tree of five branches
# -----------------------
# Two forks in a plane, turned into ten columns, with noise in all of them.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from skgeom.graph import fisher_metric
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
forks = np.array([[0.0, 0.0], [3.0, 0.0]])
ends = {0: [(-2, 2), (-2, -2)], 1: [(5, 2), (5, -2)]}
branches = [(forks[0], forks[1])]
branches += [(forks[k], np.array(end)) for k in ends for end in ends[k]]
flat = np.concatenate(
    [a + rng.random((240, 1)) * (b - a) for a, b in branches]
)  # rows along each branch
turn = np.linalg.qr(rng.normal(size=(10, 2)))[0]
X = flat @ turn.T + 0.08 * rng.normal(size=(len(flat), 10))
at_fork = np.linalg.norm(flat[:, None] - forks, axis=2).min(axis=1) < 0.35

# %%
# The second eigenvalue of the metric beside the first
# ----------------------------------------------------
# :func:`~skgeom.graph.fisher_metric` needs no fit and no network: it is a formula in
# the probabilities of the walk. How well its ratio of eigenvalues finds rows at the
# forks hardly depends on how far the walk goes. Principal components of neighbourhoods
# do as well at one size of them.

for n_steps in (4, 8, 16):
    values = np.linalg.eigvalsh(fisher_metric(X, n_steps=n_steps))
    ratio = values[:, -2] / values[:, -1]
    print(f"{n_steps:>3} steps: AUC {roc_auc_score(at_fork, ratio):.3f}")
for k in (15, 50, 150):
    near = X[NearestNeighbors(n_neighbors=k).fit(X).kneighbors(X)[1]]
    spread = np.linalg.svd(near - near.mean(axis=1, keepdims=True), compute_uv=False)
    score = roc_auc_score(at_fork, spread[:, 1] / spread[:, 0])
    print(f"{k:>3} neighbours, local components: AUC {score:.3f}")

# %%
# Ellipses are steps of one length in the metric: long where the walk does not care.

metric = turn.T @ fisher_metric(X, n_steps=8) @ turn
fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
points = ax.scatter(*(X @ turn).T, c=ratio, s=9, cmap="viridis")
fig.colorbar(points, label="second eigenvalue, as a share of the first")
for row in rng.choice(len(X), 40, replace=False):
    values, vectors = np.linalg.eigh(metric[row])
    width, height = 0.5 / np.sqrt(np.maximum(values, 0.5))
    angle = np.degrees(np.arctan2(*vectors[::-1, 0]))
    place = X[row] @ turn
    ax.add_patch(Ellipse(place, width, height, angle=angle, fill=False, lw=0.7))
ax.set(aspect="equal", xlabel="of the plane, first", ylabel="second")
plt.show()
