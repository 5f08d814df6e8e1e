"""
=====================================
Which distances should a layout have?
=====================================

A layout is made from distances, and two papers replace those that one has. For data on
a sphere or in a hyperbolic space, Bergsson and Hauberg (`Visualizing Riemannian data
with Rie-SNE <https://arxiv.org/abs/2203.09253>`_, 2022) give t-SNE geodesics, and a
factor for the volume of the space. Shiebler (`Functorial Manifold Learning
<https://arxiv.org/abs/2011.07435>`_, 2022) lays out the heights of a dendrogram.

Beside them are straight lines and plain stress. Two questions of each: how many of ten
neighbours does the picture keep, and how well do its distances agree with the true
ones? Geodesics help where the space is strongly curved; nothing else does.
"""

# %%
# t-SNE of any affinities
# -----------------------
# Affinities are those of a heat kernel, :math:`e^{-d^2 / 2 s^2}`, with the width s of a
# point found by its perplexity; the logarithm of another factor may be added. The
# descent is that of scikit-learn.

import matplotlib.pyplot as plt
import numpy as np
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE

from skgeom import HeatGeodesicEmbedding
from skgeom.geometry import poincare, sphere
from skgeom.metrics import distance_preservation, neighborhood_precision
from skgeom.plotting import PALETTE, STYLE, EmbeddingDisplay
from skgeom.solvers import metric_mds

plt.style.use(STYLE)


def affinities(D, log_weights=0.0, perplexity=30.0):
    """Symmetric t-SNE affinities of distances, the widths found by bisection."""
    cost = D**2 + np.diag(np.full(len(D), np.inf))
    low, high = np.full((2, len(D), 1), 25.0) * [[[-1]], [[1]]]  # log precisions
    for _ in range(50):
        middle = (low + high) / 2
        logits = log_weights - np.exp(middle) * cost
        P = np.exp(logits - logits.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        entropy = -(P * np.log(P + 1e-300)).sum(axis=1, keepdims=True)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    P = np.where(P > 1e-7, P, 0.0)
    return csr_array((P + P.T) / (P + P.T).sum())


def lay_out(P, seed=0, n_iter=300):
    """Minimise the divergence of t-SNE from affinities P, from a random start."""
    P = P.toarray()
    Y = 1e-4 * np.random.default_rng(seed).normal(size=(P.shape[0], 2))
    step, gains = np.zeros_like(Y), np.ones_like(Y)
    for t in range(n_iter):
        K = 1 / (1 + cdist(Y, Y, "sqeuclidean"))
        np.fill_diagonal(K, 0.0)
        force = ((12.0 if t < 100 else 1.0) * P - K / K.sum()) * K
        gradient = 4 * (force.sum(axis=1)[:, None] * Y - force @ Y)
        gains = np.where(step * gradient < 0, gains + 0.2, 0.8 * gains).clip(0.01)
        step = (0.5 if t < 100 else 0.8) * step - 50.0 * gains * gradient
        Y = Y + step
    return Y


# %%
# Data in a curved space
# ----------------------
# Points that are uniform on a sphere, and in a disk of the hyperbolic plane of radius
# five. Heat in a curved space spreads by the geodesic distance r, and by a factor for
# volume, :math:`(r / \sin r)^{1/2}` on the sphere and :math:`(r / \sinh r)^{1/2}` in
# the disk: Rie-SNE takes its affinities from that. Beside it are affinities of geodesic
# distances alone, and of straight lines through the space around: three seeds each.


def on_sphere(rng, n=250):
    x = sphere.random(n, 3, random_state=rng)
    r = sphere.distance(x[:, None], x[None])
    return cdist(x, x), r, np.log(np.maximum(np.sin(r), 1e-3) / np.maximum(r, 1e-9))


def in_disk(rng, n=250):
    radius = np.arccosh(1 + rng.uniform(size=n) * (np.cosh(5) - 1))
    turn = rng.uniform(0, 2 * np.pi, n)
    x = np.tanh(radius / 2)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    r = poincare.distance(x[:, None], x[None]) + 1e-12
    return cdist(x, x), r, np.log(np.sinh(r) / r)


ways = ["straight lines", "geodesics", "geodesics and volume", "least stress"]
results = {"sphere": [], "hyperbolic disk": []}
for seed in range(3):
    for space, draw in zip(results, (on_sphere, in_disk), strict=True):
        straight, r, log_volume = draw(np.random.RandomState(seed))
        np.fill_diagonal(log_volume, 0.0)
        np.fill_diagonal(r, 0.0)
        pictures = [
            lay_out(affinities(straight), seed),
            lay_out(affinities(r), seed),
            lay_out(affinities(r, -log_volume / 2), seed),
            metric_mds(np, r, 2, max_iter=100)[0],
        ]
        results[space].append(
            [
                (
                    neighborhood_precision(r, p, metric="precomputed", n_neighbors=10),
                    distance_preservation(r, p).spearman,
                )
                for p in pictures
            ]
        )

fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True, sharey=True)
for ax, (space, told) in zip(axes, results.items(), strict=True):
    told = np.array(told)  # seed, way, measure
    for k, (name, marker) in enumerate(zip(ways, "osDX", strict=True)):
        ax.plot(*told[:, k].T, marker, color=PALETTE[k], ms=7, label=name, alpha=0.8)
        near, far = told[:, k].mean(axis=0)
        spread = told[:, k, 0].std()
        print(f"{space:16} {name:22} neighbours {near:.2f} ({spread:.2f}), {far:.2f}")
    ax.set(title=space, xlabel="neighbours kept")
axes[0].set_ylabel("agreement of distances")
axes[0].legend()
plt.show()

# %%
# A dendrogram in the plane
# -------------------------
# Digits have no known geometry; true distances are those of their 64 pixels. Two rows
# are as far apart as the height at which they are joined, and the plane that holds
# these heights with the least stress is the picture.

X, digits = load_digits(return_X_y=True)
X, digits = X[:600], digits[:600]
truth = squareform(pdist(X))


def dendrogram_of(method):
    heights = squareform(cophenet(linkage(X, method)))
    return metric_mds(np, heights, 2, max_iter=100)[0]


pictures = {
    "single linkage": dendrogram_of("single"),
    "complete linkage": dendrogram_of("complete"),
    "the distances themselves": metric_mds(np, truth, 2, max_iter=100)[0],
    "HeatGeodesicEmbedding": HeatGeodesicEmbedding(random_state=0).fit_transform(X),
    "t-SNE": TSNE(random_state=0).fit_transform(X),
}
captioned = {}
for name, points in pictures.items():
    near = neighborhood_precision(X, points, n_neighbors=10)
    far = distance_preservation(truth, points).spearman
    captioned[f"{name}\nneighbours {near:.2f}, distances {far:.2f}"] = points
    print(f"{name:24} neighbours {near:.3f}, distances {far:.3f}")
# sphinx_gallery_thumbnail_number = 2
EmbeddingDisplay.from_embeddings(
    captioned, digits, value_name="digit", size=12, n_columns=3
)
plt.show()

# %%
# Dendrograms lay out clusters, one inside the other, on circles: ultrametric distances
# fit no plane. Neither measure gains by them.
#
# **Geodesics keep .80 of the neighbours in the hyperbolic disk, and straight lines
# through it .76; on the sphere both keep .82 to .84, for near points are as near in the
# space around. The factor for volume moves that by a hundredth, the spread of the
# draws. Heights of dendrograms keep fewer neighbours than t-SNE and agree less with the
# distances than their plain stress does.** So: compute geodesics if the curvature is
# strong, and give them to scikit-learn's :class:`~sklearn.manifold.TSNE` with
# ``metric="precomputed"``; and where distances count, lay out by stress.
#
# Not run: pictures that are themselves on a sphere, as Rie-SNE can draw, and the data
# sets of either paper.
