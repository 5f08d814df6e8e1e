"""
==========================
Labels one batch at a time
==========================

Labels cost time, so they are asked for where they help: a batch of rows, a model, the
next batch. :class:`~skgeom.sample_selection.KernelBatchSelector` chooses rows that are
far from those with a label and from each other, by the kernel of the model itself.
"""

# %%
# A hill that few rows lie on
# ---------------------------
# Inputs are dense around the middle; a hill stands where they are rare.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import KernelBatchSelector, KernelRegressor
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
X = rng.normal(size=(3000, 2)) * [1.5, 1.0]


def measure(X):
    hill = 3 * np.exp(-2 * ((X - [2.5, 1.5]) ** 2).sum(axis=1))
    return np.sin(1.5 * X[:, 0]) * X[:, 1] + hill


truth = measure(X)
test = rng.uniform([-3, -2], [4, 2.5], size=(2000, 2))

# %%
# The whole loop
# --------------
# Rows without a label have NaN in y. A batch is one line; that of random rows is
# another.


def learn(choose, n_batches=8, size=12):
    y = np.full(len(X), np.nan)
    first = np.random.default_rng(1).permutation(len(X))[:size]
    y[first] = truth[first]
    errors, asked = [], [first]
    for _ in range(n_batches):
        known = ~np.isnan(y)
        model = KernelRegressor(kernel="rbf", gamma=0.5, alpha=1e-3)
        model.fit(X[known], y[known])
        errors.append(np.sqrt(np.mean((model.predict(test) - measure(test)) ** 2)))
        batch = choose(model, y, size)
        y[batch] = truth[batch]  # somebody measures
        asked.append(batch)
    return errors, asked


def by_kernel(method):
    def choose(model, y, size):
        selector = KernelBatchSelector(size, method=method, estimator=model)
        return selector.fit(X, y).sample_indices_

    return choose


def at_random(model, y, size):
    return rng.permutation(np.flatnonzero(np.isnan(y)))[:size]


runs = {"random": learn(at_random)}
runs |= {name: learn(by_kernel(name)) for name in ("lcmd", "max_dist", "max_det")}

fig, axes = plt.subplots(1, 3, figsize=(11, 3.6))
for name, (errors, _) in runs.items():
    axes[0].semilogy(12 * np.arange(1, 9), errors, marker="o", ms=4, label=name)
axes[0].set(xlabel="labels", ylabel="error on the whole map")
axes[0].legend()
for ax, name in zip(axes[1:], ("random", "lcmd"), strict=True):
    grid = np.stack(np.meshgrid(np.linspace(-4, 4, 90), np.linspace(-3, 3, 90)), -1)
    ax.contourf(*np.moveaxis(grid, -1, 0), measure(grid.reshape(-1, 2)).reshape(90, 90))
    ax.scatter(*X[::5].T, s=1, color="w", alpha=0.4)
    asked = np.concatenate(runs[name][1])
    ax.scatter(*X[asked].T, s=14, color="tab:red", edgecolor="w", linewidth=0.4)
    ax.set(title=name, xticks=[], yticks=[], xlim=(-4, 4), ylim=(-3, 3))
plt.show()

# %%
# What was asked
# --------------
# Random rows lie where rows lie. Batches go to the edge and to the hill, and still fill
# the middle, because a cluster of many rows counts for more than one far away. Labels
# here have no noise, and errors count on the whole map: there the largest variance
# ("max_det") is best, which goes out farthest. On tables with noise, and errors where
# rows are, "lcmd" is the safe one; see the :ref:`User Guide <sample_selection>`.

shares = {
    name: np.mean(np.abs(X[np.concatenate(asked)]) > [3, 2])
    for name, (_, asked) in runs.items()
}
print({name: f"{share:.0%} far out" for name, share in shares.items()})
