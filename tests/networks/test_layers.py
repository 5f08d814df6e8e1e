"""Layers: the same on tensors and arrays, invertible, not stretching."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skgeom.networks import MLP, Coupling, FourierFeatures, Network, Operations, Scaling

OPS = Operations(np)
seeds = st.integers(0, 2**31 - 1)
sizes = st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple)


def drawn(layer, seed, spread=1.0):
    """Weights of a layer that is far from where it begins, in double precision."""
    rng = np.random.RandomState(seed)
    found = layer.initial(rng)
    return {k: spread * rng.standard_normal(w.shape) for k, w in found.items()}


@given(sizes, seeds, st.sampled_from(["silu", "leaky_relu"]))
def test_an_mlp_is_what_it_says(sizes, seed, activation):
    layer = MLP(sizes, activation)
    weights = drawn(layer, seed)
    x = np.random.RandomState(seed).standard_normal((4, sizes[0]))
    expected = x
    for k in range(len(sizes) - 1):
        expected = expected @ weights[f"W{k}"] + weights[f"b{k}"]
        if k < len(sizes) - 2 and activation == "silu":
            expected = expected / (1 + np.exp(-expected))
        elif k < len(sizes) - 2:
            expected = np.maximum(expected, 0.2 * expected)
    np.testing.assert_allclose(layer(weights, OPS, x), expected, atol=1e-10)


@given(sizes, seeds)
def test_a_contraction_brings_no_rows_further_apart(sizes, seed):
    layer = MLP(sizes, "leaky_relu", contraction=True)
    weights = drawn(layer, seed, spread=30.0)
    x, y = np.random.RandomState(seed).standard_normal((2, 9, sizes[0]))
    moved = np.linalg.norm(layer(weights, OPS, x) - layer(weights, OPS, y), axis=1)
    assert (moved <= np.linalg.norm(x - y, axis=1) * (1 + 1e-10)).all()


@given(st.integers(2, 7), st.integers(0, 1), seeds)
def test_a_coupling_is_inverted_and_knows_its_volume(d, parity, seed):
    layer = Coupling(d, parity, (5,), reach=1.5)
    weights = drawn(layer, seed)
    x = np.random.RandomState(seed).standard_normal((3, d))
    y, log_stretch = layer(weights, OPS, x)
    np.testing.assert_allclose(layer.inverse(weights, OPS, y), x, atol=1e-8)
    # Columns of that parity stay as they are.
    np.testing.assert_array_equal(y[:, parity::2], x[:, parity::2])
    assert (np.abs(log_stretch) <= 1.5 * d).all()
    step = 1e-6
    for row, found in zip(x, log_stretch, strict=True):
        around = row + step * np.concatenate([np.eye(d), -np.eye(d)])
        moved = layer(weights, OPS, around)[0]
        jacobian = (moved[:d] - moved[d:]) / (2 * step)
        sign, volume = np.linalg.slogdet(jacobian)
        assert sign > 0
        np.testing.assert_allclose(found, volume, atol=1e-5)


@pytest.mark.parametrize("parity", [0, 1])
def test_a_coupling_begins_as_the_identity(parity):
    layer = Coupling(5, parity, (8, 8))
    x = np.arange(10.0).reshape(2, 5)
    y, log_stretch = layer(layer.initial(np.random.RandomState(0)), OPS, x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(log_stretch, 0)


def test_waves_are_half_turns():
    t = np.linspace(-1, 1, 9)[:, None]
    found = FourierFeatures(4)({}, OPS, t)
    expected = [f(j * np.pi / 2 * (t + 1)) for f in (np.cos, np.sin) for j in range(4)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=1e-12)


def test_operations_of_torch_are_those_of_numpy():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from skgeom.networks._trainer import TensorOperations

    x, y = np.random.RandomState(0).standard_normal((2, 5, 3))
    there = TensorOperations(torch)
    for name in ("silu", "leaky_relu", "log_softmax"):
        told = getattr(there, name)(torch.tensor(x)).numpy()
        np.testing.assert_allclose(told, getattr(OPS, name)(x), atol=1e-12)
    told = float(there.squared_error(torch.tensor(x), torch.tensor(y)))
    np.testing.assert_allclose(told, OPS.squared_error(x, y))


@pytest.mark.parametrize("far", [-1e6, -745.0, 0.0, 745.0, 1e6])
def test_no_number_overflows(far):
    with np.errstate(all="raise", under="ignore"):
        found = OPS.silu(np.array([far]))
        told = OPS.log_softmax(np.array([[far, 0.0, 1.0]]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.exp(told).sum(), 1.0)


LAYERS = [
    MLP((3, 6, 2)),
    MLP((3, 6, 2), "leaky_relu", contraction=True),
    FourierFeatures(3),
    Coupling(3, 1, (4,)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_training_computes_what_prediction_computes(layer):
    """The operations of torch, and those of NumPy."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from skgeom.networks._trainer import TensorOperations

    weights = drawn(layer, 1)
    tensors = {name: torch.tensor(w) for name, w in weights.items()}
    x = np.random.RandomState(2).standard_normal((5, 3))
    # What follows the first singular vector has to arrive there first.
    for _ in range(200 if getattr(layer, "contraction", False) else 1):
        there = layer(tensors, TensorOperations(torch), torch.tensor(x))
    here = layer(weights, OPS, x)
    if not isinstance(here, tuple):
        here, there = [here], [there]
    for one, two in zip(here, there, strict=True):
        np.testing.assert_allclose(two.numpy(), one, atol=1e-7)


def test_a_network_computes_rows_one_by_one(device):
    """In blocks, on any device: a row is what it is alone."""
    from skgeom.backends import get_backend

    layers = {"up": MLP((4, 300, 7)), "down": MLP((7, 5, 1))}
    network = Network.drawn(layers, np.random.RandomState(0))
    X = np.random.RandomState(1).standard_normal((9000, 4))

    def both(net, x):
        return net("down", net("up", x))

    found = network.compute(both, X, get_backend(device))
    one_by_one = np.concatenate([network.compute(both, row[None]) for row in X[::500]])
    assert found.shape == (9000, 1)
    np.testing.assert_allclose(found[::500], one_by_one, rtol=0, atol=1e-12)


@given(
    seeds,
    st.sampled_from([0.0, 1e-300, 1e-20, 1.0, 1e100, 1e300]),
    st.booleans(),
    st.integers(1, 6),
)
def test_rows_come_back_from_their_scale(seed, size, together, n_rows):
    rng = np.random.RandomState(seed)
    X = size * (rng.standard_normal((n_rows, 3)) + np.array([0, 5, 0]))
    X[:, 2] = 7.0
    scaling = Scaling.of(X, together=together)
    Z = scaling.apply(X)
    assert np.isfinite(Z).all()
    np.testing.assert_allclose(
        scaling.invert(Z), X, atol=1e-9 * max(np.abs(X).max(), 1e-300)
    )
    if n_rows > 1 and size >= 1e-20:
        spread = Z.var(axis=0)
        wanted = [spread.mean()] if together else spread[:2]
        np.testing.assert_allclose(wanted, 1.0, atol=1e-6)
        assert Z[:, 2].max() - Z[:, 2].min() <= 1e-6


def test_rows_far_away_stay_numbers():
    scaling = Scaling.of(np.array([[0.0], [1e-300]]))
    Z = scaling.apply(np.array([[1e300], [-1e300]]))
    assert np.isfinite(Z).all()
    assert np.isfinite(scaling.invert(1e9 * Z)).all()
