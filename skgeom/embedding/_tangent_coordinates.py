"""Coordinates of curved rows in the tangent space at their mean.

Fletcher, Lu, Pizer and Joshi, "Principal geodesic analysis for the study of nonlinear
statistics of shape", IEEE Transactions on Medical Imaging 23, 2004.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.base._lonlat import check_lonlat
from skgeom.geometry import polar, spd, sphere
from skgeom.geometry._chart_rows import CHARTS, from_chart, to_chart
from skgeom.geometry._spd_rows import from_rows, to_rows
from skgeom.typing import Array, MatrixLike, NDArray

# Mean of the logarithms at a mean, as a share of their size, that is told.
_LEFT = 1e-3


class Hyperbolic:
    """Rows in a chart of hyperbolic space, as radii and directions."""

    def __init__(self, chart: str):
        self.chart = chart

    def points(self, rows: NDArray, warns: bool = False) -> NDArray:
        """Polar coordinates of rows."""
        return from_chart(rows, self.chart, "input_space", warns=warns)

    def rows(self, points: NDArray, dtype: Any) -> NDArray:
        """Rows of polar coordinates."""
        return to_chart(points, self.chart, np.dtype(dtype))

    def mean(self, points: NDArray) -> NDArray:
        """The Fréchet mean."""
        return polar.mean(points)

    def origin(self, points: NDArray) -> NDArray:
        """The origin, which has a direction like all points."""
        return polar.from_tangent(np.zeros(points.shape[1] - 1))

    def coordinates(self, base: NDArray, points: NDArray) -> NDArray:
        """Logarithms in a frame of the base."""
        return polar.log(base[None], points)

    def place(self, base: NDArray, vectors: NDArray) -> NDArray:
        """Points of logarithms."""
        return polar.exp(base[None], vectors)

    def n_coordinates(self, base: NDArray) -> int:
        """How many there are."""
        return len(base) - 1


class Sphere:
    """Rows that are directions, or longitudes and latitudes."""

    def __init__(self, chart: str):
        self.lonlat = chart == "lonlat"

    def points(self, rows: NDArray, warns: bool = False) -> NDArray:
        """Unit vectors of rows."""
        rows = rows.astype(np.float64)
        if self.lonlat:
            check_lonlat(rows, warns)
            return sphere.from_lonlat(rows)
        if rows.shape[1] < 2:
            raise ValueError(
                'input_space="sphere" takes two or more coordinates, and X has 1 '
                "column."
            )
        return sphere.project(rows)

    def rows(self, points: NDArray, dtype: Any) -> NDArray:
        """Rows of unit vectors."""
        return sphere.to_lonlat(points) if self.lonlat else points

    def mean(self, points: NDArray) -> NDArray:
        """The Fréchet mean."""
        return sphere.mean(points)

    def origin(self, points: NDArray) -> NDArray:
        """The first axis."""
        return np.eye(1, points.shape[1])[0]

    def coordinates(self, base: NDArray, points: NDArray) -> NDArray:
        """Logarithms, reflected to where the base is the first axis."""
        return _reflected(base, sphere.log(base[None], points))[:, 1:]

    def place(self, base: NDArray, vectors: NDArray) -> NDArray:
        """Points of logarithms."""
        vectors = np.column_stack([np.zeros(len(vectors)), vectors])
        return sphere.exp(base[None], _reflected(base, vectors))

    def n_coordinates(self, base: NDArray) -> int:
        """How many there are."""
        return len(base) - 1


class Matrices:
    """Rows that are upper triangles of positive definite matrices."""

    def __init__(self, chart: str):
        self.name = f'input_space="{chart}"'

    def points(self, rows: NDArray, warns: bool = False) -> NDArray:
        """Matrices of rows."""
        return from_rows(rows.astype(np.float64), self.name)

    def rows(self, points: NDArray, dtype: Any) -> NDArray:
        """Rows of matrices, which are positive definite when rounded, too."""
        return to_rows(spd.project(points.astype(dtype)))

    def mean(self, points: NDArray) -> NDArray:
        """The Fréchet mean of the affine metric."""
        return spd.mean_affine(points)

    def origin(self, points: NDArray) -> NDArray:
        """The identity."""
        return np.eye(points.shape[1])

    def coordinates(self, base: NDArray, points: NDArray) -> NDArray:
        """Logarithms where the base is the identity, as vectors of their length."""
        inverse = spd.power(base, -0.5)
        return spd.to_vector(spd.logm(inverse @ points @ inverse))

    def place(self, base: NDArray, vectors: NDArray) -> NDArray:
        """Points of logarithms."""
        root = spd.power(base, 0.5)
        return root @ spd.expm(spd.from_vector(vectors)) @ root

    def n_coordinates(self, base: NDArray) -> int:
        """How many there are."""
        return len(base) * (len(base) + 1) // 2


SPACES: dict[str, Any] = {
    **dict.fromkeys(CHARTS, Hyperbolic),
    "sphere": Sphere,
    "lonlat": Sphere,
    "spd": Matrices,
}


class TangentCoordinates(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    r"""Turn rows of a curved space into flat ones, at their mean.

    A row becomes the velocity :math:`\log_\mu(x)` of the geodesic that leads to it from
    the Fréchet mean :math:`\mu` of the training rows, in an orthonormal frame. What
    follows in a pipeline, principal components, regression or a mixture, is then one
    of the curved space; with :class:`~sklearn.decomposition.PCA` it is principal
    geodesic analysis [1]_. `inverse_transform` follows the geodesics back. Distances
    to the mean are exact, others nearly. Read more in the
    :ref:`User Guide <tangent_coordinates>`.

    Parameters
    ----------
    input_space : str, default="tangent"
        What rows of X are. "tangent", as any row is, "poincare", "klein" and "lorentz",
        time first: points of hyperbolic space. "sphere": directions, which are divided
        by their norms, a row of zeros being the first axis. "lonlat": longitude and
        latitude in degrees. "spd": upper triangles of positive definite matrices, row
        by row, in the affine metric.
    base : {"mean", "origin"}, default="mean"
        At which point. "origin": of hyperbolic space its origin, of a sphere the first
        axis, of matrices the identity; coordinates are then not centred.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Logarithms
        are a few operations a number and computed on the host.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        The point, as a row of `input_space`.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    HyperbolicCoordinates : Other charts of hyperbolic space.
    SPDVectors : Other vectors of matrices.

    Notes
    -----
    Where no mean is found, a `ConvergenceWarning` says so: hyperbolic rows beyond a
    radius of 36 are told apart by radius alone.

    Points of a sphere that are opposite of the mean have no single logarithm, and rows
    that fill more than a half-sphere may have several means: a local one is found.

    References
    ----------
    .. [1] Fletcher, Lu, Pizer and Joshi, "Principal geodesic analysis for the study of
       nonlinear statistics of shape", IEEE Transactions on Medical Imaging 23, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import TangentCoordinates
    >>> angles = np.linspace(-2, 2, 9)  # an arc longer than a half-circle
    >>> X = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    >>> model = make_pipeline(TangentCoordinates("sphere"), PCA(1)).fit(X)
    >>> bool(np.abs(model.inverse_transform(model.transform(X)) - X).max() < 1e-9)
    True
    """

    _parameter_constraints = {
        "input_space": [StrOptions(set(SPACES))],
        "base": [StrOptions({"mean", "origin"})],
    }

    def __init__(
        self,
        input_space: str = "tangent",
        *,
        base: str = "mean",
        device: str = "auto",
    ):
        self.input_space = input_space
        self.base = base
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in `input_space`.
        y : None
            Ignored.

        Returns
        -------
        self : TangentCoordinates
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or a row is not what `input_space` says.
        """
        self._backend_for(X, reset=True)
        rows = self._validated(as_numpy(X), reset=True)
        space = SPACES[self.input_space](self.input_space)
        points = space.points(rows, warns=True)
        if self.base == "mean":
            self._base = space.mean(points)
            _tell_if_not_centred(space.coordinates(self._base, points))
        else:
            self._base = space.origin(points)
        self._n_features_out = space.n_coordinates(self._base)
        self.mean_ = self._kept(space.rows(self._base[None], rows.dtype)[0], like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Turn rows into coordinates, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in `input_space`.

        Returns
        -------
        array of shape (n_rows, n_coordinates)
            Coordinates, as many as the space has dimensions, in the namespace, width
            and device of X.

        Raises
        ------
        ValueError
            If a row is not what `input_space` says, or X has another number of columns
            than in `fit`.
        """
        check_is_fitted(self)
        rows = self._validated(as_numpy(X), reset=False)
        space = SPACES[self.input_space](self.input_space)
        return self._output(space.coordinates(self._base, space.points(rows)), like=X)

    def inverse_transform(self, X: MatrixLike) -> Array:
        """Turn coordinates into rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_coordinates)
            Coordinates.

        Returns
        -------
        array of shape (n_rows, n_features)
            Rows in `input_space`.

        Raises
        ------
        ValueError
            If X has another number of columns than `transform` gives.
        """
        check_is_fitted(self)
        rows = np.asarray(as_numpy(X))
        dtype = np.float32 if rows.dtype == np.float32 else np.float64
        rows = rows.astype(np.float64)
        if rows.ndim != 2 or rows.shape[1] != self._n_features_out:
            raise ValueError(
                f"X must have shape (n_rows, {self._n_features_out}), got {rows.shape}."
            )
        space = SPACES[self.input_space](self.input_space)
        points = space.place(self._base, rows)
        return self._output(space.rows(points, dtype), like=X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _tell_if_not_centred(coordinates):
    """Warn where no mean was found, which is where floats do not tell rows apart."""
    left = np.linalg.norm(coordinates.mean(axis=0))
    size = np.linalg.norm(coordinates, axis=1).mean()
    if left > _LEFT * max(size, 1.0):
        warn(
            f"At the mean that was found logarithms have a mean of length {left:.3g}, "
            f"where rows are {size:.3g} away from it. Hyperbolic rows are told apart "
            "up to a radius of 36: scale X down, or make base='origin'.",
            ConvergenceWarning,
        )


def _reflected(base, vectors):
    """Vectors in a mirror that changes the base with an end of the first axis."""
    normal = base.copy()
    normal[0] += 1.0 if base[0] >= 0 else -1.0
    return vectors - np.outer(vectors @ normal, normal * (2 / (normal @ normal)))
