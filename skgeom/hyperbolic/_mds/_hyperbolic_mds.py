"""Hyperbolic multidimensional scaling: distances become points of curved space."""

from numbers import Integral, Real
from typing import NamedTuple, Self

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, check_is_fitted

from skgeom.backends import as_numpy, row_blocks, scratch_bytes
from skgeom.base import EmbeddingMixin, GeometryEstimator, with_callbacks
from skgeom.geometry import polar
from skgeom.geometry._chart_rows import CHARTS, to_chart
from skgeom.graph import equal_rows
from skgeom.graph._landmarks import farthest_rows
from skgeom.hyperbolic._distances import checked_dissimilarities
from skgeom.hyperbolic._drawn import drawn_to_nodes
from skgeom.hyperbolic._mds._place import (
    error_weights,
    geodesic,
    own_shares,
    place_rows,
)
from skgeom.hyperbolic._mds._start import (
    centred,
    filled,
    is_exact,
    spectral_start,
    tree_start,
)
from skgeom.hyperbolic._mds._stress import (
    Configuration,
    descend_stress,
)
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike

# Hyperbolic diameters that are tried, steps of a trial, and rows of it.
_DIAMETERS, _TRIAL_STEPS, _TRIAL_ROWS = (1.0, 4.0, 10.0, 20.0, 40.0), 40, 300
# More rows than these are placed by landmarks.
_MOST_ROWS = 2_000
_RATE, _RATE_OF_DIAMETER = 0.3, 0.06
# Radii that coordinates have digits for, in float64 and in float32.
_RADIUS, _RADIUS_32 = 34.0, 15.0
_PERFECT = 1e-24
_LANDMARKS, _LANDMARKS_PER_AXIS = 200, 50
# The hyperbolic cosine of the largest distance has to be a number that others can be
# told from.
_MOST_SPREAD = 40.0
_FAR = 1e100
_POSITIVE = np.finfo(np.float64).tiny, np.finfo(np.float64).max
_POWERS = {"relative": 2, "sammon": 1, "absolute": 0}


class _Targets(NamedTuple):
    """Distances in units of the largest, and weights of their errors."""

    distances: NDArray
    weights: NDArray


class HyperbolicMDS(EmbeddingMixin, GeometryEstimator):
    r"""Place points in hyperbolic space such that distances are as given.

    Positions and the curvature are fitted together, by the errors of all pairs,

    .. math::
        \min_{x, s} \sum_{i < j} w_{ij} \Bigl(\frac{d(x_i, x_j)}{s} - \delta_{ij}
        \Bigr)^2 ,

    from the spectral solution of h-MDS [1]_, which is exact without noise, and far from
    the best with it: there the largest distances decide, exponentially. Distances along
    trees and other graphs, and those of data with many features, have half the error
    that they have in as many flat dimensions. Read more in the
    :ref:`User Guide <hyperbolic_mds>`.

    Parameters
    ----------
    n_components : int, default=2
        Dimension of the space.
    metric : {"euclidean", "precomputed"}, default="euclidean"
        What X holds: points, or a square matrix of distances, where NaN is a distance
        that is not known. `transform` takes points, or the distances of new rows to the
        training rows.
    scale : float or "auto", default="auto"
        Hyperbolic length of one unit of distance, so that the curvature is
        ``-scale**2``. "auto" tries four, and fits the best on.
    weights : str or array-like of shape (n_samples, n_samples), default="relative"
        Of squared errors. "relative": one over the squared distance; "sammon": one over
        the distance; "absolute": one. An array has a weight >= 0 for each pair of
        training rows; new rows then go by relative errors.
    init : {"auto", "spectral", "tree", "random"}, default="auto"
        Where to start. "tree": where :class:`TreeEmbedding` draws the minimum spanning
        tree, which is right for distances along a tree. "random": near the origin.
        "auto" is "spectral" or "tree", by the stress after forty steps.
    n_landmarks : int, "auto" or None, default="auto"
        Rows that are scaled with each other, chosen one by one as far apart as
        possible; the others are placed by their distances to them. None is all rows.
        "auto" is all up to 2,000, and for more 200 or fifty for each dimension and one.
    max_iter : int, default=250
        Steps of the descent. Their length falls to zero over all of them.
    tol : float, default=0.0
        Stop when twenty steps lower the sum of squares by less than this share, five
        times in a row; 0 never does.
    output_space : {"poincare", "lorentz", "klein", "tangent"}, default="poincare"
        Coordinates of `embedding_` and `transform`.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. The start
        is computed on the host.
    random_state : int, RandomState instance or None, default=None
        Draws a random start, and axes that a spectral one leaves at zero.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows; one more for "lorentz". The row that is
        nearest to all others is at the origin.
    radii_ : ndarray of shape (n_samples,)
        Distances to the origin.
    scale_ : float
        Hyperbolic length of one unit of distance. Where it times the largest distance
        is near one or below, no curvature is wanted.
    stress_ : float
        Root of the weighted mean of squared errors, over that of squared distances: for
        relative weights, the size of a relative error. Of the landmarks.
    landmarks_ : ndarray of shape (n_landmarks,), int64
        Rows that were scaled with each other.
    n_iter_ : int
        Steps made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    TreeEmbedding : Distances of a tree, without a loss.
    PoincareEmbedding : Links of a graph, by their order alone.

    Notes
    -----
    A training row given to `transform` gets its own coordinates; new rows are placed by
    damped Gauss-Newton steps on their own errors, each independently of the others.

    References
    ----------
    .. [1] Sala, De Sa, Gu and Ré, "Representation tradeoffs for hyperbolic embeddings",
       ICML 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import HyperbolicMDS
    >>> star = 2.0 * (1 - np.eye(4))
    >>> star[0] = star[:, 0] = [0.0, 1.0, 1.0, 1.0]  # a node, joined to three others
    >>> model = HyperbolicMDS(metric="precomputed", random_state=0).fit(star)
    >>> model.stress_ < 0.05  # in a flat plane .13
    True
    """

    _parameter_constraints = {
        "metric": [StrOptions({"euclidean", "precomputed"})],
        "scale": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "weights": [StrOptions(set(_POWERS)), "array-like"],
        "init": [StrOptions({"auto", "spectral", "tree", "random"})],
        "n_landmarks": [
            StrOptions({"auto"}),
            Interval(Integral, 2, None, closed="left"),
            None,
        ],
        "tol": [Interval(Real, 0, 1, closed="left")],
        "output_space": [StrOptions(set(CHARTS))],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        metric: str = "euclidean",
        scale: float | str = "auto",
        weights: str | ArrayLike = "relative",
        init: str = "auto",
        n_landmarks: int | str | None = "auto",
        max_iter: int = 250,
        tol: float = 0.0,
        output_space: str = "poincare",
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.metric = metric
        self.scale = scale
        self.weights = weights
        self.init = init
        self.n_landmarks = n_landmarks
        self.max_iter = max_iter
        self.tol = tol
        self.output_space = output_space
        self.device = device
        self.random_state = random_state

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the points and the curvature.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points or distances, as `metric` says.
        y : None
            Ignored.

        Returns
        -------
        self : HyperbolicMDS
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X is not what `metric` says: with
            distances that are infinite, say.
        """
        backend = self._backend_for(X, reset=True)
        narrow = as_numpy(self._output(np.zeros(0), like=X)).dtype == np.float32
        self._max_radius = _RADIUS_32 if narrow else _RADIUS
        rows, group = self._read_rows(X)
        chosen = self._choose_landmarks(rows)
        self.landmarks_ = np.unique(group, return_index=True)[1][chosen]
        self._landmark_points = rows[chosen] if self.metric == "euclidean" else None
        to_chosen = self._to_landmarks(rows)
        targets = self._targets_between(to_chosen[chosen])
        start = self._start(targets, backend)
        found, self.stress_, self.n_iter_ = self._descend(start, targets, backend)
        self._points = centred(_stacked(found), targets.distances)
        self._scale = float(found.scale)
        self.scale_ = float(np.clip(self._scale / self._unit, *_POSITIVE))
        placed = self._points
        if len(chosen) < len(rows):
            placed = self._place(to_chosen, backend)
            placed[chosen] = self._points
        self._all = placed[group]
        self.radii_ = self._all[:, 0]
        self.embedding_ = as_numpy(self._in_chart(self._all, X))
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Place rows by their distances, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            New points; or distances to the training rows, of which those to the
            landmarks are looked at.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, or a row has no known
            distance to a landmark.
        """
        check_is_fitted(self)
        if self.metric == "euclidean":
            rows = self._scaled(self._validated(as_numpy(X), reset=False))
        else:
            rows = self._validated(as_numpy(X), reset=False, ensure_all_finite=False)
            if (rows < 0).any() or np.isinf(rows).any():
                raise ValueError(
                    "X must hold distances to the training rows, >= 0, finite or NaN."
                )
        placed = self._place(self._to_landmarks(rows), self._backend_for(X))
        return self._in_chart(placed, X)

    def distances(
        self, rows: ArrayLike | None = None, columns: ArrayLike | None = None
    ) -> NDArray:
        """Distances between training rows, in the units of the data.

        Parameters
        ----------
        rows, columns : array-like of shape (n,), int, default=None
            Positions of training rows; None is all of them.

        Returns
        -------
        ndarray of shape (n_rows, n_columns), float64
            Hyperbolic distances over `scale_`.
        """
        check_is_fitted(self)
        chosen = (slice(None) if i is None else np.asarray(i) for i in (rows, columns))
        one, other = (self._all[i] for i in chosen)
        found = np.empty((len(one), len(other)))
        per_row = 64 * self.n_components * max(len(other), 1)
        for block in row_blocks(len(one), per_row, scratch_bytes(found)):
            found[block] = polar.distance(one[block, None], other[None])
        return found / self.scale_

    def _read_rows(self, X):
        """Points that differ, or distances; and which of them each row is."""
        if self.metric == "precomputed":
            D = self._validated(X, reset=True, ensure_all_finite=False)
            D = checked_dissimilarities(D, 'metric="precomputed"')
            return D, np.arange(len(D))
        X = self._validated(X, reset=True)
        self._size = float(np.abs(X).max(initial=0.0)) or 1.0
        _, first, group = np.unique(
            equal_rows(X), return_index=True, return_inverse=True
        )
        order = np.argsort(first)
        return self._scaled(X[first[order]]), np.argsort(order)[group]

    def _scaled(self, X):
        """Points in units of the largest entry of the fit."""
        with np.errstate(over="ignore"):
            return np.clip(X.astype(np.float64) / self._size, -_FAR, _FAR)

    def _choose_landmarks(self, rows):
        """Positions of the rows that are scaled with each other."""
        wanted = self.n_landmarks
        if wanted == "auto":
            few = max(_LANDMARKS, _LANDMARKS_PER_AXIS * (self.n_components + 1))
            wanted = few if len(rows) > _MOST_ROWS else None
        if wanted is None or wanted >= len(rows):
            return np.arange(len(rows))
        if self.metric == "precomputed":
            return farthest_rows(lambda i: np.nan_to_num(rows[i]), len(rows), wanted)
        return farthest_rows(lambda i: cdist(rows[[i]], rows)[0], len(rows), wanted)

    def _to_landmarks(self, rows):
        """Distances to the landmarks, as they come."""
        if self.metric == "precomputed":
            return rows[:, self.landmarks_].astype(np.float64)
        return cdist(rows, self._landmark_points)

    def _targets_between(self, D):
        """Distances of the landmarks in units of the largest, and their weights."""
        self._largest = float(np.nanmax(D, initial=0.0)) or 1.0
        size = self._size if self.metric == "euclidean" else 1.0
        with np.errstate(over="ignore", under="ignore"):
            self._unit = float(np.clip(self._largest * size, *_POSITIVE))
        D = D / self._largest
        if isinstance(self.weights, str):
            weights = error_weights(D, _POWERS[self.weights])
        else:
            weights = self._given_weights(D)
        np.fill_diagonal(weights, 0.0)
        lonely = np.flatnonzero((weights.sum(axis=1) == 0) & (len(D) > 1))
        if lonely.size:
            raise ValueError(
                f"Row {self.landmarks_[lonely[0]]} of X has no known distance, or no "
                "weight, to any other row that is scaled."
            )
        return _Targets(filled(np.nan_to_num(D), weights), weights)

    def _given_weights(self, D):
        """Weights of the landmarks, of an array for all rows."""
        weights = check_array(self.weights, dtype=np.float64, input_name="weights")
        n = int(self.landmarks_.max()) + 1
        if weights.shape[0] != weights.shape[1] or len(weights) < n:
            raise ValueError(
                "weights must have a row and a column for each training row; got shape "
                f"{weights.shape}."
            )
        if (weights < 0).any():
            raise ValueError("weights must be >= 0; some are negative.")
        weights = weights[np.ix_(self.landmarks_, self.landmarks_)]
        weights = (weights + weights.T) / (2 * weights.max(initial=0.0) or 1.0)
        return np.where(np.isnan(D), 0.0, weights)

    def _start(self, targets, backend):
        """The start that is asked for, or the best of those that are tried."""
        rng = check_random_state(self.random_state)
        given = None if self.scale == "auto" else float(self.scale) * self._unit
        if self.init == "tree":
            return self._tree(targets, given)
        tried = []
        n = len(targets.distances)
        some = farthest_rows(lambda i: targets.distances[i], n, min(n, _TRIAL_ROWS))
        part = _Targets(*(array[np.ix_(some, some)] for array in targets))
        if given is None:
            for diameter in _DIAMETERS:
                start = self._start_at(part, diameter, rng)
                tried.append((self._trial(start, part, backend), diameter))
            given = min(tried)[1]
        found = self._start_at(targets, given, rng)
        if self.init == "auto" and n > 2:
            tree = self._tree(targets, None if tried else given)
            told = tried or [(self._trial(_rows_of(found, some), part, backend), given)]
            if self._trial(_rows_of(tree, some), part, backend) < min(told)[0]:
                return tree
        return found

    def _trial(self, start, targets, backend):
        """The stress that a few steps lead to."""
        n_steps = min(_TRIAL_STEPS, self.max_iter)
        return self._descend(start, targets, backend, n_steps=n_steps)[1]

    def _tree(self, targets, scale):
        """The drawing of the minimum spanning tree."""
        radius = self._max_radius
        points, found = tree_start(targets.distances, self.n_components, radius, scale)
        return _configured(points, scale or found)

    def _start_at(self, targets, diameter, rng):
        """Points at a scale, and a little noise on axes that would stay empty."""
        D, d = targets.distances, self.n_components
        if self.init == "random":
            noise = rng.standard_normal((len(D), d))
            return _configured(polar.from_tangent(0.1 * noise), diameter)
        points = spectral_start(np.minimum(diameter, _MOST_SPREAD) * D, d)
        points = centred(points, D)
        z = polar.to_tangent(points)
        empty = np.abs(z).max(axis=0) < 1e-9
        if empty.any() and not is_exact(points, diameter, D):
            noise = 0.01 * min(diameter, 1.0) * rng.standard_normal(z.shape)
            points = polar.from_tangent(np.where(empty, noise, z))
        points[:, 0] = np.minimum(points[:, 0], self._max_radius)
        return _configured(points, diameter)

    def _descend(self, start, targets, backend, n_steps=None):
        """Lower the stress; return the points, the stress and the steps made."""
        xp, final = backend.xp, n_steps is None
        arrays = [*start, targets.distances, np.triu(targets.weights, 1)]
        arrays[-1] = arrays[-1] / (arrays[-1].sum() or 1.0)
        total = float((arrays[-1] * arrays[-2] ** 2).sum()) or 1.0
        rate = min(_RATE, _RATE_OF_DIAMETER * float(start.scale))
        on_device = [backend.asarray(a, dtype=backend.float64) for a in arrays]
        start, rest = Configuration(*on_device[:3]), on_device[3:]
        progress = self._progress(self.max_iter) if final else None
        found, value, n_iter = descend_stress(
            xp,
            start,
            *rest,
            max_iter=self.max_iter if final else n_steps,
            rate=rate,
            fit_scale=self.scale == "auto",
            max_radius=self._max_radius,
            tol=self.tol if final else 0.0,
            perfect=_PERFECT * total,
            callback=progress and (lambda k, v: progress(k, (v / total) ** 0.5)),
        )
        if progress is not None:
            progress.close()
        if final:  # a trial is asked for its stress alone
            found = Configuration(*map(backend.to_numpy, found))
        return found, (value / total) ** 0.5, n_iter

    def _place(self, to_landmarks, backend):
        """Polar coordinates of rows, by their distances to the landmarks."""
        D = to_landmarks / self._largest
        lost = np.flatnonzero(np.isnan(D).all(axis=1))
        if lost.size:
            raise ValueError(f"Row {lost[0]} of X has no known distance to a landmark.")
        power = _POWERS[self.weights] if isinstance(self.weights, str) else 2
        weights = error_weights(D, power)
        own = own_shares(D)
        # Farther than any two points are, distances say no more.
        D = np.minimum(np.nan_to_num(D), 2 * self._max_radius / self._scale)
        points = backend.asarray(self._points, dtype=backend.float64)
        placed = np.empty((len(D), self._points.shape[1]))
        per_row = 8 * 12 * D.shape[1] * self._points.shape[1]
        for rows in row_blocks(len(D), per_row, scratch_bytes(points)):
            part = (backend.asarray(a[rows], backend.float64) for a in (D, weights))
            found = place_rows(backend.xp, points, self._scale, *part)
            placed[rows] = backend.to_numpy(found)
        placed[:, 0] = np.minimum(placed[:, 0], self._max_radius)
        return drawn_to_nodes(placed, own, self._points, geodesic)

    def _in_chart(self, points, like):
        width = as_numpy(self._output(np.zeros(0), like=like)).dtype
        return self._output(to_chart(points, self.output_space, width), like=like)

    def __sklearn_tags__(self):
        """Distances are pairwise, and NaN among them is not known."""
        tags = super().__sklearn_tags__()
        known = self.metric == "precomputed"
        tags.input_tags.pairwise = tags.input_tags.allow_nan = known
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _configured(points, scale):
    return Configuration(points[:, :1], points[:, 1:], np.asarray(float(scale)))


def _stacked(found):
    return polar.project(np.column_stack([found.radii, found.directions]))


def _rows_of(points, rows):
    return points._replace(radii=points.radii[rows], directions=points.directions[rows])
