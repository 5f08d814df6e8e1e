"""HyperbolicMDS beside its spectral start and Euclidean scaling, noise, and time."""

from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csgraph
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler

from benchmarks._graphs import labelled_graph
from benchmarks._report import parser, report, timed
from benchmarks._trees import balanced_tree, grown_tree, phylogenetic_tree
from skgeom import HyperbolicMDS
from skgeom.geometry import polar
from skgeom.graph import Graph
from skgeom.hyperbolic._mds._start import spectral_start
from skgeom.solvers import classical_mds

DIAMETERS = (1.0, 4.0, 10.0, 20.0, 40.0)


def with_circles(n, n_more, seed=0):
    """A grown tree and edges between random nodes."""
    tree = grown_tree(n, 3, seed)
    more = np.random.default_rng(seed + 1).integers(0, n, (n_more, 2))
    edges = np.column_stack(tree.adjacency.nonzero())
    edges = np.concatenate([edges, more[more[:, 0] != more[:, 1]]])
    return Graph.from_edges(np.unique(np.sort(edges, axis=1), axis=0), n_nodes=n)


def largest_part(graph):
    """Of a graph."""
    part = graph.connected_components[1]
    return graph.subgraph(np.flatnonzero(part == np.bincount(part).argmax()))


def data(quick, folder):
    """Name, distances, and classes of rows if they have some."""
    phylo = phylogenetic_tree(folder)
    graphs = {} if phylo is None else {"phylogeny, 344 nodes": phylo}
    graphs["balanced tree, 511"] = balanced_tree(2, 8)
    graphs["tree and 50 circles, 500"] = with_circles(500, 50)
    file = None if folder is None else folder / "graphs" / "planetoid_citeseer.npz"
    if file is not None and file.exists() and not quick:
        graph = largest_part(labelled_graph(file)[0])
        some = np.sort(np.random.default_rng(0).choice(graph.n_nodes, 600, False))
        far = csgraph.dijkstra(graph.lengths, indices=some)[:, some]
        yield "citations, 600 of 2,120", far, None
    for name, graph in graphs.items():
        yield name, csgraph.shortest_path(graph.lengths), None
    for name, load in (("digits, 400", load_digits), ("wine, 178", load_wine)):
        X, y = load(return_X_y=True)
        X = X[:400] if name.startswith("digits") else StandardScaler().fit_transform(X)
        yield name, pairwise_distances(X), y[:400]
    X, y = load_iris(return_X_y=True)
    X, first = np.unique(StandardScaler().fit_transform(X), axis=0, return_index=True)
    yield "iris, 149", pairwise_distances(X), y[first]


def mean_error(found, true):
    """Of distances, relative, at the scale of least error among some."""
    pairs = np.triu_indices(len(true), 1)
    ratios = found[pairs] / true[pairs]
    middle = np.median(ratios[ratios > 0]) if (ratios > 0).any() else 1.0
    scales = middle * np.linspace(0.7, 1.3, 61)
    return float(min(np.abs(ratios / s - 1).mean() for s in scales))


def spectral(D, d):
    """The best of the spectral starts by what is reported: an oracle's choice."""
    found = []
    for diameter in DIAMETERS:
        x = spectral_start(diameter / D.max() * D, d)
        found.append(polar.distance(x[:, None], x[None]))
    return min(found, key=lambda E: mean_error(E, D))


def euclidean(D, d):
    """Relative stress in flat space, from classical scaling, by L-BFGS."""
    n = len(D)
    weights = np.where(D > 0, 1 / np.maximum(D, 1e-2 * D.max()) ** 2, 0.0)
    weights /= weights.sum()

    def stress(flat):
        X = flat.reshape(n, d)
        far = np.sqrt(sum(np.subtract.outer(x, x) ** 2 for x in X.T) + 1e-18)
        error = far - D
        force = 2 * weights * error / far
        slope = 2 * (force.sum(axis=1)[:, None] * X - force @ X)
        return (weights * error**2).sum(), slope.ravel()

    start = classical_mds(np, D, d).ravel()
    limits = dict(maxiter=500, maxcor=20)
    found = minimize(stress, start, jac=True, method="L-BFGS-B", options=limits)
    return pairwise_distances(found.x.reshape(n, d))


def neighbors_accuracy(D, y):
    """Of five neighbours, each row left out."""
    if y is None:
        return ""
    D = np.where(np.eye(len(D), dtype=bool), np.inf, D)
    votes = y[np.argsort(D, axis=1)[:, :5]]
    return round(float(np.mean([np.bincount(v).argmax() for v in votes] == y)), 3)


def comparison(quick, folder):
    """A row a data set and dimension."""
    rows = []
    for name, D, y in data(quick, folder):
        for d in (2, 5):
            model = HyperbolicMDS(d, metric="precomputed", random_state=0)
            _, seconds, _ = timed(model.fit, D)
            flat, ours = euclidean(D, d), model.distances()
            rows.append(
                {
                    "distances": name,
                    "dimensions": d,
                    "spectral": mean_error(spectral(D, d), D),
                    "Euclidean": mean_error(flat, D),
                    "HyperbolicMDS": round(mean_error(ours, D), 4),
                    "diameter": round(float(model.scale_ * D.max()), 1),
                    "5-NN, Euclidean": neighbors_accuracy(flat, y),
                    "5-NN, ours": neighbors_accuracy(ours, y),
                    "CPU s": seconds,
                }
            )
    return rows


def noise():
    """Errors against the true distances of 200 points, and of 100 new ones."""
    rows = []
    for d in (2, 5):
        for level in (0.0, 0.05, 0.2):
            errors = []
            for seed in range(3):
                x = polar.random(300, d, scale=1.5, random_state=seed)
                true = polar.distance(x[:, None], x[None])
                rng = np.random.default_rng(seed)
                draw = np.triu(rng.normal(size=true.shape), 1)
                given = true * np.exp(level * (draw + draw.T))
                model = HyperbolicMDS(d, metric="precomputed", random_state=0)
                model.fit(given[:200, :200])
                known = polar.from_poincare(model.embedding_)
                new = polar.from_poincare(model.transform(given[200:, :200]))
                told = polar.distance(new[:, None], known[None]) / model.scale_
                first = spectral_start(given[:200, :200], d)
                first = polar.distance(first[:, None], first[None])
                pairs = np.triu_indices(200, 1)
                errors.append(
                    [
                        np.abs(found[where] / there[where] - 1).mean()
                        for found, there, where in (
                            (first, true[:200, :200], pairs),
                            (model.distances(), true[:200, :200], pairs),
                            (told, true[200:, :200], ...),
                        )
                    ]
                )
            spectrum, fitted, placed = np.mean(errors, axis=0)
            rows.append(
                {
                    "dimensions": d,
                    "noise": level,
                    "spectral, scale known": float(spectrum),
                    "HyperbolicMDS": float(fitted),
                    "new rows": float(placed),
                }
            )
    return rows


def times():
    """CPU seconds of a thousand rows, and of ten thousand by landmarks."""
    rows = []
    tree = csgraph.shortest_path(balanced_tree(2, 9).lengths)
    X = np.random.default_rng(0).normal(size=(10_000, 20)) * ([5] * 5 + [1] * 15)
    for name, given, settings in (
        ("balanced tree", tree, dict(metric="precomputed")),
        ("normal points, 20 columns", X, {}),
    ):
        for d in (2, 5):
            model = HyperbolicMDS(d, random_state=0, **settings)
            _, seconds, _ = timed(model.fit, given)
            rows.append(
                {
                    "data": name,
                    "rows": len(given),
                    "dimensions": d,
                    "landmarks": len(model.landmarks_),
                    "CPU s": seconds,
                    "stress": model.stress_,
                }
            )
    return rows


def main():
    """Comparison, noise, times."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path, help="a folder with graphs/")
    command.add_argument("--speed", action="store_true", help="times alone")
    args = command.parse_args()
    if args.speed:
        return report_times()
    report(
        "hyperbolic_mds",
        comparison(args.quick, args.data),
        title="Mean relative error of distances: hyperbolic and flat scaling",
        notes=(
            "at the best scale for each; spectral: h-MDS at the best of five "
            "diameters, chosen by this very error; Euclidean: the same relative stress "
            "by L-BFGS from classical scaling",
            "diameter: the largest distance in hyperbolic units, as it was fitted",
            "5-NN: accuracy of classes, each row left out; seed 0",
        ),
        write=not args.quick,
    )
    if args.quick:
        return
    report(
        "hyperbolic_mds_noise",
        noise(),
        title="Noise in the distances of hyperbolic points",
        notes=(
            "200 points of a wrapped normal distribution of deviation 1.5, distances "
            "times the exponential of noise; mean relative errors against the true "
            "ones; 100 new rows by their noisy distances to all; three draws (seeds 0 "
            "to 2)",
        ),
    )
    report_times()


def report_times():
    """The last table."""
    report(
        "hyperbolic_mds_speed",
        times(),
        title="Time of HyperbolicMDS",
        notes=("250 steps, one thread; seed 0",),
    )


if __name__ == "__main__":
    main()
