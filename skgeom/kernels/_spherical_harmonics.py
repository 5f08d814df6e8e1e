"""Spherical harmonics as features of directions (Russwurm et al., ICLR 2024)."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy, block_bytes, row_blocks
from skgeom.base import GeometryEstimator
from skgeom.base._lonlat import check_lonlat
from skgeom.typing import Array, MatrixLike, NDArray

# Powers of the sine of the polar angle underflow beyond, where they should not.
_HIGHEST = 1900
# Rows shorter than this share of the usual length have hardly a direction.
_FADED = 1e-9
_MATERN = {"matern12": 0.5, "matern32": 1.5, "matern52": 2.5}


def real_harmonics(xp: Any, points: Array, degree: int) -> Array:
    r"""Real spherical harmonics of unit vectors, orthonormal on the sphere.

    Column :math:`l^2 + l + m` is that of degree l and order m: for :math:`m > 0`
    :math:`\sqrt 2 \bar P_{lm}(z) \cos m \varphi`, for :math:`m < 0` the sine, without
    the sign :math:`(-1)^m` of physics. Normalised Legendre functions follow from those
    of one and two degrees less, all orders at once, which loses no digits [1]_.

    Parameters
    ----------
    xp : module
        Namespace of the points.
    points : array of shape (n, 3), float64
        Vectors of length one.
    degree : int
        The largest, from 0 to 1,900.

    Returns
    -------
    array of shape (n, (degree + 1) ** 2)
        Their squares add up to :math:`(2 l + 1) / 4 \pi` in each degree.

    References
    ----------
    .. [1] Holmes and Featherstone, "A unified approach to the Clenshaw summation and
       the recursive computation of very high degree and order normalised associated
       Legendre functions", Journal of Geodesy 76, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._spherical_harmonics import real_harmonics
    >>> pole = np.array([[0.0, 0.0, 1.0]])
    >>> (real_harmonics(np, pole, 1) * (4 * np.pi) ** 0.5).round(6)
    array([[1.      , 0.      , 1.732051, 0.      ]])
    """
    x, y, z = (points[:, axis] for axis in range(3))
    n, orders = points.shape[0], degree + 1
    like = dict(dtype=points.dtype, device=_device_of(points))
    cosines, sines, first = _of_equal_degree_and_order(xp, x, y, orders, like)
    up, back = (xp.asarray(a, **like)[:, :, None] for a in recurrence(degree))
    found = xp.empty((orders**2, n), **like)
    older = legendre = first[:0]
    for l in range(orders):  # noqa: E741
        new = first[: l + 1] + 0.0
        if l:
            below = z * legendre
            if l > 1:
                below[:-1] -= back[l, : l - 1] * older
            below *= up[l, :l]
            new[:l] = below
            middle = l * l + l
            found[middle - l : middle] = xp.flip(new[1:] * sines[1 : l + 1], axis=0)
        found[l * l + l : (l + 1) ** 2] = new * cosines[: l + 1]
        older, legendre = legendre, new
    return found.T


def _of_equal_degree_and_order(xp, x, y, orders, like):
    """Cosines and sines of multiples of the longitude, and functions of degree m."""
    far = xp.sqrt(x * x + y * y)
    there = far > 0
    safe = xp.where(there, far, xp.ones_like(far))
    cosine = xp.where(there, x / safe, xp.ones_like(far))
    sine = y / safe
    shape = orders, x.shape[0]
    cosines, sines = xp.ones(shape, **like), xp.zeros(shape, **like)
    first = xp.full(shape, (4 * np.pi) ** -0.5, **like)
    for m in range(1, orders):
        before = cosines[m - 1], sines[m - 1]
        # Orders above zero have the root of two.
        root = 2**0.5 if m == 1 else 1.0
        cosines[m] = root * (cosine * before[0] - sine * before[1])
        sines[m] = root * (sine * before[0] + cosine * before[1])
        first[m] = (1 + 0.5 / m) ** 0.5 * far * first[m - 1]
    return cosines, sines, first


def recurrence(degree: int) -> tuple[NDArray, NDArray]:
    r"""Factors of normalised Legendre functions of one and two degrees less.

    Parameters
    ----------
    degree : int
        The largest.

    Returns
    -------
    up, back : ndarray of shape (degree + 1, degree + 1), float64
        a and b, by degree and order, of
        :math:`\bar P_{lm} = a (z \bar P_{l-1,m} - b \bar P_{l-2,m})`.

    Examples
    --------
    >>> from skgeom.kernels._spherical_harmonics import recurrence
    >>> up, back = recurrence(2)
    >>> float((up[2, 0] * back[2, 0] / 5**0.5).round(6))  # P_2 is (3 z^2 - 1) / 2
    0.5
    """
    l, m = np.ogrid[: degree + 1.0, : degree + 1.0]  # noqa: E741
    with np.errstate(all="ignore"):
        up = np.sqrt((4 * l * l - 1) / (l * l - m * m))
        back = np.sqrt(((l - 1) ** 2 - m * m) / (4 * (l - 1) ** 2 - 1))
    return np.where(m < l, up, 0.0), np.where(m < l - 1, back, 0.0)


def degree_scales(degree: int, spectrum: str, length_scale: float) -> NDArray:
    r"""What the harmonics of each degree are multiplied with.

    Parameters
    ----------
    degree : int
        The largest.
    spectrum : {"flat", "heat", "matern12", "matern32", "matern52"}
        Which kernel inner products of the features are.
    length_scale : float
        Its width, in radians.

    Returns
    -------
    ndarray of shape (degree + 1,), float64
        Ones for "flat"; for others :math:`s_l` with
        :math:`\sum_l s_l^2 (2 l + 1) / 4 \pi = 1`.

    Examples
    --------
    >>> from skgeom.kernels._spherical_harmonics import degree_scales
    >>> degree_scales(2, "heat", 0.5).round(3)
    array([1.485, 1.311, 1.021])
    """
    l = np.arange(degree + 1.0)  # noqa: E741
    if spectrum == "flat":
        return np.ones(degree + 1)
    with np.errstate(over="ignore", under="ignore"):
        if spectrum == "heat":
            powers = np.exp(-(length_scale**2) * l * (l + 1) / 2)
        else:
            order = _MATERN[spectrum]
            # The constant has one, whatever the width.
            share = l * (l + 1) * length_scale**2 / (2 * order)
            powers = (1 + share) ** -(order + 1)
    return np.sqrt(powers / (powers @ (2 * l + 1) / (4 * np.pi)))


class SphericalHarmonics(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    r"""Features of directions and of places on a globe, for any linear model.

    The features of a row are the real spherical harmonics :math:`Y_{lm}` of its
    direction, :math:`|m| \le l \le` `degree`: what waves are on a circle, without poles
    or seams. A linear model on them is a smooth function on the sphere, that is as free
    at the poles as anywhere [1]_. Weighted by degree, their inner products are a kernel
    of the angle:

    .. math:: \sum_m Y_{lm}(x) Y_{lm}(y) = \frac{2 l + 1}{4 \pi} P_l(x^\top y) .

    Read more in the :ref:`User Guide <spherical_harmonics>`.

    Parameters
    ----------
    degree : int, default=10
        The largest, from 0 to 1,900. There are ``(degree + 1) ** 2`` features, and
        details of about 180 / degree degrees can be told.
    spectrum : str, default="flat"
        How degrees are weighted. "flat": not at all, features are orthonormal on the
        sphere. "heat", "matern12", "matern32", "matern52": so that inner products are
        that kernel on the sphere, one for a row with itself, as far as `degree` goes.
    length_scale : float, default=0.5
        Width > 0 of the kernel, in radians. Of no effect if `spectrum` is "flat".
    input_space : {"sphere", "lonlat"}, default="sphere"
        What rows of X are. "lonlat": longitude and latitude, in degrees. "sphere":
        vectors of which the direction counts, so that any row will do. Those of one or
        two columns have zeros in place of others; of more than three columns the
        leading principal axes of the training rows' directions count, not centred.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    axes_ : ndarray of shape (3, n_columns)
        What rows of "sphere" are projected on; the unit matrix for three columns and
        for "lonlat".
    scales_ : ndarray of shape (degree + 1,)
        What the harmonics of each degree are multiplied with.
    degrees_ : ndarray of shape ((degree + 1) ** 2,), int
        Degree of each feature. Its order is its place among those of the degree, from
        minus the degree up.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    OrthogonalRBFSampler : Features of a kernel in flat space.

    Notes
    -----
    A row of zeros has no direction. It has the mean of each feature over the sphere,
    which is zero but for the first, and rows of less than a billionth of the usual
    length fade into it.

    Columns are computed in double precision by a recurrence over degrees; squares of
    features of a degree add up to :math:`(2 l + 1) / 4 \pi` to twelve digits at
    degree 1,000.

    References
    ----------
    .. [1] Rußwurm, Klemmer, Rolf, Zbinden and Tuia, "Geographic location encoding with
       spherical harmonics and sinusoidal representation networks", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import SphericalHarmonics
    >>> rng = np.random.default_rng(0)
    >>> lonlat = np.stack([rng.uniform(-180, 180, 400), rng.uniform(-90, 90, 400)], 1)
    >>> warmth = 30 * np.cos(np.deg2rad(lonlat[:, 1])) ** 2
    >>> model = make_pipeline(SphericalHarmonics(4, input_space="lonlat"), RidgeCV())
    >>> model.fit(lonlat, warmth).predict([[0, 90], [170, -90], [20, 0]]).round(1) + 0.0
    array([ 0. ,  0. , 29.9])
    """

    _parameter_constraints = {
        "degree": [Interval(Integral, 0, _HIGHEST, closed="both")],
        "spectrum": [StrOptions({"flat", "heat", *_MATERN})],
        "length_scale": [Interval(Real, 0, None, closed="neither")],
        "input_space": [StrOptions({"sphere", "lonlat"})],
    }

    def __init__(
        self,
        degree: int = 10,
        *,
        spectrum: str = "flat",
        length_scale: float = 0.5,
        input_space: str = "sphere",
        device: str = "auto",
    ):
        self.degree = degree
        self.spectrum = spectrum
        self.length_scale = length_scale
        self.input_space = input_space
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Look at what the rows are, and weight the degrees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in `input_space`.
        y : None
            Ignored.

        Returns
        -------
        self : SphericalHarmonics
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X is no finite matrix, or a row is not
            what `input_space` says.
        """
        self._backend_for(X, reset=True)
        rows = self._validated(as_numpy(X), reset=True)
        if self.input_space == "lonlat":
            check_lonlat(rows, warns=True)
            self._axes, self._usual = np.eye(3), 1.0
        else:
            self._axes, self._usual = _axes_of(rows.astype(np.float64))
        scales = degree_scales(self.degree, self.spectrum, self.length_scale)
        self.axes_ = self._kept(self._axes, like=X)
        self.scales_ = self._kept(scales, like=X)
        self.degrees_ = np.repeat(
            np.arange(self.degree + 1), 2 * np.arange(self.degree + 1) + 1
        )
        self._weights = scales[self.degrees_]
        self._n_features_out = len(self.degrees_)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the harmonics of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in `input_space`.

        Returns
        -------
        array of shape (n_rows, (degree + 1) ** 2)
            Degree by degree, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If a row is not what `input_space` says, or X has another number of columns
            than in `fit`.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        xp = backend.xp
        points, sure = self._points(self._validated(as_numpy(X), reset=False))
        weights = backend.asarray(self._weights, dtype=backend.float64)

        def columns(rows):
            on = backend.asarray(points[rows], dtype=backend.float64)
            told = real_harmonics(xp, on, self.degree)
            told = told if self.spectrum == "flat" else told * weights
            return backend.to_numpy(told)

        # A feature after the other in memory, as they are made: no copy turns them.
        blocks = row_blocks(len(points), 4 * 8 * len(self._weights), _most(backend))
        found = columns(blocks[0])
        if len(blocks) > 1:
            first, width = found, self._kept(points[:0], like=X).dtype
            found = np.empty((len(self._weights), len(points)), dtype=width).T
            found[blocks[0]] = first
            for rows in blocks[1:]:
                found[rows] = columns(rows)
        faded = np.flatnonzero(sure < 1)
        found[faded] *= sure[faded, None] ** self.degrees_
        return self._output(found, like=X)

    def _points(self, rows):
        """Vectors of length one, and how sure directions are, one but for tiny rows."""
        rows = rows.astype(np.float64)
        if self.input_space == "lonlat":
            check_lonlat(rows)
            # Whole turns first: the cosine of a huge angle has no digits.
            lon, lat = np.deg2rad(np.fmod(rows[:, 0], 360.0)), np.deg2rad(rows[:, 1])
            level = np.cos(lat)
            places = [level * np.cos(lon), level * np.sin(lon), np.sin(lat)]
            return np.stack(places, axis=1), np.ones(len(rows))
        unit, lengths = _directions(_projected(rows, self._axes))
        with np.errstate(over="ignore"):
            return unit, np.minimum(lengths / self._usual / _FADED, 1.0)

    def __sklearn_tags__(self):
        """Floats keep their width."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _most(backend):
    """Scratch for a block of rows: on the host no more than what stays near."""
    return min(block_bytes(), 2**26) if backend.name == "numba" else block_bytes()


def _device_of(array):
    """Where new arrays have to be made."""
    return getattr(array, "device", None)


def _axes_of(rows):
    """The three axes that count, and how long rows are on them."""
    d = rows.shape[1]
    if d <= 3:
        axes = np.eye(3, d)
    else:
        axes = np.linalg.svd(_directions(rows)[0], full_matrices=False)[2][:3]
        axes = np.vstack([axes, np.zeros((3 - len(axes), d))])
        largest = np.abs(axes).argmax(axis=1)[:, None]
        axes = axes * np.where(np.take_along_axis(axes, largest, 1) < 0, -1.0, 1.0)
    lengths = _directions(_projected(rows, axes))[1]
    unit = lengths.max(initial=0.0) or 1.0
    return axes, max(
        unit * float((lengths / unit).mean()), float(np.finfo(np.float64).tiny)
    )


def _projected(rows, axes):
    """Rows on the axes, in numbers whatever their size."""
    if rows.shape[1] <= 3:
        return np.pad(rows, ((0, 0), (0, 3 - rows.shape[1])))
    size = np.abs(rows).max(initial=0.0) or 1.0
    with np.errstate(over="ignore"):
        found = (rows / size) @ axes.T * size
    return np.nan_to_num(found)


def _directions(rows):
    """Rows over their lengths, zero ones staying so, and the lengths."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = rows / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        whole = np.minimum(largest * length, np.finfo(np.float64).max)
    return scaled / np.where(length > 0, length, 1.0), whole[:, 0]
