"""Where the descent starts: from a spectrum, or from a tree.

The spectral start is h-MDS of Sala, De Sa, Gu and Ré, "Representation tradeoffs for
hyperbolic embeddings", ICML 2018, section 4.
"""

import numpy as np

from skgeom.geometry import polar
from skgeom.hyperbolic._rooted_tree import (
    centres,
    root_tree,
    spanning_tree,
    tree_of_edges,
)
from skgeom.hyperbolic._sarkar import lay_out_tree
from skgeom.solvers import largest_eigenpairs
from skgeom.typing import NDArray

# Rows through which a way is looked for where a distance is missing.
_N_BETWEEN = 64
_ROUNDING = 1e-15


def spectral_start(distances: NDArray, n_components: int) -> NDArray:
    r"""Coordinates by the most negative eigenvalues of cosh of the distances.

    Points :math:`(x_0, X)` of the hyperboloid have :math:`\cosh D = x_0 x_0^\top - X
    X^\top`, with one positive eigenvalue and as many negative ones as dimensions. There
    is always a frame in which :math:`x_0` is orthogonal to the columns of X, so that
    these are eigenvectors and nothing has to be centred. Exact for distances of
    hyperbolic points; elsewhere the largest distances decide.

    Parameters
    ----------
    distances : ndarray of shape (n, n)
        Symmetric, in hyperbolic units, up to 300.
    n_components : int
        Dimension.

    Returns
    -------
    ndarray of shape (n, n_components + 1)
        Polar coordinates; fewer negative eigenvalues leave axes at zero.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> from skgeom.hyperbolic._mds._start import spectral_start
    >>> x = polar.random(5, 2, random_state=0)
    >>> D = polar.distance(x[:, None], x[None])
    >>> y = spectral_start(D, 2)
    >>> bool(np.allclose(polar.distance(y[:, None], y[None]), D))
    True
    """
    n = len(distances)
    k = min(n_components, n)
    found = largest_eigenpairs(-np.cosh(distances), k)
    values, vectors = (np.flip(np.asarray(part), axis=-1) for part in found)
    at = np.argmax(np.abs(vectors), axis=0)
    vectors = vectors * np.where(vectors[at, np.arange(k)] < 0, -1.0, 1.0)
    space = np.zeros((n, n_components))
    # What rounding leaves is no axis.
    values = np.where(values > _ROUNDING * np.cosh(distances.max()), values, 0.0)
    space[:, :k] = vectors * np.sqrt(values)
    return polar.from_lorentz(np.column_stack([np.ones(n), space]))


def tree_start(
    distances: NDArray, n_components: int, max_radius: float, scale: float | None = None
) -> tuple[NDArray, float]:
    """Coordinates of the minimum spanning tree, as Sarkar draws it.

    Distances along a tree between all of its nodes are those of their spanning tree.

    Parameters
    ----------
    distances : ndarray of shape (n, n)
        Symmetric.
    n_components : int
        Dimension.
    max_radius : float
        Of the drawing.
    scale : float, default=None
        Hyperbolic length of one unit. None takes the largest that there is room for.

    Returns
    -------
    points : ndarray of shape (n, n_components + 1)
        Polar coordinates.
    scale : float
        Hyperbolic length of one unit.
    """
    n = len(distances)
    edges = np.column_stack(np.triu_indices(n, 1))
    links = tree_of_edges(edges, distances[tuple(edges.T)], n)
    lengths = spanning_tree(links, "minimum")[0]
    tree = root_tree(lengths, int(centres(lengths)[0]))
    depth = float(tree.depths.max())
    largest = max_radius / depth if depth > 0 else 1.0
    scale = largest if scale is None else min(scale, largest)
    layout = lay_out_tree(
        tree._replace(lengths=tree.lengths * scale), n_components, n_terms=1
    )
    points = np.empty((n, n_components + 1))
    points[tree.nodes, 0] = layout.radii
    points[tree.nodes, 1:] = layout.directions[0]
    return polar.project(points), scale


def centred(points: NDArray, distances: NDArray) -> NDArray:
    """Move the row that is nearest to all others to the origin.

    Radii are least from there, and with them what rounding costs. Vectors at the middle
    are the new coordinates: translation along a geodesic turns no frame.

    Parameters
    ----------
    points : ndarray of shape (n, n_components + 1)
        Polar coordinates.
    distances : ndarray of shape (n, n)
        Symmetric.

    Returns
    -------
    ndarray of shape (n, n_components + 1)
        The same figure.
    """
    middle = int(np.argmin((distances**2).sum(axis=1)))
    found = polar.from_tangent(polar.log(points[[middle]], points))
    found[middle, 0] = 0.0
    return found


def filled(distances: NDArray, weights: NDArray) -> NDArray:
    """Distances with a way through another row where they are missing.

    Parameters
    ----------
    distances : ndarray of shape (n, n)
        Symmetric; what has no weight is not looked at.
    weights : ndarray of shape (n, n)
        Symmetric, >= 0.

    Returns
    -------
    ndarray of shape (n, n)
        A start needs all of them; the stress looks at none of what is filled in.
    """
    missing = weights == 0
    np.fill_diagonal(missing, False)
    if not missing.any():
        return distances
    known = np.where(missing, np.inf, distances)
    by_count = np.argsort(missing.sum(axis=1), kind="stable")[:_N_BETWEEN]
    around = np.full_like(known, np.inf)
    for between in by_count:
        np.minimum(around, known[:, [between]] + known[[between]], out=around)
    largest = np.max(known, where=np.isfinite(known), initial=0.0)
    return np.where(missing, np.where(np.isfinite(around), around, largest), distances)


def is_exact(points: NDArray, scale: float, D: NDArray) -> bool:
    """Whether points are at the distances, but for rounding."""
    found = polar.distance(points[:, None], points[None]) / scale
    return bool(np.abs(found - D).max() <= 1e-9 * D.max())
