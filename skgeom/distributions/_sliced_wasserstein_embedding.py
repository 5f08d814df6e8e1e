"""Rows that are distributions, as vectors whose distances are sliced Wasserstein.

Bonet, Malezieux, Rakotomamonjy, Drumetz, Moreau, Kowalski and Courty, "Sliced-
Wasserstein on symmetric positive definite matrices for M/EEG signals", ICML 2023, for
matrices; Rustamov and Majumdar, "Intrinsic sliced Wasserstein distances", ICML 2023,
for graphs; Kolouri, Naderializadeh, Rohde and Hoffmann, "Wasserstein embedding for
graph learning", ICLR 2021, for the embedding.
"""

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skgeom.backends import as_numpy, block_bytes, row_blocks
from skgeom.base import GeometryEstimator
from skgeom.base._constraints import GraphHandle
from skgeom.distributions._bags import as_matrices, as_points, check_histograms
from skgeom.distributions._node_functions import node_functions
from skgeom.distributions._pooled_axes import pooled_axes
from skgeom.distributions._quantiles import sorted_means, weighted_means
from skgeom.geometry import spd
from skgeom.geometry._directions import orthogonal_directions
from skgeom.graph import Graph
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike

# Up to so many coordinates "auto" looks along each of them, beyond along random lines.
_MOST_AXES = 50
# Slices that None stands for: functions of nodes, random directions.
_FUNCTIONS, _DIRECTIONS = 12, 100
# Numbers beyond this are divided by it: sums of them are numbers, too.
_LARGE = 1e150


class SlicedWassersteinEmbedding(TransformerMixin, GeometryEstimator):
    r"""Turn rows that are distributions into vectors that any model takes.

    A row is a bag of points: a patient's cells, the words of a text, repeated
    measurements. The embedding looks at a bag along lines. On each line the points are
    numbers, and optimal transport between numbers sorts them, so that the sorted
    projections :math:`\phi` of two bags are as far apart as the bags are in the sliced
    Wasserstein distance,

    .. math::
        |\phi - \phi'|^2 = \frac 1 P \sum_{p=1}^P W_2^2(\theta_p X, \theta_p X') .

    Means, spreads and shapes are linear functions of the result, or nearly. Points may
    be symmetric positive definite matrices, through their logarithms [1]_; and rows may
    be histograms on the nodes of a graph, whose slow eigenfunctions are the lines [2]_.
    Read more in the :ref:`User Guide <distributions>`.

    Parameters
    ----------
    n_dims : int, default=1
        Coordinates of a point: a row is one point after the other, and NaN where there
        are fewer (:func:`pack_bags`). With 1 any row is a bag of numbers.
    point_space : {"euclidean", "spd"}, default="euclidean"
        What points are. "spd": upper triangles of positive definite matrices, row by
        row, so that `n_dims` is 1, 3, 6, 10 and so on.
    domain : Graph, default=None
        The graph on whose nodes rows are histograms, one column a node, entries >= 0.
        `n_dims`, `point_space` and `slices` then mean nothing.
    slices : {"auto", "axes", "principal", "random"}, default="auto"
        Along what to look. "axes": each coordinate. "principal": the principal axes of
        all training points. "random": directions in orthogonal blocks. "auto": both
        kinds of axes up to 50 coordinates, beyond random directions.
    n_slices : int, default=None
        How many random directions, functions of nodes, or principal axes, the longest.
        None is 100, 12 and all.
    n_quantiles : int, default=20
        Numbers that a slice is described by, means over equal shares of the sorted
        points; no more than points that a row has room for.
    random_state : int, RandomState instance or None, default=None
        Decides random directions.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    directions_ : ndarray of shape (n_slices, n_coordinates)
        Lines; of a graph functions, a column for each node.
    levels_ : ndarray of shape (n_quantiles,)
        Middles of the shares, in (0, 1).
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    pack_bags : Makes rows of bags.
    SPDVectors : Covariances of bags, or single matrices, as vectors.
    skgeom.metrics.two_sample_test : Whether two collections of rows differ.

    Notes
    -----
    With as many quantiles as points and bags of one size, the distance is exact for
    the slices taken. With fewer it is a lower bound, which tells bags apart as well.
    ``exp(-gamma * d ** 2)`` of the distance is positive definite, which that of the
    Wasserstein distance in several dimensions is not.

    References
    ----------
    .. [1] Bonet, Malezieux, Rakotomamonjy, Drumetz, Moreau, Kowalski and Courty,
       "Sliced-Wasserstein on symmetric positive definite matrices for M/EEG signals",
       ICML 2023.
    .. [2] Rustamov and Majumdar, "Intrinsic sliced Wasserstein distances for comparing
       collections of probability distributions on manifolds and graphs", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom.distributions import SlicedWassersteinEmbedding, pack_bags
    >>> rng = np.random.default_rng(0)
    >>> y = rng.uniform(0.5, 2, size=80)  # told by the spread of a bag alone
    >>> bags = [s * rng.normal(size=(rng.integers(50, 90), 2)) for s in y]
    >>> X = pack_bags(bags)
    >>> model = make_pipeline(SlicedWassersteinEmbedding(n_dims=2), RidgeCV())
    >>> model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.9
    True
    """

    _parameter_constraints = {
        "n_dims": [Interval(Integral, 1, None, closed="left")],
        "point_space": [StrOptions({"euclidean", "spd"})],
        "domain": [GraphHandle(), None],
        "slices": [StrOptions({"auto", "axes", "principal", "random"})],
        "n_slices": [Interval(Integral, 1, None, closed="left"), None],
        "n_quantiles": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_dims: int = 1,
        *,
        point_space: str = "euclidean",
        domain: Graph | None = None,
        slices: str = "auto",
        n_slices: int | None = None,
        n_quantiles: int = 20,
        random_state: RandomStateLike = None,
        device: str = "auto",
    ):
        self.n_dims = n_dims
        self.point_space = point_space
        self.domain = domain
        self.slices = slices
        self.n_slices = n_slices
        self.n_quantiles = n_quantiles
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Choose the slices, to which principal axes are all that rows tell.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_points * n_dims)
            Bags, NaN where a point is missing; with `domain` histograms of shape
            (n_samples, n_nodes).
        y : None
            Ignored.

        Returns
        -------
        self : SlicedWassersteinEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, a row has no point, a point is known in
            part, or a matrix is not positive definite.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._rows(X, backend, reset=True)
        if self.domain is not None:
            check_histograms(rows, self.domain.n_nodes)
            wanted = _FUNCTIONS if self.n_slices is None else self.n_slices
            directions = node_functions(self.domain, wanted, backend)
            most = self.n_quantiles
        else:
            self._points(rows[:1], backend)
            directions = self._directions(rows, backend)
            most = rows.shape[1] // self.n_dims
        n_quantiles = min(self.n_quantiles, most)
        self.directions_ = self._kept(directions, like=X)
        self.levels_ = self._kept((np.arange(n_quantiles) + 0.5) / n_quantiles, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Sort the projections of each row's points, whatever the other rows are.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_points * n_dims)
            Bags or histograms, as in `fit`.

        Returns
        -------
        array of shape (n_rows, n_slices * n_quantiles)
            Slice by slice ascending numbers, divided by the root of how many there are,
            in the namespace, width and device of X.

        Raises
        ------
        ValueError
            As of `fit`, and if X has another number of columns than there.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = self._rows(X, backend, reset=False)
        n_quantiles = len(self.levels_)
        scale = (len(self.directions_) * n_quantiles) ** -0.5
        if self.domain is not None:
            check_histograms(rows, self.domain.n_nodes)
            found = self._along_functions(rows, n_quantiles) * scale
        else:
            blocks = self._blocks(rows, len(self.directions_))
            parts = [self._sliced(block, backend, scale) for block in blocks]
            found = np.concatenate([backend.to_numpy(part) for part in parts])
        single = self._kept(found[:0], like=X).dtype == np.float32
        limit = np.finfo(np.float32 if single else np.float64).max
        return self._output(np.clip(found, -limit, limit), like=X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Names of the output columns, which tell slice and share.

        Parameters
        ----------
        input_features : array-like of shape (n_features,), default=None
            Checked, and not used.

        Returns
        -------
        ndarray of shape (n_features_out,), object
            ``slice0_q0``, ``slice0_q1`` and so on.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        n_quantiles = len(self.levels_)
        return np.asarray(
            [
                f"slice{p}_q{q}"
                for p in range(len(self.directions_))
                for q in range(n_quantiles)
            ],
            dtype=object,
        )

    def _rows(self, X, backend, reset):
        """Validated rows in float64, on the backend's device or, of a graph, here."""
        finite: Any = True if self.domain is not None else "allow-nan"
        if self.domain is not None:
            X = as_numpy(X)
            rows = self._validated(X, reset=reset)
            return rows.astype(np.float64)
        rows = self._validated(
            X, reset=reset, backend=backend, ensure_all_finite=finite
        )
        return backend.asarray(rows, backend.float64)

    def _directions(self, rows, backend):
        """Lines to look along, a row each; all rows are looked at on the way."""
        xp, wide = backend.xp, self.n_dims > _MOST_AXES
        kinds = {"auto": ["random"] if wide else ["axes", "principal"]}
        kinds = kinds.get(self.slices, [self.slices])
        blocks = (
            self._coordinates(b, backend) for b in self._blocks(rows, self.n_dims)
        )
        if "principal" in kinds:
            principal = pooled_axes(
                blocks, self.n_dims, backend.xp, backend.to_numpy, self._unit(rows, xp)
            )
        else:
            for _ in blocks:
                pass
        if "random" in kinds:
            wanted = _DIRECTIONS if self.n_slices is None else self.n_slices
            rng = check_random_state(self.random_state)
            return orthogonal_directions(wanted, self.n_dims, rng)
        if self.n_dims == 1 or kinds == ["axes"]:
            return np.eye(self.n_dims)
        if kinds == ["principal"]:
            return principal[: self.n_slices]
        return np.concatenate([np.eye(self.n_dims), principal[: self.n_slices]])

    def _unit(self, rows, xp):
        """What makes the largest number one; logarithms are of no other size."""
        if self.point_space == "spd":
            return 1.0
        largest = float(
            xp.max(xp.where(xp.isnan(rows), xp.zeros_like(rows), xp.abs(rows)))
        )
        return 1.0 / largest if largest > np.finfo(np.float64).tiny else 1.0

    def _coordinates(self, rows, backend):
        """Points in the coordinates in which directions are."""
        points, known, counts = self._points(rows, backend)
        if self.point_space == "spd":
            points = spd.to_vector(spd.logm(points))
        return points, known, counts

    def _blocks(self, rows, n_slices):
        """Rows in blocks whose projections, sorted, fit into memory."""
        n_points = rows.shape[1] // self.n_dims
        width = 8 * n_points * (4 * n_slices + 6 * self.n_dims)
        return [rows[part] for part in row_blocks(len(rows), width, block_bytes())]

    def _points(self, rows, backend):
        """Points or matrices, and which there are: in each bag at least one."""
        xp = backend.xp
        points = as_points(rows, self.n_dims)
        known = ~xp.isnan(points[:, :, 0])
        counts = xp.sum(xp.astype(known, xp.int64), axis=1)
        counts = backend.to_numpy(counts)
        if not counts.all():
            row = int(np.argmin(counts))
            raise ValueError(
                f"X: row {row} has no point, it contains NaN alone "
                f"({(counts == 0).sum()} such rows)."
            )
        if self.point_space == "spd":
            points = as_matrices(points, known, xp)
        return points, known, counts

    def _sliced(self, rows, backend, scale):
        """Sorted means of projections, side by side."""
        xp = backend.xp
        points, known, counts = self._coordinates(rows, backend)
        points = xp.where(known[:, :, None], points, xp.zeros_like(points))
        size = xp.max(xp.max(xp.abs(points), axis=2), axis=1)[:, None, None]
        size = xp.where(size > _LARGE, size, xp.ones_like(size))
        lines = backend.asarray(self.directions_, backend.float64)
        along = (points / size) @ xp.matrix_transpose(lines)
        along = xp.matrix_transpose(along)
        along = xp.where(known[:, None, :], along, xp.full_like(along, xp.inf))
        found = sorted_means(xp, along, counts, len(self.levels_))
        found = found * scale * size
        return xp.reshape(found, (found.shape[0], -1))

    def _along_functions(self, rows, n_quantiles):
        """The same of histograms, by the order of the nodes in each function."""
        functions = self.directions_.astype(np.float64)
        found = np.empty((len(rows), len(functions), n_quantiles))
        for part in row_blocks(len(rows), 64 * rows.shape[1], block_bytes()):
            shares = rows[part] / rows[part].max(axis=1, keepdims=True)
            shares /= shares.sum(axis=1, keepdims=True)
            for k, function in enumerate(functions):
                found[part, k] = weighted_means(function, shares, n_quantiles)
        return found.reshape(len(rows), -1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.domain is None
        tags.input_tags.positive_only = self.domain is not None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
