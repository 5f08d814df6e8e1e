"""numba kernels: shortest paths from many nodes at once."""

from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def settle_paths(
    indptr, indices, lengths, orders, sources, distances, most_visits, waiting
):
    """Lower distances along edges until no edge shortens any.

    A visit of a node hands the distances from all sources on to its neighbours; those
    that got nearer to any source wait for a visit of their own. Nodes are visited in
    sweeps, up and down one order after another, so that a path that runs along one of
    them is followed from end to end in a sweep.

    Parameters
    ----------
    indptr, indices, lengths : arrays of a CSR matrix
        Edges from row to column, lengths >= 0.
    orders : int array of shape (n_orders, n_nodes)
        Each names every node once.
    sources : int array of shape (n_sources,)
    distances : array of shape (n_nodes, n_sources)
        Filled with infinity; written.
    most_visits : int
        Give up after so many.
    waiting : bool array of shape (n_nodes,)
        Scratch, all False.

    Returns
    -------
    bool
        Whether all was settled.
    """
    n, width = distances.shape
    left, visits = 0, 0
    for column in range(width):
        source = sources[column]
        distances[source, column] = 0.0
        left += not waiting[source]
        waiting[source] = True
    sweep = 0
    while left > 0:
        order, upward = orders[sweep // 2 % orders.shape[0]], sweep % 2 == 0
        sweep += 1
        for step in range(n):
            node = order[step] if upward else order[n - 1 - step]
            if not waiting[node]:
                continue
            waiting[node] = False
            left -= 1
            visits += 1
            from_here = distances[node]
            for p in range(indptr[node], indptr[node + 1]):
                neighbor, length, nearer = indices[p], lengths[p], False
                known = distances[neighbor]
                for column in range(width):
                    over = from_here[column] + length
                    nearer |= over < known[column]
                    known[column] = over if over < known[column] else known[column]
                if nearer and not waiting[neighbor]:
                    waiting[neighbor] = True
                    left += 1
        if visits > most_visits:
            return left == 0
    return True


@njit(**OPTIONS)
def keep_nearest(distances, numbers, nearest, lengths):
    """Enter the columns of a block of distances in the list of the nearest of each row.

    Parameters
    ----------
    distances : array of shape (n, n_columns)
    numbers : int array of shape (n_columns,)
        By which columns are known.
    nearest, lengths : arrays of shape (n, n_kept)
        Numbers and distances of the nearest so far, in order, equal distances by the
        lowest number; lengths start at infinity. Changed in place.
    """
    last = nearest.shape[1] - 1
    for i in range(distances.shape[0]):
        near, far = nearest[i], lengths[i]
        for column in range(distances.shape[1]):
            length, number = distances[i, column], numbers[column]
            if length > far[last] or (length == far[last] and number > near[last]):
                continue
            place = last
            while place > 0 and (
                far[place - 1] > length
                or (far[place - 1] == length and near[place - 1] > number)
            ):
                near[place], far[place] = near[place - 1], far[place - 1]
                place -= 1
            near[place], far[place] = number, length
