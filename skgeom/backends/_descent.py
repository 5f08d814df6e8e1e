"""What a step of hyperbolic descent reads and writes: three records of plain arrays."""

from typing import Any, NamedTuple

RULES = ("poincare_sgd", "lorentz_sgd", "tangent_adam", "polar_adam")


class Points(NamedTuple):
    """Points of the Poincaré ball, and what an optimiser remembers of each.

    `gaps` holds ``1 - |x|^2`` beside the coordinates: near the boundary it has digits
    that the coordinates have lost, and with them distances are right up to radius 37.

    Parameters
    ----------
    coordinates : array of shape (n_points, n_components)
        In the ball.
    gaps : array of shape (n_points,)
        One minus the squared norm of each.
    first, second : array of shape (n_points, n_components)
        Running means of gradients and of their squares.
    ages : array of shape (n_points,)
        How many steps each point has made.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import Points
    >>> x = np.array([[0.6, 0.0]])
    >>> Points(x, 1 - (x**2).sum(axis=1), 0 * x, 0 * x, np.zeros(1)).gaps
    array([0.64])
    """

    coordinates: Any
    gaps: Any
    first: Any
    second: Any
    ages: Any


class Links(NamedTuple):
    """A directed graph, both ways, and the nodes that negatives are drawn from.

    Parameters
    ----------
    indptr : array of shape (n_points + 1,), int64
        Where the positives of each head begin.
    indices, weights : array of shape (n_links,)
        The positives, int64 and sorted in each head, and the weights of their links.
    back_indptr, back_indices : array of shape (n_points + 1,) and (n_links,), int64
        Rows of the transpose.
    candidates : array of shape (n_candidates,), int64
        Nodes, each as often as it should be drawn.
    keys : array of shape (n_points,), int64
        A number for each head that, with the seed, decides its draws.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skgeom.backends import get_backend
    >>> from skgeom.hyperbolic._poincare._descent import prepare_links
    >>> prepare_links(csr_array([[0, 1], [0, 0]]), get_backend("cpu")).back_indices
    array([0])
    """

    indptr: Any
    indices: Any
    weights: Any
    back_indptr: Any
    back_indices: Any
    candidates: Any
    keys: Any


class Descent(NamedTuple):
    """How steps are made.

    Parameters
    ----------
    rule : {"poincare_sgd", "lorentz_sgd", "tangent_adam", "polar_adam"}
        What becomes of a gradient.
    rate : float
        Learning rate.
    n_uniform, n_local : int
        Negatives of a head from all candidates, and from its surroundings.
    max_radius : float
        Points stay within this hyperbolic distance of the origin.
    n_frozen : int
        Points before this number stay where they are.

    Examples
    --------
    >>> from skgeom.backends import Descent
    >>> Descent("lorentz_sgd", 0.1, n_uniform=45, n_local=5, max_radius=30.0).n_frozen
    0
    """

    rule: str
    rate: float
    n_uniform: int
    n_local: int
    max_radius: float
    n_frozen: int = 0
