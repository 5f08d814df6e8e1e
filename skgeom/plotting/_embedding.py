"""Embeddings in the plane, side by side, with classes or a value."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.plotting._style import LIGHT, class_style, panels, without_frame
from skgeom.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Integers with more values than this are numbers, not classes.
_MOST_CLASSES = 20


class EmbeddingDisplay:
    """One embedding or several, as points in the plane.

    Use `from_estimator` or `from_embeddings` to make and draw one.

    Parameters
    ----------
    embeddings : dict of str to array-like of shape (n_samples, n_components)
        Title and coordinates of each panel, at least two components. The first two are
        drawn.
    y : array-like of shape (n_samples,), default=None
        Classes (strings, booleans, or integers of at most 20 values), each with a
        colour and a marker, or numbers, in a map of colours with a bar. Rows with NaN
        are grey. None draws all points alike.
    value_name : str, default=None
        What y is and in which unit: title of the legend, or label of the bar.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Where the embeddings were drawn.
    axes_ : ndarray of shape (n_embeddings,)
        A matplotlib Axes for each.
    scatters_ : list of list of matplotlib PathCollection
        The points of each panel, in classes.
    legend_ : matplotlib Legend or None
        Of the classes.
    colorbar_ : matplotlib Colorbar or None
        Of the numbers.

    Raises
    ------
    ValueError
        If there is no embedding, one has less than two components, they differ in their
        number of rows, or y does not fit them or has no finite number.

    See Also
    --------
    PoincareDiskDisplay : Hyperbolic embeddings.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.plotting import EmbeddingDisplay
    >>> square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> display = EmbeddingDisplay({"a square": square}, y=["a", "a", "b", "b"]).plot()
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['a', 'b']
    """

    def __init__(
        self,
        embeddings: Mapping[str, ArrayLike],
        y: ArrayLike | None = None,
        *,
        value_name: str | None = None,
    ):
        self.embeddings = {
            name: _checked_plane(points, name) for name, points in embeddings.items()
        }
        if not self.embeddings:
            raise ValueError("embeddings must have at least one entry.")
        sizes = {name: len(points) for name, points in self.embeddings.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"Embeddings differ in their number of rows: {sizes}.")
        self.y = None if y is None else checked_values(y, next(iter(sizes.values())))
        self.value_name = value_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        name: str | None = None,
        value_name: str | None = None,
        ax: "Axes | None" = None,
        **options: Any,
    ) -> Self:
        """Draw where a fitted estimator puts the rows of X.

        Parameters
        ----------
        estimator : object
            A fitted estimator, or pipeline, with `transform`; one without (t-SNE) is
            asked for its `embedding_`, and X has to be what it was fitted on.
        X : array-like of shape (n_samples, n_features), default=None
            Rows to draw; None is those of the fit, by `embedding_`.
        y : array-like of shape (n_samples,), default=None
            Classes or numbers, see the class.
        name : str, default=None
            Title; None is the class of the estimator.
        value_name : str, default=None
            What y is and in which unit.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        EmbeddingDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator can place X neither by `transform` nor by `embedding_`, or
            has less than two components.

        Examples
        --------
        >>> from skgeom import HeatGeodesicEmbedding
        >>> from skgeom.datasets import make_swiss_roll
        >>> from skgeom.plotting import EmbeddingDisplay
        >>> roll = make_swiss_roll(200, random_state=0)
        >>> model = HeatGeodesicEmbedding(random_state=0).fit(roll.X)
        >>> along = roll.coordinates[:, 0]
        >>> display = EmbeddingDisplay.from_estimator(model, roll.X, along)
        >>> display.axes_[0].get_title()
        'HeatGeodesicEmbedding'
        """
        check_is_fitted(estimator)
        if X is not None and hasattr(estimator, "transform"):
            placed = estimator.transform(X)
        else:
            placed = getattr(estimator, "embedding_", None)
            kind = type(estimator).__name__
            if placed is None and X is None:
                raise ValueError(f"{kind} has no embedding_: X must be given.")
            if placed is None or (X is not None and len(placed) != np.shape(X)[0]):
                raise ValueError(
                    f"{kind} has no transform, and no embedding_ of as many rows as X."
                )
        name = type(estimator).__name__ if name is None else name
        display = cls({name: placed}, y, value_name=value_name)
        return display.plot(ax=ax, **options)

    @classmethod
    def from_embeddings(
        cls,
        embeddings: Mapping[str, ArrayLike],
        y: ArrayLike | None = None,
        *,
        value_name: str | None = None,
        ax: "Axes | NDArray | None" = None,
        **options: Any,
    ) -> Self:
        """Draw embeddings of the same rows side by side.

        Parameters
        ----------
        embeddings : dict of str to array-like of shape (n_samples, n_components)
            Title and coordinates of each panel.
        y : array-like of shape (n_samples,), default=None
            Classes or numbers, see the class.
        value_name : str, default=None
            What y is and in which unit.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each embedding; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        EmbeddingDisplay
            The display, drawn.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom.plotting import EmbeddingDisplay
        >>> line = np.linspace(0, 1, 5)
        >>> two = {"a line": np.c_[line, line], "a bend": np.c_[line, line**2]}
        >>> display = EmbeddingDisplay.from_embeddings(two, line, value_name="place")
        >>> len(display.axes_), display.colorbar_.ax.get_ylabel()
        (2, 'place')
        """
        return cls(embeddings, y, value_name=value_name).plot(ax=ax, **options)

    def plot(
        self,
        ax: "Axes | NDArray | None" = None,
        *,
        share_axes: bool = False,
        align: bool = False,
        unit: str | None = None,
        markers: Literal["shapes", "names", "dots"] = "shapes",
        size: float = 14.0,
        cmap: str = "viridis",
        n_columns: int | None = None,
        legend: bool = True,
    ) -> Self:
        """Draw the embeddings.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each embedding; None makes a new figure.
        share_axes : bool, default=False
            Give all panels the same limits: lengths can then be compared.
        align : bool, default=False
            Turn and reflect each embedding to agree with the first. Distances in it do
            not change.
        unit : str, default=None
            Unit of the coordinates. With it the axes have ticks and names; without, the
            picture has no frame, as coordinates of most embeddings have no meaning.
        markers : {"shapes", "names", "dots"}, default="shapes"
            How classes differ, beside their colour: in shape, or by their own names in
            place of a marker (names of one or two letters), or not at all.
        size : float, default=14.0
            Of the points, in points squared.
        cmap : str, default="viridis"
            Map of colours for numbers.
        n_columns : int, default=None
            Panels in a row of a new figure.
        legend : bool, default=True
            Whether classes are explained by a legend, or numbers by a bar.

        Returns
        -------
        EmbeddingDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `markers` is unknown, or `ax` holds another number of axes than there are
            embeddings.
        """
        if markers not in ("shapes", "names", "dots"):
            raise ValueError(
                f"markers must be 'shapes', 'names' or 'dots', got {markers!r}."
            )
        self.figure_, self.axes_ = panels(len(self.embeddings), ax, n_columns=n_columns)
        self.legend_ = self.colorbar_ = None
        self.scatters_ = []
        drawn = list(self.embeddings.values())
        if align:
            drawn = [_turned_to(drawn[0], points) for points in drawn]
        for one, name, points in zip(self.axes_, self.embeddings, drawn, strict=True):
            style = dict(size=size, markers=markers, cmap=cmap)
            self.scatters_.append(self._draw_points(one, points, **style))
            one.set_title(name)
            one.set_aspect("equal", adjustable="box" if share_axes else "datalim")
            if unit is None:
                without_frame(one)
            else:
                one.set(xlabel=f"component 1, {unit}", ylabel=f"component 2, {unit}")
        if share_axes:
            self._share_limits(np.concatenate(drawn))
        if legend and self.y is not None:
            self._explain()
        return self

    def _draw_points(self, ax, points, size, markers, cmap):
        """Draw the points of one panel; return what was drawn, in classes."""
        style = dict(s=size, linewidths=0)
        if self.y is None:
            return [ax.scatter(*points.T, color=class_style(0)[0], **style)]
        if self.y.dtype.kind == "f":
            known = np.isfinite(self.y)
            ax.scatter(*points[~known].T, color=LIGHT, **style)
            limits = dict(vmin=self.y[known].min(), vmax=self.y[known].max())
            shown = points[known]
            return [ax.scatter(*shown.T, c=self.y[known], cmap=cmap, **limits, **style)]
        drawn = []
        for number, value in enumerate(np.unique(self.y)):
            color, marker = class_style(number)
            if markers == "dots":
                marker = "o"
            elif markers == "names":
                marker = f"${value}$"
                style["s"] = 2 * size
            mine = points[self.y == value]
            drawn.append(
                ax.scatter(*mine.T, color=color, marker=marker, label=value, **style)
            )
        return drawn

    def _share_limits(self, points):
        """Give all axes limits that hold all points, with a margin."""
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.05 * (high - low).max()
        for ax in self.axes_:
            ax.set(
                xlim=(low[0] - margin, high[0] + margin),
                ylim=(low[1] - margin, high[1] + margin),
            )

    def _explain(self):
        """Add the legend of the classes, or the bar of the numbers."""
        if self.y.dtype.kind == "f":
            self.colorbar_ = self.figure_.colorbar(
                self.scatters_[0][0], ax=list(self.axes_), label=self.value_name or ""
            )
            return
        beside = {}
        if self.figure_.get_layout_engine() is not None:
            beside = dict(loc="center left", bbox_to_anchor=(1.0, 0.5))
        self.legend_ = self.axes_[-1].legend(
            handles=self.scatters_[-1],
            title=self.value_name,
            handletextpad=0.2,
            markerscale=1.6,
            **beside,
        )


def _checked_plane(points, name):
    """Return the first two columns of an embedding as float64."""
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] < 2:
        raise ValueError(
            "An embedding needs shape (n_samples, n_components) with two components or "
            f"more; {name!r} has shape {points.shape}."
        )
    return points[:, :2]


def checked_values(y, n_samples):
    """Return y as an array: of floats if it holds numbers, else of classes."""
    y = np.asarray(y)
    if y.shape != (n_samples,):
        raise ValueError(f"y must have shape ({n_samples},), got {y.shape}.")
    if y.dtype.kind in "iu" and len(np.unique(y)) > _MOST_CLASSES:
        return y.astype(np.float64)
    if y.dtype.kind == "f" and not np.isfinite(y).any():
        raise ValueError("y must have a finite number.")
    return y.astype(str) if y.dtype.kind == "O" else y


def _turned_to(wanted, points):
    """Points turned and reflected about their mean to agree best with others."""
    centred = points - points.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (wanted - wanted.mean(axis=0)))
    return centred @ (left @ right)
