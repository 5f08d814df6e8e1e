"""What the two estimators compute, against closed forms and against scikit-learn."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, make_moons, make_swiss_roll
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel
from sklearn.semi_supervised import LabelSpreading

from skgeom import STKRClassifier, STKRRegressor
from skgeom.graph import Graph

SOURCES = ["nearest_neighbors", "rbf", "laplacian", "matern32", "precomputed", "graph"]
TRANSFORMS = {
    "inverse_laplacian": {},
    "squared": {"spectral_transform": "inverse_laplacian", "degree": 2},
    "polynomial": {"spectral_transform": "polynomial"},
    "top_components": {"spectral_transform": "top_components", "n_components": 10},
    "callable": {"spectral_transform": lambda values: np.exp(3 * values)},
}
pytestmark = pytest.mark.filterwarnings("ignore:spectral_transform:UserWarning")


def moons(n=120, n_labelled=12, seed=0):
    X, classes = make_moons(n, noise=0.05, random_state=seed)
    y = np.full(n, np.nan)
    y[:n_labelled] = np.sin(3 * X[:n_labelled, 0]) + classes[:n_labelled]
    return X, y


def adjacency_of(X):
    return Graph.from_points(X, n_neighbors=7, affinity="self_tuning").adjacency


def fitted(source, X, y, **parameters):
    """A regressor on one of the sources, and the rows that it was fitted on."""
    if source == "graph":
        rows = np.arange(len(X), dtype=float)[:, None]
        graph = Graph.from_adjacency(adjacency_of(X))
        return STKRRegressor(graph=graph, **parameters).fit(rows, y), rows
    if source == "precomputed":
        X = adjacency_of(X)
    return STKRRegressor(source, gamma=2.0, **parameters).fit(X, y), X


# ------------------------------------------------------------------ closed forms


def test_the_identity_is_kernel_ridge_regression(device):
    X, y = moons(n_labelled=120)
    for kernel, peer in (("rbf", "rbf"), ("laplacian", "laplacian")):
        ridge = KernelRidge(alpha=0.3, kernel=peer, gamma=0.7).fit(X[:80], y[:80])
        for solver in ("dense", "cg", "eigen"):
            model = STKRRegressor(
                kernel,
                spectral_transform="polynomial",
                degree=1,
                normalization=None,
                fit_intercept=False,
                alpha=0.3,
                gamma=0.7,
                solver=solver,
                tol=1e-12,
                device=device,
            ).fit(X[:80], y[:80])
            assert_allclose(model.dual_coef_, ridge.dual_coef_, atol=1e-7)
            assert_allclose(model.predict(X[80:]), ridge.predict(X[80:]), atol=1e-8)


def test_unlabelled_points_do_not_move_the_identity():
    """With s = identity the kernel of labelled pairs is all that counts."""
    X, y = moons()
    parameters = dict(
        spectral_transform="polynomial", degree=1, normalization=None, gamma=2.0
    )
    some = STKRRegressor("rbf", **parameters).fit(X, y)
    few = STKRRegressor("rbf", **parameters).fit(X[:12], y[:12])
    assert_allclose(some.predict(X), few.predict(X), atol=1e-9)


def test_a_precomputed_kernel_is_that_kernel():
    X, y = moons()
    parameters = dict(spectral_transform="polynomial", degree=3, normalization=None)
    own = STKRRegressor("rbf", gamma=2.0, **parameters).fit(X[:90], y[:90])
    K = rbf_kernel(X[:90], gamma=2.0)
    given = STKRRegressor("precomputed", **parameters).fit(K, y[:90])
    sparse = STKRRegressor("precomputed", **parameters).fit(sp.csr_array(K), y[:90])
    function = STKRRegressor(lambda A, B: rbf_kernel(A, B, gamma=2.0), **parameters)
    function.fit(X[:90], y[:90])
    expected = own.predict(X[90:])
    links = rbf_kernel(X[90:], X[:90], gamma=2.0)
    assert_allclose(given.predict(links), expected, atol=1e-9)
    assert_allclose(sparse.predict(links), expected, atol=1e-9)
    assert_allclose(function.predict(X[90:]), expected, atol=1e-9)


@pytest.mark.parametrize("normalization", ["symmetric", "random_walk"])
def test_the_paper_s_estimator_on_a_positive_kernel(normalization):
    """K_s = sum s(lambda) psi psi', in the measure of the normalisation."""
    X, y = moons()
    y = np.nan_to_num(y[:90], nan=np.nan)
    K = laplacian_kernel(X[:90], gamma=1.0)
    d = K.sum(axis=1)
    values, U = np.linalg.eigh(K / np.sqrt(np.outer(d, d)))
    measure = d / d.mean() if normalization == "random_walk" else np.ones(90)
    s = values / (1 - 0.9 * values)
    Ks = U * s @ U.T / np.sqrt(np.outer(measure, measure))
    mean = y[:12].mean()
    a = np.linalg.solve(Ks[:12, :12] + 0.2 * np.eye(12), y[:12] - mean)
    model = STKRRegressor(
        "laplacian",
        gamma=1.0,
        degree=1,
        strength=10.0,
        alpha=0.2,
        normalization=normalization,
    ).fit(X[:90], y)
    assert_allclose(model.transduction_, Ks[:, :12] @ a + mean, atol=1e-7)
    assert_allclose(model.dual_coef_, a, atol=1e-6)
    # New points: theta = (I - eta S)^-1 a, seen through normalised kernel values.
    theta = np.linalg.solve(
        np.eye(90) - 0.9 * (U * values @ U.T),
        np.r_[a / np.sqrt(measure[:12]), np.zeros(78)],
    )
    k = laplacian_kernel(X[90:], X[:90], gamma=1.0)
    row = k / np.sqrt(np.outer(k.sum(axis=1), d))
    own = k.sum(axis=1) / d.mean() if normalization == "random_walk" else np.ones(30)
    assert_allclose(model.predict(X[90:]), row @ theta / np.sqrt(own) + mean, atol=1e-7)


def test_a_large_alpha_is_label_spreading():
    """(1 - alpha)(I - alpha S)^-1 Y, with eta for alpha (Zhou et al. 2004)."""
    X, classes = make_moons(80, noise=0.1, random_state=0)
    y = np.where(np.arange(80) < 10, classes, -1)
    W = adjacency_of(X).toarray()
    peer = LabelSpreading(lambda A, B: W, alpha=0.9, max_iter=10_000, tol=1e-12)
    peer.fit(X, y)
    model = STKRClassifier(
        "precomputed",
        normalization="symmetric",
        strength=10.0,
        degree=1,
        alpha=1e6,
        fit_intercept=False,
        tol=1e-12,
    ).fit(W, y)
    assert_array_equal(model.transduction_, peer.transduction_)
    assert_allclose(model.label_distributions_, peer.label_distributions_, atol=1e-4)


# ------------------------------------------------------------------- mathematics


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_solvers_agree(source, transform):
    X, y = moons()
    parameters = dict(strength=50.0, alpha=0.1, tol=1e-11, **TRANSFORMS[transform])
    found = {}
    for solver in ("dense", "cg", "eigen"):
        model, rows = fitted(source, X, y, solver=solver, **parameters)
        found[solver] = model.transduction_, model.predict(rows[:5]), model.dual_coef_
    for other in ("cg", "eigen"):
        for one, two in zip(found["dense"], found[other], strict=True):
            assert_allclose(one, two, atol=1e-6 * abs(found["dense"][2]).max())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_devices_agree(device, source, transform):
    X, y = moons()
    parameters = dict(strength=50.0, tol=1e-11, **TRANSFORMS[transform])
    here, rows = fitted(source, X, y, **parameters)
    there, _ = fitted(source, X, y, device=device, **parameters)
    assert_allclose(there.transduction_, here.transduction_, atol=1e-8)
    assert_allclose(there.predict(rows), here.predict(rows), atol=1e-8)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("transform", ["inverse_laplacian", "squared", "polynomial"])
@pytest.mark.parametrize("normalization", ["random_walk", "symmetric"])
def test_fitted_rows_have_their_fitted_values(source, transform, normalization):
    """Where s vanishes at zero, and on graphs, for which rows tell who they are."""
    X, y = moons()
    parameters = dict(normalization=normalization, tol=1e-10, strength=100.0)
    model, rows = fitted(source, X, y, **parameters, **TRANSFORMS[transform])
    assert_allclose(model.predict(rows), model.transduction_, atol=1e-6)


@pytest.mark.parametrize("transform", ["inverse_laplacian", "squared", "polynomial"])
def test_new_rows_continue_the_fitted_values(transform):
    """Links that differ by next to nothing from an unlabelled node's get its value."""
    X, y = moons()
    W = adjacency_of(X)
    model = STKRRegressor(
        "precomputed", tol=1e-11, strength=100.0, **TRANSFORMS[transform]
    ).fit(W, y)
    almost = W[50:60] * (1 + 1e-12)
    assert_allclose(model.predict(almost), model.transduction_[50:60], atol=1e-8)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**31 - 1),
    normalization=st.sampled_from(["random_walk", "symmetric"]),
    transform=st.sampled_from(sorted(TRANSFORMS)),
)
def test_values_are_linear_in_y_and_follow_permutations(seed, normalization, transform):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((40, 3))
    Y = rng.standard_normal((40, 2))
    Y[15:] = np.nan
    parameters = (
        dict(normalization=normalization, strength=20.0, alpha=0.1, gamma=0.5)
        | dict(solver="eigen")
        | TRANSFORMS[transform]
    )
    model = STKRRegressor("rbf", **parameters).fit(X, Y)
    mixed = clone(model).fit(X, 2 * Y[:, 0] - 3 * Y[:, 1] + 1)
    size = abs(Y[:15]).max() * 10
    expected = model.transduction_ @ [2, -3] + 1
    assert_allclose(mixed.transduction_, expected, atol=1e-7 * size)
    order = rng.permutation(40)
    turned = clone(model).fit(X[order], Y[order])
    assert_allclose(turned.transduction_, model.transduction_[order], atol=1e-7 * size)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_residual_grows_with_alpha(transform):
    X, y = moons()
    misfit = []
    for alpha in np.logspace(-4, 3, 8):
        model, _ = fitted(
            "nearest_neighbors",
            X,
            y,
            alpha=alpha,
            tol=1e-10,
            normalization="symmetric",
            strength=50.0,
            **TRANSFORMS[transform],
        )
        misfit.append(((model.transduction_[:12] - y[:12]) ** 2).sum())
    assert (np.diff(misfit) >= -1e-9).all()


def test_blocks_and_the_whole_matrix_agree():
    X, y = moons()
    for parameters in ({"degree": 1}, {"spectral_transform": "polynomial"}):
        parameters |= dict(strength=50.0, alpha=0.1, tol=1e-10, gamma=2.0)
        whole = STKRRegressor("rbf", **parameters).fit(X, y)
        with config_context(working_memory=0.01):
            blocks = STKRRegressor("rbf", **parameters).fit(X, y)
        assert_allclose(blocks.transduction_, whole.transduction_, atol=1e-8)


def test_threads_do_not_change_a_digit(monkeypatch):
    from skgeom.backends._numba import _backend as _numba

    monkeypatch.setattr(_numba, "_KERNEL_BYTES", 2**14)  # several tiles
    X, y = (part[:40] for part in moons())
    fitted = []
    for n_jobs in (None, 2):
        with config_context(working_memory=0.01):
            # No system within a system: each product makes a pool of threads.
            model = STKRRegressor(
                "rbf",
                gamma=2.0,
                spectral_transform="polynomial",
                degree=3,
                n_jobs=n_jobs,
            ).fit(X, y)
            fitted.append((model.transduction_, model.predict(X + 0.1)))
    for one, two in zip(*fitted, strict=True):
        assert_array_equal(one, two)


def test_constants_are_kept_by_the_random_walk():
    X, _ = moons()
    y = np.full(120, np.nan)
    y[:5] = 3.0
    model = STKRRegressor(
        "nearest_neighbors", fit_intercept=False, alpha=1e-4, strength=1e5
    ).fit(X, y)
    assert_allclose(model.transduction_, 3.0, atol=1e-3)


def test_a_node_named_twice_has_the_mean_of_its_labels():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 3]])
    rows = np.array([[0], [0], [3]])
    model = STKRRegressor(graph=graph, fit_intercept=False, alpha=0.1, strength=10.0)
    twice = model.fit(rows, [1.0, 3.0, 0.0]).predict(np.arange(4)[:, None])
    # The same objective, the squares of the first node written out.
    S = graph.laplacian("symmetric").transition.toarray()
    measure = graph.degrees / graph.degrees.mean()
    root = np.sqrt(measure)
    M = np.eye(4) - 0.9 * S
    system = np.diag([2.0, 0, 0, 1.0]) + 0.1 * (root[:, None] * M @ M * root)
    assert_allclose(twice, np.linalg.solve(system, [4.0, 0, 0, 0]), atol=1e-5)


# --------------------------------------------------------------------- usefulness


def test_digits_with_three_labels_a_class():
    X, y = load_digits(return_X_y=True)
    X, y = X[:900] / 16, y[:900]
    labels = np.full(700, -1)
    for digit in range(10):
        labels[np.flatnonzero(y[:700] == digit)[:3]] = digit
    model = STKRClassifier().fit(X[:700], labels)
    assert model.score(X[700:], y[700:]) > 0.75
    assert model.score(X[:700], y[:700]) > 0.75


def test_a_swiss_roll_with_ten_labels():
    X, t = make_swiss_roll(600, noise=0.1, random_state=0)
    X, t = X / X.std(), (t - t.mean()) / t.std()
    y = np.where(np.arange(600) % 50 == 0, t, np.nan)
    model = STKRRegressor().fit(X[:500], y[:500])
    assert model.score(X[500:], t[500:]) > 0.9
    blind = KernelRidge(kernel="rbf", gamma=1.0, alpha=0.01)
    known = ~np.isnan(y[:500])
    blind.fit(X[:500][known], y[:500][known])
    assert blind.score(X[500:], t[500:]) < 0.8


def test_a_new_row_takes_the_mean_of_its_neighbours_shares():
    X, classes = make_moons(120, noise=0.1, random_state=0)
    labels = np.where(np.arange(120) < 12, classes, -1)
    W = adjacency_of(X)
    model = STKRClassifier("precomputed").fit(W[:100][:, :100], labels[:100])
    links = W[100:][:, :100]
    mean = (links @ model.label_distributions_) / links.sum(axis=1)[:, None]
    assert_allclose(model.predict_proba(links), mean, atol=1e-12)
    assert_allclose(model.predict_proba(links).sum(axis=1), 1)


@pytest.mark.parametrize("transform", ["inverse_laplacian", "squared", "polynomial"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_far_nodes_go_to_the_nearest_label_and_not_to_the_largest_class(
    transform, fit_intercept
):
    """A path with five labels of one class at one end, one label at the other."""
    n = 40
    graph = Graph.from_edges(np.column_stack([np.arange(n - 1), np.arange(1, n)]))
    named = np.r_[0:5, n - 1]
    model = STKRClassifier(
        graph=graph, fit_intercept=fit_intercept, alpha=1e-3, **TRANSFORMS[transform]
    ).fit(named[:, None], ["many"] * 5 + ["one"])
    found = model.predict(np.arange(n)[:, None])
    reached = np.arange(n) >= n - 12
    assert (found[reached] == "one").all()
    assert (found[:12] == "many").all()


def test_a_neighbour_beside_a_label_does_not_outvote_two_far_ones():
    """Two links to one class far from its label, one to the label of the other."""
    chain = [[0, 1], [1, 2], [2, 3], [3, 4], [3, 5], [4, 5]]
    graph = Graph.from_edges([*chain, [6, 7]])
    labels = np.full(8, -1)
    labels[[0, 6]] = 0, 1
    model = STKRClassifier("precomputed", strength=2.0).fit(graph.adjacency, labels)
    links = np.zeros((1, 8))
    links[0, [4, 5, 6]] = 1
    # As they are, the values of 4 and 5 are a hundredth of that of 6.
    assert model.predict(links) == 0
    assert_allclose(model.predict_proba(links), [[2 / 3, 1 / 3]], atol=0.01)


@pytest.mark.parametrize("normalization", ["symmetric", "random_walk", None])
def test_class_weights_repeat_labels(normalization):
    """On a known graph a node named twice weighs as one of a class of weight two."""
    X, classes = make_moons(80, noise=0.1, random_state=0)
    W = adjacency_of(X)
    if normalization is None:  # its eigenvalues are from 0 to 1
        W = (W @ W) / np.abs(np.linalg.eigvalsh((W @ W).toarray())).max()
    settings_ = dict(graph=Graph.from_adjacency(W), normalization=normalization)
    nodes = np.arange(10)
    weighed = STKRClassifier(class_weight={0: 1, 1: 2}, tol=1e-10, **settings_)
    weighed.fit(nodes[:, None], classes[nodes])
    twice = np.concatenate([nodes, nodes[classes[nodes] == 1]])
    repeated = STKRClassifier(tol=1e-10, **settings_)
    repeated.fit(twice[:, None], classes[twice])
    everyone = np.arange(80)[:, None]
    assert_allclose(
        weighed.predict_proba(everyone), repeated.predict_proba(everyone), atol=1e-8
    )
    assert_allclose(weighed.intercept_, repeated.intercept_)


def test_balanced_weights_let_classes_with_few_labels_speak():
    X, y = load_digits(return_X_y=True)
    X, y = X[:900] / 16, y[:900]
    labels = np.full(700, -1)
    for digit in range(10):
        labels[np.flatnonzero(y[:700] == digit)[: 20 if digit < 3 else 2]] = digit
    unseen = X[700:], y[700:]
    plain = STKRClassifier("rbf", gamma=10.0, strength=1000.0).fit(X[:700], labels)
    balanced = clone(plain).set_params(class_weight="balanced").fit(X[:700], labels)
    assert balanced.score(*unseen) > plain.score(*unseen) + 0.2
    assert_allclose(balanced.intercept_, 0.1)


def test_where_no_label_reaches_classes_have_their_shares():
    graph = Graph.from_edges([[0, 1], [1, 2], [3, 4]])
    labels = np.array([0, 0, 1, -1, -1])
    for fit_intercept in (True, False):
        model = STKRClassifier("precomputed", fit_intercept=fit_intercept)
        found = model.fit(graph.adjacency, labels).label_distributions_
        assert_allclose(found[3:], [[2 / 3, 1 / 3]] * 2)


def test_models_can_be_pickled():
    X, y = moons()
    for source in SOURCES:
        model, rows = fitted(source, X, y)
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict(rows), model.predict(rows))


def test_torch_in_torch_out():
    torch = pytest.importorskip("torch")
    X, y = moons()
    model = STKRRegressor().fit(torch.asarray(X, dtype=torch.float32), y)
    # What is fitted stays on the host: it can be loaded where there is no torch.
    assert isinstance(model.transduction_, np.ndarray)
    predicted = model.predict(torch.asarray(X[:3], dtype=torch.float32))
    assert predicted.dtype == torch.float32
    host = STKRRegressor().fit(X, y)
    assert_allclose(predicted.numpy(), host.predict(X[:3]), atol=1e-3)
