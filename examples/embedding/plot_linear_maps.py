"""
=====================================
Linear maps, mixed, and codes to find
=====================================

Two embeddings that are nearly as simple as principal components, and made for another
purpose: :class:`~skgeom.embedding.GaussianWeightedLinearEmbedding` keeps distances, and
:class:`~skgeom.embedding.NeighborCCA` makes short codes whose nearest rows are the
right ones.
"""

# %%
# A few maps with soft borders
# ----------------------------
# A bowl of points in space is laid flat. Each of its parts has a linear map of its own,
# and a row is placed by all of them, by how near their centres are.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skgeom import GaussianWeightedLinearEmbedding, NeighborCCA
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
radius, turn = 2.2 * np.sqrt(rng.uniform(size=900)), rng.uniform(0, 2 * np.pi, 900)
X = np.stack(
    [np.sin(radius) * np.cos(turn), np.sin(radius) * np.sin(turn), -np.cos(radius)],
    axis=1,
)

model = GaussianWeightedLinearEmbedding(n_maps=6, random_state=0).fit(X)
maps = {"principal components": PCA(2).fit_transform(X), "six maps": model.embedding_}
nearest = model.weights(X).argmax(axis=1)
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.4))
for ax, (name, Z) in zip(axes, maps.items(), strict=False):
    ax.scatter(*Z.T, c=radius, s=6, cmap="viridis")
    ax.set(title=name, xticks=[], yticks=[], aspect="equal")
axes[2].scatter(*model.embedding_.T, c=nearest, s=6, cmap="Set2")
axes[2].set(title="the map that counts most", xticks=[], yticks=[], aspect="equal")
plt.show()

# %%
# From above, the rim of the bowl (light) folds back over its sides. The maps open it:
# what is far apart in space is far apart in the plane. New rows have a place too, which
# multidimensional scaling cannot give them.

print(f"stress of the maps: {model.stress_:.3f}")
print(model.transform(X[:2]).round(2))

# %%
# Codes to find
# -------------
# Digits are asked for by a code of sixteen numbers. Principal components keep what
# varies; canonical correlations keep what a picture shares with its neighbours, and let
# the rest fade.

digits, labels = load_digits(return_X_y=True)
order = rng.permutation(len(digits))
queries, base = order[:500], order[500:]


def found(Z):
    Z = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    return base[np.argsort(-(Z[queries] @ Z[base].T), axis=1)]


codes = {
    "PCA": PCA(16).fit(digits[base]).transform(digits),
    "NeighborCCA": NeighborCCA(16).fit(digits[base]).transform(digits),
}
fig, ax = plt.subplots(figsize=(5.4, 3.4))
for name, Z in codes.items():
    right = labels[found(Z)[:, :120]] == labels[queries][:, None]
    ax.plot(np.arange(1, 121), right.mean(axis=0), label=name)
ax.set(xlabel="place in the answer", ylabel="share that is right", ylim=(0.4, 1))
ax.legend()
plt.show()

# %%
# The first answers are as good either way. It is farther down, where all of a kind are
# wanted, that the codes of neighbours hold. A query for which the two disagree, and the
# first answers of both, wrong ones in red:

both = {name: found(Z)[:, :10] for name, Z in codes.items()}
wrong = {
    name: (labels[near] != labels[queries][:, None]).sum(axis=1)
    for name, near in both.items()
}
which = int(np.argmax(wrong["PCA"] - wrong["NeighborCCA"]))
fig, axes = plt.subplots(2, 11, figsize=(9.6, 2.2))
for row, (name, near) in zip(axes, both.items(), strict=True):
    for ax, i in zip(row, [queries[which], *near[which]], strict=True):
        bad = labels[i] != labels[queries[which]]
        ax.imshow(digits[i].reshape(8, 8), cmap="Reds" if bad else "Greys")
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize=8)
plt.show()
