"""
================================
A geodesic map inside a pipeline
================================

:class:`~skgeom.embedding.HeatGeodesicEmbedding` is fitted on some rows and places
others, so it can stand in a pipeline before a classifier and be tuned by
cross-validation. Here it turns pictures of handwritten digits, 64 pixels each, into a
few coordinates, and the classifier looks at the nearest neighbours in these. How well
it does says how well the coordinates keep the digits apart.
:class:`sklearn.manifold.Isomap`, which measures distances by shortest paths over a
similar graph, takes the same place for comparison.
"""

# %%
# One grid search for each embedding
# ----------------------------------
# All pixels have the same unit, so they are not scaled. Where columns differ in unit, a
# `StandardScaler` belongs before the embedding, which is made of distances.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.manifold import Isomap
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from skgeom import HeatGeodesicEmbedding
from skgeom.plotting import STYLE, EmbeddingDisplay

plt.style.use(STYLE)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=700, test_size=300, stratify=y, random_state=0
)
classifier = KNeighborsClassifier(n_neighbors=10)
n_components = [2, 4, 8]


def search(embedding, **grid):
    pipeline = Pipeline([("embedding", embedding), ("classifier", classifier)])
    grid = {f"embedding__{name}": values for name, values in grid.items()}
    return GridSearchCV(pipeline, grid, cv=3).fit(X_train, y_train)


heat = search(
    HeatGeodesicEmbedding(random_state=0),
    n_components=n_components,
    n_neighbors=[10, 15],
    geodesic=["heat", "shortest_path"],
)
with warnings.catch_warnings():
    # With 5 neighbours the graph falls into parts; Isomap joins them, and warns.
    warnings.simplefilter("ignore")
    isomap = search(Isomap(), n_components=n_components, n_neighbors=[5, 7, 10, 15])
pixels = cross_val_score(classifier, X_train, y_train, cv=3)

for name, found in [("heat geodesic", heat), ("Isomap", isomap)]:
    print(f"{name:14} {found.best_score_:.3f} with {found.best_params_}")
print(f"{'64 pixels':14} {pixels.mean():.3f}")

# %%
# New rows, one by one
# --------------------
# `transform` places each row between its nearest training rows, and nothing else has a
# say: its coordinates do not depend on what other rows come with it, and a training row
# gets exactly the coordinates that `fit` gave to it. Hence a score on new rows means
# what it says, and rows may come one at a time.

flat = HeatGeodesicEmbedding(random_state=0)
train_map = flat.fit_transform(X_train)
test_map = flat.transform(X_test)

one_by_one = np.vstack([flat.transform(row[None]) for row in X_test])
print("same alone as in a batch:", np.allclose(one_by_one, test_map, rtol=0, atol=1e-9))
print("training rows stay put: ", np.allclose(flat.transform(X_train), train_map))

# %%
# What cross-validation saw
# -------------------------
# On the left, the best cell of the grid for each number of components, with the spread
# over the three folds; both grids have twelve cells. In the plane, the cleaned graph
# loses far less than Isomap's does; with eight coordinates the two are equal, and a
# little below all 64 pixels.
#
# On the right, the map that the default parameters make. The test rows, drawn as the
# digits that they are, fall among the training rows (grey dots). A ring marks those
# that the classifier gets wrong.


def best_per_dimension(found):
    results = found.cv_results_
    dimension = np.asarray(results["param_embedding__n_components"], dtype=int)
    scores = np.stack([results[f"split{fold}_test_score"] for fold in range(3)])
    tops = []
    for wanted in n_components:
        cells = scores[:, dimension == wanted]
        tops.append(cells[:, cells.mean(axis=0).argmax()])
    return np.mean(tops, axis=1), np.std(tops, axis=1)


fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 5.2), width_ratios=[1, 1.8])
for name, found, style in [
    ("heat geodesic", heat, dict(marker="o")),
    ("Isomap", isomap, dict(marker="s")),
]:
    mean, deviation = best_per_dimension(found)
    left.errorbar(n_components, mean, deviation, label=name, capsize=3, **style)
left.axhline(pixels.mean(), color="0.4", linestyle="--", label="64 pixels")
left.set(xlabel="number of components", ylabel="accuracy, 3-fold", xticks=n_components)
left.legend(loc="lower right")

right.scatter(*train_map.T, c="0.8", s=10)
title = "test rows in the plane"
display = EmbeddingDisplay({title: test_map}, y_test, value_name="digit")
display.plot(ax=right, markers="names", size=26)
wrong = classifier.fit(train_map, y_train).predict(test_map) != y_test
right.scatter(*test_map[wrong].T, s=130, facecolors="none", edgecolors="black")
right.set_title(f"test rows in the plane: {1 - wrong.mean():.1%} right")
plt.show()

# %%
# :ref:`sphx_glr_gallery_embedding_plot_heat_to_distance.py` shows where the distances
# come from, and the :ref:`user guide <heat_geodesic>` has more about the parameters.
