"""Diffusion maps (Coifman and Lafon, 2006)."""

from numbers import Real
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import EmbeddingMixin, GeometryEstimator, GraphInputMixin
from skgeom.embedding._diffusion._gaussian_walk import (
    GaussianWalk,
    walk_values,
    width_of,
)
from skgeom.graph import Graph
from skgeom.graph._neighbors import power_of_two
from skgeom.operators import KernelOperator, SparseKernel
from skgeom.solvers import leading_eigenpairs
from skgeom.typing import Array, MatrixLike, NDArray

# Modes that fade faster than this in a step are lost in rounding.
_LEAST = 1e-9
# Rows beyond this many units of the training rows have squares that overflow.
_FARTHEST = 1e140


def without_density(graph: Graph, alpha: float) -> Graph:
    """Divide the weights of a graph by powers of the degrees of both ends."""
    if alpha == 0:
        return graph
    A, degrees = graph.adjacency, graph.degrees
    factors = np.where(degrees > 0, degrees / (degrees.mean() or 1.0), 1.0) ** -alpha
    scale = sp.diags_array(factors)
    return graph.with_edges(sp.csr_array(scale @ A @ scale), directed=False)


def walk_modes(
    walk: KernelOperator, degrees: NDArray, n_modes: int
) -> tuple[NDArray, NDArray]:
    """Eigenvalues and eigenvectors of a walk, without the constant one.

    Vectors have a mean square of one where the walk is in the long run.
    """
    values, vectors = leading_eigenpairs(walk, n_modes + 1)
    degrees = np.where(degrees > 0, degrees, 1.0)
    modes = vectors[:, 1:] * np.sqrt(degrees.sum() / degrees)[:, None]
    # A graph of few nodes has fewer than were asked for.
    missing = n_modes + 1 - len(values)
    return np.pad(values[1:], (0, missing)), np.pad(modes, ((0, 0), (0, missing)))


class DiffusionMap(GraphInputMixin, EmbeddingMixin, GeometryEstimator):
    r"""Embed rows by the slowest modes of a random walk between them.

    Distances between the embedded rows are diffusion distances [1]_: how differently
    walks from two rows are spread after some time. Walks do not cross gaps, and take
    all paths at once, so that a few shortcuts or a little noise change little.

    Read more in the :ref:`User Guide <diffusion_map>`.

    Parameters
    ----------
    n_components : int, default=2
        Number of coordinates.
    diffusion_time : float, default=1.0
        Steps of the walk, >= 0. Coordinates are multiplied by that power of their
        eigenvalues: fast modes fade with time.
    alpha : float or "auto", default="auto"
        Power of the density that weights are divided by, from 0 to 1. With 1
        coordinates of "rbf" are those of the shape alone, however unevenly rows lie on
        it; with 0 a dense part attracts the walk. "auto" is 1 with "rbf" and 0
        otherwise: widths of links to neighbours follow the density already.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points, which are joined
        to their neighbours. "rbf": points, all joined by a Gaussian kernel. What others
        take as well is "precomputed": the adjacency matrix of a graph, dense or sparse,
        weights >= 0, of which the mean with its transpose is used; and
        "precomputed_nearest_neighbors": a sparse matrix of distances to at least
        `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    gamma : float, default=None
        Of "rbf", :math:`\exp(-\gamma d^2)`. None is one over twice the median squared
        distance to the tenth neighbour.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows.
    eigenvalues_ : ndarray of shape (n_components,)
        Of the walk, largest first, without that of the constant mode; zero for those
        that few rows do not have.
    graph_ : Graph or None
        The graph, before `alpha` is seen to; None with "rbf".
    gamma_ : float or None
        The gamma of "rbf".
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    HeatGeodesicEmbedding : Coordinates whose distances are geodesic ones.
    SpectralClusterer : Clusters by the same modes.
    sklearn.manifold.SpectralEmbedding : Training rows alone, without density or time.

    Notes
    -----
    With "rbf" training and new rows have coordinates by Nystrom's formula: the mean of
    those of all rows where a step of the walk leads, over the eigenvalue. Otherwise new
    rows lie between the nearest nodes. A graph in several parts has modes that are
    constant on each: take one part at a time. With "rbf" a matrix of all pairs is held
    if it fits a quarter of scikit-learn's ``working_memory``, and computed anew in
    blocks for each product otherwise.

    References
    ----------
    .. [1] Coifman and Lafon, "Diffusion maps", Applied and Computational Harmonic
       Analysis 21, 2006.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgeom import DiffusionMap
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = DiffusionMap(3, affinity="rbf").fit(X[::3])
    >>> model.transform(X[1::3]).shape
    (599, 3)
    """

    _parameter_constraints = {
        "diffusion_time": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "affinity": [
            StrOptions(
                {
                    "nearest_neighbors",
                    "rbf",
                    "precomputed",
                    "precomputed_nearest_neighbors",
                }
            )
        ],
    }

    _merges_rows = True

    def __init__(
        self,
        n_components: int = 2,
        *,
        diffusion_time: float = 1.0,
        alpha: float | str = "auto",
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        gamma: float | None = None,
        device: str = "auto",
    ):
        self.n_components = n_components
        self.diffusion_time = diffusion_time
        self.alpha = alpha
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.gamma = gamma
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Compute the coordinates of the training rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : None
            Ignored.

        Returns
        -------
        self : DiffusionMap
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X is not
            what `affinity` says.
        """
        backend = self._backend_for(X, reset=True)
        self.graph_ = self.gamma_ = None
        if self._is_gaussian():
            found = self._fit_gaussian(X, backend)
        else:
            self.graph_, rows, _ = self._fit_graph(X, backend)
            alpha = 0.0 if self.alpha == "auto" else float(self.alpha)
            walked = without_density(self.graph_, alpha)
            laplacian = walked.laplacian("symmetric")
            walk = SparseKernel(laplacian.transition, backend, laplacian.on(backend))
            self._find_modes(walk, walked.degrees)
            found = self._modes[rows]
        self.embedding_ = self._kept(found * self._fading(), like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the coordinates of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or links to the training rows.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        if self._is_gaussian():
            rows = as_numpy(self._validated(X, reset=False))
            found = self._step_from(self._in_units(rows), backend)
        else:
            found = self._attach(X, backend).place(self._modes)
        return self._output(found * self._fading(), like=X)

    def _is_gaussian(self):
        return self.graph is None and self.affinity == "rbf"

    def _fit_gaussian(self, X, backend):
        """Modes of the walk by a Gaussian kernel, at the training rows."""
        rows = as_numpy(self._validated(X, reset=True, ensure_min_samples=2))
        self._unit = power_of_two(float(np.abs(rows).max()))
        self._center = (rows / self._unit).astype(np.float64).mean(axis=0)
        self._points = self._in_units(rows)
        self._gamma = (
            width_of(self._points, backend)
            if self.gamma is None
            else self.gamma * self._unit * self._unit
        )
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore"):
            told = np.float64(self._gamma) / self._unit / self._unit
        self.gamma_ = float(min(told, largest))
        alpha = 1.0 if self.alpha == "auto" else self.alpha
        walk = GaussianWalk(self._points, self._gamma, alpha, backend)
        self._weights = walk.weights
        self._find_modes(walk, walk.degrees)
        return self._step_from(self._points, backend)

    def _in_units(self, rows):
        """Rows around the mean of the training rows, in units of their size."""
        rows = rows.astype(np.float64) / self._unit - self._center
        return np.clip(rows, -_FARTHEST, _FARTHEST)

    def _find_modes(self, walk, degrees):
        values, self._modes = walk_modes(walk, degrees, self.n_components)
        self.eigenvalues_ = values

    def _fading(self):
        return np.abs(self.eigenvalues_) ** self.diffusion_time

    def _step_from(self, rows, backend):
        """Nystrom's formula: modes where a step leads, over their eigenvalues."""
        found = walk_values(
            self._points, rows, self._weights, self._modes, self._gamma, backend
        )
        there = self.eigenvalues_ > _LEAST
        return np.where(there, found / np.where(there, self.eigenvalues_, 1.0), 0.0)

    def __sklearn_tags__(self):
        """With "rbf", too, rows are points."""
        tags = super().__sklearn_tags__()
        if self._is_gaussian():
            tags.input_tags.pairwise = False
            tags.input_tags.sparse = False
            tags.input_tags.positive_only = False
        return tags
