"""On a device no loop waits for the host, and nothing falls back to it."""

import inspect

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_moons
from sklearn.utils import get_tags

from skgeom.backends import (
    POINT_KERNELS,
    Backend,
    Descent,
    Links,
    Neighborhoods,
    Points,
    get_backend,
)
from skgeom.backends._descent import RULES
from skgeom.graph import Graph
from skgeom.hyperbolic._poincare._descent import prepare_links
from skgeom.nodes import graph_kernel
from skgeom.nodes._walk_features import length_law
from skgeom.solvers import conjugate_gradient, smacof
from skgeom.testing import all_estimators, host_waits

torch = pytest.importorskip("torch", reason="torch is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore:The graph has:UserWarning"),
    # Regressors are given the classes of the moons.
    pytest.mark.filterwarnings("ignore:y looks like class labels:UserWarning"),
]

RNG = np.random.default_rng(0)


# --------------------------------------------------------------- the counter counts


@pytest.mark.parametrize(
    "wait",
    [
        lambda t: float(t.sum()),
        lambda t: t.sum().item(),
        lambda t: int(t[1]),
        lambda t: bool(t[0] > 3),
        lambda t: t.tolist(),
        lambda t: t.cpu(),
        lambda t: t[t > 2],
        lambda t: torch.nonzero(t),
        lambda t: torch.masked_select(t, t > 2),
        lambda t: torch.unique_consecutive(t),
        lambda t: torch.bincount(t.long()),
        lambda t: torch.repeat_interleave(t, t.long()),
        lambda t: torch.as_tensor([1.0], device=t.device),
    ],
)
def test_a_wait_in_a_loop_is_seen(torch_device, wait):
    tensor = torch.arange(5.0, device=get_backend(torch_device).device)
    with host_waits() as waits:
        for _ in range(7):
            wait(tensor)
    assert waits.total() == 7


def test_work_on_the_device_is_no_wait(torch_device):
    tensor = torch.arange(6.0, device=get_backend(torch_device).device)
    counts = tensor.long()
    with host_waits() as waits:
        for k in range(1, 4):
            total = torch.where(tensor > k, tensor, 0.0).sum()
            tensor = torch.cat([tensor[1:], total[None]]) / (1 + total)
            tensor[counts.clamp(max=2)] = 1.0
            torch.repeat_interleave(tensor, counts, output_size=15)
            torch.sort(tensor).values.cummax(0)
    assert waits.total() == 0


def test_the_place_that_waits_is_named(torch_device):
    backend = get_backend(torch_device)
    with host_waits() as waits:
        backend.to_numpy(backend.asarray(np.ones(2)))
    where = "skgeom.backends._torch._backend"
    assert waits[f"{where}.asarray", "as_tensor"] == 1
    assert waits[f"{where}.to_numpy", "cpu"] == 1


# ------------------------------------- a pretended device, on which nothing has a value


@pytest.fixture
def pretended():
    """A backend on a device that is not there: shapes and places, but no values.

    To ask for a value is an error there, and so is an array of the host where one of
    the device belongs.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    from skgeom.backends._torch._backend import TorchBackend

    backend = object.__new__(TorchBackend)
    backend.device, backend.float64 = "lazy", torch.float64
    with FakeTensorMode():
        yield backend


def floats(*shape):
    return torch.empty(shape, dtype=torch.float64, device="lazy")


def integers(*shape):
    return torch.empty(shape, dtype=torch.int64, device="lazy")


def test_a_pretended_device_has_no_values(pretended):
    with pytest.raises(Exception, match="_local_scalar_dense"):
        float(floats(3).sum())
    with pytest.raises(Exception, match="nonzero"):
        floats(3)[floats(3) > 0]
    with pytest.raises(RuntimeError, match="device"):
        floats(3) + torch.ones(3)


def _descend(rule):
    from skgeom.backends._torch._descent import _draw_negatives, _step

    points = Points(floats(20, 3), floats(20), floats(20, 3), floats(20, 3), floats(20))
    links = Links(
        *(integers(21), integers(40), floats(40)),
        *(integers(21), integers(40), integers(20), integers(20)),
    )
    descent = Descent(rule, 0.1, 5, 2, 10.0, n_frozen=3)
    heads, keys = integers(6), integers(40)
    draws = _draw_negatives(links, heads, keys, 3, descent, torch.float64)
    return _step(points, links, heads, integers(6), 12, draws, descent)


def _neighborhoods():
    known = floats(20, 3), floats(20, 4), 2
    return Neighborhoods(*known, floats(9, 6), integers(9, 5), integers(9))


def _walk():
    from skgeom.backends._torch import _walks as walks

    lots = walks._lots(integers(9), 32, "repelling", torch.float64).ravel()
    return walks._shared_lots(integers(9 * 32), lots, integers(33))


def _solve(backend):
    from skgeom.solvers._conjugate_gradient import _Block

    block = object.__new__(_Block)
    block.xp, block.tol = backend.xp, 1e-6
    block.product = block.precondition = lambda V: 2 * V
    flags = [torch.empty(2, dtype=torch.bool, device="lazy") for _ in range(2)]
    block.state = [floats(9, 2), floats(9, 2), floats(9, 2), *(floats(2),) * 3, *flags]
    block.step()
    return block.state[0]


def _scale(backend):
    from skgeom.solvers._mds import _relaxed_step, _Scaling

    flags = [torch.empty((), dtype=torch.bool, device="lazy") for _ in range(2)]
    state = _Scaling(floats(9, 2), floats(9, 9), *(floats(),) * 3, *flags)
    limits = dict(tol=1e-5, max_iter=9, total=1.0)
    return _relaxed_step(backend.xp, state, floats(9, 9), **limits).points


STEPS = {
    **{
        f"kernel-{kernel}": lambda b, kernel=kernel: b.kernel_matvec(
            floats(20, 3), floats(30, 3), floats(30, 2), kernel
        )
        for kernel in POINT_KERNELS
    },
    "lagrangian": lambda b: b.row_sum_lagrangian(
        floats(20, 3), floats(20), floats(2, 20, 4), floats(2, 20), floats(2)
    )[2],
    "likelihood": lambda b: b.vecchia_likelihood(
        *(floats(20, 3), floats(20, 2), floats(20), integers(9, 5), integers(9))
    )[2],
    "contrasts": lambda b: b.vecchia_contrasts(_neighborhoods())[2],
    "contrasts-gradient": lambda b: b.vecchia_contrasts_gradient(
        _neighborhoods(), floats(9, 4), floats(9)
    )[1],
    "kriging": lambda b: b.kriging_weights(
        floats(20, 3), floats(9, 3), floats(9, 5), integers(9, 5)
    )[0],
    "signatures": lambda b: b.signature_values(
        floats(5, 7, 2), floats(4, 3, 2), integers(9), integers(9), "rbf", 1
    )[1],
    "triangles": lambda b: b.neighbor_solve(
        [[(integers(9), integers(9, 4), floats(9, 4))]] * 2, floats(20, 3)
    ),
    **{f"descent-{rule}": lambda b, rule=rule: _descend(rule) for rule in RULES},
    "walkers": lambda b: _walk(),
    "conjugate gradients": _solve,
    "scaling": _scale,
}


@pytest.mark.parametrize("step", STEPS)
def test_steps_stay_on_their_device(pretended, step):
    assert STEPS[step](pretended).device.type == "lazy"


# --------------------------------------------------------- loops, by how much they wait


def _descend_edges(backend, n_steps):
    graph = Graph.from_edges(RNG.integers(0, 60, (300, 2)), directed=True)
    A = graph.adjacency.copy()
    A.setdiag(0)
    A.eliminate_zeros()
    links = prepare_links(A, backend)
    n = A.shape[0]
    points = [0.1 * RNG.standard_normal((n, 2)), np.full(n, 0.98)]
    points += [np.zeros((n, 2)), np.zeros((n, 2)), np.zeros(n)]
    points = Points(*(backend.asarray(p, dtype=backend.float64) for p in points))
    splits = np.linspace(0, n, n_steps + 1).astype(int)
    descent = Descent("polar_adam", 0.1, 10, 2, 10.0)
    return lambda: backend.descend_edges(
        points, links, np.arange(n), splits, 3, descent
    )


def _random_walks(backend, n_lengths):
    steps = Graph.from_edges(RNG.integers(0, 60, (300, 2))).steps(backend)
    f = graph_kernel("diffusion", diffusion_time=4.0).modulation[:n_lengths]

    def run():
        return backend.random_walks(steps, np.arange(50), f, length_law(f), 16)

    run()  # tables of draws are brought there once in a process
    return run


def _matrix_polynomial(backend, degree):
    P = backend.csr(Graph.from_edges(RNG.integers(0, 60, (300, 2))).adjacency)
    B = backend.asarray(np.ones((P.shape[0], 3)))
    return lambda: backend.matrix_polynomial(P, B, np.ones(degree + 1), "chebyshev")


def _in_blocks(run):
    def small():
        with sklearn.config_context(working_memory=0.05):
            run()

    return small


def _kernel_matvec(backend, n_blocks):
    X = backend.asarray(RNG.standard_normal((40 * n_blocks, 3)))
    return _in_blocks(lambda: backend.kernel_matvec(X, X[:40], X[:40]))


def _knn(backend, n_blocks):
    X = backend.asarray(RNG.standard_normal((100, 3)))
    Y = backend.asarray(RNG.standard_normal((16 * n_blocks, 3)))
    return _in_blocks(lambda: backend.knn(X, Y, 5))


@pytest.mark.parametrize(
    "loop", [_descend_edges, _random_walks, _matrix_polynomial, _kernel_matvec, _knn]
)
def test_primitives_wait_no_more_for_more_steps(torch_device, loop):
    found = []
    for n_steps in (3, 12):
        run = loop(get_backend(torch_device), n_steps)
        with host_waits() as waits:
            run()
        found.append(waits.total())
    assert found[0] == found[1] <= 8, waits


def _smacof(backend, n_steps):
    D = backend.asarray(np.abs(RNG.standard_normal((30, 30))))
    start = backend.asarray(RNG.standard_normal((30, 2)))
    D = D + D.T
    return lambda: smacof(backend.xp, D, start, tol=0.0, max_iter=n_steps)


def _conjugate_gradient(backend, n_steps):
    d = backend.asarray(np.geomspace(1, 1e9, 200)[:, None])
    B = backend.asarray(RNG.standard_normal((200, 4)))
    return lambda: conjugate_gradient(
        backend.xp, lambda V: d * V, B, tol=1e-14, max_iter=n_steps
    )


@pytest.mark.parametrize("loop", [_smacof, _conjugate_gradient])
def test_solvers_look_after_every_sixteen_steps(torch_device, loop):
    found = []
    for n_steps in (32, 128):
        run = loop(get_backend(torch_device), n_steps)
        with host_waits() as waits:
            run()
        found.append(waits.total())
    # Two or three values at each of six more looks.
    assert found[1] - found[0] <= 3 * (128 - 32) // 16, waits


# ----------------------------------------------------------------------- estimators

ESTIMATORS = [pytest.param(Class, id=name) for name, Class in all_estimators()]
# Each step of a push looks at what is left to push.
QUICK = {
    "GaussianWeightedLinearEmbedding": dict(tol=0.1),
    "GrassmannClassifier": dict(tol=0.1),
    "HyperbolicLogisticRegression": dict(tol=0.1),  # a look for each step
    "HyperbolicMDS": dict(max_iter=10),
    "AdaptiveBasisClassifier": dict(max_iter=5),  # a look for each epoch
    "AdaptiveBasisRegressor": dict(max_iter=5),
    "LeastVolumeAutoencoder": dict(max_iter=5),
    "NodeEmbedding": dict(n_components=16),
    "NonnegativeRESCAL": dict(max_iter=20, tol=1.0),
    "OnlineGraphClassifier": dict(tol=0.1),
    "PoincareEmbedding": dict(max_iter=5),
    # A look for each row that is chosen.
    "DiversitySampler": dict(n_samples=10),
    "KernelCoreset": dict(n_samples=10),
    "SupportPoints": dict(n_samples=10),
}
# Sizes on one side of the 128 labels at which the way of choosing a kernel changes, and
# beyond that from which on there are sixteen groups.
SIZES = {
    **dict.fromkeys(("GraphKernelRidge", "GraphKernelClassifier"), (200, 800)),
    "HubnessReducedNeighbors": (800, 1200),
}


def sample(n):
    X, y = make_moons(n, noise=0.05, random_state=0)
    return np.column_stack([X, X[:, 0] * X[:, 1]]), y


def rows_for(Class, X):
    """Of counts the sizes."""
    return np.abs(X) if get_tags(Class()).input_tags.positive_only else X


def told_by(model):
    """What a model tells of rows: coordinates, else labels, densities or distances."""
    if hasattr(model, "weight"):
        return lambda rows: model.weight(rows[:, 0])  # of targets
    """What a model tells of rows: coordinates, else labels, densities or distances.

    Of one that chooses rows nothing.
    """
    if hasattr(model, "sample_indices_"):
        return lambda rows: None
    names = ("transform", "predict", "score_samples", "mahalanobis")
    return next(getattr(model, name) for name in names if hasattr(model, name))


@pytest.mark.parametrize("Class", ESTIMATORS)
def test_an_estimator_waits_no_more_for_more_samples(torch_device, Class):
    found = []
    for n in SIZES.get(Class.__name__, (100, 400)):
        X, y = sample(n)
        X = rows_for(Class, X)
        X = torch.as_tensor(X, device=get_backend(torch_device).device)
        model = Class(**QUICK.get(Class.__name__, {}))
        with host_waits() as waits:
            model.fit(X, y)
            if Class.__name__ != "PoincareEmbedding":  # which descends once more
                told_by(model)(X[:20])
        # An accelerator would refuse to be read as an array.
        assert not any(what == "__array__" for _, what in waits)
        found.append(waits.total())
    # Iterations may differ by a few looks.
    assert found[1] <= found[0] + 12 <= 100, waits


PRIMITIVES = [
    name
    for name, _ in inspect.getmembers(Backend, inspect.isfunction)
    if not name.startswith("_") and name not in ("asarray", "to_numpy", "csr")
]


OF_DENSE_MATHEMATICS = (
    "AnchorAlignment",
    "AdaptiveBasisClassifier",
    "AdaptiveBasisRegressor",
    "ColumnScreen",
    "FrechetMeanClassifier",
    "GaussianWeightedLinearEmbedding",
    "GrassmannClassifier",
    "HyperbolicCoordinates",
    "HyperbolicLogisticRegression",
    "HyperbolicMDS",
    "KernelBatchSelector",  # all rows have labels
    "LeastVolumeAutoencoder",
    "MagmaClust",
    "MultiFidelityCovariance",
    "NonnegativeRESCAL",
    "OrthogonalRBFSampler",
    "SphericalHarmonics",
    "PMIEmbedding",
    "RelativeRepresentation",
    "SDPClustering",
    "SPDVectors",
    "SlicedWassersteinEmbedding",
    "SparseDictionary",
    "TangentCoordinates",
    "TargetShiftReweighter",
    "SubspaceClustering",
    "TreeEmbedding",
    "VonMisesFisherMixture",
    "VecchiaGPClassifier",  # few rows are SciPy's
    "VecchiaGPRegressor",  # these, too
)


@pytest.mark.parametrize("Class", ESTIMATORS)
def test_no_estimator_falls_back_to_the_host(torch_device, Class, monkeypatch):
    from skgeom.backends._numba._backend import NumbaBackend

    def refuse(self, *args, **kwargs):
        raise AssertionError("a primitive of the host was called")

    for name in PRIMITIVES:
        monkeypatch.setattr(NumbaBackend, name, refuse)
    X, y = sample(100)
    X = rows_for(Class, X)
    where = get_backend(torch_device).device
    for rows in (X, torch.as_tensor(X, device=where)):
        model = Class(device=torch_device, **QUICK.get(Class.__name__, {})).fit(rows, y)
        told_by(model)(rows[:20] + 0.01)
    # The host is asked where the host is meant, by all that need a primitive.
    if Class.__name__ not in OF_DENSE_MATHEMATICS:
        with pytest.raises(AssertionError, match="of the host"):
            Class(device="cpu", **QUICK.get(Class.__name__, {})).fit(X, y)
