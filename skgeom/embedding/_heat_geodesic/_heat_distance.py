"""Geodesic distances from the logarithm of heat (Huguet et al., NeurIPS 2023).

Heat is followed from a few landmark nodes; with every node a landmark this is the
paper's method. What the paper leaves open at scale is closed here: distances too far
for the heat to be trusted are chained over landmarks, parts that no heat joins are
bridged, and raw distances get the unit of the edges.
"""

from dataclasses import dataclass

import numpy as np

from skgeom.backends import block_bytes, row_blocks, scratch_bytes
from skgeom.embedding._heat_geodesic._routes import (
    LandmarkRoutes,
    bridge_parts,
    close_distances,
    reach_all,
    unit_of_length,
)
from skgeom.graph import Laplacian
from skgeom.operators import heat_kernel, spectral_function

# Landmarks through which a node reaches what its own heat does not.
N_GATES = 8
# Heat at this share of what is trusted still names the nearest landmarks.
_FAINT = 1e-4
# Of a Chebyshev series, relative to all heat.
_CHEBYSHEV_ERROR = 1e-14


@dataclass(frozen=True, kw_only=True)
class HeatGeodesics(LandmarkRoutes):
    """Distances between any two nodes: heat that is trusted, or routes over landmarks.

    Parameters
    ----------
    laplacian : Laplacian
        Of the graph.
    time, volume_weight, threshold : float
        Diffusion time; weight of the volume term; heat at or below the threshold is
        not trusted.
    log_self : ndarray of shape (n_nodes,)
        Logarithm of the heat that each node keeps.
    unit : float
        Length of one raw unit.
    """

    laplacian: Laplacian
    time: float
    volume_weight: float
    threshold: float
    log_self: np.ndarray
    unit: float

    def columns(self, nodes, backend):
        """Distances from all nodes to some, shape (n_nodes, len(nodes)), on the host.

        Trusted heat speaks first; other pairs go over their nearest landmarks.
        """
        n_nodes, n_landmarks = self.laplacian.n_nodes, len(self.landmarks)
        if n_landmarks == n_nodes:
            position = np.argsort(self.landmarks)
            return self.between[position][:, position[nodes]]
        log_h = log_heat(
            self.laplacian,
            self.time,
            nodes,
            self.threshold,
            backend.float64,
            backend,
        )
        raw = varadhan_distances(
            backend.xp,
            log_h,
            backend.asarray(self.log_self, dtype=log_h.dtype),
            backend.asarray(self.log_self[nodes], dtype=log_h.dtype),
            self.time,
            self.volume_weight,
        )
        direct = self.unit * backend.to_numpy(raw)
        trusted = backend.to_numpy(_trusted(log_h, self.threshold))
        out = np.empty((n_nodes, len(nodes)))
        for j, node in enumerate(nodes):
            out[:, j] = np.where(trusted[:, j], direct[:, j], self.over_gates(node))
            out[node, j] = 0.0
        return out


def heat_geodesics(
    graph,
    landmarks,
    *,
    kind="symmetric",
    time,
    volume_weight=1.0,
    threshold=0.0,
    points=None,
    dtype=np.float64,
    backend,
):
    """Measure the distances between landmarks, and from each node to the nearest.

    Parameters
    ----------
    graph : Graph
        Undirected.
    landmarks : ndarray of shape (n_landmarks,)
        Node numbers, at least one in each connected component.
    kind : {"symmetric", "random_walk", "combinatorial"}, default="symmetric"
        Laplacian.
    time : float
        Diffusion time > 0.
    volume_weight : float, default=1.0
        Weight of the volume term of the distance.
    threshold : float, default=0.0
        Heat at or below it is not trusted and the distance is chained.
    points : ndarray of shape (n_nodes, n_features), default=None
        Where nodes lie, for bridges between components.
    dtype : dtype, default=float64
        In which the n x n_landmarks logarithms are kept.
    backend : Backend
        Where the heat flows.

    Returns
    -------
    HeatGeodesics
        All on the host.
    """
    xp = backend.xp
    laplacian = graph.laplacian(kind)
    log_h = log_heat(laplacian, time, landmarks, threshold, dtype, backend)
    on_device = backend.asarray(landmarks)
    log_self = log_self_heat(xp, log_h, on_device)
    raw = varadhan_distances(
        xp, log_h, log_self, log_self[on_device], time, volume_weight
    )
    # The nearest landmarks are trusted whatever heat arrives: they are all there is.
    gates, gate_lengths = map(backend.to_numpy, smallest_entries(xp, raw, N_GATES))
    rows = backend.to_numpy(raw[on_device, :]).astype(np.float64)
    trusted = backend.to_numpy(_trusted(log_h[on_device, :], threshold))
    between = np.where(trusted & trusted.T, (rows + rows.T) / 2, np.inf)
    np.fill_diagonal(between, 0.0)
    unit = unit_of_length(between, landmarks, graph)
    gates, gate_lengths = reach_all(
        graph, landmarks, gates, unit * gate_lengths.astype(np.float64)
    )
    labels = graph.connected_components[1][landmarks]
    between = close_distances(unit * between, graph, landmarks, labels)
    between = bridge_parts(
        between, labels, None if points is None else points[landmarks]
    )
    return HeatGeodesics(
        landmarks,
        between,
        gates.astype(np.int32),
        gate_lengths,
        laplacian=laplacian,
        time=time,
        volume_weight=volume_weight,
        threshold=threshold,
        log_self=backend.to_numpy(log_self),
        unit=unit,
    )


def log_heat(laplacian, time, nodes, threshold, dtype, backend):
    """Logarithm of the heat that starts at `nodes`, shape (n_nodes, len(nodes)).

    -inf where none arrives, or too little to tell from rounding. The kernel is taken
    with respect to the Laplacian's measure, so that it is symmetric for each kind of
    Laplacian.
    """
    xp, n_nodes = backend.xp, laplacian.n_nodes
    # Half the products, where all that counts is far above rounding.
    by_chebyshev = threshold * _FAINT > _CHEBYSHEV_ERROR
    least = threshold * _FAINT if by_chebyshev else 0.0
    floor = threshold**2 if threshold > 0 else 1e-300
    out = xp.empty((n_nodes, len(nodes)), dtype=dtype, device=backend.device)
    for block in row_blocks(len(nodes), 4 * 8 * n_nodes, block_bytes()):
        shares = backend.asarray(1.0 / laplacian.measure[nodes[block]])
        where = dict(dtype=backend.float64, device=backend.device)
        start = xp.zeros((n_nodes, shares.shape[0]), **where)
        columns = xp.arange(shares.shape[0], device=backend.device)
        start[backend.asarray(nodes[block]), columns] = xp.astype(
            shares, backend.float64
        )
        if by_chebyshev:
            heat, _ = spectral_function(
                laplacian,
                lambda eigenvalues: np.exp(-time * eigenvalues),
                start,
                tol=_CHEBYSHEV_ERROR,
                backend=backend,
            )
        else:
            heat = heat_kernel(laplacian, time, start, floor=floor, backend=backend)
        for rows in _passes(heat):
            positive = heat[rows, :] > least
            logarithm = xp.log(xp.where(positive, heat[rows, :], 1.0))
            out[rows, block] = xp.where(positive, logarithm, -xp.inf)
    return out


def log_self_heat(xp, log_h, landmarks):
    """Logarithm of the heat that each node keeps, shape (n_nodes,).

    Known at landmarks; elsewhere the landmarks' mean, weighted by the heat between,
    but no less than h_il^2 / h_ll: the kernel is positive semidefinite, and with that
    bound the distance to a landmark never has to be clipped.
    """
    own = log_h[landmarks, xp.arange(landmarks.shape[0], device=log_h.device)]
    everywhere = xp.empty_like(log_h[:, 0])
    for rows in _passes(log_h):
        part = log_h[rows, :]
        largest = xp.max(part, axis=1, keepdims=True)
        weights = xp.exp(part - xp.where(xp.isfinite(largest), largest, 0.0))
        total = xp.sum(weights, axis=1)
        warm = total > 0
        mean = (weights @ own) / xp.where(warm, total, 1.0)
        mean = xp.where(warm, mean, xp.mean(own))
        bound = xp.max(2 * part - own[None, :], axis=1)
        everywhere[rows] = xp.where(bound > mean, bound, mean)
    everywhere[landmarks] = own
    return everywhere


def varadhan_distances(xp, log_h, log_self, log_self_nodes, time, volume_weight):
    r"""Distances by Varadhan's formula with a volume term, in raw units.

    .. math:: d^2 = -4t \log h_{ij} + 4 t \sigma \log \frac{h_{ii} + h_{jj}}{2}

    (Huguet et al. 2023, section 3), clipped at zero; infinite where no heat arrives.
    """
    # Heat that nodes keep differs by far less than the range of floats.
    warmest = xp.max(log_self)
    own, own_nodes = xp.exp(log_self - warmest), xp.exp(log_self_nodes - warmest)
    out = xp.empty_like(log_h)
    for rows in _passes(log_h):
        volume = xp.log((own[rows, None] + own_nodes[None, :]) / 2) + warmest
        squared = 4.0 * time * (volume_weight * volume - log_h[rows, :])
        out[rows, :] = xp.sqrt(xp.where(squared > 0, squared, 0.0))
    return out


def _passes(array):
    """Rows of an array, in blocks that are passed over while they are at hand."""
    return row_blocks(array.shape[0], 8 * array.shape[1], scratch_bytes(array))


def _trusted(log_h, threshold):
    return log_h > (np.log(threshold) if threshold > 0 else -np.inf)


def smallest_entries(xp, array, k):
    """Columns and values of the `k` smallest entries of each row, in order.

    `k` passes for the minimum, in blocks of rows: less work and memory than to sort.
    """
    k = min(k, array.shape[1])
    columns, values = [], []
    for rows in row_blocks(array.shape[0], 8 * array.shape[1]):
        left = xp.asarray(array[rows, :], copy=True)
        found = []
        for _ in range(k):
            at = xp.argmin(left, axis=1, keepdims=True)
            found.append(at)
            left[xp.arange(left.shape[0], device=left.device), at[:, 0]] = xp.inf
        at = xp.concat(found, axis=1)
        columns.append(at)
        values.append(xp.take_along_axis(array[rows, :], at, axis=1))
    return xp.concat(columns, axis=0), xp.concat(values, axis=0)
