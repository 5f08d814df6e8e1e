"""The choice among kernels: what is given up, what is kept, what labels cannot say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks._graphs import grid
from skgeom import GraphKernelClassifier, GraphKernelRidge, GraphRandomFeatures
from skgeom.graph import Graph
from skgeom.nodes import graph_kernel
from skgeom.nodes._diffusion_time import mean_diagonal, spreading_time
from skgeom.nodes._kernel_choice import _FEW, choose_kernel
from skgeom.nodes._labelled_kernel import labelled_kernels


def ring(n):
    return Graph.from_edges(np.stack([np.arange(n), (np.arange(n) + 1) % n], axis=1))


def test_kernels_between_labels_are_those_of_the_graph(device):
    from skgeom.backends import get_backend

    graph = grid(9)
    eigenvalues, vectors = np.linalg.eigh(graph.laplacian().matrix().toarray())
    kernels = [
        graph_kernel("diffusion", diffusion_time=0.3),
        graph_kernel("regularized_laplacian", regularization=30.0),
        graph_kernel("diffusion", diffusion_time=90.0),
    ]
    nodes = np.array([80, 3, 41])
    found = labelled_kernels(graph, kernels, nodes, backend=get_backend(device))
    for K, kernel in zip(found, kernels, strict=True):
        exact = (vectors * kernel.function(eigenvalues)) @ vectors.T
        assert_allclose(K, exact[np.ix_(nodes, nodes)], atol=1e-6)


@pytest.mark.parametrize("n_labels", [60, 700])
def test_smooth_targets_get_a_longer_time_than_rough_ones(n_labels):
    graph, rng = grid(40), np.random.default_rng(0)
    across, down = np.divmod(np.arange(1600), 40)
    smooth = np.sin(across / 12) * np.cos(down / 10)
    rough = np.sin(across / 1.5) * np.cos(down / 1.2)
    ids = rng.permutation(1600)[:, None]
    times = {}
    for name, values in dict(smooth=smooth, rough=rough).items():
        y = values[ids[:, 0]] + 0.2 * rng.standard_normal(1600)
        model = GraphKernelRidge(graph=graph).fit(ids[:n_labels], y[:n_labels])
        times[name] = model.diffusion_time_
    assert (n_labels > _FEW) == (n_labels == 700)
    assert times["smooth"] >= 4 * times["rough"]


def test_many_labels_choose_about_what_few_would_leave_out():
    """Fifths of all labels from a guess find what all candidates say."""
    rng, graph = np.random.default_rng(1), grid(30)
    kernels = [graph_kernel("diffusion", diffusion_time=2.0**i) for i in range(7)]
    across, _ = np.divmod(np.arange(900), 30)
    y = (np.sin(across / 3) + 0.3 * rng.standard_normal(900))[:, None]
    gram = labelled_kernels(graph, kernels, np.arange(900))

    def chosen(places, many):
        part = gram[:, places][:, :, places]
        return choose_kernel(
            kernels,
            y[places],
            np.ones(len(places)),
            lambda found, few: part[: len(found), few][:, :, few],
            lambda kernel: lambda V: part[kernels.index(kernel)] @ V,
        ).place

    assert abs(chosen(np.arange(900), True) - chosen(np.arange(0, 900, 8), False)) <= 1


@pytest.mark.parametrize(("n_columns", "size"), [(1, 128), (5, 320), (40, 1024)])
def test_the_part_that_is_left_out_one_by_one_is_small(n_columns, size):
    """However many columns: the closed form takes the cube of it in time."""
    y, seen = np.random.default_rng(0).standard_normal((1300, n_columns)), []
    kernel = graph_kernel("diffusion")

    def gram(kernels, places):
        seen.append(len(places))
        return np.eye(len(places))[None]

    choose_kernel([kernel], y, np.ones(1300), gram, lambda kernel: lambda V: V)
    assert seen == [size]


@pytest.mark.parametrize("kernel", ["diffusion", "regularized_laplacian", "matern"])
def test_each_kernel_has_its_own_parameter(kernel):
    names = {"diffusion_time_", "regularization_", "length_scale_"}
    own = dict(
        diffusion="diffusion_time_",
        regularized_laplacian="regularization_",
        matern="length_scale_",
    )[kernel]
    ids, y = np.arange(0, 60, 2)[:, None], np.sin(np.arange(0, 60, 2) / 5)
    model = GraphKernelRidge(kernel, graph=ring(60)).fit(ids, y)
    assert {name for name in names if hasattr(model, name)} == {own}
    assert model.score(ids + 1, np.sin(np.arange(1, 60, 2) / 5)) > 0.9
    model.set_params(kernel="cosine").fit(ids, y)
    assert not any(hasattr(model, name) for name in names)


def test_what_is_given_is_kept():
    ids, y = np.arange(40)[:, None], np.sin(np.arange(40) / 3)
    for given in (dict(alpha=0.5), dict(diffusion_time=3.0)):
        model = GraphKernelRidge(graph=ring(40), **given).fit(ids, y)
        for name, value in given.items():
            assert getattr(model, f"{name}_") == value


@pytest.mark.parametrize("y", [[2.0], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
def test_labels_that_say_nothing_leave_the_rule(y):
    graph = ring(50)
    model = GraphKernelRidge(graph=graph).fit(np.arange(len(y))[:, None], y)
    assert model.diffusion_time_ == spreading_time(graph)
    assert_allclose(model.predict(np.arange(50)[:, None]), y[0], atol=1e-12)
    diagonal = mean_diagonal(graph, model.kernel_)
    assert_allclose(model.alpha_, 0.1 * diagonal)


@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
def test_the_choice_does_not_depend_on_the_units(scale):
    ids, y = np.arange(0, 80, 2)[:, None], np.sin(np.arange(0, 80, 2) / 7)
    model = GraphKernelRidge(graph=ring(80)).fit(ids, scale * y)
    plain = GraphKernelRidge(graph=ring(80)).fit(ids, y)
    assert model.diffusion_time_ == plain.diffusion_time_
    assert_allclose(model.alpha_, plain.alpha_)
    assert_allclose(model.predict(ids) / scale, plain.predict(ids), atol=1e-6)


def test_time_of_spreading():
    assert spreading_time(Graph.from_edges(np.empty((0, 2), int), n_nodes=3)) == 1.0
    # On a line heat is slower than on a plane, and fastest where all are joined.
    star = Graph(1.0 - np.eye(400))
    assert spreading_time(star) < spreading_time(grid(20)) < spreading_time(ring(400))
    # A part of its own, of few nodes, changes nothing to speak of.
    edges = np.stack([np.arange(30), np.arange(1, 31)], axis=1)
    plain = grid(40)
    both = np.concatenate([np.stack(plain.adjacency.nonzero(), axis=1), 1600 + edges])
    assert_allclose(
        spreading_time(Graph.from_edges(both)), spreading_time(plain), rtol=0.3
    )


@pytest.mark.parametrize("classes", [True, False])
def test_features_have_the_scale_of_a_penalty_of_one(classes):
    """A linear model at its defaults is about as good as the best of a grid."""
    from sklearn.linear_model import Ridge, RidgeClassifier

    graph, rng = grid(25), np.random.default_rng(0)
    across, down = np.divmod(np.arange(625), 25)
    y = np.sin(across / 5) + np.cos(down / 6) + 0.1 * rng.standard_normal(625)
    y, Model = (y > 0.5, RidgeClassifier) if classes else (y, Ridge)
    ids = rng.permutation(625)[:, None]
    train, test = ids[:80], ids[80:]
    scores = []
    for options, penalties in [({}, [1.0])] + [
        (dict(alpha=1.0, diffusion_time=t), [1e-3, 1e-2, 1e-1])
        for t in (2.0, 8.0, 32.0)
    ]:
        features = GraphRandomFeatures(
            graph=graph, n_walks=64, random_state=0, **options
        ).fit(train, y[train[:, 0]])
        for penalty in penalties:
            model = Model(penalty).fit(features.transform(train), y[train[:, 0]])
            scores.append(model.score(features.transform(test), y[test[:, 0]]))
    assert scores[0] > max(scores[1:]) - 0.05


def test_targets_of_features_may_be_missing():
    graph = ring(60)
    ids, y = np.arange(60)[:, None], np.sin(np.arange(60) / 6)
    half = np.where(np.arange(60) % 2, y, np.nan)
    some = GraphRandomFeatures(graph=graph, random_state=0).fit(ids, half)
    alone = GraphRandomFeatures(graph=graph, random_state=0).fit(ids[1::2], y[1::2])
    assert some.diffusion_time_ == alone.diffusion_time_
    assert some.alpha_ == alone.alpha_
    for nothing in (None, np.full(60, np.nan)):
        model = GraphRandomFeatures(graph=graph, random_state=0).fit(ids, nothing)
        assert model.diffusion_time_ == spreading_time(graph)


@pytest.mark.parametrize("dtype", [float, int])
def test_whole_numbers_are_numbers(dtype):
    ids, rng = np.arange(200)[:, None], np.random.default_rng(0)
    y = np.round(1000 * np.sin(np.arange(200) / 9) + 90 * rng.standard_normal(200))
    shared = dict(graph=ring(200), random_state=0)
    whole = GraphRandomFeatures(**shared).fit(ids, y.astype(dtype))
    other = GraphRandomFeatures(**shared).fit(ids, y + 0.5)
    assert whole.diffusion_time_ == other.diffusion_time_
    assert_allclose(whole.alpha_, other.alpha_)
    # Few values are classes where they are integers, and numbers where they are floats.
    few = (y > 0).astype(dtype) + (y > 500)
    scores = GraphRandomFeatures(**shared).fit(ids, few)
    classes = GraphRandomFeatures(**shared).fit(ids, few.astype(int).astype(str))
    numbers = GraphRandomFeatures(**shared).fit(ids, few + 0.5)
    expected = numbers if dtype is float else classes
    assert (scores.diffusion_time_, scores.alpha_) == pytest.approx(
        (expected.diffusion_time_, expected.alpha_)
    )
    assert numbers.alpha_ != pytest.approx(classes.alpha_)


@pytest.mark.parametrize("n_labels", [3, 9])
def test_few_labels_a_class_leave_the_rule(n_labels):
    graph = ring(60)
    ids = np.arange(0, 60, 60 // n_labels)[:n_labels, None]
    y = np.array(["a", "b", "c"])[ids[:, 0] // 20]
    for Class in (GraphKernelClassifier, GraphRandomFeatures):
        model = Class(graph=graph).fit(ids, y)
        assert model.diffusion_time_ == spreading_time(graph)
        assert_allclose(model.alpha_, 0.1 * mean_diagonal(graph, model.kernel_))
    many = GraphKernelClassifier(graph=graph).fit(
        np.arange(0, 60, 5)[:, None], np.repeat(["a", "b", "c"], 4)
    )
    assert many.diffusion_time_ != spreading_time(graph)


def test_one_label_a_class_leaves_the_rule():
    graph = ring(60)
    ids = np.array([[0], [20], [40]])
    model = GraphKernelClassifier(graph=graph).fit(ids, ["a", "b", "c"])
    assert model.diffusion_time_ == spreading_time(graph)
    near = model.predict(np.array([[3], [18], [41]]))
    assert near.tolist() == ["a", "b", "c"]
    features = GraphRandomFeatures(graph=graph).fit(ids, ["a", "b", "c"])
    assert features.diffusion_time_ == model.diffusion_time_
