"""What every estimator keeps to: failed fits, lost devices, foreign arrays."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_is_fitted

from skgeom import GraphKernelRidge, HeatGeodesicEmbedding, STKRRegressor
from skgeom.backends import as_numpy, get_backend, is_torch
from skgeom.base import GeometryEstimator, NetworkEstimator
from skgeom.base._boundary import KNOWS_NAMESPACES
from skgeom.testing import all_estimators, host_waits

# What they tell is of targets, not of rows.
OF_TARGETS = {"TargetShiftReweighter"}
ESTIMATORS = [
    pytest.param(Class, id=name)
    for name, Class in all_estimators()
    if name not in OF_TARGETS
]

X, Y = make_blobs(60, n_features=3, centers=2, random_state=0)
X -= X.min()  # for those of counts, too
Y = Y.astype(float)
METHODS = (
    "transform",
    "predict",
    "decision_function",
    "predict_proba",
    "score_samples",
    "mahalanobis",
)

needs_namespaces = pytest.mark.skipif(
    not KNOWS_NAMESPACES, reason="scikit-learn keeps to NumPy, whatever it is told"
)
pytestmark = pytest.mark.filterwarnings("ignore:The graph has:UserWarning")


def make(Class, device="auto"):
    """An estimator that is quick, decided by a seed, and gives dense arrays."""
    wanted = dict(device=device, random_state=0, n_clusters=2, n_components=2)
    if Class.__name__ == "PoincareEmbedding" or issubclass(Class, NetworkEstimator):
        wanted["max_iter"] = 3
    if Class.__name__ == "SDPClustering":
        # Labels that are certain at once would spare it the device.
        wanted["early_stopping"] = False
    if Class.__name__ == "TreeEmbedding":
        # The tree whose edges are searched for there.
        wanted["tree"] = "minimum"
    if Class.__name__ == "VecchiaGPRegressor":
        # The whole matrix of few rows would be SciPy's.
        wanted["approximation"] = "response"
    if Class.__name__ == "VecchiaGPClassifier":
        wanted["approximation"] = "full_scale"
    known = Class().get_params()
    return Class(**{name: wanted[name] for name in wanted if name in known})


def told(model, rows):
    """What a fitted model says of rows, by method."""
    names = [name for name in METHODS if hasattr(model, name)]
    if not names:
        # One that chooses rows tells nothing of others.
        check_is_fitted(model, "sample_indices_")
    return {name: as_array(getattr(model, name)(rows), rows) for name in names}


def as_array(answer, rows):
    """Links, which are SciPy's whatever the rows are, as an array like the rows."""
    if not sp.issparse(answer):
        return answer
    answer = answer.toarray()
    return get_backend(like=rows).asarray(answer) if is_torch(rows) else answer


def fitted_arrays(model):
    return {k: v for k, v in vars(model).items() if k.endswith("_")}


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


# -------------------------------------------------------------------- fits that fail


# Whose fit puts nothing there: a few operations a number, or an estimator of others.
ON_HOST = {
    "AnchorAlignment",
    "ColumnScreen",
    "FrechetMeanClassifier",
    "HyperbolicCoordinates",
    "MagmaClust",
    "KernelBatchSelector",  # all rows have labels
    "MultiFidelityCovariance",
    "NonnegativeRESCAL",
    "RelativeRepresentation",
    "SphericalHarmonics",
    "TangentCoordinates",
}
# To which a gap is a value.
OF_GAPS = {"ColumnScreen"}


@pytest.mark.parametrize("which", ["first", "last"])
@pytest.mark.parametrize("Class", [e for e in ESTIMATORS if e.id not in ON_HOST])
def test_out_of_memory_is_told_and_leaves_nothing(Class, which, torch, monkeypatch):
    """The device has no room for the first array of a fit, or for the last."""
    from skgeom.backends._torch._backend import TorchBackend

    moved, room, asarray = [], np.inf, TorchBackend.asarray

    def limited(self, array, dtype=None):
        moved.append(array)
        if len(moved) > room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return asarray(self, array, dtype)

    monkeypatch.setattr(TorchBackend, "asarray", limited)
    model = make(Class, "torch-cpu")
    before = dict(vars(model))
    clone(model).fit(X, Y)
    room = 0 if which == "first" else len(moved) - 1
    moved.clear()
    message = rf"{Class.__name__}: .*quarter of scikit-learn's working_memory.*9 GiB"
    with pytest.raises(MemoryError, match=message) as caught:
        model.fit(X, Y)
    # Nothing holds on to what filled the memory.
    assert caught.value.__context__ is None
    assert vars(model) == before
    with pytest.raises(NotFittedError):
        told(model, X)


@pytest.mark.parametrize("Class", ESTIMATORS)
def test_a_fit_that_fails_leaves_the_one_before(Class):
    model = make(Class).fit(X, Y)
    before, expected = dict(vars(model)), told(model, X[:5])
    wrong = np.full_like(X, np.inf if Class.__name__ in OF_GAPS else np.nan)
    for fit in ("fit", "fit_transform", "fit_predict"):
        if hasattr(model, fit):
            with pytest.raises(ValueError, match=r"contains (NaN|infinity)"):
                getattr(model, fit)(wrong, Y)
            assert vars(model) == before
    for name, value in told(model, X[:5]).items():
        np.testing.assert_array_equal(value, expected[name])


@pytest.mark.parametrize("Class", ESTIMATORS)
def test_a_fit_leaves_nothing_of_the_one_before(Class):
    """As bounds, which a fit with other parameters would not set."""
    model = make(Class).fit(X, Y)
    model.bound_of_before_ = 0.1
    model.fit(X, Y)
    assert not hasattr(model, "bound_of_before_")
    again = make(Class).fit(X, Y)
    assert {k for k in vars(model) if k.endswith("_")} == {
        k for k in vars(again) if k.endswith("_")
    }


# ------------------------------------------------------------------------- ownership


def sources():
    """Each estimator with each kind of X that it may keep, as it comes to it."""
    points, affinities = X, np.exp(-((X[:, None] - X) ** 2).sum(axis=2) / 9)
    for name, Class in all_estimators():
        if name in OF_TARGETS:
            continue
        for kind in ("numpy", "torch", "frame"):
            yield pytest.param(Class, {}, points, kind, id=f"{name}-{kind}")
        for key in ("kernel", "affinity"):
            for value, given in (("rbf", points), ("precomputed", affinities)):
                valid = Class._parameter_constraints.get(key, [])
                if not any(value in getattr(one, "options", ()) for one in valid):
                    continue
                sparse = get_tags(Class(**{key: value})).input_tags.sparse
                for kind in ["numpy", "sparse"] if sparse else ["numpy"]:
                    case = f"{name}-{value}-{kind}"
                    yield pytest.param(Class, {key: value}, given, kind, id=case)


@pytest.mark.parametrize(("Class", "parameters", "given", "kind"), sources())
def test_what_is_fitted_is_its_own(Class, parameters, given, kind):
    """X and y may be changed after fit, in place: no prediction moves."""
    given, y = given.copy(), Y.copy()
    model, rows = make(Class).set_params(**parameters), given[:9] * 1.01
    passed = given
    if kind == "torch":
        passed = pytest.importorskip("torch").from_numpy(given)
    elif kind == "frame":
        passed = pytest.importorskip("pandas").DataFrame(given, copy=False)
        rows = type(passed)(rows)
    elif kind == "sparse":
        passed = sp.csr_array(given)
        given = passed.data
    model.fit(passed, y)
    before = {k: np.copy(v) for k, v in fitted_arrays(model).items()}
    expected = told(model, rows)
    given *= -3.0
    y *= 0.0
    for name, value in told(model, rows).items():
        np.testing.assert_array_equal(as_numpy(value), as_numpy(expected[name]))
    for name, value in fitted_arrays(model).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


# -------------------------------------------------------------------- lost devices


@pytest.mark.parametrize("Class", ESTIMATORS)
def test_fit_insists_on_its_device(Class, torch, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    message = f"{Class.__name__}: device='cuda:3', but torch finds 0 cuda devices"
    with pytest.raises(InvalidParameterError, match=message):
        make(Class, "cuda:3").fit(X, Y)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it fails
    monkeypatch.delitem(sys.modules, "skgeom.backends._torch._backend")
    with pytest.raises(ImportError, match="device='cuda' needs torch"):
        make(Class, "cuda").fit(X, Y)


LOAD_WITHOUT_TORCH = """
import pickle, sys, warnings
import numpy as np

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError(name)

sys.meta_path.insert(0, NoTorch())
warnings.simplefilter("error")
with open(sys.argv[1], "rb") as file:
    models = pickle.load(file)
for model, rows, expected in models:
    name = type(model).__name__
    for method, value in expected.items():
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", f".* The fitted {name} goes on without")
            found = getattr(model, method)(rows)
        found = found.toarray() if hasattr(found, "toarray") else found
        assert isinstance(found, np.ndarray), name
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-5, err_msg=name)
    print(name)
"""


@pytest.mark.parametrize("dispatch", [False, True])
def test_models_work_where_there_is_no_torch(torch_device, dispatch, torch, tmp_path):
    """What a device has fitted is loaded, and used, by a process without torch."""
    where = get_backend(torch_device).device
    there, rows = torch.as_tensor(X, device=where), X[:7] + 0.1
    kept = []
    told_of = [(n, Class) for n, Class in all_estimators() if n not in OF_TARGETS]
    for _, Class in told_of:
        with sklearn.config_context(array_api_dispatch=dispatch):
            model = make(Class, torch_device).fit(there, Y)
            answers = told(model, torch.as_tensor(rows, device=where))
        # Named as on a machine with an accelerator.
        model.device = "cuda"
        kept.append((model, rows, {k: as_numpy(v) for k, v in answers.items()}))
    (tmp_path / "models").write_bytes(pickle.dumps(kept))
    run = subprocess.run(
        [sys.executable, "-c", LOAD_WITHOUT_TORCH, tmp_path / "models"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [name for name, _ in told_of]


def test_a_model_says_that_it_lost_its_device(torch, monkeypatch):
    model = STKRRegressor().fit(X, Y)
    model.device = "cuda"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.warns(UserWarning, match=r"finds 0 cuda.*STKRRegressor goes on"):
        found = model.predict(X)
    np.testing.assert_array_equal(found, model.set_params(device="auto").predict(X))
    model.device = "gpu"  # no device at all
    with pytest.raises(InvalidParameterError, match="'gpu' is not known"):
        model.predict(X)


# ------------------------------------------------------------------ tensors and arrays


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("Class", ESTIMATORS)
def test_tensors_in_tensors_out(torch_device, Class, dtype, torch):
    """Rows of one kind on a model of another: the answer is of the kind of the rows."""
    where = get_backend(torch_device).device
    here = X.astype(dtype)
    there = torch.as_tensor(here, device=where)
    by_tensor, by_array = make(Class).fit(there, Y), make(Class).fit(here, Y)
    # What is fitted is on the host, whatever X was.
    for name, value in fitted_arrays(by_tensor).items():
        assert type(value) is type(getattr(by_array, name)), name
        if isinstance(value, np.ndarray):
            assert value.dtype == getattr(by_array, name).dtype, name
    for model in (by_tensor, by_array):
        tensors, arrays = told(model, there), told(model, here)
        for name, value in tensors.items():
            assert isinstance(value, torch.Tensor), name
            assert value.device == there.device, name
            assert isinstance(arrays[name], np.ndarray), name
            value = as_numpy(value)
            assert value.dtype == arrays[name].dtype, name
            np.testing.assert_allclose(value, arrays[name], rtol=1e-4, atol=1e-4)
    if hasattr(Class, "score"):
        targets = torch.as_tensor(Y, device=where)
        assert isinstance(by_tensor.score(there, targets), float)


@pytest.mark.parametrize(
    "model",
    [
        STKRRegressor(kernel="rbf"),
        STKRRegressor(),
        GraphKernelRidge(),
        HeatGeodesicEmbedding(),
    ],
)
def test_sound_tensors_are_looked_at_where_they_are(torch_device, model, torch):
    there = torch.as_tensor(X, device=get_backend(torch_device).device)
    model = clone(model).fit(there, Y)
    use = getattr(model, "transform", None) or model.predict
    with host_waits() as waits:
        found = use(there[:9])
    assert not waits["skgeom.backends._arrays.as_numpy", "cpu"]
    np.testing.assert_allclose(as_numpy(found), use(X[:9]), atol=1e-12)
    # What is wrong with the others scikit-learn says in its own words.
    for wrong, message in (
        (there * np.nan, "contains NaN"),
        (there[:, :2], "X has 2 features, but"),
        (there[0], "Expected 2D array, got 1D"),
        (there[:0], "Found array with 0 sample"),
    ):
        with pytest.raises(ValueError, match=message):
            use(wrong)
    np.testing.assert_allclose(as_numpy(use(there.round().int())), use(X.round()))


@needs_namespaces
@pytest.mark.parametrize("Class", ESTIMATORS)
def test_with_dispatch_what_is_fitted_follows_X(torch_device, Class, torch):
    where = get_backend(torch_device).device
    there, targets = (torch.as_tensor(a, device=where) for a in (X, Y))
    with sklearn.config_context(array_api_dispatch=True):
        model = make(Class).fit(there, targets)
        arrays = [v for v in vars(model).values() if isinstance(v, torch.Tensor)]
        assert arrays
        assert {array.device for array in arrays} == {there.device}
        answers = told(model, there)
        if answers:
            with pytest.raises(ValueError, match="must use the same namespace"):
                told(model, X)
    # Without dispatch, and in copies, all are welcome again.
    for other in (model, copy.copy(model), pickle.loads(pickle.dumps(model))):
        for name, value in told(other, X).items():
            assert isinstance(value, np.ndarray)
            np.testing.assert_allclose(value, as_numpy(answers[name]), atol=1e-6)
    assert not any(isinstance(v, torch.Tensor) for v in vars(copy.copy(model)).values())
    assert clone(model).get_params() == model.get_params()


@needs_namespaces
def test_with_dispatch_parameters_stay_as_they_are(torch_device, torch):
    alphas = np.array([0.1, 1.0])
    there = torch.as_tensor(X, device=get_backend(torch_device).device)
    with sklearn.config_context(array_api_dispatch=True):
        model = STKRRegressor("nearest_neighbors", alpha=alphas)
        model.fit(there, there[:, 0])
        assert model.alpha is alphas
        assert isinstance(model.dual_coef_, torch.Tensor)


# ------------------------------------------------ methods that no estimator has told of


class Gaussian(GeometryEstimator):
    """A mean and a deviation, with the methods that families to come will have."""

    def __init__(self, device="auto"):
        self.device = device

    def fit(self, X, y=None):
        self.total_, self.square_, self.count_ = np.zeros(1), np.zeros(1), np.zeros(1)
        return self._add(X)

    def partial_fit(self, X, y=None):
        if not hasattr(self, "total_"):
            return self.fit(X)
        return self._add(X)

    def _add(self, X):
        fails = np.isnan(as_numpy(X)).any()
        X = np.nan_to_num(as_numpy(X))
        # In place, and before the check: as far as a failing fit may come.
        self.total_ += X.sum()
        self.square_ += (X**2).sum()
        self.count_ += X.size
        if fails:
            raise ValueError("X contains NaN")
        return self

    def _moments(self):
        for name in ("total_", "square_", "count_"):
            assert isinstance(getattr(self, name), np.ndarray), "read on the host"
        mean = self.total_ / self.count_
        return mean, self.square_ / self.count_ - mean**2

    def predict(self, X, return_std=False):
        mean, variance = self._moments()
        found = np.zeros(len(X)) + mean, np.zeros(len(X)) + np.sqrt(variance)
        return found if return_std else found[0]

    def score_samples(self, X):
        mean, variance = self._moments()
        return -((as_numpy(X)[:, 0] - mean) ** 2) / variance

    def predict_log_proba(self, X):
        return self.score_samples(X)[:, None]

    def inverse_transform(self, X):
        return as_numpy(X) + self._moments()[0]

    def sample(self, n_samples=1):
        return np.zeros((n_samples, 1)) + self._moments()[0], np.zeros(n_samples, int)

    def sample_y(self, X, n_samples=1):
        return np.zeros((len(X), n_samples)) + self._moments()[0]

    def summary(self):
        return {"mean": self._moments()[0]}


OF_ROWS = ("predict", "score_samples", "predict_log_proba", "inverse_transform")


@needs_namespaces
def test_whatever_a_method_is_called_its_answers_come_home(torch_device, torch):
    there = torch.as_tensor(X[:, :1].copy(), device=get_backend(torch_device).device)
    with sklearn.config_context(array_api_dispatch=True):
        model = Gaussian().fit(there)
        answers = {name: getattr(model, name)(there) for name in OF_ROWS}
        answers["predict, keyword"] = model.predict(X=there)
        answers["sample_y"] = model.sample_y(there, n_samples=2)
        answers["mean"], answers["std"] = model.predict(there, return_std=True)
        answers["rows"], answers["labels"] = model.sample(3)
        answers["summary"] = model.summary()["mean"]
        with pytest.raises(ValueError, match="must use the same namespace"):
            model.score_samples(X[:, :1])
    for name, value in answers.items():
        assert isinstance(value, torch.Tensor), name
        assert value.device == there.device, name
    assert answers["rows"].shape == (3, 1)
    # Fitted on the host, they stay there.
    here = Gaussian().fit(X[:, :1])
    assert all(isinstance(part, np.ndarray) for part in here.sample(3))
    np.testing.assert_allclose(here.sample(3)[0], as_numpy(answers["rows"]))


def test_partial_fit_goes_on_from_where_it_was(torch):
    model = Gaussian().partial_fit(X[:20]).partial_fit(X[20:])
    np.testing.assert_allclose(model.sample()[0], X.mean())
    before = {name: value.copy() for name, value in fitted_arrays(model).items()}
    with pytest.raises(ValueError, match="contains NaN"):
        model.partial_fit(X * [1, 1, np.nan])
    assert fitted_arrays(model) == before


@needs_namespaces
def test_with_dispatch_partial_fit_trains_the_estimator_itself(torch):
    there = torch.as_tensor(X)
    with sklearn.config_context(array_api_dispatch=True):
        model = Gaussian().partial_fit(there[:20]).partial_fit(there[20:])
        assert isinstance(model.total_, torch.Tensor)
        with pytest.raises(ValueError, match="must use the same namespace"):
            model.partial_fit(X)
        with pytest.raises(ValueError, match="contains NaN"):
            model.partial_fit(there * torch.nan)
        assert isinstance(model.total_, torch.Tensor)
        np.testing.assert_allclose(as_numpy(model.sample()[0]), X.mean())


@pytest.mark.parametrize(
    "Class", [GraphKernelRidge, HeatGeodesicEmbedding, STKRRegressor]
)
def test_training_rows_are_not_searched_again(Class, monkeypatch):
    model = make(Class).fit(X, Y)
    expected = told(model, X)

    def search(*args, **kwargs):
        raise AssertionError("neighbours were searched")

    for place in ("skgeom.base._graph_input", "skgeom.kernels._stkr._machine"):
        monkeypatch.setattr(f"{place}.nearest_neighbors", search)
    for name, value in told(model, X).items():
        np.testing.assert_array_equal(value, expected[name])
    with pytest.raises(AssertionError, match="were searched"):
        told(model, X[:5] + 1.0)
