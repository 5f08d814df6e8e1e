"""The kernel of signatures of paths.

Salvi, Cass, Foster, Lyons and Yang, "The signature kernel is the solution of a Goursat
PDE", SIAM Journal on Mathematics of Data Science 3, 2021.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.backends import as_numpy, get_backend
from skgeom.typing import ArrayLike, NDArray

_MOST_HALVINGS = 10
_TOO_LARGE = (
    "gamma is too large for the steps of the paths: values are no numbers, or negative "
    "for a path with itself. Lower gamma, raise dyadic_order, or let normalize=True."
)


@validate_params(
    {
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "static_kernel": [StrOptions({"linear", "rbf"})],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "normalize": ["boolean"],
        "time_scale": [Interval(Real, 0, None, closed="left")],
        "dyadic_order": [Interval(Integral, 0, _MOST_HALVINGS, closed="both")],
        "n_jobs": [Integral, None],
        "device": [str],
    },
    prefer_skip_nested_validation=True,
)
def signature_kernel(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    n_channels: int = 1,
    static_kernel: str = "linear",
    gamma: float = 1.0,
    normalize: bool = True,
    time_scale: float = 0.0,
    dyadic_order: int = 0,
    n_jobs: int | None = None,
    device: str = "auto",
) -> NDArray | float:
    r"""Compare paths by all their iterated integrals, whatever their speed.

    The signature of a path is the sequence of its iterated integrals; a path that runs
    through the same points at another speed has the same one. The scalar product of two
    signatures is the value at the end of the solution of
    :math:`\partial_s \partial_t K = \langle \dot x_s, \dot y_t \rangle K` with
    :math:`K = 1` at the edges [1]_, here by a scheme of second order.

    Parameters
    ----------
    X : array-like of shape (n_paths, n_points, n_channels)
        Paths. Or a list of paths of different lengths, each of shape (n_points,
        n_channels). Or a matrix of shape (n_paths, n_points * n_channels), rows point
        after point. NaN in all channels at the end says that a path has fewer points.
        A single row, with a single row Y, is one path: the result is a number, as
        callers of kernels of pairs want it.
    Y : array-like of shape (n_other_paths, n_other_points, n_channels), default=None
        Other paths, in one of these forms, of as many points or others; None is X.
    n_channels : int, default=1
        Numbers that are a point, where paths are rows. In an array of three axes the
        last says that.
    static_kernel : {"linear", "rbf"}, default="linear"
        How points are compared: by scalar products times `gamma`, or by
        :math:`e^{-\gamma |x - y|^2}`, which makes of every point one in a space of
        functions.
    gamma : float, default=1.0
        Scale, > 0: the one parameter that matters. With "linear" values grow like
        :math:`e^{2 L \sqrt\gamma}` with the length L of paths.
    normalize : bool, default=True
        Whether values are divided by the roots of those of the paths with themselves:
        then they are 1 for a path with itself, and at most 1 but for the error of the
        scheme.
    time_scale : float, default=0.0
        If > 0, time is one more channel, from 0 at the start of each path to this at
        its end: then speed counts. Paths of one channel, which signatures know but the
        ends of, need it.
    dyadic_order : int, default=0
        Each step is cut in two so many times, at most 10, where steps are long for
        `gamma`; the cost is multiplied by 4 each time.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Returns
    -------
    ndarray of shape (n_paths, n_other_paths) or float
        Kernel values, on the host; a number for two single rows.

    Raises
    ------
    ValueError
        If paths are infinite, have holes or other numbers of channels, or values are no
        numbers because `gamma` is too large for the steps of the paths.

    Notes
    -----
    The kernel is positive semi-definite, and its values are but for the error of the
    scheme, which falls by 4 or more with each `dyadic_order`. In time n_paths *
    n_other_paths * n_points * n_other_points.

    References
    ----------
    .. [1] Salvi, Cass, Foster, Lyons and Yang, "The signature kernel is the solution of
       a Goursat PDE", SIAM Journal on Mathematics of Data Science 3, 2021.

    Examples
    --------
    The same half circle at two speeds, and a straight line:

    >>> import numpy as np
    >>> from skgeom.metrics.pairwise import signature_kernel
    >>> t = np.linspace(0, np.pi, 50)
    >>> def half_circle(t):
    ...     return np.column_stack([np.cos(t), np.sin(t)])
    >>> line = np.column_stack([1 - 2 * t / np.pi, 0 * t])
    >>> paths = np.stack([half_circle(t), half_circle(t**2 / np.pi), line])
    >>> signature_kernel(paths).round(2)
    array([[1. , 1. , 0.6],
           [1. , 1. , 0.6],
           [0.6, 0.6, 1. ]])
    """
    X, Y = _side_by_side(X, "X"), None if Y is None else _side_by_side(Y, "Y")
    backend = get_backend(device, like=X, n_jobs=n_jobs)
    single = Y is not None and _n_axes(X) == _n_axes(Y) == 1
    dtype = _width(X, Y)
    x = np.sqrt(gamma) * _paths(X, n_channels, time_scale, "X", single)
    y = x
    if Y is not None:
        y = np.sqrt(gamma) * _paths(Y, n_channels, time_scale, "Y", single)
    if x.shape[2] != y.shape[2]:
        raise ValueError(f"X and Y have {x.shape[2]} and {y.shape[2]} channels.")
    if Y is None:
        rows, columns = np.triu_indices(len(x))
    else:
        rows, columns = np.divmod(np.arange(len(x) * len(y)), len(y))
    options = static_kernel, dyadic_order, backend
    signs, logs = _logarithms(x, y, rows, columns, *options)
    if normalize and Y is None:
        roots = _roots(signs[rows == columns], logs[rows == columns])
        logs = np.where(rows == columns, 0.0, logs - roots[rows] - roots[columns])
    elif normalize:
        ends = [(a, a, np.arange(len(a)), np.arange(len(a))) for a in (x, y)]
        own = (_roots(*_logarithms(*pairs, *options)) for pairs in ends)
        logs = logs - next(own)[rows] - next(own)[columns]
    if logs.max() > np.log(np.finfo(dtype).max):
        raise ValueError(_TOO_LARGE)
    out = np.empty((len(x), len(y)), dtype=dtype)
    out[rows, columns] = signs * np.exp(logs)
    if Y is None:
        out[columns, rows] = out[rows, columns]
    return float(out[0, 0]) if single else out


def _side_by_side(A, name):
    """A list of paths of different lengths as one array, with NaN behind the ends."""
    if not isinstance(A, (list, tuple)):
        return A
    paths = [np.asarray(as_numpy(path)) for path in A]
    shapes = {path.shape for path in paths}
    if len(shapes) < 2 or any(path.ndim != 2 for path in paths):
        return A
    if len({path.shape[1] for path in paths}) > 1 or not all(map(len, paths)):
        raise ValueError(
            f"{name} must hold paths of the same number of channels, with a point or "
            f"more each; it has shapes {sorted(shapes)}."
        )
    whole = np.full((len(paths), max(map(len, paths)), paths[0].shape[1]), np.nan)
    for filled, path in zip(whole, paths, strict=True):
        filled[: len(path)] = path
    return whole.astype(np.result_type(*paths, np.float32), copy=False)


def _n_axes(A):
    return np.ndim(as_numpy(A))


def _width(X, Y):
    """Float32 where all that comes in is."""
    names = {str(getattr(a, "dtype", "float64")) for a in (X, Y) if a is not None}
    narrow = all(name.endswith("float32") for name in names)
    return np.float32 if narrow else np.float64


def _paths(A, n_channels, time_scale, name, single):
    """Paths as an array of three axes; those that end early stay at their end."""
    A = np.array(as_numpy(A), dtype=np.float64)
    if single:
        A = A[None]
    if A.ndim == 2:
        if A.shape[1] % n_channels:
            raise ValueError(
                f"{name} has rows of {A.shape[1]} numbers, which are no points of "
                f"n_channels={n_channels}."
            )
        A = A.reshape(len(A), A.shape[1] // n_channels, n_channels)
    if A.ndim != 3 or 0 in A.shape:
        raise ValueError(
            f"{name} must hold paths, of shape (n_paths, n_points, n_channels) or "
            f"(n_paths, n_points * n_channels), none of them zero; got {A.shape}."
        )
    if np.isinf(A).any():
        raise ValueError(f"{name} contains infinity.")
    there = ~np.isnan(A)
    whole = there.all(axis=2)
    if (whole != there.any(axis=2)).any() or (whole[:, 1:] & ~whole[:, :-1]).any():
        raise ValueError(
            f"{name} contains NaN other than in all channels at the end of a path."
        )
    if not whole[:, 0].all():
        raise ValueError(f"{name} has a path without a point: all of it is NaN.")
    last = whole.sum(axis=1)[:, None] - 1
    place = np.minimum(np.arange(A.shape[1]), last)
    A = A[np.arange(len(A))[:, None], place]
    if time_scale == 0:
        return A
    time = time_scale * place / np.maximum(last, 1)
    return np.concatenate([A, time[:, :, None]], axis=2)


def _logarithms(x, y, rows, columns, kernel, order, backend):
    """Signs and logarithms of kernel values of pairs."""
    arrays = (backend.asarray(a, dtype=backend.float64) for a in (x, y))
    pairs = (backend.asarray(a) for a in (rows, columns))
    mantissas, exponents = backend.signature_values(*arrays, *pairs, kernel, order)
    mantissas, exponents = map(backend.to_numpy, (mantissas, exponents))
    if not np.isfinite(mantissas).all():
        raise ValueError(_TOO_LARGE)
    mantissas = mantissas.astype(np.float64)
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(mantissas)) + exponents * np.log(2.0)
    return np.sign(mantissas), logs


def _roots(signs, logs):
    """Half of the logarithms of values of paths with themselves."""
    if (signs <= 0).any():
        raise ValueError(_TOO_LARGE)
    return logs / 2
