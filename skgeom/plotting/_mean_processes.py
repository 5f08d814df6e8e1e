"""Mean processes of clusters of curves, and what is not known of them."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.plotting._style import LIGHT, axes_of, class_style
from skgeom.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class MeanProcessesDisplay:
    """The mean processes that clusters of curves have in common.

    A line is a mean process, and the band around it where it may be, with two standard
    deviations: wide where few curves have been seen. Curves deviate from it by more.
    Use `from_estimator` to make and draw one.

    Parameters
    ----------
    inputs : array-like of shape (n_inputs,)
        Where they are drawn, ascending.
    means : array-like of shape (n_clusters, n_inputs)
        The processes.
    deviations : array-like of shape (n_clusters, n_inputs)
        Their standard deviations.
    weights : array-like of shape (n_clusters,), default=None
        Shares of the clusters, which the legend has.
    curves : sequence of (inputs, targets, cluster), default=None
        Curves that are drawn behind, thin, in the colour of their cluster.
    name : str, default=None
        Title of the axes.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Where it was drawn.
    ax_ : matplotlib Axes
        Its axes.
    lines_ : list of matplotlib Line2D
        The processes.
    bands_ : list of matplotlib PolyCollection
        The bands.

    Raises
    ------
    ValueError
        If shapes do not fit together.

    See Also
    --------
    skgeom.gaussian_process.MagmaClust : Learns them.

    Examples
    --------
    >>> from skgeom.plotting import MeanProcessesDisplay
    >>> display = MeanProcessesDisplay([0, 1], [[0, 1], [3, 3]], [[1, 1], [0, 1]])
    >>> len(display.plot().lines_)
    2
    """

    def __init__(
        self,
        inputs: ArrayLike,
        means: ArrayLike,
        deviations: ArrayLike,
        weights: ArrayLike | None = None,
        curves: Any = None,
        *,
        name: str | None = None,
    ):
        self.name = name
        self.inputs = np.asarray(inputs, dtype=np.float64)
        self.means = np.asarray(means, dtype=np.float64)
        self.deviations = np.asarray(deviations, dtype=np.float64)
        self.weights = None if weights is None else np.asarray(weights)
        self.curves = [] if curves is None else list(curves)
        shape = self.means.shape
        if shape != self.deviations.shape or shape[1:] != self.inputs.shape:
            raise ValueError(
                f"means and deviations must be of shape (n_clusters, n_inputs), for "
                f"inputs of shape {self.inputs.shape}; got {shape} and "
                f"{self.deviations.shape}."
            )
        if self.weights is not None and self.weights.shape != shape[:1]:
            raise ValueError(f"weights must be of shape {shape[:1]}.")

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        with_curves: bool = True,
        ax: "Axes | None" = None,
        **options: Any,
    ) -> Self:
        """Draw the mean processes of a fitted model.

        Parameters
        ----------
        estimator : MagmaClust
            Fitted, with one input.
        name : str, default=None
            Title of the axes.
        with_curves : bool, default=True
            Whether the curves that it was fitted to are drawn behind.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        MeanProcessesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If curves are functions of several inputs.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom import MagmaClust
        >>> from skgeom.plotting import MeanProcessesDisplay
        >>> task, t = np.divmod(np.arange(60), 6)
        >>> X = np.column_stack([task, t])
        >>> y = t * np.where(task % 2, 1.0, -1.0) + 0.1 * np.sin(7.0 * np.arange(60))
        >>> model = MagmaClust(2, task=0, random_state=0).fit(X, y)
        >>> display = MeanProcessesDisplay.from_estimator(model)
        >>> [line.get_label() for line in display.lines_]
        ['0: 50 %', '1: 50 %']
        """
        check_is_fitted(estimator)
        curves = estimator.training_curves()
        if curves[0][0].shape[1] != 1:
            raise ValueError(
                f"Curves of {curves[0][0].shape[1]} inputs cannot be drawn; one can."
            )
        places = np.concatenate([inputs[:, 0] for inputs, _ in curves])
        inputs = np.linspace(places.min(), places.max(), 200)
        means, deviations = estimator.mean_processes(inputs[:, None], return_std=True)
        labels = estimator.labels_.tolist()
        behind = [(x[:, 0], y, k) for (x, y), k in zip(curves, labels, strict=True)]
        return cls(
            inputs,
            means,
            deviations,
            estimator.weights_,
            behind if with_curves else None,
            name=name,
        ).plot(ax=ax, **options)

    def plot(self, ax: "Axes | None" = None, *, max_curves: int = 200) -> Self:
        """Draw a line and a band for each process.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        max_curves : int, default=200
            Curves that are drawn behind, evenly chosen among all.

        Returns
        -------
        MeanProcessesDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `max_curves` is below 0.
        """
        if max_curves < 0:
            raise ValueError(f"max_curves={max_curves!r} must be at least 0.")
        self.ax_ = ax = axes_of(ax)
        self.figure_, self.lines_, self.bands_ = ax.figure, [], []
        step = -(-len(self.curves) // max(max_curves, 1)) or 1
        for x, y, k in self.curves[::step] if max_curves else []:
            color = class_style(k)[0]
            ax.plot(x, y, "-", color=color, alpha=0.25, linewidth=0.7, zorder=1)
        for k, (mean, deviation) in enumerate(
            zip(self.means, self.deviations, strict=True)
        ):
            color, _ = class_style(k)
            label = str(k)
            if self.weights is not None:
                label = f"{k}: {100 * self.weights[k]:.0f} %"
            below, above = mean - 2 * deviation, mean + 2 * deviation
            band = ax.fill_between(
                self.inputs, below, above, color=color, alpha=0.3, linewidth=0
            )
            self.bands_.append(band)
            line = ax.plot(self.inputs, mean, "-", color=color, label=label)[0]
            self.lines_.append(line)
        ax.grid(color=LIGHT, linewidth=0.5)
        ax.legend(title="cluster")
        if self.name is not None:
            ax.set_title(self.name)
        return self
