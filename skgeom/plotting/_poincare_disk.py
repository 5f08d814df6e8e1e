"""The Poincaré disk: nodes, links along geodesics, and labels that keep apart."""

import copy
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn import config_context
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.geometry import poincare
from skgeom.graph._names import holds_names
from skgeom.plotting._embedding import checked_values
from skgeom.plotting._style import LIGHT, PALETTE, axes_of, class_style
from skgeom.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skgeom.hyperbolic import PoincareEmbedding

# Points of a geodesic that is drawn.
_ARC = np.linspace(0.0, 1.0, 24)[:, None]


class PoincareDiskDisplay:
    """A graph in the Poincaré disk.

    Use `from_estimator` to make and draw one.

    Parameters
    ----------
    positions : array-like of shape (n_nodes, 2)
        Points of the disk.
    edges : array-like of shape (n_edges, 2), int
        Pairs of nodes to join by geodesics.
    labels : sequence of str, default=None
        A name for each node.
    y : array-like of shape (n_nodes,), default=None
        Classes or numbers that nodes are coloured by, as in `EmbeddingDisplay`; those
        with NaN are grey.
    value_name : str, default=None
        What y is and in which unit: title of the legend, or label of the bar.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the disk was drawn.
    figure_ : matplotlib Figure
        Its figure.
    scatter_ : matplotlib PathCollection
        The nodes.
    lines_ : matplotlib LineCollection
        The geodesics.
    texts_ : list of matplotlib Annotation
        The labels that found room.
    legend_ : matplotlib Legend or None
        Of the classes.
    colorbar_ : matplotlib Colorbar or None
        Of the numbers.

    Raises
    ------
    ValueError
        If y has not one value for each node, or no finite number.

    See Also
    --------
    EmbeddingDisplay : Embeddings in the Euclidean plane.

    Examples
    --------
    >>> from skgeom.plotting import PoincareDiskDisplay
    >>> display = PoincareDiskDisplay([[0, 0], [0.5, 0], [0, 0.5]], [[1, 0], [2, 0]])
    >>> len(display.plot().lines_.get_segments())
    2
    """

    def __init__(
        self,
        positions: ArrayLike,
        edges: ArrayLike,
        labels: Sequence[str] | None = None,
        *,
        y: ArrayLike | None = None,
        value_name: str | None = None,
    ):
        self.positions = np.asarray(positions, dtype=np.float64)
        self.edges = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
        self.labels = labels
        self.y = None if y is None else checked_values(y, len(self.positions))
        self.value_name = value_name

    @classmethod
    def from_estimator(
        cls,
        estimator: "PoincareEmbedding",
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        name: str | None = None,
        value_name: str | None = None,
        edges: ArrayLike | None = None,
        labels: Sequence[str] | None = None,
        radius: float | None = None,
        ax: "Axes | None" = None,
        **options: Any,
    ) -> Self:
        """Draw the embedding of a fitted estimator.

        Parameters
        ----------
        estimator : PoincareEmbedding
            Fitted, with two components.
        X : array-like of shape (n_samples, n_features), default=None
            Rows to draw, as in `transform`. None is those of the fit; they have links
            and names if they were all nodes in their order, or points.
        y : array-like of shape (n_samples,), default=None
            Classes or numbers, see the class.
        name : str, default=None
            Title; None writes none.
        value_name : str, default=None
            What y is and in which unit.
        edges : array-like of shape (n_edges, 2), int, default=None
            Pairs of rows to join. None is the links of the graph between them; of a
            closure, those that no path of two links replaces.
        labels : sequence of str, default=None
            A name for each row; None is the names of the graph's nodes, if it has any.
        radius : float, default=None
            Hyperbolic distances to the centre are scaled so that the farthest node is
            at this one: a picture has no room beyond 8. None scales to at most 7.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        PoincareDiskDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has not two components.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom import PoincareEmbedding
        >>> from skgeom.graph import Graph
        >>> from skgeom.plotting import PoincareDiskDisplay
        >>> path = Graph.from_edges([[0, 1], [1, 2], [0, 2]], directed=True)
        >>> model = PoincareEmbedding(graph=path).fit(np.arange(3)[:, None])
        >>> PoincareDiskDisplay.from_estimator(model).edges
        array([[0, 1],
               [1, 2]])
        """
        check_is_fitted(estimator)
        if X is None:
            embedding, radii = estimator.embedding_, np.asarray(estimator.radii_)
        else:
            embedding, radii = as_numpy(estimator.transform(X)), None
        embedding = np.asarray(embedding, dtype=np.float64)
        if embedding.shape[1] != 2:
            raise ValueError(
                "A disk has two dimensions, but the embedding has "
                f"{embedding.shape[1]}."
            )
        graph, nodes = estimator.graph_, _nodes_of(estimator, X, embedding)
        if nodes is not None:
            if edges is None:
                drawn, rows = np.unique(nodes, return_index=True)
                edges = rows[_essential_edges(graph.subgraph(drawn))]
            if labels is None and graph.node_names is not None:
                labels = [graph.node_names[node] for node in nodes]
        if radii is None:
            radii = 2 * np.arctanh(np.linalg.norm(embedding, axis=1))
        farthest = radii.max(initial=0.0)
        wanted = min(farthest, 7.0) if radius is None else radius
        scaled = radii * (wanted / farthest if farthest > 0 else 1.0)
        norms = np.linalg.norm(embedding, axis=1, keepdims=True)
        units = embedding / np.where(norms > 0, norms, 1.0)
        positions = np.tanh(scaled / 2)[:, None] * units
        edges = [] if edges is None else edges
        display = cls(positions, edges, labels, y=y, value_name=value_name)
        display.plot(ax=ax, **options)
        if name is not None:
            display.ax_.set_title(name)
        return display

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        max_labels: int = 30,
        color: str | ArrayLike | None = None,
        size: float = 6.0,
        fontsize: float = 8.0,
        legend: bool = True,
    ) -> Self:
        """Draw the disk.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        max_labels : int, default=30
            Most labels; nodes near the centre come first, and a label that would cover
            another is left out.
        color : color or array-like of shape (n_nodes,), default=None
            Of the nodes, as `c` of matplotlib's scatter. None is by y, or blue.
        size : float, default=6.0
            Of the nodes, in points squared.
        fontsize : float, default=8.0
            Of the labels, in points.
        legend : bool, default=True
            Whether classes are explained by a legend, or numbers by a bar.

        Returns
        -------
        PoincareDiskDisplay
            The display itself.
        """
        from matplotlib.collections import LineCollection
        from matplotlib.patches import Circle

        self.ax_ = ax = axes_of(ax)
        self.figure_ = ax.figure
        ax.add_patch(Circle((0, 0), 1.0, facecolor="0.97", edgecolor="0.6"))
        self.lines_ = ax.add_collection(
            LineCollection(self._arcs(), colors="0.6", linewidths=0.5, zorder=1)
        )
        x, y = self.positions.T
        by_y = color is None and self.y is not None
        style = (
            self._style_by_y()
            if by_y
            else dict(c=PALETTE[0] if color is None else color)
        )
        self.scatter_ = ax.scatter(x, y, s=size, linewidths=0, zorder=2, **style)
        ax.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
        ax.set_axis_off()
        self.texts_: list[Any] = []
        if self.labels is not None:
            self._write_labels(max_labels, fontsize)
        self.legend_ = self.colorbar_ = None
        if by_y and legend:
            self._explain()
        return self

    def _style_by_y(self):
        """Colours of the nodes: a map of numbers, or one for each class."""
        from matplotlib import colormaps

        if self.y.dtype.kind == "f":
            cmap = colormaps["viridis"].with_extremes(bad=LIGHT)
            return dict(c=self.y, cmap=cmap, plotnonfinite=True)
        _, classes = np.unique(self.y, return_inverse=True)
        return dict(c=[class_style(number)[0] for number in classes])

    def _explain(self):
        """Add the legend of the classes, or the bar of the numbers."""
        if self.y.dtype.kind == "f":
            self.colorbar_ = self.figure_.colorbar(
                self.scatter_, ax=self.ax_, label=self.value_name or "", shrink=0.7
            )
            return
        handles = [
            self.ax_.scatter([], [], color=class_style(number)[0], label=value)
            for number, value in enumerate(np.unique(self.y))
        ]
        self.legend_ = self.ax_.legend(
            handles=handles,
            title=self.value_name,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
        )

    def _arcs(self):
        """Points along the geodesic of each edge, shape (n_edges, n_points, 2)."""
        start, stop = (self.positions[self.edges[:, end]] for end in (0, 1))
        velocity = poincare.log(start, stop)
        return poincare.exp(start[:, None], velocity[:, None] * _ARC)

    def _write_labels(self, max_labels, fontsize):
        renderer = self.figure_.canvas.get_renderer()
        boxes = []
        for node in np.argsort((self.positions**2).sum(axis=1)):
            if len(boxes) == max_labels:
                break
            text = self.ax_.annotate(
                str(self.labels[node]),
                self.positions[node],
                xytext=(3, 3),
                textcoords="offset points",
                fontsize=fontsize,
                zorder=3,
            )
            box = text.get_window_extent(renderer)
            if any(box.overlaps(other) for other in boxes):
                text.remove()
            else:
                boxes.append(box)
                self.texts_.append(text)


def _nodes_of(estimator, X, placed):
    """The node that each row is, or None where rows are no nodes."""
    if X is not None and estimator.graph is not None:
        column = np.asarray(as_numpy(X))[:, 0]
        ids = estimator.graph_.ids(column) if holds_names(column) else column
        return ids.astype(np.int64)
    nodes = np.arange(estimator.graph_.n_nodes)
    if len(placed) != len(nodes):
        return None
    expected = estimator.embedding_
    if estimator.graph is not None:
        estimator = copy.copy(estimator)  # with all on the host, whatever it was
        with warnings.catch_warnings(), config_context(array_api_dispatch=False):
            warnings.simplefilter("ignore")  # a column of ids has no feature names
            expected = as_numpy(estimator.transform(nodes[:, None]))
    return nodes if np.allclose(placed, expected, rtol=0, atol=1e-6) else None


def _essential_edges(graph):
    """Edges that no path of two edges replaces: of a closure, the direct ones."""
    pattern = graph.adjacency.copy()
    pattern.data[:] = 1.0
    two_steps = (pattern @ pattern).astype(bool)
    kept = pattern - pattern.multiply(two_steps)
    if not graph.directed:
        kept = pattern  # triangles are not detours
    heads, tails = kept.nonzero()
    once = slice(None) if graph.directed else heads < tails
    return np.column_stack([heads, tails])[once]
