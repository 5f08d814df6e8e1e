"""
============================================
When do points without a label stop to help?
============================================

With very few labels, all other points are most of what is known. With very many, they
are none of it. Somewhere between the two an ordinary classifier catches up. This page
tunes a whole pipeline around :class:`~skgeom.kernels.STKRClassifier` at each number of
labels, and looks where that is for handwritten digits.
"""

# %%
# A pipeline, and folds that hide labels
# --------------------------------------
# The label -1 says that there is none.
# :class:`~skgeom.model_selection.StratifiedLabelledKFold` hides labels, never rows:
# with ordinary folds each fit would lose a third of the points that it is to learn the
# shape from.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

from skgeom import STKRClassifier
from skgeom.model_selection import StratifiedLabelledKFold
from skgeom.plotting import STYLE

plt.style.use(STYLE)

X, digits = load_digits(return_X_y=True)
X = X / 16
folds = StratifiedLabelledKFold(3, shuffle=True, random_state=0)


def spectral_search():
    return GridSearchCV(
        Pipeline(
            [
                ("pca", PCA(random_state=0)),
                ("model", STKRClassifier("nearest_neighbors", alpha=0.1)),
            ]
        ),
        {
            "pca__n_components": [16, 32],
            "model__strength": [10.0, 100.0],
        },
        cv=folds,
    )


def svm_search():
    return GridSearchCV(SVC(), {"C": [1, 10], "gamma": ["scale", 0.01]}, cv=3)


# %%
# From three labels a class to a hundred
# --------------------------------------
# 1,347 digits are there for fitting, and 450 are put aside. The support vector machine
# sees labelled rows alone, with the usual search. Label spreading takes its defaults
# with a fitting width.

per_class = [3, 10, 30, 100]
scores = {"STKRClassifier, tuned": [], "LabelSpreading": [], "SVC, labelled rows": []}
for n in per_class:
    runs = []
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(X))
        train, unseen = order[:1347], order[1347:]
        y = np.full(len(train), -1)
        for digit in range(10):
            y[np.flatnonzero(digits[train] == digit)[:n]] = digit
        known = train[y >= 0]
        models = [
            spectral_search().fit(X[train], y),
            LabelSpreading(gamma=20, alpha=0.9, max_iter=1000).fit(X[train], y),
            svm_search().fit(X[known], digits[known]),
        ]
        runs.append([model.score(X[unseen], digits[unseen]) for model in models])
    for row, values in zip(scores.values(), np.transpose(runs), strict=True):
        row.append(values)

fig, ax = plt.subplots(figsize=(6.4, 4))
for (name, values), marker in zip(scores.items(), "os^", strict=True):
    values = 100 * (1 - np.array(values))
    (line,) = ax.plot(per_class, values.mean(axis=1), marker=marker, label=name)
    ax.fill_between(
        per_class,
        values.min(axis=1),
        values.max(axis=1),
        color=line.get_color(),
        alpha=0.15,
        lw=0,
    )
ax.set(xscale="log", yscale="log", xlabel="labels a class")
ax.set_ylabel("wrong on unseen digits, %")
ax.set_xticks(per_class, [str(n) for n in per_class], minor=False)
ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# (Lines are means of four draws, bands their range.) With three labels a class, the
# other pictures are worth more than any choice of classifier. From about fifty on the
# support vector machine needs nobody's help, and is simpler. Label spreading is as good
# as the tuned pipeline from ten labels on, at the width that fits these data; it has no
# folds of its own to find that width.
