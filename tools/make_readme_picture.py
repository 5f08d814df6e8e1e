"""Draw the picture of the README: one panel for each kind of answer.

    python tools/make_readme_picture.py

writes ``doc/_static/skgeom.png``.
"""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from skgeom import (
    HeatGeodesicEmbedding,
    PoincareEmbedding,
    SDPClustering,
    STKRClassifier,
)
from skgeom.datasets import load_wordnet_mammals, make_swiss_roll
from skgeom.plotting import (
    STYLE,
    CertificateDisplay,
    EmbeddingDisplay,
    PoincareDiskDisplay,
)

PICTURE = Path(__file__).parents[1] / "doc" / "_static" / "skgeom.png"


def draw_roll(data, flat):
    """A noisy roll from the side, and what becomes of it."""
    roll = make_swiss_roll(2000, noise=1.0, height=12.0, random_state=0)
    along = roll.coordinates[:, 0]
    style = dict(legend=False, size=9)
    side = {"a noisy roll, from the side": roll.X[:, [0, 2]]}
    EmbeddingDisplay(side, along).plot(ax=data, **style)
    model = HeatGeodesicEmbedding(random_state=0).fit(roll.X)
    shown = {"HeatGeodesicEmbedding": model.embedding_}
    EmbeddingDisplay(shown, along).plot(ax=flat, **style)


def draw_certificate(ax):
    """Three clusters that move apart, and what is known of the best labels."""
    corners = np.array([[0, 1], [0.87, -0.5], [-0.87, -0.5]])
    noise = np.random.default_rng(0).standard_normal((300, 2))
    distances = np.linspace(0.5, 5.0, 19)
    models = [
        SDPClustering(3, random_state=0).fit(r * corners[np.arange(300) % 3] + noise)
        for r in distances
    ]
    CertificateDisplay.from_estimators(models, positions=distances, ax=ax)
    ax.set(title="SDPClustering", xlabel="distance of three clusters")


def draw_disk(ax):
    """The mammals of WordNet."""
    mammals = load_wordnet_mammals()
    names = [name.partition(".")[0].replace("_", " ") for name in mammals.node_names]
    model = PoincareEmbedding(graph=mammals, random_state=0)
    model.fit(np.arange(mammals.n_nodes)[:, None])
    PoincareDiskDisplay.from_estimator(
        model,
        name="PoincareEmbedding",
        labels=names,
        radius=5.0,
        ax=ax,
        color=model.radii_,
        max_labels=9,
    )


def draw_few_labels(ax):
    """Two moons with one label each."""
    X, classes = make_moons(400, noise=0.08, random_state=2)
    y = np.full(400, -1)
    for label in (0, 1):
        mine = np.flatnonzero(classes == label)
        y[mine[np.argmax(X[mine, 1] * (1 - 2 * label))]] = label
    found = STKRClassifier(strength=100.0).fit(X, y).transduction_
    display = EmbeddingDisplay({"STKRClassifier, two labels": X}, found)
    display.plot(ax=ax, legend=False, size=12)
    ax.plot(*X[y >= 0].T, "*", color="black", markersize=15)


def main():
    """Draw five panels and write the file."""
    matplotlib.use("Agg")
    plt.style.use(STYLE)
    fig, axes = plt.subplots(
        1, 5, figsize=(16, 3.4), width_ratios=[1, 1.1, 1.25, 1.1, 1.1]
    )
    draw_roll(*axes[:2])
    draw_certificate(axes[2])
    draw_disk(axes[3])
    draw_few_labels(axes[4])
    fig.savefig(PICTURE, dpi=110, facecolor="white")


if __name__ == "__main__":
    main()
