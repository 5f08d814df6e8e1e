"""The figures of the demonstration."""

import matplotlib.pyplot as plt
import numpy as np

from skgeom.plotting import PoincareDiskDisplay


def draw_digits(path, X, labels, embeddings, scores):
    """Draw each digit as itself, where each method puts it."""
    fig, axes = plt.subplots(2, 3, figsize=(12, 8), layout="constrained")
    data, *panels = axes.flat
    colors = plt.colormaps["tab10"]
    for digit in range(10):
        pictures = X[labels == digit][:8].reshape(8, 8, 8)
        strip = np.hstack(np.pad(pictures, [(0, 0), (1, 1), (0, 1)]))
        data.imshow(strip, cmap="gray_r", extent=(0, 72, -10 * digit - 10, -10 * digit))
        height = -10 * digit - 5
        data.text(-8, height, str(digit), color=colors(digit), size=15, va="center")
    data.autoscale()
    data.set_title("the data,\nand the colours of the digits")
    for ax, (name, embedding) in zip(panels, embeddings.items(), strict=True):
        for digit in range(10):
            ax.scatter(
                *embedding[labels == digit].T,
                marker=f"${digit}$",
                s=26,
                color=colors(digit),
                linewidths=0,
            )
        accuracy = scores[name]["10-NN accuracy"]
        ax.set_title(f"{name}\n10-NN accuracy {accuracy:.3f}")
    finish(fig, path)


def draw_roll(path, roll, embeddings, scores):
    """Colour by the true position along the roll, which should grow evenly."""
    fig = plt.figure(figsize=(12, 6), layout="constrained")
    along = roll.coordinates[:, 0]
    style = dict(c=along, cmap="viridis", s=6, linewidths=0)
    ax = fig.add_subplot(2, 3, 1, projection="3d")
    ax.scatter(*roll.X.T, depthshade=False, **style)
    ax.view_init(elev=15, azim=-70)
    ax.set_box_aspect((1, 0.35, 1), zoom=1.4)
    ax.set_title("the data, coloured by\nthe position along the roll")
    for place, (name, embedding) in enumerate(embeddings.items(), start=2):
        ax = fig.add_subplot(2, 3, place)
        ax.scatter(*embedding.T, **style)
        pearson = scores[name]["Pearson"]
        ax.set_title(f"{name}\ncorrelation of distances {pearson:.3f}")
    finish(fig, path)


def draw_mammals(path, model, names):
    """Draw the tree in the disk, with the names of general words."""
    fig, ax = plt.subplots(figsize=(8, 8), layout="constrained")
    labels = [name.partition(".")[0].replace("_", " ") for name in names]
    PoincareDiskDisplay.from_estimator(
        model, labels=labels, radius=5.0, ax=ax, color=model.radii_, max_labels=40
    )
    finish(fig, path)


def draw_few_labels(path, unseen, labelled, predictions):
    """Colour unseen points of the roll by what each method makes of the labels."""
    fig, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    truth = predictions["truth"]
    for ax, (name, values) in zip(axes, predictions.items(), strict=True):
        style = dict(cmap="viridis", vmin=truth.min(), vmax=truth.max())
        ax.scatter(*unseen[:, [0, 2]].T, c=values, s=22, linewidths=0, **style)
        ax.scatter(*labelled[:, [0, 2]].T, c="k", s=80, marker="*")
        ax.set_title(name)
    finish(fig, path)


def finish(fig, path):
    """Give flat panels one unit on both axes, take the frames off, write the file."""
    for ax in fig.axes:
        ax.set_axis_off()
        if ax.name != "3d" and ax.get_aspect() == "auto":
            ax.set_aspect("equal", adjustable="datalim")
    fig.savefig(path, dpi=120)
    plt.close(fig)
