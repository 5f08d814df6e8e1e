"""Coefficients of a graph kernel that predict given targets."""

import numpy as np
from scipy.optimize import minimize

from skgeom.backends import Backend, get_backend
from skgeom.graph import Graph
from skgeom.typing import NDArray

_N_FOLDS = 5
# Weight of the squares of the coefficients, beside a loss of one for predicting zero.
_PENALTY = 1e-3


def learn_modulation(
    graph: Graph,
    nodes: NDArray,
    targets: NDArray,
    n_steps: int,
    *,
    weights: NDArray | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> NDArray:
    r"""Choose :math:`f \ge 0` so that the kernel f(W)^2 predicts held-out targets.

    A target is predicted by the sum of the others, weighted by the kernel. In terms of
    :math:`\alpha = f * f` that is linear, with predictors :math:`W^k T`, each of which
    is computed with a fifth of the targets held out in turn. The mean square of the
    errors, plus a small multiple of that of f, is minimised.

    Parameters
    ----------
    graph : Graph
        Undirected.
    nodes : ndarray of shape (n_targets,), int
        Nodes whose targets are known.
    targets : ndarray of shape (n_targets, n_columns)
        The targets, centred.
    n_steps : int
        Highest power of W in f.
    weights : ndarray of shape (n_targets,), default=None
        How often each target counts; None is once.
    seed : int, default=0
        Draws the folds.
    backend : Backend, default=None
        Where products run; None is the host.

    Returns
    -------
    ndarray of shape (n_steps + 1,), float64
        The coefficients f, >= 0 with sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes._kernel_learning import learn_modulation
    >>> ring = Graph.from_edges(np.stack([np.arange(40), (np.arange(40) + 1) % 40], 1))
    >>> y = np.repeat([1.0, -1.0], 20)[:, None]
    >>> learn_modulation(ring, np.arange(40), y, 2).shape
    (3,)
    """
    backend = get_backend("cpu") if backend is None else backend
    counts = np.ones((len(nodes), 1)) if weights is None else weights[:, None]
    predictors = _held_out_powers(
        graph, nodes, counts * targets, 2 * n_steps, seed, backend
    )
    # The square of an error counts as often as its target.
    targets, predictors = np.sqrt(counts) * targets, np.sqrt(counts) * predictors
    size = np.linalg.norm(targets) or 1.0
    # In units in which the targets, and one step's prediction of them, are of size 1.
    unit = np.linalg.norm(predictors[1]) or 1.0
    H = predictors.reshape(len(predictors), -1) / unit
    y = targets.ravel() / size
    gram, moment = H @ H.T, H @ y

    def loss(f):
        alpha = np.convolve(f, f)
        error = 1.0 - 2 * moment @ alpha + alpha @ gram @ alpha
        slope = 2 * (gram @ alpha - moment)
        # Derivative of f * f: twice a correlation with f.
        gradient = 2 * np.array([slope[i : i + len(f)] @ f for i in range(len(f))])
        return error + _PENALTY * f @ f, gradient + 2 * _PENALTY * f

    start = 0.5 ** np.arange(n_steps + 1)
    bounds = [(0.0, None)] * len(start)
    f = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    # A kernel needs some of each node itself, and one without any links is no kernel.
    f[0] = max(f[0], 1e-2 * f.sum(), 1e-12)
    return f / f.sum()


def _held_out_powers(graph, nodes, targets, degree, seed, backend):
    """Predictions of each target by the powers of W, from the other folds' targets.

    Shape (degree + 1, n_targets, n_columns).
    """
    n_targets, n_columns = targets.shape
    # Targets of one node are held out together. Nodes count in the order in which they
    # come first, so that a target given twice changes no fold.
    _, first, node = np.unique(nodes, return_index=True, return_inverse=True)
    fold = np.arange(len(first)) % min(_N_FOLDS, len(first))
    fold = np.random.default_rng(seed).permutation(fold)
    fold = fold[np.argsort(np.argsort(first))][node]
    columns = np.zeros((graph.n_nodes, _N_FOLDS, n_columns))
    for i in range(_N_FOLDS):
        shown = fold != i
        np.add.at(columns[:, i], nodes[shown], targets[shown])
    term = backend.asarray(columns.reshape(graph.n_nodes, -1), dtype=backend.float64)
    step = graph.laplacian().on(backend)
    found = np.empty((degree + 1, n_targets, n_columns))
    for k in range(degree + 1):
        table = np.asarray(backend.to_numpy(term)).reshape(columns.shape)
        found[k] = table[nodes, fold]
        if k < degree:
            term = backend.matrix_polynomial(step, term, np.array([0.0, 1.0]))
    return found
