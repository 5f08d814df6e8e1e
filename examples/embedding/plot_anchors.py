"""
===============================
One classifier for two encoders
===============================

Two networks that were trained on the same digits give each of them other coordinates. A
few digits that both have encoded, the anchors, are enough for a classifier of the one
to read the other: by similarities to them
(:class:`~skgeom.embedding.RelativeRepresentation`), or by a map from one space to the
other (:class:`~skgeom.embedding.AnchorAlignment`).
"""

# %%
# Two spaces
# ----------
# What the last hidden layers say of the digits. The networks differ in their first
# weights alone.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from skgeom import AnchorAlignment, RelativeRepresentation
from skgeom.plotting import STYLE

plt.style.use(STYLE)
warnings.simplefilter("ignore", ConvergenceWarning)

X, y = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(y))
X, y = X[order] / 16, y[order]
train, new = slice(0, 900), slice(900, None)


def encoder(seed):
    """Activations of the last hidden layer, for all digits."""
    network = MLPClassifier((64, 32), max_iter=60, random_state=seed)
    network.fit(X[train], y[train])
    rows = X
    for W, b in list(zip(network.coefs_, network.intercepts_, strict=True))[:-1]:
        rows = np.maximum(rows @ W + b, 0)
    return rows


one, other = encoder(0), encoder(1)

# %%
# Similarities to thirty anchors
# ------------------------------
# The second space is told which objects were anchors of the first, and nothing else.
# Axes of the pictures are principal components of the first space: what they make of
# the second is nothing above, and the same picture below.

first = RelativeRepresentation(30, anchors="k-means++", random_state=0).fit(one[train])
second = RelativeRepresentation(anchors=first.anchor_indices_).fit(other[train])
pairs = {
    "coordinates": (one, other),
    "similarities to anchors": (first.transform(one), second.transform(other)),
}
fig, axes = plt.subplots(2, 2, figsize=(8, 7.4))
for line, (name, spaces) in zip(axes, pairs.items(), strict=True):
    axis = PCA(2).fit(spaces[0][train])
    head = LogisticRegression(max_iter=500).fit(spaces[0][train], y[train])
    for ax, rows, which in zip(line, spaces, ("first", "second"), strict=True):
        places = axis.transform(rows[new])
        ax.scatter(*places.T, c=y[new], cmap="tab10", s=8, vmin=-0.5, vmax=9.5)
        told = head.score(rows[new], y[new])
        ax.set(title=f"{name}, {which} network: {told:.2f}", xticks=[], yticks=[])
fig.supxlabel("new digits; in the titles the accuracy of a classifier of the first")
plt.show()

# %%
# How many anchors
# ----------------
# Few, if the networks are alike. A map between the spaces is another way where both
# are at hand, and so is forgetting the first one: a classifier of the anchors alone,
# once these have labels.

counts = [10, 15, 20, 30, 50, 80, 120, 200]
found = {}
for seed in range(5):
    drawn = np.random.default_rng(seed).permutation(900)
    for n in counts:
        chosen = drawn[:n]
        for name, similarity in [
            ("similarities, whitened", "whitened"),
            ("similarities, cosine", "cosine"),
        ]:
            a, b = (
                RelativeRepresentation(anchors=chosen, similarity=similarity)
                .fit(rows[train])
                .transform(rows)
                for rows in (one, other)
            )
            head = LogisticRegression(C=10, max_iter=100).fit(a[train], y[train])
            found.setdefault((name, n), []).append(head.score(b[new], y[new]))
        mapped = AnchorAlignment().fit(other[chosen], one[chosen]).transform(other)
        head = LogisticRegression(C=10, max_iter=100).fit(one[train], y[train])
        found.setdefault(("map", n), []).append(head.score(mapped[new], y[new]))
        alone = LogisticRegression(C=10, max_iter=100).fit(other[chosen], y[chosen])
        told = alone.score(other[new], y[new])
        found.setdefault(("labels of the anchors", n), []).append(told)

fig, ax = plt.subplots(figsize=(6.4, 4))
for name in dict.fromkeys(name for name, _ in found):
    ax.plot(counts, [np.mean(found[name, n]) for n in counts], "o-", ms=4, label=name)
ax.set(xscale="log", xlabel="anchors", ylabel="accuracy on the second network")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend()
plt.show()
