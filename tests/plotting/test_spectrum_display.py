"""SpectrumDisplay: curves of kernels and transforms, ticks, and what it asks for."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skgeom import GraphKernelRidge, GraphRandomFeatures, STKRClassifier
from skgeom.graph import Graph
from skgeom.plotting import SpectrumDisplay

RING = Graph.from_edges([[i, (i + 1) % 12] for i in range(12)])
NODES = np.arange(12)[:, None]
Y = np.r_[0, np.full(5, -1), 1, np.full(5, -1)]


def curve(display, number=0):
    return display.lines_[number].get_xdata(), display.lines_[number].get_ydata()


def test_curves_are_scaled_to_one():
    display = SpectrumDisplay({"line": lambda v: 4 + v, "square": lambda v: v**2})
    display.plot()
    grid, values = curve(display)
    np.testing.assert_allclose(values, (4 + grid) / 5)
    assert curve(display, 1)[1].max() == 1
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == ["line", "square"]


def test_eigenvalues_are_ticks():
    eigenvalues = np.linalg.eigvalsh(RING.laplacian().transition.toarray())
    display = SpectrumDisplay({"one": np.ones_like}, eigenvalues).plot()
    np.testing.assert_allclose(display.ticks_.get_xdata(), eigenvalues)
    assert display.ax_.get_legend() is None


@pytest.mark.parametrize("cls", [GraphRandomFeatures, GraphKernelRidge])
def test_kernels_of_estimators(cls):
    model = cls("diffusion", diffusion_time=3.0, graph=RING)
    model.fit(NODES, np.arange(12.0))
    _, ax = plt.subplots()
    display = SpectrumDisplay.from_estimator(model, ax=ax, log=True)
    grid, values = curve(display)
    np.testing.assert_allclose(values, np.exp(3 * (grid - 1)))
    assert display.ax_ is ax
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (dict(strength=10.0), lambda v: (0.1 / (1 - 0.9 * v)) ** 2),
        (dict(strength=10.0, degree=1), lambda v: 0.1 / (1 - 0.9 * v)),
        (
            dict(spectral_transform="polynomial", degree=3),
            lambda v: ((1 + v) / 2) ** 3,
        ),
    ],
)
def test_transforms_of_machines(options, expected):
    model = STKRClassifier(graph=RING, **options).fit(NODES, Y)
    display = SpectrumDisplay.from_estimator(model, name="mine")
    grid, values = curve(display)
    np.testing.assert_allclose(values, expected(grid), atol=1e-12)
    assert list(display.functions) == ["mine"]


def test_an_average_has_no_transform():
    X = np.random.default_rng(0).standard_normal((12, 2))
    with pytest.raises(ValueError, match="average of many kernels"):
        SpectrumDisplay.from_estimator(STKRClassifier().fit(X, Y))


def test_transform_of_a_point_kernel_vanishes_at_zero():
    X = np.random.default_rng(0).standard_normal((12, 2))
    model = STKRClassifier("rbf").fit(X, Y)
    display = SpectrumDisplay.from_estimator(model)
    grid, values = curve(display)
    assert abs(values[grid == 0]).max() == 0


def test_top_components_are_a_step_at_their_least_eigenvalue():
    model = STKRClassifier(
        graph=RING, spectral_transform="top_components", n_components=3
    ).fit(NODES, Y)
    display = SpectrumDisplay.from_estimator(model)
    grid, values = curve(display)
    # Of a ring of 12: 1, and cos(2 pi / 12) twice.
    np.testing.assert_array_equal(values, grid >= np.cos(np.pi / 6) - 1e-6)
    assert display.ticks_ is not None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpectrumDisplay({}), "at least one entry"),
        (lambda: SpectrumDisplay({"a": np.ones_like}, [0, 2]), r"in \[-1, 1\]"),
        (lambda: SpectrumDisplay({"a": np.zeros_like}).plot(), "not all zero"),
        (lambda: SpectrumDisplay({"a": lambda v: v[:3]}).plot(), "the same shape"),
        (
            lambda: SpectrumDisplay.from_estimator(PCA(1).fit(NODES)),
            "PCA has neither a kernel",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unfitted_is_an_error():
    with pytest.raises(NotFittedError):
        SpectrumDisplay.from_estimator(STKRClassifier())
