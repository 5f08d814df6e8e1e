r"""
======================================
When does attention to neighbours pay?
======================================

A graph convolution takes the mean of a node's neighbours. Graph attention weighs them
first, so that a node listens to those that matter; a tangent kernel stands for a
convolutional network of endless width. The simple rival has neither: means of features,
taken once, and a linear classifier. On this page attention pays in one window, which is
not wide: where many links lead astray, and features tell friends but not yet classes.

The papers: Veličković et al., "Graph attention networks" (`2018
<https://arxiv.org/abs/1710.10903>`__); Thekumparampil et al., "Attention-based graph
neural network for semi-supervised learning" (`2018
<https://arxiv.org/abs/1803.03735>`__); Krishnagopal and Ruiz, "Graph neural tangent
kernel: convergence on large graphs" (`2023 <https://arxiv.org/abs/2301.10808>`__); and
on the other side Wu et al., "Simplifying graph convolutional networks" (`2019
<https://arxiv.org/abs/1902.07153>`__).
"""

# %%
# Graphs whose difficulty we know
# -------------------------------
# 400 nodes of four classes, about eight links each. A share of the links joins nodes of
# one class; the others lead to any other class, or, in a ring, to the next one.
# Features are noise around the mean of the class, which is `strength` long. 80 nodes
# are labelled, 80 more are there to choose settings by.

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import normalize
from sklearn.svm import SVC

from skgeom import GraphFeatureExpansion
from skgeom.graph import Graph
from skgeom.nodes import graph_neural_tangent_kernel
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)
n = 400


def block_graph(alike, strength, seed, ring=False):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    u = rng.integers(n, size=4 * n)
    shift = 1 if ring else rng.integers(1, 4, size=4 * n)
    other = (y[u] + np.where(rng.random(4 * n) < alike, 0, shift)) % 4
    v = other + 4 * rng.integers(n // 4, size=4 * n)
    A = sp.coo_array((np.ones(4 * n), (u, v)), shape=(n, n)).tocsr()
    A = A + A.T
    A.setdiag(0)
    A.data = np.minimum(A.data, 1)
    means = normalize(rng.normal(size=(4, 32)))
    F = strength * means[y] + rng.normal(size=(n, 32))
    return Graph.from_adjacency(A, node_features=normalize(F)), y


def nearest_digits(seed):
    X, y = load_digits(return_X_y=True)
    some = np.random.default_rng(seed).permutation(len(y))[:n]
    graph = Graph.from_points(X[some], n_neighbors=8)
    return graph.with_node_features(normalize(X[some])), y[some]


# %%
# Mean, attention, kernel
# -----------------------
# Attention without training is the second paper's: a neighbour counts by
# :math:`e^{\beta \cos}` of the angle between the features of the two;
# :math:`\beta = 0` is the mean. Means and attention have one or three steps, and either
# the last step alone or all steps beside each other, the features among them. The
# tangent kernel has one or three layers, and is alone or added to that of the features.
# All end in the same linear support vector machine, and have 32 settings: four kernels
# and eight penalties, or, with two values of :math:`\beta`, eight and four.


def best(kernels, y, parts):
    """Test accuracy of the setting that is best on validation nodes."""
    train, valid, test = parts
    found = []
    for K in kernels:
        for C in np.logspace(-1, 3, 32 // len(kernels)) / K.diagonal().mean():
            model = SVC(C=C, kernel="precomputed")
            model.fit(K[np.ix_(train, train)], y[train])
            right = model.predict(K[:, train]) == y
            found.append([right[valid].mean(), right[test].mean()])
    return 100 * max(found, key=lambda pair: pair[0])[1]


def alone(graph, y, parts):
    return best([graph.node_features @ graph.node_features.T], y, parts)


def mean(graph, y, parts):
    models = [
        GraphFeatureExpansion(k, combine=form, graph=graph)
        for k in (1, 3)
        for form in ("last", "concat")
    ]
    columns = [model.fit_transform(np.arange(n)[:, None]) for model in models]
    return best([Z @ Z.T for Z in columns], y, parts)


def attention_weights(graph, H, beta):
    A = (graph.adjacency + sp.eye_array(n)).tocoo()
    unit = normalize(H)
    w = np.exp(beta * (unit[A.row] * unit[A.col]).sum(axis=1))
    return normalize(sp.csr_array((w, (A.row, A.col)), shape=A.shape), norm="l1")


def attention(graph, y, parts):
    columns = []
    for beta in (3, 10):
        steps = [graph.node_features]
        for _ in range(3):
            steps.append(attention_weights(graph, steps[-1], beta) @ steps[-1])
        for H in (steps[:2], steps):
            columns += [H[-1], np.hstack(H)]
    return best([Z @ Z.T for Z in columns], y, parts)


def tangent(graph, y, parts):
    own = graph.node_features @ graph.node_features.T
    kernels = [graph_neural_tangent_kernel(graph, n_layers=k) for k in (1, 3)]
    kernels = [K / K.diagonal().mean() for K in kernels]
    return best([*kernels, *[K + own for K in kernels]], y, parts)


def parts_of(y, seed):
    """Nodes with labels, nodes to choose by, and the rest."""
    halves = {"train_size": 80, "random_state": seed}
    train, rest = train_test_split(np.arange(n), stratify=y, **halves)
    return train, *train_test_split(rest, stratify=y[rest], **halves)


# %%
# Where attention pays
# --------------------
# Attention can only tell friend from stranger by their features. Where these are weak,
# it listens to noise, and would better be the mean (:math:`\beta = 0`, which is left
# out here so that the methods differ). Where they are clear nobody needs neighbours.

strengths, shares = [0.75, 1.5, 2.25, 3], [0.75, 0.5, 0.3]
gain = np.empty((3, 4, 6))
for j, share in enumerate(shares):
    for i, strength in enumerate(strengths):
        for seed in range(6):
            graph, y = block_graph(share, strength, seed)
            given = (graph, y, parts_of(y, seed))
            gain[j, i, seed] = attention(*given) - mean(*given)

fig, ax = plt.subplots(figsize=(6, 4))
for j, share in enumerate(shares):
    ax.errorbar(
        np.array(strengths) + 0.04 * (j - 1),
        gain[j].mean(axis=1),
        yerr=2 * gain[j].std(axis=1, ddof=1) / np.sqrt(6),
        marker="os^"[j],
        color=PALETTE[j],
        ms=5,
        lw=1.2,
        label=f"{share:.0%} of links right",
    )
ax.axhline(0, color="0.6", ls="-", lw=1, zorder=0)
ax.set(xlabel="strength of the features", xticks=strengths)
ax.set(title="points of accuracy that attention is ahead of the mean")
ax.legend(loc="lower right")
plt.show()

print("half of the links right:", *(f"{e.mean():.1f}" for e in gain[1]))

# %%
# Attention that is trained
# -------------------------
# Graph attention networks learn how much a neighbour counts, from both ends of a link.
# Here two layers, sixteen units of one head, dropout, sixty steps of Adam, in torch.
# With attention off the same network is a plain convolution. The step is chosen on the
# validation nodes, and whether layers add a linear map of the node itself.

try:
    import torch
    from torch.nn.functional import cross_entropy, elu, leaky_relu
except ImportError:
    torch = None
    print("Without torch the trained networks are missing: pip install 'skgeom[torch]'")


def network(graph, y, parts, attentive, own):
    generator = torch.Generator().manual_seed(0)
    A = torch.as_tensor(graph.adjacency.toarray() + np.eye(n)) > 0
    X, labels = torch.as_tensor(np.float32(graph.node_features)), torch.as_tensor(y)
    weights = []
    for shape in [(X.shape[1], 16), (16, y.max() + 1)]:
        for size in (shape, shape, (shape[1], 2)):
            w = torch.randn(size, generator=generator) * (2 / sum(size)) ** 0.5
            weights.append(w.requires_grad_())

    def layer(H, W, W_own, ends):
        H, own_part = H @ W, H @ W_own if own else 0
        e = torch.zeros(n, n)
        if attentive:
            to, of = (H @ ends).T
            e = leaky_relu(to[:, None] + of, 0.2)
        return torch.where(A, e, -torch.inf).softmax(dim=1) @ H + own_part

    def logits(share=0.0):
        def drop(H):
            return H * (torch.rand(H.shape, generator=generator) >= share) / (1 - share)

        return layer(drop(elu(layer(drop(X), *weights[:3]))), *weights[3:])

    optimizer = torch.optim.Adam(weights, lr=0.03, weight_decay=5e-4)
    found = []
    for step in range(60):
        optimizer.zero_grad()
        cross_entropy(logits(0.5)[parts[0]], labels[parts[0]]).backward()
        optimizer.step()
        if step % 4 == 3:
            with torch.no_grad():
                right = (logits().argmax(dim=1) == labels).double()
            found.append([float(right[part].mean()) for part in parts[1:]])
    return max(found, key=lambda pair: pair[0])


def trained(*given, attentive):
    both = [network(*given, attentive, own) for own in (False, True)]
    return 100 * max(both, key=lambda pair: pair[0])[1]


# %%
# Five graphs
# -----------

sets = {
    "links mostly right,\nweak features": lambda seed: block_graph(0.75, 1.5, seed),
    "half astray,\nmiddling features": lambda seed: block_graph(0.5, 2.25, seed),
    "most astray,\nclear features": lambda seed: block_graph(0.3, 4, seed),
    "a ring of classes,\nmiddling features": lambda s: block_graph(0.1, 2.25, s, True),
    "digits,\nnearest neighbours": nearest_digits,
}
methods = {
    "features alone": alone,
    "mean": mean,
    "attention by angle": attention,
    "tangent kernel": tangent,
}
if torch is not None:
    methods["network, mean"] = partial(trained, attentive=False)
    methods["network, attention"] = partial(trained, attentive=True)

scores = np.empty((len(sets), len(methods), 5))
for i, make in enumerate(sets.values()):
    for seed in range(5):
        graph, y = make(seed + 10)
        parts = parts_of(y, seed)
        scores[i, :, seed] = [f(graph, y, parts) for f in methods.values()]

ahead = scores - scores[:, [1]]
middle, error = ahead.mean(axis=2), ahead.std(axis=2, ddof=1) / np.sqrt(5)
fig, ax = plt.subplots(figsize=(8, 4.8))
for j in [0, *range(2, len(methods))]:
    ax.errorbar(
        middle[:, j],
        np.arange(5) + 0.14 * (j - 2.9 if j else -2),
        xerr=2 * error[:, j],
        fmt="os^DvP"[j],
        color=PALETTE[j],
        ms=5,
        lw=1.2,
        ls="none",
        label=list(methods)[j],
    )
ax.axvline(0, color="0.6", ls="-", lw=1, zorder=0)
ax.set(yticks=range(5), yticklabels=sets, ylim=(4.6, -0.6), xlim=(-12, 9))
ax.set(xlabel="points of accuracy ahead of the mean (two standard errors)")
fig.legend(loc="outside lower center", ncols=3)
plt.show()

print(f"{'':37s}" + "".join(f"{name:>20s}" for name in methods))
for name, row, se in zip(sets, scores.mean(axis=2), error, strict=True):
    cells = [f"{a:.1f} ({b:.1f})" for a, b in zip(row, se, strict=True)]
    print(f"{name.replace(chr(10), ' '):37s}" + "".join(f"{c:>20s}" for c in cells))

# %%
# What came out
# -------------
# The table has the accuracies, with the standard error of the difference to the mean.
# Attention by angle gains five points where half of the links lead astray and features
# are middling. It loses eight where features are weak, seven in a ring of classes,
# where strangers are what tells the class, and ties or loses two on the other sets.
# The tangent kernel is within 1.3 points of the mean everywhere, and needs a dense
# matrix of all pairs. Trained attention is never more than 0.7 points ahead of the same
# network without; that network is ahead of the mean by three points on two of the
# graphs and behind on three. In a first trial neither layers nor kernel had the
# features of the node itself, and both were thirty points behind where most links lead
# astray: it was the missing features, and not what is done to neighbours.
#
# Not run: the papers' own networks of many heads, their citation graphs, and graphs of
# more than 400 nodes, on which trained attention has more to learn from.
#
# **Attention pays in a window, by three to five points of accuracy: where about half of
# the links lead astray, and features tell friend from stranger but not yet the class.
# Outside of it a linear classifier on the features and their means beside each other
# does as well as attention, trained or not, and as the tangent kernel.** These columns
# are :class:`~skgeom.nodes.GraphFeatureExpansion` with ``combine="concat"``
# (:ref:`graph_feature_expansion`).
