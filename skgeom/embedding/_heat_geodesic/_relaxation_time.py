"""How long heat on a graph takes to even out.

By Rayleigh quotients of what heat leaves of random columns (Fiedler, "Algebraic
connectivity of graphs", Czechoslovak Mathematical Journal 23, 1973).
"""

import numpy as np

from skgeom.backends import Backend, get_backend
from skgeom.graph import Graph
from skgeom.operators._heat import diffused

# The probe of the relaxation time stops when the slowest mode has decayed by so many
# powers of e: the others are gone by then.
_ENOUGH_DECAY = 64.0
# Of the series that diffuses it: far below what a step leaves of the slowest mode.
_PROBE_ERROR = 1e-12


def relaxation_time(
    graph: Graph,
    kind: str = "symmetric",
    *,
    horizon: float = 320.0,
    backend: Backend | None = None,
) -> float:
    r"""Estimate how long heat takes to even out: :math:`1 / \lambda_2` of L.

    A few random columns are diffused for `horizon`, or until only the slowest modes
    are left, and the smallest Rayleigh quotient of what is left is :math:`\lambda_2`
    from above. Times well below the horizon are accurate to a few per cent; longer
    ones come out too short, but no shorter than about the horizon.

    Parameters
    ----------
    graph : Graph
        Undirected. The slowest of its connected components counts.
    kind : {"symmetric", "random_walk", "combinatorial"}, default="symmetric"
        Laplacian.
    horizon : float, default=320.0
        Longest diffusion time of the probe.
    backend : Backend, default=None
        Where the products run.

    Returns
    -------
    float
        Relaxation time in steps of a random walk; infinity where no two nodes are
        joined.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.embedding._heat_geodesic._relaxation_time import (
    ...     relaxation_time,
    ... )
    >>> edge = Graph.from_edges([[0, 1]])
    >>> round(relaxation_time(edge), 6)
    0.5
    """
    n_components, labels = graph.connected_components
    if n_components == graph.n_nodes:
        return np.inf
    # The random-walk Laplacian is similar to the symmetric one: same eigenvalues.
    kind = "symmetric" if kind == "random_walk" else kind
    laplacian = graph.laplacian(kind)
    degrees = np.where(graph.degrees > 0, graph.degrees, 1.0)
    mode = np.sqrt(degrees) if kind == "symmetric" else np.ones(graph.n_nodes)
    mass = np.bincount(labels, mode**2)

    def without_equilibrium(columns):
        share = np.stack([np.bincount(labels, mode * c) for c in columns.T], axis=1)
        return columns - mode[:, None] * (share / mass[:, None])[labels]

    def normalised(columns):
        columns = without_equilibrium(columns)
        return columns / np.linalg.norm(columns, axis=0)

    def slowest_rate(columns):
        energy = (columns * (columns - laplacian.transition @ columns)).sum(axis=0)
        return laplacian.bound * max(energy.min(), np.finfo(np.float64).eps)

    backend = get_backend("cpu") if backend is None else backend
    probe = np.random.default_rng(0).standard_normal((graph.n_nodes, 8))
    left, elapsed = normalised(probe), 0.0
    rate = slowest_rate(left)
    while elapsed < horizon and elapsed * rate < _ENOUGH_DECAY:
        # The quotient is at least the rate of the slowest mode, which therefore loses
        # no more than this a step: rounding errors of the others stay below it.
        step = min(8.0 / rate, horizon - elapsed)
        left = normalised(
            backend.to_numpy(diffused(laplacian, step, left, _PROBE_ERROR, backend))
        )
        rate, elapsed = slowest_rate(left), elapsed + step
    return float(1.0 / rate)
