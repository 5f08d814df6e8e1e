"""Data for every estimator at any number of rows, and how many its page promises.

An estimator runs with its defaults, but for what has to be said: the graph, the number
of classes, the parts of X.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import make_blobs, make_friedman1

import skgeom
from benchmarks._graphs import grid, random_graph
from skgeom.datasets import (
    make_fault_events,
    make_fidelities,
    make_index_model,
    make_label_shift,
    make_subspaces,
    make_swiss_roll,
    make_vmf_mixture,
)
from skgeom.distributions import pack_bags


class Data(NamedTuple):
    """What `fit` is given, and what the estimator is told beside."""

    X: Any
    y: Any = None
    parameters: dict = {}


class Case(NamedTuple):
    """One estimator at growing numbers of rows."""

    make: Callable[[int], Data]
    rows: int  # as many as the page speaks of, for `fit`
    parameters: dict = {}  # beside those of the data
    growth: float = 1.0  # exponent that the page promises


def roll(n):
    return Data(make_swiss_roll(n, random_state=0).X)


def blobs(n, n_features=10, centers=5):
    return Data(*make_blobs(n, n_features, centers=centers, random_state=0))


def friedman(n):
    return Data(*make_friedman1(n, 10, noise=1.0, random_state=0))


def curves(n, n_points=64):
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, n_points)
    phase, size = rng.uniform(0, 6, (2, n, 1))
    X = size * np.sin(6 * t + phase) + rng.normal(0, 0.1, (n, n_points))
    return Data(X, phase[:, 0])


def classes_of(data):
    """The same rows with a target in two classes."""
    return data._replace(y=(data.y > np.median(data.y)).astype(int))


def nodes(n):
    """A random graph of ten links a node; every tenth label is known."""
    graph = random_graph(n, 10)
    y = np.random.default_rng(0).normal(size=n // 10)
    known = np.arange(0, 10 * len(y), 10)[:, None]
    return Data(known, y, {"graph": graph})


def places(n):
    """A tenth of the nodes of a square grid."""
    side = int(n**0.5)
    known = np.arange(0, side * side, 10)[:, None]
    y = np.sin(known[:, 0] // side / 20) + 0.1 * np.random.default_rng(0).normal(
        size=len(known)
    )
    return Data(known, y, {"graph": grid(side)})


def all_nodes(n):
    data = nodes(n)
    return Data(np.arange(n)[:, None], None, data.parameters)


def node_classes(n):
    data = nodes(n)
    return data._replace(y=(data.y > 0).astype(int))


def node_features(n):
    features = np.random.default_rng(0).normal(size=(n, 16)).astype(np.float32)
    graph = random_graph(n, 10, node_features=features)
    return all_nodes(n)._replace(parameters={"graph": graph})


def sphere(n):
    return Data(make_vmf_mixture(n, random_state=0)[0])


def faults(n):
    return Data(make_fault_events(n, random_state=0), None, {"input_space": "lonlat"})


def ball(n):
    X, y = make_blobs(n, 5, centers=3, random_state=0)
    size = np.linalg.norm(X, axis=1, keepdims=True)
    return Data(X * np.tanh(0.1 * size) / size, y)


def counts(n, n_columns=2000):
    """Thirty words a text, of topics."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 20, n)[:, None] * 100
    columns = (topic + rng.exponential(60, (n, 30)).astype(int)) % n_columns
    ones = np.ones(30 * n)
    ends = np.arange(0, 30 * n + 1, 30)
    X = sp.csr_matrix((ones, columns.ravel(), ends), (n, n_columns))
    X.sum_duplicates()
    return Data(X)


def bags(n):
    rng = np.random.default_rng(0)
    y = rng.uniform(0.5, 2, n)
    return Data(pack_bags([s * rng.normal(size=(30, 3)) for s in y]), y, {"n_dims": 3})


def labels_on_a_path(n):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 20, n)
    X = y[:, None] + rng.normal(size=(n, 5))
    return Data(X, y, {"distances": "absolute", "labels": range(20)})


def subspaces(n):
    X, y = make_subspaces(n, random_state=0)[:2]
    return Data(X, y, {"n_clusters": 5})


def index_model(n):
    return Data(*make_index_model(n, random_state=0)[:2])


def fidelities(n):
    return Data(
        make_fidelities([n // 100, n], random_state=0)[0], None, {"n_fidelities": 2}
    )


def domains(n):
    X, domain, _ = make_label_shift(n, random_state=0)
    return Data(X, domain, {"n_classes": 4})


def two_views(n):
    X = blobs(n).X
    return Data(X[: max(n // 10, 20)], X[: max(n // 10, 20), ::-1])


def tasks(n):
    """Curves of ten rows each; whose they are stands in the first column."""
    rng = np.random.default_rng(0)
    task, t = np.arange(n) // 10, rng.uniform(0, 6, n)
    y = np.sin(t + 2.0 * (task % 3)) + 0.1 * rng.normal(size=n)
    return Data(np.column_stack([task, t]), y, {"task": 0})


def few_labels(n):
    """A hundred labels of n rows."""
    X, y = friedman(n)[:2]
    y[np.random.default_rng(0).permutation(n)[100:]] = np.nan
    return Data(X, y)


def two_samples(n):
    """The second half has other targets, which nobody has seen."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=n) + (np.arange(n) >= n // 2)
    X = y[:, None] + rng.normal(size=(n, 5))
    y[n // 2 :] = np.nan
    return Data(X, y)


def subspace_classes(n):
    return Data(*make_subspaces(n, random_state=0)[:2])


SMALL, MIDDLE, LARGE, VAST = 2_000, 20_000, 200_000, 2_000_000
CASES = {
    "AdaptiveBasisClassifier": Case(lambda n: classes_of(curves(n)), MIDDLE),
    "AdaptiveBasisRegressor": Case(curves, MIDDLE),
    "AnchorAlignment": Case(two_views, VAST),
    "ColumnScreen": Case(friedman, VAST),
    "DiffusionMap": Case(roll, MIDDLE, growth=2.0),
    "DiversitySampler": Case(blobs, VAST, {"n_samples": 200}),
    "FrechetMeanClassifier": Case(labels_on_a_path, LARGE),
    "GaussianWeightedLinearEmbedding": Case(blobs, MIDDLE),
    "GraphFeatureExpansion": Case(node_features, VAST),
    "GraphGPRegressor": Case(places, LARGE),
    "GraphKernelClassifier": Case(node_classes, LARGE),
    "GraphKernelRidge": Case(nodes, LARGE),
    "GraphRandomFeatures": Case(all_nodes, LARGE),
    "GrassmannClassifier": Case(subspace_classes, LARGE),
    "HeatGeodesicEmbedding": Case(roll, LARGE),
    "HubnessReducedNeighbors": Case(blobs, LARGE),
    "HyperbolicCoordinates": Case(ball, VAST, {"input_space": "poincare"}),
    "HyperbolicLogisticRegression": Case(ball, LARGE, {"input_space": "poincare"}),
    "HyperbolicMDS": Case(blobs, MIDDLE),
    "KernelBatchSelector": Case(few_labels, LARGE),
    "KernelClassifier": Case(blobs, LARGE),
    "KernelCoreset": Case(blobs, VAST, {"n_samples": 200}),
    "KernelRegressor": Case(friedman, LARGE),
    "KrylovKernelPCA": Case(blobs, MIDDLE, growth=2.0),
    "LatentGeometry": Case(roll, LARGE),
    "LatentLabelShift": Case(domains, LARGE),
    "LeastVolumeAutoencoder": Case(roll, MIDDLE),
    "LocalGeometry": Case(roll, LARGE),
    "MagmaClust": Case(tasks, MIDDLE),
    "ManifoldProjection": Case(roll, LARGE),
    "MultiFidelityCovariance": Case(fidelities, LARGE),
    "NeighborCCA": Case(blobs, LARGE),
    "NodeEmbedding": Case(all_nodes, LARGE),
    "NonnegativeRESCAL": Case(all_nodes, SMALL, growth=2.0),
    "OnlineGraphClassifier": Case(node_classes, VAST),
    "OrthogonalRBFSampler": Case(blobs, VAST),
    "PMIEmbedding": Case(counts, LARGE),
    "PoincareEmbedding": Case(all_nodes, MIDDLE),
    "RelativeRepresentation": Case(blobs, VAST),
    "SDPClustering": Case(blobs, LARGE, {"n_clusters": 5}),
    "SPDVectors": Case(bags, MIDDLE),
    "STKRClassifier": Case(blobs, LARGE),
    "STKRRegressor": Case(friedman, LARGE),
    "SingularityScorer": Case(roll, MIDDLE),
    "SlicedWassersteinEmbedding": Case(bags, LARGE),
    "SparseDictionary": Case(lambda n: blobs(n, 64, 20), LARGE),
    "SpectralClusterer": Case(blobs, LARGE, {"n_clusters": 5}),
    "SphereKernelDensity": Case(faults, MIDDLE),
    "SphericalHarmonics": Case(sphere, VAST),
    "SubspaceClustering": Case(subspaces, MIDDLE),
    "SufficientSubspace": Case(index_model, LARGE),
    "SupportPoints": Case(blobs, LARGE, {"n_samples": 200}),
    "TangentCoordinates": Case(sphere, VAST, {"input_space": "sphere"}),
    "TargetShiftReweighter": Case(two_samples, LARGE),
    "TreeEmbedding": Case(roll, MIDDLE, growth=2.0),
    "VecchiaGPClassifier": Case(lambda n: classes_of(friedman(n)), MIDDLE),
    "VecchiaGPRegressor": Case(friedman, LARGE),
    "VonMisesFisherMixture": Case(sphere, VAST, {"n_components": 5}),
}


def model(name, data, n_jobs=None):
    """The estimator, with a seed where it has one."""
    Class = getattr(skgeom, name)
    told = {**data.parameters, **CASES[name].parameters}
    known = inspect.signature(Class).parameters
    told |= {"random_state": 0} if "random_state" in known else {}
    told |= {"n_jobs": n_jobs} if "n_jobs" in known else {}
    return Class(**{key: value for key, value in told.items() if key in known})
