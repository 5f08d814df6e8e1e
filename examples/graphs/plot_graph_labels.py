r"""
===================================
Labels of nodes from a few of them
===================================

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
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from skgeom import GraphRandomFeatures
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
# A pipeline, and a search over kernels
# -------------------------------------
# A third of the nodes have labels. The time of the diffusion and the penalty are chosen
# on folds of these.

rng = np.random.default_rng(1)
known = np.sort(rng.permutation(graph.n_nodes)[: graph.n_nodes // 3])
search = GridSearchCV(
    make_pipeline(
        GraphRandomFeatures(graph=graph, n_walks=64, random_state=0),
        RidgeClassifier(),
    ),
    {
        "graphrandomfeatures__diffusion_time": [0.5, 1.0, 2.0, 4.0, 8.0, 16.0],
        "ridgeclassifier__alpha": [0.003, 0.01, 0.03, 0.1],
    },
    cv=StratifiedKFold(2, shuffle=True, random_state=0),
).fit(nodes[known], y[known])
predicted = search.predict(nodes)
hidden = np.setdiff1d(np.arange(graph.n_nodes), known)
accuracy = np.mean(predicted[hidden] == y[hidden])
votes = graph.adjacency[hidden][:, known] @ np.eye(len(groups))[y[known]]
by_vote = np.mean(votes.argmax(axis=1) == y[hidden])
print(search.best_params_)

# %%
# Squares are given labels, circles predictions; crosses mark those that are wrong. The
# simple way, a vote of the labelled neighbours, is told by the title.

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
style = dict(edgecolors="white", linewidths=0.5, s=70)
ax.scatter(*xy[hidden].T, c=colors[predicted[hidden]], label="predicted", **style)
ax.scatter(*xy[known].T, c=colors[y[known]], marker="s", label="given", **style)
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
chosen = search.best_estimator_[0].kernel_.modulation[:7]

fig, axes = plt.subplots(1, 2, figsize=(8, 2.4), sharey=True)
for ax, f, name in (
    (axes[0], learned, "learned"),
    (axes[1], chosen / chosen.sum(), "diffusion, time by grid search"),
):
    ax.bar(np.arange(len(f)), f, color=PALETTE[0])
    ax.set(title=name, xlabel="length of walks", xticks=np.arange(7))
axes[0].set_ylabel("coefficient")
plt.show()
