"""How long heat flows, and where it carries landmark coordinates."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.operators import heat_kernel, relaxation_time

# Longest automatic diffusion time, in steps of a random walk.
_MAX_TIME = 40.0


def automatic_time(graph, kind, backend):
    """Half the relaxation time of the graph, and at most 40 steps.

    Longer than the relaxation time, heat is the same everywhere and distances are
    lost; 40 steps already smooth over the noise of single edges, and cost grows with
    time.
    """
    relaxation = relaxation_time(graph, kind, horizon=8 * _MAX_TIME, backend=backend)
    return min(_MAX_TIME, relaxation / 2)


def interpolate_by_heat(laplacian, nodes, values, time, fallback, backend):
    """Spread values of a few nodes over all: the mean under the heat that arrives.

    Diffusing the values and a column of ones costs one column a component, whatever
    the number of nodes. Where no heat arrives, the value of node number `fallback`
    among `nodes` is taken.
    """
    start = np.zeros((laplacian.n_nodes, values.shape[1] + 1))
    start[nodes, :-1], start[nodes, -1] = values, 1.0
    # Values get the sign-free form that keeps small heat accurate.
    lowest = values.min(axis=0)
    start[nodes, :-1] -= lowest
    heat = backend.to_numpy(heat_kernel(laplacian, time, start, backend=backend))
    warm = heat[:, -1] > 1e-290
    mass = np.where(warm, heat[:, -1], 1.0)
    return np.where(
        warm[:, None], lowest + heat[:, :-1] / mass[:, None], values[fallback]
    )


def join_duplicates(points, lengths):
    """Give nodes at distance zero of each other their mean position."""
    zero = lengths.data == 0
    if not zero.any():
        return points
    rows = np.repeat(np.arange(lengths.shape[0]), np.diff(lengths.indptr))
    pattern = (np.ones(zero.sum()), (rows[zero], lengths.indices[zero]))
    n_groups, group = csgraph.connected_components(
        sp.csr_array(pattern, shape=lengths.shape), directed=False
    )
    size = np.bincount(group, minlength=n_groups)
    means = np.stack([np.bincount(group, column) for column in points.T], axis=1)
    return (means / size[:, None])[group]
