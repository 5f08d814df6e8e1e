"""
=======================================
Labels that are places, and some unseen
=======================================

Labels are often places: grades, ages, cells of a map. A classifier that takes them for
names cannot answer with one that it has not met.
:class:`~skgeom.classification.FrechetMeanClassifier` makes it, by how far labels are
from each other.
"""

# %%
# A map with nine known cells
# ---------------------------
# The label of a row is a cell of a 7 x 7 grid. Rows have thirty columns, in which the
# place is hidden, and only nine cells have rows to learn from. The classifier is
# logistic regression; distances between labels are steps on the grid.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from skgeom import FrechetMeanClassifier
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
cells = np.stack(np.meshgrid(np.arange(7), np.arange(7)), axis=-1).reshape(-1, 2)
steps = np.abs(cells[:, None] - cells).sum(axis=2)
y = rng.integers(0, 49, 6000)
X = cells[y] @ np.linalg.qr(rng.normal(size=(30, 2)))[0].T
X += 0.3 * rng.normal(size=X.shape)
known = np.flatnonzero((cells % 3 == 0).all(axis=1))
train = np.flatnonzero(np.isin(y[:3000], known))
new, truth = X[3000:], y[3000:]

classifier = LogisticRegression(max_iter=500)
models = {
    "most likely label": FrechetMeanClassifier(classifier, labels=np.arange(49)),
    "Fréchet mean": FrechetMeanClassifier(
        classifier, distances=steps, labels=np.arange(49)
    ),
    'temperature="auto"': FrechetMeanClassifier(
        classifier, distances=steps, labels=np.arange(49), temperature="auto"
    ),
}
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.5), sharey=True)
for ax, (name, model) in zip(axes, models.items(), strict=True):
    found = model.fit(X[train], y[train]).predict(new)
    right = np.bincount(truth[found == truth], minlength=49) / np.bincount(truth)
    ax.imshow(right.reshape(7, 7), vmin=0, vmax=1, cmap="Blues")
    ax.plot(*cells[known].T, "o", ms=4, color="#E69F00")
    ax.set(title=f"{name}: {np.mean(found == truth):.2f}", xticks=[], yticks=[])
axes[0].set_ylabel("share of right answers")
plt.show()

# %%
# Dots are cells with rows. The Fréchet mean answers with cells between them, and more
# so when probabilities are made less sure: the temperature is chosen by leaving out
# classes that lie between others. All 49 cells can be reached:

print(len(models["Fréchet mean"].reachable_labels()))

# %%
# The leaves of a tree cannot: whatever the probabilities, the node above an unseen leaf
# is nearer to all that was seen.
