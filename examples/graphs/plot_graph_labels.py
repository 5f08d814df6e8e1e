r"""
==================================
Labels of nodes from a few of them
==================================

Who of the characters of *Les Misérables* belongs to which group? The graph is known
whole, the labels of a few nodes are given. With ``graph=...``, X is a column of node
numbers: folds of a cross-validation hide labels and not nodes, and walks may pass
through all of them.
"""

# %%
# A graph and its groups
# ----------------------
# Edges are weighted by the chapters in which two characters meet. The groups are those
# that modularity finds, so that they have to do with the edges.

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from skgeom import GraphKernelClassifier, GraphRandomFeatures
from skgeom.graph import Graph
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

novel = nx.les_miserables_graph()
graph = Graph.from_networkx(novel)
groups = nx.community.greedy_modularity_communities(novel, weight="weight")
group_of = {name: i for i, group in enumerate(groups) for name in group}
y = np.array([group_of[name] for name in graph.node_names])
nodes = np.arange(graph.n_nodes)[:, None]

# %%
# The kernel itself, and a pipeline with its features
# ---------------------------------------------------
# A third of the nodes have labels. The time of the diffusion and the penalty are chosen
# by leaving these out, one by one. Features are scaled such that the default penalty of
# a linear model is the right one.

rng = np.random.default_rng(1)
known = np.sort(rng.permutation(graph.n_nodes)[: graph.n_nodes // 3])
exact = GraphKernelClassifier(graph=graph).fit(nodes[known], y[known])
walks = make_pipeline(
    GraphRandomFeatures(graph=graph, n_walks=64, random_state=0), RidgeClassifier()
).fit(nodes[known], y[known])
predicted, sure = exact.predict(nodes), exact.predict_proba(nodes).max(axis=1)
hidden = np.setdiff1d(np.arange(graph.n_nodes), known)
accuracy = np.mean(predicted[hidden] == y[hidden])
votes = graph.adjacency[hidden][:, known] @ np.eye(len(groups))[y[known]]
by_vote = np.mean(votes.argmax(axis=1) == y[hidden])
print(f"time {exact.diffusion_time_:g}, penalty {exact.alpha_:.2g}")
print(f"features of 64 walks: {walks.score(nodes[hidden], y[hidden]):.0%}")

# %%
# Squares are given labels, circles predictions, larger where their probability is;
# crosses mark those that are wrong. The simple way, a vote of the labelled neighbours,
# is told by the title.

position = nx.spring_layout(novel, seed=0, weight="weight", k=0.35)
xy = np.array([position[name] for name in graph.node_names])
fig, ax = plt.subplots(figsize=(8, 6))
for u, v in novel.edges:
    ax.plot(
        *zip(position[u], position[v], strict=True),
        color="0.85",
        ls="-",
        lw=0.6,
        zorder=0,
    )
colors = np.array(PALETTE)
style = dict(edgecolors="white", linewidths=0.5)
size = 110 * sure[hidden]
ax.scatter(
    *xy[hidden].T, c=colors[predicted[hidden]], s=size, label="predicted", **style
)
ax.scatter(*xy[known].T, c=colors[y[known]], marker="s", s=70, label="given", **style)
wrong = hidden[predicted[hidden] != y[hidden]]
ax.scatter(*xy[wrong].T, c="black", marker="x", s=90, linewidths=1.5, label="wrong")
ax.legend()
for name in ("Valjean", "Marius", "Gavroche", "Fantine", "Javert", "Myriel"):
    ax.annotate(name, position[name], (5, 5), textcoords="offset points")
ax.set_title(f"{accuracy:.0%} of the hidden labels are right; by a vote {by_vote:.0%}")
ax.set_axis_off()
plt.show()

# %%
# Coefficients from the labels
# ----------------------------
# Instead of a formula, coefficients can be learned: those with which labels are
# predicted best from other labels. On the right what the chosen diffusion has in their
# place.

model = GraphRandomFeatures("learned", n_steps=6, graph=graph, random_state=0)
learned = model.fit(nodes[known], y[known]).kernel_.modulation
chosen = np.pad(exact.kernel_.modulation, (0, 7))[:7]

fig, axes = plt.subplots(1, 2, figsize=(8, 2.4), sharey=True)
for ax, f, name in (
    (axes[0], learned, "learned"),
    (axes[1], chosen / chosen.sum(), "diffusion, time chosen"),
):
    ax.bar(np.arange(len(f)), f, color=PALETTE[0])
    ax.set(title=name, xlabel="length of walks", xticks=np.arange(7))
axes[0].set_ylabel("coefficient")
plt.show()
