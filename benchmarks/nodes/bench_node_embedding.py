"""Coordinates of nodes without features: classes and links from them, and a million.

``--data FOLDER`` has npz files with `n`, `edges` of shape (2, m) and `y`, -1 where a
node has no class: Cora, CiteSeer and PubMed of Planetoid, and Photo of Shchur et al.
(2018). All embeddings have 128 columns, scaled by one number, and a logistic regression
whose C is chosen by three folds of the training nodes. Estimators of this package are
at their defaults but for what a row says; DeepWalk is gensim's word2vec on walks that
are made here, with its usual setting (10 walks of 40 steps, window 10, one epoch).
Times are those of the embedding, in seconds of the processor, on one thread.
"""

import argparse
import resource
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split

from benchmarks._graphs import labelled_graph
from benchmarks._report import parser, report, timed
from benchmarks.nodes._block_model import block_model
from skgeom import (
    GraphKernelClassifier,
    GraphRandomFeatures,
    NodeEmbedding,
    STKRClassifier,
)
from skgeom.graph import Graph

FILES = dict(
    Cora="planetoid_cora",
    CiteSeer="planetoid_citeseer",
    Photo="amazon_photo",
    PubMed="planetoid_pubmed",
)
SIZE = 128
PENALTIES = {"C": [1.0, 10.0, 100.0]}


def splits(y, n_splits):
    """A tenth of the nodes to learn from, in the shares of the classes."""
    known = np.flatnonzero(y >= 0)
    for seed in range(n_splits):
        yield train_test_split(
            known, train_size=0.1, stratify=y[known], random_state=1000 + seed
        )


def scaled(Z):
    """By one number: columns keep their sizes beside each other."""
    return Z / np.sqrt((Z**2).sum(axis=1).mean())


def classes_from(Z, y, n_splits):
    """Accuracy of a logistic regression, in percent: mean and deviation."""
    Z, found = scaled(Z), []
    for train, test in splits(y, n_splits):
        model = GridSearchCV(LogisticRegression(max_iter=200), PENALTIES, cv=3)
        found.append(model.fit(Z[train], y[train]).score(Z[test], y[test]))
    return 100 * np.mean(found), 100 * np.std(found)


def classes_by(model, y, n_splits):
    """Accuracy of a classifier of nodes, and its seconds for one split."""
    found, seconds = [], 0.0
    for train, test in splits(y, n_splits):
        _, cpu, _ = timed(model.fit, train[:, None], y[train])
        predicted, more, _ = timed(model.predict, test[:, None])
        found.append(np.mean(predicted == y[test]))
        seconds += cpu + more
    return 100 * np.mean(found), 100 * np.std(found), seconds / n_splits


def ours(graph, **options):
    """NodeEmbedding of all nodes."""
    model = NodeEmbedding(SIZE, graph=graph, random_state=0, **options)
    return model.fit_transform(np.arange(graph.n_nodes)[:, None])


def deepwalk(graph, n_walks=10, length=40):
    """Gensim's skip-grams on walks."""
    from gensim.models import Word2Vec

    A, rng = graph.adjacency, np.random.default_rng(0)
    degrees = np.diff(A.indptr)
    walks = np.empty((n_walks * np.count_nonzero(degrees), length), dtype=np.int64)
    walks[:, 0] = rng.permutation(np.tile(np.flatnonzero(degrees), n_walks))
    for step in range(1, length):
        at = walks[:, step - 1]
        place = (rng.random(len(at)) * degrees[at]).astype(np.int64)
        walks[:, step] = A.indices[A.indptr[at] + place]
    sentences = [list(map(str, walk)) for walk in walks]
    options = dict(window=10, sg=1, negative=5, epochs=1, min_count=0)
    model = Word2Vec(sentences, vector_size=SIZE, workers=1, seed=0, **options)
    Z = np.zeros((graph.n_nodes, SIZE))
    Z[[int(word) for word in model.wv.index_to_key]] = model.wv.vectors
    return Z


def node2vec(graph):
    """The package node2vec, at its defaults but for q = 0.5 and gensim's workers."""
    import sys
    from importlib.metadata import version
    from types import SimpleNamespace

    import networkx as nx

    # It asks for a version by a package that setuptools no longer brings.
    asked = SimpleNamespace(
        get_distribution=lambda name: SimpleNamespace(version=version(name))
    )
    sys.modules.setdefault("pkg_resources", asked)
    from node2vec import Node2Vec

    whole = nx.from_scipy_sparse_array(graph.adjacency)
    walker = Node2Vec(
        whole, dimensions=SIZE, walk_length=40, num_walks=10, q=0.5, quiet=True, seed=0
    )
    model = walker.fit(window=10, min_count=0, epochs=1, workers=1, seed=0)
    Z = np.zeros((graph.n_nodes, SIZE))
    Z[[int(word) for word in model.wv.index_to_key]] = model.wv.vectors
    return Z


def network(name):
    """An embedding of scikit-network."""

    def embed(graph):
        from sknetwork import embedding

        A = sp.csr_matrix(graph.adjacency)
        return getattr(embedding, name)(SIZE).fit_transform(A)

    return embed


def karate(name):
    """An embedding of karateclub, at its defaults but for the number of columns."""

    def embed(graph):
        import karateclub
        import networkx as nx

        model = getattr(karateclub, name)()
        model.dimensions = SIZE // (model.window_size if name == "Walklets" else 1)
        whole = nx.from_scipy_sparse_array(graph.adjacency)
        model.fit(whole)
        return model.get_embedding()

    return embed


EMBEDDINGS = {
    "NodeEmbedding": ours,
    'NodeEmbedding, "adjacency"': lambda g: ours(g, method="adjacency"),
    'NodeEmbedding, "adjacency", propagated': lambda g: ours(
        g, method="adjacency", propagate=True
    ),
    'NodeEmbedding, "edges", propagated (ProNE)': lambda g: ours(
        g, method="edges", propagate=True
    ),
    "DeepWalk (gensim)": deepwalk,
    "node2vec (q = 0.5)": node2vec,
    "GSVD (scikit-network)": network("GSVD"),
    "Spectral (scikit-network)": network("Spectral"),
    "NetMF (karateclub)": karate("NetMF"),
    "RandNE (karateclub)": karate("RandNE"),
    "Walklets (karateclub)": karate("Walklets"),
}
CLASSIFIERS = {
    "GraphRandomFeatures, ridge": None,
    "GraphKernelClassifier": GraphKernelClassifier,
    "STKRClassifier": STKRClassifier,
}
SMALL = ("Cora", "CiteSeer")
SLOW = {
    "node2vec (q = 0.5)": ("Cora", "CiteSeer"),
    "DeepWalk (gensim)": tuple(FILES)[:3],
    "GraphKernelClassifier": SMALL,
    "STKRClassifier": SMALL,
    "NetMF (karateclub)": SMALL,
    "RandNE (karateclub)": SMALL,
    "Walklets (karateclub)": SMALL,
}


def classes(folder, quick):
    """Accuracy from a tenth of the labels."""
    rows = {name: {"method": name} for name in (*EMBEDDINGS, *CLASSIFIERS)}
    n_splits = 2 if quick else 10
    for data in ("Cora",) if quick else FILES:
        graph, y = labelled_graph(folder / f"{FILES[data]}.npz")
        graph = Graph.from_adjacency((graph.adjacency > 0).astype(float))
        ours(graph, n_walks=1)  # compiles, and lays the graph out
        for name, embed in EMBEDDINGS.items():
            if data not in SLOW.get(name, FILES):
                rows[name] |= {data: "-", f"{data}, s": "-"}
                continue
            Z, cpu, _ = timed(embed, graph)
            # Large graphs have fewer splits, but for the default.
            few = n_splits if data in SMALL or embed is ours else min(n_splits, 3)
            mean, spread = classes_from(Z, y, few)
            rows[name] |= told(data, mean, spread, cpu)
            print(data, name, rows[name][data], rows[name][f"{data}, s"], flush=True)
        for name, Class in CLASSIFIERS.items():
            if data not in SLOW.get(name, FILES):
                rows[name] |= {data: "-", f"{data}, s": "-"}
            elif Class is None:
                Z, cpu, _ = timed(random_features, graph)
                found = []
                for train, test in splits(y, n_splits):
                    model = RidgeClassifier().fit(Z[train], y[train])
                    found.append(100 * model.score(Z[test], y[test]))
                rows[name] |= told(data, np.mean(found), np.std(found), cpu)
            else:
                found = classes_by(Class(graph=graph), y, n_splits)
                rows[name] |= told(data, *found)
            print(data, name, rows[name][data], flush=True)
        tell_classes(rows, quick)


def tell_classes(rows, quick):
    """Write the table, of the graphs so far."""
    report(
        "node_embedding_classes",
        list(rows.values()),
        title="Classes of nodes from a tenth of them, without features: accuracy in %",
        packages=()
        if quick
        else ("gensim", "node2vec", "scikit-network", "karateclub"),
        notes=[
            "Mean and deviation of 10 splits, of 3 for peers and other settings on "
            "Photo and PubMed; seconds of the processor for the "
            "embedding, or for one fit and predictions of a classifier.",
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


def walk_lengths(folder, quick):
    """Lengths of walks, and the length that folds of the training nodes choose."""
    lengths = (5, 10, 20)
    rows = {n: {"walk_length": str(n)} for n in lengths} | {
        "chosen": {"walk_length": "chosen by folds"}
    }
    for data in ("Cora",) if quick else FILES:
        graph, y = labelled_graph(folder / f"{FILES[data]}.npz")
        graph = Graph.from_adjacency((graph.adjacency > 0).astype(float))
        made = {n: timed(ours, graph, walk_length=n)[:2] for n in lengths}
        found = {name: [] for name in rows}
        for train, test in splits(y, 2 if quick else 10 if data in SMALL else 3):
            by_folds = {}
            for n, (Z, _) in made.items():
                Z = scaled(Z)
                model = GridSearchCV(LogisticRegression(max_iter=200), PENALTIES, cv=3)
                model.fit(Z[train], y[train])
                found[n].append(model.score(Z[test], y[test]))
                by_folds[model.best_score_] = found[n][-1]
            found["chosen"].append(by_folds[max(by_folds)])
        for name, scores in found.items():
            mean, spread = 100 * np.mean(scores), 100 * np.std(scores)
            rows[name][data] = f"{mean:.2f} ± {spread:.2f}"
            cpu = made[name][1] if name in made else sum(c for _, c in made.values())
            rows[name][f"{data}, s"] = cpu
        print(data, {n: row[data] for n, row in rows.items()}, flush=True)
    report(
        "node_embedding_walk_lengths",
        list(rows.values()),
        title="Length of walks, classes from a tenth of the nodes: accuracy in %",
        notes=["As in the table of classes; Photo and PubMed have three splits."],
        write=not quick,
    )


def told(data, mean, spread, cpu):
    """Cells of a graph in a row of the table."""
    return {data: f"{mean:.2f} ± {spread:.2f}", f"{data}, s": cpu}


def random_features(graph):
    """GraphRandomFeatures of all nodes, at their defaults."""
    nodes = np.arange(graph.n_nodes)[:, None]
    return GraphRandomFeatures(graph=graph, random_state=0).fit_transform(nodes)


def blocks(quick):
    """Which matrix, and how far it has to converge, on a block model."""
    n = 2_000 if quick else 20_000
    A, y = block_model(n, 20, 10, 0.5, seed=1)
    graph = Graph.from_adjacency(A)
    ours(graph, n_walks=1, max_iter=1, tol=1.0)
    order = np.random.default_rng(0).permutation(n)
    train, test = order[: n // 10], order[n // 10 :]
    settings = [dict(method="adjacency", max_iter=i, tol=0.0) for i in (2, 4, 6)]
    settings += [dict(method=m) for m in ("adjacency", "edges")]
    settings += [dict(n_walks=16), dict(), dict(walk_length=4)]
    settings += [dict(s, propagate=True) for s in settings[3:5]]
    rows = []
    for options in settings:
        model = NodeEmbedding(64, graph=graph, random_state=0, **options)
        Z, cpu, _ = timed(model.fit_transform, np.arange(n)[:, None])
        rows.append(block_row(options, Z, y, train, test) | {"seconds": cpu})
        rows[-1]["products"] = model.n_iter_
        print(rows[-1], flush=True)
    if not quick:
        global SIZE
        SIZE = 64
        Z, cpu, _ = timed(deepwalk, graph)
        row = block_row({"DeepWalk": "gensim"}, Z, y, train, test)
        rows.append(row | {"seconds": cpu, "products": "-"})
        SIZE = 128
    report(
        "node_embedding_blocks",
        rows,
        title="A block model of 20,000 nodes and 20 blocks, half of the edges inside",
        packages=() if quick else ("gensim",),
        notes=[
            "Degree 10, 64 columns, a ridge classifier on a tenth of the nodes, its "
            "penalty chosen by generalised cross-validation on them; seed 1.",
        ],
        write=not quick,
    )


def block_row(options, Z, y, train, test):
    """A row of the table of block models."""
    from sklearn.linear_model import RidgeClassifierCV

    Z = scaled(Z)
    model = RidgeClassifierCV(np.geomspace(1e-3, 1e2, 6)).fit(Z[train], y[train])
    said = ", ".join(f"{k}={v}" for k, v in options.items()) or "default"
    return {"setting": said, "accuracy": float(model.score(Z[test], y[test]))}


def links(folder, quick):
    """Cosines tell hidden edges from pairs by chance."""
    settings = {
        "NodeEmbedding, power=0.5": dict(power=0.5),
        "NodeEmbedding": {},
        '"adjacency", power=0.5': dict(method="adjacency", power=0.5),
        "ProNE": dict(method="edges", propagate=True),
    }
    rows = {name: {"method": name} for name in (*settings, "DeepWalk (gensim)")}
    for data in ("Cora",) if quick else ("Cora", "Photo"):
        whole, _ = labelled_graph(folder / f"{FILES[data]}.npz")
        scores = {name: [] for name in rows}
        for seed in range(1 if quick else 3):
            graph, shown, there = hidden(whole, seed)
            for name in rows:
                if name in settings:
                    Z = ours(graph, **settings[name])
                elif quick or data == "Photo":
                    continue
                else:
                    Z = deepwalk(graph)
                Z = Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12)
                cosines = (Z[shown[:, 0]] * Z[shown[:, 1]]).sum(axis=1)
                scores[name].append(roc_auc_score(there, cosines))
        for name, found in scores.items():
            rows[name][data] = float(np.mean(found)) if found else "-"
    report(
        "node_embedding_links",
        list(rows.values()),
        title="Hidden links from cosines of coordinates: area under the curve",
        packages=() if quick else ("gensim",),
        notes=[
            "A fifth of the edges is hidden, beside as many pairs that are none; mean "
            "of 3 seeds; 128 columns.",
        ],
        write=not quick,
    )


def hidden(whole, seed):
    """The graph without a fifth of its edges; pairs, and which of them are edges."""
    rng = np.random.default_rng(2000 + seed)
    A = sp.csr_array(whole.adjacency > 0)
    edges = np.stack(sp.triu(A, 1).nonzero(), axis=1)
    edges = edges[rng.permutation(len(edges))]
    n_hidden = len(edges) // 5
    graph = Graph.from_edges(edges[n_hidden:], n_nodes=whole.n_nodes)
    pairs = rng.integers(whole.n_nodes, size=(2 * n_hidden, 2))
    none = np.asarray(A[pairs[:, 0], pairs[:, 1]]).ravel() == 0
    pairs = pairs[none & (pairs[:, 0] != pairs[:, 1])][:n_hidden]
    there = np.repeat([1, 0], [n_hidden, len(pairs)])
    return graph, np.concatenate([edges[:n_hidden], pairs]), there


def large(quick, method):
    """A million nodes and five million edges, one setting a process: memory is its."""
    n = 10_000 if quick else 1_000_000
    A, y = block_model(n, 20, 10, 0.5, seed=1)
    graph = Graph.from_adjacency(A)
    del A
    ours(Graph.from_edges([[0, 1], [1, 2]]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    options = dict(n_walks=16) if method == "walk" else {}
    model = NodeEmbedding(64, method=method, graph=graph, random_state=0, **options)
    _, cpu, _ = timed(model.fit, np.arange(n)[:, None])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    order = np.random.default_rng(0).permutation(n)
    train, test = order[: n // 10], order[n // 10 :]
    Z = scaled(model.embedding_.astype(np.float32))
    ridge = RidgeClassifier(alpha=0.1).fit(Z[train], y[train])
    row = {
        "nodes": n,
        "method": method,
        "accuracy": float(ridge.score(Z[test], y[test])),
        "seconds": cpu,
        "peak of the process, GiB": memory,
        "of which before, GiB": before,
        "products": model.n_iter_,
    }
    report(
        f"node_embedding_large_{method}",
        [row],
        title=f'A million nodes, five million edges, 64 columns: "{method}"',
        notes=[
            "A block model of 20 blocks, degree 10, half of the edges inside; a ridge "
            "classifier on a tenth of the nodes; 16 walks from each node; seed 1.",
        ],
        write=not quick,
    )


TABLES = ("classes", "walk_lengths", "blocks", "links", "large_adjacency", "large_walk")

if __name__ == "__main__":
    given = parser(__doc__)
    given.formatter_class = argparse.RawDescriptionHelpFormatter
    given.add_argument("--data", type=Path, help="folder of npz files")
    given.add_argument("--only", choices=TABLES)
    given = given.parse_args()
    warnings.simplefilter("ignore")
    for table in TABLES if given.only is None else [given.only]:
        if table == "blocks":
            blocks(given.quick)
        elif table.startswith("large"):
            large(given.quick, table.partition("_")[2])
        elif given.data is None:
            print(f"{table}: needs --data")
        else:
            on_folder = dict(classes=classes, walk_lengths=walk_lengths, links=links)
            on_folder[table](given.data, given.quick)
