"""Sections of the demonstration that look for structure: no row has a target."""

import numpy as np
from demo_pictures import (
    draw_atoms,
    draw_counts,
    draw_covariances,
    draw_digits,
    draw_events,
    draw_groups,
    draw_mammals,
    draw_samples,
)
from demo_tables import Result, timed
from scipy.stats import ks_2samp
from sklearn.cluster import KMeans
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA, MiniBatchDictionaryLearning
from sklearn.manifold import Isomap, SpectralEmbedding
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import (
    HeatGeodesicEmbedding,
    HubnessReducedNeighbors,
    MultiFidelityCovariance,
    PoincareEmbedding,
    SDPClustering,
    SparseDictionary,
    SphereKernelDensity,
)
from skgeom.datasets import load_wordnet_mammals, make_fault_events
from skgeom.metrics import reconstruction_score, two_sample_test


def embedding(figure):
    """Digits in a plane, where new ones are told by their neighbours."""
    X, y = load_digits(return_X_y=True)
    HeatGeodesicEmbedding().fit(X[:100])  # compiles what has to be compiled
    scores, places = {}, {}
    for model in (HeatGeodesicEmbedding(random_state=0), Isomap(n_neighbors=10)):
        name = type(model).__name__
        fitted, seconds = timed(model.fit_transform, X[::2])
        places[name] = model.transform(X[1::2])
        near = KNeighborsClassifier(10).fit(fitted, y[::2])
        scores[name] = (name, near.score(places[name], y[1::2]), seconds)
    draw_digits(figure, places, y[1::2], scores)
    return Result("digits, half of them new", "accuracy", *scores.values())


def hyperbolic(figure):
    """Mammals of WordNet in the hyperbolic plane."""
    mammals = load_wordnet_mammals()
    nodes = np.arange(mammals.n_nodes)[:, None]
    PoincareEmbedding(graph=mammals, max_iter=1).fit(nodes)
    model = PoincareEmbedding(graph=mammals, random_state=0)
    curved, seconds = timed(model.fit_transform, nodes)
    links = mammals.to_undirected().adjacency
    spectral = SpectralEmbedding(2, affinity="precomputed", random_state=0)
    flat, seconds_flat = timed(spectral.fit_transform, links.toarray())
    draw_mammals(figure, model, mammals.node_names)
    return Result(
        "1,180 words, 6,540 links",
        "average precision",
        ("PoincareEmbedding", reconstruction_score(curved, mammals), seconds),
        (
            "SpectralEmbedding",
            reconstruction_score(flat, mammals, metric="euclidean"),
            seconds_flat,
        ),
    )


def cluster(figure):
    """Wines among columns of noise, with a bound for all labels."""
    wine, classes = load_wine(return_X_y=True)
    noise = np.random.default_rng(0).normal(size=(len(wine), 1000))
    X = np.hstack([3 * StandardScaler().fit_transform(wine), noise])
    SDPClustering(2).fit([[0.0], [1.0], [5.0]])
    scores, labels = {}, {}
    for name, model in {
        "SDPClustering": SDPClustering(3, random_state=0),
        "PCA, KMeans": make_pipeline(PCA(3), KMeans(3, n_init=10, random_state=0)),
    }.items():
        labels[name], seconds = timed(model.fit_predict, X)
        found = adjusted_rand_score(classes, labels[name])
        scores[name] = (name, found, seconds)
    draw_groups(figure, wine, classes, labels)
    return Result("178 wines, 1,000 columns of noise", "Rand index", *scores.values())


def neighbors(figure):
    """Neighbours where some rows are everybody's."""
    X, y = load_digits(return_X_y=True)
    noise = np.random.default_rng(0).normal(scale=4, size=(len(X), 200))
    X = np.hstack([X, noise])
    scores, counts = {}, {}
    HubnessReducedNeighbors(3).fit_transform(X[:50])
    plain = KNeighborsClassifier(10)
    _, seconds = timed(plain.fit, X[::2], y[::2])
    counts["all as they are"] = plain.kneighbors(X[1::2], return_distance=False)
    ours = HubnessReducedNeighbors(10)
    links, our_seconds = timed(ours.fit_transform, X[::2])
    new = ours.transform(X[1::2])
    near = KNeighborsClassifier(10, metric="precomputed").fit(links, y[::2])
    counts["HubnessReducedNeighbors"] = near.kneighbors(new, return_distance=False)
    draw_counts(figure, counts, len(X[::2]))
    scores = near.score(new, y[1::2]), plain.score(X[1::2], y[1::2])
    return Result(
        "digits, 200 columns of noise",
        "accuracy",
        ("HubnessReducedNeighbors", scores[0], our_seconds),
        ("KNeighborsClassifier", scores[1], seconds),
    )


def mixture(figure):
    """Density of events on the globe, along faults."""
    events = make_fault_events(3000, random_state=0)
    train, new = events[:2000], events[2000:]
    model = SphereKernelDensity(input_space="lonlat", random_state=0)
    _, seconds = timed(model.fit, train)
    grid = GridSearchCV(KernelDensity(), {"bandwidth": np.geomspace(0.1, 30, 12)})
    _, seconds_flat = timed(grid.fit, train)
    # From squares of degrees to areas of the unit sphere.
    area = np.log(np.cos(np.radians(new[:, 1])) * (np.pi / 180) ** 2)
    flat = np.mean(grid.best_estimator_.score_samples(new) - area)
    draw_events(figure, train, model)
    return Result(
        "1,000 new events of 3,000",
        "log-density",
        ("SphereKernelDensity", model.score(new), seconds),
        ("KernelDensity, tuned", flat, seconds_flat),
    )


def covariance(figure):
    """Covariance of few costly rows, helped by many cheap ones."""
    pictures = load_digits().images
    dear = pictures.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)
    # Two pixels of the four: right on the whole, and noisy.
    cheap = (pictures[:, ::2, ::2] + pictures[:, 1::2, 1::2]).reshape(-1, 16) / 2
    truth, kept = np.cov(dear.T), np.random.default_rng(0).permutation(len(dear))
    X = np.hstack([dear, cheap])[kept]
    X[40:, :16] = np.nan
    model = MultiFidelityCovariance(n_fidelities=2)
    _, seconds = timed(model.fit, X)
    rival = LedoitWolf()
    _, seconds_alone = timed(rival.fit, X[:40, :16])
    total = np.sum(truth**2)

    def error(found):
        return np.sum((found - truth) ** 2) / total

    matrices = {
        "of all 1,797 digits": truth,
        "MultiFidelityCovariance": model.covariance_,
        "LedoitWolf": rival.covariance_,
    }
    draw_covariances(figure, matrices)
    return Result(
        "40 fine digits, 1,797 coarse",
        "squared error",
        ("MultiFidelityCovariance", error(model.covariance_), seconds),
        ("LedoitWolf", error(rival.covariance_), seconds_alone),
    )


def decomposition(figure):
    """Digits by four atoms of a dictionary each."""
    X = load_digits().data
    X = X - X[:1000].mean(axis=0)
    SparseDictionary(4, 2).fit(X[:20])
    scores = []
    for model in (
        SparseDictionary(64, 4, random_state=0),
        MiniBatchDictionaryLearning(
            64,
            fit_algorithm="cd",
            max_iter=20,
            transform_algorithm="omp",
            transform_n_nonzero_coefs=4,
            random_state=0,
        ),
    ):
        _, seconds = timed(model.fit, X[:1000])
        left = X[1000:] - model.transform(X[1000:]) @ model.components_
        share = np.sum(left**2) / np.sum(X[1000:] ** 2)
        name = type(model).__name__.removesuffix("Learning")
        scores.append((name, share, seconds))
        if len(scores) == 1:
            draw_atoms(figure, model.components_)
    return Result("797 new digits, four numbers each", "variance left", *scores)


def metrics(figure):
    """A test whether two samples are alike, where each column is."""
    X = load_digits().data
    rng = np.random.default_rng(0)
    mixed = rng.permuted(X[:100], axis=0)  # columns as they were, rows no digits
    found, seconds = timed(two_sample_test, X[100:200], mixed, random_state=0)
    tests, seconds_columns = timed(ks_2samp, X[100:200], mixed)
    each = min(1.0, len(X.T) * np.nanmin(tests.pvalue))
    draw_samples(figure, X[100:200], mixed)
    return Result(
        "100 digits, 100 with mixed columns",
        "p-value",
        ("two_sample_test", found.p_value, seconds),
        ("Kolmogorov-Smirnov", each, seconds_columns),
    )


STRUCTURE = {
    "embedding": embedding,
    "hyperbolic": hyperbolic,
    "cluster": cluster,
    "neighbors": neighbors,
    "mixture": mixture,
    "covariance": covariance,
    "decomposition": decomposition,
    "metrics": metrics,
}
