"""Answers that are numbers are continuous in the row, at training rows above all."""

import inspect

import numpy as np
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.datasets import load_diabetes
from sklearn.utils import get_tags

from skgeom.testing import all_estimators

DIABETES = load_diabetes()
# Of the size of one, so that rounding to float32 is some 1e-7 of it.
X = DIABETES.data[:120] / DIABETES.data.std()
Y = (DIABETES.target[:120] - 150) / 77
NUMBERS = (
    "transform",
    "predict",
    "predict_proba",
    "decision_function",
    "score_samples",
    "mahalanobis",
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:The graph has:UserWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

# Settings in which training rows have values of their own, beside the defaults.
SETTINGS = {
    "AnchorAlignment": [{"method": "orthogonal"}],
    "RelativeRepresentation": [{"similarity": ["cosine", "distance"]}],
    "GraphKernelRidge": [{"alpha": 1e-3}, {"n_neighbors": 1}],
    "GraphFeatureExpansion": [
        {"n_steps": 3, "combine": "concat", "n_components": 6},
        {"teleport": 0.2, "combine": "mean", "structure": "svd"},
        {"structure": "adjacency", "self_loops": False, "column_normalize": True},
    ],
    "DiffusionMap": [{"affinity": "rbf"}, {"n_components": 5, "diffusion_time": 0.5}],
    "SpectralClusterer": [{"n_landmarks": 30}, {"n_neighbors": 20}],
    "GraphRandomFeatures": [{"method": "push"}, {"n_components": 30}],
    "HeatGeodesicEmbedding": [{"n_neighbors": 1}, {"geodesic": "shortest_path"}],
    "NodeEmbedding": [{"method": "adjacency"}, {"propagate": True}],
    "PMIEmbedding": [{"n_components": 3, "smoothing": 0.75, "shift": 0.5}],
    "KrylovKernelPCA": [{"kernel": "laplacian"}, {"n_components": 9}],
    "OrthogonalRBFSampler": [{"coupling": "sobol"}, {"n_components": 33}],
    "NeighborCCA": [{"n_components": 9, "shrinkage": 1e-6}],
    "SphericalHarmonics": [{"spectrum": "heat"}, {"degree": 3}],
    "GaussianWeightedLinearEmbedding": [{"n_maps": 40, "alpha": 0.0}],
    "GrassmannClassifier": [{"n_components": 1}],
    "PoincareEmbedding": [{"n_components": 5}],
    "SDPClustering": [{"covariance_type": "full"}, {"affinity": "rbf"}],
    "STKRClassifier": [{"kernel": "rbf"}, {"normalization": "random_walk"}],
    "STKRRegressor": [{"alpha": 1e-3}, {"kernel": "rbf"}, {"n_neighbors": 2}],
    "SlicedWassersteinEmbedding": [{"n_dims": 2, "slices": "random"}, {"n_dims": 2}],
    "SPDVectors": [{"metric": "affine"}, {"n_dims": 2}],
    "TangentCoordinates": [{"base": "origin"}],
}


# To these a row is a direction: one that is nearly zero has any.
OF_DIRECTIONS = {"SphereKernelDensity", "VonMisesFisherMixture"}
# A code of few atoms changes them where two describe a row as well, and coordinates are
# of the subspace that is nearest; domains are those of nearest rows; lists of nearest
# rows are links; and what is chosen of rows is a choice.
OF_CHOICES = {
    "DiversitySampler",
    "HubnessReducedNeighbors",
    "KernelBatchSelector",
    "KernelCoreset",
    "LatentLabelShift",
    "SparseDictionary",
    "SubspaceClustering",
    "SupportPoints",
}
# What it tells is of targets, not of rows.
OF_TARGETS = {"TargetShiftReweighter"}
# The nearest point jumps where two are as near, and a dimension is a whole number.
WITH_CUTS = {"LocalGeometry", "ManifoldProjection"}


def cases(left_out=OF_CHOICES):
    for name, Class in all_estimators():
        if name in left_out | OF_TARGETS:
            continue
        for setting in [{}, *SETTINGS.get(name, [])]:
            shown = "-".join(map(str, setting.values()))
            yield pytest.param(Class, setting, id=f"{name}-{shown}")


def fitted(Class, setting):
    quick = {"random_state": 0, "n_clusters": 3, "init": "random", "max_iter": 15}
    known = inspect.signature(Class).parameters
    chosen = {name: quick[name] for name in quick if name in known}
    if "init" not in known:
        chosen.pop("max_iter", None)
    classes = is_classifier(Class())
    return Class(**{**chosen, **setting}).fit(
        allowed(Class, X), Y > 0 if classes else Y
    )


def allowed(Class, rows):
    """Rows as an estimator takes them: of counts their sizes."""
    return np.abs(rows) if get_tags(Class()).input_tags.positive_only else rows


def answers(model, rows):
    # Classes, numbers of clusters or of components, outliers.
    of_labels = {"classes_", "labels_"} & vars(model).keys()
    of_parts = hasattr(model, "score_samples")
    of_classes = (of_labels or of_parts) and not is_regressor(model)
    labels = "predict" if of_classes else ""
    for name in NUMBERS:
        if hasattr(model, name) and name != labels:
            found = getattr(model, name)(allowed(type(model), rows))
            yield name, found.toarray() if hasattr(found, "toarray") else found


@pytest.mark.parametrize(("Class", "setting"), cases())
def test_rows_that_hardly_move_have_nearly_the_same_answers(Class, setting):
    model = fitted(Class, setting)
    rng = np.random.default_rng(0)
    step = rng.normal(size=X.shape)
    new = X[:40] + 0.3 * rng.normal(size=(40, X.shape[1]))
    moved = {
        "as float32": (X, X.astype(np.float32).astype(np.float64)),
        "by 1e-12": (X, X + 1e-12 * step),
        "by 1e-200": (X[:1] * 0, X[:1] * 0 + 1e-200),
        "as in a file": (X, X.round(6)),
        "new ones by 1e-7": (new, new + 1e-7 * step[:40]),
    }
    if Class.__name__ in OF_DIRECTIONS:
        del moved["by 1e-200"]
    told = False
    for how, (rows, others) in moved.items():
        pairs = zip(answers(model, rows), answers(model, others), strict=True)
        for (name, here), (_, there) in pairs:
            size = max(np.abs(here).max(), 1e-150)  # of a map that is linear
            assert np.abs(here - there).max() <= 1e-3 * size, (name, how)
            told = True
    assert told


@pytest.mark.parametrize(("Class", "setting"), cases())
def test_the_way_to_a_training_row_has_no_step(Class, setting):
    """On the way from a new row to a training row, in ever smaller steps."""
    model = fitted(Class, setting)
    start = X[3] + 0.1 * np.random.default_rng(1).normal(size=X.shape[1])
    left = np.append(np.geomspace(1, 1e-9, 400), 0.0)[:, None]
    for name, told in answers(model, X[3] + left * (start - X[3])):
        told = told.reshape(len(left), -1)
        jumps = np.abs(np.diff(told, axis=0)).max(axis=1)
        assert jumps.max() <= 0.1 * np.abs(told).max(), name
        assert jumps[-1] <= 1e-6 * np.abs(told).max(), name


@pytest.mark.parametrize(("Class", "setting"), cases(OF_CHOICES | WITH_CUTS))
def test_no_answer_jumps_on_a_way_through_space(Class, setting):
    """Where neighbours change places, too: the largest step is cut until it is none."""
    rng = np.random.default_rng(5)
    points = rng.normal(size=(80, 2))
    classes = is_classifier(Class())
    y = np.sin(9 * points[:, 0])
    y = points[:, 0] * points[:, 1] > 0 if classes else y
    model = fitted(Class, setting).fit(allowed(Class, points), y)
    low, high = np.array([-1.5, -1.0]), np.array([1.4, 1.1])
    sizes = None
    for _ in range(9):
        way = low + np.linspace(0, 1, 41)[:, None] * (high - low)
        told = [v.reshape(41, -1) for _, v in answers(model, way)]
        sizes = sizes or [np.ptp(v) or 1.0 for v in told]  # of one component
        steps = sum(
            np.abs(np.diff(v, axis=0)).max(axis=1) / size
            for v, size in zip(told, sizes, strict=True)
        )
        at = int(np.argmax(steps))
        low, high = way[at], way[at + 1]
    assert steps[at] <= 1e-3


def test_identical_rows_have_one_place():
    from skgeom import HeatGeodesicEmbedding, PoincareEmbedding

    rows = np.concatenate([X[:50], X[:10], X[:5]])
    for model in (
        PoincareEmbedding(max_iter=20, random_state=0),
        HeatGeodesicEmbedding(random_state=0),
    ):
        placed = model.fit_transform(rows)
        np.testing.assert_array_equal(placed[50:60], placed[:10])
        np.testing.assert_array_equal(placed[60:], placed[:5])
        np.testing.assert_allclose(model.transform(rows), placed, atol=1e-12)
        # What the search finds is what is known without it.
        np.testing.assert_allclose(model.transform(rows[:-1]), placed[:-1], atol=1e-12)
