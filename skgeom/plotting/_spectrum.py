"""What a kernel makes of smooth and of rough functions on a graph."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgeom.kernels._stkr._transform import transforms_of
from skgeom.plotting._style import GREY, axes_of
from skgeom.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRID = np.linspace(-1.0, 1.0, 801)


class SpectrumDisplay:
    """Functions of the eigenvalues of a graph, with the eigenvalues as ticks.

    An eigenvalue of the normalised adjacency near 1 belongs to a function that hardly
    changes along the edges, one near -1 to a function that changes on each of them. A
    kernel on the graph is a curve over them: where it is high, functions are likely.
    Use `from_estimator` to make and draw one.

    Parameters
    ----------
    functions : dict of str to callable
        Name of each curve, and the function, which maps arrays of eigenvalues in [-1,
        1] to arrays of values.
    eigenvalues : array-like of shape (n_eigenvalues,), default=None
        Eigenvalues of a graph, in [-1, 1].

    Attributes
    ----------
    figure_ : matplotlib Figure
        Where the curves were drawn.
    ax_ : matplotlib Axes
        Their axes.
    lines_ : list of matplotlib Line2D
        The curves.
    ticks_ : matplotlib Line2D or None
        The eigenvalues.

    Raises
    ------
    ValueError
        If there is no function, or an eigenvalue is not in [-1, 1].

    See Also
    --------
    skgeom.nodes.graph_kernel : Kernels as functions of the Laplacian.
    skgeom.kernels.STKRRegressor : Transforms of the spectrum of a kernel.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.plotting import SpectrumDisplay
    >>> display = SpectrumDisplay({"heat": lambda v: np.exp(v - 1)}, [1.0, 0.2, -0.5])
    >>> display.plot().ax_.get_xlabel()
    'eigenvalue (1 is smooth)'
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[[NDArray], NDArray]],
        eigenvalues: ArrayLike | None = None,
    ):
        self.functions = dict(functions)
        if not self.functions:
            raise ValueError("functions must have at least one entry.")
        self.eigenvalues = None
        if eigenvalues is not None:
            self.eigenvalues = np.asarray(eigenvalues, dtype=np.float64).ravel()
            if np.abs(self.eigenvalues).max(initial=0.0) > 1.0 + 1e-6:
                raise ValueError(
                    "eigenvalues must be in [-1, 1], as those of a normalised "
                    f"adjacency are; got {self.eigenvalues.min():.3g} to "
                    f"{self.eigenvalues.max():.3g}."
                )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        eigenvalues: ArrayLike | None = None,
        ax: "Axes | None" = None,
        **options: Any,
    ) -> Self:
        """Draw the spectrum of the kernel of a fitted estimator.

        Parameters
        ----------
        estimator : STKRClassifier, STKRRegressor, GraphKernelRidge or \
GraphRandomFeatures
            Fitted, on a graph or with a normalised kernel.
        name : str, default=None
            Name of the curve; None is that of the kernel or transform.
        eigenvalues : array-like of shape (n_eigenvalues,), default=None
            Eigenvalues to mark; None is those that the estimator has found, if any.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **options : dict
            To `plot`.

        Returns
        -------
        SpectrumDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no kernel that is a function of a spectrum.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom import GraphRandomFeatures
        >>> from skgeom.graph import Graph
        >>> from skgeom.plotting import SpectrumDisplay
        >>> path = Graph.from_edges([[0, 1], [1, 2]])
        >>> model = GraphRandomFeatures(graph=path).fit(np.arange(3)[:, None])
        >>> list(SpectrumDisplay.from_estimator(model).functions)
        ['diffusion']
        """
        check_is_fitted(estimator)
        if hasattr(getattr(estimator, "kernel_", None), "function"):
            kernel = estimator.kernel_
            found, function = kernel.name, partial(_of_laplacian, kernel.function)
        elif hasattr(estimator, "spectral_transform"):
            found, function = _transform(estimator)
            if eigenvalues is None:
                eigenvalues = getattr(estimator, "eigenvalues_", None)
        else:
            raise ValueError(
                f"{type(estimator).__name__} has neither a kernel on a graph nor a "
                "transform of a spectrum."
            )
        display = cls({found if name is None else name: function}, eigenvalues)
        return display.plot(ax=ax, **options)

    def plot(
        self, ax: "Axes | None" = None, *, log: bool = False, legend: bool = True
    ) -> Self:
        """Draw the curves, each with its largest value scaled to 1.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        log : bool, default=False
            Whether the values are on a logarithmic scale.
        legend : bool, default=True
            Whether several curves are named in a legend.

        Returns
        -------
        SpectrumDisplay
            The display itself.

        Raises
        ------
        ValueError
            If a function is zero or not finite.
        """
        self.ax_ = ax = axes_of(ax)
        self.figure_, self.lines_, self.ticks_ = ax.figure, [], None
        for name, function in self.functions.items():
            values = np.asarray(function(_GRID), dtype=np.float64)
            largest = np.abs(values).max()
            if values.shape != _GRID.shape or not 0 < largest < np.inf:
                raise ValueError(
                    f"The function {name!r} must map an array of eigenvalues to finite "
                    "values of the same shape, not all zero."
                )
            self.lines_ += ax.plot(_GRID, values / largest, label=name)
        if self.eigenvalues is not None:
            # Below the axis, where they cover no curve.
            (self.ticks_,) = ax.plot(
                self.eigenvalues,
                np.full(len(self.eigenvalues), -0.025),
                linestyle="none",
                marker="|",
                color=GREY,
                markersize=7,
                transform=ax.get_xaxis_transform(),
                clip_on=False,
                label="eigenvalues of the graph",
            )
            ax.tick_params(axis="x", pad=12)
        ax.set(
            xlim=(-1.02, 1.02),
            xlabel="eigenvalue (1 is smooth)",
            ylabel="value, largest = 1",
        )
        if log:
            ax.set_yscale("log")
        else:
            ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
        if legend and len(self.functions) > 1:
            ticks = [] if self.ticks_ is None else [self.ticks_]
            ax.legend(handles=[*self.lines_, *ticks])
        return self


def _of_laplacian(function, values):
    """A function of the Laplacian's eigenvalues at those of the adjacency."""
    return function(1.0 - np.asarray(values))


def _transform(machine):
    """Name and function of the transform of a fitted kernel machine."""
    if hasattr(machine, "candidates_"):
        raise ValueError(
            "kernel='auto' is the average of many kernels, see candidates_. For the "
            "spectrum of one take kernel='nearest_neighbors'."
        )
    positive = not hasattr(machine, "graph_")
    (transform,) = transforms_of(
        machine, positive, lambda: np.array([machine.strength_])
    )
    if transform is not None:
        name = machine.spectral_transform
        return getattr(name, "__name__", str(name)).replace("_", " "), transform
    kept = np.sort(machine.eigenvalues_)[-machine.n_components :].min()
    return "top components", lambda values: np.where(values >= kept, 1.0, 0.0)
