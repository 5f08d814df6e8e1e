"""
===================================
Classes, and where they are a guess
===================================

Three classes in the plane, two of them winding around each other. A Gaussian process
for each class gives probabilities that know two kinds of doubt: between classes that
overlap, and far from all rows.
"""

# %%
# Rows of three classes
# ---------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.svm import SVC

from skgeom import VecchiaGPClassifier
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
turn = rng.uniform(0.6, 3.2, size=300) * np.pi / 1.6
arms = [turn[:150], turn[150:]]
spirals = [
    (0.35 * t * np.array([np.cos(t + shift), np.sin(t + shift)])).T
    for t, shift in zip(arms, (0.0, np.pi), strict=True)
]
ball = rng.normal(size=(60, 2)) * 0.25 + [2.3, -1.9]
X = np.concatenate([*spirals, ball])
X += rng.normal(scale=0.12, size=X.shape)
y = np.repeat(["first arm", "second arm", "ball"], [150, 150, 60])

# %%
# The model
# ---------
# `alpha_epsilon_`, what a label is taken for, is the one with which each row is told
# best by all others.

model = VecchiaGPClassifier().fit(X, y)
print(f"{model.approximation_}, epsilon {model.alpha_epsilon_}")
print(f"log loss of rows left out: {model.log_loss_:.3f}")

# %%
# The map
# -------
# Colours are mixed by probability. A support vector machine draws a similar border, but
# is as sure of a corner that no row is near to; here such places are grey.

side = np.linspace(-4, 4, 160)
grid = np.stack(np.meshgrid(side, side), axis=2).reshape(-1, 2)
told = model.predict_proba(grid)
colors = np.array([[0.90, 0.62, 0.0], [0.0, 0.45, 0.70], [0.0, 0.62, 0.45]])
# Where all classes are alike nothing is left of the colours.
certain = 1.5 * (told.max(axis=1, keepdims=True) - 1 / 3)
mixed = certain * (told @ colors) + (1 - certain) * 0.85

machine = SVC(C=10).fit(X, y)
winner = np.searchsorted(model.classes_, machine.predict(grid))
entropy = -(told * np.log(np.maximum(told, 1e-300))).sum(axis=1) / np.log(3)

fig, axes = plt.subplots(1, 3, figsize=(12, 4.2))
pictures = (
    ("probabilities", mixed.reshape(160, 160, 3)),
    ("how much of a guess", entropy.reshape(160, 160)),
    ("a support vector machine", colors[winner].reshape(160, 160, 3)),
)
for ax, (title, values) in zip(axes, pictures, strict=True):
    ax.imshow(values, origin="lower", extent=(-4, 4, -4, 4), cmap="Greys", vmin=0)
    for k, name in enumerate(model.classes_):
        ax.scatter(*X[y == name].T, s=6, color=0.6 * colors[k], label=name)
    ax.set_title(title)
    ax.set_axis_off()
axes[0].legend(loc="upper left", frameon=False, fontsize=8)
plt.show()
