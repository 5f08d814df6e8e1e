"""
=========================================
How a transform shapes what a kernel says
=========================================

A kernel over many points has a spectrum: functions that it finds smooth, with
eigenvalues near the largest, and functions that it finds rough. Unlabelled points say
which function is which. What to make of it is left to us: a transform of the
eigenvalues decides how much smoother a function has to be to be preferred. This page
draws the transforms of :class:`~skgeom.kernels.STKRClassifier`, and what each of them
makes of two labels.
"""

# %%
# Two moons, two labels
# ---------------------
# All but two of 300 points have no label. The neighbour graph of all points is the
# kernel; its eigenvalues lie between -1 and 1.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from skgeom import STKRClassifier
from skgeom.graph import Graph
from skgeom.plotting import PALETTE, STYLE, SpectrumDisplay

plt.style.use(STYLE)

X, classes = make_moons(300, noise=0.07, random_state=2)
y = np.full(300, -1)
for label in (0, 1):
    mine = np.flatnonzero(classes == label)
    y[mine[np.argmax(X[mine, 1] * (1 - 2 * label))]] = label

graph = Graph.from_points(X, n_neighbors=7, affinity="self_tuning")
S = graph.laplacian("symmetric").transition
eigenvalues = np.linalg.eigvalsh(S.toarray())

fig, ax = plt.subplots(figsize=(6, 4))
ends = X[np.stack(graph.adjacency.nonzero())]
ax.plot(*ends.transpose(2, 0, 1), "-", color="0.8", lw=0.7, zorder=0)
ax.scatter(*X.T, color=PALETTE[0], s=14)
for label, marker in ((0, "s"), (1, "*")):
    ax.scatter(*X[y == label].T, c="k", s=160, marker=marker)
ax.set(title="300 points, their neighbour graph, two labels", aspect=1)
ax.set_axis_off()
plt.show()

# %%
# Four transforms
# ---------------
# `strength` is the ratio between the smoothest function and one with the eigenvalue 0.
# A strength of 1 leaves all alike: a label then says nothing about any other point.
# The inverse Laplacian lifts the top of the spectrum to a peak, its square to a sharper
# one; a high power lifts a broader part, and the leading components are a step.

settings = {
    "strength 1:\nnothing learnt": dict(strength=1.0, degree=1, alpha=0.1),
    "inverse Laplacian,\nstrength 100": dict(strength=100.0, degree=1, alpha=0.1),
    "the same,\nsquared": dict(strength=100.0, alpha=0.1, tol=1e-6),
    "polynomial,\ndegree 16": dict(spectral_transform="polynomial", alpha=1e-3),
    "top components:\n4": dict(
        spectral_transform="top_components", n_components=4, alpha=0.1
    ),
}
fig, axes = plt.subplots(2, 5, figsize=(14, 5.6))
for (name, setting), (above, below) in zip(settings.items(), axes.T, strict=True):
    model = STKRClassifier(**setting, graph=graph).fit(np.arange(300)[:, None], y)
    SpectrumDisplay.from_estimator(model, eigenvalues=eigenvalues, ax=above)
    above.set(title=name, ylabel=None)
    scores = model.decision_function(np.arange(300)[:, None])
    size = np.abs(scores).max() or 1.0
    shown = below.scatter(*X.T, c=scores / size, s=10, cmap="viridis", vmin=-1, vmax=1)
    for label, marker in ((0, "s"), (1, "*")):
        below.scatter(*X[y == label].T, c="k", s=70, marker=marker)
    right = (model.transduction_ == classes).mean()
    below.set(xticks=[], yticks=[], aspect=1, title=f"accuracy {right:.2f}")
    below.spines[:].set_visible(False)
fig.colorbar(shown, ax=axes[1], label="second class less first")
axes[0, 0].set_ylabel("transform, largest = 1")
plt.show()

# %%
# Which one to take
# -----------------
# There is no best transform. On sparse graphs, such as those of citations, the inverse
# Laplacian is ahead, on dense ones a power by several points, and the square where the
# target is a smooth function along the data. The transform is a parameter like any
# other: `GridSearchCV` with folds over the labelled rows chooses it, see
# :ref:`sphx_glr_gallery_few_labels_plot_few_labels.py`.
