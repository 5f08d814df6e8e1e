"""Points on spheres: round bumps, and events along the faults of a globe."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.geometry import sphere
from skgeom.typing import ArrayLike, NDArray, RandomStateLike

_POSITIVE_INT = [Interval(Integral, 1, None, closed="left")]
_SHARE = [Interval(Real, 0, 1, closed="both")]

# A fault bends a little after each step along it.
_N_STEPS, _STEP, _BEND = 30, np.radians(2.5), 0.25


@validate_params(
    {
        "n_samples": _POSITIVE_INT,
        "n_features": [Interval(Integral, 2, None, closed="left")],
        "concentrations": ["array-like"],
        "weights": ["array-like", None],
        "return_centers": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_vmf_mixture(
    n_samples: int = 100,
    *,
    n_features: int = 3,
    concentrations: ArrayLike = (3.0, 10.0, 40.0),
    weights: ArrayLike | None = None,
    return_centers: bool = False,
    random_state: RandomStateLike = None,
) -> tuple[NDArray, NDArray] | tuple[NDArray, NDArray, NDArray]:
    """Rows from von Mises-Fisher bumps around random points of the sphere.

    Parameters
    ----------
    n_samples : int, default=100
        Rows, >= 1.
    n_features : int, default=3
        Coordinates of a row, >= 2.
    concentrations : array-like of shape (n_components,), default=(3, 10, 40)
        One >= 0 for each bump; zero is uniform.
    weights : array-like of shape (n_components,), default=None
        Shares of the bumps, which are divided by their sum; equal by default.
    return_centers : bool, default=False
        Whether the points that bumps are around are returned as well.
    random_state : int, RandomState instance or None, default=None
        Decides centres and rows.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Rows of norm one.
    y : ndarray of shape (n_samples,), int64
        The bump of each row.
    centers : ndarray of shape (n_components, n_features)
        Only with `return_centers`.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or lengths differ.

    Examples
    --------
    >>> from skgeom.datasets import make_vmf_mixture
    >>> X, y = make_vmf_mixture(500, n_features=10, random_state=0)
    >>> X.shape, sorted(set(y.tolist()))
    ((500, 10), [0, 1, 2])
    """
    rng = check_random_state(random_state)
    k = np.array(concentrations, dtype=np.float64, ndmin=1)
    shares = np.ones(len(k)) if weights is None else np.array(weights, np.float64)
    if k.ndim != 1 or not (np.isfinite(k) & (k >= 0)).all():
        raise ValueError(f"concentrations must be finite and >= 0, got {k}")
    if shares.shape != k.shape or not (shares >= 0).all() or not shares.sum() > 0:
        raise ValueError(
            "weights must be as many as concentrations, >= 0 and of a positive sum, "
            f"got {shares}"
        )
    centers = sphere.random(len(k), n_features, random_state=rng)
    y = rng.choice(len(k), n_samples, p=shares / shares.sum()).astype(np.int64)
    X = sphere.random_around(centers[y], k[y], random_state=rng)
    return (X, y, centers) if return_centers else (X, y)


@validate_params(
    {
        "n_samples": _POSITIVE_INT,
        "n_faults": _POSITIVE_INT,
        "width": [Interval(Real, 0, None, closed="left")],
        "background": _SHARE,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_fault_events(
    n_samples: int = 100,
    *,
    n_faults: int = 12,
    width: float = 1.0,
    background: float = 0.05,
    random_state: RandomStateLike = None,
) -> NDArray:
    """Longitudes and latitudes of events along winding faults, as of earthquakes.

    A fault is a chain of arcs, 75 degrees long, and the i-th of them has a share of the
    events like ``1 / i``. Events are around it, at distances that differ from fault to
    fault and are small beside its length: no one width of kernels fits all.

    Parameters
    ----------
    n_samples : int, default=100
        Events, >= 1.
    n_faults : int, default=12
        Faults, >= 1.
    width : float, default=1.0
        Typical distance of events from their fault, in degrees, >= 0.
    background : float, default=0.05
        Share of events that are anywhere, in [0, 1].
    random_state : int, RandomState instance or None, default=None
        Decides faults and events.

    Returns
    -------
    ndarray of shape (n_samples, 2)
        Longitudes in [-180, 180] and latitudes in [-90, 90], in degrees.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from skgeom.datasets import make_fault_events
    >>> make_fault_events(1000, random_state=0).shape
    (1000, 2)
    """
    rng = check_random_state(random_state)
    chains = _faults(n_faults, rng)
    spreads = np.radians(width) * 10.0 ** rng.uniform(-1, 1, n_faults)
    shares = 1 / np.arange(1, n_faults + 1)
    fault = rng.choice(n_faults, n_samples, p=shares / shares.sum())
    step, along = rng.randint(_N_STEPS - 1, size=n_samples), rng.uniform(size=n_samples)
    start, end = chains[fault, step], chains[fault, step + 1]
    on = sphere.geodesic(start, end, along[:, None])
    aside = rng.standard_normal((n_samples, 3)) * spreads[fault][:, None]
    events = sphere.project(on + aside)
    anywhere = rng.uniform(size=n_samples) < background
    events[anywhere] = sphere.random(int(anywhere.sum()), 3, random_state=rng)
    return sphere.to_lonlat(events)


def _faults(n_faults, rng):
    """Corners of winding chains of arcs, of shape (n_faults, _N_STEPS, 3)."""
    at = sphere.random(n_faults, 3, random_state=rng)
    way = rng.standard_normal((n_faults, 3))
    way = sphere.project(way - (way * at).sum(axis=1, keepdims=True) * at)
    chain = [at]
    for _ in range(_N_STEPS - 1):
        bend = _BEND * rng.standard_normal((n_faults, 1))
        way = np.cos(bend) * way + np.sin(bend) * np.cross(at, way)
        following = sphere.exp(at, _STEP * way)
        way = sphere.transport(at, following, way)
        at = following
        chain.append(at)
    return np.stack(chain, axis=1)
