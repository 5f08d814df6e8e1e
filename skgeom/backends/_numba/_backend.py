"""Primitives on the host: scikit-learn's neighbour search, numba elsewhere."""

import math
import sys
from functools import cache
from importlib.util import find_spec

import numpy as np
from array_api_compat import numpy as xp
from joblib import delayed

from skgeom.backends._arrays import as_numpy, unsigned
from skgeom.backends._blocks import row_blocks
from skgeom.backends._descent import RULES
from skgeom.backends._faiss import nearest_by_products
from skgeom.backends._kernel_products import (
    SQUARED_UNITS,
    centred_points,
    check_path_kernel,
    check_vecchia_kernel,
    tiled_matvec,
)
from skgeom.backends._numba._lockstep import in_lockstep
from skgeom.backends._refine import (
    exact_neighbors,
    n_candidates,
    refine_neighbors,
    unit_rows,
)
from skgeom.backends._threads import in_threads, number_of_threads, one_blas_thread
from skgeom.backends._walks import COUPLINGS, strides

# Coordinates that the gradients of a step read, for each piece that it is cut in.
_WORK_PER_PIECE = 2**14
_MOST_PIECES = 16

# Columns that one pass over the matrix carries along. Measured: 32 to 64 doubles a
# row saturate the core; wider blocks fall out of the second-level cache.
_BLOCK_COLUMNS = 32

# Start nodes whose rows one task makes: tasks are long beside what starting one costs.
_STARTS_PER_TASK = 2048

# scikit-learn's search takes trees up to here. A row that a tree compares costs what
# eight rows of a product cost, so that trees pay where they rule out seven rows of
# eight: on some queries that is counted.
_MOST_TREE_FEATURES = 15
_SHARE_OF_A_TREE, _QUERIES_TRIED = 1 / 8, 32
# Fewer pairs are not worth an import of faiss, some 40 ms; once it is there it is
# faster than other products.
_FEW_PAIRS = 2**20
# Coordinates that are compared in the time that a search takes to be set up.
_LITTLE_WORK = 2**17

# Rows given their neighbours that one task computes.
_SYSTEMS_PER_TASK = 256
# Where a task has a copy of what all of them add to.
_ROWS_PER_COPY = 2048

# Columns that one task solves a triangular system for: one line of the cache for a row.
_COLUMNS_OF_TRIANGLES = 16

# Scratch of a tile of a kernel matrix.
_KERNEL_BYTES = 2**24


class NumbaBackend:
    """NumPy arrays, numba kernels; see `Backend` for what each method means."""

    name = "numba"
    device = "cpu"
    xp = xp
    float64 = np.float64

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    def asarray(self, array, dtype=None):
        """Return a NumPy array."""
        return np.asarray(as_numpy(array), dtype=dtype)

    def to_numpy(self, array):
        """Return the array itself."""
        return array

    def csr(self, matrix):
        """Return the matrix itself."""
        return matrix

    def knn(self, X, Y, k, metric="euclidean"):
        """Exact nearest rows: a tree where it rules out most, blocked products else."""
        from sklearn.neighbors import NearestNeighbors

        if metric == "cosine":
            X, Y = unit_rows(xp, X), unit_rows(xp, Y)
        if X.size * len(Y) <= _LITTLE_WORK:
            everything = np.broadcast_to(np.arange(len(X)), (len(Y), len(X)))
            return refine_neighbors(xp, X, Y, everything, k, metric, self.float64)
        # Centring keeps the expanded squares of the blocked products accurate.
        center = X.mean(axis=0, dtype=np.float64)
        points, queries = X - center, Y - center

        @cache
        def search():
            size = n_candidates(k, X.shape[0])
            return NearestNeighbors(n_neighbors=size, n_jobs=self.n_jobs).fit(points)

        def propose(rows, size):
            return search().kneighbors(queries[rows], size, return_distance=False)

        searches = [(propose, np.finfo(np.float64))]
        loaded = sys.modules.get("faiss") is not None
        worth_while = len(X) * len(Y) > _FEW_PAIRS and find_spec("faiss")
        if (loaded or worth_while) and not _suit_a_tree(points, queries, k):
            searches.insert(0, (_single_search(points, queries), np.finfo(np.float32)))
        return exact_neighbors(xp, X, Y, searches, k, metric, self.float64)

    def matrix_polynomial(self, A, B, coefficients, basis="monomial"):
        """Apply the polynomial to blocks of columns, one thread a block."""
        from skgeom.backends._numba._polynomial import (
            polynomial_column,
            polynomial_columns,
        )

        dtype = B.dtype
        pattern = unsigned(A.indptr), unsigned(A.indices)
        matrix = *pattern, A.data.astype(dtype, copy=False)
        coefficients = np.asarray(coefficients, dtype=dtype)
        out = np.empty_like(B, order="C")
        if B.shape[1] == 1:
            column = np.ascontiguousarray(B[:, 0])
            options = coefficients, basis == "chebyshev", out[:, 0]
            polynomial_column(*matrix, column, *options)
            return out

        def apply(start):
            block = slice(start, start + _BLOCK_COLUMNS)
            result = np.empty(B[:, block].shape, dtype=dtype)
            polynomial_columns(
                *matrix,
                np.ascontiguousarray(B[:, block]),
                coefficients,
                basis == "chebyshev",
                result,
            )
            out[:, block] = result

        starts = range(0, B.shape[1], _BLOCK_COLUMNS)
        if number_of_threads(self.n_jobs) == 1 or len(starts) == 1:
            for start in starts:
                apply(start)
        else:
            in_threads(self.n_jobs)(delayed(apply)(start) for start in starts)
        return out

    def kernel_matvec(self, X, Y, V, kernel="rbf", gamma=1.0):
        """Tiles that fit the cache, both products by BLAS; a strip is a task."""
        tile = _kernel_values, _KERNEL_BYTES
        return tiled_matvec(xp, X, Y, V, kernel, gamma, *tile, self._each)

    def kernel_values(self, X, Y, kernel="rbf", gamma=1.0):
        """Scalar products by BLAS, turned into values in place."""
        X, Y, gamma = centred_points(xp, X, Y, kernel, gamma)
        return _kernel_values(X, Y, kernel, gamma)

    def _each(self, function, items):
        """Like `map`, on the threads that were asked for; results come in order.

        With one thread each for BLAS, whose sums depend on how many it has, and which
        waits for work by keeping a core busy.
        """
        with one_blas_thread():
            if len(items) < 2 or number_of_threads(self.n_jobs) == 1:
                yield from map(function, items)
            else:
                run = in_threads(self.n_jobs, return_as="generator")
                yield from run(delayed(function)(item) for item in items)

    def vecchia_likelihood(
        self, points, targets, noise, neighbors, rows, kernel="matern52", signal=1.0
    ):
        """Tasks of some rows, added up in their order whatever the threads."""
        from skgeom.backends._numba import _conditionals

        options = check_vecchia_kernel(kernel), float(signal)
        arrays = [np.ascontiguousarray(a) for a in (points, targets, noise)]
        p = points.shape[1] + 2

        def of(block):
            return _conditionals.likelihood(
                *arrays, neighbors[block], rows[block], *options
            )

        value, gradient, fisher = np.float64(0.0), np.zeros(p), np.zeros((p, p))
        blocks = row_blocks(len(rows), 1, _SYSTEMS_PER_TASK) if len(rows) else []
        for found in self._each(of, blocks):
            value, gradient = value + found[0], gradient + found[1]
            fisher = fisher + found[2]
        return value, gradient, fisher + np.tril(fisher, -1).T

    def kriging_weights(
        self, points, queries, noise, neighbors, kernel="matern52", signal=1.0
    ):
        """Tasks of some queries."""
        from skgeom.backends._numba import _conditionals

        options = check_vecchia_kernel(kernel), float(signal)
        points, queries, noise = map(np.ascontiguousarray, (points, queries, noise))
        weights, variances = np.zeros(neighbors.shape), np.empty(len(queries))

        def of(block):
            _conditionals.weights(
                points,
                queries[block],
                noise[block],
                neighbors[block],
                *options,
                weights[block],
                variances[block],
            )

        list(self._each(of, row_blocks(len(queries), 1, _SYSTEMS_PER_TASK)))
        return weights, variances

    def signature_values(self, X, Y, rows, columns, kernel="linear", order=0):
        """Tasks of some pairs."""
        from skgeom.backends._numba import _signatures

        X = np.ascontiguousarray(X, dtype=np.float64)
        Y = np.ascontiguousarray(Y.transpose(0, 2, 1), dtype=np.float64)
        mantissas = np.empty(len(rows))
        exponents = np.empty(len(rows), dtype=np.int64)
        options = check_path_kernel(kernel), int(order)

        def of(block):
            _signatures.solve_pairs(
                X,
                Y,
                rows[block],
                columns[block],
                *options,
                mantissas[block],
                exponents[block],
            )

        list(self._each(of, row_blocks(len(rows), 1, _SYSTEMS_PER_TASK)))
        return mantissas, exponents

    def vecchia_contrasts(self, given, kernel="matern52", signal=1.0):
        """Tasks of some rows."""
        from skgeom.backends._numba import _contrasts

        options = check_vecchia_kernel(kernel), float(signal)
        points, values, _, noise, neighbors, rows = given
        points, values, noise = map(np.ascontiguousarray, (points, values, noise))
        given = given._replace(points=points, values=values, noise=noise)
        out = np.empty((len(rows), values.shape[1]))
        variances, weights = np.empty(len(rows)), np.zeros(neighbors.shape)

        def of(block):
            told = out[block], variances[block], weights[block]
            _contrasts.contrasts(*given.of(block), *options, *told)

        list(self._each(of, row_blocks(len(rows), 1, _SYSTEMS_PER_TASK)))
        return out, variances, weights

    def vecchia_contrasts_gradient(
        self, given, by_contrasts, by_variances, kernel="matern52", signal=1.0
    ):
        """Tasks of some rows, added up in their order whatever the threads."""
        from skgeom.backends._numba import _contrasts

        options = check_vecchia_kernel(kernel), float(signal)
        points, values, noise, by_contrasts, by_variances = map(
            np.ascontiguousarray,
            (given.points, given.values, given.noise, by_contrasts, by_variances),
        )
        given = given._replace(points=points, values=values, noise=noise)

        def of(block):
            slopes = by_contrasts[block], by_variances[block]
            return _contrasts.contrasts_gradient(*given.of(block), *slopes, *options)

        gradient = np.zeros(points.shape[1] + 2)
        by_factors = np.zeros((len(points), given.n_factors))
        n_rows = len(given.rows)
        # Each task has a copy of the second.
        blocks = row_blocks(n_rows, 1, _ROWS_PER_COPY) if n_rows else []
        for found in self._each(of, blocks):
            gradient = gradient + found[0]
            by_factors += found[1]
        return gradient, by_factors

    def neighbor_factor(self, neighbors, weights):
        """Positions of four bytes: what is read decides how long a solve takes."""
        return neighbors.astype(np.int32), np.ascontiguousarray(weights)

    def neighbor_solve(self, factor, B, transposed=False):
        """Groups of columns, each by itself."""
        from skgeom.backends._numba import _triangles

        neighbors, weights = factor[0], factor[1].astype(B.dtype, copy=False)
        one, some = _triangles.solve_one, _triangles.solve
        if transposed:
            one, some = _triangles.solve_one_transposed, _triangles.solve_transposed
        if B.shape[1] == 1:
            X = B[:, 0].copy()
            one(neighbors, weights, X)
            return X[:, None]
        X = np.empty_like(B, order="C")

        def of(columns):
            part = np.array(B[:, columns], order="C")
            some(neighbors, weights, part)
            X[:, columns] = part

        list(self._each(of, row_blocks(B.shape[1], 1, _COLUMNS_OF_TRIANGLES)))
        return X

    def row_sum_lagrangian(self, X, diagonal, U, dual, penalty):
        """Two products by BLAS, all else in two passes over U."""
        from skgeom.backends._numba._row_sum_lagrangian import row_sum_lagrangian

        return row_sum_lagrangian(
            *map(np.ascontiguousarray, (X, diagonal, U, dual, penalty))
        )

    def descend_edges(self, points, links, order, splits, seed, descent):
        """Make the steps, the gradients of large ones on several threads.

        How a step is cut in pieces follows from its size, and pieces are added up in
        order: the result does not depend on the number of threads.
        """
        from skgeom.backends._numba import _descent as kernels

        points, links = tuple(points), tuple(links)
        order, splits = (np.asarray(a, dtype=np.int64) for a in (order, splits))
        draws = seed, descent.n_uniform, descent.n_local
        rule = RULES.index(descent.rule)
        move = descent.n_frozen, rule, float(descent.rate), float(descent.max_radius)
        n, d = points[0].shape
        n_links = (links[0][1:] - links[0][:-1])[order].sum()
        work = d * (n_links + len(order) * sum(draws[1:])) / max(len(splits) - 1, 1)
        # A power of two, so that two or four threads have equal work.
        n_pieces = 2 ** int(np.log2(np.clip(work / _WORK_PER_PIECE, 1, _MOST_PIECES)))
        if n_pieces == 1:
            return kernels.run_steps(points, links, order, splits, *draws, *move)

        sums = np.zeros((n_pieces, n, d))
        rows = np.zeros((n_pieces, n + 1), np.int64)
        has_row = np.zeros((n_pieces, n), bool)
        losses = np.zeros((len(splits) - 1, n_pieces))

        def gradients(step, piece):
            heads = order[splits[step] : splits[step + 1]]
            heads = np.array_split(heads, n_pieces)[piece]
            out = sums[piece], rows[piece], has_row[piece]
            losses[step, piece] = kernels.add_gradients(
                points, links, heads, *draws, *out
            )

        def move_share(step, share):
            kernels.move_points(points, sums, rows, has_row, share, *move)

        in_lockstep(
            (gradients, move_share),
            n_steps=len(splits) - 1,
            n_pieces=n_pieces,
            n_threads=number_of_threads(self.n_jobs),
        )
        return float(losses.sum())

    def random_walks(
        self,
        steps,
        starts,
        modulation,
        survival,
        n_walks,
        coupling="repelling",
        apart=False,
        seed=0,
    ):
        """Walk from tasks of neighbouring start nodes, one thread a task."""
        from skgeom.backends._numba._walks import walk

        gains = np.asarray(modulation, dtype=np.float64) / survival / n_walks
        kind = COUPLINGS.index(coupling)
        options = gains, survival, strides(n_walks), kind, apart, seed
        width = len(steps.roots) * (len(gains) if apart else 1)
        like = _types(width, modulation.dtype)
        return self._rows(
            starts, lambda part: delayed(walk)(tuple(steps), part, *options, like)
        )

    def push(self, steps, starts, modulation, threshold):
        """Push from tasks of neighbouring start nodes, one thread a task."""
        from skgeom.backends._numba._walks import push

        coefficients = np.asarray(modulation, dtype=np.float64)
        like = _types(len(steps.roots), modulation.dtype)
        return self._rows(
            starts,
            lambda part: delayed(push)(
                tuple(steps), part, coefficients, float(threshold), like
            ),
        )

    def _rows(self, starts, task):
        """Make rows in tasks and put them together in the order of the starts."""
        from skgeom.backends._numba._walks import put_rows

        starts = np.asarray(starts, dtype=np.int64)
        order = np.argsort(starts, kind="stable")
        parts = [
            order[i : i + _STARTS_PER_TASK]
            for i in range(0, max(len(order), 1), _STARTS_PER_TASK)
        ]
        made = in_threads(self.n_jobs)(task(starts[part]) for part in parts)
        counts = np.empty(len(starts), np.int64)
        for part, rows in zip(parts, made, strict=True):
            counts[part] = rows[0]
        indptr = np.concatenate([[0], np.cumsum(counts)])
        columns = np.empty(indptr[-1], made[0][1].dtype)
        entries = np.empty(indptr[-1], made[0][2].dtype)
        # Parts are taken when their turn comes: what has been copied is freed at once.
        in_threads(self.n_jobs)(
            delayed(put_rows)(indptr, part, *made.pop()[1:], columns, entries)
            for part in reversed(parts)
        )
        return indptr, columns, entries


def _kernel_values(X, Y, kernel, gamma):
    """Kernel values of all pairs."""
    from skgeom.backends._numba import _kernel_values as kernels

    if kernel == "laplacian":
        values = np.empty((len(X), len(Y)), dtype=X.dtype)
        lines = np.ascontiguousarray(gamma * Y.T)
        kernels.laplacian_values(gamma * X, lines, values)
        return values
    squared_unit = 2 * gamma if kernel == "rbf" else SQUARED_UNITS[kernel] * gamma
    X, Y = math.sqrt(squared_unit) * X, math.sqrt(squared_unit) * Y
    values = X @ Y.T
    fill = {
        "rbf": kernels.gaussian_values,
        "exponential": kernels.exponential_values,
        "matern32": kernels.matern32_values,
        "matern52": kernels.matern52_values,
    }[kernel]
    fill(values, (X * X).sum(axis=1) / 2, (Y * Y).sum(axis=1) / 2)
    return values


def _types(width, dtype):
    """Empty arrays of the types of columns and entries."""
    index = np.int32 if width <= np.iinfo(np.int32).max else np.int64
    return np.empty(0, index), np.empty(0, dtype)


def _suit_a_tree(points, queries, k):
    """Tell whether a k-d tree compares few rows with a query."""
    if points.shape[1] > _MOST_TREE_FEATURES:
        return False
    if len(points) * len(queries) <= _FEW_PAIRS:
        return True
    from sklearn.neighbors import KDTree

    tree = KDTree(points)
    some = queries[:: -(-len(queries) // _QUERIES_TRIED)]
    tree.query(some, n_candidates(k, len(points)))
    return tree.get_n_calls() <= _SHARE_OF_A_TREE * len(some) * len(points)


def _single_search(points, queries):
    """Propose neighbours by products in single precision, in half the time."""
    points, queries = points.astype(np.float32), queries.astype(np.float32)
    return lambda rows, size: nearest_by_products(points, queries[rows], size)
