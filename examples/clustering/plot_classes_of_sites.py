"""
============================================
Classes that only the shares of sites reveal
============================================

Four sites see the same four kinds of rows, each in shares of its own, and nobody has
labelled any. Every kind has two faces, which lie apart, so that clusters of rows are
not the kinds. What is mixed alike around two rows are the sites.
"""

# %%
# Rows and sites
# --------------
# Eight clouds around a ring: opposite ones are of one kind. Of each row it is known
# where it lies, and which site it is from.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from skgeom import LatentLabelShift
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
shares = np.array(
    [
        [0.60, 0.20, 0.10, 0.10],
        [0.10, 0.55, 0.25, 0.10],
        [0.15, 0.10, 0.60, 0.15],
        [0.10, 0.25, 0.10, 0.55],
    ]
)
n = 1600
sites = rng.integers(4, size=n)
y = np.array([rng.choice(4, p=shares[site]) for site in sites])
angle = np.pi / 4 * (y + 4 * rng.integers(2, size=n))
X = 4 * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.55 * rng.normal(size=(n, 2))

fig, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained", sharey=True)
for site, ax in enumerate(axes):
    own = sites == site
    ax.scatter(*X.T, s=3, c="0.88", linewidths=0)
    ax.scatter(*X[own].T, s=5, c=f"C{site}", linewidths=0)
    ax.set(title=f"site {site + 1}", xticks=[], yticks=[], aspect="equal")
plt.show()

# %%
# Kinds
# -----
# K-means pairs clouds that are next to each other. Sites pair those that are opposite.

model = LatentLabelShift(n_classes=4, random_state=0).fit(X, sites)
found = {
    "kinds, which nobody sees": y,
    "KMeans": KMeans(4, n_init=10, random_state=0).fit_predict(X),
    "LatentLabelShift": model.labels_,
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, (name, labels) in zip(axes, found.items(), strict=True):
    # Colours as those of the kinds, where they agree most.
    colors = np.array([np.bincount(y[labels == k], minlength=4) for k in range(4)])
    colors = colors.argmax(axis=1) if name != "KMeans" else np.arange(4)
    ax.scatter(*X.T, s=5, c=[f"C{4 + k}" for k in colors[labels]], linewidths=0)
    ax.set(title=f"{name}: {adjusted_rand_score(y, labels):.2f}", aspect="equal")
    ax.set(xticks=[], yticks=[])
plt.show()

# %%
# Shares
# ------
# With the kinds come their shares at each site: bars are those that were found, marks
# the true ones. Rows that a site will send tomorrow are told with `predict`.

order = np.array([np.bincount(y[model.labels_ == k]).argmax() for k in range(4)])
fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for k, kind in enumerate(order):
    place = np.arange(4) + 0.2 * (kind - 1.5)
    ax.bar(place, model.class_priors_[:, k], 0.18, color=f"C{4 + kind}")
    ax.plot(place, shares[:, kind], "_", color="black", markersize=12)
ax.set_xticks(range(4), [f"site {site + 1}" for site in range(4)])
ax.set_ylabel("share of the kind")
plt.show()
print("at most", np.abs(model.class_priors_ - shares[:, order]).max().round(3), "off")
