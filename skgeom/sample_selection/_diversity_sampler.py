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
