"""How long heat should diffuse on a graph, and how much of it stays.

Traces are estimated as by Hutchinson, "A stochastic estimator of the trace of the
influence matrix", Communications in Statistics 19, 1990, from Chebyshev moments (Weisse
et al., "The kernel polynomial method", Reviews of Modern Physics 78, 2006).
"""

from collections.abc import Callable

import numpy as np

from skgeom.backends import Backend, get_backend
from skgeom.graph import Graph
from skgeom.nodes._graph_kernel import GraphKernel
from skgeom.nodes._kernel_operator import GraphKernelOperator
from skgeom.operators import chebyshev_coefficients

# Traces are exact for so many nodes; of more, random columns estimate them. Of products
# there are so many: a series of twice as many terms is good up to the longest time.
_FEW_NODES, _N_PROBES, _N_STEPS, _LONGEST = 128, 8, 64, 512.0
# The nodes for each mode that is left, and the fewest modes.
_NODES_A_MODE, _FEWEST_MODES = 200.0, 2.0


def spreading_time(graph: Graph, *, backend: Backend | None = None) -> float:
    r"""Time in which the heat of a node spreads over some two hundred others.

    That is where the number of modes that are left, :math:`\sum e^{-t\lambda}` without
    those of equilibrium, one for each component, is the number of nodes over 200, or
    two on a small graph. It is a mean over all nodes: the relaxation time of a graph
    is often that of a few nodes at the end of a chain.

    Parameters
    ----------
    graph : Graph
        Undirected.
    backend : Backend, default=None
        Where products run; None is the host.

    Returns
    -------
    float
        In steps of a random walk, at most 512; 1 where no two nodes are joined.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes._diffusion_time import spreading_time
    >>> ring = Graph.from_edges(np.stack([np.arange(99), (np.arange(99) + 1) % 99], 1))
    >>> 100 < spreading_time(ring) < 200
    True
    """
    n_components, labels = graph.connected_components
    n_modes = graph.n_nodes - n_components
    if not n_modes:
        return 1.0
    moments = _moments(graph, labels, n_modes, backend)
    wanted = min(max(graph.n_nodes / _NODES_A_MODE, _FEWEST_MODES), n_modes / 2)

    def n_left(time):
        series, _ = chebyshev_coefficients(
            lambda x: np.exp(-time * x), 1.0, tol=1e-6, max_degree=len(moments) - 1
        )
        return series @ moments[: len(series)]

    low, high = 0.0, np.log(_LONGEST) + 3.0
    for _ in range(30):  # times e^-3 to 512, in logarithms
        middle = (low + high) / 2
        if n_left(np.exp(middle - 3.0)) > wanted:
            low = middle
        else:
            high = middle
    return float(np.exp(high - 3.0))


def _moments(graph, labels, n_modes, backend):
    """Traces of the Chebyshev polynomials of W without equilibrium, estimated."""
    backend = get_backend("cpu") if backend is None else backend
    degrees = np.where(graph.degrees > 0, graph.degrees, 1.0)
    mode, mass = np.sqrt(degrees), np.bincount(labels, degrees)
    probes = _probes(graph.n_nodes)
    share = np.stack([np.bincount(labels, mode * z) / mass for z in probes.T], axis=1)
    before = backend.asarray(probes - mode[:, None] * share[labels])
    before = backend.xp.astype(before, backend.float64)
    step, line = graph.laplacian().on(backend), np.array([0.0, 1.0])
    term = backend.matrix_polynomial(step, before, line)

    def product(A, B):
        return float(backend.xp.sum(A * B))

    first = [product(before, before), product(before, term)]
    moments = list(first)
    for _ in range(_N_STEPS):
        # T_2j = 2 T_j^2 - T_0, and T_(2j+1) = 2 T_j T_(j+1) - T_1.
        moments.append(2 * product(term, term) - first[0])
        before, term = (
            term,
            2 * backend.matrix_polynomial(step, term, line) - before,
        )
        moments.append(2 * product(before, term) - first[1])
    # The trace of the first is known.
    return np.array(moments) * (n_modes / max(first[0], 1e-300))


def _probes(n):
    """Columns whose mean outer product is the identity, exactly or in the mean."""
    if n <= _FEW_NODES:
        return np.sqrt(n) * np.eye(n)
    return np.random.default_rng(0).choice([-1.0, 1.0], (n, _N_PROBES))


def mean_diagonal(
    graph: Graph, kernel: GraphKernel, *, backend: Backend | None = None
) -> float:
    """Mean of the kernel of each node with itself, estimated from a few products.

    Parameters
    ----------
    graph : Graph
        Undirected.
    kernel : GraphKernel
        The kernel.
    backend : Backend, default=None
        Where products run; None is the host.

    Returns
    -------
    float
        The mean, > 0.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes import graph_kernel
    >>> from skgeom.nodes._diffusion_time import mean_diagonal
    >>> edge = Graph.from_edges([[0, 1]])
    >>> round(mean_diagonal(edge, graph_kernel("diffusion")), 3)
    0.568
    """
    K = GraphKernelOperator(graph, kernel, tol=1e-4, backend=backend)
    return mean_of_diagonal(lambda probes: K @ probes, graph.n_nodes)


def mean_of_diagonal(product: Callable, n_nodes: int) -> float:
    """Mean of the diagonal of a matrix of nodes that is known by its products, > 0."""
    probes = _probes(n_nodes)
    mean = float((probes * product(probes)).mean())
    return max(mean, np.finfo(np.float64).tiny)
