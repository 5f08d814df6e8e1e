"""numba kernels: spanning trees of a few centres, and sums along their paths."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def spanning_tree(n_nodes, first, second, order):
    """Ends of the links that Kruskal's algorithm takes, given in an order.

    Parameters
    ----------
    n_nodes : int
        As many; links join them all.
    first, second : int arrays of shape (n_links,)
        Ends of the links.
    order : int array of shape (n_links,)
        Links, the cheapest first.

    Returns
    -------
    int array of shape (2, n_nodes - 1)
        Ends of the links of the tree.
    """
    parent, ends = np.arange(n_nodes), np.empty((2, n_nodes - 1), np.intp)
    taken = 0
    for link in order:
        a, b = first[link], second[link]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a == b:
            continue
        parent[b] = a
        ends[0, taken], ends[1, taken] = first[link], second[link]
        taken += 1
        if taken == n_nodes - 1:
            break
    return ends[:, :taken]


@njit(**OPTIONS)
def sums_along(ends, values, out):
    """Sum up the values of the links of a tree over the paths between its nodes.

    From the first node on, so that both directions may differ in the last digit.

    Parameters
    ----------
    ends : int array of shape (2, n_nodes - 1)
        Of the links.
    values : array of shape (n_nodes, n_nodes)
        Of links, in the direction in which `ends` names them.
    out : array of shape (n_nodes, n_nodes)
        Written; a row for each first node.
    """
    n, n_links = len(out), ends.shape[1]
    starts = np.zeros(n + 2, np.intp)
    for link in range(n_links):
        starts[ends[0, link] + 2] += 1
        starts[ends[1, link] + 2] += 1
    for node in range(n):
        starts[node + 2] += starts[node + 1]
    others, steps = np.empty(2 * n_links, np.intp), np.empty(2 * n_links)
    for link in range(n_links):
        a, b = ends[0, link], ends[1, link]
        for here, there in ((a, b), (b, a)):
            others[starts[here + 1]] = there
            steps[starts[here + 1]] = values[a, b]
            starts[here + 1] += 1
    waiting, came = np.empty(n, np.intp), np.empty(n, np.intp)
    for source in range(n):
        waiting[0], came[source], left = source, source, 1
        out[source, source] = 0.0
        while left > 0:
            left -= 1
            node = waiting[left]
            for place in range(starts[node], starts[node + 1]):
                other = others[place]
                if other == came[node]:
                    continue
                out[source, other] = out[source, node] + steps[place]
                came[other] = node
                waiting[left] = other
                left += 1


@njit(**OPTIONS)
def shared_weight(indptr, indices, shares, weights, out):
    """Add the weights of points that two centres share, S' diag(w) S, to `out`.

    Parameters
    ----------
    indptr, indices, shares : arrays of a CSR matrix
        S, of shape (n_points, n_centers).
    weights : array of shape (n_points,)
        w.
    out : array of shape (n_centers, n_centers)
        Changed in place.
    """
    for i in range(len(indptr) - 1):
        for a in range(indptr[i], indptr[i + 1]):
            share = shares[a] * weights[i]
            for b in range(indptr[i], indptr[i + 1]):
                out[indices[a], indices[b]] += share * shares[b]
