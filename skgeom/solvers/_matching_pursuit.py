"""Orthogonal matching pursuit of many rows at once (Pati et al., 1993)."""

from typing import Any, NamedTuple

from skgeom.backends import row_blocks
from skgeom.typing import Array

# Up to so many atoms a product with the whole Gram matrix is the fastest.
_FEW_ATOMS = 512
# A correlation below this share of the largest of its row at first is rounding.
_ROUNDING = 1e-10


class SparseCodes(NamedTuple):
    """Which atoms rows are made of, in the order in which they were found.

    Both arrays have shape (n_rows, n_nonzero). Where a row needs fewer atoms, or there
    are no more, coefficients are zero.
    """

    indices: Any
    coefficients: Any


def orthogonal_matching_pursuit(
    xp: Any,
    gram: Array,
    correlations: Array,
    n_nonzero: int,
    *,
    excluded: Array | None = None,
) -> SparseCodes:
    r"""Approximate rows by few atoms each, by orthogonal matching pursuit.

    In each step every row takes the atom that correlates most with what is left of it,
    and its coefficients become those of least squares on the atoms that it has [1]_.
    All rows go together: correlations with what is left are
    :math:`X D^\top - C\, D D^\top`, so that neither rows nor atoms are needed, but
    their products, and small systems are solved for all rows in one call [2]_.

    Parameters
    ----------
    xp : module
        Array namespace of the arrays.
    gram : array of shape (n_atoms, n_atoms)
        Products of the atoms, which are to be of length one, or zero.
    correlations : array of shape (n_rows, n_atoms)
        Products of the rows and the atoms, in the type of `gram`.
    n_nonzero : int
        Atoms a row, >= 1; not more than there are, are found.
    excluded : array of shape (n_rows,), int64, default=None
        An atom that each row does without: its own, where rows are atoms.

    Returns
    -------
    SparseCodes
        Indices, int64, and coefficients of the atoms.

    Raises
    ------
    ValueError
        If `n_nonzero` is less than 1.

    References
    ----------
    .. [1] Pati, Rezaiifar and Krishnaprasad, "Orthogonal matching pursuit: recursive
       function approximation with applications to wavelet decomposition", Asilomar
       Conference on Signals, Systems and Computers, 1993.
    .. [2] Rubinstein, Zibulevsky and Elad, "Efficient implementation of the K-SVD
       algorithm using batch orthogonal matching pursuit", Technion, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import orthogonal_matching_pursuit
    >>> D = np.eye(3)
    >>> found = orthogonal_matching_pursuit(np, D @ D.T, np.array([[1.0, 0, -3]]), 2)
    >>> found.indices, found.coefficients
    (array([[2, 0]]), array([[-3.,  1.]]))
    """
    if n_nonzero < 1:
        raise ValueError(f"n_nonzero={n_nonzero} must be at least 1.")
    n_rows, n_atoms = correlations.shape
    k = min(n_nonzero, n_atoms)
    gathered = 0 if n_atoms <= _FEW_ATOMS else k
    parts = []
    for rows in row_blocks(n_rows, 8 * n_atoms * (4 + gathered)):
        not_these = None if excluded is None else excluded[rows]
        parts.append(_pursue(xp, gram, correlations[rows], k, not_these))
    return SparseCodes(*(xp.concat(part) for part in zip(*parts, strict=True)))


def _pursue(xp, gram, correlations, k, excluded):
    """The pursuit of one block of rows."""
    n, m = correlations.shape
    here = dict(device=correlations.device)
    every = xp.arange(n, **here)
    free = xp.ones((n, m), dtype=xp.bool, **here)
    if excluded is not None:
        free[every, excluded] = False
    indices = xp.zeros((n, k), dtype=xp.int64, **here)
    found = xp.zeros((n, k), dtype=xp.bool, **here)
    solution = xp.zeros((n, k), dtype=correlations.dtype, **here)
    rest = correlations
    nothing = None
    for step in range(k):
        sizes = xp.where(free, xp.abs(rest), -1.0)
        best = xp.argmax(sizes, axis=1)
        largest = sizes[every, best]
        if nothing is None:
            nothing = _ROUNDING * largest
        # A row of which nothing is left has zeros from here on.
        found[:, step] = (largest > nothing) & (largest > 0)
        indices[:, step] = best
        free[every, best] = False
        chosen, there = indices[:, : step + 1], found[:, : step + 1]
        both = there[:, :, None] & there[:, None, :]
        # Of what is not there the system has a row of the identity.
        lone = xp.eye(step + 1, dtype=gram.dtype, **here)
        inner = xp.where(both, gram[chosen[:, :, None], chosen[:, None, :]], lone)
        wanted = xp.where(there, xp.take_along_axis(correlations, chosen, axis=1), 0.0)
        solution = xp.linalg.solve(inner, wanted[:, :, None])[:, :, 0]
        if step + 1 == k:
            break
        if m <= _FEW_ATOMS:
            codes = xp.zeros((n, m), dtype=gram.dtype, **here)
            codes[every[:, None], chosen] = solution
            rest = correlations - codes @ gram
        else:
            rest = correlations - (solution[:, None, :] @ gram[chosen])[:, 0]
    return indices, solution
