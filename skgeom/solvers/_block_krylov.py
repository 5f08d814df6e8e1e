"""Leading eigenpairs and singular triplets by block Krylov (Musco and Musco, 2015).

A random block is multiplied again and again, and all products are kept, orthonormal:
in their span the leading vectors are found with far fewer products than by powers of
the matrix alone, which keep the last one. Equal eigenvalues are found as often as the
block has columns.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from skgeom._warnings import warn
from skgeom.backends import Backend, get_backend
from skgeom.solvers._symmetric import largest_eigenpairs
from skgeom.typing import Array, NDArray, RandomStateLike

# Columns of a block beside those that are wanted: half as many, and at least so many.
_LEAST_MORE = 8
# Directions of a new block below this share of the matrix are rounding.
_NOTHING_NEW = 1e-13
# Of products in float32.
_NOTHING_NEW_IN_FLOAT32 = 1e-6
# Below this share they are made orthogonal once more.
_SMALL = 1e-4
# Columns of which the squares of singular values differ by less are even.
_EVEN = 1e-3


class KrylovPairs(NamedTuple):
    r"""Eigenvalues in decreasing order with their vectors, of the backend.

    `residuals` has the length of :math:`A v - \lambda v` for each pair, and `n_iter`
    is the number of products.
    """

    values: NDArray
    vectors: Array
    residuals: NDArray
    n_iter: int


class SingularTriplets(NamedTuple):
    r"""Singular values in decreasing order with their vectors, as NumPy arrays.

    `residual` is the largest of the lengths of :math:`A^\top u - s v`, each over its
    s, and `n_iter` the number of products with the matrix and with its transpose.
    """

    U: NDArray
    s: NDArray
    Vt: NDArray
    residual: float
    n_iter: int


def block_size(n_components: int, n: int) -> int:
    """Columns of a block that finds so many pairs of an n x n matrix."""
    return min(n, n_components + max(_LEAST_MORE, n_components // 2))


def krylov_eigenpairs(
    product: Callable[[Array], Array],
    start: Array,
    n_components: int,
    *,
    tol: float,
    max_iter: int,
    backend: Backend,
    noise: float = 0.0,
    rounding: float = _NOTHING_NEW,
) -> KrylovPairs:
    r"""Compute the largest eigenvalues of a symmetric matrix known by its products.

    With an orthonormal basis Q of all blocks and :math:`T = Q^\top A Q`, eigenpairs of
    T are those of A but for what A Q has outside the span of Q, which the last block
    alone has [1]_: the residual costs no product.

    Parameters
    ----------
    product : callable
        Multiplies the matrix with columns, of the backend.
    start : array of shape (n, n_columns)
        The first block, of the backend, its widest float. With fewer columns than
        `n_components` there are at least so many more products.
    n_components : int
        How many pairs.
    tol : float
        Wanted residual, as a share of each eigenvalue.
    max_iter : int
        Most products.
    backend : Backend
        Where arrays are.
    noise : float, default=0.0
        What is below is rounding of the product: no smaller residual is asked for.
    rounding : float, default=1e-13
        The same, as a share of the matrix.

    Returns
    -------
    KrylovPairs
        At most `n_components` pairs; fewer where the blocks have no more directions.

    References
    ----------
    .. [1] Musco and Musco, "Randomized block Krylov methods for stronger and faster
       approximate singular value decomposition", NIPS 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.solvers._block_krylov import krylov_eigenpairs
    >>> d = np.arange(1.0, 201.0)
    >>> start = np.random.default_rng(0).normal(size=(200, 8))
    >>> found = krylov_eigenpairs(
    ...     lambda V: d[:, None] * V, start, 2, tol=1e-6, max_iter=30,
    ...     backend=get_backend("cpu"),
    ... )
    >>> found.values.round(6)
    array([200., 199.])
    """
    xp = backend.xp
    blocks = [_factors(start, backend)[0]]
    T = np.zeros((0, 0))
    for n_iter in range(1, max_iter + 1):
        last = blocks[-1]
        rest = product(last)
        # Of a symmetric matrix a product has parts along the last two blocks alone, but
        # for rounding; then all, for what rounding has left.
        rest, near = _without(rest, blocks[-2:])
        rest, inside = _without(rest, blocks)
        inside[-len(near) :] = [a + b for a, b in zip(inside[-2:], near, strict=True)]
        inside = backend.to_numpy(xp.concat(inside, axis=0))
        T = _bordered(T, inside)
        values, Y = map(np.asarray, largest_eigenpairs(T, min(n_components, len(T))))
        values, Y = values[::-1], Y[:, ::-1]
        new, sizes, right = _factors(rest, backend)
        outside = right[: len(sizes)] @ Y[-last.shape[1] :]
        residuals = np.linalg.norm(sizes[:, None] * outside, axis=0)
        size = max(np.abs(T).max(), sizes.max(initial=0.0))
        floor = max(noise, rounding * size)
        n_kept = int(np.count_nonzero(sizes > floor))
        small = residuals <= np.maximum(tol * np.abs(values), floor)
        if (len(values) == n_components and small.all()) or not n_kept:
            break
        if n_iter < max_iter:
            new = new[:, :n_kept]
            # Of small directions much is rounding, and in the span of the others.
            for _ in range(2 if sizes[n_kept - 1] < _SMALL * size else 0):
                for B in blocks:
                    new = new - B @ (B.T @ new)
                new = xp.linalg.qr(new)[0]
            blocks.append(new)
    starts = np.cumsum([0, *(B.shape[1] for B in blocks)])
    vectors = sum(
        B @ backend.asarray(np.ascontiguousarray(Y[a:b]))
        for B, a, b in zip(blocks, starts[:-1], starts[1:], strict=True)
    )
    return KrylovPairs(values, vectors, residuals, n_iter)


def _without(block, others):
    """The block less its parts along others, and these parts."""
    parts = [B.T @ block for B in others]
    for B, part in zip(others, parts, strict=True):
        block = block - B @ part
    return block, parts


def _factors(block, backend):
    """Singular vectors, values and transposed right vectors of a tall block.

    The vectors are of the backend, the others on the host. Where columns are about as
    long in all directions they come from the small matrix of their products, in a
    fraction of the time of a QR.
    """
    squares, turn = np.linalg.eigh(backend.to_numpy(block.T @ block))
    squares, turn = squares[::-1], turn[:, ::-1]
    if squares[-1] > _EVEN * squares[0]:
        sizes = np.sqrt(squares)
        return block @ backend.asarray(turn / sizes), sizes, turn.T
    Q, R = backend.xp.linalg.qr(block)
    left, sizes, right = np.linalg.svd(backend.to_numpy(R))
    left = np.ascontiguousarray(left[:, : len(sizes)])
    return Q @ backend.asarray(left), sizes, right


def _bordered(T, columns):
    """Grow a symmetric matrix by the columns of a new block."""
    n, width = columns.shape
    grown = np.zeros((n, n))
    grown[: len(T), : len(T)] = T
    grown[:, -width:] = columns
    grown[-width:] = columns.T
    own = grown[-width:, -width:]
    grown[-width:, -width:] = (own + own.T) / 2
    return grown


def truncated_svd(
    A: Any,
    n_components: int,
    *,
    tol: float = 1e-3,
    max_iter: int = 30,
    n_columns: int | None = None,
    symmetric: bool = False,
    random_state: RandomStateLike = None,
    backend: Backend | None = None,
) -> SingularTriplets:
    r"""Compute the largest singular triplets of a matrix, to a residual.

    Randomised solvers that make a given number of products return whatever they have
    by then, which on dense spectra (of a graph, of noise) is far from the leading
    vectors. Here the products of :math:`A^\top A`, or of :math:`A A^\top` where that
    is smaller, with a random block span a Krylov space [1]_ that grows until the
    residual is small.

    Parameters
    ----------
    A : ndarray, sparse matrix, array of the backend or LinearOperator of shape (n, m)
        The matrix, or what multiplies with it: an object with `shape`, `matmat` and
        `rmatmat`. A sparse matrix of float32 is multiplied in float32 on the host, in
        half the time: what is a millionth of its square is rounding then.
    n_components : int
        How many, >= 1; not more than the smaller side are returned.
    tol : float, default=1e-3
        Wanted residual of each triplet, :math:`|A^\top u - s v| / s`. Errors of
        singular values are about its square.
    max_iter : int, default=30
        Most products with the matrix and its transpose. Each keeps a block.
    n_columns : int, default=None
        Columns of a block; None is about 1.5 `n_components`. Fewer make more products
        of less work and memory in all, but find a value that comes more often than
        there are columns not as often as it comes, and beyond the rank vectors may be
        zero.
    symmetric : bool, default=False
        Whether the matrix is its transpose, which then is not laid out.
    random_state : int, RandomState instance or None, default=None
        Decides the first block.
    backend : Backend, default=None
        Where products are computed; None is the host.

    Returns
    -------
    SingularTriplets
        ``U`` of shape (n, k) and ``Vt`` of shape (k, m) with orthonormal columns and
        rows, ``s`` of shape (k,) in decreasing order, the ``residual`` and ``n_iter``.
        The largest entry of each column of U is positive. Values below 1e-7 of the
        largest are no more accurate than that; beyond the rank they are zero.

    Raises
    ------
    ValueError
        If `n_components` or `n_columns` is less than 1.

    Warns
    -----
    ConvergenceWarning
        If the residual is above `tol` after `max_iter` products.

    References
    ----------
    .. [1] Musco and Musco, "Randomized block Krylov methods for stronger and faster
       approximate singular value decomposition", NIPS 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import truncated_svd
    >>> A = np.random.default_rng(0).normal(size=(300, 200))
    >>> found = truncated_svd(A, 3, random_state=0)
    >>> bool(np.abs(found.s / np.linalg.svd(A)[1][:3] - 1).max() < 1e-5)
    True
    """
    if n_components < 1:
        raise ValueError(f"n_components={n_components} must be at least 1.")
    if n_columns is not None and n_columns < 1:
        raise ValueError(f"n_columns={n_columns} must be at least 1.")
    backend = get_backend("cpu") if backend is None else backend
    narrow = sp.issparse(A) and A.dtype == np.float32 and backend.name == "numba"
    there, back = _products(A, symmetric, narrow, backend)
    rounding = _NOTHING_NEW_IN_FLOAT32 if narrow else _NOTHING_NEW
    n, m = A.shape
    if n < m:
        there, back = back, there
    small = min(n, m)
    k = min(n_components, small)
    rng = check_random_state(random_state)
    width = block_size(k, small) if n_columns is None else min(n_columns, small)
    start = backend.asarray(rng.standard_normal((small, width)), backend.float64)
    # The square of the matrix over its size: that of the matrix may not be a number.
    size = float(backend.xp.max(backend.xp.abs(there(start))))
    unit = 1 / max(size, 1e-300)
    found = krylov_eigenpairs(
        lambda V: unit * back(unit * there(V)),
        start,
        k,
        tol=tol,
        max_iter=max_iter,
        backend=backend,
        rounding=rounding,
    )
    V = found.vectors
    # The products themselves: squares of small singular values have lost their digits.
    U, s, right = _factors(unit * there(V), backend)
    U, V = backend.to_numpy(U), backend.to_numpy(V) @ right.T
    squares, s = s**2, s / unit
    largest = squares.max(initial=0.0)
    # What is so small is rounding of the square, and no residual of a triplet.
    least = rounding / max(tol, 1e-3) if narrow else 1e-12
    told = squares > least * largest
    residual = float((found.residuals[told] / squares[told]).max(initial=0.0))
    if residual > tol:
        warn(
            f"truncated_svd: after {found.n_iter} products the residual is "
            f"{residual:.2g}, above tol={tol:g}. The spectrum is flat there; raise "
            "max_iter, or ask for fewer components.",
            ConvergenceWarning,
        )
    eps = np.finfo(np.float32 if narrow else np.float64).eps
    s = np.where(s > eps * max(n, m) * s.max(initial=0.0), s, 0.0)
    if n < m:
        U, V = V, U
    signs = column_signs(U)
    U, V = U * signs, V * signs
    if len(s) < k:  # all that the matrix has
        s = np.pad(s, (0, k - len(s)))
        U, V = (np.pad(part, ((0, 0), (0, k - part.shape[1]))) for part in (U, V))
    return SingularTriplets(U, s, V.T, residual, found.n_iter)


def column_signs(vectors: NDArray) -> NDArray:
    """Signs that make the largest entry of each column positive.

    Of entries as good as equal the first decides, so that rounding does not.
    """
    sizes = np.abs(vectors)
    first = (sizes >= (1 - 1e-6) * sizes.max(axis=0)).argmax(axis=0)
    chosen = np.take_along_axis(vectors, first[None], axis=0)[0]
    return np.where(chosen < 0, -1.0, 1.0)


def _products(A, symmetric, narrow, backend):
    """Functions that multiply with a matrix and with its transpose, in float64."""
    if hasattr(A, "rmatmat"):

        def on_host(multiply):
            return lambda V: backend.asarray(
                np.asarray(multiply(backend.to_numpy(V))), backend.float64
            )

        return on_host(A.matmat), on_host(A.rmatmat)
    if not sp.issparse(A):
        here = backend.asarray(A, backend.float64)
        return lambda V: here @ V, lambda V: here.T @ V
    A = sp.csr_array(A, dtype=np.float32 if narrow else np.float64)
    here = backend.csr(A)
    transposed = here if symmetric else backend.csr(sp.csr_array(A.T))
    if not narrow:
        return lambda V: here @ V, lambda V: transposed @ V

    def in_float32(matrix):
        return lambda V: (matrix @ V.astype(np.float32)).astype(np.float64)

    return in_float32(here), in_float32(transposed)
