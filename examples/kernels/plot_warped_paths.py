"""
======================
Paths at varying speed
======================

Loops that are run through at varying speed, noisy, forward or back, once or twice. The
kernel of their signatures does not see the speed: a support vector machine with it
tells the kinds apart from forty of them, where one on the coordinates needs many more.
"""

# %%
# Four kinds of loops
# -------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from skgeom.metrics.pairwise import signature_kernel
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
n, n_points = 160, 60
kinds = rng.integers(0, 4, n)
names = ["once, forward", "once, back", "twice, forward", "twice, back"]
t = np.linspace(0, 1, n_points) ** np.exp(1.2 * rng.uniform(-1, 1, (n, 1)))
turns, way = 1 + kinds // 2, 1 - 2 * (kinds % 2)
angle = 2 * np.pi * (turns * way)[:, None] * t + rng.uniform(0, 6.3, (n, 1))
paths = np.stack([np.cos(angle), np.sin(angle)], axis=2)
paths += 0.1 * rng.normal(size=paths.shape)
train, test = np.arange(40), np.arange(40, 160)

fig, axes = plt.subplots(2, 4, figsize=(11, 5))
for k, (above, below) in enumerate(axes.T):
    for i in np.flatnonzero(kinds == k)[:2]:
        color = PALETTE[i % 2]
        above.plot(*paths[i].T, "o-", color=color, markersize=3, linewidth=0.8)
        below.plot(paths[i, :, 0], "-", color=color)
    above.set(title=names[k], aspect="equal", xticks=[], yticks=[])
    below.set(xlabel="step")
axes[1, 0].set(ylabel="first coordinate")
plt.show()

# %%
# A kernel that is precomputed
# ----------------------------
# Values are between paths, so that they are computed once, and folds of a search take
# rows and columns of the matrix. `gamma` is what matters: a few of it are tried.

results = {}
for gamma in (0.03, 0.1, 0.3, 1.0):
    K = signature_kernel(paths, gamma=gamma)
    search = GridSearchCV(SVC(kernel="precomputed"), {"C": [1, 10, 100]})
    search.fit(K[np.ix_(train, train)], kinds[train])
    results[gamma] = search.best_score_, search, K
    print(f"gamma {gamma}: {search.best_score_:.3f} in five folds")
gamma = max(results, key=lambda g: results[g][0])
_, model, K = results[gamma]
by_paths = model.score(K[np.ix_(test, train)], kinds[test])

flat = paths.reshape(n, -1)
grid = {"C": [1, 10, 100], "gamma": [0.003, 0.01, 0.03, 0.1]}
rows = GridSearchCV(SVC(), grid).fit(flat[train], kinds[train])
by_rows = rows.score(flat[test], kinds[test])
print(f"new paths: {by_paths:.3f}, with the rows of coordinates {by_rows:.3f}")

# %%
# What the kernel sees
# --------------------
# The matrix of the test paths, by kind. Twice forward is further from twice back than
# once is: what counts is the area that is run around. Beside it, Gaussians of distances
# of coordinates: points of a time are compared, wherever the loop is by then.

order = test[np.argsort(kinds[test], kind="stable")]
gaps = ((flat[order][:, None] - flat[order]) ** 2).sum(axis=2)
fig, axes = plt.subplots(1, 2, figsize=(10, 4.6))
pictures = (
    ("signatures", K[np.ix_(order, order)]),
    (
        "coordinates",
        np.exp(-rows.best_params_["gamma"] * gaps),
    ),
)
for ax, (title, matrix) in zip(axes, pictures, strict=True):
    shown = ax.imshow(matrix, vmin=0, vmax=1)
    edges = np.cumsum(np.bincount(kinds[order]))[:-1] - 0.5
    for edge in edges:
        ax.axhline(edge, color="white", linewidth=0.6, linestyle="-")
        ax.axvline(edge, color="white", linewidth=0.6, linestyle="-")
    ax.set(title=title, xticks=[], yticks=[])
    fig.colorbar(shown, ax=ax, shrink=0.8)
plt.show()
