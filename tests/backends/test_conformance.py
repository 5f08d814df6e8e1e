"""Every backend means by each primitive what `_reference.py` says."""

import inspect

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import Backend, Descent, Links, Points, _reference, get_backend
from skgeom.backends._descent import RULES
from skgeom.backends._numba import _backend as _numba
from skgeom.testing import adjacency_matrices, float_dtypes, point_clouds

PRIMITIVES = [
    name
    for name, function in vars(_reference).items()
    if inspect.isfunction(function) and not name.startswith("_")
]


# ---------------------------------------------------------------------- the protocol


def test_the_reference_defines_the_primitives():
    assert {"knn", "matrix_polynomial", "descend_edges"} <= set(PRIMITIVES)
    for name in PRIMITIVES:
        expected = inspect.signature(getattr(_reference, name)).parameters
        _, *promised = inspect.signature(getattr(Backend, name)).parameters.values()
        assert [(p.name, p.default) for p in promised] == [
            (p.name, p.default) for p in expected.values()
        ]


def test_backends_have_all_names_of_the_protocol(device):
    backend = get_backend(device)
    assert isinstance(backend, Backend)
    assert backend.name == ("numba" if device == "cpu" else "torch")
    for name, function in inspect.getmembers(Backend, inspect.isfunction):
        if not name.startswith("_"):
            promised = [*inspect.signature(function).parameters][1:]
            offered = inspect.signature(getattr(backend, name)).parameters
            assert [*offered] == promised, name


def test_a_backend_without_a_primitive_does_not_conform():
    class Half:
        name, device, xp, float64 = "half", "cpu", np, np.float64

        def knn(self, X, Y, k, metric="euclidean"):
            return X

    assert not isinstance(Half(), Backend)


# --------------------------------------------------------------------- there and back


@given(X=point_clouds())
def test_arrays_survive_the_way_there_and_back(device, X):
    backend = get_backend(device)
    there = backend.asarray(X)
    assert backend.xp.__array_namespace_info__  # an array namespace
    assert backend.xp.isdtype(there.dtype, "real floating")
    back = backend.to_numpy(there)
    assert isinstance(back, np.ndarray)
    assert back.dtype == X.dtype
    assert_array_equal(back, X)


@pytest.mark.parametrize(
    "view",
    [
        lambda X: X[::-1],
        lambda X: X[:, ::-2],
        lambda X: X[::3],
        lambda X: X.T,
        lambda X: X[0, 0],
        lambda X: X[:0],
    ],
)
@pytest.mark.parametrize("writeable", [True, False])
def test_views_of_arrays_are_welcome(device, view, writeable):
    backend = get_backend(device)
    X = view(np.arange(24.0).reshape(6, 4))
    if isinstance(X, np.ndarray):
        X.flags.writeable = writeable
    assert_array_equal(backend.to_numpy(backend.asarray(X)), X)


def test_asarray_changes_the_type(device):
    backend = get_backend(device)
    for array in (np.arange(3), np.arange(3, dtype=np.float32)):
        there = backend.asarray(array, dtype=backend.float64)
        assert there.dtype == backend.float64
        assert_array_equal(backend.to_numpy(there), [0.0, 1.0, 2.0])


# ------------------------------------------------------------------ nearest neighbours


def run_knn(backend, X, Y, k, metric="euclidean"):
    found = backend.knn(backend.asarray(X), backend.asarray(Y), k, metric)
    distances, indices = (backend.to_numpy(part) for part in found)
    assert distances.dtype == np.float64
    assert indices.dtype == np.int64
    return distances, indices


queries_and_k = st.tuples(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))


def draw_queries(X, seed, share):
    """Some rows of X and some rows near to them, and how many neighbours to ask for."""
    rng = np.random.default_rng(seed)
    size = np.abs(X).max() or 1.0
    Y = X[rng.integers(0, len(X), 7)]
    Y[::2] += (size * rng.standard_normal(Y[::2].shape)).astype(X.dtype)
    return Y, 1 + round(share * (len(X) - 1))


def assert_neighbors(found, X, Y, k, metric="euclidean", atol=0.0):
    """Hold neighbours against the reference, apart from ties at rounding level."""
    distances, indices = found
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    expected, order = _reference.knn(X, Y, len(X), metric)
    assert_allclose(distances, expected[:, :k], rtol=1e-12, atol=atol)
    all_pairs = np.empty_like(expected)
    np.put_along_axis(all_pairs, order, expected, axis=1)
    own = np.take_along_axis(all_pairs, indices, axis=1)
    assert_allclose(distances, own, rtol=1e-12, atol=atol)
    for row in indices:
        assert len(set(row)) == k
        # Of coincident rows, the first ones are listed, in order.
        for point in np.unique(X[row], axis=0):
            same = np.flatnonzero((X == point).all(axis=1))
            listed = row[np.isin(row, same)]
            assert_array_equal(listed, same[: len(listed)])


@given(
    X=point_clouds(max_samples=40, scales=(1.0, 1e-3, 1e12, 1e-12)), more=queries_and_k
)
@settings(max_examples=150)
def test_euclidean_neighbors(device, X, more):
    Y, k = draw_queries(X, *more)
    assert_neighbors(run_knn(get_backend(device), X, Y, k), X, Y, k)


@given(X=point_clouds(scales=(1e-150, 1e150), dtypes=st.just(np.float64)))
def test_neighbors_of_huge_and_tiny_points(device, X):
    k = max(1, len(X) // 2)
    assert_neighbors(run_knn(get_backend(device), X, X, k), X, X, k)


@given(X=point_clouds(scales=(1e-25, 1e-30), dtypes=st.just(np.dtype(np.float32))))
def test_neighbors_of_points_whose_squares_vanish_in_their_type(device, X):
    k = max(1, len(X) // 2)
    assert_neighbors(run_knn(get_backend(device), X, X, k), X, X, k)


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 20)),
    seed=st.integers(0, 2**32 - 1),
    exponent=st.integers(-20, 20),
    width=st.integers(1, 4),
    dtype=float_dtypes(),
    order=st.sampled_from("CF"),
    share=st.floats(0, 1),
)
@settings(max_examples=150)
def test_ties_go_to_the_lowest_index(
    device, shape, seed, exponent, width, dtype, order, share
):
    # Distances of small integers times a power of two are exact, so are their ties.
    rng = np.random.default_rng(seed)
    X = rng.integers(0, width, shape).astype(dtype, order=order) * dtype.type(
        2.0**exponent
    )
    k = 1 + round(share * (len(X) - 1))
    distances, indices = run_knn(get_backend(device), X, X[:9], k)
    expected = _reference.knn(X.astype(float), X[:9].astype(float), k)
    assert_allclose(distances, expected[0], rtol=1e-15)
    assert_array_equal(indices, expected[1])


@pytest.mark.parametrize("n_features", [2, 30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tight_cluster_far_from_the_rest(device, n_features, dtype):
    # Expanded squares cannot tell the rows of the cluster apart.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, n_features))
    X[::2] = 3.0 + 100 * np.finfo(dtype).eps * X[::2]
    X = X.astype(dtype)
    found = run_knn(get_backend(device), X, X, 6)
    assert_neighbors(found, X, X, 6)


@pytest.mark.parametrize("n_features", [2, 30])
def test_far_from_the_origin(device, n_features):
    X = 1e8 + np.random.default_rng(0).standard_normal((300, n_features))
    assert_neighbors(run_knn(get_backend(device), X, X, 6), X, X, 6)


def test_more_duplicates_than_candidates(device):
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 500, axis=0)[::-1]
    distances, indices = run_knn(get_backend(device), X, X[[0, -1]], 40)
    assert not distances.any()
    assert_array_equal(indices, [np.arange(40), 500 + np.arange(40)])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copies_are_copies_at_unit_length(device, order, dtype):
    """Also in the last rows, which libraries add up in their own way."""
    backend, rng = get_backend(device), np.random.default_rng(0)
    for n in (9, 17, 33):
        for n_features in (3, 5, 12):
            row = rng.standard_normal(n_features)
            X = np.array(np.tile(row, (n, 1)), dtype=dtype, order=order)
            distances, indices = run_knn(backend, X, X, n, "cosine")
            assert not distances.any()
            assert_array_equal(indices, np.tile(np.arange(n), (n, 1)))


@given(X=point_clouds(), more=queries_and_k)
@settings(max_examples=100)
def test_cosine_neighbors(device, X, more):
    Y, k = draw_queries(X, *more)
    X[(X == 0).all(axis=1)] = 1.0
    Y[(Y == 0).all(axis=1)] = 1.0
    # Rows of unit length are rounded to the type of X.
    atol = 8 * np.finfo(X.dtype).eps
    found = run_knn(get_backend(device), X, Y, k, "cosine")
    assert_neighbors(found, X, Y, k, "cosine", atol=atol)


def test_cosine_distances_of_rows_of_any_length(device):
    X = np.array([[1.0, 0.0], [1e-170, 1e-170], [0.0, 1e160], [-3.0, 0.0]])
    distances, indices = run_knn(get_backend(device), X, X[:1] * 1e-200, 4, "cosine")
    assert_array_equal(indices, [[0, 1, 2, 3]])
    assert_allclose(distances, [[0, 1 - np.sqrt(0.5), 1, 2]], atol=1e-15)


def test_cosine_distances_of_zero_rows_are_finite(device):
    X = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    distances, indices = run_knn(get_backend(device), X, X, 3, "cosine")
    assert np.isfinite(distances).all()
    assert_array_equal(indices[1:], [[1, 2, 0], [1, 2, 0]])


def test_threads_do_not_change_neighbors():
    X = np.random.default_rng(0).standard_normal((500, 3)).round(1)
    one, two = (
        run_knn(get_backend("cpu", n_jobs=n_jobs), X, X, 20) for n_jobs in (1, 2)
    )
    assert_array_equal(one[0], two[0])
    assert_array_equal(one[1], two[1])


# ---------------------------------------------------------- polynomials of a matrix


def run_polynomial(backend, A, B, coefficients, basis):
    result = backend.matrix_polynomial(
        backend.csr(A), backend.asarray(B), coefficients, basis
    )
    return backend.to_numpy(result)


def size_of_terms(A, B, coefficients, basis):
    """Sum of the sizes of all products, against which rounding errors are small."""
    A, B = abs(A).toarray(), abs(B).astype(np.float64)
    previous, term = np.zeros_like(B), B
    total = abs(coefficients[0]) * B
    for j, coefficient in enumerate(coefficients[1:]):
        chebyshev = basis == "chebyshev" and j > 0
        previous, term = term, (2 * A @ term + previous) if chebyshev else A @ term
        total = total + abs(coefficient) * term
    return total


@given(
    A=adjacency_matrices(directed=True, max_nodes=40),
    n_columns=st.sampled_from([1, 2, 31, 32, 33, 70]),
    degree=st.integers(0, 8),
    basis=st.sampled_from(["monomial", "chebyshev"]),
    dtype=float_dtypes(),
    order=st.sampled_from("CF"),
    scale=st.sampled_from([1.0, 1e-30, 1e25]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=150)
def test_matrix_polynomial(
    device, A, n_columns, degree, basis, dtype, order, scale, seed
):
    rng = np.random.default_rng(seed)
    A = A / max(1.0, A.sum(axis=1).max(initial=0.0))  # powers stay bounded
    A.data *= rng.choice([-1.0, 1.0], A.nnz)
    B = scale * rng.standard_normal((A.shape[0], n_columns))
    B = B.astype(dtype, order=order)
    kept, coefficients = B.copy(), rng.standard_normal(degree + 1)
    result = run_polynomial(get_backend(device), A, B, coefficients, basis)
    expected = _reference.matrix_polynomial(A, B.astype(float), coefficients, basis)
    assert result.dtype == dtype
    assert result.shape == B.shape
    error = np.abs(result.astype(np.float64) - expected)
    bound = size_of_terms(A, B, coefficients, basis)
    assert (error <= 40 * np.finfo(dtype).eps * bound).all()
    assert_array_equal(B, kept)  # the input is left alone


@pytest.mark.parametrize("shape", [(3, 0), (1, 1), (0, 2)])
@pytest.mark.parametrize("basis", ["monomial", "chebyshev"])
def test_matrix_polynomial_of_almost_nothing(device, shape, basis):
    n = shape[0]
    A = sp.csr_array((n, n))
    result = run_polynomial(
        get_backend(device), A, np.ones(shape), np.array([2.0, 1.0, 5.0]), basis
    )
    # T_2(0) = -1.
    assert_array_equal(result, np.full(shape, 2.0 if basis == "monomial" else -3.0))


def test_read_only_matrices_are_welcome(device):
    A = sp.csr_array(np.array([[0.0, 0.5], [0.5, 0.0]]))
    for part in (A.data, A.indices, A.indptr):
        part.flags.writeable = False
    B = np.eye(2)
    B.flags.writeable = False
    result = run_polynomial(get_backend(device), A, B, [1.0, 2.0], "monomial")
    assert_array_equal(result, [[1.0, 1.0], [1.0, 1.0]])


def test_small_terms_of_one_sign_do_not_vanish(device):
    # Heat on a long path: each entry is a single product of halves.
    n = 900
    A = sp.diags_array(np.full(n - 1, 0.5), offsets=1, shape=(n, n)).tocsr()
    B = np.zeros((n, 1))
    B[-1] = 1.0
    result = run_polynomial(get_backend(device), A, B, np.ones(n), "monomial")
    assert_allclose(result[:, 0], 0.5 ** np.arange(n)[::-1], rtol=1e-15)


@given(seed=st.integers(0, 2**32 - 1), dtype=float_dtypes())
@settings(max_examples=10)
def test_threads_do_not_change_polynomials(seed, dtype):
    rng = np.random.default_rng(seed)
    A = sp.csr_array(rng.standard_normal((50, 50)) * (rng.random((50, 50)) < 0.2))
    B = rng.standard_normal((50, 150)).astype(dtype)
    one, two, alone = (
        run_polynomial(get_backend("cpu", n_jobs=n), A, B, np.ones(6), "chebyshev")
        for n in (1, 2, None)
    )
    assert_array_equal(one, two)
    assert_array_equal(one, alone)


# -------------------------------------------------------------- hyperbolic descent


def random_descent(A, rule, n_components, seed):
    """Points in the ball, and links of a graph without loops, for a few steps."""
    rng = np.random.default_rng(seed)
    n = A.shape[0]
    A = sp.csr_array(A - sp.diags_array(A.diagonal()))
    A.eliminate_zeros()
    A.sort_indices()
    back = A.T.tocsr()
    radii = rng.uniform(0, 8, n)
    directions = rng.standard_normal((n, n_components))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = Points(
        np.tanh(radii / 2)[:, None] * directions,
        1 / np.cosh(radii / 2) ** 2,
        *np.zeros((2, n, n_components)),
        np.zeros(n),
    )
    links = Links(
        A.indptr.astype(np.int64),
        A.indices.astype(np.int64),
        A.data,
        back.indptr.astype(np.int64),
        back.indices.astype(np.int64),
        rng.permutation(n),
        rng.integers(0, 2**40, n),
    )
    order = rng.permutation(n)
    splits = np.array([0, n // 3, n // 2, n])
    n_frozen = int(rng.integers(0, 2) * n // 3)
    descent = Descent(rule, 0.1, int(rng.integers(1, n + 1)), 3, 18.0, n_frozen)
    return points, links, order, splits, descent


@pytest.mark.parametrize("rule", RULES)
@given(
    A=adjacency_matrices(directed=True, min_nodes=3),
    n_components=st.integers(1, 4),
    seed=st.integers(0, 2**31 - 1),
    work=st.sampled_from([1, _numba._WORK_PER_PIECE]),
)
@settings(max_examples=40)
def test_descend_edges(device, rule, A, n_components, seed, work):
    one_link = sp.csr_array(([1.0], ([0], [1])), shape=A.shape)
    A = sp.csr_array(A + one_link)
    points, *rest = random_descent(A, rule, n_components, seed)
    links, order, splits, descent = rest
    expected = Points(*(array.copy() for array in points))
    loss = _reference.descend_edges(expected, links, order, splits, seed, descent)
    backend = get_backend(device)
    there = Points(*(backend.asarray(array.copy()) for array in points))
    on_device = Links(*(backend.asarray(array) for array in links))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_numba, "_WORK_PER_PIECE", work)  # steps in one piece, or in many
        found = backend.descend_edges(there, on_device, order, splits, seed, descent)
    assert_allclose(found, loss, rtol=1e-8, atol=1e-10)
    there = Points(*(backend.to_numpy(array) for array in there))
    assert_array_equal(there.ages, expected.ages)
    assert_allclose(there.gaps, expected.gaps, rtol=1e-5)
    assert_allclose(there.coordinates, expected.coordinates, atol=1e-7)
    still = slice(descent.n_frozen)
    assert_array_equal(there.coordinates[still], points.coordinates[still])


# --------------------------------------------------------------- products of kernels


def test_products_in_float32_keep_their_bits(torch_device, monkeypatch):
    """Whatever the user allows torch elsewhere."""
    import torch

    from skgeom.backends._torch import _backend as _torch

    seen, block_bytes = [], _torch.block_bytes

    def spy():
        seen.append(torch.get_float32_matmul_precision())
        return block_bytes()

    # Asked for where products are about to be made.
    monkeypatch.setattr(_torch, "block_bytes", spy)
    backend = get_backend(torch_device)
    X = backend.asarray(np.ones((3, 2), np.float32))
    # Too many to be read off products: tiles, on every device.
    V = backend.asarray(np.ones((3, _torch._FEW_COLUMNS + 1), np.float32))
    before = torch.get_float32_matmul_precision()
    try:
        for wanted in ("high", "highest"):
            torch.set_float32_matmul_precision(wanted)
            backend.kernel_matvec(X, X, V)
            backend.knn(X, X, 1)
            assert torch.get_float32_matmul_precision() == wanted
    finally:
        torch.set_float32_matmul_precision(before)
    assert seen == 4 * ["highest"]
