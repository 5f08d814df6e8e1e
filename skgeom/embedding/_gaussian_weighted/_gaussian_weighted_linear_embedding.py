"""Distances kept by linear maps with Gaussian weights (Bergh, 2025)."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from scipy.optimize import minimize
from sklearn.base import _fit_context
from sklearn.cluster import kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.base import EmbeddingMixin, GeometryEstimator
from skgeom.embedding._centred import frame_of, placed
from skgeom.embedding._gaussian_weighted._maps import MapObjective, Maps, mapped
from skgeom.typing import Array, MatrixLike, RandomStateLike

# Up to so many rows all pairs are compared; of more those in blocks of about so many.
_ALL_PAIRS, _BLOCK = 1000, 256
# What maps differ by at the start.
_START = 0.01


class GaussianWeightedLinearEmbedding(EmbeddingMixin, GeometryEstimator):
    r"""Coordinates that keep distances, by a few linear maps with soft borders.

    Metric multidimensional scaling that knows where new rows belong: coordinates are

    .. math::
        z(x) = \sum_k w_k(x) (A_k^\top x + b_k), \qquad
        w_k(x) \propto e^{-|x - c_k|^2 / 2 l_k^2} ,

    and all of :math:`A_k, b_k, c_k, l_k` are fitted so that distances of coordinates
    are those of rows [1]_. With one map it is the best linear one.

    Read more in the :ref:`User Guide <gaussian_weighted_linear_embedding>`.

    Parameters
    ----------
    n_components : int, default=2
        Number of coordinates, at most the number of columns.
    n_maps : int, default=10
        Number of linear maps, at most the number of different rows.
    alpha : float, default=1e-3
        Weight >= 0 of the penalty on maps that differ from their mean, beside the
        stress as a share of all squared distances.
    max_iter : int, default=200
        Steps of L-BFGS.
    tol : float, default=1e-5
        Stop when a step lowers the objective, which is a share, by less.
    random_state : int, RandomState instance or None, default=None
        Decides the first centres, which rows are compared where they are more than
        1,000, and by how little the maps differ at first.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Stress and
        gradient are computed there; L-BFGS is SciPy's.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows, in the unit of X, around zero.
    maps_ : ndarray of shape (n_maps, n_features, n_components)
        The A of the formula, for rows from `mean_`.
    offsets_ : ndarray of shape (n_maps, n_components)
        The b of the formula.
    centers_ : ndarray of shape (n_maps, n_features)
        The c of the formula, from the origin of X.
    widths_ : ndarray of shape (n_maps,)
        The l of the formula.
    mean_ : ndarray of shape (n_features,)
        Means of the columns.
    stress_ : float
        Root of the squared errors of distances, as a share of all squared distances,
        over the pairs that were compared.
    n_iter_ : int
        Steps that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.manifold.MDS : Every row has free coordinates, and new rows have none.
    HeatGeodesicEmbedding : Distances along the data instead of straight ones.

    Notes
    -----
    More than 1,000 rows are shuffled into blocks of about 256, within which pairs are
    compared: cost and memory (2 kB a row) grow with the rows, not with their square.
    A row depends on itself and the fitted maps alone, so that `transform` of a training
    row is its embedding. Far from all centres it follows the maps of the nearest.

    References
    ----------
    .. [1] Bergh, "Interpretable non-linear dimensionality reduction using gaussian
       weighted linear transformation", arXiv:2504.17601, 2025.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgeom import GaussianWeightedLinearEmbedding
    >>> X = StandardScaler().fit_transform(load_wine().data)
    >>> model = GaussianWeightedLinearEmbedding(random_state=0).fit(X[::2])
    >>> model.transform(X[1::2]).shape, bool(model.stress_ < 0.25)
    ((89, 2), True)
    """

    _parameter_constraints = {
        "n_maps": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_maps: int = 10,
        alpha: float = 1e-3,
        max_iter: int = 200,
        tol: float = 1e-5,
        random_state: RandomStateLike = None,
        device: str = "auto",
    ):
        self.n_components = n_components
        self.n_maps = n_maps
        self.alpha = alpha
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Fit the maps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points, two or more.
        y : None
            Ignored.

        Returns
        -------
        self : GaussianWeightedLinearEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X is no
            finite matrix of two rows or more.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` steps are made and the last still lowers the objective by
            more than `tol`.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend, ensure_min_samples=2)
        self._frame = frame_of(rows, backend)
        rows = placed(rows, self._frame, backend)
        rng = check_random_state(self.random_state)
        start = self._start(backend.to_numpy(rows), rng)
        blocks = backend.asarray(self._blocks(len(rows), rng))
        shapes = [part.shape for part in start]
        objective = MapObjective(rows, blocks, shapes, self.alpha, backend)
        flat = self._minimize(objective, start)
        found = objective.maps(flat)
        points = backend.to_numpy(mapped(backend.xp, rows, found)[0])
        # Where zero is does not matter to distances: it is the mean of the rows.
        middle = points.mean(axis=0)
        maps = Maps(*map(backend.to_numpy, found))
        self._maps = maps._replace(offsets=maps.offsets - middle)
        self._keep(X)
        self.stress_ = self._stress_of(objective, flat)
        self.embedding_ = self._unplaced(points - middle, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Place rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        points, _ = self._read(X)
        return self._output(self._unplaced(points, like=X), like=X)

    def weights(self, X: MatrixLike) -> Array:
        """Share of each map in each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_maps)
            Not negative, adding up to one, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        return self._output(self._read(X)[1], like=X)

    def _read(self, X):
        """Coordinates in units, and weights of the maps."""
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = self._validated(X, reset=False, backend=backend)
        rows = placed(rows, self._frame, backend)
        maps = Maps(*(backend.asarray(a, dtype=backend.float64) for a in self._maps))
        points, weights, *_ = mapped(backend.xp, rows, maps)
        return backend.to_numpy(points), backend.to_numpy(weights)

    def _start(self, rows, rng):
        """Principal axes for each map, and centres among the rows."""
        d = rows.shape[1]
        m = min(self.n_components, d)
        axes = np.zeros((d, m))
        found = np.linalg.svd(rows, full_matrices=False)[2][:m].T
        axes[:, : found.shape[1]] = found
        different = len(np.unique(rows, axis=0))
        K = min(self.n_maps, different)
        centers = kmeans_plusplus(rows, K, random_state=rng)[0]
        gaps = np.linalg.norm(centers[:, None] - centers, axis=2)
        apart = gaps[np.triu_indices(K, 1)]
        width = 0.5 * float(np.median(apart)) if K > 1 else 1.0
        slopes = axes + (_START * rng.standard_normal((K, d, m)) if K > 1 else 0.0)
        widths = np.full(K, np.log(max(width, 1e-6)))
        return Maps(
            np.broadcast_to(slopes, (K, d, m)), np.zeros((K, m)), centers, widths
        )

    def _blocks(self, n, rng):
        """Rows within which pairs are compared; all of few."""
        if n <= _ALL_PAIRS:
            return np.arange(n)[None]
        n_blocks = n // _BLOCK
        size = -(-n // n_blocks)
        # Blocks are of a size; where that does not come out, some rows are in two.
        return np.resize(rng.permutation(n), n_blocks * size).reshape(n_blocks, size)

    def _minimize(self, objective, start):
        """Lower the objective by L-BFGS, as a flat vector."""
        found = minimize(
            objective,
            np.concatenate([np.ravel(part) for part in start]),
            jac=True,
            method="L-BFGS-B",
            options=dict(
                maxiter=self.max_iter,
                maxfun=20 * self.max_iter,
                ftol=self.tol,
                gtol=1e-9,
                maxcor=10,
            ),
        )
        self.n_iter_ = max(int(found.nit), 1)
        if found.nit >= self.max_iter:
            warn(
                f"GaussianWeightedLinearEmbedding stopped after max_iter="
                f"{self.max_iter} steps, before one lowered the objective by less than "
                f"tol={self.tol:.1e}. Raise max_iter or tol.",
                ConvergenceWarning,
            )
        return found.x

    def _stress_of(self, objective, flat):
        """Without the penalty."""
        objective.alpha = 0.0
        return float(np.sqrt(max(objective(flat)[0], 0.0)))

    def _keep(self, X):
        """Fitted attributes in the unit of X."""
        unit, mean = self._frame
        self.maps_ = self._kept(self._maps.slopes, like=X)
        with np.errstate(over="ignore"):
            largest = float(np.finfo(self.maps_.dtype).max)
            for name, part in (
                ("offsets_", self._maps.offsets),
                ("centers_", self._maps.centers + mean),
                ("widths_", np.exp(self._maps.log_widths)),
                ("mean_", mean),
            ):
                part = np.clip(part * unit, -largest, largest)
                setattr(self, name, self._kept(part, like=X))

    def _unplaced(self, points, like):
        """Coordinates in the unit of X, in numbers."""
        with np.errstate(over="ignore"):
            found = points * self._frame.unit
        width = self._kept(found[:0], like=like).dtype
        largest = float(np.finfo(width).max)
        return self._kept(np.clip(found, -largest, largest), like=like)
