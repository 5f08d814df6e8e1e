"""
===================================
Targets that are not what they were
===================================

A model was trained when prices were low. Now they are high, nobody has told any of the
new ones yet, and what rows of a price look like has not changed. Weights of the
training rows by their price make a regression fit for the rows of today.
"""

# %%
# The shift
# ---------
# Rows are three noisy readings of y. Readings of the new rows lie elsewhere, and from
# these alone the new law of y has to be told.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm
from sklearn.kernel_ridge import KernelRidge

from skgeom import TargetShiftReweighter
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
n = 600
y, y_new = rng.normal(size=n), 1.0 + 0.5 * rng.normal(size=n)


def readings(y):
    """Three columns that depend on y by a line and two curves, with noise."""
    means = np.column_stack([y, np.sin(y + 0.5) + 0.4 * y, 0.4 * (y + 0.5) ** 2])
    return means + 0.8 * rng.normal(size=means.shape)


X, X_new = readings(y), readings(y_new)
shift = TargetShiftReweighter().fit(X, y, X_target=X_new)
integral = TargetShiftReweighter("integral", random_state=0).fit(X, y, X_target=X_new)

line = np.linspace(-2.6, 2.6, 300)
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
axes[0].scatter(*X[:, :2].T, s=5, c="0.7", label="training rows")
axes[0].scatter(*X_new[:, :2].T, s=5, c="C1", label="new rows, without y")
axes[0].set(title="what is seen", xlabel="first column", ylabel="second column")
axes[0].legend()
true = norm.pdf(line, 1.0, 0.5) / norm.pdf(line)
axes[1].plot(line, true, c="0.3", lw=2.5, label="true")
axes[1].plot(line, shift.weight(line), label="likelihood")
axes[1].plot(line, integral.weight(line), label="integral")
axes[1].set(title="weights", xlabel="y")
axes[1].legend()
bins = np.linspace(-3, 3, 31)
axes[2].hist(y, bins, density=True, color="0.8", label="training y")
axes[2].hist(
    y, bins, density=True, weights=shift.sample_weight_, alpha=0.6, label="weighted"
)
axes[2].plot(line, norm.pdf(line, 1.0, 0.5), c="0.2", label="law of the new y")
axes[2].set(title="laws of y", xlabel="y")
axes[2].legend()
plt.show()

# %%
# What it is good for
# -------------------
# A regression that takes `sample_weight`, judged on new rows whose y comes later.

fig, axes = plt.subplots(1, 2, figsize=(7, 3.3), layout="constrained", sharey=True)
for ax, (name, weights) in zip(
    axes,
    {"without weights": None, "with weights": shift.sample_weight_}.items(),
    strict=True,
):
    model = KernelRidge(alpha=1.0, kernel="rbf", gamma=0.1)
    predicted = model.fit(X, y, sample_weight=weights).predict(X_new)
    error = np.sqrt(np.mean((predicted - y_new) ** 2))
    ax.plot([-0.5, 2.5], [-0.5, 2.5], c="0.6", lw=1)
    ax.scatter(y_new, predicted, s=6, alpha=0.6, c="C0" if weights is None else "C1")
    ax.set(title=f"{name}: error {error:.2f}", xlabel="y, known later")
axes[0].set_ylabel("prediction")
plt.show()
