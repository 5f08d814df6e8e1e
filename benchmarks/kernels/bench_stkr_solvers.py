"""Agreement of the solvers, and products with the matrix against Richardson's method.

``--data FOLDER`` names the graphs; a graph of the size of Amazon Computers is generated
where its file is missing.
"""

import warnings
from functools import partial

import numpy as np
from sklearn.datasets import load_digits

from benchmarks._report import report, timed
from benchmarks.kernels._semisupervised import (
    arguments,
    copurchase_graph,
    label_spreading,
    load_graph,
    normalised,
    split,
)
from skgeom import STKRClassifier
from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.kernels._stkr._spectral_ridge import (
    dense_ridge,
    dual_ridge,
    eigen_ridge,
    primal_ridge,
)
from skgeom.kernels._stkr._spectral_transforms import (
    InverseLaplacian,
    PolynomialTransform,
)
from skgeom.operators import SparseKernel
from skgeom.solvers import conjugate_gradient, leading_eigenpairs

# A machine of the least cost, without any choice.
ONE_FIT = dict(strength=100.0, alpha=0.1, degree=1, tol=1e-4)


def richardson(S, labelled, targets, eta, alpha, *, tol, max_iter=20_000):
    """The paper's iteration on [J + alpha (I - eta S)] f = Y; products made."""
    Y = np.zeros((S.shape[0], targets.shape[1]))
    Y[labelled] = targets
    mask = np.zeros((len(Y), 1))
    mask[labelled] = 1.0
    step = 1 / (1 + alpha * (1 + eta))  # the largest that is sure to converge
    wanted = tol * np.linalg.norm(Y, axis=0)
    F, residual, n_iter = np.zeros_like(Y), Y, 0
    while (np.linalg.norm(residual, axis=0) > wanted).any() and n_iter < max_iter:
        F = F + step * residual
        residual = Y - mask * F - alpha * (F - eta * (S @ F))
        n_iter += 1
    return F, n_iter


def preconditioned(S, labelled, targets, eta, alpha, *, tol):
    """Ours on the same system, stopped by the same norm; products made."""
    Y = np.zeros((S.shape[0], targets.shape[1]))
    Y[labelled] = targets
    mask = np.zeros((len(Y), 1))
    mask[labelled] = 1.0
    found = conjugate_gradient(
        np,
        lambda P: mask * P + alpha * (P - eta * (S @ P)),
        Y,
        precondition=lambda R: R / (mask + alpha),
        tol=tol,
    )
    return found.solution, int(found.n_iter.max())


def agreement():
    """Largest relative difference of each solver from the closed form, on digits."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:600], y[:600]
    graph = Graph.from_points(X, n_neighbors=7, affinity="self_tuning")
    matrix = graph.laplacian("symmetric").transition
    S = SparseKernel(matrix, get_backend("cpu"))
    rng, rows = np.random.default_rng(0), []
    labelled = np.sort(rng.choice(600, 40, replace=False))
    targets, ones = np.eye(10)[y[labelled]], np.ones(40)
    values, U = np.linalg.eigh(matrix.toarray())
    limits = dict(tol=1e-10, max_iter=20_000)
    transforms = {
        "inverse Laplacian, eta .9": InverseLaplacian(0.9),
        "inverse Laplacian, eta .99": InverseLaplacian(0.99),
        "the same, squared": InverseLaplacian(0.99, degree=2),
        "polynomial, 16": PolynomialTransform(
            tuple(np.polynomial.polynomial.polypow((0.5, 0.5), 16))
        ),
    }
    for name, transform in transforms.items():
        K = U * transform(values) @ U.T
        gram = K[np.ix_(labelled, labelled)] + 0.1 * np.eye(40)
        exact = K[:, labelled] @ np.linalg.solve(gram, targets)
        rest = S, transform, labelled, targets, ones, 0.1
        found = {
            "dense": dense_ridge(*rest, **limits),
            "dual": dual_ridge(*rest, **limits),
            "eigen": eigen_ridge(*rest, eigenpairs=leading_eigenpairs(S)),
        }
        if transform.has_primal:
            found["primal"] = primal_ridge(*rest, **limits)
        row = {"transform": name}
        for solver in ("primal", "dual", "dense", "eigen"):
            row[solver] = "-"
            if solver in found:
                error = np.linalg.norm(found[solver].values - exact)
                row[solver] = f"{error / np.linalg.norm(exact):.1e}"
        rows.append(row)
    return rows


def products(folder, tol=1e-4):
    """Products to the same residual, on Cora."""
    loaded = load_graph(folder, "planetoid_cora")
    if loaded is None:
        return []
    graph, y, file = loaded
    train, test = file["train"], file["test"]
    S = normalised(graph)
    targets, rows = np.eye(7)[y[train]], []
    for eta in (0.9, 0.99, 0.999):
        for alpha in (0.1, 0.01):
            slow, n_slow = richardson(S, train, targets, eta, alpha, tol=tol)
            fast, n_fast = preconditioned(S, train, targets, eta, alpha, tol=tol)
            accuracy = [
                100 * float((F[test].argmax(axis=1) == y[test]).mean())
                for F in (fast, slow)
            ]
            rows.append(
                {
                    "eta": eta,
                    "alpha": alpha,
                    "Richardson": n_slow,
                    "gradients": n_fast,
                    "ratio": round(n_slow / n_fast, 1),
                    "accuracy": f"{accuracy[0]:.1f}",
                    "of Richardson": f"{accuracy[1]:.1f}",
                }
            )
    return rows


def fit_times(folder, quick):
    """CPU milliseconds of a fit beside converged label spreading."""
    graphs = {"Computers, generated": copurchase_graph()}
    for name in ("amazon_computers", "amazon_photo", "coauthor_cs", "coauthor_phy"):
        loaded = None if quick else load_graph(folder, name)
        if loaded is not None:
            graphs[name] = loaded[:2]
    rows = []
    for name, (graph, y) in graphs.items():
        train, _, _ = split(y, np.random.default_rng(0))
        S, nodes = normalised(graph), np.arange(len(y))[:, None]
        machine = partial(STKRClassifier, graph=graph, **ONE_FIT)
        machine().fit(train[:, None], y[train])
        ours = [timed(machine().fit, train[:, None], y[train]) for _ in range(7)]
        theirs = [timed(label_spreading, S, train, y[train], 0.99) for _ in range(7)]
        model, (F, n_iter) = ours[0][0], theirs[0][0]
        seconds = [min(run[1] for run in runs) for runs in (ours, theirs)]
        rows.append(
            {
                "graph": name,
                "nodes": graph.n_nodes,
                "edges": graph.n_edges,
                "products": model.n_iter_,
                "ms": round(1e3 * seconds[0], 1),
                "accuracy": round(100 * model.score(nodes, y), 1),
                "LS products": n_iter,
                "LS ms": round(1e3 * seconds[1], 1),
                "LS accuracy": round(100 * float((F.argmax(axis=1) == y).mean()), 1),
                "ratio": round(seconds[1] / seconds[0], 1),
            }
        )
    return rows


def main():
    """Three tables."""
    args = arguments(__doc__)
    warnings.simplefilter("ignore")
    report(
        "stkr_agreement",
        agreement(),
        title="Relative difference of fitted values from the dense closed form",
        notes=["600 digits, 40 labels, seed 0, alpha .1, tolerance 1e-10, float64"],
        write=not args.quick,
    )
    rows = products(args.data)
    if rows:
        report(
            "stkr_products",
            rows,
            title="Products with the matrix to a relative residual of 1e-4, Cora",
            notes=[
                "public split; Richardson's iteration with the largest step that is "
                "sure to converge, zero to start with; all classes as one block",
            ],
            write=not args.quick,
        )
    report(
        "stkr_fit",
        fit_times(args.data, args.quick),
        title="A fit with eta .99 beside converged label spreading with alpha .99",
        notes=[
            "20 labels a class, seed 0, both to a relative residual of 1e-4; least CPU "
            "time of 7 fits and 7 runs of the peer, which is handed its normalised "
            "matrix; a fit keeps that of its graph from the fit before",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
