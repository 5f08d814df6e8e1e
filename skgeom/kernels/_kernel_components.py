"""Leading eigenpairs of a centred kernel matrix that is known by its products.

Schölkopf, Smola and Müller (Neural Computation 10, 1998) with block Krylov in place of
the eigenproblem of the whole matrix.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Backend, row_blocks
from skgeom.kernels._point_values import point_evaluation
from skgeom.operators._point_kernels import (
    FAR_SINGLE,
    center_of,
    dense_block,
    farthest,
)
from skgeom.solvers import largest_eigenpairs
from skgeom.solvers._block_krylov import block_size, column_signs, krylov_eigenpairs
from skgeom.typing import Array, NDArray

# Up to this size the whole matrix is no more than a few blocks of columns.
_DENSE_SIZE = 512
# Blocks that a basis may take before the whole matrix is as small.
_FEW_BLOCKS = 8
# The least tolerance that single precision is worth.
_ROUGH_TOL = 1e-4
# Of the rows, that the first block is made from, and how many at most.
_SHARE, _MOST_LANDMARKS = 16, 1000
# Eigenvalues below this share of the largest are rounding, as KernelPCA has it.
_NO_EIGENVALUE, _NEGATIVE = 1e-12, 1e-5
# Rows that a map back to the points is made of at most.
MOST_CENTERS = 1000
# One over a smaller number may be infinite: such a kernel is zero.
LEAST_SCALE = 1e-305


class KernelComponents(NamedTuple):
    """Eigenpairs of a centred kernel matrix, on the host, and what they were worth.

    `scores` are the coordinates of the rows, and `offset` the mean of the products of
    the kernel with the eigenvectors, which a new row's are compared with.
    """

    values: NDArray
    vectors: NDArray
    scores: NDArray
    offset: NDArray
    residual: float
    n_iter: int


class KernelProducts(NamedTuple):
    """A kernel matrix as products: `exact`, and `rough` in less time, or None.

    They are those of the matrix over `scale`, whose values have the size of one;
    `noise` is the rounding of the rough ones.
    ``among(chosen)`` multiplies kernel values between all rows and some of them, or
    with ``own=True`` between these alone.
    """

    exact: Callable[[Array], Array]
    scale: float = 1.0
    rough: Callable[[Array], Array] | None = None
    noise: float = 0.0
    among: Callable | None = None


def point_products(
    points: Array, kernel: Any, gamma: float, tol: float, backend: Backend
) -> KernelProducts:
    """Products with the kernel matrix of points, rough ones where they will do."""
    evaluate = point_evaluation(points, kernel, gamma, backend)
    if callable(kernel):
        few = backend.to_numpy(points)[:64]
        scale = float(np.abs(dense_block(kernel(few, few))).max())
        scale = scale if scale > LEAST_SCALE else 1.0
        return KernelProducts(
            lambda V: evaluate(points, V) / scale,
            scale,
            among=_among(points, lambda C: point_evaluation(C, kernel, gamma, backend)),
        )
    center = center_of(points)
    reach = farthest(points, center, gamma, backend)
    exact = KernelProducts(
        lambda V: evaluate(points, V),
        among=_among(points, lambda C: point_evaluation(C, kernel, gamma, backend)),
    )
    if tol < _ROUGH_TOL or reach > FAR_SINGLE or kernel == "laplacian":
        return exact
    xp = backend.xp
    # Centred and in widths before digits are dropped.
    single = backend.asarray(gamma**0.5 * (points - center), dtype=xp.float32)

    rough = partial(_single_evaluation, single, kernel, backend, single)
    noise = float(np.finfo(np.float32).eps) * points.shape[0] ** 0.5 * max(1.0, reach)
    among = _among(single, lambda C: partial(_single_evaluation, C, kernel, backend))
    return exact._replace(rough=rough, noise=noise, among=among)


def _single_evaluation(centers, kernel, backend, Z, V):
    V = backend.asarray(V, dtype=backend.xp.float32)
    found = backend.kernel_matvec(Z, centers, V, kernel, 1.0)
    return backend.asarray(found, dtype=backend.float64)


def _among(points, evaluation):
    """Products with kernel values of some of the points."""

    def among(chosen):
        centers = points[chosen]
        evaluate = evaluation(centers)
        return lambda V, own=False: evaluate(centers if own else points, V)

    return among


def _nystrom_block(among, n, width, random_state, backend):
    """Approximate eigenvectors from a part of the rows, as a first block.

    For a small share of a product they spare one or two.
    """
    m = min(n // _SHARE, _MOST_LANDMARKS)
    chosen = np.sort(random_state.choice(n, m, replace=False))
    multiply = among(backend.asarray(chosen))
    identity = backend.asarray(np.eye(m), dtype=backend.float64)
    K = backend.to_numpy(multiply(identity, own=True))
    K = K - K.mean(axis=0)
    K = K - K.mean(axis=1)[:, None]
    values, U = largest_eigenpairs((K + K.T) / 2, min(width, m))
    kept = values > 1e-5 * max(values[-1], 0.0)
    U = (U[:, kept] - U[:, kept].mean(axis=0)) / np.maximum(values[kept], 1e-300)
    return multiply(backend.asarray(np.ascontiguousarray(U), dtype=backend.float64))


def kernel_components(
    products: KernelProducts,
    n: int,
    n_components: int,
    *,
    tol: float,
    max_iter: int,
    random_state: np.random.RandomState,
    backend: Backend,
) -> KernelComponents:
    r"""Compute the leading eigenpairs of :math:`H K H`, with H the centring matrix.

    Blocks are multiplied in single precision as long as its rounding is below the
    residual that is asked for; the eigenpairs are multiplied once more exactly, which
    tells their residual and gives scores that new rows' agree with.

    Parameters
    ----------
    products : KernelProducts
        Of the kernel matrix K.
    n : int
        Its rows.
    n_components : int
        How many, from 1 to n.
    tol : float
        Wanted residual, as a share of each eigenvalue.
    max_iter : int
        Most products.
    random_state : RandomState instance
        Decides the first block.
    backend : Backend
        Where arrays are.

    Returns
    -------
    KernelComponents
        Eigenvalues in decreasing order, not negative; the largest entry of each
        vector positive.

    Raises
    ------
    ValueError
        If an eigenvalue among those is negative beyond rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._kernel_components import KernelProducts, kernel_components
    >>> x = np.array([[-1.0], [0.0], [1.0]])
    >>> found = kernel_components(
    ...     KernelProducts(lambda V: x @ (x.T @ V)), 3, 2, tol=1e-3, max_iter=9,
    ...     random_state=np.random.RandomState(0), backend=get_backend("cpu"),
    ... )
    >>> found.values
    array([2., 0.])
    """
    xp = backend.xp

    def centred(multiply):
        def product(V):
            found = multiply(V - xp.mean(V, axis=0))
            return found - xp.mean(found, axis=0)

        return product

    def random_block(columns):
        block = backend.asarray(random_state.standard_normal((n, columns)))
        block = backend.asarray(block, dtype=backend.float64)
        return block - xp.mean(block, axis=0)

    width = block_size(n_components, n)
    if n <= _DENSE_SIZE or n <= _FEW_BLOCKS * width:
        identity = backend.asarray(np.eye(n), dtype=backend.float64)
        K = backend.to_numpy(centred(products.exact)(identity))
        vectors = np.asarray(largest_eigenpairs((K + K.T) / 2, n_components)[1])
        V = backend.asarray(np.ascontiguousarray(vectors[:, ::-1]))
        n_iter = 1
    else:
        start, n_iter = random_block(width), 0
        if products.among is not None and n // _SHARE >= width:
            start = _nystrom_block(products.among, n, width, random_state, backend)
            start = xp.concat([start, random_block(width - start.shape[1])], axis=1)
            start = start - xp.mean(start, axis=0)
        limits: Any = dict(tol=tol, max_iter=max_iter, backend=backend)
        found = None
        if products.rough is not None:
            found = krylov_eigenpairs(
                centred(products.rough),
                start,
                n_components,
                noise=products.noise,
                **limits,
            )
            n_iter = found.n_iter
            start = xp.concat(
                [found.vectors, random_block(width - found.vectors.shape[1])], axis=1
            )
        # Where eigenvalues are so small that single precision does not resolve them.
        if found is None or tol * found.values[-1] < 4 * products.noise:
            found = krylov_eigenpairs(
                centred(products.exact), start, n_components, **limits
            )
            n_iter += found.n_iter
        V = found.vectors
    return _finished(products, V, n_components, n_iter, backend)


def _finished(products, V, n_components, n_iter, backend):
    """Eigenvalues, scores and residual from one more product."""
    xp = backend.xp
    n, scale = V.shape[0], products.scale
    V = V - xp.mean(V, axis=0)
    W = products.exact(V)
    offset = xp.mean(W, axis=0)
    V, W, offset = (backend.to_numpy(a) for a in (V, W - offset, offset))
    values = (V * W).sum(axis=0)
    floor = 4 * np.finfo(np.float64).eps * n
    floor = max(floor, _NO_EIGENVALUE * np.abs(values).max(initial=0.0))
    least = values.min(initial=0.0)
    if least < -max(_NEGATIVE * np.abs(values).max(initial=0.0), floor):
        raise ValueError(
            f"The kernel has a negative eigenvalue, {scale * least:g}, among the "
            f"largest {n_components}: it is not positive semidefinite. Take another "
            "kernel or fewer components."
        )
    order = np.argsort(-values, kind="stable")
    V, W, offset, values = V[:, order], W[:, order], offset[order], values[order]
    known = values > floor
    left = np.linalg.norm(W - V * values, axis=0)
    left = np.where(left > floor, left, 0.0)
    values = np.where(known, values, 0.0)
    residual = float((left[known] / values[known]).max(initial=0.0))
    signs = column_signs(V)
    V, W, offset = V * signs, W * signs, offset * signs
    scores = np.divide(W, np.sqrt(values), out=np.zeros_like(W), where=known)
    # Blocks may have had fewer directions than were asked for: of no eigenvalue.
    more = n_components - len(values)
    pad = [(0, 0), (0, more)]
    values, offset = np.pad(values, (0, more)), np.pad(offset, (0, more))
    V, scores = np.pad(V, pad), np.pad(scores, pad)
    values = np.minimum(values, np.finfo(np.float64).max / max(scale, 1.0))
    return KernelComponents(
        scale * values, V, scale**0.5 * scores, scale * offset, residual, n_iter
    )


def ridge_to_points(
    scores: NDArray,
    targets: NDArray,
    alpha: float,
    evaluation: Callable[[Array], Callable[[Array, Array], Array]],
    random_state: np.random.RandomState,
    backend: Backend,
) -> tuple[NDArray, NDArray]:
    """Kernel ridge regression from components to points (Bakır et al., 2004).

    `evaluation` makes products of rows with given centres. With more rows than
    `MOST_CENTERS` centres are so many of them, drawn at random. Returns the centres and
    their coefficients.
    """
    n = len(scores)
    chosen = np.arange(n)
    if n > MOST_CENTERS:
        chosen = np.sort(random_state.choice(n, MOST_CENTERS, replace=False))
    centers = scores[chosen]
    there = backend.asarray(centers, dtype=backend.float64)
    evaluate = evaluation(there)
    identity = backend.asarray(np.eye(len(centers)), dtype=backend.float64)

    def values(rows):
        rows = backend.asarray(rows, dtype=backend.float64)
        return backend.to_numpy(evaluate(rows, identity))

    size, U = scipy.linalg.eigh(values(centers))
    # A kernel has none below zero; what rounding leaves there is no direction.
    size = np.maximum(size, 0.0)
    if len(centers) == n:
        return centers, U @ ((U.T @ targets) / (size + alpha)[:, None])
    # Features whose inner products are the kernel of the centres: their regression is
    # as well conditioned as the penalty is large.
    kept = size > 1e-10 * size.max(initial=0.0)
    features = U[:, kept] / np.sqrt(size[kept])
    system = alpha * np.eye(features.shape[1])
    right = np.zeros((features.shape[1], targets.shape[1]))
    for rows in row_blocks(n, 8 * len(centers)):
        block = values(scores[rows]) @ features
        system += block.T @ block
        right += block.T @ targets[rows]
    return centers, features @ scipy.linalg.solve(system, right, assume_a="pos")
