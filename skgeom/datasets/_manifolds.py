"""Surfaces whose geodesics have a closed form: the Swiss roll and the flat torus."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.datasets._sample import FlatGeometry, ManifoldSample, group_labels, place
from skgeom.typing import RandomStateLike

_POSITIVE_INT = [Interval(Integral, 1, None, closed="left")]
_POSITIVE = [Interval(Real, 0, None, closed="neither")]
_ROLL_CONSTRAINTS = {
    "n_samples": _POSITIVE_INT,
    "noise": [Interval(Real, 0, None, closed="left")],
    "n_features": [Interval(Integral, 3, None, closed="left")],
    "height": _POSITIVE,
    "random_state": ["random_state"],
}

# The roll turns once and a half: from 1.5 pi to 4.5 pi.
_FIRST_ANGLE, _LAST_ANGLE = 1.5 * np.pi, 4.5 * np.pi


def _arc_length(t):
    """Length of the spiral (t cos t, t sin t) from the centre to the angle t."""
    return (t * np.sqrt(t**2 + 1) + np.arcsinh(t)) / 2


def _spiral_angle(u):
    """Invert `_arc_length`, which is odd, by Newton's method."""
    target = np.abs(u)
    t = np.sqrt(2 * target)  # no smaller than the root of a convex function
    for _ in range(10):
        t -= (_arc_length(t) - target) / np.sqrt(t**2 + 1)
    return np.copysign(t, u)


def _roll_up(t, h):
    return np.column_stack([t * np.cos(t), h, t * np.sin(t)])


@validate_params(_ROLL_CONSTRAINTS, prefer_skip_nested_validation=True)
def make_swiss_roll(
    n_samples: int = 100,
    *,
    noise: float = 0.0,
    n_features: int = 3,
    height: float = 5.0,
    random_state: RandomStateLike = None,
) -> ManifoldSample:
    r"""Sample a Swiss roll with known geodesic distances.

    The points are :math:`(t \cos t, h, t \sin t)` with t uniform in
    :math:`[1.5\pi, 4.5\pi]` and h uniform in [0, `height`]. Unrolled, the surface is
    flat: geodesic distances are Euclidean in :math:`(u, h)`, where
    :math:`u = (t\sqrt{t^2 + 1} + \operatorname{arsinh} t) / 2` is the length of the
    spiral.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise in every feature.
    n_features : int, default=3
        Dimension of the space around, at least 3. Above 3, the roll is rotated into
        it at random.
    height : float, default=5.0
        Width of the band that is rolled up.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. An int makes the sample reproducible; the points
        without noise then do not depend on `noise`.

    Returns
    -------
    sample : ManifoldSample
        With `X` of shape (n_samples, n_features) and the coordinates (u, h) of shape
        (n_samples, 2), u in [12.5, 101.8], float64. The labels are None.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong type or out of range; a ValueError.

    See Also
    --------
    make_clustered_swiss_roll : The same surface with clusters.
    sklearn.datasets.make_swiss_roll : Returns t, and no distances.

    Notes
    -----
    Angles are uniform, hence points are denser in the middle of the roll. The paper
    uses 2,000 points in 10 and 50 features with noise 0.1, 0.5 and 1 [1]_.

    References
    ----------
    .. [1] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein,
       S. Krishnaswamy, "A heat diffusion perspective on geodesic preserving
       dimensionality reduction", NeurIPS 2023.

    Examples
    --------
    >>> from skgeom.datasets import make_swiss_roll
    >>> sample = make_swiss_roll(200, noise=0.5, n_features=10, random_state=0)
    >>> sample.X.shape
    (200, 10)
    >>> sample.geodesic_distances().shape
    (200, 200)
    """
    rng = check_random_state(random_state)
    t = rng.uniform(_FIRST_ANGLE, _LAST_ANGLE, n_samples)
    h = rng.uniform(0.0, height, n_samples)
    X = place(_roll_up(t, h), n_features, noise, rng)
    coordinates = np.column_stack([_arc_length(t), h])
    return ManifoldSample(X, coordinates, None, FlatGeometry(coordinates))


@validate_params(
    {**_ROLL_CONSTRAINTS, "n_clusters": _POSITIVE_INT, "cluster_std": _POSITIVE},
    prefer_skip_nested_validation=True,
)
def make_clustered_swiss_roll(
    n_samples: int = 100,
    *,
    n_clusters: int = 5,
    cluster_std: float = 2.0,
    noise: float = 0.0,
    n_features: int = 3,
    height: float = 5.0,
    random_state: RandomStateLike = None,
) -> ManifoldSample:
    r"""Sample Gaussian clusters on a Swiss roll with known geodesic distances.

    The clusters are round on the unrolled surface, with centres at equal distances
    along the spiral and uniform in [0, `height`] across it. In the space around,
    clusters on neighbouring turns of the roll come close to each other.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points. Clusters differ in size by one at most.
    n_clusters : int, default=5
        Number of clusters, at most n_samples.
    cluster_std : float, default=2.0
        Standard deviation of each cluster, in the coordinates (u, h). The centres are
        89.3 / `n_clusters` apart along the roll.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise in every feature.
    n_features : int, default=3
        Dimension of the space around, at least 3. Above 3, the roll is rotated into
        it at random.
    height : float, default=5.0
        Width of the band in which the centres lie.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. An int makes the sample reproducible; the points
        without noise then do not depend on `noise`.

    Returns
    -------
    sample : ManifoldSample
        With `X` of shape (n_samples, n_features), the coordinates (u, h) of shape
        (n_samples, 2), float64, as in :func:`make_swiss_roll`, and the cluster
        of each point as `labels`, in [0, n_clusters), ascending.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong type or out of range; a ValueError.
    ValueError
        If there are more clusters than samples.

    See Also
    --------
    make_swiss_roll : The same surface with uniform angles.
    make_clustered_tree : Clusters on the branches of a tree.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.datasets import make_clustered_swiss_roll
    >>> sample = make_clustered_swiss_roll(60, n_clusters=3, random_state=0)
    >>> np.bincount(sample.labels)
    array([20, 20, 20])
    """
    rng = check_random_state(random_state)
    labels = group_labels(n_samples, n_clusters, "n_clusters")
    ends = _arc_length(_FIRST_ANGLE), _arc_length(_LAST_ANGLE)
    centres = np.column_stack(
        [
            np.interp((np.arange(n_clusters) + 0.5) / n_clusters, [0, 1], ends),
            rng.uniform(0.0, height, n_clusters),
        ]
    )
    coordinates = centres[labels] + cluster_std * rng.standard_normal((n_samples, 2))
    u, h = coordinates.T
    X = place(_roll_up(_spiral_angle(u), h), n_features, noise, rng)
    return ManifoldSample(X, coordinates, labels, FlatGeometry(coordinates))


@validate_params(
    {
        "n_samples": _POSITIVE_INT,
        "radii": [tuple, list],
        "noise": [Interval(Real, 0, None, closed="left")],
        "n_features": [Interval(Integral, 4, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_torus(
    n_samples: int = 100,
    *,
    radii: tuple[float, float] = (2.0, 1.0),
    noise: float = 0.0,
    n_features: int = 4,
    random_state: RandomStateLike = None,
) -> ManifoldSample:
    r"""Sample a flat torus with known geodesic distances.

    The points are :math:`(R \cos\theta, R \sin\theta, r \cos\phi, r \sin\phi)` with
    both angles uniform in :math:`[0, 2\pi)`. This product of two circles, the
    Clifford torus, has the topology of the ring in three dimensions, but no
    curvature: geodesic distances are :math:`\sqrt{R^2 \Delta\theta^2 +
    r^2 \Delta\phi^2}`, each difference of angles taken the short way round, whereas
    those of the ring have no closed form.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points.
    radii : tuple of two floats, default=(2.0, 1.0)
        The radii (R, r) of the two circles, positive and finite.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise in every feature.
    n_features : int, default=4
        Dimension of the space around, at least 4. Above 4, the torus is rotated into
        it at random.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. An int makes the sample reproducible; the points
        without noise then do not depend on `noise`.

    Returns
    -------
    sample : ManifoldSample
        With `X` of shape (n_samples, n_features) and the angles (theta, phi) as
        coordinates of shape (n_samples, 2), float64. The labels are None.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong type or out of range; a ValueError.
    ValueError
        If `radii` are not two positive finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.datasets import make_torus
    >>> sample = make_torus(500, radii=(3.0, 1.0), random_state=0)
    >>> sample.X.shape
    (500, 4)
    >>> diameter = np.pi * np.hypot(3.0, 1.0)
    >>> bool(sample.geodesic_distances().max() <= diameter)
    True
    """
    if len(radii) != 2 or not all(
        isinstance(radius, Real) and 0 < radius < np.inf for radius in radii
    ):
        raise ValueError(f"radii must be two positive finite numbers; got {radii!r}.")
    rng = check_random_state(random_state)
    angles = rng.uniform(0.0, 2 * np.pi, (n_samples, 2))
    circles = [
        radius * np.column_stack([np.cos(angle), np.sin(angle)])
        for radius, angle in zip(radii, angles.T, strict=True)
    ]
    X = place(np.hstack(circles), n_features, noise, rng)
    periods = tuple(2 * np.pi * radius for radius in radii)
    return ManifoldSample(X, angles, None, FlatGeometry(angles * radii, periods))
