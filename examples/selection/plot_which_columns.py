"""
===============================
Which columns have to do with y
===============================

A table has text with two or with two thousand different words, ids, and numbers that
act by shapes without a slope. A screen scores each column against permutations of y, so
that all of them compare, and says how likely such a score is by chance.
"""

# %%
# Columns of levels
# -----------------
# Sixty columns of 2 to 2,000 levels and 2,000 rows. Five of them have effects on a
# class. A forest prefers columns with many levels, and so does mutual information;
# scores in units of permutations do not.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import f_regression, mutual_info_classif

from skgeom import ColumnScreen, KernelRegressor
from skgeom.feature_selection import contingency_classif, rank_dependence_regression
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
sizes = np.array([2, 5, 20, 100, 500, *rng.choice([2, 5, 20, 100, 500, 2000], 55)])
X = rng.integers(0, sizes, size=(2000, 60))
effects = [0.6 * rng.normal(size=size) for size in sizes[:5]]
odds = sum(effect[X[:, j]] for j, effect in enumerate(effects))
y = rng.random(2000) < 1 / (1 + np.exp(-odds))

scores = {
    "mutual information": mutual_info_classif(X, y, discrete_features=True),
    "importances of a forest": RandomForestClassifier(random_state=0)
    .fit(X, y)
    .feature_importances_,
    "contingency_classif": contingency_classif(X, y)[0],
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained", sharex=True)
jitter = sizes * np.exp(0.15 * rng.normal(size=60))
for ax, (name, score) in zip(axes, scores.items(), strict=True):
    ax.scatter(jitter[5:], score[5:], s=14, c="0.75", label="idle")
    ax.scatter(jitter[:5], score[:5], s=30, c="C1", label="with an effect")
    ax.set(title=name, xscale="log", xlabel="levels")
axes[0].legend()
plt.show()

# %%
# Columns of numbers
# ------------------
# Five hundred columns; seven act, by seven shapes. The F-test sees slopes. Polynomials
# of ranks see valleys, waves, and changes of the spread of y.

n = 600
X = rng.normal(size=(n, 500))
shapes = {
    "slope": lambda x: 0.5 * x,
    "valley": lambda x: 0.4 * x**2,
    "wave": lambda x: 0.6 * np.sin(2 * x),
    "hill": lambda x: 0.6 * np.cos(2 * x),
    "kink": lambda x: 0.7 * np.abs(x),
    "step": lambda x: 0.5 * np.sign(x),
}
y = sum(shape(X[:, j]) for j, shape in enumerate(shapes.values()))
y = y + np.exp(0.5 * X[:, 6]) * rng.normal(size=n)
p_values = {
    "F-test": f_regression(X, y)[1],
    "rank dependence": rank_dependence_regression(X, y)[1],
}
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
names = [*shapes, "spread"]
for k, (name, p) in enumerate(p_values.items()):
    place = np.arange(7) + 0.38 * (k - 0.5)
    ax.bar(place, -np.log10(p[:7]), width=0.36, label=name, color=f"C{k}")
ax.axhline(-np.log10(0.05 / 500), color="0.3", lw=1)
ax.text(2, -np.log10(0.05 / 500) + 0.2, "any of 500: 5 %", ha="center", color="0.3")
ax.set(xticks=range(7), xticklabels=names, ylabel="-log10 of the p-value")
ax.legend()
plt.show()

# %%
# A table of both
# ---------------
# :class:`~skgeom.feature_selection.ColumnScreen` takes text, numbers and gaps, and
# keeps a column if its share of false discoveries allows it. Of a data frame it knows
# by itself which columns are text, and answers with its names.

shop = rng.integers(0, 40, n)
table = X[:, :22].astype(object)
table[::10, 1] = None
table[:, 20] = [f"shop {k}" for k in shop]
table[:, 21] = [f"customer {k}" for k in rng.permutation(n)]
y = y + rng.normal(size=40)[shop]
screen = ColumnScreen("fdr", param=0.05, categorical_features=[20, 21]).fit(table, y)
print(screen.get_support(indices=True))

# %%
# What no screen sees
# -------------------
# Signs of products: each column alone tells nothing of y. Importances of a kernel
# machine with a learned metric do, and
# :class:`~sklearn.feature_selection.SelectFromModel` takes them.

X = rng.normal(size=(600, 20))
y = np.sign(X[:, 0] * X[:, 1]) + np.sign(X[:, 2] * X[:, 3]) + 0.3 * rng.normal(size=600)
machine = KernelRegressor(metric="agop", random_state=0).fit(X, y)
found = {
    "rank dependence, score": rank_dependence_regression(X, y)[0],
    "learned metric, importance": machine.feature_importances_,
}
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
for ax, (name, score) in zip(axes, found.items(), strict=True):
    ax.bar(range(20), score, color=["C1"] * 4 + ["0.75"] * 16)
    ax.set(title=name, xlabel="column")
plt.show()
