"""Bad and unusual input: errors name what was expected, fallbacks warn."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils import estimator_checks
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import STKRClassifier, STKRRegressor
from skgeom.graph import Graph

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 2))
y = np.where(np.arange(60) < 20, X[:, 0], np.nan)
labels = np.where(np.arange(60) < 20, X[:, 0] > 0, -1)


def two_parts():
    """A graph of two rings, and nodes 12 and 13 by themselves."""
    ring = np.stack([np.arange(6), (np.arange(6) + 1) % 6], axis=1)
    return Graph.from_edges(np.concatenate([ring, ring + 6]), n_nodes=14)


def test_no_labelled_row():
    with pytest.raises(ValueError, match="no labelled row"):
        STKRRegressor().fit(X, np.full(60, np.nan))
    with pytest.raises(ValueError, match="no labelled row"):
        STKRClassifier().fit(X, np.full(60, -1))


def test_one_class():
    with pytest.raises(ValueError, match="number of classes"):
        STKRClassifier().fit(X, np.zeros(60, int))
    with pytest.warns(UserWarning, match="taken for two classes"):
        model = STKRClassifier().fit(X, np.where(X[:, 0] > 0, 1, -1))
    assert_array_equal(model.classes_, [-1, 1])


def test_outputs_that_are_partly_missing():
    Y = np.stack([y, y], axis=1)
    Y[3, 1] = np.nan
    with pytest.raises(ValueError, match="row 3 mixes"):
        STKRRegressor().fit(X, Y)


@pytest.mark.parametrize("alpha", [0, -1.0])
def test_alpha_is_positive(alpha):
    with pytest.raises(InvalidParameterError, match="alpha"):
        STKRRegressor(alpha=alpha).fit(X, y)


def test_alpha_of_several():
    grid = np.logspace(-4, 3, 8)
    noisy = y + rng.standard_normal(60)
    machine = STKRRegressor("nearest_neighbors", strength=1e4)
    clean, rough = (
        clone(machine).set_params(alpha=grid).fit(X, part) for part in (y, noisy)
    )
    assert clean.alpha_ < rough.alpha_
    again = machine.set_params(alpha=clean.alpha_).fit(X, y)
    assert_allclose(clean.transduction_, again.transduction_)
    assert again.alpha_ == clean.alpha_
    for kernel in ("auto", "nearest_neighbors"):
        with pytest.raises(InvalidParameterError, match="alpha must be positive"):
            STKRRegressor(kernel, alpha=[0.0, 1.0]).fit(X, y)
        with pytest.raises(InvalidParameterError, match="strength must be at least 1"):
            STKRRegressor(kernel, strength=[0.5, 10.0]).fit(X, y)
    top = STKRRegressor(alpha=grid, spectral_transform="top_components").fit(X, y)
    assert top.alpha_ in grid


def test_a_component_without_labels_has_the_mean():
    graph = two_parts()
    rows = np.array([[0], [3]])
    for transform in ("inverse_laplacian", "polynomial", "top_components"):
        model = STKRRegressor(graph=graph, spectral_transform=transform)
        predicted = model.fit(rows, [1.0, 2.0]).predict(np.arange(14)[:, None])
        assert np.isfinite(predicted).all()
        assert_allclose(predicted[6:], 1.5, atol=1e-9)
    classes = STKRClassifier(graph=graph).fit([[0], [1], [3]], [0, 1, 1])
    assert_allclose(classes.predict_proba([[8], [12]]), [[1 / 3, 2 / 3]] * 2, atol=1e-9)


def test_a_labelled_node_without_neighbours():
    model = STKRRegressor(graph=two_parts(), fit_intercept=False, alpha=0.5)
    predicted = model.fit([[12]], [2.0]).predict(np.arange(14)[:, None])
    assert 1.9 < predicted[12] <= 2.0
    assert_array_equal(np.delete(predicted, 12), 0.0)


def test_a_new_row_without_a_neighbour():
    W = two_parts().adjacency[:12, :12]
    model = STKRRegressor("precomputed").fit(W, np.r_[1.0, 3.0, np.full(10, np.nan)])
    with pytest.warns(UserWarning, match="1 rows have no kernel value"):
        predicted = model.predict(sp.csr_array((1, 12)))
    assert_allclose(predicted, 2.0)
    far = STKRRegressor("rbf", gamma=1.0).fit(X, y)
    with pytest.warns(UserWarning, match="no kernel value"):
        assert_allclose(far.predict([[1e3, 1e3]]), y[:20].mean())


def test_far_points_take_their_nearest_neighbours():
    model = STKRRegressor("nearest_neighbors").fit(X, y)
    predicted = model.predict(np.array([[1e8, 0.0], [-1e8, 0.0]]))
    assert np.isfinite(predicted).all()
    assert predicted[0] > predicted[1]


def test_far_points_of_the_symmetric_kernel_have_the_mean():
    model = STKRRegressor("nearest_neighbors", normalization="symmetric").fit(X, y)
    assert_allclose(model.predict([[1e8, 0.0]]), y[:20].mean())


def test_an_indefinite_kernel_taken_as_it_is():
    W = two_parts().adjacency
    z = np.r_[1.0, 3.0, np.full(12, np.nan)]
    for transform in ("inverse_laplacian", "polynomial"):
        model = STKRRegressor(
            "precomputed", normalization=None, spectral_transform=transform
        )
        with pytest.raises(ValueError, match="positive semidefinite"):
            model.fit(W, z)
    model = STKRRegressor("precomputed", normalization=None)
    assert np.isfinite(model.fit(np.eye(14), z).transduction_).all()


def test_a_second_fit_forgets_the_first():
    model = STKRRegressor(spectral_transform="top_components").fit(X, y)
    assert hasattr(model, "graph_")
    assert len(model.eigenvalues_) == 30
    model.set_params(kernel="rbf", spectral_transform="polynomial").fit(X, y)
    assert model.gamma_ == 0.5
    assert not hasattr(model, "graph_")
    assert not hasattr(model, "eigenvalues_")


def test_fitted_rows_without_links_are_known():
    W = two_parts().adjacency
    model = STKRRegressor("precomputed").fit(W, np.r_[1.0, 3.0, np.full(12, np.nan)])
    assert_allclose(model.predict(W), model.transduction_)


def test_precomputed_kernels_that_are_none():
    z = np.r_[1.0, np.full(3, np.nan)]
    with pytest.raises(ValueError, match="square"):
        STKRRegressor("precomputed").fit(np.ones((4, 3)), z)
    with pytest.raises(ValueError, match="square"):
        STKRRegressor("precomputed", normalization=None).fit(np.ones((4, 3)), z)
    with pytest.raises(ValueError, match="symmetric"):
        STKRRegressor("precomputed", normalization=None).fit(
            np.triu(np.ones((4, 4))), z
        )
    with pytest.raises(ValueError, match="Negative"):
        STKRRegressor("precomputed").fit(-np.ones((4, 4)), z)
    model = STKRRegressor("precomputed").fit(np.ones((4, 4)), z)
    with pytest.raises(ValueError, match="Negative"):
        model.predict(-np.ones((1, 4)))


def test_a_kernel_with_row_sums_that_are_not_positive():
    model = STKRRegressor(lambda A, B: A @ B.T)
    with pytest.raises(ValueError, match="positive row sums"):
        model.fit(X, y)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda v: 1 - v, "does not increase"),
        (lambda v: 1 + v, "not O"),
        (lambda v: v, None),
    ],
)
def test_transforms_that_the_theorem_does_not_cover(function, message):
    model = STKRRegressor("rbf", spectral_transform=function)
    if message is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(X, y)
    else:
        with pytest.warns(UserWarning, match=f"{message}.*Theorem 1"):
            model.fit(X, y)


def test_transforms_that_cannot_be():
    with pytest.raises(ValueError, match=">= 0 on the spectrum"):
        STKRRegressor(spectral_transform=lambda v: v).fit(X, y)
    with pytest.raises(ValueError, match="finite values of the same shape"):
        STKRRegressor(spectral_transform=lambda v: 1.0).fit(X, y)


def test_an_iteration_that_is_cut_warns():
    few = np.where(np.arange(60) < 12, labels, -1)
    for kernel in ("auto", "nearest_neighbors"):
        model = STKRClassifier(kernel, strength=1e5, max_iter=3)
        with pytest.warns(ConvergenceWarning, match="max_iter=3"):
            model.fit(X, few)


def test_many_labels_go_another_way(monkeypatch):
    """A dense matrix over the labels is not formed when they are many."""
    from skgeom.kernels._stkr import _machine

    parameters = dict(spectral_transform="polynomial", alpha=0.1, tol=1e-10)
    few = STKRRegressor(**parameters).fit(X, y)
    monkeypatch.setattr(_machine, "_FEW_LABELS", 10)
    many = STKRRegressor(**parameters).fit(X, y)
    assert (few.solver_, many.solver_) == ("dense", "cg")
    assert_allclose(many.transduction_, few.transduction_, atol=1e-7)


def test_a_dense_matrix_never_takes_the_process_down(monkeypatch):
    from skgeom.kernels._stkr import _machine

    monkeypatch.setattr(_machine, "_MOST_LABELS", 10)
    model = STKRRegressor(solver="dense")
    with pytest.warns(UserWarning, match="up to 10 labels, there are 20"):
        model.fit(X, y)
    assert model.solver_ == "cg"
    with (
        config_context(working_memory=0.001),
        pytest.raises(ValueError, match="working_memory"),
    ):
        STKRRegressor(solver="eigen").fit(X, y)


def test_memory_decides_between_columns_and_iterations():
    parameters = dict(spectral_transform="polynomial", alpha=0.1, tol=1e-10)
    with config_context(working_memory=0.03):
        lean = STKRRegressor(**parameters).fit(X, y)
    ample = STKRRegressor(**parameters).fit(X, y)
    assert (lean.solver_, ample.solver_) == ("cg", "dense")
    assert_allclose(lean.transduction_, ample.transduction_, atol=1e-7)


def test_a_callable_kernel_may_be_sparse():
    def near(A, B):
        squares = ((A[:, None] - B[None]) ** 2).sum(axis=2)
        return np.where(squares < 1.0, 1.0 - squares, 0.0)

    dense = STKRRegressor(near).fit(X, y)
    sparse = STKRRegressor(lambda A, B: sp.csr_array(near(A, B))).fit(X, y)
    assert_allclose(sparse.transduction_, dense.transduction_)


def test_duplicates_and_constant_features():
    Z = np.repeat(X[:20], 3, axis=0)
    for kernel in ("nearest_neighbors", "rbf"):
        model = STKRRegressor(kernel, n_neighbors=2).fit(Z, y)
        assert np.isfinite(model.predict(Z)).all()
    same = STKRRegressor().fit(np.ones((60, 3)), y)
    assert np.isfinite(same.transduction_).all()


def test_float32_stays_float32():
    model = STKRRegressor().fit(X.astype(np.float32), y)
    assert model.transduction_.dtype == np.float32
    assert model.predict(X[:3].astype(np.float32)).dtype == np.float32


def test_scores_leave_out_unlabelled_rows():
    model = STKRRegressor().fit(X, y)
    assert model.score(X, y) == model.score(X[:20], y[:20]) > 0.5
    classes = STKRClassifier().fit(X, labels)
    assert classes.score(X, labels) == classes.score(X[:20], labels[:20]) > 0.8


def test_probabilities_and_decisions_say_the_same():
    three = np.where(np.arange(60) < 30, np.digitize(X[:, 0], [-0.5, 0.5]), -1)
    model = STKRClassifier().fit(X, three)
    P = model.predict_proba(X)
    assert_allclose(P.sum(axis=1), 1.0)
    assert P.min() >= 0
    assert_array_equal(model.decision_function(X).argmax(axis=1), P.argmax(axis=1))
    assert_array_equal(model.predict(X), model.transduction_)
    assert_allclose(model.label_distributions_, P)


@pytest.mark.parametrize("Model", [STKRRegressor, STKRClassifier])
@pytest.mark.parametrize("kernel", ["rbf", "laplacian", "matern32", rbf_kernel])
def test_sparse_points_are_those_of_the_dense_table(Model, kernel):
    Z = np.where(np.abs(X) < 0.5, 0.0, X)
    target = y if Model is STKRRegressor else labels
    dense, sparse = (
        Model(kernel).fit(Z, target),
        Model(kernel).fit(sp.csr_array(Z), target),
    )
    assert_array_equal(sparse.transduction_, dense.transduction_)
    new = sp.coo_matrix(Z[:9] + 1.0)
    assert_array_equal(sparse.predict(new), dense.predict(new.toarray()))
    assert sparse.score(sp.csc_array(Z), target) == dense.score(Z, target)


@pytest.mark.filterwarnings("ignore:y looks like class labels:UserWarning")
@pytest.mark.parametrize("Model", [STKRRegressor, STKRClassifier])
def test_scikit_learn_s_checks_of_sparse_points(Model):
    # The first of them came with scikit-learn 1.7.
    names = ("check_estimator_sparse_tag", "check_estimator_sparse_array")
    checks = [
        getattr(estimator_checks, n) for n in names if hasattr(estimator_checks, n)
    ]
    assert checks
    for check in checks:
        check(Model.__name__, Model("rbf"))


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_class_weights_are_positive(weight):
    X, y = np.arange(8.0)[:, None], np.array([0, 1] * 3 + [-1] * 2)
    with pytest.raises(ValueError, match="class_weight="):
        STKRClassifier(n_neighbors=3, class_weight={0: 1, 1: weight}).fit(X, y)


def test_class_weights_know_their_names():
    X, y = np.arange(8.0)[:, None], np.array(["a", "b"] * 4)
    with pytest.raises(ValueError, match="class_weight"):
        STKRClassifier(class_weight="even").fit(X, y)
    heavy = STKRClassifier(
        "nearest_neighbors", n_neighbors=3, class_weight={"a": 1, "b": 3}
    ).fit(X, y)
    np.testing.assert_allclose(heavy.intercept_, [0.25, 0.75])
