"""One look for all figures: colours, markers and how axes are dressed.

Colours are told apart with any kind of colour vision, and each comes with a marker or a
line of its own, so that a figure printed in grey still reads.
"""

import numpy as np

# Blue, orange, green and so on after Okabe and Ito, without the yellow and the black
# that vanish on white and in text; neighbours in the list differ in lightness.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#882255",
    "#56B4E9",
    "#D55E00",
    "#332288",
    "#CC79A7",
)
# One fewer than colours: the pairs repeat after 56 classes, not after eight.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1)),
    (0, (3, 1, 1, 1)),
    (0, (1, 1)),
    (0, (8, 3)),
)

# What lies behind the data, and the letters on it.
GREY, LIGHT, INK = "#8A8A8A", "#D9D9D9", "#222222"

STYLE = {
    "axes.prop_cycle": (
        f"cycler('color', {list(PALETTE)!r}) + cycler('linestyle', {list(_LINES)!r})"
    ),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.axisbelow": True,
    "figure.dpi": 100.0,
    "figure.constrained_layout.use": True,
    "font.size": 10.0,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "scatter.edgecolors": "none",
}


def class_style(number):
    """Return colour and marker of a class by its number, from 0."""
    return PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]


def axes_of(ax):
    """Return the axes to draw on; None makes a new figure, as in scikit-learn."""
    import matplotlib.pyplot as plt

    return plt.subplots()[1] if ax is None else ax


def without_frame(ax):
    """Take ticks and spines away, where the coordinates mean nothing by themselves."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def panels(n_panels, ax, size=3.2, n_columns=None):
    """Return figure and axes for some panels; the axes given, or a new row of them.

    Parameters
    ----------
    n_panels : int
        How many.
    ax : Axes or array-like of Axes, default=None
        Those to take. None makes a figure.
    size : float
        Side of a panel of a new figure, in inches.
    n_columns : int, default=None
        Panels in a row of a new figure; None is all.

    Returns
    -------
    Figure, ndarray of shape (n_panels,), object
        The figure, and the axes.
    """
    import matplotlib.pyplot as plt

    if ax is not None:
        axes = np.asarray(ax, dtype=object).reshape(-1)
        if len(axes) != n_panels:
            raise ValueError(
                f"ax must hold one Axes for each embedding: expected {n_panels}, got "
                f"{len(axes)}."
            )
        return axes[0].figure, axes
    n_columns = min(n_columns or n_panels, n_panels)
    n_rows = -(-n_panels // n_columns)
    figure, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(size * n_columns + 0.8, (size + 0.4) * n_rows),
        layout="constrained",
        squeeze=False,
    )
    for spare in grid.flat[n_panels:]:
        spare.set_axis_off()
    return figure, grid.ravel()[:n_panels]
