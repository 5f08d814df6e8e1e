"""Embedding the links of a graph in the Poincaré ball by stochastic descent.

The loss and the negatives are those of Nickel and Kiela (NIPS 2017, ICML 2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, Descent, Links, Points
from skgeom.typing import NDArray

# The rate of burn-in, as a share of the learning rate.
_BURN_IN_RATE = 0.03
# Epochs that the stopping criterion compares with as many before them.
_WINDOW = 10
# Steps that place a new point, and their rate.
_PLACEMENT_STEPS, _PLACEMENT_RATE = 100, 0.1
_HASH = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to descend.

    Parameters
    ----------
    rule : {"poincare_sgd", "lorentz_sgd", "tangent_adam", "polar_adam"}
        What becomes of a gradient.
    learning_rate : float
        At the start; it falls linearly to zero.
    max_iter : int
        Epochs.
    burn_in : int
        How many of the first epochs have 3 per cent of the rate.
    batch_size : int
        Heads a step.
    n_negatives : int
        Negatives that a head shares among its links.
    local_negatives : float
        Share of them from the surroundings of the head.
    max_radius : float
        Largest distance to the origin.
    tol : float
        Least improvement, see `descend_links`; 0 for none.

    Examples
    --------
    >>> from skgeom.hyperbolic._poincare._descent import Schedule
    >>> Schedule("polar_adam", 0.1, 300, 0, 100, 50, 0.1, 30.0, 0.0).draws(40)
    (40, 5)
    """

    rule: str
    learning_rate: float
    max_iter: int
    burn_in: int
    batch_size: int
    n_negatives: int
    local_negatives: float
    max_radius: float
    tol: float

    def draws(self, n_candidates: int) -> tuple[int, int]:
        """How many negatives a head draws, and from where.

        Parameters
        ----------
        n_candidates : int
            Nodes to draw from.

        Returns
        -------
        n_uniform, n_local : int
            From all candidates, no more than there are, and from the surroundings.
        """
        n_local = round(self.local_negatives * self.n_negatives)
        return min(self.n_negatives - n_local, n_candidates), n_local


def prepare_links(
    adjacency: sp.csr_array,
    backend: Backend,
    *,
    negative_power: float = 0.0,
    keys: NDArray | None = None,
) -> Links:
    """Lay out a directed graph for descent.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Weights > 0 of the links, without self-loops; scaled to a mean of one.
    backend : Backend
        Where descent will run.
    negative_power : float, default=0.0
        Nodes are drawn as negatives in proportion to this power of the number of their
        links, both ways.
    keys : ndarray of shape (n_nodes,), int64, default=None
        Numbers that decide the draws of each head; None is the node numbers.

    Returns
    -------
    Links
        On the device of the backend.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skgeom.backends import get_backend
    >>> from skgeom.hyperbolic._poincare._descent import prepare_links
    >>> links = prepare_links(csr_array([[0, 2.0], [0, 0]]), get_backend("cpu"))
    >>> links.indices, links.weights
    (array([1]), array([1.]))
    """
    adjacency = sp.csr_array(adjacency, dtype=np.float64)
    adjacency.sort_indices()
    back = adjacency.T.tocsr()
    back.sort_indices()
    n = adjacency.shape[0]
    largest = adjacency.data.max(initial=0.0) or 1.0
    weights = adjacency.data / largest  # first, so that the mean of huge ones is finite
    weights = weights / (weights.mean() if weights.size else 1.0)
    candidates = np.arange(n)
    if negative_power != 0:
        degrees = np.diff(adjacency.indptr) + np.diff(back.indptr)
        shares = np.cumsum(np.maximum(degrees, 1.0) ** negative_power)
        places = (np.arange(8 * n) + 0.5) / (8 * n)
        candidates = np.searchsorted(shares / shares[-1], places)
    arrays = (
        adjacency.indptr.astype(np.int64),
        adjacency.indices.astype(np.int64),
        weights,
        back.indptr.astype(np.int64),
        back.indices.astype(np.int64),
        candidates.astype(np.int64),
        (np.arange(n) if keys is None else keys).astype(np.int64),
    )
    arrays = [backend.asarray(array) for array in arrays]
    arrays[2] = backend.asarray(weights, dtype=backend.float64)
    return Links(*arrays)


def points_from(tangents: NDArray, max_radius: float, backend: Backend) -> Points:
    """Points at the exponentials of tangent vectors at the origin, ready to descend.

    Parameters
    ----------
    tangents : ndarray of shape (n_points, n_components)
        In units of hyperbolic length.
    max_radius : float
        Points are kept within this distance of the origin.
    backend : Backend
        Where descent will run.

    Returns
    -------
    Points
        On the device of the backend.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.hyperbolic._poincare._descent import points_from
    >>> points_from(np.array([[0.0, 1.0]]), 30.0, get_backend("cpu")).coordinates
    array([[0.        , 0.46211716]])
    """
    norms = np.linalg.norm(tangents, axis=1)
    radii = np.minimum(norms, max_radius)
    units = tangents / np.where(norms > 0, norms, 1.0)[:, None]
    coordinates, gaps = (
        backend.asarray(array, dtype=backend.float64)
        for array in (
            np.tanh(radii / 2)[:, None] * units,
            1.0 / np.cosh(radii / 2) ** 2,
        )
    )
    zeros = partial(backend.xp.zeros, dtype=backend.float64, device=backend.device)
    first, second = zeros(tangents.shape), zeros(tangents.shape)
    return Points(coordinates, gaps, first, second, zeros(len(tangents)))


def descend_links(
    points: Points,
    links: Links,
    schedule: Schedule,
    rng: np.random.RandomState,
    backend: Backend,
    callback: Callable | None = None,
) -> NDArray:
    """Run epochs of descent; a head moves once in each, with all its links.

    Parameters
    ----------
    points : Points
        The start, changed in place.
    links : Links
        The graph, with at least one link.
    schedule : Schedule
        How long and how fast.
    rng : RandomState
        Draws the order of the heads and the seeds of the negatives.
    backend : Backend
        Where points and links are.
    callback : callable, default=None
        Called with the epoch and its loss after each; stops when it returns True.

    Returns
    -------
    losses : ndarray of shape (n_epochs,)
        Mean loss of a link in each epoch. With ``schedule.tol > 0`` the last epoch is
        that in which the mean of the last ten was no longer below that of the ten
        before by this share.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skgeom import PoincareEmbedding
    >>> path = csr_array(np.diag(np.ones(9), 1))
    >>> model = PoincareEmbedding(affinity="precomputed", max_iter=5).fit(path)
    >>> model.loss_curve_.shape
    (5,)
    """
    indptr = backend.to_numpy(links.indptr)
    heads = np.flatnonzero(np.diff(indptr))
    n_steps = -(-len(heads) // schedule.batch_size)
    splits = np.linspace(0, len(heads), n_steps + 1).astype(np.int64)
    n_uniform, n_local = schedule.draws(len(indptr) - 1)
    losses = []
    for epoch in range(schedule.max_iter):
        rate = schedule.learning_rate * (1.0 - epoch / schedule.max_iter)
        if epoch < schedule.burn_in:
            rate = schedule.learning_rate * _BURN_IN_RATE
        descent = Descent(schedule.rule, rate, n_uniform, n_local, schedule.max_radius)
        order, seed = rng.permutation(heads), int(rng.randint(2**31 - 1))
        loss = backend.descend_edges(points, links, order, splits, seed, descent)
        losses.append(loss / len(links.indices))
        if callback is not None and callback(epoch + 1, losses[-1]):
            break
        if schedule.tol > 0 and epoch >= schedule.burn_in + 2 * _WINDOW:
            before, last = np.mean(np.split(np.array(losses[-2 * _WINDOW :]), 2), 1)
            if last > (1.0 - schedule.tol) * before:
                break
    return np.array(losses)


def place_in_ball(
    table: tuple[NDArray, ...],
    fitted: Links,
    links: sp.csr_array,
    schedule: Schedule,
    backend: Backend,
) -> tuple[NDArray, NDArray]:
    """Place new points by their links to fixed ones, each independently.

    A point starts at the mean of the points that it links to, in the Lorentz model, and
    goes against the gradient of its own loss. Its negatives follow from its links.

    Parameters
    ----------
    table : tuple of ndarray
        Coordinates of the fixed points, shape (n_nodes, n_components), and one minus
        the squared norm of each.
    fitted : Links
        Of the fixed points, on the host.
    links : csr_array of shape (n_new, n_nodes)
        Weights of the links, at least one in each row.
    schedule : Schedule
        As in the fit.
    backend : Backend
        Where descent runs.

    Returns
    -------
    coordinates : ndarray of shape (n_new, n_components)
        Of the new points.
    gaps : ndarray of shape (n_new,)
        One minus the squared norm of each.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skgeom import PoincareEmbedding
    >>> path = csr_array(np.diag(np.ones(9), 1))
    >>> model = PoincareEmbedding(affinity="precomputed", max_iter=5).fit(path)
    >>> model.transform(csr_array(np.eye(10)[2:4] + np.eye(10)[5:7])).shape
    (2, 2)
    """
    coordinates, gaps = table
    n, n_new = coordinates.shape[0], links.shape[0]
    links = sp.csr_array(links)
    links.sort_indices()
    keys = _keys_of(links)
    links = sp.csr_array(sp.diags_array(1.0 / links.max(axis=1).toarray()) @ links)
    links = sp.csr_array(
        sp.diags_array(np.diff(links.indptr) / links.sum(axis=1)) @ links
    )
    start, start_gaps = lorentz_means(coordinates, gaps, links, schedule.max_radius)
    start, start_gaps = _shaken(start, start_gaps, keys, schedule.max_radius)
    rows = sp.vstack([sp.csr_array((n, n)), links], format="csr")
    rows.sort_indices()  # as `Links` promises; products may leave them unsorted
    extended = prepare_links(sp.csr_array((n, n)), backend)._replace(
        indptr=backend.asarray(rows.indptr.astype(np.int64)),
        indices=backend.asarray(rows.indices.astype(np.int64)),
        weights=backend.asarray(rows.data, dtype=backend.float64),
        back_indptr=backend.asarray(_padded(fitted.back_indptr, n_new)),
        back_indices=backend.asarray(fitted.back_indices),
        keys=backend.asarray(np.append(np.zeros(n, np.int64), keys)),
    )
    arrays = (
        np.concatenate([coordinates, start]),
        np.append(gaps, start_gaps),
        *np.zeros((2, n + n_new, coordinates.shape[1])),
        np.zeros(n + n_new),
    )
    points = Points(
        *(backend.asarray(array, dtype=backend.float64) for array in arrays)
    )
    heads, splits = np.arange(n, n + n_new), np.array([0, n_new])
    n_uniform, n_local = schedule.draws(n)
    for step in range(_PLACEMENT_STEPS):
        rate = _PLACEMENT_RATE * (1.0 - step / _PLACEMENT_STEPS)
        descent = Descent(
            "polar_adam", rate, n_uniform, n_local, schedule.max_radius, n_frozen=n
        )
        backend.descend_edges(points, extended, heads, splits, step, descent)
    placed, left = backend.to_numpy(points.coordinates), backend.to_numpy(points.gaps)
    return placed[n:], left[n:]


def _keys_of(links):
    """A number for each row, which its entries decide and nothing else.

    Of weights it reads the first 24 bits: the last ones differ between devices.
    """
    keys = np.zeros(links.shape[0], dtype=np.uint64)
    digits, exponents = np.frexp(links.data)
    digits = np.rint(digits * 2**24).astype(np.int64)
    for entries in (links.indices, digits, exponents):
        bits = (entries.astype(np.uint64) + np.uint64(1)) * _HASH
        keys = keys * _HASH + np.add.reduceat(
            bits ^ (bits >> np.uint64(29)), links.indptr[:-1]
        )
    return (keys >> np.uint64(1)).astype(np.int64)


def lorentz_means(coordinates, gaps, weights, max_radius):
    """Normalised sums of points of the Lorentz model, by rows of weights."""
    # Spatial and time coordinates are 2x / gap and (2 - gap) / gap.
    weights = weights @ sp.diags_array(gaps.min() / gaps)
    space, time = weights @ (2 * coordinates), weights @ (2 - gaps)
    norms = np.linalg.norm(space, axis=1)
    size = np.sqrt(np.maximum((time - norms) * (time + norms), 0.0))
    mean = space / (time + size)[:, None]
    # A mean is no farther out than the points, whatever rounding says.
    norms = np.linalg.norm(mean, axis=1)
    limit = np.tanh(max_radius / 2)
    mean *= np.minimum(1.0, limit / np.where(norms > 0, norms, 1.0))[:, None]
    smallest = 1.0 / np.cosh(max_radius / 2) ** 2
    return mean, np.maximum(1.0 - (mean**2).sum(axis=1), smallest)


def _shaken(coordinates, gaps, keys, max_radius):
    """Points moved by less than a unit, as their keys say: off lines of symmetry."""
    counters = np.arange(1, coordinates.shape[1] + 1, dtype=np.uint64)
    bits = (keys.astype(np.uint64)[:, None] + counters) * _HASH
    bits = (bits ^ (bits >> np.uint64(32))) * _HASH
    shift = (bits >> np.uint64(11)) * 2.0**-53 - 0.5
    shift /= np.sqrt(coordinates.shape[1])
    # Möbius sums, as in skgeom.geometry.poincare but with the gaps at hand.
    w, other = coordinates + shift, 1.0 - (shift**2).sum(axis=1)
    square = (w**2).sum(axis=1)
    bottom = gaps * other + square
    moved = (gaps[:, None] * w + square[:, None] * coordinates) / bottom[:, None]
    new_gaps = gaps * other / bottom
    smallest = 1.0 / np.cosh(max_radius / 2) ** 2
    outside = (new_gaps < smallest)[:, None]
    return (
        np.where(outside, coordinates, moved),
        np.where(outside[:, 0], gaps, new_gaps),
    )


def _padded(indptr, n_new):
    """Pointers of a CSR array with empty rows at its end."""
    return np.append(indptr, np.full(n_new, indptr[-1]))
