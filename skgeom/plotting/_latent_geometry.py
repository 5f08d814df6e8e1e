"""A plane of latents: how much it is magnified, and its geodesics."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.plotting._style import INK, PALETTE, axes_of
from skgeom.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Share of the height of the wall above which the plane is left white, and how far
# beyond the latents it is drawn.
_WALL, _MARGIN = 0.5, 0.04


class LatentGeometryDisplay:
    """Latents on a map of the volume of their decoder, with geodesics.

    Dark places are magnified: a step there is a long way in the rows. Geodesics avoid
    them. Where there are no latents the map is white. Use `from_estimator` to make and
    draw one.

    Parameters
    ----------
    latents : array-like of shape (n_samples, 2)
        Points of the plane.
    volume : array-like of shape (n_rows, n_columns)
        Volume on a grid, its first row at the bottom; NaN is white.
    extent : tuple of 4 floats
        Left, right, bottom and top of the grid.
    paths : array-like of shape (n_paths, n_points, 2), default=None
        Curves to draw.
    name : str, default=None
        Title of the axes.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Where it was drawn.
    ax_ : matplotlib Axes
        Its axes.
    image_ : matplotlib AxesImage
        The map.
    points_ : matplotlib PathCollection
        The latents.
    lines_ : list of matplotlib Line2D
        The curves.

    Raises
    ------
    ValueError
        If latents or curves are not of a plane, or the grid is no matrix.

    See Also
    --------
    skgeom.embedding.LatentGeometry : Measures latents.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.plotting import LatentGeometryDisplay
    >>> display = LatentGeometryDisplay(np.eye(2), np.ones((3, 3)), (0, 1, 0, 1))
    >>> len(display.plot().points_.get_offsets())
    2
    """

    def __init__(
        self,
        latents: ArrayLike,
        volume: ArrayLike,
        extent: tuple[float, float, float, float],
        paths: ArrayLike | None = None,
        *,
        name: str | None = None,
    ):
        self.name = name
        self.latents = np.asarray(latents, dtype=np.float64)
        self.volume = np.asarray(volume, dtype=np.float64)
        self.extent = tuple(float(x) for x in extent)
        paths = np.empty((0, 2, 2)) if paths is None else paths
        self.paths = np.asarray(paths, dtype=np.float64)
        if self.latents.ndim != 2 or self.latents.shape[1] != 2:
            raise ValueError(
                f"latents must have shape (n_samples, 2), got {self.latents.shape}."
            )
        if self.paths.ndim != 3 or self.paths.shape[2] != 2:
            raise ValueError(
                f"paths must have shape (n_paths, n_points, 2), got {self.paths.shape}."
            )
        if self.volume.ndim != 2 or len(self.extent) != 4:
            raise ValueError("volume must be a matrix, and extent have 4 numbers.")

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        ends: ArrayLike | None = None,
        n_paths: int = 8,
        n_cells: int = 80,
        ax: "Axes | None" = None,
        **options: Any,
    ) -> Self:
        """Draw the latents of a fitted estimator.

        Parameters
        ----------
        estimator : LatentGeometry
            Fitted, with two latents.
        name : str, default=None
            Title of the axes.
        ends : array-like of shape (n_paths, 2, 2), default=None
            First and last point of each curve. None draws a fan, from the latents
            nearest to their mean to some that are far apart.
        n_paths : int, default=8
            Curves of the fan, at most the number of other rows.
        n_cells : int, default=80
            Cells of the map along each side, at least 2.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        LatentGeometryDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there are not two latents, or `ends` has another shape.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom import LatentGeometry
        >>> from skgeom.plotting import LatentGeometryDisplay
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> model = LatentGeometry(random_state=0).fit(X)
        >>> display = LatentGeometryDisplay.from_estimator(model, n_paths=2, n_cells=9)
        >>> display.paths.shape
        (2, 41, 2)
        """
        check_is_fitted(estimator)
        latents = np.asarray(estimator.embedding_, dtype=np.float64)
        if latents.shape[1] != 2:
            raise ValueError(
                f"A plane is drawn, and {type(estimator).__name__} has "
                f"{latents.shape[1]} latents."
            )
        ends = _fan(latents, n_paths) if ends is None else np.asarray(ends, float)
        if ends.ndim != 3 or ends.shape[1:] != (2, 2):
            raise ValueError(f"ends must have shape (n_paths, 2, 2), got {ends.shape}.")
        paths = estimator.geodesics(ends[:, 0], ends[:, 1])
        volume, extent = _map(estimator, latents, max(int(n_cells), 2))
        return cls(latents, volume, extent, paths, name=name).plot(ax=ax, **options)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        colorbar: bool = True,
        size: float = 4.0,
    ) -> Self:
        """Draw map, latents and curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        colorbar : bool, default=True
            Whether to say what colours mean.
        size : float, default=4.0
            Of the latents, in square points.

        Returns
        -------
        LatentGeometryDisplay
            The display itself.
        """
        self.ax_ = ax = axes_of(ax)
        self.figure_ = ax.figure
        with np.errstate(divide="ignore"):
            logs = np.log10(self.volume)
        seen = logs[np.isfinite(logs)]
        low, high = np.quantile(seen, [0.02, 0.98]) if len(seen) else (0.0, 1.0)
        self.image_ = ax.imshow(
            np.where(np.isfinite(logs), logs, np.nan),
            origin="lower",
            extent=self.extent,
            aspect="auto",
            cmap="Blues",
            # The least is no white, which is where there is nothing.
            vmin=low - 0.3 * max(high - low, 1e-6),
            vmax=max(high, low + 1e-6),
        )
        self.points_ = ax.scatter(*self.latents.T, s=size, c=INK, alpha=0.35)
        self.lines_ = [
            ax.plot(*path.T, "-", color=PALETTE[5])[0] for path in self.paths
        ]
        starts = self.paths[:, [0, -1]].reshape(-1, 2)
        ax.scatter(*starts.T, s=18, c=PALETTE[5], zorder=3)
        if colorbar:
            label = "log10 of the volume"
            ax.figure.colorbar(self.image_, ax=ax, shrink=0.8, label=label)
        ax.set(xlabel="latent 0", ylabel="latent 1")
        if self.name is not None:
            ax.set_title(self.name)
        return self


def _fan(latents, n_paths):
    """Ends from the middle of the latents outwards."""
    spread = latents.std(axis=0)
    scaled = (latents - latents.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    middle = int(np.argmin((scaled**2).sum(axis=1)))
    n_far = min(n_paths, len(latents) - 1)
    if n_far < 1:
        return np.empty((0, 2, 2))
    distances = np.linalg.norm(scaled - scaled[middle], axis=1)
    far = [int(np.argmax(distances))]
    while len(far) < n_far:
        apart = np.linalg.norm(scaled - scaled[far[-1]], axis=1)
        distances = np.minimum(distances, apart)
        far.append(int(np.argmax(distances)))
    return np.stack([np.repeat(latents[[middle]], n_far, axis=0), latents[far]], axis=1)


def _map(estimator, latents, n_cells):
    """Volume on a grid around the latents, NaN beyond the wall; and its extent."""
    low, high = latents.min(axis=0), latents.max(axis=0)
    margin = np.where(high > low, _MARGIN * (high - low), 0.5)
    low, high = low - margin, high + margin
    step = (high - low) / n_cells
    places = [low[i] + step[i] * (np.arange(n_cells) + 0.5) for i in (0, 1)]
    cells = np.stack(np.meshgrid(*places), axis=2).reshape(-1, 2)
    volume = estimator.volume(cells).astype(np.float64)
    volume[estimator.emptiness(cells) > _WALL] = np.nan
    return volume.reshape(n_cells, n_cells), (low[0], high[0], low[1], high[1])
