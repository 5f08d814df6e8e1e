"""Where descent in the Poincaré ball starts from: a layout, a smaller one, or nothing.

The loss is that of Nickel and Kiela, "Poincaré embeddings for learning hierarchical
representations", NIPS 2017.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, Links
from skgeom.hyperbolic._poincare._descent import Schedule, descend_links, points_from
from skgeom.hyperbolic._poincare._tree_layout import hierarchy_tree, tree_layout
from skgeom.metrics import link_ranks
from skgeom.typing import NDArray

# Learning rates of learning_rate="auto".
_RATES = {"tangent_adam": 0.06, "polar_adam": 0.1, "sgd": 0.1}
# Sectors of a node in the layout that a step of tangent Adam may cross at most.
_SECTORS = 4
# Spread of starting points, and of the coordinates that a layout does not use.
_SPREAD = 1e-3
# A trial has one epoch for so many of the fit, and ranks the links of so many nodes.
_EPOCHS_PER_TRIAL, _N_RANKED = 15, 500
# Smaller layouts, tried where the loss decides. At half of the size sectors are about a
# unit wide. A smaller layout is sooner where it ends: it must be clearly better.
_SMALLER, _CLEARLY = (0.5, 0.0), 0.9
# Where there are dimensions to evade to, it says no more than which way to go.
_SCALES_OF_TANGENTS = (1.0, 0.1)


def choose_start(
    adjacency: sp.csr_array,
    links: Links,
    n_components: int,
    init: str,
    schedule_for: Callable[[float], Schedule],
    rng: np.random.RandomState,
    backend: Backend,
) -> tuple[NDArray, float]:
    """Choose where descent starts.

    For "auto" a trial from each start is a fit of a fifteenth of the epochs, which
    cools as the fit does. In few dimensions what is far apart stays so, and the loss
    decides, where a smaller layout must be better by a tenth. In more of them all
    starts come to nearly the same loss, one sooner than the other; there it is the mean
    rank of the links of some nodes. Trials have seeds of their own: the choice is the
    graph's.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Of the directed graph, without self-loops.
    links : Links
        The same, as descent reads it.
    n_components : int
        Dimension of the ball. A line has no room for a layout.
    init : {"auto", "tree", "random"}
        "tree" draws the tree of `hierarchy_tree` in the plane of the first two
        coordinates. "random" is near the origin. "auto" is one of them, or a smaller
        drawing.
    schedule_for : callable
        The schedule of the fit from a drawing of some size.
    rng : RandomState
        Draws small coordinates, which come on top.
    backend : Backend
        Where descent runs.

    Returns
    -------
    tangents : ndarray of shape (n_nodes, n_components)
        Tangent vectors at the origin, to be mapped into the ball.
    scale : float
        What the radii of the drawing were multiplied by: 1 for "tree", 0 for "random".

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import PoincareEmbedding
    >>> from skgeom.graph import Graph
    >>> tree = Graph.from_edges([[i, i - 1 - i % 3] for i in range(3, 63)])
    >>> model = PoincareEmbedding(graph=tree, random_state=0)
    >>> model.fit(np.arange(63)[:, None]).init_scale_
    0.5
    """
    shape = adjacency.shape[0], n_components
    if init == "random" or n_components == 1:
        return _drawn(None, shape, 0.0, rng), 0.0
    layout = tree_layout(*hierarchy_tree(adjacency))
    if init == "tree":
        return _drawn(layout, shape, 1.0, rng), 1.0
    heads = np.flatnonzero(np.diff(adjacency.indptr))
    heads = np.random.RandomState(0).permutation(heads)[:_N_RANKED]
    known = sp.csr_array((len(heads), len(layout[0])))
    by_rank = schedule_for(1.0).rule == "tangent_adam"

    def failure(scale):
        schedule = schedule_for(scale)
        short = replace(
            schedule,
            max_iter=-(-schedule.max_iter // _EPOCHS_PER_TRIAL),
            burn_in=schedule.burn_in // _EPOCHS_PER_TRIAL,
            tol=0.0,
        )
        own = np.random.RandomState(0)
        start = _drawn(layout, shape, scale, own)
        points = points_from(start, schedule.max_radius, backend)
        losses = descend_links(points, links, short, own, backend)
        if not by_rank:
            return losses[-1]
        nodes = tuple(map(backend.to_numpy, points[:2]))
        queries = tuple(array[heads] for array in nodes)
        return link_ranks(queries, nodes, adjacency[heads], known, heads)[1].mean()

    if by_rank:
        scale = min(_SCALES_OF_TANGENTS, key=failure)
    else:
        scale, least = 1.0, failure(1.0)
        for smaller in _SMALLER:
            loss = failure(smaller)
            if loss < _CLEARLY * least:
                scale, least = smaller, loss
    return _drawn(layout, shape, scale, rng), scale


def learning_rate_from(scale: float, rule: str, n_nodes: int) -> float:
    """The rate of learning_rate="auto", which keeps a whole layout."""
    rate = _RATES[rule]
    if rule == "tangent_adam" and scale == 1:
        rate = min(rate, _SECTORS * 2 * np.pi / n_nodes)
    return rate


def _drawn(layout, shape, scale, rng):
    """Tangent vectors of a layout of some size, and a little beside it."""
    tangents = rng.uniform(-_SPREAD, _SPREAD, shape)
    if scale > 0:
        radii, angles = layout
        tangents[:, 0] += scale * radii * np.cos(angles)
        tangents[:, 1] += scale * radii * np.sin(angles)
    return tangents
