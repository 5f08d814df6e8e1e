"""Sections of the demonstration that predict targets, or choose rows and columns."""

import numpy as np
from demo_pictures import (
    draw_chosen,
    draw_classes,
    draw_doubts,
    draw_labels,
    draw_nodes,
    draw_patches,
    draw_screen,
)
from demo_tables import Result, timed
from sklearn.datasets import load_digits, load_sample_images
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import LabelSpreading

from skgeom import (
    ColumnScreen,
    DiversitySampler,
    GraphKernelClassifier,
    GrassmannClassifier,
    HeatGeodesicEmbedding,
    SlicedWassersteinEmbedding,
    STKRClassifier,
    VecchiaGPClassifier,
)
from skgeom.graph import Graph


def classification(figure):
    """Classes as subspaces."""
    X, y = load_digits(return_X_y=True)
    scores = []
    for model in (GrassmannClassifier(), LogisticRegression(max_iter=1000)):
        pipeline = make_pipeline(StandardScaler(), model)
        found, seconds = timed(cross_val_score, pipeline, X, y)
        scores.append((type(model).__name__, found.mean(), seconds))
    draw_classes(figure, X, y)
    return Result("digits, five folds", "accuracy", *scores)


def kernels(figure):
    """Digits of which one in each class has a label."""
    X, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, digits = X[order] / 16, digits[order]
    STKRClassifier().fit(X[:100], digits[:100])
    numbers, scores = (1, 5), {}
    for number in numbers:
        labels = np.full(1347, -1)
        for digit in range(10):
            labels[np.flatnonzero(digits[:1347] == digit)[:number]] = digit
        for model in (STKRClassifier(), LabelSpreading(max_iter=100)):
            _, seconds = timed(model.fit, X[:1347], labels)
            found = model.score(X[1347:], digits[1347:])
            scores.setdefault(type(model).__name__, []).append((found, seconds))
    draw_labels(figure, numbers, scores)
    ours, rival = ((name, *told[0]) for name, told in scores.items())
    return Result("digits, one label a class", "accuracy", ours, rival)


def nodes(figure):
    """A graph of digits that are alike, fifty of which have a label."""
    X, y = load_digits(return_X_y=True)
    graph = Graph.from_points(X, n_neighbors=5)
    rows, order = np.arange(len(X))[:, None], np.random.default_rng(0).permutation(1797)
    known, hidden = order[:50], order[50:]
    GraphKernelClassifier(graph=graph).fit(rows[:20], y[:20])
    model = GraphKernelClassifier(graph=graph)
    _, seconds = timed(model.fit, rows[known], y[known])
    labels = np.full(len(X), -1)
    labels[known] = y[known]
    spreading = LabelSpreading(kernel="knn", n_neighbors=5, max_iter=100)
    _, seconds_spreading = timed(spreading.fit, X, labels)
    places = HeatGeodesicEmbedding(random_state=0).fit_transform(X)
    draw_nodes(figure, places, model.predict(rows), y, known)
    return Result(
        "a graph of digits, 50 labels",
        "accuracy",
        ("GraphKernelClassifier", model.score(rows[hidden], y[hidden]), seconds),
        (
            "LabelSpreading",
            np.mean(spreading.transduction_[hidden] == y[hidden]),
            seconds_spreading,
        ),
    )


def gaussian_process(figure):
    """Probabilities of digits that can be believed."""
    X, y = load_digits(return_X_y=True)
    train = np.arange(len(X)) % 3 == 0
    X, new, y, truth = X[train] / 16, X[~train] / 16, y[train], y[~train]
    VecchiaGPClassifier(random_state=0).fit(X[:60], y[:60] % 2)
    told, scores = [], []
    for model in (
        VecchiaGPClassifier(random_state=0),
        LogisticRegression(C=10, max_iter=1000),
    ):
        _, seconds = timed(model.fit, X, y)
        told.append(model.predict_proba(new))
        scores.append((type(model).__name__, log_loss(truth, told[-1]), seconds))
    draw_doubts(figure, new, truth, told[0])
    return Result("digits, two thirds of them new", "log-loss", *scores)


def distributions(figure):
    """Patches of two photographs by the law of their colours."""
    side, patches, y = 8, [], []
    for number, picture in enumerate(load_sample_images().images):
        part = picture[:400:2, :640:2] / 255
        rows, columns = part.shape[0] // side, part.shape[1] // side
        cut = part.reshape(rows, side, columns, side, 3).swapaxes(1, 2)
        patches.append(cut.reshape(rows * columns, -1))
        y += [number] * (rows * columns)
    X, y = np.concatenate(patches), np.array(y)
    keep = np.random.default_rng(0).permutation(len(X))[:1200]
    X, y = X[keep], y[keep]

    def moments(bags):
        points = bags.reshape(len(bags), -1, 3)
        return np.hstack([points.mean(axis=1), points.std(axis=1)])

    scores = []
    for name, features in {
        "SlicedWassersteinEmbedding": SlicedWassersteinEmbedding(n_dims=3),
        "means and deviations": FunctionTransformer(moments),
    }.items():
        model = make_pipeline(
            features, StandardScaler(), LogisticRegression(max_iter=1000)
        )
        found, seconds = timed(cross_val_score, model, X, y)
        scores.append((name, found.mean(), seconds))
    draw_patches(figure, X.reshape(-1, side, side, 3), y)
    return Result("1,200 patches of two photographs", "accuracy", *scores)


def feature_selection(figure):
    """Pixels that tell odd digits from even ones, among as many idle columns again."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(X))[:400]
    X, y = X[rows][:, X[rows].std(axis=0) > 1], y[rows] % 2
    table = np.hstack([X, *(rng.permuted(X, axis=0) for _ in range(4))])
    n_real = X.shape[1]
    screen = ColumnScreen("k_best", param=n_real, categorical_features=None)
    _, seconds = timed(screen.fit, table, y)
    shares, seconds_mutual = timed(mutual_info_classif, table, y, random_state=0)

    def found(scores):
        return np.mean(np.argsort(-scores)[:n_real] < n_real)

    draw_screen(figure, screen.scores_, shares, n_real)
    return Result(
        "400 digits, odd or even, 4 idle columns for one",
        "share of true columns",
        ("ColumnScreen", found(screen.scores_), seconds),
        ("mutual information", found(shares), seconds_mutual),
    )


def sample_selection(figure):
    """Digits of a long tail, of which forty are to be labelled."""
    X, y = load_digits(return_X_y=True)
    kept = np.concatenate(
        [np.flatnonzero(y == c)[: max(6, int(115 * 0.6**c))] for c in range(10)]
    )
    new = np.setdiff1d(np.arange(len(X)), kept)
    DiversitySampler(2).fit(X[:10])
    model = DiversitySampler(40, random_state=0)
    _, seconds = timed(model.fit, X[kept])

    def accuracy(chosen):
        near = KNeighborsClassifier(1).fit(X[kept][chosen], y[kept][chosen])
        return balanced_accuracy_score(y[new], near.predict(X[new]))

    rngs = [np.random.default_rng(seed) for seed in range(9)]
    draws = [rng.permutation(len(kept))[:40] for rng in rngs]
    draw_chosen(figure, y[kept], model.sample_indices_, draws[0])
    return Result(
        "rare and common digits, 40 labels",
        "balanced accuracy",
        ("DiversitySampler", accuracy(model.sample_indices_), seconds),
        ("random rows", np.mean([accuracy(draw) for draw in draws]), 0.0),
    )


PREDICTIONS = {
    "classification": classification,
    "kernels": kernels,
    "nodes": nodes,
    "gaussian_process": gaussian_process,
    "distributions": distributions,
    "feature_selection": feature_selection,
    "sample_selection": sample_selection,
}
