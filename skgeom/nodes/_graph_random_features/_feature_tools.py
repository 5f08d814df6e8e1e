"""A look at the error of features, and a projection of them to few columns."""

import numpy as np
import scipy.sparse as sp

from skgeom._warnings import warn
from skgeom.nodes._walk_features import (
    length_law,
    variance_ratio,
)

# Non-zero entries for each node in the projection to few columns.
_PROJECTION_ENTRIES = 8
# Nodes whose kernel is looked at, and how many start nodes of neighbourhoods there are
# among them.
_LOOKED_AT, _NEIGHBORHOODS = 256, 16
# More steps than this many times those of "auto", for the same error, are a mistake.
_WASTEFUL = 10.0
# Features of so many rows are kept for all kernels that are tried.
_FEW_ROWS = 2**12


def checked_law(kernel, halting_probability, n_walks, method):
    """Probabilities of the lengths, with a warning of those that diverge."""
    f, p = kernel.modulation, halting_probability
    law = length_law(f, p, n_walks)
    if method == "walk" and p != "auto":
        ratio = variance_ratio(f, law)
        if p >= 1 - kernel.decay**2 or ratio > _WASTEFUL:
            reason = (
                f"it must be below {1 - kernel.decay**2:.3g} for a finite variance"
                if p >= 1 - kernel.decay**2
                else f"walks need about {ratio:.2g} times the steps of 'auto'"
            )
            warn(
                f"halting_probability={p} is too large for the kernel "
                f"{kernel.name!r}: {reason}. Use 'auto'.",
            )
    return law


def sparse_projection(
    n_nodes: int, n_components: int, dtype: type, rng: np.random.RandomState
) -> sp.csr_array:
    """Draw a few random signs for each node: inner products are kept in the mean.

    Signs are one in each of equal parts of the columns (Kane and Nelson, "Sparser
    Johnson-Lindenstrauss transforms", Journal of the ACM 61, 2014).

    Parameters
    ----------
    n_nodes, n_components : int
        Rows and columns of the projection.
    dtype : {numpy.float32, numpy.float64}
        Of the entries.
    rng : RandomState instance
        Decides the draws.

    Returns
    -------
    csr_array of shape (n_nodes, n_components)
        Eight entries in a row, or as many as there are columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_random_features._feature_tools import (
    ...     sparse_projection,
    ... )
    >>> P = sparse_projection(3, 100, np.float64, np.random.RandomState(0))
    >>> (P @ P.T).diagonal().round(6)
    array([1., 1., 1.])
    """
    size = min(_PROJECTION_ENTRIES, n_components)
    # One entry in each of `size` equal parts of the columns, so that none coincide.
    edges = np.linspace(0, n_components, size + 1).astype(np.int64)
    columns = (edges[:-1] + rng.uniform(size=(n_nodes, size)) * np.diff(edges)).astype(
        np.int32
    )
    signs = rng.choice(np.array([-1, 1], dtype=dtype), size=(n_nodes, size))
    signs /= np.sqrt(dtype(size))
    indptr = np.arange(n_nodes + 1) * size
    return sp.csr_array(
        (signs.ravel(), columns.ravel(), indptr), shape=(n_nodes, n_components)
    )


def nearby_nodes(adjacency, seed):
    """All nodes of a small graph; else some neighbourhoods, so that pairs are near."""
    n = adjacency.shape[0]
    if n <= _LOOKED_AT:
        return np.arange(n)
    rng, found = np.random.default_rng(seed), set()
    size = _LOOKED_AT // _NEIGHBORHOODS
    for start in rng.choice(n, _NEIGHBORHOODS, replace=False):
        ball, place = [int(start)], 0
        while len(ball) < size and place < len(ball):
            begin, end = (
                adjacency.indptr[ball[place]],
                adjacency.indptr[ball[place] + 1],
            )
            seen = set(ball)
            ball += [int(v) for v in adjacency.indices[begin:end] if v not in seen]
            place += 1
        found.update(ball[:size])
    return np.array(sorted(found))


def half_set_error(one, two, share):
    """Relative error of the kernel of a set of walks, from two independent halves.

    `share` is the size of a half, as a share of that of the set.
    """
    own, other = (one @ one.T).toarray(), (two @ two.T).toarray()
    mixed = (one @ two.T).toarray()
    # The variance of a half, and its bias on the diagonal, by which the inner product
    # of a set with itself is above that of the two.
    variance = ((own - other) ** 2).sum() / 2
    bias = np.diag(own + other) / 2 - np.diag(mixed)
    norm = max((own * other).sum(), np.finfo(np.float64).tiny)
    return float(np.sqrt((variance * share + (bias**2).sum() * share**2) / norm))


def cut_off_error(coarse, fine):
    """Relative error of the kernel of features beside that of better ones."""
    exact = (fine @ fine.T).toarray()
    gap = (coarse @ coarse.T).toarray() - exact
    return float(np.linalg.norm(gap) / np.linalg.norm(exact))


def are_single_nodes(own, weights):
    """Whether each row is one node."""
    return (np.diff(own.indptr) == 1) & (np.diff(weights.indptr) == 0)


def products_of_features(features, n_rows):
    """Kernels of features between some rows, and as products, for `choose_kernel`."""
    found = {}

    def of(kernel):
        if n_rows > _FEW_ROWS:
            return features(kernel)
        if id(kernel) not in found:
            found[id(kernel)] = features(kernel)
        return found[id(kernel)]

    def gram(kernels, places):
        for kernel in kernels:
            Phi = of(kernel)[places]
            yield (Phi @ Phi.T).toarray().astype(np.float64)

    def product(kernel):
        Phi = of(kernel)
        return lambda V: Phi @ (Phi.T @ V)

    return gram, product
