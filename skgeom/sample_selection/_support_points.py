"""Support points (Mak and Joseph, 2018), and rows in their place."""

from numbers import Integral
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom.backends import row_blocks
from skgeom.geometry._directions import orthogonal_directions
from skgeom.sample_selection._energy_descent import (
    distances_within,
    majorised_points,
    sliced_points,
)
from skgeom.sample_selection._herding import herded_rows
from skgeom.sample_selection._kernel_columns import columns_of_distances, placed_points
from skgeom.sample_selection._nearest import distinct_nearest
from skgeom.sample_selection._selector import SIZE, RowSelector
from skgeom.typing import MatrixLike, RandomStateLike

# Distances a step up to which "auto" computes all of them.
_MOST_DIRECT = 10**7
# Rows up to which chosen ones are exchanged for any other; beyond, for some others.
_MOST_EXCHANGED, _OTHERS, _PASSES = 2**13, 2**12, 10
# Slices, at least; and so many for each column.
_SLICES, _SLICES_PER_COLUMN = 200, 10
# Points start at rows, moved by this share of the spread: equal ones would stay so.
_MOVED = 1e-3


class SupportPoints(RowSelector):
    r"""Points, and rows, whose energy distance to all rows is least.

    The energy distance
    :math:`2\,\mathrm E|x - y| - \mathrm E|x - x'| - \mathrm E|y - y'|` is zero for
    equal distributions alone, and has no width to choose. Points are free to lie
    anywhere: that is `points_` [1]_. Rows in their place are `sample_indices_`: for
    each point a row near to it, no row twice, exchanged for others while these are
    better.

    Read more in the :ref:`User Guide <sample_selection>`.

    Parameters
    ----------
    n_samples : int, float or None, default=None
        How many rows: a number, a share of the rows in (0, 1], or None for the square
        root of their number, rounded up. More than there are is all of them, with a
        warning.
    method : {"auto", "direct", "sliced"}, default="auto"
        "direct": steps to the least of an upper bound, for which all distances of
        points and rows are computed. "sliced": a descent along random lines [2]_, whose
        steps take no more time for more rows. "auto" is "direct" up to ten million
        distances.
    n_slices : int, default=None
        Lines of "sliced", made a whole number of orthogonal blocks. None is 200, or ten
        for each column if that is more.
    max_iter : int, default=200
        Most steps of "direct"; all steps of "sliced".
    tol : float, default=3e-4
        Length of a step, as a share of the spread of the rows, at which "direct" stops.
    random_state : int, RandomState instance or None, default=None
        Decides where points start, and the lines.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context. The
        result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    points_ : ndarray of shape (n_chosen, n_features)
        Points of least energy distance, of which none need be a row.
    sample_indices_ : ndarray of shape (n_chosen,), int64
        Rows in their place, ascending, none twice.
    sample_weight_ : ndarray of shape (n_chosen,)
        Ones.
    n_iter_ : int
        Steps that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    KernelCoreset : Rows for a kernel, with weights, or for another sample.
    skgeom.metrics.energy_distance : What is minimised.

    Notes
    -----
    A "direct" step is :math:`O(n m d)`; a "sliced" one with s lines is
    :math:`O(s m \log n)`, after sorting n projections to each. Rows are exchanged
    for any other up to 8,192 rows, and for 4,096 random others beyond. Columns count in
    the units that they have: scale them first. NaN is refused.

    References
    ----------
    .. [1] Mak and Joseph, "Support points", Annals of Statistics 46, 2018.
    .. [2] Hertrich, Wald, Altekrüger and Hagemann, "Generative sliced MMD flows with
       Riesz kernels", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import SupportPoints
    >>> from skgeom.metrics import energy_distance
    >>> X = np.random.default_rng(0).normal(size=(1000, 2))
    >>> chosen = SupportPoints(30, random_state=0).fit(X)
    >>> near, random = (energy_distance(S, X) for S in (chosen.points_, X[:30]))
    >>> bool(near < random / 5)
    True
    >>> X_few, _ = chosen.fit_resample(X)
    >>> X_few.shape
    (30, 2)
    """

    def __init__(
        self,
        n_samples: int | float | None = None,
        *,
        method: str = "auto",
        n_slices: int | None = None,
        max_iter: int = 200,
        tol: float = 3e-4,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.n_samples = n_samples
        self.method = method
        self.n_slices = n_slices
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    _parameter_constraints = {
        "n_samples": SIZE,
        "method": [StrOptions({"auto", "direct", "sliced"})],
        "n_slices": [Interval(Integral, 1, None, closed="left"), None],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Place points, and choose rows in their place.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : SupportPoints
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X is no finite matrix.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend)
        placed = placed_points(rows, backend)
        size, rng = self._size_of(rows.shape[0]), check_random_state(self.random_state)
        points = self._descend(placed.points, size, rng, backend)
        chosen = self._rows_near(points, placed.points, rng, backend)
        host = backend.to_numpy(points)
        self.points_ = self._kept((host + placed.center) * placed.size, like=X)
        self._keep_choice(chosen, np.ones(size), like=X)
        return self

    def _descend(self, rows, size, rng, backend):
        """Points of least energy distance, from random rows."""
        xp, (n, d) = backend.xp, rows.shape
        spread = float(xp.mean(xp.sum(rows**2, axis=1))) ** 0.5
        first = rng.permutation(n)[:size]
        start = xp.take(rows, backend.asarray(first), axis=0)
        self.n_iter_ = 0
        if size == n or spread == 0:
            return start
        moves = rng.standard_normal((size, d)) * (_MOVED * spread / d**0.5)
        start = start + backend.asarray(moves, dtype=backend.float64)
        few = n * size <= _MOST_DIRECT
        if self.method == "direct" or (self.method == "auto" and few):
            limits = self.max_iter, self.tol
            points, self.n_iter_ = majorised_points(
                rows, start, spread, *limits, backend
            )
            return points
        wanted = self.n_slices or max(_SLICES, _SLICES_PER_COLUMN * d)
        directions = np.ones((1, 1))
        if d > 1:
            directions = orthogonal_directions(-(-wanted // d) * d, d, rng)
        self.n_iter_ = self.max_iter
        return sliced_points(rows, start, directions, spread, self.max_iter, backend)

    def _rows_near(self, points, rows, rng, backend):
        """Distinct rows in the place of points, exchanged while others are better."""
        n, size = rows.shape[0], points.shape[0]
        if size == n:
            return np.arange(n)
        chosen = distinct_nearest(points, rows, backend)
        some, places = np.arange(n), chosen
        if n > _MOST_EXCHANGED:
            others = np.setdiff1d(some, chosen)
            others = rng.permutation(others)[: max(_OTHERS, size)]
            some = np.sort(np.concatenate([chosen, others]))
            places = np.searchsorted(some, chosen)
        candidates = backend.xp.take(rows, backend.asarray(some), axis=0)
        mean = [
            -backend.xp.mean(distances_within(candidates, rows[part], backend), axis=1)
            * ((part.stop - part.start) / n)
            for part in row_blocks(n, 32 * len(some))
        ]
        columns = columns_of_distances(candidates, backend)
        best, _ = herded_rows(columns, sum(mean), size, _PASSES, places)
        return some[best]
