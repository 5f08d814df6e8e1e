"""
====================================
From distributions to a distribution
====================================

Each row is a bag of measurements, and what is to be predicted is a distribution, too.
With :class:`~skgeom.distributions.SlicedWassersteinEmbedding` both are vectors of
sorted means, distances of which are those of optimal transport, and the regression is
any that takes vectors: here kernel ridge regression with scikit-learn's own class.
"""

# %%
# A hundred and sixty plots of land
# ---------------------------------
# The moisture of a plot is measured at some hundred places. A share of them is wet, and
# how wet differs from plot to plot. Others are stones, which are driest of all and on
# which nothing grows. The yields of a plot are those of its dry and of its wet places.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV

from skgeom import SlicedWassersteinEmbedding
from skgeom.distributions import pack_bags, unpack_bags
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)
rng = np.random.default_rng(0)


def plot_of_land():
    """Moisture at some places, and the yields of two hundred others."""
    share, wet, stones = rng.uniform([0.1, 2.0, 0.0], [0.9, 4.0, 0.5])

    def moisture(n):
        there = rng.uniform(size=n) < share
        return np.where(there, wet, 0.0) + 0.4 * rng.normal(size=n)

    measured = moisture(rng.integers(80, 120))
    bare = rng.uniform(size=len(measured)) < stones
    measured[bare] = -2 + 0.4 * rng.normal(size=bare.sum())
    return measured, 1 + moisture(200)


plots = [plot_of_land() for _ in range(160)]
X = pack_bags([moisture for moisture, _ in plots])  # NaN where a plot has fewer places
Y = pack_bags([yields for _, yields in plots])
train, test = slice(0, 100), slice(100, None)
print(X.shape, Y.shape)

# %%
# Sorted means in, sorted means out
# ---------------------------------
# Twenty numbers describe a bag. Width and penalty are chosen by folds of the training
# plots. A prediction is a quantile function as soon as it is sorted.

inputs = SlicedWassersteinEmbedding(n_quantiles=20).fit(X[train])
outputs = SlicedWassersteinEmbedding(n_quantiles=20).fit(Y[train])
grid = {"alpha": [1e-3, 1e-2, 1e-1, 1.0], "gamma": [0.1, 0.3, 1.0, 3.0]}


def regression(features):
    """Held-out quantile functions from features of the bags."""
    center = outputs.transform(Y[train]).mean(axis=0)
    model = GridSearchCV(KernelRidge(kernel="rbf"), grid)
    model.fit(features[train], outputs.transform(Y[train]) - center)
    return np.sort(model.predict(features[test]) + center, axis=1) * 20**0.5


bags = unpack_bags(X)
moments = np.array([[bag.mean(), bag.std()] for bag in bags])
moments = (moments - moments[train].mean(axis=0)) / moments[train].std(axis=0)
predicted = regression(inputs.transform(X))
by_moments = regression(moments)
truth = outputs.transform(Y[test]) * 20**0.5


def error(found):
    """Squared Wasserstein distance, as a share of that to the mean distribution."""
    left = ((found - truth) ** 2).sum()
    return left / ((truth - truth.mean(axis=0)) ** 2).sum()


print(f"left of the squared distance: {error(predicted):.3f}, from mean and")
print(f"deviation of a bag: {error(by_moments):.3f}")

# %%
# Four plots that were not seen
# -----------------------------
# Bars are the yields, lines the predicted distributions: the slope of a quantile
# function is one over a density.

levels = outputs.levels_


def density(quantiles, x):
    """Density on a grid from a quantile function, a little smoothed."""
    fine = np.interp(np.linspace(0.02, 0.98, 400), levels, quantiles)
    return np.exp(-0.5 * ((x[:, None] - fine) / 0.3) ** 2).mean(axis=1) / 0.752


order = np.argsort([np.mean(bag > 1.2) for bag in bags[test]])
fig, axes = plt.subplots(2, 4, figsize=(11, 4.6), sharex="row")
x = np.linspace(-1, 6.5, 200)
for top, bottom, k in zip(*axes, order[[4, 20, 40, 56]], strict=True):
    top.hist(bags[test][k].ravel(), np.linspace(-3.5, 5.5, 37), color="0.7")
    top.set(title="moisture", yticks=[])
    bottom.hist(plots[100 + k][1], x[::6], density=True, color="0.85")
    for number, (name, found) in enumerate(
        {"sorted means": predicted, "mean, deviation": by_moments}.items()
    ):
        style = dict(color=PALETTE[number], ls=["-", "--"][number], label=name)
        bottom.plot(x, density(found[k], x), **style)
    bottom.set(title="yield", yticks=[])
axes[1, 0].legend(loc="upper right")
plt.show()
