"""ProNE's second stage: a band-pass filter along the graph (Zhang et al., 2019)."""

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend
from skgeom.graph import Graph
from skgeom.operators import spectral_function
from skgeom.solvers._block_krylov import column_signs
from skgeom.typing import NDArray

# The filter and its constants, as in the code of the authors.
_CENTRE, _SHARPNESS = 0.2, 0.5


def propagated(graph: Graph, embedding: NDArray, backend: Backend) -> NDArray:
    r"""Pass coordinates of nodes through a filter of the Laplacian.

    With loops added to the graph, :math:`A_1`, and L the Laplacian of its walk,
    coordinates of unit length a become
    :math:`A_1 (1 - e^{\theta (1 - (L - \mu)^2 / 2)}) a`, and then orthogonal columns
    that weigh the square root of what they are long, with rows of unit length [1]_.
    """
    joined = graph.with_edges(graph.adjacency + sp.eye_array(graph.n_nodes))

    def band(eigenvalues):
        gap = eigenvalues - _CENTRE
        return 1.0 - np.exp(_SHARPNESS * (1.0 - gap**2 / 2))

    laplacian = joined.laplacian("random_walk")
    filtered = spectral_function(laplacian, band, unit_rows(embedding), backend=backend)
    found = joined.adjacency @ backend.to_numpy(filtered[0])
    # The singular vectors, from the small matrix of products: a QR takes longer.
    squares, turn = np.linalg.eigh(found.T @ found)
    squares, turn = squares[::-1], turn[:, ::-1]
    largest = squares.max(initial=0.0)
    kept = squares > 1e-12 * largest
    scale = np.where(kept, squares, 1.0) ** -0.25 * kept
    found = found @ (turn * scale)
    return unit_rows(found * column_signs(found))


def unit_rows(embedding: NDArray) -> NDArray:
    """Rows at length one; those of zeros stay."""
    lengths = np.linalg.norm(embedding, axis=1, keepdims=True)
    return embedding / np.where(lengths > 0, lengths, 1.0)
