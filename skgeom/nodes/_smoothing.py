"""The matrix of a graph convolution: averages over a node and its neighbours.

Kipf and Welling, "Semi-supervised classification with graph convolutional networks",
ICLR 2017, section 2.
"""

import numpy as np
import scipy.sparse as sp

from skgeom.graph import Graph
from skgeom.typing import NDArray


def smoothing_matrix(graph: Graph, self_loops: bool) -> sp.csr_array:
    r"""The adjacency, with a loop of weight one at each node, between roots of degrees.

    A node without edges is joined to itself alone, or to nothing without loops.
    """
    A = graph.adjacency
    if self_loops:
        A = sp.csr_array(A + sp.eye_array(graph.n_nodes))
    scale = sp.diags_array(1.0 / np.sqrt(smoothing_degrees(graph, self_loops)))
    return sp.csr_array(scale @ A @ scale)


def smoothing_degrees(graph: Graph, self_loops: bool) -> NDArray:
    """Degrees with the loops, one for nodes without edges."""
    degrees = graph.degrees + float(self_loops)
    return np.where(degrees > 0, degrees, 1.0)
