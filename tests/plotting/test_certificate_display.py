"""CertificateDisplay: the bound, the labels, and what it asks for."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError

from skgeom import SDPClustering
from skgeom.plotting import CertificateDisplay

X = np.random.default_rng(0).standard_normal((60, 3))


@pytest.fixture(scope="module")
def models():
    return {f"{k} clusters": SDPClustering(k, random_state=0).fit(X) for k in (2, 3, 4)}


def test_rows_reach_from_the_bound_to_the_labels(models):
    display = CertificateDisplay.from_estimators(models)
    inertia = [model.inertia_ for model in models.values()]
    gaps = [model.optimality_gap_ for model in models.values()]
    np.testing.assert_allclose(display.gap, gaps)
    for bar, high, gap in zip(display.band_, inertia, gaps, strict=True):
        np.testing.assert_allclose(bar.get_x(), high * (1 - gap))
        np.testing.assert_allclose(bar.get_x() + bar.get_width(), high)
    np.testing.assert_allclose(display.inertia_marks_.get_xdata(), inertia)
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == list(models)
    left, right = display.ax_.get_xlim()
    assert left < display.lower_bound.min()
    assert display.inertia.max() < right


def test_lines_over_positions(models):
    _, ax = plt.subplots()
    display = CertificateDisplay.from_estimators(models, positions=[2, 3, 4], ax=ax)
    assert display.ax_ is ax
    np.testing.assert_array_equal(display.bound_marks_.get_xdata(), [2, 3, 4])
    np.testing.assert_array_equal(display.bound_marks_.get_ydata(), display.lower_bound)
    assert ax.get_ylabel() == "inertia"
    assert [text.get_text() for text in display.legend_.get_texts()] == [
        "where the optimum is",
        "labels found",
        "certified lower bound",
    ]


def test_sequences_are_numbered(models):
    display = CertificateDisplay.from_estimators(list(models.values()))
    assert display.names == ["fit 1", "fit 2", "fit 3"]


def test_other_labels_are_in_the_first_row(models):
    model = models["3 clusters"]
    kmeans = KMeans(3, n_init=1, init="random", random_state=0).fit(X)
    display = CertificateDisplay.from_estimator(
        model, others={"KMeans": kmeans.inertia_}
    )
    (mark,) = display.others_
    assert mark.get_xdata()[0] == kmeans.inertia_
    assert mark.get_ydata()[0] == 0
    assert mark.get_label() == "KMeans"


def test_per_cent_of_the_bound():
    display = CertificateDisplay([110.0, 5.0], [100.0, 5.0], others={"other": 120.0})
    display.plot(relative=True)
    np.testing.assert_allclose(display.inertia_marks_.get_xdata(), [10, 0])
    np.testing.assert_allclose(display.bound_marks_.get_xdata(), [0, 0])
    np.testing.assert_allclose(display.others_[0].get_xdata(), [20])
    assert display.ax_.get_xlabel() == "inertia above the bound, %"


def test_no_inertia_is_no_gap():
    assert CertificateDisplay([0.0], [0.0]).gap == [0.0]


def test_legend_may_be_left_out():
    assert CertificateDisplay([2.0], [1.0]).plot(legend=False).legend_ is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CertificateDisplay([1, 2], [1]), "the same length"),
        (lambda: CertificateDisplay([[1]], [[1]]), "the same length"),
        (lambda: CertificateDisplay([1], [1], names=["a", "b"]), "names must have one"),
        (lambda: CertificateDisplay([1], [1], positions=[]), "positions must have one"),
        (
            lambda: CertificateDisplay([1], [1], positions=[1], names=["a"]),
            "names or positions, not both",
        ),
        (
            lambda: CertificateDisplay([1], [1], positions=[1], others={"b": 2}),
            "not over positions",
        ),
        (
            lambda: CertificateDisplay.from_estimator(KMeans(2, n_init=1).fit(X)),
            "KMeans has no optimality_gap_",
        ),
        (
            lambda: CertificateDisplay.from_estimator(
                SDPClustering(2, certificate=None).fit(X)
            ),
            "without a certificate",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unfitted_is_an_error():
    with pytest.raises(NotFittedError):
        CertificateDisplay.from_estimator(SDPClustering(2))
