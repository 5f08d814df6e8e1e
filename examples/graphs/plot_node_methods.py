r"""
=====================================================
Coordinates of nodes, and labels that come one by one
=====================================================

Two ways to work with the nodes of a network when links are all that is known: turn
nodes into coordinates, for any model; or let labels travel along the links as they
come.
"""

# %%
# A novel as a network
# --------------------
# Characters of *Les Misérables* are linked where they meet in a chapter.
# :class:`~skgeom.nodes.NodeEmbedding` counts which of them walks visit together. The
# second and third coordinate are drawn, with the links; colours are groups found by
# modularity.

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np

from skgeom import NodeEmbedding, OnlineGraphClassifier
from skgeom.graph import Graph
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

novel = nx.les_miserables_graph()
graph = Graph.from_networkx(novel)
names = np.array(graph.node_names)
nodes = names[:, None]
groups = nx.community.greedy_modularity_communities(novel, weight="weight")
group_of = {name: i for i, group in enumerate(groups) for name in group}
y = np.array([group_of[name] for name in names])

model = NodeEmbedding(8, graph=graph, random_state=0)
Z = model.fit_transform(nodes)

fig, ax = plt.subplots(figsize=(8, 5.5))
x = Z[:, 1:3] / np.linalg.norm(Z, axis=1, keepdims=True)
for u, v in novel.edges:
    ax.plot(*x[graph.ids([u, v])].T, color="0.88", ls="-", lw=0.5, zorder=0)
ax.scatter(*x.T, c=np.array(PALETTE)[y % len(PALETTE)], s=28, zorder=2)
for name in ("Valjean", "Marius", "Gavroche", "Fantine", "Javert", "Myriel", "Cosette"):
    ax.annotate(name, x[graph.ids(name)[0]], (4, 4), textcoords="offset points")
ax.set(title="By the walks that pass them", xticks=[], yticks=[])
plt.show()

# %%
# Who is near whom
# ----------------
# Cosines of the coordinates tell who is met in the same places, whether or not two have
# met.

unit = Z / np.linalg.norm(Z, axis=1, keepdims=True)
for name in ("Gavroche", "Fantine"):
    alike = unit @ unit[graph.ids(name)[0]]
    print(name, "-", ", ".join(names[np.argsort(-alike)[1:6]]))

# %%
# A stream of labels
# ------------------
# The groups of characters are told one by one, in ten random orders. Before each label
# the next character's group is predicted: by the mass of
# :class:`~skgeom.nodes.OnlineGraphClassifier`, and by a vote of the neighbours that
# have a label already.

right = {"mass pushed along the links": [], "a vote of the neighbours": []}
for seed in range(10):
    order = np.random.default_rng(seed).permutation(len(y))
    stream = OnlineGraphClassifier(tol=1e-3, graph=graph)
    stream.partial_fit(nodes[order[:1]], y[order[:1]], classes=np.unique(y))
    hits, votes = [], []
    seen = np.zeros(len(y), dtype=bool)
    seen[order[0]] = True
    for node in order[1:]:
        hits.append(stream.predict(nodes[[node]])[0] == y[node])
        near = graph.adjacency[[node]].indices
        counts = np.bincount(y[near[seen[near]]], minlength=len(groups))
        votes.append(counts.argmax() == y[node])
        stream.partial_fit(nodes[[node]], y[[node]])
        seen[node] = True
    for told, found in zip(right.values(), (hits, votes), strict=True):
        told.append(found)

fig, ax = plt.subplots(figsize=(6.4, 3.6))
for name, told in right.items():
    share = np.cumsum(np.mean(told, axis=0)) / np.arange(1, len(y))
    ax.plot(np.arange(1, len(y)), share, label=name)
ax.set(xlabel="labels so far", ylabel="share right so far", ylim=(0, 1))
ax.legend(loc="lower right")
plt.show()

# %%
# A label that was wrong is taken back, and nothing of it is left.

before = stream.predict_proba(nodes)
stream.partial_fit([["Valjean"]], [3]).unlearn([["Valjean"]], [3])
print(f"largest change: {np.abs(stream.predict_proba(nodes) - before).max():.0e}")
