"""What skgeom does, on real data and on data with a known geometry.

    python examples/demo.py --out demo

prints a table of scores for each data set, and writes figures and ``scores.csv`` to the
folder ``demo``. It needs matplotlib and takes less than a minute, mostly for t-SNE.
"""

import argparse
import csv
import re
import time
import warnings
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
from demo_more import MORE
from demo_pictures import draw_digits, draw_few_labels, draw_mammals, draw_roll
from demo_tables import long_format, print_table
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.manifold import TSNE, Isomap
from sklearn.metrics import adjusted_rand_score, r2_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

from skgeom import (
    GraphFeatureExpansion,
    GraphKernelRidge,
    GraphRandomFeatures,
    HeatGeodesicEmbedding,
    KernelRegressor,
    NodeEmbedding,
    OnlineGraphClassifier,
    PMIEmbedding,
    PoincareEmbedding,
    SDPClustering,
    SparseDictionary,
    STKRClassifier,
    STKRRegressor,
    VecchiaGPRegressor,
)
from skgeom.datasets import load_wordnet_mammals, make_robot_arm, make_swiss_roll
from skgeom.graph import Graph
from skgeom.metrics import (
    distance_preservation,
    mean_rank,
    neighborhood_precision,
    reconstruction_score,
    trustworthiness,
)


def main():
    """Run the demonstration of each estimator."""
    parser = argparse.ArgumentParser(description="The estimators of skgeom at work.")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="a folder")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    rows = [row for section in SECTIONS for row in section(out)]
    with open(out / "scores.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["data", "method", "score", "value"])
        writer.writerows(rows)
    files = ", ".join(sorted(path.name for path in out.iterdir()))
    print(f"{time.perf_counter() - start:.0f} s in all. In {out}: {files}")


def heat_geodesic_embedding(out):
    """HeatGeodesicEmbedding beside three embeddings of scikit-learn."""
    print("HeatGeodesicEmbedding: geodesic distances in the plane")
    print("Parameters are the defaults, unless a name says more. Seconds are wall time")
    print("of fitting, after a small fit that compiles what has to be compiled.\n")
    X, labels = load_digits(return_X_y=True)
    HeatGeodesicEmbedding().fit(X[:100])

    embeddings, seconds = embed(X)
    scores = {
        name: {"seconds": seconds[name], **label_scores(X, labels, embedding)}
        for name, embedding in embeddings.items()
    }
    digits = "Handwritten digits: 1797 pictures of 64 pixels"
    print_table(digits, scores)
    draw_digits(out / "digits.png", X, labels, embeddings, scores)
    rows = long_format("digits", scores)

    roll = make_swiss_roll(2000, noise=0.1, random_state=0)
    embeddings, seconds = embed(roll.X)
    geodesics = roll.geodesic_distances()
    scores = {
        name: {"seconds": seconds[name], **distance_scores(geodesics, embedding)}
        for name, embedding in embeddings.items()
    }
    print_table("Swiss roll: 2000 points, noise 0.1, true geodesics known", scores)
    draw_roll(out / "swiss_roll.png", roll, embeddings, scores)
    return rows + long_format("swiss_roll", scores)


def sdp_clustering(out):
    """SDPClustering beside k-means and a Gaussian mixture."""
    print("SDPClustering: k-means with a certificate")
    print(
        "The gap is the share of the inertia that better labels could save at most.\n"
    )
    SDPClustering(2).fit([[0.0], [1.0], [5.0]])  # compiles what has to be compiled
    wine, classes = load_wine(return_X_y=True)
    rng = np.random.default_rng(0)
    groups = np.arange(200) % 4
    wide = 5.6 * np.eye(4, 2000)[groups] + rng.standard_normal((200, 2000))
    tables = {
        "wine": (
            StandardScaler().fit_transform(wine),
            classes,
            "178 wines, 13 numbers",
        ),
        "wide": (wide, groups, "4 groups of 50 points in 2000 dimensions"),
    }
    rows = []
    for data, (X, labels, title) in tables.items():
        k = labels.max() + 1
        methods = {
            "SDPClustering": SDPClustering(k, certificate="sdp", random_state=0),
            "KMeans": KMeans(k, n_init=10, random_state=0),
            "GaussianMixture": GaussianMixture(
                k, covariance_type="spherical", n_init=10, random_state=0
            ),
        }
        scores = {}
        for name, model in methods.items():
            start = time.perf_counter()
            found = model.fit_predict(X)
            scores[name] = {
                "seconds": time.perf_counter() - start,
                "ARI": adjusted_rand_score(labels, found),
                "inertia": within(X, found),
                "certified gap": getattr(model, "optimality_gap_", np.nan),
            }
        print_table(title, scores)
        rows += long_format(data, scores)
    return rows


def within(X, labels):
    """Sum of squared distances to the means of clusters."""
    parts = (X[labels == k] for k in np.unique(labels))
    return sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)


def poincare_embedding(out):
    """PoincareEmbedding of the mammals of WordNet."""
    print("PoincareEmbedding: a hierarchy in the hyperbolic plane")
    print("1180 mammals, each linked to all more general words; default parameters.\n")
    mammals = load_wordnet_mammals()
    nodes = np.arange(mammals.n_nodes)[:, None]
    PoincareEmbedding(graph=mammals, max_iter=1).fit(nodes)
    scores = {}
    for n_components in (2, 5):
        model = PoincareEmbedding(n_components, graph=mammals, random_state=0)
        start = time.perf_counter()
        embedding = model.fit_transform(nodes)
        scores[f"PoincareEmbedding({n_components})"] = {
            "seconds": time.perf_counter() - start,
            "MAP": reconstruction_score(embedding, mammals),
            "mean rank": mean_rank(embedding, mammals),
        }
        if n_components == 2:
            draw_mammals(out / "mammals.png", model, mammals.node_names)
    print_table("Mammals of WordNet: are words nearest to those above them?", scores)
    return long_format("mammals", scores)


def graph_random_features(out):
    """GraphRandomFeatures of the digits' neighbour graph, a tenth of them labelled."""
    print("GraphRandomFeatures: a kernel on a graph as sparse features")
    print("Digits joined to their nearest; labels of some, the mean of 10 draws.\n")
    X, labels = load_digits(return_X_y=True)
    graph = Graph.from_points(X)
    nodes = np.arange(len(X))[:, None]
    GraphRandomFeatures(graph=graph).fit_transform(nodes[:10])
    rows = []
    for n_labels in (50, 200):
        scores = {}
        for seed in range(10):
            order = np.random.default_rng(seed).permutation(len(X))
            known, hidden = order[:n_labels], order[n_labels:]
            targets = np.eye(10)[labels[known]]
            shared = dict(diffusion_time=20.0, graph=graph)
            features = GraphRandomFeatures(
                alpha=1.0, n_walks=64, random_state=seed, **shared
            )
            methods = {
                "GraphRandomFeatures": (
                    make_pipeline(features, Ridge(0.01)),
                    nodes,
                ),
                "GraphKernelRidge": (GraphKernelRidge(alpha=0.01, **shared), nodes),
                "k-NN, 3": (KNeighborsClassifier(3), X),
            }
            for name, (model, data) in methods.items():
                start = time.perf_counter()
                found = model.fit(data[known], targets).predict(data[hidden])
                seconds = time.perf_counter() - start
                right = np.mean(found.argmax(axis=1) == labels[hidden])
                scores.setdefault(name, []).append((seconds, right))
        scores = {
            name: dict(zip(("seconds", "accuracy"), np.mean(runs, axis=0), strict=True))
            for name, runs in scores.items()
        }
        print_table(f"Handwritten digits, {n_labels} of 1797 labelled", scores)
        rows += long_format(f"digits, {n_labels} labels", scores)
    return rows


def nodes_of_a_graph(out):
    """Embedding, smoothed features and a stream of labels on the digits' graph."""
    print("NodeEmbedding, GraphFeatureExpansion, OnlineGraphClassifier: nodes\n")
    X, labels = load_digits(return_X_y=True)
    graph = Graph.from_points(X, n_neighbors=5).with_node_features(X / 16)
    nodes = np.arange(len(X))[:, None]
    order = np.random.default_rng(0).permutation(len(X))
    known, hidden = order[:50], order[50:]
    logistic = LogisticRegression(C=10, max_iter=1000)
    models = {
        "NodeEmbedding": make_pipeline(
            NodeEmbedding(32, graph=graph, random_state=0), Normalizer(), logistic
        ),
        "GraphFeatureExpansion": make_pipeline(
            GraphFeatureExpansion(4, graph=graph), logistic
        ),
        "OnlineGraphClassifier": OnlineGraphClassifier(graph=graph),
        "pixels alone": logistic,
    }
    scores = {}
    for name, model in models.items():
        data = X / 16 if name == "pixels alone" else nodes
        start = time.perf_counter()
        model.fit(data[known], labels[known])
        scores[name] = {
            "seconds": time.perf_counter() - start,
            "accuracy": model.score(data[hidden], labels[hidden]),
        }
    print_table("Handwritten digits, 50 of 1797 labelled", scores)
    return long_format("digits, nodes", scores)


def factors(out):
    """SparseDictionary and PMIEmbedding of the digits."""
    print("SparseDictionary, PMIEmbedding: factors of a table\n")
    X = load_digits().data
    mean = X[:1000].mean(axis=0)
    scores = {}
    for name, model in {
        "SparseDictionary(64, 4)": SparseDictionary(64, 4, random_state=0),
        "PCA(4)": PCA(4),
    }.items():
        start = time.perf_counter()
        model.fit(X[:1000] - mean)
        seconds = time.perf_counter() - start
        new = X[1000:] - mean
        left = new - model.inverse_transform(model.transform(new))
        share = (left**2).sum() / (new**2).sum()
        scores[name] = {"seconds": seconds, "left": share}
    print_table("Digits by four numbers: share of the variance that is left", scores)
    print("Words of Python's manual, by the words beside which they stand:")
    words = re.findall(r"[a-z_]{2,}", " ".join(topics.values()).lower())
    known = [word for word, _ in Counter(words).most_common(1000)]
    number = {word: i for i, word in enumerate(known)}
    ids = np.array([number[word] for word in words if word in number])
    counts = np.zeros((len(known), len(known)))
    for gap in range(1, 6):
        np.add.at(counts, (ids[:-gap], ids[gap:]), 1 / gap)
    Z = PMIEmbedding(50, random_state=0).fit_transform(counts + counts.T)
    Z /= np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12)
    for word in ("integer", "dictionary", "raise"):
        near = np.argsort(-Z @ Z[number[word]])[1:6]
        print(f"  {word}: {', '.join(known[i] for i in near)}")
    print()
    return long_format("digits, four numbers", scores)


def stkr(out):
    """STKRClassifier and STKRRegressor where labels are few."""
    print("STKR: learning from unlabelled points\n")
    X, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, digits = X[order] / 16, digits[order]
    labels = np.full(1347, -1)
    labels[[np.flatnonzero(digits == digit)[0] for digit in range(10)]] = range(10)
    known = np.flatnonzero(labels >= 0)
    STKRClassifier().fit(X[:100], labels[:100])  # compiles what has to be compiled
    models = {
        "STKRClassifier": STKRClassifier(),
        "LabelSpreading": LabelSpreading(max_iter=100),
        "SVC, labelled alone": SVC(),
    }
    scores = {}
    for name, model in models.items():
        alone = known if name.startswith("SVC") else slice(0, 1347)
        start = time.perf_counter()
        model.fit(X[:1347][alone], labels[alone])
        scores[name] = {
            "seconds": time.perf_counter() - start,
            "accuracy": model.score(X[1347:], digits[1347:]),
        }
    print_table("450 unseen digits, one label a class", scores)
    rows = long_format("digits, one label", scores)

    roll = make_swiss_roll(1250, noise=0.1, random_state=0)
    X, t = roll.X / roll.X.std(), roll.coordinates[:, 0]
    t = (t - t.mean()) / t.std()
    y = np.where(np.arange(1000) % 100 == 0, t[:1000], np.nan)
    known = np.flatnonzero(np.isfinite(y))
    predictions, scores = {"truth": t[1000:]}, {}
    for name, model in {
        "STKRRegressor": STKRRegressor(),
        "KernelRidge, labelled alone": KernelRidge(alpha=1e-3, kernel="rbf", gamma=1.0),
    }.items():
        alone = known if name.startswith("Kernel") else slice(0, 1000)
        start = time.perf_counter()
        predictions[name] = model.fit(X[:1000][alone], y[alone]).predict(X[1000:])
        error = np.sqrt(np.mean((predictions[name] - t[1000:]) ** 2))
        scores[name] = {"seconds": time.perf_counter() - start, "error": error}
    print_table("Swiss roll: 250 unseen points, ten labels", scores)
    draw_few_labels(out / "few_labels.png", X[1000:], X[known], predictions)
    return rows + long_format("swiss_roll, ten labels", scores)


def robot_arm(out):
    """VecchiaGPRegressor, KernelRegressor: predictions, how far they may be off."""
    print("VecchiaGPRegressor, KernelRegressor: numbers with their uncertainty\n")
    X, y = make_robot_arm(6000, noise=0.2, random_state=0)
    VecchiaGPRegressor(batch_size=100).fit(X[:1100], y[:1100])  # compiles
    scores = {}
    for name, model in {
        "VecchiaGPRegressor": VecchiaGPRegressor(random_state=0),
        "KernelRegressor": KernelRegressor(random_state=0),
        "HistGradientBoostingRegressor": HistGradientBoostingRegressor(random_state=0),
        "Ridge": Ridge(),
    }.items():
        start = time.perf_counter()
        model.fit(X[:5000], y[:5000])
        mean, within = model.predict(X[5000:]), np.nan
        if name in ("VecchiaGPRegressor", "KernelRegressor"):
            mean, std = model.predict(X[5000:], return_std=True)
            within = np.mean(np.abs(y[5000:] - mean) < 1.96 * std)
        scores[name] = {
            "seconds": time.perf_counter() - start,
            "R2": r2_score(y[5000:], mean),
            "in 95 % band": within,
        }
    print_table("A robot's arm with eight joints: 1,000 unseen postures", scores)
    return long_format("robot arm", scores)


# A function for each estimator: it prints its tables, writes its figures to a folder
# and returns rows (data, method, score, value).
SECTIONS = [
    heat_geodesic_embedding,
    sdp_clustering,
    poincare_embedding,
    graph_random_features,
    nodes_of_a_graph,
    factors,
    stkr,
    robot_arm,
    *MORE,
]


def embed(X):
    """Embed X in the plane by each method; return coordinates and seconds."""
    methods = {
        "HeatGeodesicEmbedding": HeatGeodesicEmbedding(random_state=0),
        "PCA": PCA(n_components=2),
        "Isomap": Isomap(),
        "Isomap(n_neighbors=10)": Isomap(n_neighbors=10),
        "t-SNE": TSNE(init="pca", random_state=0),
    }
    embeddings, seconds = {}, {}
    for name, method in methods.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            # Isomap's graph of the digits is in two parts, which it joins, and warns.
            warnings.simplefilter("ignore")
            embeddings[name] = method.fit_transform(X)
        seconds[name] = time.perf_counter() - start
    return embeddings, seconds


def label_scores(X, labels, embedding):
    """How well an embedding keeps neighbours, and labels that it has not seen."""
    classifier = KNeighborsClassifier(n_neighbors=10)
    clusters = KMeans(len(set(labels)), n_init=10, random_state=0)
    return {
        "trustworthiness": trustworthiness(X, embedding, n_neighbors=12),
        "10-NN accuracy": cross_val_score(classifier, embedding, labels, cv=5).mean(),
        "k-means ARI": adjusted_rand_score(labels, clusters.fit_predict(embedding)),
    }


def distance_scores(geodesics, embedding):
    """How well an embedding keeps true geodesic distances, and true neighbours."""
    kept = distance_preservation(geodesics, embedding)
    return {
        "Pearson": kept.pearson,
        "Spearman": kept.spearman,
        "scaled stress": kept.scaled_stress,
        "precision at 10": neighborhood_precision(
            geodesics, embedding, n_neighbors=10, metric="precomputed"
        ),
    }


if __name__ == "__main__":
    main()
