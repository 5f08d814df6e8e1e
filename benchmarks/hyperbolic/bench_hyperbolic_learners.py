"""Classifiers of hyperbolic rows: which chart, which learner, and at what cost."""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks._report import parser, report
from skgeom import (
    HyperbolicCoordinates,
    HyperbolicLogisticRegression,
    PoincareEmbedding,
)
from skgeom.datasets import load_wordnet_mammals
from skgeom.geometry import poincare, polar
from skgeom.metrics import hyperbolic_distances

STRENGTHS = [0.1, 1.0, 10.0, 100.0]
WIDTHS = [0.1, 1.0, 10.0]


def mixture(n, n_classes, d, spread, seed):
    """Wrapped normals around centres that are wrapped normal, as rows of the ball."""
    rng = np.random.default_rng(seed)
    centres = poincare.random(n_classes, d, scale=1.5, random_state=seed)
    y = rng.integers(0, n_classes, n)
    noise = poincare.random(n, d, scale=spread, random_state=seed + 1)
    return poincare.translate(centres[y], noise), y


def mammals(d):
    """An embedding, and the largest subtrees of ten to two hundred words as classes."""
    graph = load_wordnet_mammals()
    nodes = np.arange(graph.n_nodes)[:, None]
    X = PoincareEmbedding(d, graph=graph, max_iter=60, random_state=0).fit(nodes)
    below = np.bincount(graph.adjacency.indices, minlength=graph.n_nodes)
    y = np.full(graph.n_nodes, -1)
    taken = 0
    for kind in np.argsort(-below):
        members = np.append(graph.adjacency[:, [kind]].nonzero()[0], kind)
        if 10 <= below[kind] <= 200 and (y[members] < 0).all() and taken < 10:
            y[members], taken = kind, taken + 1
    return X.embedding_[y >= 0], y[y >= 0]


def data(quick):
    """Name, rows of the ball and classes."""
    for seed in range(1 if quick else 3):
        yield f"4 normals, plane, {seed}", *mixture(600, 4, 2, 0.8, seed)
    if quick:
        return
    yield "10 normals, 5-D", *mixture(1000, 10, 5, 1.0, 7)
    yield "mammals, plane", *mammals(2)
    yield "mammals, 5-D", *mammals(5)


def searched(model, grid):
    """Tuned by three folds of the training rows."""
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return GridSearchCV(model, grid, cv=folds)


def charted(chart, model, *scaled):
    """A model on rows of a chart."""
    return make_pipeline(
        HyperbolicCoordinates("poincare", output_space=chart), *scaled, model
    )


def learners():
    """Name and model; those with a penalty or a width are tuned alike."""
    strengths = {"logisticregression__C": STRENGTHS}
    widths = {"svc__C": [1.0, 10.0, 100.0], "svc__gamma": WIDTHS}
    linear, machine = LogisticRegression(max_iter=1000), SVC()
    for chart in ("poincare", "tangent", "horosphere"):
        yield f"logistic, {chart}", searched(charted(chart, linear), strengths)
    yield (
        "HyperbolicLogisticRegression",
        searched(
            HyperbolicLogisticRegression(
                input_space="poincare", max_iter=300, tol=1e-4
            ),
            {"C": STRENGTHS},
        ),
    )
    for chart in ("poincare", "tangent"):
        scaled = charted(chart, machine, StandardScaler())
        yield f"SVC, {chart}", searched(scaled, widths)
    for chart in ("poincare", "angle", "horosphere"):
        yield f"forest, {chart}", charted(chart, RandomForestClassifier(random_state=0))


def kernel_machine(X, y, X_new, y_new):
    """SVC with the kernel of hyperbolic distances, tuned by folds."""
    near, far = (hyperbolic_distances(A, X, input_space="poincare") for A in (X, X_new))
    best = None
    for gamma in WIDTHS:
        model = searched(SVC(kernel="precomputed"), {"C": [1.0, 10.0, 100.0]})
        model.fit(np.exp(-gamma * near), y)
        if best is None or model.best_score_ > best[0]:
            best = model.best_score_, model, gamma
    return best[1].score(np.exp(-best[2] * far), y_new)


def accuracies(quick):
    """A row a learner, a column a data set: means over two splits."""
    found = {}
    import warnings

    warnings.simplefilter("ignore")
    for name, X, y in data(quick):
        for seed in range(2):
            split = train_test_split(
                X, y, train_size=0.4, stratify=y, random_state=seed
            )
            X_fit, X_new, y_fit, y_new = split
            for told, model in learners():
                score = model.fit(X_fit, y_fit).score(X_new, y_new)
                found.setdefault(told, {}).setdefault(name, []).append(score)
            score = kernel_machine(X_fit, y_fit, X_new, y_new)
            found.setdefault("SVC, exp(-g d)", {}).setdefault(name, []).append(score)
    rows = []
    for told, scores in found.items():
        means = {name: float(np.mean(runs)) for name, runs in scores.items()}
        rows.append(
            {"learner": told, **means, "mean": float(np.mean([*means.values()]))}
        )
    return rows


def gradient_descent(x, y, C, rate, n_steps=3000):
    """The machine of Mishne et al. by full gradients in ambient coordinates."""
    ambient = polar.to_lorentz(x)
    signs = np.where(y, 1.0, -1.0)
    z, a = np.zeros(ambient.shape[1] - 1), 0.0
    z += ((signs[:, None] * ambient[:, 1:]).mean(axis=0)) / 10
    margin, best = np.arcsinh(1.0), np.inf
    with np.errstate(all="ignore"):
        for _ in range(n_steps):
            size = np.linalg.norm(z)
            inner = -ambient[:, 0] * size * np.sinh(a) + ambient[:, 1:] @ z * np.cosh(a)
            missing = np.maximum(margin - np.arcsinh(signs * inner), 0)
            value = size**2 / 2 + C * (missing**2).sum()
            best = min(best, value) if np.isfinite(value) else best
            slope = -2 * C * missing * signs / np.sqrt(1 + inner**2)
            by_z = z + np.cosh(a) * slope @ ambient[:, 1:]
            by_z -= np.sinh(a) * (slope @ ambient[:, 0]) * z / size
            by_a = slope @ (
                np.sinh(a) * ambient[:, 1:] @ z - np.cosh(a) * size * ambient[:, 0]
            )
            z, a = z - rate * by_z, a - rate * by_a
    return best, bool(np.isfinite(z).all() and np.isfinite(a))


def machines(quick):
    """Objective and time of the hinge, at radii up to thirty."""
    rows = []
    for radius in (4.0,) if quick else (2.0, 4.0, 10.0, 20.0, 30.0):
        rng = np.random.default_rng(int(radius))
        u = rng.normal(size=(400, 2))
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        x = np.column_stack([radius * np.sqrt(rng.uniform(size=400)), u])
        y = u[:, 0] + 0.5 * rng.normal(size=400) > 0.3
        model = HyperbolicLogisticRegression(loss="squared_hinge")
        model.fit(polar.to_tangent(x), y)  # loads what is loaded once
        start = time.process_time()
        model.fit(polar.to_tangent(x), y)
        ours = time.process_time() - start
        best, sound, seconds = np.inf, 0, []
        for rate in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
            start = time.process_time()
            value, finite = gradient_descent(x, y, 1.0, rate)
            seconds.append(time.process_time() - start)
            best, sound = min(best, value), sound + finite
        rows.append(
            {
                "largest radius": radius,
                "objective": model.objective_,
                "CPU s": ours,
                "gradient descent, best of 6 rates": float(best),
                "CPU s of one rate": float(np.median(seconds)),
                "rates without NaN": f"{sound} of 6",
            }
        )
    return rows


def forests():
    """Time of a forest on angles over that on the ball's coordinates."""
    X, y = mixture(5000, 10, 5, 1.0, 3)
    seconds = {}
    for _ in range(5):
        for chart in ("poincare", "angle"):
            model = charted(chart, RandomForestClassifier(30, random_state=0))
            start = time.process_time()
            model.fit(X, y)
            seconds.setdefault(chart, []).append(time.process_time() - start)
        plain = RandomForestClassifier(30, random_state=0)
        start = time.process_time()
        plain.fit(X, y)
        seconds.setdefault("none", []).append(time.process_time() - start)
    least = {name: float(np.min(runs)) for name, runs in seconds.items()}
    return [
        {
            "rows": len(X),
            "forest alone, CPU s": least["none"],
            "angles and forest, CPU s": least["angle"],
            "ratio": least["angle"] / least["none"],
        }
    ]


def main():
    """Accuracies, machines, forests."""
    command = parser(__doc__)
    command.add_argument("--times", action="store_true", help="no accuracies")
    args = command.parse_args()
    report(
        "hyperbolic_machines",
        machines(args.quick),
        title="Hyperbolic support vector machine: L-BFGS and gradient descent",
        notes=(
            "400 points of a disk, two noisy classes, C = 1; the same objective, 3,000 "
            "full gradient steps in ambient coordinates at rates of 1e-2 to 1e-7, the "
            "least value of any step and rate",
        ),
        write=not args.quick,
    )
    report(
        "hyperbolic_forests",
        forests(),
        title="What the chart costs a forest",
        notes=("30 trees, 10 classes in five dimensions; the least of five runs",),
        write=not args.quick,
    )
    if args.times:
        return
    report(
        "hyperbolic_learners",
        accuracies(args.quick),
        title="Accuracy of classifiers on hyperbolic rows",
        notes=(
            "rows of the Poincaré ball, turned into charts by HyperbolicCoordinates; "
            "two fifths to fit, the mean of two splits (seeds 0 and 1); penalties and "
            "widths by three folds of the training rows, forests as they come",
            "mammals: PoincareEmbedding, 60 epochs; classes are its ten largest "
            "subtrees of up to 200 words",
        ),
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
