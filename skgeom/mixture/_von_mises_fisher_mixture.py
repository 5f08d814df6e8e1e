"""Mixtures of von Mises-Fisher distributions (Banerjee et al., 2005)."""

import warnings
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import DensityMixin, _fit_context
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.base import GeometryEstimator
from skgeom.geometry import sphere
from skgeom.mixture._concentration import concentration_of
from skgeom.mixture._sphere_rows import SphereRowsMixin
from skgeom.typing import Array, MatrixLike, NDArray, RandomStateLike

# Steps between two looks at the likelihood, which a device has to wait for.
_STEPS_PER_LOOK = 8


class Components(NamedTuple):
    """Weights, means and concentrations, in arrays of one device."""

    log_weights: Any
    means: Any
    concentrations: Any

    def log_densities(self, xp, X):
        """Log of weight times density, shape (n_rows, n_components)."""
        peak = self.log_weights + sphere.log_peak(
            self.concentrations, self.means.shape[1]
        )
        return peak + self.concentrations * (X @ self.means.T - 1)


def _estimate(xp, X, shares, tied, least_spread):
    """The M-step: most likely components for shares of rows."""
    mass = xp.sum(shares, axis=0)
    total = shares.T @ X
    size = xp.sqrt(xp.sum(total * total, axis=1))
    inside = 10 * float(xp.finfo(X.dtype).eps)
    length = xp.sum(size) / xp.sum(mass) + 0 * size if tied else size / (mass + inside)
    length = xp.where(length < 1 - least_spread, length, 1 - least_spread + 0 * length)
    return Components(
        xp.log((mass + inside) / (X.shape[0] + inside * mass.shape[0])),
        sphere.project(total),
        concentration_of(xp, length, X.shape[1]),
    )


def _expect(xp, X, components):
    """The E-step: shares of rows, and the mean log-density."""
    logits = components.log_densities(xp, X)
    top = xp.max(logits, axis=1, keepdims=True)
    shares = xp.exp(logits - top)
    total = xp.sum(shares, axis=1, keepdims=True)
    return shares / total, xp.mean(top + xp.log(total))


def _climb(xp, X, shares, *, tied, least_spread, tol, max_iter):
    """Alternate both steps; return components, bounds and whether these settled."""
    bounds = []
    for step in range(1, max_iter + 1):
        components = _estimate(xp, X, shares, tied, least_spread)
        shares, bound = _expect(xp, X, components)
        bounds.append(bound)
        if shares.shape[1] == 1:  # no share can change
            return components, float(bound), step, True
        if step % _STEPS_PER_LOOK == 0 or step == max_iter:
            gain = float(bounds[-1] - bounds[-2]) if step > 1 else np.inf
            if gain < tol:
                return components, float(bound), step, True
    return components, float(bounds[-1]), max_iter, False


class VonMisesFisherMixture(SphereRowsMixin, DensityMixin, GeometryEstimator):
    r"""A mixture of round bumps on the unit sphere, of any dimension.

    A component has a mean direction m and a concentration k. Its density with respect
    to the area of the sphere of p coordinates is

    .. math::
        f(x) = \frac{k^\nu}{(2\pi)^{\nu + 1} I_\nu(k)}\, e^{k \langle m, x\rangle},
        \qquad \nu = p / 2 - 1,

    and weights, means and concentrations are found by expectation-maximisation [1]_.
    Logarithms of Bessel functions are exact at any order, so that thousands of
    dimensions are no obstacle. As a way to cluster it is level with a
    `~sklearn.mixture.GaussianMixture` of spherical covariances; its worth is a density
    that is one on the sphere.

    Read more in the :ref:`User Guide <sphere_densities>`.

    Parameters
    ----------
    n_components : int, default=1
        Number of components, at most that of rows.
    concentration : {"free", "tied"}, default="free"
        Whether each component has a concentration of its own.
    init_params : {"kmeans", "random_from_data"}, default="kmeans"
        First shares of rows: clusters of k-means on the sphere, or the nearest of
        randomly chosen rows.
    n_init : int, default=1
        Starts, of which the most likely end is kept.
    max_iter : int, default=100
        Most steps.
    tol : float, default=1e-3
        Gain of the mean log-density in a step below which steps end. It is looked at
        after every eight steps.
    reg : float, default=1e-6
        Least ``1 - R`` of a component, with R in [0, 1] the length of the mean of its
        rows. It bounds concentrations, by ``(p - 1) / (2 reg)``, where rows are equal.
    input_space : {"sphere", "lonlat"}, default="sphere"
        What rows are: coordinates that are divided by their norm, which any row
        can be (a row of zeros becomes the first axis); or longitude and latitude in
        degrees. Densities are of the area of the unit sphere in both cases.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. That is
        the steps; the start is found on the host.
    random_state : int, RandomState instance or None, default=None
        Draws the starts, and the rows of `sample`.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
        Shares of the components.
    means_ : ndarray of shape (n_components, n_coordinates)
        Unit vectors, of three coordinates for longitude and latitude.
    concentrations_ : ndarray of shape (n_components,)
        Concentrations >= 0.
    lower_bound_ : float
        Mean log-density of the training rows.
    converged_ : bool
        Whether the last gain was below `tol`.
    n_iter_ : int
        Steps of the start that was kept.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    SphereKernelDensity : No shape is assumed; better for many rows in few dimensions.
    sklearn.mixture.GaussianMixture : The same for rows with norms that matter.

    References
    ----------
    .. [1] Banerjee, Dhillon, Ghosh and Sra, "Clustering on the unit hypersphere using
       von Mises-Fisher distributions", Journal of Machine Learning Research 6, 2005.

    Examples
    --------
    >>> from skgeom import VonMisesFisherMixture
    >>> from skgeom.datasets import make_vmf_mixture
    >>> X, y = make_vmf_mixture(300, n_features=5, random_state=0)
    >>> model = VonMisesFisherMixture(3, random_state=0).fit(X)
    >>> model.means_.shape
    (3, 5)
    """

    _parameter_constraints = {
        "concentration": [StrOptions({"free", "tied"})],
        "init_params": [StrOptions({"kmeans", "random_from_data"})],
        "reg": [Interval(Real, 1e-12, 0.5, closed="both")],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        concentration: str = "free",
        init_params: str = "kmeans",
        n_init: int = 1,
        max_iter: int = 100,
        tol: float = 1e-3,
        reg: float = 1e-6,
        input_space: str = "sphere",
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.concentration = concentration
        self.init_params = init_params
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.reg = reg
        self.input_space = input_space
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the components.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, as `input_space` says.
        y : None
            Ignored.

        Returns
        -------
        self : VonMisesFisherMixture
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or `device` is not valid, X has fewer rows than components,
            or is not what `input_space` says.

        Warns
        -----
        ConvergenceWarning
            If the gain is above `tol` after `max_iter` steps.
        """
        backend = self._backend_for(X, reset=True)
        points = self._read_points(X, reset=True)
        if len(points) < self.n_components:
            raise ValueError(
                f"n_components={self.n_components} components need as many rows, but "
                f"n_samples = {len(points)}."
            )
        rng = check_random_state(self.random_state)
        limits = dict(tol=self.tol, max_iter=self.max_iter)
        limits |= dict(tied=self.concentration == "tied", least_spread=self.reg)
        there = backend.asarray(points, dtype=backend.float64)
        found = []
        for _ in range(1 if self.n_components == 1 else self.n_init):
            shares = backend.asarray(self._start(points, rng), dtype=backend.float64)
            found.append(_climb(backend.xp, there, shares, **limits))
        self._keep(X, max(found, key=lambda climbed: climbed[1]), backend)
        return self

    def _start(self, points, rng):
        """Shares of rows in their first components, zero or one."""
        n, k = len(points), self.n_components
        if k == 1:
            return np.ones((n, 1))
        if self.init_params == "random_from_data":
            chosen = points[rng.choice(n, k, replace=False)]
            labels = (points @ chosen.T).argmax(axis=1)
        else:
            with warnings.catch_warnings():
                # Fewer distinct rows than components leave some of these empty.
                warnings.simplefilter("ignore", ConvergenceWarning)
                labels = KMeans(k, n_init=1, random_state=rng).fit(points).labels_
        return np.eye(k)[labels]

    def _keep(self, X, climbed, backend):
        components, bound, n_iter, converged = climbed
        log_weights, means, k = map(backend.to_numpy, components)
        weights = np.exp(log_weights)
        self.weights_ = self._kept(weights / weights.sum(), like=X)
        self.means_ = self._kept(means, like=X)
        self.concentrations_ = self._kept(k, like=X)
        # What is told of rows is computed with all digits.
        self._components = Components(log_weights, means, k)
        self.lower_bound_, self.n_iter_ = float(bound), int(n_iter)
        self.converged_ = bool(converged)
        if not converged:
            warn(
                f"The mean log-density still gained more than tol={self.tol} in the "
                f"last of {n_iter} steps: raise max_iter, or tol.",
                ConvergenceWarning,
            )

    def _log_densities(self, X):
        """Of each component, for new rows, on the host."""
        check_is_fitted(self)
        backend = self._backend_for(X)
        points = self._read_points(X, reset=False)
        on = Components(
            *(backend.asarray(a, dtype=backend.float64) for a in self._components)
        )
        there = backend.asarray(points, dtype=backend.float64)
        return backend.to_numpy(on.log_densities(backend.xp, there))

    def score_samples(self, X: MatrixLike) -> Array:
        """Compute the log-density of rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.

        Returns
        -------
        array of shape (n_rows,)
            Log-densities with respect to the area of the unit sphere.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not of the kind that `fit` took.
        """
        return self._output(np.logaddexp.reduce(self._log_densities(X), axis=1), like=X)

    def score(self, X: MatrixLike, y: None = None) -> float:
        """Compute the mean log-density of rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.
        y : None
            Ignored.

        Returns
        -------
        float
            The mean of `score_samples`.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not of the kind that `fit` took.
        """
        return float(np.logaddexp.reduce(self._log_densities(X), axis=1).mean())

    def predict_proba(self, X: MatrixLike) -> Array:
        """Compute the probability of each component, given a row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.

        Returns
        -------
        array of shape (n_rows, n_components)
            Rows sum to one.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not of the kind that `fit` took.
        """
        logits = self._log_densities(X)
        logits = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
        return self._output(np.exp(logits), like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Find the likeliest component of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.

        Returns
        -------
        array of shape (n_rows,), int64
            Numbers of components.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not of the kind that `fit` took.
        """
        labels = self._log_densities(X).argmax(axis=1).astype(np.int64)
        return self._output_labels(labels, like=X)

    def fit_predict(self, X: MatrixLike, y: None = None) -> Array:
        """Fit, and find the likeliest component of each training row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As in `fit`.
        y : None
            Ignored.

        Returns
        -------
        array of shape (n_samples,), int64
            Numbers of components.

        Raises
        ------
        ValueError
            As `fit`.
        """
        return self.fit(X).predict(X)

    def sample(self, n_samples: int = 1) -> tuple[NDArray, NDArray]:
        """Draw rows from the mixture.

        Parameters
        ----------
        n_samples : int, default=1
            How many, at least 1.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Rows, as `input_space` says.
        y : ndarray of shape (n_samples,), int64
            Their components.

        Raises
        ------
        TypeError
            If `n_samples` is no integer.
        ValueError
            If `n_samples` is below 1.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        rng = check_random_state(self.random_state)
        _, means, k = self._components
        shares = self.weights_.astype(np.float64)
        labels = rng.choice(len(shares), n_samples, p=shares / shares.sum())
        points = sphere.random_around(means[labels], k[labels], random_state=rng)
        return self._give_points(points, like=self.means_), labels.astype(np.int64)

    def _n_parameters(self):
        k, p = self.means_.shape
        n_concentrations = 1 if self.concentration == "tied" else k
        return k * (p - 1) + n_concentrations + k - 1

    def bic(self, X: MatrixLike) -> float:
        """Bayesian information criterion; the lower, the better.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.

        Returns
        -------
        float
            Minus twice the log-likelihood, and log n_rows for each parameter.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not of the kind that `fit` took.
        """
        likelihoods = np.logaddexp.reduce(self._log_densities(X), axis=1)
        penalty = self._n_parameters() * np.log(len(likelihoods))
        return float(penalty - 2 * likelihoods.sum())

    def aic(self, X: MatrixLike) -> float:
        """Akaike's information criterion; the lower, the better.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.

        Returns
        -------
        float
            Minus twice the log-likelihood, and 2 for each parameter.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not of the kind that `fit` took.
        """
        likelihoods = np.logaddexp.reduce(self._log_densities(X), axis=1)
        return float(2 * self._n_parameters() - 2 * likelihoods.sum())
