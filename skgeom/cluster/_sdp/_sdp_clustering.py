"""K-means by semidefinite programming (Peng and Wei 2007; Zhuang et al. 2023, 2024)."""

from numbers import Integral, Real
from typing import Self

import numpy as np
import scipy.sparse as sp
from scipy.special import softmax
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.base import GeometryEstimator
from skgeom.cluster._sdp._certificate import certify
from skgeom.cluster._sdp._likely import most_likely_mixture
from skgeom.cluster._sdp._search import (
    MAX_ROWS,
    Relaxed,
    kmeans_labels,
    numbered_by_row,
    solve,
)
from skgeom.cluster._sdp._space import (
    AffinityMeans,
    FeatureMeans,
    Scale,
    check_feasible,
    diagonal_of,
    inertia_of,
    points_of,
)
from skgeom.typing import Array, MatrixLike, RandomStateLike


class SDPClustering(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, GeometryEstimator
):
    r"""Cluster by the semidefinite relaxation of k-means, and bound the error.

    K-means asks for the partition whose matrix Z (1/m within a cluster of m points)
    has the largest :math:`\langle XX', Z \rangle`. Of partitions there are too many;
    the relaxation [1]_ asks for

    .. math::
        \max_Z \langle XX', Z \rangle, \quad Z \succeq 0,\ Z \ge 0,\ Z1 = 1,\
        \operatorname{tr} Z = K,

    which has no local optima, and whose value no partition exceeds. Labels come from a
    search over several starts, rounded solutions of the relaxation [2]_ among them; the
    dual problem says how much better than they any labels could be.

    Read more in the :ref:`User Guide <sdp_clustering>`.

    Parameters
    ----------
    n_clusters : int, default=8
        K, at most the number of rows.
    covariance_type : {"spherical", "diag", "tied", "full"}, default=None
        Shape of clusters. None is k-means; the others look for the most likely mixture
        of Gaussians of such covariances. With "spherical", and few rows a cluster
        beside p, each row is left out of all centres. They need ``affinity="linear"``.
    solver : {"auto", "admm", "low_rank", "sketch"}, default="auto"
        "admm" solves the whole relaxation, with n x n arrays, for up to about 1,000
        rows; "low_rank" its non-negative low-rank form; "sketch" that of a sample of
        rows. "auto" is "low_rank" for up to 50,000 rows, else "sketch"; with a
        `covariance_type` it is nothing, and others try the likelihood-adjusted
        relaxation [3]_ as well, which is slow and rarely changes anything.
    affinity : {"linear", "rbf", "precomputed"}, default="linear"
        What stands for XX': inner products of points, a Gaussian kernel of them, or X
        itself, symmetric, of shape (n_samples, n_samples). The last two make n x n
        arrays. An indefinite X gets a larger diagonal, which changes no order of
        partitions, and a warning.
    gamma : float, default=None
        Of the Gaussian kernel, one over twice its variance; None is 1 / n_features.
    diagonal_correction : {"hollow", "pecok"}, default=None
        What is taken off the diagonal of XX', which with few samples in many
        dimensions is mostly noise, and favours clusters of high variance: all of it,
        or an estimate of the noise of each point in O(n_samples^3) time [4]_. The
        labels are then best for the corrected objective, not for the inertia.
    n_init : int, default=1
        Starts of the relaxation: the best labels of the search, and random factors.
    certificate : {"fast", "sdp"} or None, default="fast"
        How the bound is found: from the labels in closed form, at any size, in up to
        five dimensions by prices of points, to a few percent; or, where that is not
        tight, by solving the relaxation, for up to about 1,000 rows. None: not at all.
    early_stopping : bool, default=True
        Whether the low-rank solver stops as soon as its labels are the same after two
        updates of the multipliers, rather than at `tol` only, or does not start if a
        bound shows that no labels are better.
    max_iter : int, default=2000
        Most gradients, or iterations, of the relaxation.
    tol : float, default=1e-3
        Residual, relative, at which the relaxation is solved.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. That is
        the low-rank relaxation; the search and the certificate run on the host.
    random_state : int, RandomState instance or None, default=None
        Draws the starts.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Clusters from 0, in the order of their first rows.
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Means of clusters; only for ``affinity="linear"``.
    weights_ : ndarray of shape (n_clusters,)
        Only with a `covariance_type`: shares of the Gaussians.
    means_ : ndarray of shape (n_clusters, n_features)
        Only with a `covariance_type`: their centres.
    covariances_ : ndarray
        Only with a `covariance_type`: of shape (n_clusters,) for "spherical",
        (n_clusters, n_features) for "diag", (n_features, n_features) for "tied",
        (n_clusters, n_features, n_features) for "full".
    log_likelihood_ : float
        Only with a `covariance_type`: mean log-density of a row of X, as
        `score` of `sklearn.mixture.GaussianMixture`.
    membership_ : ndarray of shape (n_samples, n_clusters)
        How much of each row of the relaxation's solution lies in each cluster; rows
        sum to one. It is one for the labels where the relaxation knows no doubt (and
        for all rows of a sketch). With a `covariance_type` the probability of each
        cluster; if rows are left out, given all others (0 or 1 if that loses one).
    inertia_ : float
        Sum of squared distances to the means of clusters.
    objective_ : float
        Sum of squares between clusters: the total less `inertia_`.
    upper_bound_ : float
        No partition into `n_clusters` has a larger `objective_`.
    optimality_gap_ : float
        ``(upper_bound_ - objective_) / inertia_``: the share of the inertia that a
        better partition could save at most.
    certified_ : bool
        Whether the gap is zero up to 1e-6: these labels are a global optimum.
    n_iter_ : int
        Gradients, or iterations, of the last relaxation, at least 1.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.cluster.KMeans : As good in few dimensions with few clusters; no bound.
    sklearn.mixture.GaussianMixture : Soft assignments by expectation-maximisation.

    Notes
    -----
    With the defaults `inertia_` is never above that of
    ``KMeans(n_clusters, n_init=10)`` of the same `random_state`, whose labels are one
    start. Which labels a bound belongs to does not matter: with a `covariance_type` or
    a `diagonal_correction`, which do not aim at the least inertia, the gap says how
    much inertia they give away, at most; prices are left out with the first.

    With a `covariance_type` ``GaussianMixture(n_clusters, n_init=10)`` of the same
    `random_state` is one start, and `log_likelihood_` is not below its score, unless it
    loses a cluster, or small clusters need the help of the others, as the densities of
    rows that are left out say: then covariances are drawn to a common one.

    `predict` agrees with `labels_` on training rows, but for a `diagonal_correction`,
    which does not ask for the nearest mean, for rows that were left out, and for a
    search that was cut short.

    The scale of X, a power of two, is taken out first: labels, memberships and the gap
    are the same in any unit, for entries from about 1e-150 to 1e150. Beyond, sums of
    squares are no numbers, which is an error. (For float32 far from 1, `covariances_`
    are float64.) Sparse X is made dense: points are centred, and affinities need n x n
    arrays anyway.

    If X has fewer distinct rows than `n_clusters`, fewer clusters are returned, with a
    warning.

    References
    ----------
    .. [1] Peng and Wei, "Approximating k-means-type clustering via semidefinite
       programming", SIAM Journal on Optimization 18, 2007.
    .. [2] Zhuang, Chen, Yang and Zhang, "Statistically optimal K-means clustering via
       nonnegative low-rank semidefinite programming", ICLR 2024.
    .. [3] Zhuang, Chen and Yang, "Likelihood adjusted semidefinite programs for
       clustering heterogeneous data", ICML 2023.
    .. [4] Bunea, Giraud, Luo, Royer and Verzelen, "Model assisted variable clustering:
       minimax-optimal recovery and algorithms", Annals of Statistics 48, 2020.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from skgeom import SDPClustering
    >>> X, y = make_blobs(300, centers=3, cluster_std=0.5, random_state=2)
    >>> model = SDPClustering(n_clusters=3, random_state=0).fit(X)
    >>> model.certified_
    True
    """

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions({"spherical", "diag", "tied", "full"}), None],
        "solver": [StrOptions({"auto", "admm", "low_rank", "sketch"})],
        "affinity": [StrOptions({"linear", "rbf", "precomputed"})],
        "diagonal_correction": [StrOptions({"hollow", "pecok"}), None],
        "certificate": [StrOptions({"fast", "sdp"}), None],
        "early_stopping": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        covariance_type: str | None = None,
        solver: str = "auto",
        affinity: str = "linear",
        gamma: float | None = None,
        diagonal_correction: str | None = None,
        n_init: int = 1,
        certificate: str | None = "fast",
        early_stopping: bool = True,
        max_iter: int = 2000,
        tol: float = 1e-3,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_clusters = n_clusters
        self.covariance_type = covariance_type
        self.solver = solver
        self.affinity = affinity
        self.gamma = gamma
        self.diagonal_correction = diagonal_correction
        self.n_init = n_init
        self.certificate = certificate
        self.early_stopping = early_stopping
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find clusters, and bound how far they are from the best ones.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points, or affinities of shape (n_samples, n_samples).
        y : None
            Ignored.

        Returns
        -------
        self : SDPClustering
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, `device` or X is not valid, or X has too few rows.
        """
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        X = self._validated(X, reset=True)
        check_feasible(self, X)
        self._scale = scale = Scale.of(X, self.affinity)
        X = X / scale.unit
        points = points_of(X, self.affinity, self._gamma(), scale)
        # First of all draws, so that it is what k-means itself would find.
        start = kmeans_labels(
            X if self.affinity == "linear" else points, self.n_clusters, rng
        )
        found, fit = self._solve(points, start, backend, rng), None
        if self.covariance_type is not None:
            found, fit = self._adjust(X, points, [start, found.labels], backend, rng)
        self._describe(X, found, fit)
        self._certify(points, found)
        return self

    def predict(self, X: MatrixLike) -> Array:
        """Assign rows to the nearest mean, or with covariances the likeliest cluster.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Points, or affinities to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows,), int64
            Labels.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        if self.covariance_type is not None:
            scores = self._mixture.log_densities(self._scale.reduced(rows)[0])
        else:
            scores = self._means.nearness(rows)
        return self._output_labels(scores.argmax(axis=1), like=X)

    @available_if(lambda self: self.covariance_type is not None)
    def predict_proba(self, X):
        """Compute the probability of each cluster for new rows.

        Training rows are in the fitted Gaussians themselves, which makes them surer
        than they should be: take `membership_` of "spherical" for them.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_clusters)
            Rows sum to one.
        """
        check_is_fitted(self)
        rows, _ = self._scale.reduced(self._validated(X, reset=False))
        densities = self._mixture.log_densities(rows)
        return self._output(softmax(densities, axis=1), like=X)

    def fit_predict(self, X: MatrixLike, y: None = None) -> Array:
        """Fit and return the labels of the training rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        y : None
            Ignored.

        Returns
        -------
        array of shape (n_samples,), int64
            `labels_`, in the namespace and on the device of X.
        """
        return self._output_labels(self.fit(X).labels_, like=X)

    def transform(self, X: MatrixLike) -> Array:
        """Compute the distance of rows to the mean of each cluster.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Points, or affinities to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows, n_clusters)
            Distances, in the space of the kernel for the other affinities. A row of
            precomputed affinities tells squared distances but for a constant: the
            smallest is then taken as zero.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        return self._output(self._means.distances(rows), like=X)

    @available_if(lambda self: self.affinity != "precomputed")
    def score(self, X, y=None, sample_weight=None):
        """Compute the negative inertia of rows, as `sklearn.cluster.KMeans` does.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Points.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, >= 0; None is ones.

        Returns
        -------
        float
            Minus the sum of squared distances to the nearest mean.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        return -inertia_of(self._means, rows, sample_weight)

    def _validated(self, X, *, reset):
        # What is centred has no zeros: sparse rows become dense ones.
        X = super()._validated(X, reset=reset, accept_sparse="csr")
        return X.toarray() if sp.issparse(X) else X

    def _gamma(self):
        """Of the Gaussian kernel, for rows in units; None for other affinities."""
        if self.affinity != "rbf":
            return None
        gamma = 1 / self.n_features_in_ if self.gamma is None else self.gamma
        # Above this only equal rows are alike, whatever their distance in units.
        return min(float(gamma) * self._scale.unit * self._scale.unit, 1e300)

    def _solve(self, points, start, backend, rng):
        low_rank = dict(n_init=self.n_init, stable=self.early_stopping, backend=backend)
        found = solve(
            points,
            start,
            self.n_clusters,
            diagonal_of(points, self.diagonal_correction),
            rng,
            solver=self.solver,
            relaxes=self.covariance_type is None or self.solver != "auto",
            low_rank=low_rank,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        if not found.converged:
            warn(
                f"The relaxation stopped at max_iter={self.max_iter} with a residual "
                f"of {found.residual:.1e}, wanted is tol={self.tol:.1e}. Labels and "
                "their bound hold all the same.",
                ConvergenceWarning,
            )
        return found

    def _adjust(self, X, points, starts, backend, rng):
        """The most likely mixture of Gaussians, from these starts and others."""
        fit, n_iter = most_likely_mixture(
            X,
            points,
            starts,
            self.n_clusters,
            self.covariance_type,
            rng,
            self.random_state,
            hollow=self.diagonal_correction is None,
            n_init=self.n_init,
            backend=None if self.solver == "auto" or len(X) > MAX_ROWS else backend,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        return Relaxed(fit.labels, fit.shares, np.nan, n_iter, True), fit

    def _describe(self, X, found, fit):
        """Fitted attributes that follow from labels and memberships."""
        kept, labels = numbered_by_row(found.labels)
        if len(kept) < self.n_clusters:
            warn(
                f"Number of distinct clusters ({len(kept)}) found smaller than "
                f"n_clusters ({self.n_clusters}). X may hold duplicate points.",
                ConvergenceWarning,
            )
        shares = found.membership[:, kept]
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        self.labels_, self.n_iter_ = labels, max(1, found.n_iter)
        self.membership_ = self._output(shares, like=X)
        self._n_features_out = len(kept)
        if self.affinity != "linear":
            self._means = AffinityMeans.of(X, labels, self._scale, self._gamma())
            return
        self._means = FeatureMeans.of(X, labels, self._scale)
        centers = self._means.centers * self._scale.unit
        self.cluster_centers_ = self._output(centers, like=X)
        if fit is not None:
            self._describe_mixture(X, fit, kept)

    def _describe_mixture(self, X, fit, kept):
        """Fitted attributes that follow from the mixture of the clusters kept."""
        unit = self._scale.unit
        self._mixture, spread = fit.of_clusters(kept)
        self.weights_ = self._output(np.exp(self._mixture.log_weights), like=X)
        self.means_ = self._output(self._mixture.means * unit, like=X)
        like = X if self._scale.has_short_squares else spread
        self.covariances_ = self._output(spread * self._scale.square, like=like)
        # Densities are per unit of each feature.
        per_unit = self.n_features_in_ * np.log(unit)
        self.log_likelihood_ = float(fit.likelihood / len(X) - per_unit)

    def _certify(self, points, found):
        """Bound the objective of all partitions, and so how far these labels are."""
        known = found.bound if self.diagonal_correction is None else np.inf
        certificate = certify(
            points,
            self.labels_,
            self.n_clusters,
            kind=self.certificate,
            known=known,
            tol=min(self.tol, 1e-4),
            max_iter=self.max_iter,
            # A mixture does not aim at what is bounded.
            covers=self.covariance_type is None,
        )
        square = self._scale.square
        self.objective_ = certificate.objective * square
        self.inertia_ = certificate.inertia * square
        if self.certificate is not None:
            self.upper_bound_ = certificate.bound * square
            self.optimality_gap_ = certificate.gap
            self.certified_ = certificate.certified

    def __sklearn_tags__(self):
        """Precomputed input is pairwise, all may be sparse; both floats are kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.affinity == "precomputed"
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
