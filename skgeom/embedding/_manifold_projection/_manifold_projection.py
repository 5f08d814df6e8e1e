"""Rows, and where they meet the manifold that others lie near.

Alexa, Behr, Cohen-Or, Fleishman, Levin and Silva, "Computing and rendering point set
surfaces", IEEE Transactions on Visualization and Computer Graphics 9, 2003.
"""

from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import (
    OneToOneFeatureMixin,
    OutlierMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.base import GeometryEstimator
from skgeom.embedding._manifold_projection._choice import (
    choose_surface,
    spread_rows,
    typical_dimension,
)
from skgeom.embedding._manifold_projection._feet import find_feet
from skgeom.embedding._neighborhoods import InUnits
from skgeom.typing import Array, MatrixLike

# Training rows whose distances, each left out, say what is far.
_JUDGED = 200
# Distances that are none, in data of the size of one.
_ROUNDING = 1e-13
# Quartiles of distances, and how many times their difference is far above the last.
_QUARTILES, _FAR = (25, 75), 3.0


class ManifoldProjection(
    InUnits, OneToOneFeatureMixin, TransformerMixin, OutlierMixin, GeometryEstimator
):
    r"""Bring rows to the manifold that the training rows lie near.

    The foot of a row is the nearest point of a plane, or of a parabola on it, that is
    fitted to the neighbours *of the foot*: it is moved until it stays [1]_. So a foot
    is its own foot, and a row is not drawn along the manifold to where data are
    dense. `transform` takes the noise off; the distance from the foot tells how
    little a row belongs to the others, and makes an outlier detector of it, which,
    unlike one that compares densities, finds rows that are off the manifold by little.

    Read more in the :ref:`User Guide <manifold_projection>`.

    Parameters
    ----------
    n_dims : int or "auto", default="auto"
        Dimension of the manifold, >= 1. "auto" is that of typical neighbourhoods, see
        :func:`~skgeom.graph.local_dimension`, and less than that of all: data that fill
        their space have no manifold.
    n_neighbors : int or "auto", default="auto"
        Training rows by which a foot is found, >= 2; at most all. "auto" is the one of
        15 to 240, of those in which the manifold stands out of the noise, that
        explains rows best which are left out.
    order : {1, 2, "auto"}, default="auto"
        Planes or parabolas; planes where neighbours are too few for parabolas. "auto"
        is chosen with `n_neighbors`.
    contamination : float or "auto", default=0.1
        Share of the training rows that `predict` finds to be outliers, in (0, 0.5].
        These are nearer to their feet than new rows are, of which more are found.
        "auto" is for new rows: it finds those that are farther than the third quartile
        of `sample_distances_` by three times the difference of the quartiles.
    max_iter : int, default=20
        Most steps of a foot, >= 1.
    tol : float, default=1e-6
        A foot stays that moves by less than this share of the radius of its
        neighbourhood.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only
        searches of neighbours are on a device.

    Attributes
    ----------
    n_dims_ : int
        Dimension of the manifold.
    n_neighbors_ : int
        Rows of a neighbourhood.
    order_ : int
        1 for planes, 2 for parabolas.
    sample_distances_ : ndarray of shape (<= 200,)
        Distances from the manifold of training rows, evenly spread, that are left out.
    noise_ : float
        Root of the mean square of these distances.
    offset_ : float
        `decision_function` is `score_samples` less this.
    n_iter_ : int
        Steps after which nine tenths of these rows had their feet.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    LocalGeometry : What the manifold is like around a row.
    SingularityScorer : Rows where there is no manifold.
    skgeom.graph.smooth_locally : Training rows without their noise.
    sklearn.neighbors.LocalOutlierFactor : Rows where data are thin.

    Notes
    -----
    Beyond the edge of the data a foot is at the edge. A row that is as far from two
    sheets as noise is wide may have no foot that stays: it is left at the last step.

    References
    ----------
    .. [1] Alexa, Behr, Cohen-Or, Fleishman, Levin and Silva, "Computing and rendering
       point set surfaces", IEEE Transactions on Visualization and Computer Graphics 9,
       2003.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding import ManifoldProjection
    >>> rng = np.random.default_rng(0)
    >>> angle = rng.uniform(0, 2 * np.pi, 500)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> model = ManifoldProjection().fit(circle + 0.05 * rng.normal(size=(500, 2)))
    >>> model.n_dims_, model.transform([[1.0, 1.0]]).round(1)
    (1, array([[0.7, 0.7]]))
    >>> model.predict([[0.0, 1.3], [1.0, 0.0]])  # the first is an outlier
    array([-1,  1])
    """

    _parameter_constraints = {
        "n_dims": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_neighbors": [
            StrOptions({"auto"}),
            Interval(Integral, 2, None, closed="left"),
        ],
        "order": [StrOptions({"auto"}), Options(Integral, {1, 2})],
        "contamination": [
            StrOptions({"auto"}),
            Interval(Real, 0, 0.5, closed="right"),
        ],
    }

    def __init__(
        self,
        n_dims: int | str = "auto",
        *,
        n_neighbors: int | str = "auto",
        order: int | str = "auto",
        contamination: float | str = 0.1,
        max_iter: int = 20,
        tol: float = 1e-6,
        device: str = "auto",
    ):
        self.n_dims = n_dims
        self.n_neighbors = n_neighbors
        self.order = order
        self.contamination = contamination
        self.max_iter = max_iter
        self.tol = tol
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Keep the rows, and choose what feet are found on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.
        y : None
            Ignored.

        Returns
        -------
        self : ManifoldProjection
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X holds
            non-finite numbers.
        """
        backend = self._backend_for(X, reset=True)
        points = self._validated(X, reset=True)
        points = self._in_units(points, reset=True)
        n_dims = self.n_dims
        if n_dims == "auto":
            n_dims = min(typical_dimension(points, backend), points.shape[1] - 1)
            n_dims = max(n_dims, 1)
        self.n_dims_ = min(n_dims, points.shape[1], max(len(points) - 1, 1))
        self._surface = choose_surface(
            points, self.n_dims_, self.n_neighbors, self.order, backend
        )
        self.n_neighbors_, self.order_ = self._surface.n_members, self._surface.order
        distances = self._left_out(points, backend)
        self.sample_distances_ = self._kept(distances * self._unit, like=X)
        self.noise_ = float(np.sqrt(np.mean(distances**2))) * self._unit
        self.offset_ = self._threshold(points, distances, backend)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Find the feet of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_features)
            Points of the manifold, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        _, feet = self._feet_of(X)
        return self._output(feet * self._unit + self._center, like=X)

    def score_samples(self, X: MatrixLike) -> Array:
        """Compute the distance of rows from the manifold, negative.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows,)
            At most 0, which is on the manifold; in the namespace, width and device of
            X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        return self._output(self._scores_of(X), like=X)

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute the score of rows above the threshold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows,)
            Negative for outliers.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        return self._output(self._scores_of(X) - self.offset_, like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Tell outliers from rows that belong to the manifold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows,), int64
            -1 for outliers, 1 for the others.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        far = self._scores_of(X) < self.offset_
        return self._output_labels(np.where(far, -1, 1), like=X)

    def _feet_of(self, X):
        """Rows that are given and their feet, in units."""
        check_is_fitted(self)
        queries = self._in_units(self._validated(X, reset=False), reset=False)
        return queries, self._find(queries, self._backend_for(X))

    def _find(self, queries, backend):
        """Feet of rows, in units."""
        return find_feet(
            self._surface,
            queries,
            max_iter=self.max_iter,
            tol=self.tol,
            backend=backend,
        )[0]

    def _scores_of(self, X):
        """Distances from feet, negative, on the host."""
        queries, feet = self._feet_of(X)
        return -self._unit * off_by(queries, feet)

    def _left_out(self, points, backend):
        """Distances of training rows from feet that they are no neighbours of."""
        if len(points) < 3:
            self.n_iter_ = 1
            return np.zeros(len(points))
        rows = spread_rows(len(points), _JUDGED)
        surface = self._surface
        n_members = min(surface.n_members, len(points) - 1)
        feet, n_steps = find_feet(
            surface._replace(n_members=n_members),
            points[rows],
            max_iter=self.max_iter,
            tol=self.tol,
            backend=backend,
            left_out=rows,
        )
        self.n_iter_ = int(np.quantile(n_steps, 0.9, method="higher"))
        return off_by(points[rows], feet)

    def _threshold(self, points, distances, backend):
        """Under which rows are outliers."""
        if self.contamination != "auto":
            scores = -self._unit * off_by(points, self._find(points, backend))
            return float(np.percentile(scores, 100 * self.contamination))
        first, third = np.percentile(distances, _QUARTILES)
        far = third + _FAR * (third - first) + np.sqrt(np.finfo(np.float64).eps)
        return -self._unit * float(far)


def off_by(queries, feet):
    """Distances of rows from their feet, rounding left out."""
    found = np.linalg.norm(queries - feet, axis=1)
    return np.where(found > _ROUNDING, found, 0.0)
