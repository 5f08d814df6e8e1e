"""What data are like around each row: dimension, tangent, bend, edge and density.

Aamari and Levrard, "Nonasymptotic rates for manifold, tangent space and curvature
estimation", Annals of Statistics 47, 2019.
"""

from collections.abc import Sequence
from numbers import Integral
from typing import Self

import numpy as np
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import row_blocks
from skgeom.base import GeometryEstimator
from skgeom.embedding._local_geometry._bends import (
    MOST_DIMS,
    learn_bends,
    measure_bends,
)
from skgeom.embedding._local_geometry._neighborhood_laws import (
    edge_scores,
    inverse_dimensions,
    log_densities,
    mean_dimensions,
)
from skgeom.embedding._neighborhoods import InUnits, around, fading_weights
from skgeom.graph import (
    best_dimensions,
    dimension_scores,
    local_frames,
    nearest_neighbors,
)
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

# Quantity -> the columns that it has.
QUANTITIES = {
    "dimension": ["dimension"],
    "curvature": ["mean_curvature", "scalar_curvature"],
    "boundary": ["boundary"],
    "density": ["log_density"],
}
# Nearest rows whose dimensions are averaged, the row among them.
_AVERAGED = 21


class LocalGeometry(InUnits, TransformerMixin, GeometryEstimator):
    r"""Measure what data are like around each row.

    Rows near manifolds, of dimensions that may change from part to part, are described
    by the dimension there, how the manifold bends, whether it ends, and how dense the
    rows lie on it. All of it is found in neighbourhoods of the training rows, for new
    rows as for these.

    The *dimension* is that of probabilistic principal components with the best
    criterion of Schwarz, averaged over near rows: there is no threshold on the noise.
    In the *tangent plane* of so many dimensions, the *density* is that of the
    neighbours, and a row is at a *boundary* where all of them are on one side.
    *Curvature* is from second derivatives: offsets from the plane are fitted by a
    polynomial of degree up to four in the lengths of chords, in neighbourhoods that
    are larger the more noise there is [1]_.

    Read more in the :ref:`User Guide <local_geometry>`.

    Parameters
    ----------
    quantities : sequence of {"dimension", "curvature", "boundary", "density"}
        What to measure, by default all four: columns "dimension"; "mean_curvature" and
        "scalar_curvature"; "boundary"; "log_density".
    n_dims : int or "auto", default="auto"
        Dimension of the manifold everywhere, >= 1; "auto" finds it for each row.
    n_neighbors : int, default=40
        Neighbours by which dimension, boundary and density are judged; at most the
        number of other rows.
    n_neighbors_curvature : int or "auto", default="auto"
        Neighbours by which curvature is judged; "auto" chooses, for each dimension,
        among 29, 59 and so on by the variance of the estimate.
    dimension : {"bic", "mle", "two_nn"}, default="bic"
        How `n_dims` is found. "bic": from variances in the directions of space. "mle",
        "two_nn": from the distances to all neighbours [2]_ or to two [3]_, which is
        exact for sets that bend strongly and measures the noise where there is any;
        dimensions are then no whole numbers.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only
        searches of neighbours are on a device.

    Attributes
    ----------
    dimension_ : ndarray of shape (n_samples,)
        Dimension at the training rows.
    n_neighbors_curvature_ : dict of int to int
        Neighbours by which curvature is judged, for each dimension that rows have; 0
        where it cannot be, and columns are 0: the dimension is that of the space or
        above ten, or rows are too few.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    Warns
    -----
    UserWarning
        If rows are too few to measure how those of some dimension bend.

    See Also
    --------
    SingularityScorer : Rows where data are no manifold.
    ManifoldProjection : The nearest point of the manifold.
    skgeom.graph.local_dimension : The dimension of a typical neighbourhood.

    Notes
    -----
    The mean curvature is the length of the mean curvature vector, >= 0: one over the
    radius for a sphere. The scalar curvature of a surface is twice its Gaussian
    curvature. Both are free of the bias that noise has in squares. The density is that
    of the distribution of rows on the manifold, with respect to its volume.

    References
    ----------
    .. [1] Aamari and Levrard, "Nonasymptotic rates for manifold, tangent space and
       curvature estimation", Annals of Statistics 47, 2019.
    .. [2] Levina and Bickel, "Maximum likelihood estimation of intrinsic dimension",
       NIPS 2004.
    .. [3] Facco, d'Errico, Rodriguez and Laio, "Estimating the intrinsic dimension of
       datasets by a minimal neighborhood information", Scientific Reports 7, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding import LocalGeometry
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 3))
    >>> X /= np.linalg.norm(X, axis=1, keepdims=True)  # a sphere
    >>> model = LocalGeometry(["dimension", "curvature"]).fit(X)
    >>> model.transform(X[:2]).round(3)
    array([[2., 1., 2.],
           [2., 1., 2.]])
    """

    _parameter_constraints = {
        "quantities": ["array-like"],
        "n_dims": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_neighbors_curvature": [
            StrOptions({"auto"}),
            Interval(Integral, 5, None, closed="left"),
        ],
        "dimension": [StrOptions({"bic", "mle", "two_nn"})],
    }

    def __init__(
        self,
        quantities: Sequence[str] = ("dimension", "curvature", "boundary", "density"),
        *,
        n_dims: int | str = "auto",
        n_neighbors: int = 40,
        n_neighbors_curvature: int | str = "auto",
        dimension: str = "bic",
        device: str = "auto",
    ):
        self.quantities = quantities
        self.n_dims = n_dims
        self.n_neighbors = n_neighbors
        self.n_neighbors_curvature = n_neighbors_curvature
        self.dimension = dimension
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find dimensions, and how large neighbourhoods are that show the bend.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.
        y : None
            Ignored.

        Returns
        -------
        self : LocalGeometry
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X holds
            non-finite numbers.
        """
        self._columns = self._read_quantities()
        backend = self._backend_for(X, reset=True)
        points = self._validated(X, reset=True)
        self._points = self._in_units(points, reset=True)
        self._n_members = min(self.n_neighbors + 1, len(points))
        distances, indices = around(self._points, self._n_members, backend)
        self._evidence = self._weigh(distances, indices)
        found = self._dimensions(indices)
        self.dimension_ = self._kept(found, like=X)
        self._models = {}
        if "curvature" in self.quantities:
            self._models = self._learn_bends(self._whole(found), backend)
        self.n_neighbors_curvature_ = {
            d: model.n_members - 1 if model else 0 for d, model in self._models.items()
        }
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Measure the quantities at rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_columns)
            A column for each quantity, two for curvature, in the order of
            `quantities`; in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        queries, distances, indices, backend = self._look_around(X)
        found = self._dimensions(indices)
        columns = {"dimension": found}
        if {"boundary", "density"} & set(self.quantities):
            edges, densities = self._in_tangents(queries, distances, indices, found)
            columns |= {"boundary": edges, "log_density": densities}
        if "curvature" in self.quantities:
            mean, scalar = self._curvatures(queries, self._whole(found), backend)
            columns |= {"mean_curvature": mean, "scalar_curvature": scalar}
        table = np.column_stack([columns[name] for name in self._columns])
        return self._output(table, like=X)

    def tangent_frames(self, X: MatrixLike) -> Array:
        """Find orthonormal directions along the manifold, at rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_dims, n_features)
            Directions of decreasing variance; with n_dims the largest dimension at
            these rows, and zeros where a row has a smaller one.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        _, distances, indices, _ = self._look_around(X)
        dims = self._whole(self._dimensions(indices))
        weights = fading_weights(distances)
        axes = local_frames(self._points, indices, weights, dims.max()).axes
        axes = axes * (np.arange(axes.shape[1]) < dims[:, None])[:, :, None]
        return self._output(axes, like=X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Name the columns of the output.

        Parameters
        ----------
        input_features : array-like of shape (n_features,), str, default=None
            Names of the columns of X, which are only checked.

        Returns
        -------
        ndarray of shape (n_columns,), object
            Names of the quantities.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or names are not those of `fit`.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=False)
        return np.array(self._columns, dtype=object)

    def _read_quantities(self):
        """Names of the columns that are asked for."""
        names = list(self.quantities)
        if not names or not set(names) <= set(QUANTITIES) or len({*names}) < len(names):
            raise InvalidParameterError(
                f"quantities={self.quantities!r} must be some of {list(QUANTITIES)}, "
                "each once."
            )
        return [column for name in names for column in QUANTITIES[name]]

    def _look_around(self, X):
        """Rows in units, and what is near them."""
        check_is_fitted(self)
        backend = self._backend_for(X)
        queries = self._in_units(self._validated(X, reset=False), reset=False)
        distances, indices = nearest_neighbors(
            self._points, queries, n_neighbors=self._n_members, backend=backend
        )
        return queries, distances, indices, backend

    def _weigh(self, distances, indices):
        """What the neighbourhood of each training row says of its dimension."""
        if self.n_dims != "auto":
            return None
        if self.dimension == "bic":
            return dimension_scores(self._points, indices)
        return inverse_dimensions(distances, self.dimension)

    def _dimensions(self, indices):
        """Dimensions at rows with these neighbours."""
        width = self._points.shape[1]
        if self.n_dims != "auto":
            return np.full(len(indices), float(min(self.n_dims, width)))
        near = indices[:, :_AVERAGED]
        if self.dimension == "bic":
            scores = np.zeros((len(near), self._evidence.shape[1]))
            for column in near.T:
                scores += self._evidence[column]
            return best_dimensions(scores, width).astype(np.float64)
        return mean_dimensions(self._evidence, near, width)

    def _whole(self, dimensions):
        """Whole dimensions, of planes that so many members can have."""
        most = min(self._points.shape[1], max(self._n_members - 1, 1))
        return np.clip(np.rint(dimensions), 1, most).astype(int)

    def _learn_bends(self, dims, backend):
        """For each dimension, how to measure its bends."""
        models = {}
        size = self.n_neighbors_curvature
        size = size if size == "auto" else size + 1
        for d in np.unique(dims).tolist():
            rows = np.flatnonzero(dims == d)
            models[d] = learn_bends(self._points, rows, d, size, backend)
            if models[d] is None and d < min(self._points.shape[1], MOST_DIMS + 1):
                warn(
                    f"{len(self._points)} rows are too few to measure how those of "
                    f"dimension {d} bend; their curvature is told as 0.",
                )
        return models

    def _in_tangents(self, queries, distances, indices, dimensions):
        """Scores of edges and logarithms of densities, in tangent coordinates."""
        dims = self._whole(dimensions)
        edges, densities = np.empty((2, len(queries)))
        row_bytes = 24 * indices.shape[1] * self._points.shape[1]
        for d in np.unique(dims):
            group = np.flatnonzero(dims == d)
            for block in row_blocks(len(group), row_bytes):
                rows = group[block]
                weights = fading_weights(distances[rows])
                frames = local_frames(self._points, indices[rows], weights, d)
                offsets = self._points[indices[rows]] - queries[rows, None]
                tangent = offsets @ frames.axes.transpose(0, 2, 1)
                edges[rows] = edge_scores(tangent)
                found = log_densities(tangent, len(self._points))
                densities[rows] = found - d * np.log(self._unit)
        return edges, densities

    def _curvatures(self, queries, dims, backend):
        """Mean and scalar curvature, zero where none can be measured."""
        found = np.zeros((2, len(queries)))
        for d, model in self._models.items():
            group = np.flatnonzero(dims == d)
            if model is None or not len(group):
                continue
            width = 2 * self._points.shape[1] + 3 * d * (d + 1)
            for block in row_blocks(len(group), 16 * model.n_members * width):
                rows = group[block]
                near = nearest_neighbors(
                    self._points,
                    queries[rows],
                    n_neighbors=model.n_members,
                    backend=backend,
                )
                bends = measure_bends(self._points, queries[rows], *near, d, model)
                found[:, rows] = bends.curvatures()
        mean, scalar = found
        return mean / self._unit, scalar / self._unit / self._unit
