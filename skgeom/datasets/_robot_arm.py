"""A smooth function of many columns for regression: where a robot's arm reaches."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.typing import NDArray, RandomStateLike

_LENGTHS = np.array([0.6, 0.5, 0.4, 0.4, 0.3, 0.3, 0.2, 0.2])
# About the mean and the spread of the distances.
_MEAN, _SPREAD = 1.3, 0.33
_TARGET = np.array([0.5, 0.5, 0.5])


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_robot_arm(
    n_samples: int = 100,
    *,
    noise: float = 0.05,
    random_state: RandomStateLike = None,
) -> tuple[NDArray, NDArray]:
    r"""Distances of the end of an arm with eight joints from a point in space.

    Each joint turns about the z or the y axis in turn. As in the "kin" family of the
    DELVE archive (Rasmussen et al., 1996), the distance is a smooth function of the
    angles in which all of them interact: hard for trees, and for kernels a matter of
    how many rows they can take.

    Parameters
    ----------
    n_samples : int, default=100
        Rows, >= 1.
    noise : float, default=0.05
        Standard deviation of normal noise of the targets, >= 0; without noise their
        own is about 1.7. Angles and draws of the noise do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Decides angles and noise.

    Returns
    -------
    X : ndarray of shape (n_samples, 8)
        Angles, uniform within a right angle to both sides, in units of their standard
        deviation.
    y : ndarray of shape (n_samples,)
        Distances, shifted and scaled.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Rasmussen, Neal, Hinton, van Camp, Revow, Ghahramani, Kustra and Tibshirani, "The
    DELVE manual", University of Toronto, 1996.

    Examples
    --------
    >>> from skgeom.datasets import make_robot_arm
    >>> X, y = make_robot_arm(1000, random_state=0)
    >>> X.shape, y.shape
    ((1000, 8), (1000,))
    """
    rng = check_random_state(random_state)
    angles = rng.uniform(-np.pi / 2, np.pi / 2, (n_samples, len(_LENGTHS)))
    # The direction of a link is a column of the product of all turns before it.
    turned = np.broadcast_to(np.eye(3), (n_samples, 3, 3))
    end = np.zeros((n_samples, 3))
    for joint, length in enumerate(_LENGTHS):
        turned = turned @ _turn(angles[:, joint], about_z=joint % 2 == 0)
        end = end + length * turned[:, :, 0]
    distance = np.linalg.norm(end - _TARGET, axis=1)
    y = (distance - _MEAN) / _SPREAD + noise * rng.standard_normal(n_samples)
    return angles / (np.pi / np.sqrt(12)), y


def _turn(angles, about_z):
    """Rotations in space by some angles."""
    cosine, sine = np.cos(angles), np.sin(angles)
    other = 1 if about_z else 2
    turn = np.zeros((len(angles), 3, 3))
    turn[:, 0, 0] = turn[:, other, other] = cosine
    turn[:, 0, other], turn[:, other, 0] = -sine, sine
    turn[:, 3 - other, 3 - other] = 1.0
    return turn
