"""Random Fourier features in orthogonal blocks (Yu et al., NIPS 2016)."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from scipy import special
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import Backend
from skgeom.base import GeometryEstimator
from skgeom.geometry._directions import orthogonal_directions
from skgeom.typing import Array, MatrixLike, NDArray, RandomStateLike

# Up to so many columns points of Sobol' fill the space of frequencies more evenly than
# orthogonal blocks do, at every width and size that was measured; from twelve on they
# do not.
_MOST_SOBOL_FEATURES = 8
# A variance below this share of the largest square is rounding.
_ROUNDING = 1e-28


def orthogonal_frequencies(
    n_frequencies: int, n_features: int, random_state: np.random.RandomState
) -> NDArray:
    """Draw normal vectors of which each block of `n_features` is orthogonal.

    Directions are those of a random rotation, one for each block [1]_. Lengths are
    of the chi distribution as those of normal vectors are, but one falls into each of
    `n_frequencies` equally likely intervals: each vector by itself is normal, and all
    together represent the distribution better than independent ones.

    Parameters
    ----------
    n_frequencies : int
        How many vectors, >= 1.
    n_features : int
        Their length, >= 1.
    random_state : RandomState instance
        Decides the draws.

    Returns
    -------
    ndarray of shape (n_frequencies, n_features), float64
        A vector a row.

    References
    ----------
    .. [1] Yu, Suresh, Choromanski, Holtmann-Rice and Kumar, "Orthogonal random
       features", NIPS 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._orthogonal_rbf_sampler import orthogonal_frequencies
    >>> W = orthogonal_frequencies(3, 3, np.random.RandomState(0))
    >>> bool(np.abs(W @ W.T - np.diag((W**2).sum(axis=1))).max() < 1e-12)
    True
    """
    directions = orthogonal_directions(n_frequencies, n_features, random_state)
    place = random_state.permutation(n_frequencies)
    share = (place + random_state.uniform(size=n_frequencies)) / n_frequencies
    # Half the square of such a length has a gamma distribution.
    lengths = np.sqrt(2 * special.gammaincinv(n_features / 2, share))
    return lengths[:, None] * directions


def sobol_frequencies(
    n_frequencies: int, n_features: int, random_state: np.random.RandomState
) -> NDArray:
    """Draw normal vectors that fill the space evenly, by scrambled points of Sobol'.

    Parameters
    ----------
    n_frequencies : int
        How many vectors, >= 1.
    n_features : int
        Their length, from 1 to 21,201.
    random_state : RandomState instance
        Decides the scrambling, after which each vector by itself is normal [1]_.

    Returns
    -------
    ndarray of shape (n_frequencies, n_features), float64
        A vector a row.

    References
    ----------
    .. [1] Yang, Sindhwani, Avron and Mahoney, "Quasi-Monte Carlo feature maps for
       shift-invariant kernels", ICML 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._orthogonal_rbf_sampler import sobol_frequencies
    >>> W = sobol_frequencies(64, 2, np.random.RandomState(0))
    >>> bool(np.abs(W.mean(axis=0)).max() < 0.05)  # of independent ones 0.12
    True
    """
    from scipy.stats import qmc  # loads much that nothing else here needs

    seed = random_state.randint(2**31 - 1)
    points = qmc.Sobol(n_features, rng=np.random.default_rng(seed))
    shares = points.random_base2(int(n_frequencies - 1).bit_length())
    return special.ndtri(np.clip(shares[:n_frequencies], 1e-15, 1 - 1e-15))


class OrthogonalRBFSampler(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    r"""Features whose inner products are nearly an rbf kernel, from coupled draws.

    A drop-in for :class:`~sklearn.kernel_approximation.RBFSampler` with a smaller
    error at the same size. The kernel :math:`e^{-\gamma |x - y|^2}` is the mean of
    :math:`\cos w^\top (x - y)` over normal frequencies w. Here frequencies come in
    orthogonal blocks [1]_ with lengths in layers, or for a few columns as points of
    Sobol' [2]_, and each has its cosine and its sine instead of a cosine with a random
    phase.

    Read more in the :ref:`User Guide <kernel_components>`.

    Parameters
    ----------
    gamma : "scale" or float, default="scale"
        Inverse width of the kernel, > 0. "scale" is one over the number of columns
        times the variance of all entries of X.
    n_components : int, default=100
        Number of features. Of an odd number the last is a cosine with a random phase.
    coupling : {"auto", "orthogonal", "sobol"}, default="auto"
        How frequencies depend on each other. "auto" is "sobol" up to eight columns,
        and "orthogonal" for more.
    random_state : int, RandomState instance or None, default=None
        Decides the frequencies.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    random_weights_ : ndarray of shape (n_features, n_frequencies)
        Frequencies, a column each, in the width of X; half as many as features.
    random_offset_ : float
        Phase of the last feature, which an odd number of them has.
    mean_ : ndarray of shape (n_features,)
        Means of the columns of X, which are subtracted: the kernel does not notice,
        and rounding is less.
    gamma_ : float
        Inverse width that was used; within the range of floats, whatever the scale of
        X.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.kernel_approximation.RBFSampler : The same from independent draws.
    sklearn.kernel_approximation.Nystroem : Features from rows of the data, often
        better for predictions.

    Notes
    -----
    The estimate of the kernel has no bias, and for an even number of features it is 1
    for a row with itself. Where the kernel is wide (at half of "scale" and below)
    coupling divides the squared error by three and more; the narrower it is, the
    nearer are all draws to independent ones.

    References
    ----------
    .. [1] Yu, Suresh, Choromanski, Holtmann-Rice and Kumar, "Orthogonal random
       features", NIPS 2016.
    .. [2] Yang, Sindhwani, Avron and Mahoney, "Quasi-Monte Carlo feature maps for
       shift-invariant kernels", ICML 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import OrthogonalRBFSampler
    >>> X, y = load_digits(return_X_y=True)
    >>> features = OrthogonalRBFSampler(n_components=500, random_state=0)
    >>> model = make_pipeline(features, RidgeClassifier(alpha=0.01))
    >>> model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.95
    True
    """

    _parameter_constraints = {
        "gamma": [StrOptions({"scale"}), Interval(Real, 0, None, closed="neither")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "coupling": [StrOptions({"auto", "orthogonal", "sobol"})],
    }

    def __init__(
        self,
        *,
        gamma: float | str = "scale",
        n_components: int = 100,
        coupling: str = "auto",
        random_state: RandomStateLike = None,
        device: str = "auto",
    ):
        self.gamma = gamma
        self.n_components = n_components
        self.coupling = coupling
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Draw the frequencies.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points, of which the number of columns, the means and, for "scale", the
            variance are taken.
        y : None
            Ignored.

        Returns
        -------
        self : OrthogonalRBFSampler
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X is no finite matrix.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend, accept_sparse="csr")
        mean, deviation = column_moments(rows, backend)
        n_features = mean.size
        # One over the width: its square may be out of the range of floats.
        if self.gamma != "scale":
            unit = float(self.gamma) ** 0.5
        else:
            unit = 1 / (deviation * n_features**0.5) if deviation > 0 else 1.0
        with np.errstate(over="ignore", under="ignore"):
            self.gamma_ = float(np.clip(np.square(unit), *_range_of(np.float64)))
        draw = orthogonal_frequencies
        few = n_features <= _MOST_SOBOL_FEATURES
        if self.coupling == "sobol" or (self.coupling == "auto" and few):
            draw = sobol_frequencies
        rng = check_random_state(self.random_state)
        frequencies = draw(-(-self.n_components // 2), n_features, rng)
        self.random_offset_ = float(rng.uniform(0, 2 * np.pi))
        with np.errstate(over="ignore", under="ignore"):
            weights = 2**0.5 * unit * frequencies.T
        _, largest = _range_of(self._kept(mean[:0], like=X).dtype)
        self.random_weights_ = self._kept(np.clip(weights, -largest, largest), like=X)
        self.mean_ = self._kept(mean, like=X)
        self._n_features_out = self.n_components
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the features of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_components)
            Cosines, then sines, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        xp = backend.xp
        rows = self._validated(X, reset=False, backend=backend, accept_sparse="csr")
        # Where rows are farther away than floats reach, phases mean nothing.
        with np.errstate(over="ignore", invalid="ignore"):
            if sp.issparse(rows):
                phases = rows @ self.random_weights_ - self.mean_ @ self.random_weights_
                phases = backend.asarray(phases)
            else:
                known = self.random_weights_, self.mean_
                single = self.random_weights_.dtype == np.float32
                dtype = xp.float32 if single else backend.float64
                weights, mean = (backend.asarray(a, dtype) for a in known)
                phases = (backend.asarray(rows, dtype) - mean) @ weights
        phases = xp.where(xp.isfinite(phases), phases, xp.zeros_like(phases))
        size = self._n_features_out
        n_pairs = size // 2
        parts = [xp.cos(phases[:, :n_pairs]), xp.sin(phases[:, :n_pairs])]
        if size % 2:
            parts.append(xp.cos(phases[:, n_pairs:] + self.random_offset_))
        features = xp.concat(parts, axis=1) * (2 / size) ** 0.5
        return self._output(backend.to_numpy(features), like=X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def column_moments(X: Any, backend: Backend) -> tuple[NDArray, float]:
    """Return the means of the columns, and the deviation of all entries.

    Rounding is no deviation: of equal entries it is zero. Nothing overflows where the
    squares of the entries would.
    """
    xp = np if sp.issparse(X) else backend.xp
    if sp.issparse(X):
        X = X.astype(np.float64)
        size = float(abs(X).max())
    else:
        X = backend.asarray(X, backend.float64)
        size = float(xp.max(xp.abs(X)))
    if size == 0:
        return np.zeros(X.shape[1]), 0.0
    if sp.issparse(X):
        X.sum_duplicates()
        X.data /= size
        mean = np.asarray(X.mean(axis=0)).ravel()
        center = float(mean.mean())
        outside = 1 - X.nnz / np.prod(X.shape, dtype=float)
        variance = ((X.data - center) ** 2).sum() / np.prod(X.shape, dtype=float)
        variance += outside * center**2
    else:
        X = X / size
        mean = backend.to_numpy(xp.mean(X, axis=0))
        variance = float(xp.mean((X - float(mean.mean())) ** 2))
    if variance <= _ROUNDING:
        variance = 0.0
    return mean * size, float(variance) ** 0.5 * size


def _range_of(dtype):
    """Least and largest positive normal number of a type."""
    return float(np.finfo(dtype).tiny), float(np.finfo(dtype).max)
