"""The trainer: seeds, threads, interruptions, losses that are no numbers."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from skgeom.backends import get_backend
from skgeom.networks import MLP, Network, Settings, require_torch, train

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("skorch", reason="skorch is not installed")

X = np.random.RandomState(0).standard_normal((600, 3))
Y = X[:, :1] * X[:, 1:2]
LAYERS = {"head": MLP((3, 16, 1))}


def network(seed=0):
    return Network.drawn(LAYERS, np.random.RandomState(seed))


def squared(net, x, y):
    return ((net("head", x) - y) ** 2).mean()


def trained(net=None, arrays=(X, Y), loss=squared, device="torch-cpu", **options):
    chosen = {"learning_rate": 1e-2, "max_iter": 4, "tol": 0.0}
    known = {k: options.pop(k) for k in list(options) if k in Settings._fields}
    settings = Settings(**{**chosen, **known})
    return train(
        net or network(), loss, arrays, settings, get_backend(device), **options
    )


def numbers(found):
    return np.concatenate(
        [w.ravel() for own in found.network.weights.values() for w in own.values()]
    )


def test_it_learns(torch_device):
    found = trained(device=torch_device, max_iter=60)
    assert found.losses[-1] < 0.05 * found.losses[0]
    told = found.network.compute(lambda net, x: net("head", x), X)
    np.testing.assert_allclose(((told - Y) ** 2).mean(), found.losses[-1], rtol=0.2)
    assert numbers(found).dtype == np.float32


def test_what_it_starts_from_does_not_change():
    start = network()
    before = pickle.dumps(start)
    trained(start)
    assert pickle.dumps(start) == before


def state_of_numpy():
    return np.random.get_state()[1].copy()  # noqa: NPY002, of others


@pytest.mark.parametrize("batch_size", [64, 1000])
def test_a_seed_decides_all_and_no_global_generator_is_touched(
    torch_device, batch_size
):
    states = torch.random.get_rng_state(), state_of_numpy()
    one, two = (
        trained(batch_size=batch_size, seed=3, device=torch_device) for _ in range(2)
    )
    np.testing.assert_array_equal(numbers(one), numbers(two))
    assert one.losses == two.losses
    other = trained(batch_size=batch_size, seed=4, device=torch_device)
    assert (numbers(other) == numbers(one)).all() == (batch_size == 1000)
    assert torch.equal(torch.random.get_rng_state(), states[0])
    np.testing.assert_array_equal(state_of_numpy(), states[1])


def test_the_number_of_threads_does_not_matter():
    """Of products that torch would share between threads."""
    wide = np.random.RandomState(0).standard_normal((3000, 40))
    net = Network.drawn(
        {"head": MLP((40, 200, 40), contraction=True)}, np.random.RandomState(0)
    )

    def kept(net, x):
        return ((net("head", x) - x) ** 2).mean()

    told, before = [], torch.get_num_threads()
    try:
        for n_threads in (1, 4):
            torch.set_num_threads(n_threads)
            told.append(numbers(trained(net, [wide], kept, batch_size=3000)))
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*told)


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_it_learns_where_gradients_are_off(around):
    expected = numbers(trained())
    with around():
        np.testing.assert_array_equal(numbers(trained()), expected)


def test_less_precise_products_are_the_users_own():
    expected = numbers(trained())
    torch.set_float32_matmul_precision("medium")
    try:
        np.testing.assert_array_equal(numbers(trained()), expected)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


# ------------------------------------------------------------------------- the steps


def test_adam_is_adam():
    """Of torch: as many steps of its optimizer, on the same batches."""
    found = trained(max_iter=7, batch_size=600, fades=False, alpha=0.1)
    start = network().weights["head"]
    weights = {k: torch.tensor(w, requires_grad=True) for k, w in start.items()}
    adam = torch.optim.Adam(weights.values(), lr=1e-2, weight_decay=0.1)
    x, y = (torch.tensor(a, dtype=torch.float32) for a in (X, Y))
    losses = []
    for _ in range(7):
        hidden = torch.nn.functional.silu(x @ weights["W0"] + weights["b0"])
        loss = ((hidden @ weights["W1"] + weights["b1"] - y) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    np.testing.assert_allclose(found.losses, losses, rtol=1e-4)
    for name, w in weights.items():
        told = found.network.weights["head"][name]
        np.testing.assert_allclose(told, w.detach().numpy(), atol=1e-4)


def test_steps_without_the_fused_one_are_the_same(monkeypatch):
    expected = numbers(trained(alpha=0.1))
    monkeypatch.delattr(torch, "_fused_adam_")
    np.testing.assert_allclose(numbers(trained(alpha=0.1)), expected, atol=1e-4)


def test_batches_are_a_permutation_of_about_equal_size():
    from skgeom.networks._trainer import Batches

    rows = torch.arange(103)
    batches = Batches([rows, rows + 1], 25, seed=1)
    first, second = ([b[0] for b in batches] for _ in range(2))
    assert [len(b) for b in first] == [21, 21, 21, 20, 20]
    for epoch in (first, second):
        assert sorted(torch.cat(epoch).tolist()) == rows.tolist()
    assert not torch.equal(torch.cat(first), torch.cat(second))
    assert all(torch.equal(a + 1, b) for a, b in batches)


def test_a_gradient_is_clipped():
    """Adam does not feel one factor, but clips of one step and not of another."""

    def steep(net, x, y):
        return 1e3 * squared(net, x, y)

    free = trained(loss=steep)
    clipped = trained(loss=steep, clip=1.0)
    assert free.losses != clipped.losses
    np.testing.assert_allclose(numbers(trained(clip=1e9)), numbers(trained()))


def test_epochs_go_on_where_they_stopped():
    whole = trained(max_iter=5, fades=False, batch_size=64, seed=2)
    network_, progress, losses = network(), None, []
    for _ in range(5):
        found = trained(
            network_, max_iter=1, fades=False, batch_size=64, seed=2, progress=progress
        )
        network_, progress = found.network, found.progress
        losses += found.losses
    np.testing.assert_array_equal(numbers(found), numbers(whole))
    assert losses == whole.losses
    assert progress.n_epochs == whole.progress.n_epochs == 5


# --------------------------------------------------------------------- how it ends


def test_it_ends_when_nothing_is_gained():
    found = trained(max_iter=500, tol=1e9, n_iter_no_change=3)
    assert len(found.losses) == 4


def test_the_best_epoch_on_held_out_rows_is_kept():
    """Of rows with other targets, on which the loss rises: the first."""
    options = dict(validation=[X, -Y], max_iter=30, keep_best=True)
    found = trained(**options, n_iter_no_change=30)
    held_out = found.validation_losses
    assert np.argmin(held_out) < 5 < len(held_out) == 30
    told = found.network.compute(lambda net, x: net("head", x), X)
    np.testing.assert_allclose(((told + Y) ** 2).mean(), min(held_out), rtol=1e-4)
    # Held-out rows also tell when to end.
    assert len(trained(**options, n_iter_no_change=4).losses) < 15


def test_the_caller_may_end_it():
    told = []

    def after(n, loss):
        told.append((n, loss))
        return n == 3

    found = trained(max_iter=50, after_epoch=after)
    assert [n for n, _ in told] == [1, 2, 3]
    assert found.losses == [loss for _, loss in told]


def test_ctrl_c_is_not_the_end_of_training():
    def interrupt(n, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(after_epoch=interrupt)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_an_epoch_that_is_no_number_is_taken_back(number):
    """The third loss is none: weights before it, a lower rate, and on."""
    n_calls = 0  # once before the first step

    def breaks(net, x, y):
        nonlocal n_calls
        n_calls += 1
        return squared(net, x, y) * (number if n_calls == 4 else 1.0)

    found = trained(loss=breaks, max_iter=40, batch_size=600, fades=False)
    assert found.n_lost == 1
    assert not np.isfinite(found.losses[2])
    kept = [loss for loss in found.losses if np.isfinite(loss)]
    assert len(kept) == 39
    # Where it was before the step that was lost.
    assert kept[-1] < kept[0]
    assert kept[2] <= kept[1]
    assert np.isfinite(numbers(found)).all()


def test_a_loss_that_is_never_a_number_ends_soon_where_it_began():
    found = trained(loss=lambda net, x, y: squared(net, x, y) * np.nan, max_iter=1000)
    assert found.n_lost == len(found.losses) < 20
    np.testing.assert_array_equal(numbers(found), numbers_of(network()))


def numbers_of(net):
    return np.concatenate([w.ravel() for w in net.weights["head"].values()])


def test_a_rate_that_is_far_too_large_is_lowered():
    found = trained(learning_rate=1e4, max_iter=200, clip=None)
    assert found.n_lost > 0
    assert np.isfinite(numbers(found)).all()
    assert min(found.losses) < 2 * np.var(Y)


# ----------------------------------------------------------------------- what is kept


def test_what_is_kept_names_no_torch():
    kept = pickle.dumps(trained()[:4])
    assert b"torch" not in kept
    assert b"skorch" not in kept
    assert len(kept) < 4000


def test_without_torch_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "skorch", None)
    with pytest.raises(ImportError, match=r"Nice needs.*pip install 'skgeom\[torch\]'"):
        require_torch("Nice")


def test_no_optimizer_of_torch_is_made():
    """Its first one imports torch's compiler, which takes a second."""
    code = (
        "import sys, numpy as np\n"
        "from skgeom.backends import get_backend\n"
        "from skgeom.networks import MLP, Network, Settings, train\n"
        "net = Network.drawn({'head': MLP((1, 2))}, np.random.RandomState(0))\n"
        "loss = lambda net, x: (net('head', x) ** 2).mean()\n"
        "train(net, loss, [np.ones((5, 1))], Settings(), get_backend('torch-cpu'))\n"
        "print(*sorted(m for m in sys.modules if m.startswith('torch._dynamo')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
