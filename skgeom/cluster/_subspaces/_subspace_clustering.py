"""Clusters that are linear subspaces: self-representation, then a mixture.

You, Li, Robinson and Vidal, "Oracle based active set algorithm for scalable elastic
net subspace clustering", CVPR 2016; Tipping and Bishop, "Mixtures of probabilistic
principal component analysers", Neural Computation 11, 1999.
"""

from numbers import Integral, Real
from typing import Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.cluster._subspaces._mixture import (
    information,
    left_over,
    log_densities,
    refine_flats,
)
from skgeom.cluster._subspaces._self_representation import (
    cosine_links,
    elastic_net_links,
    spectral_labels,
    unit_rows,
)
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike


class SubspaceClustering(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, GeometryEstimator
):
    r"""Cluster rows that lie near different linear subspaces.

    Faces under changing light, tracks of moving bodies and snapshots of a flow lie near
    subspaces of few dimensions, which all meet at zero: distances do not tell them
    apart, and k-means fails. Each row is written as a combination of few others, by
    their elastic net, which takes them from the same subspace [1]_; the graph of these
    combinations is cut, and the labels are refined by a mixture of Gaussians that are
    flat but for noise [2]_.

    Read more in the :ref:`User Guide <subspace_clustering>`.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of subspaces, at most that of the rows.
    n_components : int, default=None
        Dimension of all subspaces, less than the number of columns. None is chosen for
        each, by the Bayesian information criterion, up to half of the columns and of
        the rows of the cluster; with ``refine="subspaces"`` all have the median.
    affine : bool or "auto", default="auto"
        Whether subspaces have centres of their own, instead of all meeting at zero.
        "auto" tries both, and takes what the Bayesian information criterion prefers.
    init : str or array-like of shape (n_samples,), default="elastic_net"
        Labels to start from. "elastic_net": combinations of other rows. "neighbors":
        nearest rows by angle [3]_, cheap, for subspaces that do not overlap. "kmeans":
        clusters of rows of length one. "random". Or labels, from 0 to `n_clusters` - 1.
    refine : {"mixture", "subspaces"} or None, default="mixture"
        "mixture": a mixture of Gaussians. "subspaces": rows go to the nearest
        subspace, in turns. None: labels are those of the start.
    l1_ratio : float, default=0.9
        Share of absolute values in the penalty of the elastic net, in (0, 1].
    n_neighbors : int, default=8
        Nearest rows, with ``init="neighbors"``.
    max_samples : int, default=5000
        Rows that "elastic_net" and "neighbors" start from, at most: their cost grows
        with the square of it. Refinement is by all rows.
    n_init : int, default=1
        Starts, of which the best is kept.
    max_iter : int, default=200
        Most iterations of the refinement.
    tol : float, default=1e-5
        Iterations of the mixture end where the mean log-likelihood of a row grows by
        less.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only the
        start is on a device.
    random_state : int, RandomState instance or None, default=None
        Decides where k-means starts, and which rows are started from.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Subspace of each training row.
    components_ : list of ndarray of shape (d, n_features)
        Orthonormal rows that span each subspace, those of the largest variance first.
    means_ : ndarray of shape (n_clusters, n_features)
        Centres, zero unless `affine_`.
    explained_variance_ : list of ndarray of shape (d,)
        Variances along the components.
    noise_variance_ : ndarray of shape (n_clusters,)
        Variance in every other direction.
    weights_ : ndarray of shape (n_clusters,)
        Shares of the rows.
    dimensions_ : ndarray of shape (n_clusters,), int64
        Dimensions of the subspaces.
    affine_ : bool
        Whether subspaces have centres.
    objective_ : float
        Mean log-likelihood of a row, or with ``refine="subspaces"`` its mean squared
        distance from the nearest subspace.
    n_iter_ : int
        Iterations of the refinement.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    SDPClustering : Clusters around centres, with a bound.
    sklearn.mixture.GaussianMixture : Of full covariances, with many rows.

    Notes
    -----
    Columns are not centred: subspaces go through zero. A row of zeros belongs to all of
    them, and gets the label that is most likely there. Coordinates of `transform` jump
    where the label does.

    References
    ----------
    .. [1] You, Li, Robinson and Vidal, "Oracle based active set algorithm for scalable
       elastic net subspace clustering", CVPR 2016.
    .. [2] Tipping and Bishop, "Mixtures of probabilistic principal component
       analysers", Neural Computation 11, 1999.
    .. [3] Heckel and Bölcskei, "Robust subspace clustering via thresholding", IEEE
       Transactions on Information Theory 61, 2015.

    Examples
    --------
    >>> from sklearn.metrics import adjusted_rand_score
    >>> from skgeom import SubspaceClustering
    >>> from skgeom.datasets import make_subspaces
    >>> X, y = make_subspaces(90, n_clusters=3, n_features=9, random_state=0)
    >>> model = SubspaceClustering(3, random_state=0).fit(X)
    >>> model.dimensions_, bool(adjusted_rand_score(y, model.labels_) > 0.9)
    (array([3, 3, 3]), True)
    """

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "affine": ["boolean", StrOptions({"auto"})],
        "init": [
            StrOptions({"elastic_net", "neighbors", "kmeans", "random"}),
            "array-like",
        ],
        "refine": [StrOptions({"mixture", "subspaces"}), None],
        "l1_ratio": [Interval(Real, 0, 1, closed="right")],
        "max_samples": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        n_components: int | None = None,
        *,
        affine: bool | str = "auto",
        init: str | ArrayLike = "elastic_net",
        refine: str | None = "mixture",
        l1_ratio: float = 0.9,
        n_neighbors: int = 8,
        max_samples: int = 5000,
        n_init: int = 1,
        max_iter: int = 200,
        tol: float = 1e-5,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_clusters = n_clusters
        self.n_components = n_components
        self.affine = affine
        self.init = init
        self.refine = refine
        self.l1_ratio = l1_ratio
        self.n_neighbors = n_neighbors
        self.max_samples = max_samples
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the subspaces.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : SubspaceClustering
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, there are
            fewer rows than `n_clusters`, X is not a table of finite numbers, or `init`
            holds other labels than those of `n_clusters` for the rows.

        Warns
        -----
        ConvergenceWarning
            If the refinement still went on after `max_iter` iterations.
        """
        backend = self._backend_for(X, reset=True)
        rows = as_numpy(self._validated(X, reset=True)).astype(np.float64)
        if len(rows) < self.n_clusters:
            raise ValueError(
                f"n_samples={len(rows)} must be at least n_clusters={self.n_clusters}."
            )
        size = float(np.abs(rows).max(initial=0.0))
        # Squares of numbers must be numbers.
        self._unit = size if size > 0 and not 1e-100 < size < 1e100 else 1.0
        rows = rows / self._unit
        rng = check_random_state(self.random_state)
        kinds = (False, True) if self.affine == "auto" else (bool(self.affine),)
        fits = [self._best(rows, affine, rng, backend) for affine in kinds]
        _, self.affine_, best = max(fits, key=lambda fit: fit[0])
        self._keep(best, X)
        if self.refine and not best.converged:
            warn(
                f"SubspaceClustering: labels still changed after {self.n_iter_} "
                "iterations; raise max_iter, or tol.",
                ConvergenceWarning,
            )
        return self

    def predict(self, X: MatrixLike) -> Array:
        """Tell the subspace of rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows,), int64
            The most likely one, or with ``refine="subspaces"`` the nearest.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        return self._output_labels(self._nearest(self._read(X)), like=X)

    def score_samples(self, X: MatrixLike) -> Array:
        """Log density of rows in the mixture of subspaces with noise.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows,)
            Log densities.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        rows = self._read(X)
        logs = logsumexp(log_densities(rows, self._flats), axis=1)
        return self._output(logs - rows.shape[1] * np.log(self._unit), like=X)

    def transform(self, X: MatrixLike) -> Array:
        """Coordinates of rows in their own subspaces.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_coordinates)
            As many columns as subspaces have dimensions, all together; those of other
            subspaces are zero.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        rows = self._read(X)
        labels = self._nearest(rows)
        found = np.zeros((len(rows), self._n_features_out))
        for k, columns in enumerate(self._columns()):
            own = labels == k
            mean, U = self._flats.means[k], self._flats.bases[k]
            found[own, columns] = (rows[own] - mean) @ U
        return self._output(found * self._unit, like=X)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Lead coordinates back to rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_coordinates)
            Coordinates, as `transform` gives them. The subspace of a row is that with
            the largest of them.

        Returns
        -------
        array of shape (n_rows, n_features)
            Points of the subspaces.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        check_is_fitted(self)
        found = check_array(as_numpy(X), dtype=[np.float64, np.float32])
        if found.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {found.shape[1]} columns, but subspaces have "
                f"{self._n_features_out} coordinates."
            )
        sizes = np.zeros((len(found), len(self.means_)))
        parts = list(self._columns())
        for k, columns in enumerate(parts):
            sizes[:, k] = np.abs(found[:, columns]).max(axis=1, initial=0.0)
        labels = sizes.argmax(axis=1)
        out = np.zeros((len(found), self.n_features_in_))
        for k, columns in enumerate(parts):
            own = labels == k
            along = found[own, columns] / self._unit
            out[own] = self._flats.means[k] + along @ self._flats.bases[k].T
        return self._output(out * self._unit, like=X)

    def _best(self, rows, affine, rng, backend):
        """The best fit of several starts, after its information criterion."""
        best = None
        for _ in range(self.n_init):
            labels, start = self._start(rows, affine, rng, backend)
            found = self._refined(rows, labels, start, affine)
            value = found.objective * (-1 if self.refine == "subspaces" else 1)
            if best is None or value > best[0]:
                best = value, found
        return information(rows, best[1].flats, affine), affine, best[1]

    def _start(self, rows, affine, rng, backend):
        """Labels to start from, and the rows that they are of; None is all."""
        n, K = len(rows), self.n_clusters
        if not isinstance(self.init, str):
            labels = check_array(self.init, ensure_2d=False, dtype=np.int64)
            if labels.shape != (n,) or not ((labels >= 0) & (labels < K)).all():
                raise ValueError(
                    f"init must hold a label from 0 to {K - 1} for each of the {n} "
                    "rows."
                )
            return labels, None
        if self.init == "random":
            return rng.randint(K, size=n), None
        if K == 1 or n < 3 or n == K:
            return np.arange(n) % K, None
        if self.init == "kmeans":
            N = _lines(rows, affine)
            k = min(K, len(np.unique(N.round(12), axis=0)))
            return KMeans(k, n_init=5, random_state=rng).fit_predict(N), None
        start = None
        # Rows of zeros have no links, and would be clusters of their own.
        says = np.flatnonzero(rows.any(axis=1) | affine)
        if len(says) > max(self.max_samples, K):
            start = rng.permutation(says)[: max(self.max_samples, K)]
        elif K < len(says) < n and len(says) > 2:
            start = says
        N = _lines(rows if start is None else rows[start], affine)
        if self.init == "neighbors":
            links = cosine_links(N, self.n_neighbors, backend)
        else:
            links = elastic_net_links(N, self.l1_ratio, None, backend)
        return spectral_labels(links, K, rng, backend), start

    def _refined(self, rows, labels, start, affine):
        dims = None
        if self.n_components is not None:
            dims = np.full(self.n_clusters, self.n_components, dtype=np.int64)
        return refine_flats(
            rows,
            labels,
            self.n_clusters,
            dims,
            affine=affine,
            soft=self.refine != "subspaces",
            max_iter=0 if self.refine is None else self.max_iter,
            tol=self.tol,
            start=start,
        )

    def _keep(self, found, X):
        """Public attributes, in the units of X."""
        flats, unit = found.flats, self._unit
        self._flats = flats
        self.labels_ = found.labels
        self.components_ = [self._kept(U.T, like=X) for U in flats.bases]
        self.dimensions_ = np.array([len(v) for v in flats.variances], dtype=np.int64)
        self.weights_ = self._kept(flats.weights, like=X)
        self.means_ = self._kept(flats.means * unit, like=X)
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore", under="ignore"):
            variances = [np.minimum(v * unit * unit, largest) for v in flats.variances]
            noise = np.minimum(flats.noise * unit * unit, largest)
            distance = min(found.objective * unit * unit, largest)
        self.explained_variance_ = [self._kept(v, like=X) for v in variances]
        self.noise_variance_ = self._kept(noise, like=X)
        shift = flats.means.shape[1] * np.log(unit)
        nearest = self.refine == "subspaces"
        self.objective_ = float(distance if nearest else found.objective - shift)
        self.n_iter_ = found.n_iter

    def _read(self, X):
        rows = as_numpy(self._validated(X, reset=False)).astype(np.float64)
        return rows / self._unit

    def _nearest(self, rows):
        if self.refine == "subspaces":
            return left_over(rows, self._flats).argmin(axis=1).astype(np.int64)
        return log_densities(rows, self._flats).argmax(axis=1).astype(np.int64)

    def _columns(self):
        """Columns of the coordinates of each subspace."""
        ends = np.cumsum(self.dimensions_)
        for d, end in zip(self.dimensions_, ends, strict=True):
            yield slice(int(end - d), int(end))

    @property
    def _n_features_out(self):
        return int(self.dimensions_.sum())

    def __sklearn_tags__(self):
        """Single precision is kept."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _lines(rows, affine):
    """Rows of length one; affine subspaces are linear ones of one column more."""
    if affine:
        centred = rows - rows.mean(axis=0)
        spread = np.sqrt((centred**2).sum(axis=1).mean())
        rows = np.column_stack([centred, np.full(len(rows), spread)])
    return unit_rows(rows)
