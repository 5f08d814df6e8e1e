"""
============================
The same tree in four charts
============================

The same points of the hyperbolic plane have many coordinates, and what comes after an
embedding takes them as flat. :class:`~skgeom.hyperbolic.HyperbolicCoordinates` turns
one into another, and names its columns by the chart.
"""

# %%
# Mammals in four charts
# ----------------------
# An embedding of 1,180 mammals; four families have a colour. In the disk of Poincaré
# angles are true, in that of Klein geodesics are straight, as tangent vectors distances
# to the centre are, and angles are what a tree can cut along each axis.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgeom import (
    HyperbolicCoordinates,
    HyperbolicLogisticRegression,
    PoincareEmbedding,
)
from skgeom.datasets import load_wordnet_mammals
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

mammals = load_wordnet_mammals()
nodes = np.arange(mammals.n_nodes)[:, None]
disk = PoincareEmbedding(graph=mammals, max_iter=60, random_state=0).fit(nodes)

kinds = ["carnivore.n.01", "rodent.n.01", "primate.n.02", "ungulate.n.01"]
y = np.zeros(mammals.n_nodes, dtype=int)
for number, kind in enumerate(kinds, start=1):
    members = mammals.adjacency[:, mammals.ids([kind])].nonzero()[0]
    y[members] = number

fig, axes = plt.subplots(1, 4, figsize=(11, 3.2))
for ax, chart in zip(axes, ["poincare", "klein", "tangent", "angle"], strict=True):
    model = HyperbolicCoordinates("poincare", output_space=chart)
    Z = model.fit_transform(disk.embedding_)
    ax.scatter(*Z[y == 0].T, s=2, color="0.8")
    for number, kind in enumerate(kinds, start=1):
        name = kind.partition(".")[0]
        ax.scatter(*Z[y == number].T, s=5, color=PALETTE[number - 1], label=name)
    first, second = model.get_feature_names_out()
    ax.set(xlabel=first, ylabel=second, title=chart)
    ax.set_aspect("equal")
axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
plt.show()

# %%
# What a learner makes of them
# ----------------------------
# The families from two coordinates, by five folds. All of them are within two
# hundredths of each other: families are sectors, and every chart shows sectors. The
# guide has harder classes, on which no learner is best everywhere either.

inside = y > 0
X, y = disk.embedding_[inside], y[inside]


def on(chart, learner):
    return make_pipeline(HyperbolicCoordinates("poincare", output_space=chart), learner)


learners = {
    "forest on the ball": on("poincare", RandomForestClassifier(random_state=0)),
    "forest on angles": on("angle", RandomForestClassifier(random_state=0)),
    "rbf machine on the ball": on("poincare", SVC(C=100.0, gamma=10.0)),
    "logistic, tangent": on("tangent", LogisticRegression(max_iter=2000)),
    "logistic, 64 horospheres": on("horosphere", LogisticRegression(max_iter=2000)),
    "hyperbolic logistic": HyperbolicLogisticRegression(input_space="poincare"),
}
for name, learner in learners.items():
    print(f"{name:25} {cross_val_score(learner, X, y).mean():.3f}")
