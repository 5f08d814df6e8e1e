"""The kernel between some nodes, for many kernels from one sweep of products.

Chebyshev series of functions of a Laplacian are those of Hammond, Vandergheynst and
Gribonval, "Wavelets on graphs via spectral graph theory", 2011.
"""

from collections.abc import Sequence

import numpy as np
from array_api_compat import is_numpy_namespace

from skgeom.backends import Backend, block_bytes, get_backend
from skgeom.graph import Graph
from skgeom.nodes._graph_kernel import GraphKernel
from skgeom.operators._chebyshev import expansion
from skgeom.typing import NDArray

# Most columns of a panel on the host.
_WIDTH = 32


def labelled_kernels(
    graph: Graph,
    kernels: Sequence[GraphKernel],
    nodes: NDArray,
    *,
    tol: float = 1e-7,
    backend: Backend | None = None,
) -> NDArray:
    r"""Compute the entries of kernels between some nodes.

    A kernel is a series in :math:`T_j(W)`, and all kernels are in the same: these are
    applied to the columns of the nodes, one product with W after the other, and only
    the rows of the nodes are kept of each. Memory is that of the result, and blocks of
    columns within scikit-learn's ``working_memory``.

    Parameters
    ----------
    graph : Graph
        Undirected.
    kernels : sequence of GraphKernel
        The kernels.
    nodes : ndarray of shape (n_nodes,), int
        Each node once.
    tol : float, default=1e-7
        Error, relative to the largest eigenvalue of each kernel.
    backend : Backend, default=None
        Where products run; None is the host.

    Returns
    -------
    ndarray of shape (n_kernels, n_nodes, n_nodes), float64
        Symmetric matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes import graph_kernel
    >>> from skgeom.nodes._labelled_kernel import labelled_kernels
    >>> edge = Graph.from_edges([[0, 1]])
    >>> kernels = [graph_kernel("diffusion", diffusion_time=t) for t in (0.5, 50.0)]
    >>> labelled_kernels(edge, kernels, np.arange(2)).round(3)
    array([[[0.684, 0.316],
            [0.316, 0.684]],
    <BLANKLINE>
           [[0.5  , 0.5  ],
            [0.5  , 0.5  ]]])
    """
    backend = get_backend("cpu") if backend is None else backend
    xp, laplacian = backend.xp, graph.laplacian()
    series = [expansion(k.function, laplacian.bound, tol)[0] for k in kernels]
    lengths = np.array([len(one) for one in series])
    coefficients = np.zeros((lengths.max(initial=0), len(kernels)))
    for i, one in enumerate(series):
        coefficients[: len(one), i] = one
    coefficients = backend.asarray(coefficients, dtype=backend.float64)
    step, where = laplacian.on(backend), backend.asarray(nodes)
    # Three panels of all nodes are alive at a time; narrow ones stay in the caches.
    width = max(1, block_bytes() // (24 * graph.n_nodes))
    if is_numpy_namespace(xp):
        width = min(width, _WIDTH)
    found = []
    for start in range(0, len(nodes), width):
        block = where[start : start + width]
        shape = graph.n_nodes, block.shape[0]
        term = xp.zeros(shape, dtype=coefficients.dtype, device=where.device)
        term[block, xp.arange(shape[1], device=where.device)] = 1.0
        before, line = term, np.array([0.0, 1.0])
        total = 0.0
        for j in range(len(coefficients)):
            total = total + coefficients[j][:, None, None] * xp.take(
                term, where, axis=0
            )
            if j + 1 < len(coefficients):
                product = backend.matrix_polynomial(step, term, line)
                before, term = term, product if j == 0 else 2 * product - before
        found.append(total)
    matrices = np.asarray(backend.to_numpy(xp.concat(found, axis=2)))
    return (matrices + matrices.transpose(0, 2, 1)) / 2
