"""Further sections of the demonstration: made data, of which the truth is known."""

import time

import numpy as np
from demo_tables import long_format, print_table
from sklearn.cluster import KMeans
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skgeom import (
    GraphGPRegressor,
    GraphKernelRidge,
    GrassmannClassifier,
    SingularityScorer,
    SlicedWassersteinEmbedding,
    SubspaceClustering,
    SufficientSubspace,
    VonMisesFisherMixture,
)
from skgeom.datasets import (
    make_index_model,
    make_spd_bags,
    make_subspaces,
    make_vmf_mixture,
)
from skgeom.graph import Graph


def groups(out):
    """SubspaceClustering and VonMisesFisherMixture: groups with a shape."""
    print("SubspaceClustering, VonMisesFisherMixture: groups that have a shape\n")
    X, y = make_subspaces(500, noise=0.1, random_state=0)
    scores = {}
    for name, model in {
        "SubspaceClustering": SubspaceClustering(5, random_state=0),
        "GaussianMixture": GaussianMixture(5, n_init=5, random_state=0),
        "KMeans": KMeans(5, n_init=10, random_state=0),
    }.items():
        scores[name] = ari(model, X, y)
    print_table("Five planes of three dimensions in twenty, 500 rows", scores)
    rows = long_format("subspaces", scores)
    law = dict(n_features=10, concentrations=(3, 8, 20, 50), random_state=0)
    X, y = make_vmf_mixture(800, **law)
    scores = {}
    for name, model in {
        "VonMisesFisherMixture": VonMisesFisherMixture(4, random_state=0),
        "GaussianMixture": GaussianMixture(4, n_init=5, random_state=0),
        "KMeans": KMeans(4, n_init=10, random_state=0),
    }.items():
        scores[name] = ari(model, X, y)
    print_table("Four bumps of a sphere in ten dimensions, 800 rows", scores)
    return rows + long_format("bumps of a sphere", scores)


def directions(out):
    """SufficientSubspace, GrassmannClassifier: what answers depend on."""
    print("SufficientSubspace, GrassmannClassifier: what answers depend on\n")
    data = make_index_model(1500, link="even", random_state=0)
    truth = np.linalg.qr(data.directions.T)[0]
    scores = {}
    for name, model in {
        "SufficientSubspace": SufficientSubspace(3),
        "PLSRegression": PLSRegression(3),
    }.items():
        start = time.perf_counter()
        model.fit(data.X, data.y)
        found = getattr(model, "components_", None)
        found = model.x_weights_.T if found is None else found
        cosines = np.linalg.svd(np.linalg.qr(found.T)[0].T @ truth, compute_uv=False)
        scores[name] = {
            "seconds": time.perf_counter() - start,
            "subspace error": float(np.sqrt(max(1 - np.mean(cosines**2), 0.0))),
        }
    print_table("Squares of three of twenty directions, 1,500 rows", scores)
    rows = long_format("index model", scores)
    X, y = make_subspaces(1000, noise=0.2, random_state=1)
    scores = {}
    for name, model in {
        "GrassmannClassifier": GrassmannClassifier(),
        "LogisticRegression": LogisticRegression(),
    }.items():
        start = time.perf_counter()
        accuracy = cross_val_score(make_pipeline(StandardScaler(), model), X, y).mean()
        scores[name] = {"seconds": time.perf_counter() - start, "accuracy": accuracy}
    print_table("Classes that are planes through zero, 1,000 rows", scores)
    return rows + long_format("classes as planes", scores)


def rows_that_are_bags(out):
    """SlicedWassersteinEmbedding: a number told by the shape of a bag of matrices."""
    print("SlicedWassersteinEmbedding: rows that are bags of matrices\n")
    X, y = make_spd_bags(120, 60, 6, signal="shape", random_state=0)
    embedding = SlicedWassersteinEmbedding(n_dims=21, point_space="spd", random_state=0)

    def moments(X):
        points = X.reshape(len(X), -1, 21)
        return np.hstack([points.mean(axis=1), points.std(axis=1)])

    scores = {}
    for name, features in {
        "SlicedWassersteinEmbedding": embedding,
        "mean and deviation": FunctionTransformer(moments),
    }.items():
        model = make_pipeline(features, RidgeCV(np.geomspace(1e-4, 1e2, 13)))
        start = time.perf_counter()
        scores[name] = {
            "R2": cross_val_score(model, X, y, scoring="r2").mean(),
            "seconds": time.perf_counter() - start,
        }
    print_table("A number for each of 120 bags of 60 matrices", scores)
    return long_format("bags of matrices", scores)


def values_of_nodes(out):
    """GraphGPRegressor: values on a graph and how far they may be off."""
    print("GraphGPRegressor: values of nodes with their uncertainty\n")
    side, rng = 40, np.random.default_rng(0)
    ids = np.arange(side**2).reshape(side, side)
    across = np.stack([ids[:, :-1], ids[:, 1:]], axis=-1).reshape(-1, 2)
    down = np.stack([ids[:-1], ids[1:]], axis=-1).reshape(-1, 2)
    edges = np.concatenate([across, down])
    graph = Graph.from_edges(edges[rng.random(len(edges)) < 0.8], n_nodes=side**2)
    u, v = np.divmod(np.arange(side**2), side)
    truth = np.sin(u / 5) + np.cos(v / 7)
    y = truth + 0.3 * rng.normal(size=side**2)
    known = rng.permutation(side**2)
    train, test = known[:300], known[300:]
    scores = {}
    for name, model in {
        "GraphGPRegressor": GraphGPRegressor(graph=graph),
        "GraphKernelRidge": GraphKernelRidge(graph=graph),
    }.items():
        start = time.perf_counter()
        model.fit(train[:, None], y[train])
        mean, within = model.predict(test[:, None]), np.nan
        if name == "GraphGPRegressor":
            mean, std = model.predict(test[:, None], return_std=True)
            within = np.mean(np.abs(y[test] - mean) < 1.96 * std)
        scores[name] = {
            "seconds": time.perf_counter() - start,
            "error": float(np.sqrt(np.mean((mean - truth[test]) ** 2))),
            "in 95 % band": within,
        }
    print_table("A broken grid of 1,600 nodes, 300 noisy labels", scores)
    return long_format("broken grid", scores)


def where_sheets_cross(out):
    """SingularityScorer: rows near a crossing, where they are the most sparse."""
    print("SingularityScorer: where data are no manifold\n")
    rng = np.random.default_rng(0)
    along = rng.uniform(-1, 1, 2000)
    off = rng.choice([-1, 1], 2000) * np.sqrt(rng.uniform(size=2000))
    flat = (rng.random(2000) < 0.5)[:, None]
    X = np.where(flat, np.c_[off, along, 0 * off], np.c_[0 * off, along, off])
    X = X + 0.02 * rng.normal(size=X.shape)
    near = np.abs(off) < 0.1
    scores = {}
    for name, score in {
        "SingularityScorer": lambda X: (
            -SingularityScorer(random_state=0).fit(X).score_samples(X)
        ),
        "density": lambda X: (
            -NearestNeighbors(n_neighbors=50).fit(X).kneighbors()[0][:, -1]
        ),
    }.items():
        start = time.perf_counter()
        found = score(X)
        scores[name] = {
            "seconds": time.perf_counter() - start,
            "AUC": roc_auc_score(near, found),
        }
    print_table("Two sheets that cross where both are sparse, 2,000 rows", scores)
    return long_format("crossing sheets", scores)


def ari(model, X, y):
    """Seconds of a fit, and how well its groups are those that were made."""
    start = time.perf_counter()
    labels = model.fit(X).predict(X)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "ARI": adjusted_rand_score(y, labels)}


MORE = [groups, directions, rows_that_are_bags, values_of_nodes, where_sheets_cross]
