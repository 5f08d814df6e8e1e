"""Rows where data are no manifold: what planes that bend leave unexplained."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from scipy.spatial import cKDTree
from sklearn.base import OutlierMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import Backend, row_blocks
from skgeom.base import GeometryEstimator
from skgeom.embedding._neighborhoods import InUnits, around, dimension_beyond_noise
from skgeom.graph import (
    LocalFrames,
    local_frames,
    nearest_neighbors,
    quadratic_residuals,
)
from skgeom.typing import Array, MatrixLike, NDArray, RandomStateLike

# This share of the rows has its neighbours within the common radius.
_WIDE = 0.9
# Dense neighbourhoods keep so many rows for each neighbour; so many are looked at.
_KEPT, _SEEN = 2, 3
# Quartiles of the scores, and how many times their distance is far below the first.
_QUARTILES, _FAR = (25, 75), 3.0


def thinned_rows(
    points: NDArray, radius: float, n_neighbors: int, draws: NDArray
) -> NDArray:
    """Choose rows such that no ball has many more than a few times the neighbours.

    With density evened out, what a neighbourhood looks like no longer depends on it.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Rows.
    radius : float
        Of the balls.
    n_neighbors : int
        Neighbours.
    draws : ndarray of shape (n_samples,)
        Uniform in [0, 1), a row each.

    Returns
    -------
    ndarray of shape (<= n_samples,), int64
        The rows that stay, in their order; all where few would.
    """
    within = cKDTree(points).query_ball_point(points, radius, return_length=True)
    rows = np.flatnonzero(draws * within < _KEPT * n_neighbors)
    return rows if len(rows) > n_neighbors else np.arange(len(points))


def unexplained_shares(
    queries: NDArray,
    points: NDArray,
    radius: float,
    n_neighbors: int,
    n_dims: int,
    backend: Backend,
) -> tuple[NDArray, NDArray]:
    """What a bent plane leaves unexplained of the ball around each query.

    A ball has the common radius, or that of the nearest `n_neighbors` rows where these
    are farther apart; weights of its members fade towards the rim.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features)
        Centres of the balls.
    points : ndarray of shape (n_samples, n_features)
        Rows that are members, themselves at distance zero.
    radius : float
        Common radius.
    n_neighbors : int
        Fewest members, at most n_samples.
    n_dims : int
        Dimension of the plane.
    backend : Backend
        Where neighbours are searched.

    Returns
    -------
    residuals : ndarray of shape (n_queries,)
        Variance that is left.
    totals : ndarray of shape (n_queries,)
        Variance that there is.
    """
    n_seen = min(_SEEN * n_neighbors, len(points))
    found = np.empty((2, len(queries)))
    width = points.shape[1]
    n_terms = width + (n_dims + 1) * (n_dims + 2) // 2
    for rows in row_blocks(len(queries), 32 * n_seen * n_terms):
        distances, indices = nearest_neighbors(
            points, queries[rows], n_neighbors=n_seen, backend=backend
        )
        rim = np.clip(distances[:, n_neighbors - 1], radius, distances[:, -1])
        near = distances / np.where(rim > 0, rim, 1.0)[:, None]
        weights = np.maximum(1.0 - near**2, 0.0)
        frames = local_frames(points, indices, weights, min(n_dims + 1, width))
        found[0, rows] = left_by_planes(points, indices, weights, frames, n_dims)
        found[1, rows] = frames.total
    return found[0], found[1]


def left_by_planes(points, indices, weights, frames, n_dims):
    """What planes leave that bend, and where none stands out, flat ones.

    At a crossing the next direction has as much variance as those of the plane: there
    is no plane that could bend, and which one were taken would be left to chance.
    """
    size = weights.sum(axis=1) ** 2 / np.maximum((weights**2).sum(axis=1), 1e-300)
    plane = LocalFrames(
        frames.centers,
        frames.axes[:, :n_dims],
        frames.variances[:, :n_dims],
        frames.total,
    )
    flat = frames.total - plane.variances.sum(axis=1)
    flat = np.maximum(flat, 0.0) * size / np.maximum(size - n_dims - 1, 1.0)
    if frames.axes.shape[1] == n_dims:
        return flat
    last, following = frames.variances[:, n_dims - 1 : n_dims + 1].T
    stands_out = 1.0 - following / np.where(last > 0, last, 1.0)
    n_terms = (n_dims + 1) * (n_dims + 2) // 2
    enough = np.clip(size / n_terms - 1.0, 0.0, 1.0)
    bent = quadratic_residuals(points, indices, weights, plane)
    return flat + (bent - flat) * stands_out * enough


class SingularityScorer(InUnits, OutlierMixin, GeometryEstimator):
    r"""Find rows where the data are no smooth manifold: crossings, branches, tips.

    Around a row of a manifold, data fill a plane that bends. The score of a row is

    .. math:: - \frac{v - \sigma^2}{t}

    with t the variance in a ball around it, v what is left of t when offsets from the
    plane are fitted by a polynomial of degree two in the coordinates along it, and
    :math:`\sigma^2` the median of v: the noise. All balls have one radius, or that of
    the nearest `n_neighbors` rows where data are thinner, and data that are denser are
    thinned first. Where the plane hardly stands out of the next direction, or a ball
    has few members, planes are flat. So the score does not tell dense rows from others,
    as distances to neighbours do.

    Read more in the :ref:`User Guide <singularities>`.

    Parameters
    ----------
    n_dims : int or "auto", default="auto"
        Dimension of the manifold, >= 1. "auto" is that of typical neighbourhoods of 40,
        or of `n_neighbors` where these are alike in all directions; less than that of
        all where there are several: data that fill their space have no singular rows.
    n_neighbors : int, default=100
        Fewest rows in a ball; in nine tenths of the balls of the same radius there are
        more. At most the number of rows.
    contamination : float or "auto", default=0.1
        Share of the training rows that `predict` finds singular, in (0, 0.5]. "auto"
        finds those that are farther below the first quartile of the scores than three
        times the distance of the quartiles, by more than rounding: perhaps none.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only
        searches of neighbours are on a device.
    random_state : int, RandomState instance or None, default=None
        Chooses which rows stay where data are dense.

    Attributes
    ----------
    n_dims_ : int
        Dimension of the manifold.
    radius_ : float
        Common radius of the balls.
    sample_indices_ : ndarray of shape (<= n_samples,), int64
        Rows that balls are made of: all, where no part of the data is denser.
    noise_ : float
        Standard deviation of the noise, in all directions together: :math:`\sigma`.
    offset_ : float
        `decision_function` is `score_samples` less this.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.neighbors.LocalOutlierFactor : Rows that are alone.
    skgeom.graph.local_dimension : The dimension of a typical neighbourhood.

    Notes
    -----
    Edges of the data are no singularities here: half a ball is still flat. Corners of
    lines are, and so is what bends within a ball more than a parabola does. Where two
    pieces touch and share their tangent plane, as two spheres do, the score sees that
    they bend apart, and sees it less well. A row far from all others is scored by the
    ball that reaches the nearest: whether it is alone, this does not say.

    Local principal components are scored by the variance that they leave in [1]_; the
    common radius, the thinning, the bend and the noise that is taken off are ours.
    Persistent homology of annuli finds singularities as well [2]_, at a thousand times
    the cost.

    References
    ----------
    .. [1] Aamari and Levrard, "Nonasymptotic rates for manifold, tangent space and
       curvature estimation", Annals of Statistics 47, 2019.
    .. [2] von Rohrscheidt and Rieck, "Topological singularity detection at multiple
       scales", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding import SingularityScorer
    >>> rng = np.random.default_rng(0)
    >>> line = rng.uniform(-1, 1, size=(400, 1))
    >>> X = np.concatenate([line * [1, 1], line * [1, -1]])  # a cross
    >>> scores = SingularityScorer(random_state=0).fit(X).score_samples(X)
    >>> bool(np.abs(X[scores.argmin()]).max() < 0.2)
    True
    """

    _parameter_constraints = {
        "n_dims": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "contamination": [
            StrOptions({"auto"}),
            Interval(Real, 0, 0.5, closed="right"),
        ],
    }

    def __init__(
        self,
        n_dims: int | str = "auto",
        *,
        n_neighbors: int = 100,
        contamination: float | str = 0.1,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_dims = n_dims
        self.n_neighbors = n_neighbors
        self.contamination = contamination
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Measure the noise and the radius, and keep the rows that balls are made of.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points, at least two.
        y : None
            Ignored.

        Returns
        -------
        self : SingularityScorer
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X holds
            non-finite numbers or a single row.
        """
        backend = self._backend_for(X, reset=True)
        points = self._validated(X, reset=True, ensure_min_samples=2)
        points = self._in_units(points, reset=True)
        self._fewest = min(self.n_neighbors, len(points))
        draws = check_random_state(self.random_state).uniform(size=len(points))
        self._radius, rows, self.n_dims_ = self._look_around(points, draws, backend)
        self._points, self.sample_indices_ = points[rows], rows
        residuals, totals = self._residuals(points, backend)
        self._variance = float(np.median(residuals))
        self.radius_ = self._radius * self._unit
        self.noise_ = np.sqrt(self._variance) * self._unit
        self.offset_ = self._threshold(self._scores(residuals, totals))
        return self

    def score_samples(self, X: MatrixLike) -> Array:
        """Compute the score of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows,)
            About zero where data are a manifold, from there down to -1 where they are
            not; in the namespace, width and device of X.

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
            Negative for singular rows.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        return self._output(self._scores_of(X) - self.offset_, like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Tell singular rows from others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows,), int64
            -1 for singular rows, 1 for the others.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        singular = self._scores_of(X) < self.offset_
        return self._output_labels(np.where(singular, -1, 1), like=X)

    def _scores_of(self, X):
        """Scores of rows that are given, on the host."""
        check_is_fitted(self)
        points = self._in_units(self._validated(X, reset=False), reset=False)
        return self._scores(*self._residuals(points, self._backend_for(X)))

    def _look_around(self, points, draws, backend):
        """Common radius, the rows that stay, and the dimension of balls of them."""
        distances, _ = around(points, self.n_neighbors + 1, backend)
        radius = float(np.quantile(distances[:, -1], _WIDE))
        rows = thinned_rows(points, radius, self._fewest, draws)
        if self.n_dims != "auto":
            return radius, rows, min(self.n_dims, points.shape[1])
        _, members = around(points[rows], self.n_neighbors + 1, backend)
        found = dimension_beyond_noise(points[rows], members)
        return radius, rows, min(found, max(points.shape[1] - 1, 1))

    def _residuals(self, points, backend):
        """Variance that is left in each ball, and all that there is."""
        return unexplained_shares(
            points, self._points, self._radius, self._fewest, self.n_dims_, backend
        )

    def _scores(self, residuals, totals):
        """What is left beyond the noise, as a share, negative."""
        share = (self._variance - residuals) / np.where(totals > 0, totals, 1.0)
        return np.where(totals > 0, share, 0.0)

    def _threshold(self, scores):
        """Under which rows are singular."""
        if self.contamination != "auto":
            return float(np.percentile(scores, 100 * self.contamination))
        first, third = np.percentile(scores, _QUARTILES)
        return float(first - _FAR * (third - first) - np.sqrt(np.finfo(np.float64).eps))
