"""What is known of the optimum of a clustering: between a bound and the labels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.plotting._style import GREY, INK, LIGHT, PALETTE, axes_of
from skgeom.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from skgeom.cluster import SDPClustering


class CertificateDisplay:
    """The inertia of labels, and a bound below which no labels can bring it.

    The least inertia of any labels is between the two. Use `from_estimator` or
    `from_estimators` to make and draw one.

    Parameters
    ----------
    inertia : array-like of shape (n_fits,)
        Inertia of the labels that were found.
    lower_bound : array-like of shape (n_fits,)
        What no labels can go below.
    names : sequence of str of length n_fits, default=None
        Fits are drawn as rows with these names.
    positions : array-like of shape (n_fits,), default=None
        Fits are drawn over these numbers as two lines with a band between them, in
        place of rows.
    others : dict of str to float, default=None
        Inertia of other labels of the same rows, to be drawn in the first row.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Where the certificate was drawn.
    ax_ : matplotlib Axes
        Its axes.
    band_ : matplotlib PolyCollection or BarContainer
        Where the optimum is.
    inertia_marks_, bound_marks_ : matplotlib Line2D
        The labels and the bounds.
    others_ : list of matplotlib Line2D
        The other labels.
    legend_ : matplotlib Legend
        What is what.

    Raises
    ------
    ValueError
        If bounds, names or positions are not one for each inertia, or of names,
        positions and others two are given that exclude each other.

    Examples
    --------
    >>> from skgeom.plotting import CertificateDisplay
    >>> display = CertificateDisplay([10.0, 8.0], [9.0, 8.0], names=["a", "b"])
    >>> display.gap
    array([0.1, 0. ])
    >>> display.plot().ax_.get_xlabel()
    'inertia'
    """

    def __init__(
        self,
        inertia: ArrayLike,
        lower_bound: ArrayLike,
        *,
        names: Sequence[str] | None = None,
        positions: ArrayLike | None = None,
        others: Mapping[str, float] | None = None,
    ):
        self.inertia = np.atleast_1d(np.asarray(inertia, dtype=np.float64))
        self.lower_bound = np.atleast_1d(np.asarray(lower_bound, dtype=np.float64))
        if self.inertia.shape != self.lower_bound.shape or self.inertia.ndim != 1:
            raise ValueError(
                "inertia and lower_bound must have the same length, got shapes "
                f"{self.inertia.shape} and {self.lower_bound.shape}."
            )
        if names is not None and positions is not None:
            raise ValueError("Give names or positions, not both.")
        for what, given in (("names", names), ("positions", positions)):
            if given is not None and np.shape(given) != self.inertia.shape:
                raise ValueError(
                    f"{what} must have one entry for each of {len(self.inertia)} fits, "
                    f"got {np.size(given)}."
                )
        if others and positions is not None:
            raise ValueError("others are drawn in a row, not over positions.")
        self.names = names
        self.positions = None if positions is None else np.asarray(positions)
        self.others = dict(others or {})

    @property
    def gap(self) -> NDArray:
        """Share of the inertia that other labels could save at most, for each fit."""
        some = np.where(self.inertia > 0, self.inertia, 1.0)
        return np.where(self.inertia > 0, 1.0 - self.lower_bound / some, 0.0)

    @classmethod
    def from_estimator(
        cls,
        estimator: "SDPClustering",
        *,
        name: str | None = None,
        others: Mapping[str, float] | None = None,
        ax: "Axes | None" = None,
        relative: bool = False,
    ) -> Self:
        """Draw the certificate of one fitted clustering.

        Parameters
        ----------
        estimator : SDPClustering
            Fitted, with a certificate.
        name : str, default=None
            Name of the row; None is the class of the estimator.
        others : dict of str to float, default=None
            Inertia of other labels of the same rows.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        relative : bool, default=False
            Whether in per cent of the bound.

        Returns
        -------
        CertificateDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator was fitted without a certificate.

        Examples
        --------
        >>> from skgeom import SDPClustering
        >>> from skgeom.plotting import CertificateDisplay
        >>> X = [[0.0], [0.1], [5.0], [5.1]]
        >>> model = SDPClustering(2, random_state=0).fit(X)
        >>> CertificateDisplay.from_estimator(model).gap.round(6)
        array([0.])
        """
        name = type(estimator).__name__ if name is None else name
        return cls.from_estimators(
            {name: estimator}, others=others, ax=ax, relative=relative
        )

    @classmethod
    def from_estimators(
        cls,
        estimators: "Mapping[str, SDPClustering] | Sequence[SDPClustering]",
        *,
        positions: ArrayLike | None = None,
        others: Mapping[str, float] | None = None,
        ax: "Axes | None" = None,
        relative: bool = False,
    ) -> Self:
        """Draw the certificates of several fitted clusterings.

        Parameters
        ----------
        estimators : dict of str to SDPClustering, or sequence of SDPClustering
            Fitted, with a certificate; the keys are names of rows.
        positions : array-like of shape (n_estimators,), default=None
            A number for each, to draw them over; None draws rows.
        others : dict of str to float, default=None
            Inertia of other labels of the rows of the first.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        relative : bool, default=False
            Whether in per cent of the bound.

        Returns
        -------
        CertificateDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If an estimator was fitted without a certificate.

        Examples
        --------
        >>> from skgeom import SDPClustering
        >>> from skgeom.plotting import CertificateDisplay
        >>> X = [[0.0], [1.0], [5.0], [6.0], [9.0]]
        >>> models = [SDPClustering(k, random_state=0).fit(X) for k in (2, 3)]
        >>> display = CertificateDisplay.from_estimators(models, positions=[2, 3])
        >>> bool((display.gap >= 0).all())
        True
        """
        names: Sequence[str] | None = None
        if isinstance(estimators, Mapping):
            names, models = list(estimators), list(estimators.values())
        else:
            models = list(estimators)
        for model in models:
            check_is_fitted(model)
            if not hasattr(model, "optimality_gap_"):
                raise ValueError(
                    f"{type(model).__name__} has no optimality_gap_: it was fitted "
                    "without a certificate."
                )
        inertia = np.array([model.inertia_ for model in models])
        gaps = np.array([model.optimality_gap_ for model in models])
        if positions is not None:
            names = None
        elif names is None:
            names = [f"fit {number}" for number in range(1, len(models) + 1)]
        display = cls(
            inertia,
            inertia * (1.0 - gaps),
            names=names,
            positions=positions,
            others=others,
        )
        return display.plot(ax=ax, relative=relative)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        relative: bool = False,
        legend: bool = True,
    ) -> Self:
        """Draw the certificate.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        relative : bool, default=False
            Whether in per cent above the bound, in place of units of inertia. Fits of
            different data are then on one scale.
        legend : bool, default=True
            Whether to say what is what.

        Returns
        -------
        CertificateDisplay
            The display itself.
        """
        self.ax_ = ax = axes_of(ax)
        self.figure_ = ax.figure
        unit = np.where(self.lower_bound > 0, self.lower_bound, 1.0)
        if relative:
            inertia, bound = 100 * (self.inertia / unit - 1), 0 * self.lower_bound
            quantity = "inertia above the bound, %"
        else:
            inertia, bound = self.inertia, self.lower_bound
            quantity = "inertia"
        self.others_: list[Line2D] = []
        if self.positions is None:
            others = {
                name: 100 * (value / unit[0] - 1) if relative else value
                for name, value in self.others.items()
            }
            self._draw_rows(ax, inertia, bound, others)
            ax.set_xlabel(quantity)
        else:
            self._draw_lines(ax, inertia, bound)
            ax.set_ylabel(quantity)
        self.legend_ = None
        if legend:
            rows = self.positions is None
            place = dict(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
            shown = [self.band_, self.inertia_marks_, self.bound_marks_, *self.others_]
            self.legend_ = ax.legend(handles=shown, **place if rows else {})
        return self

    def _draw_rows(self, ax, inertia, bound, others):
        """One row for each fit: a bar from the bound to the labels."""
        rows = np.arange(len(inertia))
        ax.use_sticky_edges = False
        self.band_ = ax.barh(
            rows,
            inertia - bound,
            left=bound,
            height=0.4,
            color=LIGHT,
            label="where the optimum is",
        )
        style = dict(linestyle="none", color=PALETTE[5])
        (self.bound_marks_,) = ax.plot(
            bound, rows, marker="|", markersize=20, markeredgewidth=2.5, **style
        )
        self.bound_marks_.set_label("certified lower bound")
        style = dict(linestyle="none", color=PALETTE[0], label="labels found")
        (self.inertia_marks_,) = ax.plot(inertia, rows, marker="o", **style)
        for number, (name, value) in enumerate(others.items(), start=1):
            marker = "sD^vPX"[(number - 1) % 6]
            style = dict(linestyle="none", color=INK, markerfacecolor="white")
            self.others_ += ax.plot([value], [0], marker=marker, label=name, **style)
        names = [""] * len(rows) if self.names is None else list(self.names)
        ax.set(yticks=rows, yticklabels=names, ylim=(len(rows) - 0.4, -0.6))
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color=LIGHT, linewidth=0.6)

    def _draw_lines(self, ax, inertia, bound):
        """Two lines with a band between them."""
        self.band_ = ax.fill_between(
            self.positions, bound, inertia, color=LIGHT, label="where the optimum is"
        )
        (self.inertia_marks_,) = ax.plot(
            self.positions, inertia, "-", color=PALETTE[0], label="labels found"
        )
        (self.bound_marks_,) = ax.plot(
            self.positions, bound, "--", color=PALETTE[5], label="certified lower bound"
        )
        ax.axhline(0, color=GREY, linewidth=0.8, linestyle="-", zorder=0)
