"""
===================================
Does homology find singular points?
===================================

Where sheets cross or a cone has its tip, data are no manifold. Von Rohrscheidt and
Rieck ("Topological singularity detection at multiple scales", ICML 2023,
https://arxiv.org/abs/2210.00069) look at rings around a point: on a surface a ring is
one loop, at a crossing several that are tied together. Their score, Euclidicity, is the
distance between the persistent homology of the ring and that of a ring in the plane.
Beside it stand two simple things, local principal components and the density, and
:class:`~skgeom.embedding.SingularityScorer`. Homology finds them while noise is small.
"""

# %%
# Loops of a few points
# ---------------------
# Join points by edges, the shortest first. A loop is born with the edge that closes it,
# and dies with the triangle that fills it: a column for each triangle, reduced over the
# field of two elements, as an integer's bits. Pieces die with the edges of the minimum
# spanning tree.

import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching, minimum_spanning_tree
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from skgeom import SingularityScorer
from skgeom.plotting import STYLE

plt.style.use(STYLE)


def bars(points, n_kept=8):
    """Births and deaths of pieces and loops, the longest of each."""
    D = cdist(points, points)
    pieces = [(0.0, death) for death in minimum_spanning_tree(D).data]
    i, j = np.triu_indices(len(D), 1)
    order = np.argsort(D[i, j], kind="stable")
    # Beyond this length all points are joined to one of them, and no loop is left.
    order = order[D[i[order], j[order]] <= D.max(axis=1).min() + 1e-12]
    place = np.full(D.shape, -1)
    place[i[order], j[order]] = place[j[order], i[order]] = np.arange(len(order))
    lengths, columns, loops = D[i[order], j[order]], {}, []
    for death, (a, b) in enumerate(zip(i[order], j[order], strict=True)):
        for c in np.flatnonzero((place[a] < death) & (place[b] < death)):
            if min(place[a, c], place[b, c]) < 0:
                continue
            column = (1 << death) | (1 << int(place[a, c])) | (1 << int(place[b, c]))
            while column and column.bit_length() - 1 in columns:
                column ^= columns[column.bit_length() - 1]
            if column:
                birth = column.bit_length() - 1
                columns[birth] = column
                loops.append((lengths[birth], lengths[death]))
    return [
        np.array(sorted(kind, key=lambda bar: bar[0] - bar[1])[:n_kept]).reshape(-1, 2)
        for kind in (pieces, loops)
    ]


def bottleneck(A, B):
    """The least largest move that takes one set of bars to the other, or to none."""
    m, n = len(A), len(B)
    cost = np.full((m + n, m + n), np.inf)
    cost[:m, :n] = np.abs(A[:, None] - B[None]).max(axis=2)
    cost[:m, n:] = np.where(np.eye(m, dtype=bool), (A[:, 1] - A[:, 0]) / 2, np.inf)
    cost[m:, :n] = np.where(np.eye(n, dtype=bool), (B[:, 1] - B[:, 0]) / 2, np.inf)
    cost[m:, n:] = 0
    steps = np.unique(cost[np.isfinite(cost)])
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        matched = maximum_bipartite_matching(csr_array(cost <= steps[middle]))
        low, high = (middle + 1, high) if (matched < 0).any() else (low, middle)
    return steps[low] if len(steps) else 0.0


# %%
# The score
# ---------
# Rings with outer radius s and inner radius s / 2, in units of the outer; 24 points of
# each that cover it. What a ring in the plane looks like is sampled twice.


def covering(points, n_points=24):
    chosen = [0]
    gaps = cdist(points[:1], points)[0]
    while len(chosen) < min(n_points, len(points)):
        chosen.append(int(gaps.argmax()))
        gaps = np.minimum(gaps, cdist(points[chosen[-1:]], points)[0])
    return points[chosen]


def flat_rings(dim, rng, n_points=24):
    for _ in range(2):
        turns = rng.normal(size=(300, dim))
        turns /= np.linalg.norm(turns, axis=1, keepdims=True)
        radii = rng.uniform(0.5**dim, 1, size=(300, 1)) ** (1 / dim)
        yield bars(covering(turns * radii, n_points))


def euclidicity(X, rows, dim, radius):
    flat = list(flat_rings(dim, np.random.default_rng(0)))
    found = np.zeros(len(rows))
    for k, row in enumerate(rows):
        for s in (radius, 0.6 * radius):
            distances = np.linalg.norm(X - X[row], axis=1)
            ring = X[(distances > s / 2) & (distances <= s)]
            if len(ring) < 3:
                continue
            seen = bars(covering(ring / s))
            for kind in range(2):
                found[k] += np.mean([bottleneck(seen[kind], f[kind]) for f in flat])
    return found


# %%
# The rivals, each with one setting: a radius or a number of neighbours.


def off_the_plane(X, rows, dim, n_neighbors):
    near = NearestNeighbors(n_neighbors=n_neighbors).fit(X).kneighbors(X[rows])[1]
    P = X[near] - X[near].mean(axis=1, keepdims=True)
    values = np.linalg.eigvalsh(P.transpose(0, 2, 1) @ P)
    return 1 - values[:, -dim:].sum(axis=1) / values.sum(axis=1)


def density(X, rows, dim, n_neighbors):
    near = NearestNeighbors(n_neighbors=n_neighbors).fit(X)
    return -near.kneighbors(X[rows])[0][:, -1]


def outlier_factor(X, rows, dim, n_neighbors):
    return -LocalOutlierFactor(n_neighbors).fit(X).negative_outlier_factor_[rows]


def scorer(X, rows, dim, n_neighbors):
    model = SingularityScorer(dim, n_neighbors=n_neighbors, random_state=0).fit(X)
    return -model.score_samples(X[rows])


NEIGHBORS = (40, 100)
METHODS = {
    "Euclidicity": (euclidicity, (0.3, 0.5)),
    "density": (density, NEIGHBORS),
    "LocalOutlierFactor": (outlier_factor, NEIGHBORS),
    "off the principal plane": (off_the_plane, NEIGHBORS),
    "SingularityScorer": (scorer, NEIGHBORS),
}

# %%
# Three shapes, three ways of being dense
# ---------------------------------------
# Planes that cross, a double cone, and three branches, in five dimensions with noise.
# Rows are spread evenly, or are dense far from the singular place, or dense at it.


def planes(rng, m):
    u, v = rng.uniform(-1, 1, (2, m))
    first, zero = rng.random(m) < 0.5, np.zeros(m)
    X = np.where(first[:, None], np.c_[u, v, zero], np.c_[zero, v, u])
    return X, np.abs(u), np.maximum(np.abs(u), np.abs(v)), 2


def double_cone(rng, m):
    h, t = rng.choice([-1, 1], m) * np.sqrt(rng.random(m)), rng.uniform(0, 2 * np.pi, m)
    return np.c_[h * np.cos(t), h * np.sin(t), h], np.abs(h), np.abs(h), 2


def branches(rng, m):
    ways = np.array([[1, 0, 0], [-0.5, 0.87, 0], [-0.3, -0.5, 0.8]])
    h = rng.random(m)
    return h[:, None] * ways[rng.integers(3, size=m)], h, h, 1


def sample(shape, slope, seed, noise, n=1500):
    rng = np.random.default_rng(seed)
    X, off, to_edge, dim = shape(rng, 20 * n)
    weight = np.exp(slope * off)
    kept = rng.choice(len(X), n, replace=False, p=weight / weight.sum())
    X, off, to_edge = X[kept], off[kept], to_edge[kept]
    turn = np.linalg.qr(rng.normal(size=(5, 3)))[0]
    X = X @ turn.T + noise * rng.normal(size=(n, 5))
    regular = np.flatnonzero((off > 0.4) & (to_edge < 0.75))
    rows = np.r_[np.argsort(off)[:10], rng.choice(regular, 15, replace=False)]
    return X, rows, np.arange(25) < 10, dim


SLOPES = {"even": 0.0, "dense far from it": 3.0, "dense at it": -2.0}
SHAPES = {"planes": planes, "double cone": double_cone, "branches": branches}


def area(score, setting, shape, slope, seed, noise):
    X, rows, singular, dim = sample(shape, slope, seed, noise)
    return roc_auc_score(singular, score(X, rows, dim, setting))


# %%
# A ring around a regular row is one loop; at the crossing of two planes a ring is two
# circles that share two points: that makes three loops, and triangles fill them sooner.
# Above each is for how long its longest loops live, in units of the outer radius.

X, off, _, _ = planes(np.random.default_rng(0), 3000)
fig, axes = plt.subplots(1, 2, figsize=(8, 4), subplot_kw={"projection": "3d"})
for ax, center in ((axes[0], [0.5, 0.2, 0]), (axes[1], [0, 0, 0])):
    distances = np.linalg.norm(X - center, axis=1)
    ring = (distances > 0.2) & (distances < 0.4)
    ax.scatter(*X[~ring][::3].T, s=1, color="0.75")
    ax.scatter(*X[ring].T, s=5, color="C0")
    loops = bars(covering(X[ring] / 0.4, 60))[1]
    longest = ", ".join(f"{length:.2f}" for length in np.ptp(loops[:4], axis=1))
    ax.set_title(f"longest loops: {longest}", fontsize=10)
    ax.set(xticks=[], yticks=[], zticks=[])
    ax.view_init(elev=22, azim=-55)
plt.show()

# %%
# Ten rows at the singular place against fifteen that are regular: the area under the
# curve. The setting is the better of two on three samples with the wider noise; two
# other samples of each kind are scored.

NOISES = (0.02, 0.06)
areas, seconds = {}, {}
for name, (score, settings) in METHODS.items():
    pairs = list(zip(SHAPES.values(), SLOPES.values(), strict=True))
    tried = [
        np.mean([area(score, setting, *pair, 0, NOISES[1]) for pair in pairs])
        for setting in settings
    ]
    best = settings[int(np.argmax(tried))]
    start = time.process_time()
    found = [
        area(score, best, shape, slope, seed, noise)
        for noise in NOISES
        for slope in SLOPES.values()
        for shape in SHAPES.values()
        for seed in (1, 2)
    ]
    seconds[name] = time.process_time() - start
    areas[name] = np.reshape(found, (2, 3, 3, 2))
    print(
        f"{name:24} {best:5}",
        *areas[name].mean(axis=(2, 3)).ravel().round(2),
        f"least {areas[name].min():.2f}, {seconds[name]:.1f} s",
    )

# %%
# Each cell is the mean of two samples; a half is chance.

fig, axes = plt.subplots(
    2, 3, figsize=(10, 5.6), sharex=True, sharey=True, layout="constrained"
)
for (n, k), ax in np.ndenumerate(axes):
    cells = np.array([found[n, k].mean(axis=1) for found in areas.values()])
    ax.imshow(cells, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(cells):
        color = "wk"[int(value > 0.6)]
        ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=color)
    ax.set(title=f"{list(SLOPES)[k]}, noise {NOISES[n]}")
    ax.set_xticks(range(3), list(SHAPES))
    ax.set_yticks(range(len(areas)), list(areas))
    ax.tick_params(length=0)
    ax.grid(False)
plt.show()

# %%
# **Homology does find singular points, and so do local principal components, in a
# fortieth of the time; neither is safe on branches.** With the smaller noise the score
# has a mean area of .96, and with the wider .80: the branches fall to .37-.58, where
# the noise on each axis is a fifth of the smaller ring's radius. The share of spread
# off the principal plane has .97 and .87, and loses where branches are thin at the
# place they meet (.05). :class:`~skgeom.embedding.SingularityScorer` has 1.00 and .98,
# in about the time of Euclidicity. The density is no rival, though it looks like one in
# a usual test: with the smaller noise it has .97 where rows are even, 1.00 where they
# are dense at the singular place, but .01 where they are dense elsewhere. It sees how
# rows were drawn, and no shape.
#
# The scorer is this package's own, made with shapes like these in view; its number of
# neighbours was chosen as for the rest. Each method had two settings and took the
# larger; still larger ones were not tried. All that need the dimension were told it.
# What was not run: the authors' code, a finer grid of radii, more points of each ring,
# an estimated dimension, pictures.
