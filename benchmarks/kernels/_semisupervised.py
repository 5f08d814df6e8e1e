"""Graphs, splits and peers of the semi-supervised benchmarks."""

from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from sklearn.metrics.pairwise import rbf_kernel

from benchmarks._report import parser
from skgeom.graph import Graph

# File name without ending, as it is shown.
GRAPHS = {
    "planetoid_cora": "Cora",
    "planetoid_citeseer": "CiteSeer",
    "dblp": "DBLP",
    "amazon_photo": "Photo",
    "amazon_computers": "Computers",
    "coauthor_cs": "CS",
    "coauthor_phy": "Physics",
}


def arguments(description, *more):
    """Read the command line: ``--data`` names the folder of graph files.

    `more` holds further options, each a name and its keywords.
    """
    options = parser(description)
    for name, keywords in more:
        options.add_argument(name, **keywords)
    options.add_argument(
        "--data",
        type=Path,
        help="folder of <name>.npz files with n, edges (2, m), y and, for the "
        "Planetoid graphs, train, val, test",
    )
    return options.parse_args()


def load_graph(folder, name):
    """Graph, classes and the file of a data set; None where the file is missing."""
    path = None if folder is None else folder / f"{name}.npz"
    if path is None or not path.exists():
        print(f"{name}: no file in --data, left out")
        return None
    file = np.load(path)
    edges = file["edges"].T.astype(np.int64)
    return Graph.from_edges(edges, n_nodes=int(file["n"])), file["y"], file


def copurchase_graph(n_nodes=13_752, n_edges=245_861, n_classes=10, seed=0):
    """A graph of the size of Amazon Computers: classes, hubs and loose ends.

    Nodes have heavy-tailed weights; of the edges 70 % stay in one of the 20 groups of a
    class, 28 % in the class, and a tenth of the nodes hang on a single edge.
    """
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n_nodes)
    group = y * 20 + rng.integers(0, 20, n_nodes)
    weight = rng.pareto(1.8, n_nodes) + 0.3
    leaves = rng.random(n_nodes) < 0.1
    weight[leaves] = 0.0
    scope = rng.choice(3, 2 * n_edges, p=[0.7, 0.28, 0.02])
    one = rng.choice(n_nodes, 2 * n_edges, p=weight / weight.sum())
    two = rng.choice(n_nodes, 2 * n_edges, p=weight / weight.sum())
    for level, labels in enumerate((group, y)):
        for label in np.unique(labels):
            mates = np.flatnonzero((labels == label) & (weight > 0))
            drawn = np.flatnonzero((scope == level) & (labels[one] == label))
            if len(mates):
                share = weight[mates] / weight[mates].sum()
                two[drawn] = rng.choice(mates, len(drawn), p=share)
    pairs = np.unique(np.sort(np.stack([one, two], axis=1), axis=1), axis=0)
    pairs = rng.permutation(pairs[pairs[:, 0] != pairs[:, 1]])
    ends = np.flatnonzero(leaves)
    hooks = np.stack([ends, rng.permutation(np.flatnonzero(~leaves))[: len(ends)]], 1)
    edges = np.concatenate([hooks, pairs[: n_edges - len(ends)]])
    return Graph.from_edges(edges, n_nodes=n_nodes), y


def normalised(graph):
    """The symmetrically normalised adjacency, with empty rows for lonely nodes."""
    degrees = graph.degrees
    root = np.sqrt(np.divide(1.0, degrees, out=0 * degrees, where=degrees > 0))
    return (sp.diags_array(root) @ graph.adjacency @ sp.diags_array(root)).tocsr()


def label_spreading(S, labelled, classes, alpha, *, tol=1e-4, max_iter=10_000):
    """Zhou et al.'s iteration, to a relative residual; scores and products made.

    This is what scikit-learn's LabelSpreading computes, with a stop rule that holds.
    """
    Y = np.zeros((S.shape[0], classes.max() + 1))
    Y[labelled, classes] = 1.0
    F, wanted = Y, tol * (1 - alpha) * np.linalg.norm(Y)
    n_iter, change = 0, np.inf
    while change > wanted and n_iter < max_iter:
        new = alpha * (S @ F) + (1 - alpha) * Y
        change, F = np.linalg.norm(new - F), new
        n_iter += 1
    return F, n_iter


def split(y, rng, n_train=20, n_val=30):
    """Nodes for training and validation, as many of each class, and the others."""
    order = rng.permutation(len(y))
    classes = np.unique(y)
    train = np.concatenate([order[y[order] == c][:n_train] for c in classes])
    val = np.concatenate(
        [order[y[order] == c][n_train : n_train + n_val] for c in classes]
    )
    return train, val, np.setdiff1d(order, np.concatenate([train, val]))


def laplacian_rls(X, labelled, targets, Z, *, gamma, ambient, intrinsic, n_neighbors=7):
    """Laplacian regularised least squares (Belkin et al. 2006), dense.

    Predictions for the rows Z, with the combinatorial Laplacian of a self-tuning
    neighbour graph: (J K + ambient I + intrinsic L K) a = Y.
    """
    n = len(X)
    graph = Graph.from_points(X, n_neighbors=n_neighbors, affinity="self_tuning")
    L = graph.laplacian("combinatorial").matrix().toarray()
    K = rbf_kernel(X, gamma=gamma)
    mask = np.zeros((n, 1))
    mask[labelled] = 1.0
    mean = targets.mean(axis=0)
    Y = np.zeros((n, targets.shape[1]))
    Y[labelled] = targets - mean
    system = mask * K + ambient * np.eye(n) + intrinsic * L @ K
    return rbf_kernel(Z, X, gamma=gamma) @ scipy.linalg.solve(system, Y) + mean


def best_by(scores):
    """The settings with the best validation score; the first of equal ones."""
    return max(scores, key=lambda name: scores[name])
