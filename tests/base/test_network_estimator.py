"""What all estimators share that train a network."""

import copy
import pickle
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skgeom.base import NetworkEstimator
from skgeom.networks import MLP, Scaling
from skgeom.testing import all_estimators

torch = pytest.importorskip("torch", reason="torch is not installed")
skorch = pytest.importorskip("skorch", reason="skorch is not installed")

NETWORKS = [
    pytest.param(Class, id=name)
    for name, Class in all_estimators()
    if issubclass(Class, NetworkEstimator)
]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = (X[:, 0] > 0).astype(int)
QUICK = dict(max_iter=3, random_state=0)


def told(model, rows=X):
    use = getattr(model, "predict_proba", None) or getattr(model, "predict", None)
    return (use or model.transform)(rows)


def test_there_are_some():
    assert len(NETWORKS) >= 3


def test_the_trainer_is_no_estimator_of_ours():
    """skorch's net is an estimator of scikit-learn."""
    from sklearn.base import BaseEstimator

    from skgeom.networks._trainer import Trainer

    assert issubclass(Trainer, BaseEstimator)
    assert Trainer not in [Class for _, Class in all_estimators()]


@pytest.mark.parametrize("Class", NETWORKS)
def test_without_torch_everything_works_but_fit(Class, monkeypatch):
    model = Class(**QUICK).fit(X, Y)
    expected, kept = told(model), pickle.dumps(model)
    assert b"torch" not in kept
    assert b"skorch" not in kept
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "skorch", None)
    for there in (pickle.loads(kept), copy.deepcopy(model)):
        np.testing.assert_array_equal(told(there), expected)
    new = clone(model)
    assert new.get_params() == model.get_params()
    message = rf"{Class.__name__} needs torch and skorch.*pip install 'skgeom\[torch\]'"
    for method in ("fit", "partial_fit"):
        with pytest.raises(ImportError, match=message):
            getattr(new, method)(X, Y)
    with pytest.raises(NotFittedError):
        told(new)
    # A fit that fails leaves the one before.
    with pytest.raises(ImportError, match=message):
        model.fit(X, Y)
    np.testing.assert_array_equal(told(model), expected)


@pytest.mark.parametrize("Class", NETWORKS)
def test_a_seed_decides_all_and_nothing_global_moves(Class):
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = (Class(batch_size=16, **QUICK).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(told(one), told(two))
    other = clone(one).set_params(random_state=1).fit(X, Y)
    assert not np.array_equal(told(other), told(one))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


@pytest.mark.parametrize("Class", NETWORKS)
def test_ctrl_c_ends_fit_and_leaves_the_model_before(Class, monkeypatch):
    model = Class(**QUICK).fit(X, Y)
    expected = told(model)

    def interrupt(self, *args, **kwargs):
        raise KeyboardInterrupt

    from skgeom.networks._trainer import FlatAdam

    monkeypatch.setattr(FlatAdam, "step", interrupt)
    for method in ("fit", "partial_fit"):
        with pytest.raises(KeyboardInterrupt):
            getattr(model, method)(X, Y)
        np.testing.assert_array_equal(told(model), expected)


@pytest.mark.parametrize("Class", NETWORKS)
def test_callbacks_of_scikit_learn_see_the_epochs(Class):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has no callbacks yet")
    seen = []

    class Recorder:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            seen.append(context.task_name)
            return context.parent is not None

    model = Class(max_iter=400, tol=0.0, n_iter_no_change=400, random_state=0)
    model.set_callbacks(Recorder()).fit(X, Y)
    assert seen[0].startswith("step 50, loss ")
    assert model.n_iter_ == 50


@pytest.mark.parametrize("Class", NETWORKS)
def test_parameters_that_are_none_are_named(Class):
    for name, value in (
        ("max_iter", 0),
        ("batch_size", 0),
        ("batch_size", "all"),
        ("learning_rate", 0.0),
        ("n_iter_no_change", 0),
        ("hidden_layer_sizes", 3),
        ("warm_start", "yes"),
    ):
        with pytest.raises(ValueError, match=name):
            Class(**{name: value}).fit(X, Y)


class Line(NetworkEstimator):
    """A line through the rows, with all that training can be told."""

    def __init__(self, alpha=0.0, learning_rate=0.1, device="auto", random_state=0):
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state

    def fit(self, X, y, **settings):
        rows = Scaling.of(self._validated(X, reset=True)).apply(X)
        wanted = np.asarray(y, dtype=float)[:, None]

        def loss(net, x, t):
            return ((net("line", x) - t) ** 2).mean()

        layers = {"line": MLP((X.shape[1], 1))}
        return self._learn(layers, loss, [rows, wanted], X, **settings)


def test_settings_of_a_method_come_before_parameters():
    model = Line().fit(X, Y, max_iter=7, tol=0.0)
    assert model.n_iter_ == len(model.loss_curve_) == 7


def test_the_line_is_the_one_of_least_squares():
    model = Line().fit(X, Y, max_iter=400, tol=0.0, n_iter_no_change=400)
    rows = Scaling.of(X).apply(X)
    wanted = np.linalg.lstsq(np.c_[rows, np.ones(80)], Y, rcond=None)[0]
    weights = model._network.weights["line"]
    found = np.append(weights["W0"], weights["b0"])
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    # A penalty on squared weights makes it a ridge: (A'A + n a / 2) w = A'y.
    ridge = Line(alpha=0.5).fit(X, Y, max_iter=400, tol=0.0, n_iter_no_change=400)
    A = np.c_[rows, np.ones(80)]
    wanted = np.linalg.solve(A.T @ A + 80 * 0.25 * np.eye(4), A.T @ Y)
    weights = ridge._network.weights["line"]
    np.testing.assert_allclose(
        np.append(weights["W0"], weights["b0"]), wanted, atol=1e-4
    )
