"""
==================================
A taxonomy as a column of features
==================================

Products have categories, genes have ontologies, words have more general words: a column
of a table is often a node of a large hierarchy. A linear model cannot use it as it is,
and a column for each of a thousand ancestors is a lot.
:class:`~skgeom.hyperbolic.PoincareEmbedding` turns the node into a few numbers. How few
will do? This page lets `GridSearchCV` decide, beside the singular value decomposition
that one would take else. As in real life, the hierarchy has gaps.
"""

# %%
# Mammals, and what kind they are
# -------------------------------
# The 1,180 mammals of WordNet, each linked to all more general words. A kind is a word
# with ten to forty words below it (whale, terrier, monkey, ...); the target is the
# smallest kind that a word belongs to. Then three tenths of all links are lost, so that
# words of a kind no longer have the same links.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.geometry import poincare
from skgeom.graph import Graph
from skgeom.plotting import PALETTE, STYLE, PoincareDiskDisplay

plt.style.use(STYLE)

mammals = load_wordnet_mammals()
links = mammals.adjacency
below = np.bincount(links.indices, minlength=mammals.n_nodes)
kinds = np.flatnonzero((below >= 10) & (below <= 40))
kind_of = np.full(mammals.n_nodes, -1)
for kind in kinds[np.argsort(-below[kinds])]:  # smaller kinds come last, and win
    kind_of[links[:, [kind]].nonzero()[0]] = kind
sizes = np.bincount(kind_of + 1, minlength=mammals.n_nodes + 1)[1:]
kind_of[(kind_of >= 0) & (sizes[kind_of] < 8)] = -1
nodes = np.flatnonzero(kind_of >= 0)[:, None]
y = kind_of[nodes.ravel()]
print(f"{len(nodes)} words of {len(np.unique(y))} kinds")

edges = np.column_stack(links.nonzero())
edges = edges[np.random.default_rng(0).random(len(edges)) < 0.7]
graph = Graph.from_edges(
    edges, n_nodes=mammals.n_nodes, directed=True, node_names=mammals.node_names
)

# %%
# Two pipelines
# -------------
# Both start from a column of node numbers. Coordinates in the ball are no vectors: the
# logarithm at the origin turns them into vectors, whose length is the distance to the
# centre. Half of the words have a label.


def rows_of(ids):
    return graph.adjacency[ids.ravel()]


def into_tangent_plane(x):
    return poincare.log(np.zeros_like(x), x)


hyperbolic = make_pipeline(
    PoincareEmbedding(graph=graph, max_iter=60, random_state=0),
    FunctionTransformer(into_tangent_plane),
    KNeighborsClassifier(3),
)
flat = make_pipeline(
    FunctionTransformer(rows_of), TruncatedSVD(random_state=0), KNeighborsClassifier(3)
)
train, test, y_train, y_test = train_test_split(
    nodes, y, train_size=0.5, stratify=y, random_state=0
)
n_components = [2, 5, 10]
searches = {
    name: GridSearchCV(
        pipeline,
        {
            f"{step}__n_components": n_components,
            "kneighborsclassifier__n_neighbors": [1, 3],
        },
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
    ).fit(train, y_train)
    for name, step, pipeline in [
        ("PoincareEmbedding", "poincareembedding", hyperbolic),
        ("TruncatedSVD", "truncatedsvd", flat),
    ]
}
for name, search in searches.items():
    print(f"{name:18} {search.best_params_}, others {search.score(test, y_test):.3f}")

# %%
# How many numbers does a word need?
# ----------------------------------
# On the left, accuracy in the folds; on the right the disk, with the eight largest
# kinds and all direct links, the lost ones too.

fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 5.2), width_ratios=[1, 2.2])
for (name, search), marker in zip(searches.items(), "os", strict=True):
    results = search.cv_results_
    size = next(v for k, v in results.items() if k.endswith("n_components"))
    best = [results["mean_test_score"][size == n].max() for n in n_components]
    left.plot(n_components, best, marker=marker, label=name)
left.axhline(
    np.bincount(y).max() / len(y), color="0.5", lw=1, ls=":", label="largest kind"
)
left.set(xlabel="number of components", ylabel="accuracy, 3-fold", xticks=n_components)
left.set_ylim(0, 1)
left.legend(loc="lower right")

everything = np.arange(mammals.n_nodes)[:, None]
disk = PoincareEmbedding(graph=graph, max_iter=60, random_state=0).fit(everything)
largest = np.argsort(-np.bincount(y))[:8]
colors = np.full(mammals.n_nodes, "#BBBBBB", dtype=object)
for kind, color in zip(largest, PALETTE, strict=True):
    colors[kind_of == kind] = color
    name = mammals.node_names[kind].partition(".")[0].replace("_", " ")
    right.scatter([], [], color=color, label=name)
direct = np.column_stack(load_wordnet_mammals(closure=False).adjacency.nonzero())
PoincareDiskDisplay.from_estimator(
    disk,
    everything,
    edges=direct,
    radius=5.0,
    ax=right,
    color=list(colors),
    size=12,
    max_labels=0,
)
right.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
# Two numbers of the hyperbolic plane say more than ten of the decomposition, which has
# no room for 45 kinds in ten directions. With *complete* links the question is trivial:
# words of a kind then have equal rows, and any method that keeps equal rows equal is
# right.
