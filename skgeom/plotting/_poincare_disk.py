"""The Poincaré disk: nodes, links along geodesics, and labels that keep apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.geometry import poincare
from skgeom.plotting._style import PALETTE, axes_of
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
    ):
        self.positions = np.asarray(positions, dtype=np.float64)
        self.edges = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: "PoincareEmbedding",
        *,
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
        edges : array-like of shape (n_edges, 2), int, default=None
            Pairs of rows to join. None is the links of the graph; of a closure, those
            that no path of two links replaces.
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
        embedding = np.asarray(estimator.embedding_, dtype=np.float64)
        if embedding.shape[1] != 2:
            raise ValueError(
                "A disk has two dimensions, but the embedding has "
                f"{embedding.shape[1]}."
            )
        graph = estimator.graph_
        if len(embedding) == graph.n_nodes:
            edges = _essential_edges(graph) if edges is None else edges
            labels = graph.node_names if labels is None else labels
        radii = np.asarray(estimator.radii_)
        farthest = radii.max(initial=0.0)
        wanted = min(farthest, 7.0) if radius is None else radius
        scaled = radii * (wanted / farthest if farthest > 0 else 1.0)
        norms = np.linalg.norm(embedding, axis=1, keepdims=True)
        units = embedding / np.where(norms > 0, norms, 1.0)
        positions = np.tanh(scaled / 2)[:, None] * units
        return cls(positions, [] if edges is None else edges, labels).plot(
            ax=ax, **options
        )

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        max_labels: int = 30,
        color: str | ArrayLike = PALETTE[0],
        size: float = 6.0,
        fontsize: float = 8.0,
    ) -> Self:
        """Draw the disk.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        max_labels : int, default=30
            Most labels; nodes near the centre come first, and a label that would cover
            another is left out.
        color : color or array-like of shape (n_nodes,), default="#0072B2"
            Of the nodes, as `c` of matplotlib's scatter.
        size : float, default=6.0
            Of the nodes, in points squared.
        fontsize : float, default=8.0
            Of the labels, in points.

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
        self.scatter_ = ax.scatter(x, y, c=color, s=size, linewidths=0, zorder=2)
        ax.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
        ax.set_axis_off()
        self.texts_: list[Any] = []
        if self.labels is not None:
            self._write_labels(max_labels, fontsize)
        return self

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
