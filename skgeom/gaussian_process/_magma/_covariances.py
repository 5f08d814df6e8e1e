"""Covariances of stacks of points, and their slopes by logs of hyper-parameters.

As in Rasmussen and Williams, "Gaussian processes for machine learning", MIT Press,
2006, section 4.2.
"""

from typing import NamedTuple

import numpy as np

from skgeom.typing import NDArray

# What distances are multiplied by.
_REACH = {"matern12": 1.0, "matern32": 3.0**0.5, "matern52": 5.0**0.5}
KERNELS = ("rbf", *_REACH)


class Covariance(NamedTuple):
    """Kernel values of stacks of points, and what their slopes are made of.

    `values` has the shape (..., n, m); `slopes`, times the squares of gaps in a column,
    are derivatives by the log length scale of that column. Points `x` and `z` are in
    units of the length scales.
    """

    values: NDArray
    slopes: NDArray
    x: NDArray
    z: NDArray

    def by_logs(self, adjoint):
        """Derivatives by the logs of variance and length scales, for an adjoint."""
        steep = adjoint * self.slopes
        # sum A_ab (x_a - z_b)^2 = sum x_a^2 sum_b A_ab + sum z_b^2 sum_a A_ab - 2 x'Az
        d = self.x.shape[-1]
        both = self.x * (steep @ self.z)
        lengths = steep.sum(axis=-1).ravel() @ self.x.reshape(-1, d) ** 2
        lengths -= 2 * both.reshape(-1, d).sum(axis=0)
        for_z = steep.sum(axis=-2)
        z = np.broadcast_to(self.z, (*for_z.shape, d)).reshape(-1, d)
        lengths += for_z.ravel() @ z**2
        return np.concatenate([[np.vdot(adjoint, self.values)], lengths])


def covariance(
    x: NDArray, z: NDArray, kernel: str, variance: float, lengths: NDArray
) -> Covariance:
    """Covariance of points, for stacks of them at once.

    Parameters
    ----------
    x : ndarray of shape (..., n, n_inputs)
        Points.
    z : ndarray of shape (..., m, n_inputs)
        Other points.
    kernel : {"rbf", "matern12", "matern32", "matern52"}
        The kernel.
    variance : float
        Value at distance zero.
    lengths : ndarray of shape (n_inputs,)
        Length scales.

    Returns
    -------
    Covariance
        Values, and slopes.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._magma._covariances import covariance
    >>> x = np.array([[0.0], [2.0]])
    >>> covariance(x, x, "rbf", 3.0, np.array([2.0])).values.round(3)
    array([[3.  , 1.82],
           [1.82, 3.  ]])
    """
    x, z = x / lengths, z / lengths
    squares = np.zeros((*x.shape[:-1], z.shape[-2]))
    for i in range(x.shape[-1]):
        gaps = x[..., :, None, i] - z[..., None, :, i]
        squares += gaps * gaps
    if kernel == "rbf":
        values = variance * np.exp(-0.5 * squares)
        return Covariance(values, values, x, z)
    reach = _REACH[kernel] * np.sqrt(squares)
    decay = variance * np.exp(-reach)
    if kernel == "matern12":
        slopes = np.divide(decay, reach, out=np.zeros_like(decay), where=reach > 0)
        return Covariance(decay, slopes, x, z)
    if kernel == "matern32":
        return Covariance((1 + reach) * decay, 3 * decay, x, z)
    slopes = (1 + reach) * decay
    values = slopes + reach * reach * decay / 3
    return Covariance(values, slopes * (5 / 3), x, z)
