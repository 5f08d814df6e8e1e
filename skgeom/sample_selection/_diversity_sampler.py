"""Diverse rows: farthest points (Gonzalez, 1985) and clusters, flat or in a tree."""

from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions

from skgeom.graph._landmarks import farthest_rows
from skgeom.sample_selection._hierarchy import cluster_centers, hierarchical_rows
from skgeom.sample_selection._kernel_columns import placed_points
from skgeom.sample_selection._nearest import distinct_nearest
from skgeom.sample_selection._selector import SIZE, RowSelector
from skgeom.typing import MatrixLike, RandomStateLike


class DiversitySampler(RowSelector):
    """Choose rows that cover X evenly, rare kinds as well as common ones.

    Random rows are as many of each kind as X has. Diverse ones are about as many of
    each: what labels are asked for first, or what is left of duplicates and near ones.

    Read more in the :ref:`User Guide <sample_selection>`.

    Parameters
    ----------
    n_samples : int, float or None, default=None
        How many rows: a number, a share of the rows in (0, 1], or None for the square
        root of their number, rounded up. More than there are is all of them, with a
        warning.
    strategy : str, default="farthest_point"
        "farthest_point": the row nearest to the mean, and then again and again the row
        that is farthest from those before [1]_. "kmeans": rows nearest to the centres
        of as many clusters. "hierarchical_kmeans": an even draw from clusters of
        clusters that are not denser where rows are [2]_.
    random_state : int, RandomState instance or None, default=None
        Decides clusters and draws.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context. The
        result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_chosen,), int64
        Chosen rows, none twice; of "farthest_point" in the order of choice, so that the
        first ones are what a smaller `n_samples` chooses.
    sample_weight_ : ndarray of shape (n_chosen,)
        For how many rows each is the nearest chosen one, divided by the mean of that.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    KernelCoreset : Rows that lie as densely as X does.
    KernelBatchSelector : Rows to label, beside those that have labels.

    Notes
    -----
    "farthest_point" is O(n_samples * n_chosen) and exact; outliers are chosen first. Of
    many rows k-means runs on batches, by scikit-learn on the host. Where all others
    are equal to chosen rows, the first of them follow. NaN is refused.

    References
    ----------
    .. [1] Gonzalez, "Clustering to minimize the maximum intercluster distance",
       Theoretical Computer Science 38, 1985.
    .. [2] Vo, Khalidov, Darcet, Moutakanni, Smetanin, Szafraniec, Touvron, Couprie,
       Oquab, Joulin, Jégou, Labatut and Bojanowski, "Automatic data curation for
       self-supervised learning: a clustering-based approach", Transactions on Machine
       Learning Research, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import DiversitySampler
    >>> common = np.random.default_rng(0).normal(size=(990, 2))
    >>> rare = np.random.default_rng(1).normal(size=(10, 2)) + 8
    >>> X = np.concatenate([common, rare])
    >>> chosen = DiversitySampler(20).fit(X).sample_indices_
    >>> bool((chosen >= 990).sum() > 1)  # a random row of 20 is rare in 0.2 cases
    True
    """

    _parameter_constraints = {
        "n_samples": SIZE,
        "strategy": [StrOptions({"farthest_point", "kmeans", "hierarchical_kmeans"})],
    }

    def __init__(
        self,
        n_samples: int | float | None = None,
        *,
        strategy: str = "farthest_point",
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.n_samples = n_samples
        self.strategy = strategy
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Choose rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : DiversitySampler
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X is no finite matrix.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend)
        size = self._size_of(rows.shape[0])
        points = placed_points(rows, backend).points
        if size == rows.shape[0]:
            chosen = np.arange(size)
        else:
            chosen = self._choose(points, size, backend)
        among = backend.xp.take(points, backend.asarray(chosen), axis=0)
        _, nearest = backend.knn(among, points, 1)
        counts = np.bincount(backend.to_numpy(nearest)[:, 0], minlength=size)
        self._keep_choice(chosen, counts * (size / counts.sum()), like=X)
        return self

    def _choose(self, points, size, backend):
        rng = check_random_state(self.random_state)
        if self.strategy == "farthest_point":
            return self._farthest(points, size, backend)
        host = backend.to_numpy(points)
        if self.strategy == "hierarchical_kmeans":
            return hierarchical_rows(host, size, rng)
        centers = backend.asarray(cluster_centers(host, size, rng))
        return self._filled(distinct_nearest(centers, points, backend), size, len(host))

    def _farthest(self, points, size, backend):
        """The row nearest to the mean, and then the farthest one again and again."""
        xp, n = backend.xp, points.shape[0]

        def distances(i):
            return backend.to_numpy(xp.sum((points - points[i]) ** 2, axis=1))

        # The points are around their mean.
        first = int(xp.argmin(xp.sum(points**2, axis=1)))
        others = farthest_rows(distances, n, size - 1, distances(first))
        return self._filled(np.concatenate([[first], others]), size, n)

    def _filled(self, chosen, size, n):
        """Add rows, the first ones, where all others are equal to chosen ones."""
        rest = np.setdiff1d(np.arange(n), chosen)[: size - len(chosen)]
        return np.concatenate([chosen, rest]).astype(np.int64)
