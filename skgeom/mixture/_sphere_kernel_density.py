"""Kernel density on the sphere, with kernels that are narrow where points are dense."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import DensityMixin, _fit_context
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.base import GeometryEstimator
from skgeom.geometry import sphere
from skgeom.mixture._kernel_choice import (
    CONCENTRATIONS,
    NEIGHBORS,
    SCALES,
    Choice,
    choose_kernels,
    chords_to_neighbors,
    concentrations_of,
    log_kernel_density,
    mixed,
)
from skgeom.mixture._sphere_rows import SphereRowsMixin
from skgeom.typing import Array, MatrixLike, NDArray, RandomStateLike

# What a single row is fitted with.
_DEFAULT = Choice(NEIGHBORS[0], 1.0, 0.1)


class SphereKernelDensity(SphereRowsMixin, DensityMixin, GeometryEstimator):
    r"""Density of points on the sphere: events on the globe, directions.

    A kernel sits at each training row :math:`x_i`, wide where rows are rare [1]_:

    .. math::
        f(x) = \frac{1 - e}{n} \sum_i C(k_i)\, e^{k_i \langle x, x_i \rangle}
        + \frac{e}{|S|}, \qquad k_i = \frac{c\,(p - 1)}{2 r_i^2},

    with :math:`r_i` the chord to the j-th neighbour of the row, at least 1e-4, p the
    number of coordinates, C the constant of the von Mises-Fisher density and e the
    share of a uniform background. j, c and e are chosen by the likelihood of rows that
    are held out.

    Read more in the :ref:`User Guide <sphere_densities>`.

    Parameters
    ----------
    concentration : {"adaptive", "cv"} or float, default="adaptive"
        "adaptive": as above. "cv": one concentration of all kernels, chosen. A number,
        up to 1e12: that one.
    n_neighbors : {"cv"} or int, default="cv"
        The j of adaptive kernels: chosen among 3, 6, 12 and 25, or given.
    scale : {"cv"} or float, default="cv"
        The c of adaptive kernels, in (0, 1e4]: chosen among .5, 1, 2 and 4, or given.
    background : {"cv"} or float, default="cv"
        The e in [0, 1], chosen or given. With 0, densities far from all rows are so
        small that a single one of them decides a mean log-density.
    input_space : {"sphere", "lonlat"}, default="sphere"
        What rows are: coordinates that are divided by their norm, which any row
        can be (a row of zeros becomes the first axis); or longitude and latitude in
        degrees. Densities are of the area of the unit sphere in both cases.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are held out, and the rows of `sample`.

    Attributes
    ----------
    concentrations_ : ndarray of shape (n_samples,)
        The k of the kernels.
    n_neighbors_ : int or None
        The j that is used; None for kernels of one width.
    scale_ : float
        The c that is used, or the concentration of kernels of one width.
    background_ : float
        The e that is used.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    VonMisesFisherMixture : A few round bumps, for few rows or many dimensions.
    sklearn.neighbors.KernelDensity : One width, in flat space.

    Notes
    -----
    Up to 2,000 rows are held out by fifths in turn; of more a tenth is, at most 2,000
    rows, once. Where rows are repeated, so are rows that are held out, and kernels
    become narrow: look at `~numpy.unique` rows before you compare likelihoods.

    A single row has nothing to be held out: parameters to choose are 3, 1 and .1, and
    the distance to a neighbour is the diameter.

    References
    ----------
    .. [1] Breiman, Meisel and Purcell, "Variable kernel estimates of multivariate
       densities", Technometrics 19, 1977.

    Examples
    --------
    >>> from skgeom import SphereKernelDensity
    >>> from skgeom.datasets import make_fault_events
    >>> X = make_fault_events(1000, random_state=0)
    >>> density = SphereKernelDensity(input_space="lonlat", random_state=0)
    >>> density.fit(X[:800]).score(X[800:]) > -1.5  # uniform: -2.53
    True
    """

    _parameter_constraints = {
        "concentration": [
            StrOptions({"adaptive", "cv"}),
            Interval(Real, 0, 1e12, closed="right"),
        ],
        "n_neighbors": [
            StrOptions({"cv"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "scale": [StrOptions({"cv"}), Interval(Real, 0, 1e4, closed="right")],
        "background": [StrOptions({"cv"}), Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        concentration: str | float = "adaptive",
        *,
        n_neighbors: str | int = "cv",
        scale: str | float = "cv",
        background: str | float = "cv",
        input_space: str = "sphere",
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.concentration = concentration
        self.n_neighbors = n_neighbors
        self.scale = scale
        self.background = background
        self.input_space = input_space
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Choose the widths, and keep the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, as `input_space` says.
        y : None
            Ignored.

        Returns
        -------
        self : SphereKernelDensity
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or `device` is not valid, or X is not what `input_space`
            says.
        """
        backend = self._backend_for(X, reset=True)
        points = self._read_points(X, reset=True)
        choice = self._choose(points, backend)
        there = backend.asarray(points, dtype=backend.float64)
        chords = chords_to_neighbors(there, backend, choice.n_neighbors or 1)
        self._points = points
        self._concentrations = concentrations_of(chords, choice, points.shape[1])
        self.concentrations_ = self._kept(self._concentrations, like=X)
        self.n_neighbors_, self.scale_, self.background_ = choice
        return self

    def _choose(self, points, backend):
        choices = self._choices(len(points))
        known = None if self.background == "cv" else float(self.background)
        if len(points) == 1 or (len(choices) == 1 and known is not None):
            given = choices[0] if len(choices) == 1 else _DEFAULT
            return given._replace(background=_DEFAULT[2] if known is None else known)
        rng = check_random_state(self.random_state)
        return choose_kernels(points, choices, known, backend, rng)

    def _choices(self, n):
        if self.concentration == "cv":
            return [Choice(None, k, 0.0) for k in CONCENTRATIONS]
        if self.concentration != "adaptive":
            return [Choice(None, float(self.concentration), 0.0)]
        # Neighbours that there are; at least one width is tried.
        known = NEIGHBORS if self.n_neighbors == "cv" else (self.n_neighbors,)
        within = sorted({min(int(j), max(n - 1, 1)) for j in known})
        scales = SCALES if self.scale == "cv" else (float(self.scale),)
        return [Choice(j, c, 0.0) for j in within for c in scales]

    def _log_density(self, X):
        check_is_fitted(self)
        backend = self._backend_for(X)
        queries = self._read_points(X, reset=False)
        points, queries = (
            backend.asarray(a, dtype=backend.float64) for a in (self._points, queries)
        )
        uniform = float(sphere.log_peak(np.zeros(1), points.shape[1])[0])
        kernels = log_kernel_density(points, [self._concentrations], queries, backend)
        return mixed(kernels[0], self.background_, uniform)

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
        return self._output(self._log_density(X), like=X)

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
        return float(self._log_density(X).mean())

    def sample(self, n_samples: int = 1) -> NDArray:
        """Draw rows from the density.

        Parameters
        ----------
        n_samples : int, default=1
            How many, at least 1.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Rows, as `input_space` says.

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
        chosen = rng.randint(len(self._points), size=n_samples)
        flat = rng.uniform(size=n_samples) < self.background_
        k = np.where(flat, 0.0, self._concentrations[chosen])
        points = sphere.random_around(self._points[chosen], k, random_state=rng)
        return self._give_points(points, like=self.concentrations_)
