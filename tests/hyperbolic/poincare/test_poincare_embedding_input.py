"""PoincareEmbedding: input that is bad, or only looks it."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import PoincareEmbedding
from skgeom.backends._descent import RULES
from skgeom.graph import Graph


def fit_adjacency(A, **parameters):
    settings = dict(affinity="precomputed", max_iter=10, random_state=0)
    return PoincareEmbedding(**{**settings, **parameters}).fit(sp.csr_array(A))


def path(n):
    return sp.csr_array(np.diag(np.ones(n - 1), 1))


def test_self_loops_say_nothing():
    plain = fit_adjacency(path(12))
    looped = fit_adjacency(path(12) + sp.eye_array(12))
    assert_array_equal(plain.embedding_, looped.embedding_)
    assert looped.graph_.n_edges == 11


def test_duplicate_edges_add_their_weights():
    edges = [[0, 1], [1, 2], [2, 3], [0, 1]]
    twice = Graph.from_edges(edges, np.ones(4), directed=True)
    heavy = Graph.from_edges(edges[:3], [2.0, 1.0, 1.0], directed=True)
    one, two = (
        PoincareEmbedding(graph=graph, max_iter=5, random_state=0).fit_transform(
            np.arange(4)[:, None]
        )
        for graph in (twice, heavy)
    )
    assert_array_equal(one, two)


def test_weights_count_by_their_ratios():
    A = path(12)
    A.data[:] = np.arange(1, 12)
    one = fit_adjacency(A).embedding_
    np.testing.assert_allclose(fit_adjacency(A * 1024).embedding_, one, atol=1e-9)
    assert np.abs(one - fit_adjacency(path(12)).embedding_).max() > 1e-6
    assert np.isfinite(fit_adjacency(A * 1e307).embedding_).all()


def test_isolated_nodes_are_placed_somewhere():
    A = sp.block_diag([path(10), sp.csr_array((3, 3))], format="csr")
    for init in ("tree", "random"):
        model = fit_adjacency(A, init=init, max_iter=50)
        assert np.isfinite(model.embedding_).all()
        assert 0 < model.score(A) <= 1


@pytest.mark.parametrize("directed", [True, False])
def test_a_graph_without_edges_is_an_error(directed):
    graph = Graph.from_edges([], n_nodes=5, directed=directed)
    with pytest.raises(ValueError, match="no links"):
        PoincareEmbedding(graph=graph).fit(np.arange(5)[:, None])
    with pytest.raises(ValueError, match="no links"):
        fit_adjacency(np.eye(4))


def test_a_graph_without_nodes_is_an_error():
    with pytest.raises(ValueError, match="0 sample"):
        PoincareEmbedding(graph=Graph.from_edges([])).fit(np.zeros((0, 1)))


@pytest.mark.parametrize("init", ["tree", "random"])
def test_nodes_linked_to_all_others(device, init):
    star = np.zeros((20, 20))
    star[0, 1:] = star[1:, 0] = 1
    # Few steps, long ones.
    quick = dict(max_iter=30, batch_size=10, learning_rate=1.0, burn_in=0)
    model = fit_adjacency(star, init=init, device=device, **quick)
    assert np.isfinite(model.embedding_).all()
    assert model.score(sp.csr_array(star)) > 0.9
    complete = fit_adjacency(1 - np.eye(6), device=device)
    assert np.isfinite(complete.embedding_).all()
    assert (complete.loss_curve_ == 0).all()  # nothing to tell links from


def test_disconnected_parts(device):
    A = sp.block_diag([path(15)] * 3, format="csr")
    model = fit_adjacency(A, max_iter=50, batch_size=45, n_components=3, device=device)
    assert model.score(A) > 0.9


def test_more_negatives_than_nodes(device):
    few = fit_adjacency(path(8), n_negatives=10_000, device=device, max_iter=3)
    assert np.isfinite(few.embedding_).all()
    assert np.isfinite(few.loss_curve_).all()


def test_two_rows():
    with pytest.warns(UserWarning, match="n_neighbors=10 is more than the 1 other"):
        model = PoincareEmbedding().fit([[0.0, 1.0], [2.0, 3.0]])
    assert np.isfinite(model.embedding_).all()
    with pytest.raises(ValueError, match=r"1 sample.*minimum of 2"):
        PoincareEmbedding().fit([[1.0, 2.0]])


def test_duplicate_and_constant_points():
    X = np.repeat([[1.0, 2.0], [3.0, 4.0]], 20, axis=0)
    model = PoincareEmbedding(n_neighbors=3, max_iter=20).fit(X)
    assert np.isfinite(model.embedding_).all()
    assert np.isfinite(model.transform(X)).all()


def test_rows_without_links():
    model = fit_adjacency(path(10) + path(10).T)
    empty = sp.csr_array((2, 10))
    with pytest.warns(UserWarning, match="2 rows have no link"):
        placed = model.transform(empty)
    assert np.isfinite(placed).all()
    with (
        pytest.warns(UserWarning, match="no link"),
        pytest.raises(ValueError, match="two links"),
    ):
        model.score(empty)


def test_rows_must_fit_the_graph():
    model = fit_adjacency(path(10))
    with pytest.raises(ValueError, match="10 features"):
        model.transform(sp.csr_array((2, 9)))
    with pytest.raises(ValueError, match="Negative values"):
        fit_adjacency(-path(5))
    with pytest.raises(ValueError, match="square matrix"):
        fit_adjacency(np.ones((3, 4)))
    with pytest.raises(ValueError, match="Node ids"):
        PoincareEmbedding(graph=Graph.from_adjacency(path(4))).fit([[4]])


@pytest.mark.parametrize(
    "bad",
    [
        {"n_negatives": 0},
        {"learning_rate": 0.0},
        {"learning_rate": "fast"},
        {"local_negatives": 1.5},
        {"model": "klein"},
        {"optimizer": "adam"},
        {"init": "pca"},
        {"batch_size": 0},
        {"burn_in": -1},
    ],
)
def test_bad_parameters_are_named(bad):
    with pytest.raises(InvalidParameterError, match=next(iter(bad))):
        fit_adjacency(path(5), **bad)


def check_numbers(device, rate, rule, dtype, init, **settings):
    rng = np.random.default_rng(0)
    A = (rng.random((40, 40)) < 0.1) * 1.0
    fitted = fit_adjacency(
        A.astype(dtype),
        model=rule.partition("_")[0] if rule.endswith("sgd") else "lorentz",
        optimizer="sgd" if rule.endswith("sgd") else rule,
        learning_rate=rate,
        init=init,
        device=device,
        **settings,
    )
    assert fitted.embedding_.dtype == dtype
    assert np.isfinite(fitted.embedding_).all()
    assert np.isfinite(fitted.loss_curve_).all()
    assert (np.linalg.norm(fitted.embedding_, axis=1) < 1).all()


BOTH_WIDTHS, BOTH_STARTS = (np.float64, np.float32), ("tree", "random")
RATES = [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("rule", RULES)
def test_no_rate_breaks_the_numbers(rate, rule):
    for dtype, init in product(BOTH_WIDTHS, BOTH_STARTS):
        check_numbers("cpu", rate, rule, dtype, init)


@pytest.mark.parametrize(
    "rate", [1e-3, pytest.param(10.0, marks=pytest.mark.slow), 100.0]
)
@pytest.mark.parametrize("rule", RULES)
def test_no_rate_breaks_the_numbers_of_devices(torch_device, rate, rule):
    """At the full rate, in as many steps as it takes to get to the rim."""
    for dtype, init in zip(BOTH_WIDTHS, BOTH_STARTS, strict=True):
        check_numbers(torch_device, rate, rule, dtype, init, batch_size=10, burn_in=0)


@pytest.mark.slow  # a small step costs torch a hundred times what it costs the host
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("rule", RULES)
def test_no_rate_breaks_the_numbers_of_many_steps(torch_device, rate, rule):
    for dtype, init in product(BOTH_WIDTHS, BOTH_STARTS):
        check_numbers(torch_device, rate, rule, dtype, init)


def test_negatives_may_follow_degrees():
    plain, drawn = (
        fit_adjacency(path(12), negative_power=power).embedding_ for power in (0, 0.75)
    )
    assert np.isfinite(drawn).all()
    assert np.abs(plain - drawn).max() > 0


def test_scores_tell_training_rows_from_others():
    """By where the rows are: float32 copies are training rows, other rows are not."""
    points = np.random.default_rng(3).normal(size=(60, 3))
    model = PoincareEmbedding(max_iter=20, random_state=0).fit(points)
    own = model.score(points)
    assert model.score(points.astype(np.float32).astype(np.float64)) == own
    assert model.score(points[::-1] + 0.3) != own
