import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.operators import chebyshev_coefficients, heat_kernel, spectral_function
from skgeom.testing import adjacency_matrices

KINDS = ("symmetric", "random_walk", "combinatorial")

SMOOTH = {
    "heat": lambda x: np.exp(-3 * x),
    "resolvent": lambda x: 1 / (0.1 + x),
    "waves": lambda x: np.cos(30 * x),
    "cube": lambda x: x**3 - x,
    "constant": lambda x: np.full_like(x, 2.5),
    "zero": np.zeros_like,
    "narrow bell": lambda x: np.exp(-((x - 0.7) ** 2) / 0.002),
    "tiny": lambda x: 1e-120 * np.exp(-x),
    "huge": lambda x: 1e120 * np.exp(-x),
}
ROUGH = {
    "root": np.sqrt,
    "kink": lambda x: abs(x - 0.7),
    "step": lambda x: np.where(x < 0.7, 1.0, 0.0),
    "tent": lambda x: np.maximum(0.0, 0.1 - abs(x - 0.3)),
}


def exact_function(laplacian, function):
    """f(L) by a dense eigenproblem of the symmetric form of L."""
    root = np.sqrt(laplacian.measure)
    S = root[:, None] * laplacian.matrix().toarray() / root
    values, vectors = np.linalg.eigh((S + S.T) / 2)
    values = np.clip(values, 0, 2 * laplacian.bound)
    return (vectors * function(values)) @ vectors.T / root[:, None] * root


def weighed_norm(laplacian, columns):
    return np.linalg.norm(np.sqrt(laplacian.measure)[:, None] * columns, axis=0)


# ---------------------------------------------------------------------- coefficients


@pytest.mark.parametrize("bound", [1.0, 0.3, 12.0])
@pytest.mark.parametrize("tol", [1e-2, 1e-6, 1e-12])
@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions_reach_the_tolerance(name, tol, bound):
    function = SMOOTH[name]
    coefficients, error = chebyshev_coefficients(function, bound, tol=tol)
    assert isinstance(error, float)
    eigenvalues = np.linspace(0, 2 * bound, 10_001)
    exact = function(eigenvalues)
    series = chebyshev.chebval(1 - eigenvalues / bound, coefficients)
    scale = np.abs(exact).max()
    assert error <= 1.001 * tol * scale
    assert np.abs(series - exact).max() <= error + 1e-14 * scale


@pytest.mark.parametrize("name", ROUGH)
@pytest.mark.parametrize("max_degree", [50, 1000])
def test_the_error_of_rough_functions_is_told(name, max_degree):
    function = ROUGH[name]
    coefficients, error = chebyshev_coefficients(
        function, 1.0, tol=1e-10, max_degree=max_degree
    )
    assert len(coefficients) <= max_degree + 1
    eigenvalues = np.linspace(0, 2, 10_001)
    if name == "step":  # next to the step, no series is near
        eigenvalues = eigenvalues[abs(eigenvalues - 0.7) > 3 / max_degree]
    deviation = chebyshev.chebval(1 - eigenvalues, coefficients) - function(eigenvalues)
    assert np.abs(deviation).max() <= error
    assert error > 1e-9


def test_more_terms_are_better():
    errors = [
        chebyshev_coefficients(np.sqrt, 1.0, max_degree=degree)[1]
        for degree in (4, 16, 64, 256, 1024)
    ]
    assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.5)


def test_no_more_terms_than_needed():
    for degree in (0, 1, 3, 17, 40):
        wanted = np.zeros(degree + 1)
        wanted[-1] = 1.0
        coefficients, error = chebyshev_coefficients(
            lambda x, wanted=wanted: chebyshev.chebval(1 - x / 2, wanted), 2.0
        )
        assert_allclose(coefficients, wanted, atol=1e-13)
        assert len(coefficients) == degree + 1
        assert error <= 1e-12
    # T_12 / 12! < 1e-8: a dozen terms or two.
    assert len(chebyshev_coefficients(np.exp, 1.0, tol=1e-8)[0]) <= 12


@pytest.mark.parametrize("degree", [18, 32, 34, 66, 128, 200])
def test_high_degrees_do_not_hide_behind_low_ones(degree):
    # On 17 nodes, T_32 is -T_2: only points between the nodes tell them apart.
    wanted = np.zeros(degree + 1)
    wanted[-1] = 1.0
    coefficients, error = chebyshev_coefficients(
        lambda x: chebyshev.chebval(1 - x, wanted), 1.0
    )
    assert_allclose(coefficients, wanted, atol=1e-12)
    assert error <= 1e-10


@pytest.mark.parametrize("max_degree", [1, 2, 7, 33])
def test_the_degree_is_bounded(max_degree):
    asked = []

    def function(x):
        asked.append(len(x))
        return np.sqrt(x)

    coefficients, error = chebyshev_coefficients(function, 1.0, max_degree=max_degree)
    assert len(coefficients) == max_degree + 1
    assert max(asked) <= 4 * max_degree + 3
    assert error > 0.001


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1 / x,  # infinite at zero, which no node is
        np.log,
        lambda x: np.full_like(x, np.nan),
        lambda x: np.full_like(x, np.inf),
    ],
)
def test_functions_must_be_finite(function):
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match=r"finite on the spectrum, \[0, 3\]"),
    ):
        chebyshev_coefficients(function, 1.5)


# ----------------------------------------------------------------- applied to a graph


@given(
    A=adjacency_matrices(),
    kind=st.sampled_from(KINDS),
    name=st.sampled_from([*SMOOTH, *ROUGH]),
    tol=st.sampled_from([1e-3, 1e-9]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100)
def test_the_stated_error_holds(device, A, kind, name, tol, seed):
    laplacian, backend = Graph(A).laplacian(kind), get_backend(device)
    function = (SMOOTH | ROUGH)[name]
    B = np.random.default_rng(seed).standard_normal((laplacian.n_nodes, 3))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result, error = spectral_function(
            laplacian, function, B, tol=tol, backend=backend
        )
    result = backend.to_numpy(result)
    assert result.dtype == np.float64
    scale = np.abs(function(np.linspace(0, 2 * laplacian.bound, 1001))).max()
    if not caught:
        assert error <= 1.001 * tol * scale
    # Eigenvalues are known to rounding, which the root magnifies next to zero.
    slack = (1e-7 if name == "root" else 1e-11) * scale
    values = np.linalg.eigvals(laplacian.matrix().toarray()).real
    if name == "step":  # next to the step, no series is near
        assume(abs(values - 0.7).min() > 0.01)
    deviation = result - exact_function(laplacian, function) @ B
    size = weighed_norm(laplacian, B)
    assert (weighed_norm(laplacian, deviation) <= (error + slack) * size).all()


@pytest.mark.parametrize("kind", KINDS)
def test_heat_two_ways(device, kind):
    X = np.random.default_rng(0).standard_normal((80, 2))
    laplacian = Graph.from_points(X, n_neighbors=5).laplacian(kind)
    backend = get_backend(device)
    B = np.eye(80)
    result, error = spectral_function(
        laplacian, lambda x: np.exp(-4 * x), B, tol=1e-13, backend=backend
    )
    assert error <= 1e-12
    expected = heat_kernel(laplacian, 4.0, B)
    assert_allclose(backend.to_numpy(result), expected, atol=1e-11)


def test_known_functions(device):
    backend = get_backend(device)
    laplacian = Graph.from_edges([[0, 1], [1, 2], [2, 3]], n_nodes=5).laplacian()
    L = laplacian.matrix().toarray()
    B = np.random.default_rng(0).standard_normal((5, 2))
    for function, expected in (
        (lambda x: x, L @ B),
        (lambda x: x**2 - 3 * x, L @ L @ B - 3 * L @ B),
        (np.ones_like, B),
    ):
        result, error = spectral_function(laplacian, function, B, backend=backend)
        assert_allclose(backend.to_numpy(result), expected, atol=1e-13)
        assert error <= 1e-10


@pytest.mark.parametrize("name", ROUGH)
def test_warns_of_functions_that_are_not_smooth_enough(name):
    laplacian = Graph.from_edges([[0, 1], [1, 2]]).laplacian()
    message = r"error of \d\.\de-\d\d, more than the \d\.\de-\d\d asked for"
    with pytest.warns(UserWarning, match=message) as caught:
        result, error = spectral_function(laplacian, ROUGH[name], np.eye(3), tol=1e-12)
    assert np.isfinite(result).all()
    assert f"{error:.1e}" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_does_not_warn_of_what_it_reaches():
    laplacian = Graph.from_edges([[0, 1], [1, 2]]).laplacian("combinatorial")
    for name, tol in [("root", 1e-3), ("kink", 1e-3), *((n, 1e-10) for n in SMOOTH)]:
        function = (SMOOTH | ROUGH)[name]
        result, _ = spectral_function(laplacian, function, np.eye(3), tol=tol)
        assert result.any() == (name != "zero")


def test_the_result_is_where_the_input_is():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    laplacian = Graph.from_edges([[0, 1], [1, 2]]).laplacian()
    kept = torch.eye(3)
    result, _ = spectral_function(laplacian, np.cos, kept)
    assert isinstance(result, torch.Tensor)
    assert result.dtype == torch.float64
    assert_array_equal(kept, torch.eye(3))
    expected, _ = spectral_function(laplacian, np.cos, np.eye(3, dtype=np.float32))
    assert isinstance(expected, np.ndarray)
    assert_allclose(result, expected, atol=1e-14)
