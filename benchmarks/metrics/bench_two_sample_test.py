"""Tests of two collections of bags on a graph: how often they find what is there.

25 and 25 bags of 60 draws from a bump on a cycle of 100 nodes, or on 200 points of a
sphere joined to 8 neighbours. "shift": the centres of the second collection are moved;
"width": its bumps are wider; "between": its centres vary more, around the same mean.
"level": nothing. Tests at 5 %, 199 permutations. "energy" and "coordinates" are
`two_sample_test` on rows of `SlicedWassersteinEmbedding`, of 5 quantiles for the
second; "mean histogram" permutes the squared distance of mean histograms. 1,000 repeats
of the level, 200 of the others; one standard error of a level of .05 is .007.
"""

import numpy as np
from sklearn.neighbors import kneighbors_graph

from benchmarks._report import arguments, report
from skgeom import SlicedWassersteinEmbedding
from skgeom.graph import Graph
from skgeom.metrics import two_sample_test

DESIGNS = {"level": 0.0, "shift": 0.15, "width": 0.35, "between": 0.6}
METHODS = ("energy", "coordinates", "mean histogram")


def domain(kind):
    """Points and the graph that joins them."""
    if kind == "cycle":
        angles = np.arange(100) * 2 * np.pi / 100
        X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        nodes = np.arange(100)
        return X, Graph.from_edges(np.stack([nodes, (nodes + 1) % 100], axis=1))
    X = np.random.default_rng(0).normal(size=(200, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    links = kneighbors_graph(X, 8)
    return X, Graph.from_adjacency(links.maximum(links.T))


def bags(X, n, rng, **change):
    """Histograms of bumps with random centres."""
    spread = 0.4 * (1 + change.get("between", 0.0))
    centres = spread * rng.normal(size=(n, X.shape[1]))
    centres[:, 0] += 1
    centres[:, 1] += change.get("shift", 0.0)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    bump = np.exp(4 * np.exp(-change.get("width", 0.0)) * (centres @ X.T))
    return rng.multinomial(60, bump / bump.sum(axis=1, keepdims=True)) / 60


def by_means(A, B, rng):
    """P-value of the squared distance of the means."""
    rows, n = np.concatenate([A, B]), len(A)
    signs = np.where(np.arange(len(rows)) < n, 1 / n, -1 / len(B))
    signs = np.stack([signs, *(rng.permutation(signs) for _ in range(199))])
    found = ((signs @ rows) ** 2).sum(axis=1)
    return np.mean(found >= found[0] - 1e-12)


def main(quick):
    """Write the table."""
    rows = []
    for kind in ("cycle", "sphere"):
        X, graph = domain(kind)
        for design, size in DESIGNS.items():
            n_repeats = 20 if quick else 1000 if design == "level" else 200
            found = {name: [] for name in METHODS}
            for repeat in range(n_repeats):
                rng = np.random.default_rng(1000 + repeat)
                A, B = bags(X, 25, rng), bags(X, 25, rng, **{design: size})
                H = np.concatenate([A, B])
                for name, n_quantiles in (("energy", 20), ("coordinates", 5)):
                    model = SlicedWassersteinEmbedding(
                        domain=graph, n_quantiles=n_quantiles
                    )
                    if repeat == 0:
                        model.fit(H)
                        found[f"_{name}"] = model
                    Z = found[f"_{name}"].transform(H)
                    result = two_sample_test(
                        Z[:25],
                        Z[25:],
                        method=name,
                        n_permutations=199,
                        random_state=repeat,
                    )
                    found[name].append(result.p_value)
                found["mean histogram"].append(by_means(A, B, rng))
            shares = {m: float(np.mean(np.array(found[m]) <= 0.05)) for m in METHODS}
            rows.append({"domain": kind, "change": design, **shares})
    report(
        "two_sample_test",
        rows,
        title="Share of repeats in which a test at 5 % says that collections differ",
        notes=[__doc__.split("\n\n")[1].replace("\n", " "), "Seeds 1000 and on."],
        write=not quick,
    )


if __name__ == "__main__":
    main(arguments(__doc__).quick)
