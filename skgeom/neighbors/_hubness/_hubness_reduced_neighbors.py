"""Neighbours without hubs, by distances that are relative to neighbourhoods.

Jegou, Schmid, Harzallah and Verbeek, "Accurate image search using the contextual
dissimilarity measure", IEEE Transactions on Pattern Analysis and Machine Intelligence
32, 2010; Schnitzer, Flexer, Schedl and Widmer, "Local and global scaling reduce hubs in
space", Journal of Machine Learning Research 13, 2012.
"""

from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted, check_non_negative

from skgeom._warnings import warn
from skgeom.backends import as_numpy, row_blocks
from skgeom.base import GeometryEstimator
from skgeom.graph import nearest_neighbors
from skgeom.graph._affinity import positive_scale
from skgeom.graph._neighbors import power_of_two
from skgeom.neighbors._hubness._secondary_distances import (
    METHODS,
    moments_of,
    moments_of_distances,
    nearest_by_scale,
    own_shares,
    reduced,
    scales_of_lists,
    smallest,
)
from skgeom.typing import MatrixLike


class HubnessReducedNeighbors(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    r"""Neighbours by distances that are relative to how near both rows have others.

    In many dimensions a few rows, hubs, are among the nearest of a great many others,
    and many are among those of none. Where clusters are of unequal spread, the rows of
    a dense one are nearer to most rows of a loose one than its own. Distances that are
    measured by the neighbourhoods of both ends undo that [1]_ [2]_. This transformer
    takes the place of :class:`~sklearn.neighbors.KNeighborsTransformer` before any
    estimator that takes precomputed neighbours.

    Read more in the :ref:`User Guide <hubness>`.

    Parameters
    ----------
    n_neighbors : int, default=10
        Neighbours of a row, which set its scale as well; at most the number of other
        training rows. A row of the result has one entry more, so that training rows
        have themselves beside them.
    method : {"nicdm", "local_scaling", "mutual_proximity"}, default="nicdm"
        With d the distance of rows i and j: "nicdm", :math:`d / \sqrt{m_i m_j}`, with m
        the mean distance to neighbours. "local_scaling",
        :math:`1 - \exp(-d^2 / (s_i s_j))`, with s the distance to the last neighbour.
        "mutual_proximity", one less the chance that both have farther rows than the
        other, for distances of a Gaussian law, cut off at zero.
    metric : {"euclidean", "cosine", "precomputed"}, default="euclidean"
        The distance d. "precomputed": X holds distances to the training rows.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    scale_ : ndarray of shape (n_samples,) or (n_samples, 2)
        The m or s of the training rows, with "mutual_proximity" mean and deviation of
        their distances from all.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    skgeom.metrics.hubness_score : How much of it there is.
    sklearn.neighbors.KNeighborsTransformer : Neighbours by plain distances.

    Notes
    -----
    Neighbours are looked for among the nearest by plain distances of each of ten groups
    of rows of similar scale, six times as many as wanted and at least 64; of few rows
    among all. Scales of zero, which duplicates cause, become the smallest positive one.
    The result has no unit: it does not change where X is multiplied by a number.

    References
    ----------
    .. [1] Jegou, Schmid, Harzallah and Verbeek, "Accurate image search using the
       contextual dissimilarity measure", IEEE Transactions on Pattern Analysis and
       Machine Intelligence 32, 2010.
    .. [2] Schnitzer, Flexer, Schedl and Widmer, "Local and global scaling reduce hubs
       in space", Journal of Machine Learning Research 13, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import HubnessReducedNeighbors
    >>> spread = [1, 1.3, 1.6, 2]  # dense clusters, and loose ones
    >>> X, y = make_blobs(500, 100, centers=4, cluster_std=spread, random_state=0,
    ...                   center_box=(-1, 1))
    >>> plain = KNeighborsClassifier(10).fit(X[::2], y[::2])
    >>> model = make_pipeline(
    ...     HubnessReducedNeighbors(10), KNeighborsClassifier(10, metric="precomputed"))
    >>> _ = model.fit(X[::2], y[::2])
    >>> [round(m.score(X[1::2], y[1::2]), 2) for m in (plain, model)]
    [0.41, 0.93]
    """

    _parameter_constraints = {
        "method": [StrOptions(set(METHODS))],
        "metric": [StrOptions({"euclidean", "cosine", "precomputed"})],
    }

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        method: str = "nicdm",
        metric: str = "euclidean",
        device: str = "auto",
    ):
        self.n_neighbors = n_neighbors
        self.method = method
        self.metric = metric
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the scales of the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Rows, or distances between them.
        y : None
            Ignored.

        Returns
        -------
        self : HubnessReducedNeighbors
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X has fewer
            than two rows or a value that is not finite, or distances are negative or
            not square.
        """
        backend = self._backend_for(X, reset=True)
        rows = as_numpy(self._validated(X, reset=True, ensure_min_samples=2))
        self._check_distances(rows)
        if self.metric == "precomputed" and rows.shape[0] != rows.shape[1]:
            raise ValueError(
                "metric='precomputed' needs a square matrix of shape (n_samples, "
                f"n_samples), got {rows.shape}."
            )
        self.n_samples_fit_ = len(rows)
        self._unit = power_of_two(float(np.abs(rows).max()))
        self._points = rows / self._unit
        self._k = min(self.n_neighbors, len(rows) - 1)
        if self._k < self.n_neighbors:
            warn(
                f"n_neighbors={self.n_neighbors} is more than the {self._k} other "
                f"samples; all {self._k} are used.",
            )
        scale = self._scales(self._points, backend)
        if scale.ndim == 1:
            scale = positive_scale(scale)
            self._least = float(scale.min())
        self._scale = scale
        self.scale_ = self._kept(scale * self._unit, like=X)
        return self

    def transform(self, X: MatrixLike) -> sp.csr_array:
        """Find the nearest training rows, for each row by itself.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, n_samples)
            Rows, or their distances to the training rows.

        Returns
        -------
        csr_array of shape (n_rows, n_samples)
            Distances, as `method` has them, to `n_neighbors` + 1 training rows, the
            nearest first; of a training row itself at zero. It is on the host whatever
            X is, as estimators of scikit-learn take it.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, distances are negative, or
            a data frame is asked for.
        """
        check_is_fitted(self)
        if _get_output_config("transform", self)["dense"] != "default":
            raise ValueError(
                "The transformer outputs a scipy sparse matrix. No data frame holds "
                "it: leave it with set_output(transform='default')."
            )
        backend = self._backend_for(X)
        rows = as_numpy(self._validated(X, reset=False)) / self._unit
        self._check_distances(rows)
        if np.array_equal(rows, self._points):
            scale = self._scale
        else:
            scale = self._scales(rows, backend)
            if scale.ndim == 1:
                scale = np.where(scale > 0, scale, self._least)
        values, indices = self._nearest(rows, scale, backend)
        return self._links(values, indices, like=X)

    def _check_distances(self, rows):
        if self.metric == "precomputed":
            check_non_negative(rows, f"{type(self).__name__} (metric='precomputed')")

    def _scales(self, rows, backend):
        """Scales of rows; those of training rows leave these themselves out."""
        if self.method == "mutual_proximity":
            if self.metric == "precomputed":
                return moments_of_distances(rows)
            return moments_of(self._points, rows, self.metric)
        if self.metric == "precomputed":
            distances = np.sort(rows, axis=1)[:, : self._k + 1].astype(np.float64)
        else:
            distances, _ = nearest_neighbors(
                *(backend.asarray(A) for A in (self._points, rows)),
                n_neighbors=self._k + 1,
                metric=self.metric,
                backend=backend,
            )
        return scales_of_lists(self.method, distances, own_shares(distances))

    def _nearest(self, rows, scale, backend):
        """Reduced distances of rows to their nearest training rows, and which."""
        if self.metric != "precomputed":
            return nearest_by_scale(
                *(backend.asarray(A) for A in (self._points, rows)),
                scale,
                self._scale,
                self._k + 1,
                method=self.method,
                metric=self.metric,
                backend=backend,
            )
        found = []
        for part in row_blocks(len(rows), 8 * 16 * rows.shape[1]):
            distances = rows[part].astype(np.float64)
            there = np.broadcast_to(self._scale, (len(distances), *self._scale.shape))
            values = reduced(self.method, distances, scale[part], there)
            indices = np.broadcast_to(np.arange(rows.shape[1]), distances.shape)
            found.append(smallest(values, distances, indices, self._k + 1)[::2])
        return tuple(np.concatenate(kept) for kept in zip(*found, strict=True))

    def _links(self, values, indices, like):
        """The result, as a matrix of the width of X."""
        n_rows, k = values.shape
        data = self._kept(values.ravel(), like)
        pattern = indices.ravel(), np.arange(n_rows + 1) * k
        return sp.csr_array((data, *pattern), shape=(n_rows, self.n_samples_fit_))

    @property
    def _n_features_out(self):
        return self.n_samples_fit_

    def __sklearn_tags__(self):
        """Distances are pairwise, not negative; the result is SciPy's matrix."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.positive_only = self.metric == "precomputed"
        tags.array_api_support = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
