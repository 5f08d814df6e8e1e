"""What the accuracy scripts share: samples with known geodesics, peers, scores, tables.

An embedding is scored by Pearson's correlation of its distances with the true geodesic
ones, and by the share of each point's ten nearest that it keeps.
"""

import json
import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import umap
from phate import PHATE
from scipy.spatial.distance import cdist
from sklearn.datasets import make_swiss_roll as sklearn_roll
from sklearn.manifold import Isomap

from skgeom.datasets import make_swiss_roll, make_tree
from skgeom.graph import Graph
from skgeom.metrics import distance_preservation, neighborhood_precision


def roll(noise, n_features=3):
    """A generator of noisy rolls."""
    return lambda n, seed: make_swiss_roll(
        n, noise=noise, n_features=n_features, random_state=seed
    )


def tree(noise):
    """A generator of noisy trees; noise .1 of the published protocol is 1 here."""
    return lambda n, seed: make_tree(
        n, noise=10 * noise, geodesics="neighbor_graph", random_state=seed
    )


NOISE_SETS = {
    "roll .1": roll(0.1),
    "roll .75": roll(0.75),
    "roll 1": roll(1.0),
    "roll 1, 50-d": roll(1.0, 50),
    "tree .1": tree(0.1),
    "tree .3": tree(0.3),
    "tree .5": tree(0.5),
    "tree 1": tree(1.0),
}
# The same points without noise.
WITHOUT_NOISE = {
    name: (tree if name.startswith("tree") else roll)(0.0) for name in NOISE_SETS
} | {"roll 1, 50-d": roll(0.0, 50)}


@dataclass(frozen=True)
class Sample:
    """Points, and the places on the shape whose distances are the geodesic ones."""

    X: np.ndarray
    places: np.ndarray
    metric: str = "euclidean"

    def geodesic_distances(self):
        """All pairs, shape (n, n)."""
        if self.metric == "euclidean":
            return cdist(self.places, self.places)
        return np.arccos(np.clip(self.places @ self.places.T, -1.0, 1.0))


def _rolled(u):
    """The plane curve of the Swiss roll, at arc lengths u in [0, 1] of the whole."""
    t = np.linspace(1.5 * np.pi, 4.5 * np.pi, 10_001)
    arc = (t * np.sqrt(t**2 + 1) + np.arcsinh(t)) / 2
    at = np.interp(arc[0] + u * (arc[-1] - arc[0]), arc, t)
    curve = np.column_stack([at * np.cos(at), at * np.sin(at)])
    return curve, (u * (arc[-1] - arc[0]))[:, None]


def _noisy(points, places, noise, n_features, rng, metric="euclidean"):
    """Turn points into a wider space at random and add noise in every feature."""
    axes = np.linalg.qr(rng.standard_normal((n_features, points.shape[1])))[0]
    noise = noise * rng.standard_normal((len(points), n_features))
    return Sample(points @ axes.T + noise, places, metric)


def cube(dimension, noise, n_features=10):
    """Uniform cubes of side 10."""

    def make(n, seed):
        rng = np.random.default_rng(seed)
        points = 10 * rng.uniform(size=(n, dimension))
        return _noisy(points, points, noise, n_features, rng)

    return make


def sphere(dimension, noise, n_features=10):
    """Uniform spheres of radius 5."""

    def make(n, seed):
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((n, dimension + 1))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        return _noisy(5 * points, points, noise, n_features, rng, "sphere")

    return make


def roll_product(n_rolls, n_intervals, noise, n_features=10):
    """Products of Swiss rolls and intervals of length 5."""

    def make(n, seed):
        rng = np.random.default_rng(seed)
        rolls = [_rolled(rng.uniform(size=n)) for _ in range(n_rolls)]
        flat = 5 * rng.uniform(size=(n, n_intervals))
        points = np.hstack([*(curve for curve, _ in rolls), flat])
        places = np.hstack([*(arc for _, arc in rolls), flat])
        return _noisy(points, places, noise, n_features, rng)

    return make


# Shapes of intrinsic dimension 3 and 4: components that hold them, and generators at
# little and at much noise.
SHAPES = {
    "cube, 3": (3, lambda noise: cube(3, noise), (0.1, 1.0)),
    "cube, 4": (4, lambda noise: cube(4, noise), (0.1, 1.0)),
    "sphere, 3": (4, lambda noise: sphere(3, noise), (0.1, 1.0)),
    "roll x interval": (3, lambda noise: roll_product(1, 1, noise), (0.1, 0.75)),
    "roll x square": (4, lambda noise: roll_product(1, 2, noise), (0.1, 0.75)),
    "roll x roll": (4, lambda noise: roll_product(2, 0, noise), (0.1, 0.75)),
}


def wide_roll(noise):
    """scikit-learn's own roll: a sheet of 89 by 21, of few points for its size."""

    def make(n, seed):
        X, angle = sklearn_roll(n, noise=noise, random_state=seed)
        arc = (angle * np.sqrt(angle**2 + 1) + np.arcsinh(angle)) / 2
        return Sample(X, np.column_stack([arc, X[:, 1]]))

    return make


class DiffusionMap:
    """Eigenvectors of the random walk on the neighbour graph, times their eigenvalues.

    Coifman and Lafon, "Diffusion maps", 2006; the constant eigenvector is left out.
    """

    def __init__(self, n_components=2, *, time=1, n_neighbors=10):
        self.n_components, self.time = n_components, time
        self.n_neighbors = n_neighbors

    def fit_transform(self, X):
        """Coordinates at the given time."""
        affinity = Graph.from_points(X, n_neighbors=self.n_neighbors).adjacency
        root = np.sqrt(affinity.sum(axis=1))
        walk = sp.diags_array(1 / root) @ affinity @ sp.diags_array(1 / root)
        values, vectors = sp.linalg.eigsh(walk, self.n_components + 1, v0=root)
        order = np.argsort(-values)[1:]
        return values[order] ** self.time * vectors[:, order] / root[:, None]


def peers(n_components=2):
    """Each peer with three settings; the one with the best mean on a set is reported.

    Values are functions of a seed, so that nothing is made before it is needed.
    """
    k = n_components
    return {
        "Isomap": [
            lambda _, m=m: Isomap(n_neighbors=m, n_components=k) for m in (5, 10, 15)
        ],
        "UMAP": [
            lambda seed, m=m: umap.UMAP(
                n_components=k, n_neighbors=m, random_state=seed, n_jobs=1
            )
            for m in (10, 15, 30)
        ],
        "PHATE": [
            lambda seed, m=m: PHATE(
                n_components=k, knn=m, random_state=seed, n_jobs=1, verbose=0
            )
            for m in (5, 10, 15)
        ],
        "diffusion map": [lambda _, t=t: DiffusionMap(k, time=t) for t in (1, 5, 10)],
    }


def compare(sets, methods, *, n_samples, seeds, kept=None):
    """Score candidates on samples.

    Parameters
    ----------
    sets : dict of str to callable
        ``make(n_samples, seed)`` returns a sample with `X` and `geodesic_distances`.
    methods : dict of str to list of callable
        ``candidate(seed)`` returns an estimator.
    n_samples : int
        Points of each sample.
    seeds : iterable of int
        Samples, and estimators, are made with each.
    kept : Path, default=None
        A file of scores by set, size, seed and method. Those in it are taken from it,
        new ones are added: an interrupted run goes on where it stopped.

    Returns
    -------
    dict
        Set to method to array of shape (n_candidates, n_seeds, 2) of Pearson and
        precision.
    """
    known = json.loads(kept.read_text()) if kept and kept.exists() else {}
    results = {}
    for name, make in sets.items():
        for seed in seeds:
            sample = truth = None
            for method, candidates in methods.items():
                key = f"{name}; {n_samples}; {seed}; {method}"
                if key not in known:
                    if sample is None:
                        sample = make(n_samples, seed)
                        truth = sample.geodesic_distances()
                    known[key] = [
                        _score(truth, _embed(candidate(seed), sample.X))
                        for candidate in candidates
                    ]
                    if kept:
                        kept.write_text(json.dumps(known))
                results.setdefault(name, {}).setdefault(method, []).append(known[key])
        results[name] = {
            method: np.array(scores).transpose(1, 0, 2)
            for method, scores in results[name].items()
        }
        line = (f"{m} {s[..., 0].mean(1).max():.4f}" for m, s in results[name].items())
        print(name, n_samples, *line, sep="  ", flush=True)
    return results


def best_of(methods, scores):
    """Keep of each method the candidate with the best mean of `compare` on a set."""
    return {
        name: [candidates[scores[name][..., 0].mean(axis=1).argmax()]]
        for name, candidates in methods.items()
    }


def rows_of(results, first, columns=()):
    """Table rows from `compare`: the best candidate of each method on each set.

    Differences are of the method named `first`, which has to have one candidate, to
    each other one, seed by seed.
    """
    rows = []
    for name, methods in results.items():
        best = {m: s[s[..., 0].mean(axis=1).argmax()] for m, s in methods.items()}
        ours = best[first][:, 0]
        for method, scores in best.items():
            pearson, precision = scores.T
            gain = ours - pearson
            error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else 0.0
            rows.append(
                {
                    **dict(columns),
                    "set": name,
                    "method": method,
                    "Pearson": f"{pearson.mean():.4f} ± {pearson.std():.4f}",
                    "worst seed": f"{pearson.min():.4f}",
                    "precision at 10": float(precision.mean()),
                    f"paired gain of {first}": "–"
                    if method == first
                    else f"{gain.mean():+.4f} ± {error:.4f}",
                    "ahead on": "–"
                    if method == first
                    else f"{(gain > 0).sum()} of {len(gain)}",
                }
            )
    return rows


def _embed(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit_transform(X)


def _score(truth, embedding):
    return [
        float(distance_preservation(truth, embedding).pearson),
        float(neighborhood_precision(truth, embedding, metric="precomputed")),
    ]
