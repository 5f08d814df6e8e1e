"""
==========================
Many points and few labels
==========================

Labels cost work, points often do not. This page learns from ten labels on a roll of a
thousand points, and from one label for each digit, chooses parameters by folds over the
labelled rows, and looks at points that no fit has seen.
"""

# %%
# Ten labels on a roll
# --------------------
# The target is the place along the roll, known for ten points. A kernel machine that
# sees the labelled points alone measures through the air between the turns; one that
# sees all of them follows the roll.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, make_swiss_roll
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.semi_supervised import LabelSpreading

from skgeom import STKRClassifier, STKRRegressor
from skgeom.model_selection import LabelledKFold
from skgeom.plotting import STYLE

plt.style.use(STYLE)

X, t = make_swiss_roll(1250, noise=0.1, random_state=1)
X, t = X / X.std(), (t - t.mean()) / t.std()
train, unseen = slice(0, 1000), slice(1000, None)
y = np.full(1000, np.nan)
labelled = np.random.default_rng(4).permutation(1000)[:10]
y[labelled] = t[labelled]

# %%
# `LabelledKFold` leaves out labels and never points: all thousand are in each training
# fold. Ordinary folds would throw points away, and score rows whose target is NaN.

search = GridSearchCV(
    STKRRegressor("nearest_neighbors", n_neighbors=10),
    {"strength": [1e3, 1e4, 1e5], "alpha": [1e-2, 1e-1]},
    cv=LabelledKFold(5, shuffle=True, random_state=0),
    scoring="neg_root_mean_squared_error",
).fit(X[train], y)
print(search.best_params_)
blind = GridSearchCV(
    KernelRidge(kernel="rbf"),
    {"gamma": np.logspace(-1, 2, 7), "alpha": np.logspace(-4, 0, 5)},
    scoring="neg_root_mean_squared_error",
).fit(X[labelled], t[labelled])

fig, axes = plt.subplots(2, 2, figsize=(7, 6.4))
predictions = {
    "truth": t[unseen],
    "KernelRidge": blind.predict(X[unseen]),
    "STKRRegressor": search.predict(X[unseen]),
}
scale = dict(cmap="viridis", vmin=t.min(), vmax=t.max())
axes[0, 0].scatter(*X[train][:, [0, 2]].T, c="0.8", s=8)
axes[0, 0].scatter(*X[labelled][:, [0, 2]].T, c=t[labelled], s=90, marker="*", **scale)
axes[0, 0].set_title("ten labels, 1,000 points")
for ax, (name, values) in zip(axes.flat[1:], predictions.items(), strict=True):
    side = X[unseen][:, [0, 2]]
    shown = ax.scatter(*side.T, c=values, s=16, **scale)
    ax.scatter(*X[labelled][:, [0, 2]].T, c="k", s=90, marker="*")
    error = np.sqrt(np.mean((values - t[unseen]) ** 2))
    ax.set_title(name if name == "truth" else f"{name}\nerror {error:.2f}")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[], aspect=1)
    ax.spines[:].set_visible(False)
fig.colorbar(shown, ax=axes, label="place along the roll, standard deviations")
plt.show()

# %%
# One label for each digit
# ------------------------
# 1,347 pictures, ten of them labelled, and 450 that are not there at all when the model
# is fitted. Each draw of the ten labels is a point of the figure.

X, digits = load_digits(return_X_y=True)
X, accuracies = X / 16, {"LabelSpreading": [], "STKRClassifier": []}
for seed in range(8):
    order = np.random.default_rng(seed).permutation(len(X))
    unseen, train = order[:450], order[450:]
    labels = np.full(len(train), -1)
    for digit in range(10):
        labels[np.flatnonzero(digits[train] == digit)[0]] = digit
    models = {
        "LabelSpreading": LabelSpreading(gamma=20, alpha=0.9, max_iter=100),
        "STKRClassifier": STKRClassifier(),
    }
    for name, model in models.items():
        model.fit(X[train], labels)
        accuracies[name].append(model.score(X[unseen], digits[unseen]))

fig, ax = plt.subplots(figsize=(4.5, 4.5))
ax.plot([0.6, 1], [0.6, 1], color="0.7", zorder=0)
ax.scatter(*accuracies.values(), s=50)
ax.set(xlim=(0.68, 0.98), ylim=(0.68, 0.98), aspect=1)
ax.set_xlabel("LabelSpreading, rbf")
ax.set_ylabel("STKRClassifier")
ax.set_title("accuracy on unseen digits,\none label a class")
plt.show()
