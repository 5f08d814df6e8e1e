"""Latent classes, from domains that hold different shares of them.

After Roberts, Mani, Garg and Lipton, "Unsupervised learning under latent label shift",
NeurIPS 2022.
"""

import warnings
from numbers import Integral
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
)

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.graph import nearest_neighbors
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike

# Rounds of the fit of memberships, a concave one: more of them change few labels, and
# only where domains are nearly alike.
_ROUNDS = 60
_TINY = 1e-12
# Neighbours that are counted, unless told.
_FEWEST, _MOST = 10, 50


def neighbor_shares(codes: NDArray, indices: NDArray, n_domains: int) -> NDArray:
    """Shares of domains among the neighbours of rows.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), int
        Domain of each row, from 0 to n_domains - 1.
    indices : ndarray of shape (n_rows, n_neighbors), int
        Neighbours.
    n_domains : int
        Number of domains.

    Returns
    -------
    ndarray of shape (n_rows, n_domains)
        Rows add up to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._latent_label_shift import neighbor_shares
    >>> neighbor_shares(np.array([0, 1, 1]), np.array([[1, 2], [0, 1]]), 2)
    array([[0. , 1. ],
           [0.5, 0.5]])
    """
    shares = np.zeros((len(indices), n_domains))
    rows = np.arange(len(indices))
    for column in indices.T:
        shares[rows, codes[column]] += 1.0
    return shares / indices.shape[1]


def memberships(shares: NDArray, corners: NDArray) -> NDArray:
    r"""Write shares as a mixture of corners, by the largest likelihood.

    Maximises :math:`\sum_d P_d \log \sum_y Q_y G_{yd}` over probabilities Q, for each
    row P, by sixty rounds of
    expectation and maximisation from even ones.

    Parameters
    ----------
    shares : ndarray of shape (n_rows, n_domains)
        Probabilities P of the domains, for each row.
    corners : ndarray of shape (n_classes, n_domains)
        Probabilities G of the domains, for each class.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        Rows add up to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._latent_label_shift import memberships
    >>> corners = np.array([[0.8, 0.2], [0.2, 0.8]])
    >>> memberships(np.array([[0.5, 0.5], [0.65, 0.35]]), corners).round(2)
    array([[0.5 , 0.5 ],
           [0.75, 0.25]])
    """
    corners = np.maximum(corners, _TINY)
    found = np.full((len(shares), len(corners)), 1.0 / len(corners))
    for _ in range(_ROUNDS):
        found *= (shares / np.maximum(found @ corners, _TINY)) @ corners.T
        found /= found.sum(axis=1, keepdims=True)
    return found


class LatentLabelShift(GeometryEstimator):
    r"""Find classes that nobody labelled, by how often domains have them.

    Hospitals, shops or seasons see the same kinds of rows in different shares. Where
    rows of a class look the same in all domains d,

    .. math::
        p(d \mid x) = \sum_y p(d \mid y) \, p(y \mid x) ,

    so that rows with the same mixture of domains around them are of one class, however
    unlike they are [1]_. Domains of a row are told from its neighbours or by a
    classifier, averaged over the nearest rows, and clustered.

    Read more in the :ref:`User Guide <latent_label_shift>`.

    Parameters
    ----------
    n_classes : int, default=2
        Number of classes, at most that of the rows. At least as many domains are
        needed to tell them apart.
    discriminator : object, default=None
        A classifier with `predict_proba`, which learns the domain of a row from others.
        None is the shares of domains among the nearest other rows.
    n_neighbors : int or "auto", default="auto"
        Rows whose domains are counted, with ``discriminator=None``; more than there are
        others means all. "auto" is a quarter of the mean number of rows of a class,
        from 10 to 50.
    n_smooth : int, default=10
        Nearest rows, itself among them, over which the probabilities of a row are
        averaged; 1 leaves them as they are, more than there are means all.
    cv : int, default=3
        Folds, so that `discriminator` tells of rows that it has not seen.
    n_init : int, default=10
        Starts of k-means, of which the best is kept.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Neighbours
        are searched there; all else is small, and done on the host.
    random_state : int, RandomState instance or None, default=None
        Decides where k-means starts, and the folds.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Class of each training row.
    domains_ : ndarray of shape (n_domains,)
        The domains.
    class_priors_ : ndarray of shape (n_domains, n_classes)
        Probabilities of the classes in each domain.
    domain_shares_ : ndarray of shape (n_classes, n_domains)
        Probabilities of the domains for a row of each class.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    SubspaceClustering : Classes that are subspaces, without domains.
    sklearn.mixture.GaussianMixture : As good where classes are clouds.

    Notes
    -----
    Of one domain there is nothing to learn: classes are those of k-means on X, with a
    warning, and probabilities are 0 or 1. Probabilities of new rows are those of the
    training rows that are nearest to them, and jump where these change. Memory grows
    with the rows times the domains.

    References
    ----------
    .. [1] Roberts, Mani, Garg and Lipton, "Unsupervised learning under latent label
       shift", NeurIPS 2022.

    Examples
    --------
    Each class is two clouds, which are no nearer to each other than to others:

    >>> from sklearn.metrics import adjusted_rand_score
    >>> from skgeom import LatentLabelShift
    >>> from skgeom.datasets import make_label_shift
    >>> X, domains, y = make_label_shift(800, random_state=0)
    >>> model = LatentLabelShift(n_classes=4, random_state=0).fit(X, domains)
    >>> bool(adjusted_rand_score(y, model.labels_) > 0.9)
    True
    """

    _parameter_constraints = {
        "n_classes": [Interval(Integral, 1, None, closed="left")],
        "discriminator": [HasMethods(["fit", "predict_proba"]), None],
        "n_neighbors": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "n_smooth": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        n_classes: int = 2,
        *,
        discriminator: BaseEstimator | None = None,
        n_neighbors: int | str = "auto",
        n_smooth: int = 10,
        cv: int = 3,
        n_init: int = 10,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_classes = n_classes
        self.discriminator = discriminator
        self.n_neighbors = n_neighbors
        self.n_smooth = n_smooth
        self.cv = cv
        self.n_init = n_init
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Find the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Domains of the rows: numbers or text.

        Returns
        -------
        self : LatentLabelShift
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, there are
            fewer rows than `n_classes`, X is not a table of finite numbers, y does not
            name a domain for each row, or a domain has fewer rows than `cv` and there
            is a `discriminator`.

        Warns
        -----
        UserWarning
            If there are fewer domains than classes, or fewer groups are found.
        """
        backend = self._backend_for(X, reset=True)
        rows = as_numpy(self._validated(X, reset=True))
        if len(rows) < self.n_classes:
            raise ValueError(
                f"n_samples={len(rows)} must be at least n_classes={self.n_classes}."
            )
        self.domains_, codes = _read_domains(y, rows)
        size = float(np.abs(rows).max(initial=0.0))
        self._unit = float(np.ldexp(1.0, np.frexp(size)[1] - 1)) if size > 0 else 1.0
        self._rows = rows / rows.dtype.type(self._unit)
        rng = check_random_state(self.random_state)
        self._warn_of_few_domains()
        self._shares = self._told(codes, rng, backend)
        points = self._points(self._rows, backend)
        self._centres = self._centres_of(points, rng)
        found = self._memberships(points)
        self.labels_ = found.argmax(axis=1).astype(np.int64)
        self._keep(found, codes, X)
        return self

    def fit_predict(self, X: MatrixLike, y: ArrayLike) -> Array:
        """Find the classes, and tell those of the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Domains of the rows.

        Returns
        -------
        array of shape (n_samples,), int64
            Their classes, `labels_`.

        Raises
        ------
        ValueError
            As of `fit`.
        """
        return self._output_labels(self.fit(X, y).labels_, like=X)

    def predict(self, X: MatrixLike, domains: ArrayLike | None = None) -> Array:
        """Tell the class of rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.
        domains : array-like of shape (n_rows,), default=None
            As of `predict_proba`.

        Returns
        -------
        array of shape (n_rows,), int64
            The most likely one.

        Raises
        ------
        ValueError
            As of `predict_proba`.
        """
        found = self._probabilities(X, domains).argmax(axis=1).astype(np.int64)
        return self._output_labels(found, like=X)

    def predict_proba(self, X: MatrixLike, domains: ArrayLike | None = None) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.
        domains : array-like of shape (n_rows,), default=None
            Domains that the rows come from, of those in `fit`: probabilities are then
            corrected for the shares of classes there. None is the training rows' mix.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows add up to one.

        Raises
        ------
        ValueError
            If the estimator is not fitted, X has other columns than in `fit`, or a
            domain is unknown.
        """
        return self._output(self._probabilities(X, domains), like=X)

    def _told(self, codes, rng, backend):
        """Probabilities of the domains, by rows other than the row itself."""
        n, D = len(codes), len(self.domains_)
        if D == 1 or n == 1:
            return np.ones((n, D))
        if self.discriminator is None:
            k = self.n_neighbors
            if k == "auto":
                k = min(max(n // (4 * self.n_classes), _FEWEST), _MOST)
            k = min(k, n - 1)
            near = nearest_neighbors(self._rows, n_neighbors=k, backend=backend)[1]
            return neighbor_shares(codes, near, D)
        counts = np.bincount(codes)
        if counts.min() < self.cv:
            raise ValueError(
                f"cv={self.cv} folds need as many rows of each domain; domain "
                f"{self.domains_[counts.argmin()]!s} has {counts.min()}."
            )
        folds = StratifiedKFold(self.cv, shuffle=True, random_state=rng)
        rows = self._rows * self._rows.dtype.type(self._unit)
        model = clone(self.discriminator)
        return cross_val_predict(model, rows, codes, cv=folds, method="predict_proba")

    def _points(self, rows, backend):
        """What is clustered: smoothed probabilities, or of one domain the rows."""
        if len(self.domains_) == 1:
            return rows.astype(np.float64)
        k = min(self.n_smooth, len(self._rows))
        near = nearest_neighbors(self._rows, rows, n_neighbors=k, backend=backend)[1]
        found = np.zeros((len(rows), self._shares.shape[1]))
        for column in near.T:
            found += self._shares[column]
        return found / k

    def _centres_of(self, points, rng):
        model = KMeans(self.n_classes, n_init=self.n_init, random_state=rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(points)
        n_found = len(np.unique(model.labels_))
        if n_found < self.n_classes:
            warn(
                f"LatentLabelShift: only {n_found} groups of rows differ, fewer than "
                f"n_classes={self.n_classes}; the other classes are empty.",
            )
        return model.cluster_centers_

    def _memberships(self, points):
        if len(self.domains_) > 1:
            return memberships(points, self._centres)
        differences = points[:, None, :] - self._centres
        nearest = (differences**2).sum(axis=2).argmin(axis=1)
        return np.eye(len(self._centres))[nearest]

    def _probabilities(self, X, domains):
        check_is_fitted(self)
        rows = as_numpy(self._validated(X, reset=False))
        rows = (rows / rows.dtype.type(self._unit)).astype(self._rows.dtype)
        found = self._memberships(self._points(rows, self._backend_for(X)))
        if domains is None:
            return found
        given = column_or_1d(as_numpy(domains))
        check_consistent_length(rows, given)
        unknown = ~np.isin(given, self.domains_)
        if unknown.any():
            raise ValueError(
                f"domains holds {given[unknown][0]!s}, which fit has not seen."
            )
        codes = np.searchsorted(self.domains_, given)
        found *= self._priors[codes] / np.maximum(self._mix, _TINY)
        sums = found.sum(axis=1, keepdims=True)
        # No class that the row can be of is in its domain: that of the domain counts.
        return np.where(
            sums > 0, found / np.where(sums > 0, sums, 1), self._priors[codes]
        )

    def _keep(self, found, codes, X):
        """Shares of classes in domains, and of domains in classes."""
        counts = np.zeros((len(self.domains_), found.shape[1]))
        np.add.at(counts, codes, found)
        self._priors = counts / counts.sum(axis=1, keepdims=True)
        self._mix = found.mean(axis=0)
        corners = self._centres
        if len(self.domains_) == 1:
            corners = np.ones((found.shape[1], 1))
        self.class_priors_ = self._kept(self._priors, like=X)
        self.domain_shares_ = self._kept(corners, like=X)

    def _warn_of_few_domains(self):
        D = len(self.domains_)
        if D == 1:
            warn(
                "LatentLabelShift: y holds one domain, which tells nothing of classes; "
                "they are those of k-means on X.",
            )
        elif D < self.n_classes:
            warn(
                f"LatentLabelShift: {D} domains cannot tell "
                f"n_classes={self.n_classes} classes apart for sure; give as many "
                "domains, or lower n_classes.",
            )

    def __sklearn_tags__(self):
        """Domains are needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _read_domains(y, rows):
    """Distinct domains, sorted, and that of each row as a number from zero."""
    if y is None:
        raise ValueError(
            "LatentLabelShift requires y to be passed, but the target y is None."
        )
    y = column_or_1d(as_numpy(y), warn=True)
    check_consistent_length(rows, y)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    try:
        return np.unique(y, return_inverse=True)
    except TypeError:
        raise ValueError(
            "y must hold domains of one kind, numbers or text, without gaps."
        ) from None
