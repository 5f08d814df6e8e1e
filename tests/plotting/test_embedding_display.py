"""EmbeddingDisplay: points, classes and numbers, limits, and what it asks for."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.manifold import SpectralEmbedding

from skgeom.plotting import PALETTE, EmbeddingDisplay
from skgeom.plotting._style import class_style

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
PLANE = X[:, :2]


def colours(scatter):
    return {tuple(color) for color in scatter.get_facecolors()}


def test_points_are_the_first_two_components():
    display = EmbeddingDisplay.from_embeddings({"three": X[:, :3]})
    (points,) = display.scatters_[0]
    np.testing.assert_array_equal(points.get_offsets(), X[:, :2])
    assert display.legend_ is None
    assert display.colorbar_ is None


@pytest.mark.parametrize(
    "y",
    [np.arange(60) % 3, np.array(list("abc") * 20), np.array(list("abc") * 20, "O")],
)
def test_classes_have_their_own_points_colours_and_markers(y):
    display = EmbeddingDisplay.from_embeddings(
        {"a": PLANE, "b": -PLANE}, y, value_name="kind"
    )
    for scatters, wanted in zip(display.scatters_, (PLANE, -PLANE), strict=True):
        assert len(scatters) == 3
        for value, scatter in zip(np.unique(y), scatters, strict=True):
            np.testing.assert_array_equal(scatter.get_offsets(), wanted[y == value])
        assert len({tuple(*colours(scatter)) for scatter in scatters}) == 3
        shapes = {scatter.get_paths()[0].vertices.tobytes() for scatter in scatters}
        assert len(shapes) == 3
    assert [text.get_text() for text in display.legend_.get_texts()] == [
        str(value) for value in np.unique(y)
    ]
    assert display.legend_.get_title().get_text() == "kind"


def test_dots_are_all_alike():
    y = np.arange(60) % 3
    display = EmbeddingDisplay({"a": PLANE}, y).plot(markers="dots")
    shapes = {one.get_paths()[0].vertices.tobytes() for one in display.scatters_[0]}
    assert len(shapes) == 1


def test_names_are_drawn_as_markers():
    y = np.arange(60) % 3
    display = EmbeddingDisplay({"a": PLANE}, y).plot(markers="names")
    vertices = [one.get_paths()[0].vertices for one in display.scatters_[0]]
    assert len({len(shape) for shape in vertices}) == 3


def test_numbers_have_a_bar_and_one_scale():
    y = np.linspace(-1, 3, 60)
    y[7] = np.nan
    display = EmbeddingDisplay.from_embeddings(
        {"a": PLANE, "b": PLANE}, y, value_name="age, years"
    )
    for (scatter,) in display.scatters_:
        assert scatter.get_clim() == (-1, 3)
        assert len(scatter.get_offsets()) == 59
    assert display.colorbar_.ax.get_ylabel() == "age, years"
    grey = display.axes_[0].collections[0]
    np.testing.assert_array_equal(grey.get_offsets(), PLANE[[7]])


def test_many_integers_are_numbers():
    assert EmbeddingDisplay({"a": PLANE}, np.arange(60)).plot().colorbar_ is not None


def test_shared_axes_hold_all_points():
    display = EmbeddingDisplay({"a": PLANE, "b": 5 * PLANE}).plot(share_axes=True)
    limits = {(*ax.get_xlim(), *ax.get_ylim()) for ax in display.axes_}
    assert len(limits) == 1
    left, right, bottom, top = limits.pop()
    low, high = 5 * PLANE.min(axis=0), 5 * PLANE.max(axis=0)
    assert left < low[0]
    assert high[0] < right
    assert bottom < low[1]
    assert high[1] < top
    assert all(ax.get_aspect() == 1 for ax in display.axes_)


def test_alignment_undoes_a_turn_and_a_reflection_and_keeps_distances():
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])
    display = EmbeddingDisplay({"a": PLANE, "b": PLANE @ turn + 3}).plot(align=True)
    first, second = (scatters[0].get_offsets() for scatters in display.scatters_)
    np.testing.assert_allclose(first, second, atol=1e-12)
    np.testing.assert_allclose(first, PLANE - PLANE.mean(axis=0), atol=1e-12)


def test_units_name_the_axes_and_no_unit_takes_the_frame_off():
    ax = EmbeddingDisplay({"a": PLANE}).plot(unit="cm").axes_[0]
    assert ax.get_xlabel() == "component 1, cm"
    assert len(ax.get_xticks())
    ax = EmbeddingDisplay({"a": PLANE}).plot().axes_[0]
    assert not len(ax.get_xticks())
    assert not ax.spines["left"].get_visible()


def test_from_estimator_transforms():
    model = PCA(2).fit(X)
    display = EmbeddingDisplay.from_estimator(model, X[:10])
    np.testing.assert_array_equal(
        display.scatters_[0][0].get_offsets(), model.transform(X[:10])
    )
    assert display.axes_[0].get_title() == "PCA"


def test_from_estimator_takes_embedding_where_there_is_no_transform():
    model = SpectralEmbedding(2, affinity="rbf", random_state=0).fit(X)
    _, ax = plt.subplots()
    display = EmbeddingDisplay.from_estimator(model, X, name="spectral", ax=ax)
    assert display.axes_[0] is ax
    assert ax.get_title() == "spectral"
    with pytest.raises(ValueError, match="no transform, and no embedding_ of as many"):
        EmbeddingDisplay.from_estimator(model, X[:10])


def test_no_rows_are_those_of_the_fit():
    model = SpectralEmbedding(2, affinity="rbf", random_state=0).fit(X)
    display = EmbeddingDisplay.from_estimator(model)
    np.testing.assert_array_equal(
        display.scatters_[0][0].get_offsets(), model.embedding_
    )
    with pytest.raises(ValueError, match="PCA has no embedding_: X must be given"):
        EmbeddingDisplay.from_estimator(PCA(2).fit(X))


def test_unfitted_is_an_error():
    with pytest.raises(NotFittedError):
        EmbeddingDisplay.from_estimator(PCA(2), X)


def test_one_colour_without_classes():
    display = EmbeddingDisplay({"a": PLANE}).plot()
    (color,) = colours(display.scatters_[0][0])
    np.testing.assert_allclose(color[:3], plt.matplotlib.colors.to_rgb(PALETTE[0]))
    assert class_style(0)[0] == PALETTE[0]


class _Silent(BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = 1
        return self


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EmbeddingDisplay({}), "at least one entry"),
        (lambda: EmbeddingDisplay({"a": X[:, :1]}), r"'a' has shape \(60, 1\)"),
        (lambda: EmbeddingDisplay({"a": X, "b": X[:5]}), "differ in their number"),
        (lambda: EmbeddingDisplay({"a": X}, [1, 2]), r"must have shape \(60,\)"),
        (lambda: EmbeddingDisplay({"a": X}, [np.nan] * 60), "a finite number"),
        (lambda: EmbeddingDisplay({"a": X}).plot(markers="x"), "markers must be"),
        (
            lambda: EmbeddingDisplay({"a": X, "b": X}).plot(ax=plt.gca()),
            "expected 2, got 1",
        ),
        (lambda: EmbeddingDisplay.from_estimator(_Silent().fit(X), X), "no transform"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()
