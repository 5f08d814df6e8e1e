"""The figures of the demonstration, one for each family."""

import matplotlib.pyplot as plt
import numpy as np

from skgeom.geometry import grassmann
from skgeom.plotting import PALETTE, PoincareDiskDisplay

PIXELS = dict(cmap="gray_r", interpolation="nearest")


def draw_digits(path, places, labels, scores):
    """Draw new digits as themselves, where each method puts them."""
    fig, axes = plt.subplots(1, len(places), figsize=(11, 5))
    colors = plt.colormaps["tab10"]
    for ax, (name, points) in zip(axes, places.items(), strict=True):
        for digit in range(10):
            own = points[labels == digit].T
            style = dict(s=30, color=colors(digit), linewidths=0)
            ax.scatter(*own, marker=f"${digit}$", **style)
        ax.set_title(f"{name}: {scores[name][1]:.3f} by ten neighbours")
    finish(fig, path)


def draw_mammals(path, model, names):
    """Draw the tree in the disk, with the names of general words."""
    fig, ax = plt.subplots(figsize=(8, 8))
    labels = [name.partition(".")[0].replace("_", " ") for name in names]
    PoincareDiskDisplay.from_estimator(
        model, labels=labels, radius=5.0, ax=ax, color=model.radii_, max_labels=40
    )
    finish(fig, path)


def draw_groups(path, wine, classes, labels):
    """Draw two numbers of each wine, coloured by cluster; crosses are mistakes."""
    fig, axes = plt.subplots(1, len(labels), figsize=(10, 4.2), sharey=True)
    for ax, (name, found) in zip(axes, labels.items(), strict=True):
        # A cluster is what most of its rows are.
        most = [np.bincount(classes[found == k]).argmax() for k in range(3)]
        told = np.array(most)[found]
        for wrong, marker in ((False, "o"), (True, "x")):
            rows = (told != classes) == wrong
            colors = np.array(PALETTE)[told[rows]]
            ax.scatter(wine[rows, 9], wine[rows, 12], c=colors, marker=marker, s=26)
        ax.set(title=name, xlabel="colour")
    axes[0].set_ylabel("proline")
    finish(fig, path, frames=True)


def draw_counts(path, counts, n_rows):
    """Draw how often a row is among the ten nearest of another."""
    fig, ax = plt.subplots(figsize=(6, 4))
    for name, near in counts.items():
        often = np.sort(np.bincount(near.ravel(), minlength=n_rows))[::-1]
        ax.plot(np.arange(1, n_rows + 1), often, label=name)
    ax.set(xlabel="rows, the most popular first", ylabel="times among ten neighbours")
    ax.legend()
    finish(fig, path, frames=True)


def draw_events(path, events, model):
    """Draw the density over longitude and latitude, and the events in it."""
    fig, ax = plt.subplots(figsize=(10, 5))
    longitude, latitude = np.linspace(-179, 179, 240), np.linspace(-89, 89, 120)
    grid = np.stack(np.meshgrid(longitude, latitude), axis=-1).reshape(-1, 2)
    told = model.score_samples(grid).reshape(120, 240)
    ax.contourf(longitude, latitude, told, 24, cmap="magma")
    ax.scatter(*events.T, s=1, color="white", alpha=0.5)
    ax.set(title="log-density of events along faults", xlabel="longitude")
    ax.set_ylabel("latitude")
    finish(fig, path, frames=True)


def draw_covariances(path, matrices):
    """Draw covariance matrices beside each other, in one colour scale."""
    fig, axes = plt.subplots(1, len(matrices), figsize=(11, 4))
    bound = max(np.abs(matrix).max() for matrix in matrices.values())
    for ax, (name, matrix) in zip(axes, matrices.items(), strict=True):
        ax.imshow(matrix, cmap="RdBu_r", vmin=-bound, vmax=bound)
        ax.set_title(name)
    finish(fig, path)


def draw_atoms(path, atoms):
    """Draw the atoms as pictures."""
    bound = np.abs(atoms).max()
    style = dict(cmap="RdBu_r", vmin=-bound, vmax=bound)
    draw_pictures(path, atoms[:64], 8, "64 atoms, of which a digit has four", style)


def draw_samples(path, first, second):
    """Draw rows of both samples."""
    shown = np.concatenate([first[:20], second[:20]])
    title = "digits; and below, rows with each pixel from another digit"
    draw_pictures(path, shown, 10, title, PIXELS)


def draw_pictures(path, rows, n_columns, title, style):
    """Draw rows of 64 pixels as pictures, side by side."""
    pictures = np.pad(rows.reshape(-1, 8, 8), [(0, 0), (1, 1), (1, 1)])
    sheet = pictures.reshape(-1, n_columns, 10, 10).swapaxes(1, 2)
    fig, ax = plt.subplots(figsize=(n_columns * 0.7, len(rows) / n_columns * 0.75))
    ax.imshow(sheet.reshape(-1, 10 * n_columns), **style)
    ax.set_title(title)
    finish(fig, path)


def draw_classes(path, X, y):
    """Draw how far apart the subspaces of classes are, by their principal angles."""
    bases = [np.linalg.svd(X[y == c], full_matrices=False)[2][:8].T for c in range(10)]
    apart = np.array([[grassmann.distance(a, b) for b in bases] for a in bases])
    fig, ax = plt.subplots(figsize=(5.4, 4.6))
    fig.colorbar(ax.imshow(apart), label="distance of subspaces")
    ax.set(xticks=range(10), yticks=range(10), title="digits as subspaces")
    finish(fig, path, frames=True)


def draw_labels(path, numbers, scores):
    """Draw accuracies by the number of labels."""
    fig, ax = plt.subplots(figsize=(6, 4))
    for name, told in scores.items():
        ax.plot(numbers, [found for found, _ in told], marker="o", label=name)
    ax.set(xticks=numbers)
    ax.set(xlabel="labels a class", ylabel="accuracy on unseen digits")
    ax.legend()
    finish(fig, path, frames=True)


def draw_nodes(path, places, found, truth, known):
    """Draw nodes with predicted classes; stars have a label, crosses are mistakes."""
    fig, ax = plt.subplots(figsize=(7, 6))
    style = dict(cmap="tab10", vmin=-0.5, vmax=9.5)
    for rows, look in (
        (found == truth, dict(s=14, alpha=0.6)),
        (found != truth, dict(s=40, marker="x")),
        (known, dict(s=150, marker="*", edgecolors="black")),
    ):
        ax.scatter(*places[rows].T, c=found[rows], **style, **look)
    ax.set_title("GraphKernelClassifier: digits of which fifty (stars) have a label")
    finish(fig, path)


def draw_doubts(path, rows, truth, told):
    """Draw the digits of which a model is least sure, and what it says."""
    fig, axes = plt.subplots(2, 8, figsize=(11, 4))
    doubtful = np.argsort(told.max(axis=1))
    for ax, i in zip(axes.flat, doubtful, strict=False):
        first, second = np.argsort(-told[i])[:2]
        ax.imshow(rows[i].reshape(8, 8), **PIXELS)
        ax.set_title(
            f"a {truth[i]}\n{first}: {told[i, first]:.2f}, "
            f"{second}: {told[i, second]:.2f}",
            size=9,
        )
    finish(fig, path)


def draw_patches(path, patches, labels):
    """Draw patches of the first photograph on the left, of the second on the right."""
    fig, axes = plt.subplots(1, 2, figsize=(8, 4.2))
    for number, (ax, name) in enumerate(zip(axes, ("china", "flower"), strict=True)):
        shown = patches[labels == number][:64]
        sheet = shown.reshape(8, 8, 8, 8, 3).swapaxes(1, 2).reshape(64, 64, 3)
        ax.imshow(sheet)
        ax.set_title(f"patches of {name}.jpg")
    finish(fig, path)


def draw_screen(path, scores, shares, n_real):
    """Draw the scores of columns: true ones on the left, idle ones on the right."""
    fig, axes = plt.subplots(2, 1, figsize=(8, 5), sharex=True)
    panels = {"ColumnScreen": scores, "mutual information": shares}
    for ax, (name, values) in zip(axes, panels.items(), strict=True):
        columns = np.arange(len(values))
        ax.bar(
            columns, values, width=1.0, color=np.where(columns < n_real, *PALETTE[:2])
        )
        ax.set_ylabel(name)
    axes[1].set_xlabel(f"{n_real} pixels, and columns that were shuffled")
    finish(fig, path, frames=True)


def draw_chosen(path, labels, ours, random):
    """Draw how many rows of each digit there are, and how many were chosen."""
    fig, ax = plt.subplots(figsize=(6, 4))
    digits = np.arange(10)
    ax.plot(digits, np.bincount(labels, minlength=10), color="#8A8A8A", label="all")
    chosen = {"DiversitySampler": ours, "random rows": random}
    for place, (name, rows) in enumerate(chosen.items()):
        counts = np.bincount(labels[rows], minlength=10)
        ax.bar(digits + 0.4 * place - 0.2, counts, width=0.38, label=name)
    ax.set(
        yscale="symlog", ylim=(0, None), xticks=digits, xlabel="digit", ylabel="rows"
    )
    ax.legend()
    finish(fig, path, frames=True)


def finish(fig, path, frames=False):
    """Take the frames off where axes have no unit, and write the file."""
    for ax in fig.axes:
        if not frames:
            ax.set_axis_off()
    fig.savefig(path, dpi=120)
    plt.close(fig)
