"""What walkers on a graph read: a record of plain arrays."""

from typing import Any, NamedTuple

COUPLINGS = (None, "antithetic", "repelling")


class Steps(NamedTuple):
    """The random walk of a symmetric graph, laid out for walkers.

    Every node has a neighbour: an isolated one has itself.

    Parameters
    ----------
    indptr : array of shape (n_nodes + 1,), int64
        Where the neighbours of each node begin.
    indices : array of shape (n_steps,), int32 or int64
        Neighbours, as positions in these arrays.
    cumulative : array of shape (n_steps,) or (0,), float64
        Cumulated probabilities of the neighbours of each node; empty if all
        neighbours of a node are equally likely.
    roots : array of shape (n_nodes,), float64
        Square roots of the degrees.
    names : array of shape (n_nodes,), int32 or int64
        Number of each node in the graph: its column, and what its draws depend on.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> Graph.from_edges([[0, 1], [1, 2]]).steps().indptr
    array([0, 1, 3, 4])
    """

    indptr: Any
    indices: Any
    cumulative: Any
    roots: Any
    names: Any
