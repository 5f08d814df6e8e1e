"""The exact end of a neighbour search, shared by every engine.

Fast searches compute squared distances as differences of large numbers, so they are
wrong in the last digits: enough to reorder neighbours and to move duplicates apart.
They therefore propose a few candidates more than asked, and this step decides.
"""

from skgeom.backends._dispatch import row_blocks


def n_candidates(k, n_samples):
    """How many candidates a search proposes when `k` neighbours are wanted."""
    return min(n_samples, k + 4 + k // 4)


def unit_rows(xp, X):
    """Scale rows to unit length; a zero row stays zero."""
    norms = xp.sqrt(xp.sum(X * X, axis=1, keepdims=True))
    return X / xp.where(norms > 0, norms, xp.ones_like(norms))


def refine_neighbors(xp, X, Y, candidates, k, metric, float64):
    """Recompute distances exactly and keep the `k` nearest of each row's candidates.

    Equal distances are ordered by the lowest index, so the answer does not depend on
    the engine that proposed the candidates.

    Returns
    -------
    distances : array of shape (len(Y), k), float64
        Nearest first.
    indices : array of shape (len(Y), k), int64
        Rows of X.
    """
    candidates = xp.sort(xp.astype(candidates, xp.int64), axis=1)
    distances, indices = [], []
    for rows in row_blocks(Y.shape[0], 8 * candidates.shape[1] * X.shape[1]):
        difference = xp.astype(
            xp.reshape(
                xp.take(X, xp.reshape(candidates[rows, :], (-1,)), axis=0),
                (*candidates[rows, :].shape, X.shape[1]),
            ),
            float64,
        ) - xp.astype(Y[rows, None, :], float64)
        squared = xp.sum(difference * difference, axis=2)
        order = xp.argsort(squared, axis=1, stable=True)[:, :k]
        squared = xp.take_along_axis(squared, order, axis=1)
        distances.append(squared / 2 if metric == "cosine" else xp.sqrt(squared))
        indices.append(xp.take_along_axis(candidates[rows, :], order, axis=1))
    return xp.concat(distances, axis=0), xp.concat(indices, axis=0)
