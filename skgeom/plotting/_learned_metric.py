"""Which columns and directions a learned metric sees."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.plotting._style import INK, PALETTE, axes_of
from skgeom.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LearnedMetricDisplay:
    """The metric that a kernel machine has learned: weights of columns, or its matrix.

    A column with a long bar is one that predictions change along. In the matrix, a
    negative entry between two columns says that they count by their difference, a
    positive one by their sum. Use `from_estimator` to make and draw one.

    Parameters
    ----------
    metric : array-like of shape (n_features, n_features)
        The matrix M of squared distances (x - z)' M (x - z), for columns in units of
        their spread.
    feature_names : array-like of shape (n_features,), default=None
        Names of the columns; None numbers them.
    name : str, default=None
        Title of the axes.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Where it was drawn.
    ax_ : matplotlib Axes
        Its axes.
    bars_ : matplotlib BarContainer or None
        The bars of the columns.
    image_ : matplotlib AxesImage or None
        The matrix.

    Raises
    ------
    ValueError
        If the matrix is not square, or has other names than columns.

    See Also
    --------
    skgeom.kernels.KernelRegressor : Learns one with ``metric="agop"``.

    Examples
    --------
    >>> from skgeom.plotting import LearnedMetricDisplay
    >>> display = LearnedMetricDisplay([[3.0, 0.0], [0.0, 1.0]], ["age", "weight"])
    >>> [float(bar.get_width()) for bar in display.plot().bars_]
    [0.25, 0.75]
    """

    def __init__(
        self,
        metric: ArrayLike,
        feature_names: ArrayLike | None = None,
        *,
        name: str | None = None,
    ):
        self.name = name
        self.metric = np.asarray(metric, dtype=np.float64)
        n = len(self.metric)
        if self.metric.shape != (n, n) or n == 0:
            raise ValueError(f"metric must be square, got shape {self.metric.shape}.")
        if feature_names is None:
            feature_names = [f"column {i}" for i in range(n)]
        self.feature_names = np.asarray(feature_names, dtype=str)
        if self.feature_names.shape != (n,):
            raise ValueError(
                f"feature_names must have {n} entries, as metric has columns; got "
                f"shape {self.feature_names.shape}."
            )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        feature_names: ArrayLike | None = None,
        ax: "Axes | None" = None,
        **options: Any,
    ) -> Self:
        """Draw the metric of a fitted machine.

        Parameters
        ----------
        estimator : KernelRegressor or KernelClassifier
            Fitted with `metric`.
        name : str, default=None
            Title of the axes.
        feature_names : array-like of shape (n_features,), default=None
            What columns are called; None is as in `fit`, if they had names there.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        LearnedMetricDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has learned no metric, or `feature_names` has not a name
            for each column.

        Examples
        --------
        >>> from sklearn.datasets import make_friedman1
        >>> from skgeom import KernelRegressor
        >>> from skgeom.plotting import LearnedMetricDisplay
        >>> X, y = make_friedman1(100, random_state=0)
        >>> model = KernelRegressor("rbf", metric="agop_diagonal").fit(X, y)
        >>> LearnedMetricDisplay.from_estimator(model).ax_.get_xlabel()
        'share of the metric'
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "metric_"):
            raise ValueError(
                f"{type(estimator).__name__} has learned no metric; fit it with "
                "metric='agop'."
            )
        # From the scale of the columns to units of their spread.
        diagonal = np.sqrt(np.diagonal(estimator.metric_))
        weights = np.sqrt(estimator.feature_importances_)
        scale = np.divide(
            weights, diagonal, out=np.zeros_like(weights), where=diagonal > 0
        )
        metric = scale[:, None] * estimator.metric_ * scale
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        return cls(metric, feature_names, name=name).plot(ax=ax, **options)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        kind: str = "columns",
        max_features: int = 20,
    ) -> Self:
        """Draw bars of the columns, or the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        kind : {"columns", "matrix"}, default="columns"
            Shares of the columns in the trace, or all entries.
        max_features : int, default=20
            Columns of the largest shares that are drawn, at least 1.

        Returns
        -------
        LearnedMetricDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `kind` is not known, or `max_features` is below 1.
        """
        if kind not in ("columns", "matrix"):
            raise ValueError(f"kind={kind!r} must be 'columns' or 'matrix'.")
        if max_features < 1:
            raise ValueError(f"max_features={max_features!r} must be at least 1.")
        self.ax_ = ax = axes_of(ax)
        self.figure_, self.bars_, self.image_ = ax.figure, None, None
        if self.name is not None:
            ax.set_title(self.name)
        diagonal = np.diagonal(self.metric)
        largest = np.argsort(-diagonal, kind="stable")[:max_features]
        names = self.feature_names[largest]
        if kind == "columns":
            shares = diagonal / max(diagonal.sum(), np.finfo(float).tiny)
            self.bars_ = ax.barh(names[::-1], shares[largest][::-1], color=PALETTE[0])
            ax.set(xlabel="share of the metric")
            return self
        part = self.metric[np.ix_(largest, largest)]
        reach = max(np.abs(part).max(), np.finfo(float).tiny)
        self.image_ = ax.imshow(part, cmap="RdBu_r", vmin=-reach, vmax=reach)
        places = np.arange(len(largest))
        ax.set_xticks(places, names, rotation=90)
        ax.set_yticks(places, names)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, colors=INK)
        ax.figure.colorbar(self.image_, ax=ax, shrink=0.8)
        return self
