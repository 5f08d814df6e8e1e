"""How far distances in a picture are from the wanted ones."""

import math
from types import ModuleType

from skgeom.solvers._mds import distances_between
from skgeom.typing import Array


def kruskal_stress(xp: ModuleType, distances: Array, points: Array) -> float:
    r"""Compute stress-1, :math:`\sqrt{\sum (d - \delta)^2 / \sum \delta^2}`.

    From Kruskal, "Multidimensional scaling by optimizing goodness of fit to a nonmetric
    hypothesis", Psychometrika 29, 1964.

    Parameters
    ----------
    xp : module
        Array namespace of the arrays.
    distances : array of shape (n, n)
        The wanted distances.
    points : array of shape (n, n_components)
        The coordinates.

    Returns
    -------
    float
        0 for a perfect embedding; 0 if all wanted distances are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._heat_geodesic._stress import kruskal_stress
    >>> wanted = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> float(kruskal_stress(np, wanted, np.array([[0.0], [1.0]])))
    0.5
    """
    size = float(xp.max(distances))
    if size == 0.0:
        return 0.0
    distances, points = distances / size, points / size
    residual = distances_between(xp, points) - distances
    total = float(xp.sum(distances * distances))
    return math.sqrt(float(xp.sum(residual * residual)) / total)
