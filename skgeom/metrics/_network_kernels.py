"""Kernels of wide networks of rectified units, in closed form.

Cho and Saul, "Kernel methods for deep learning", NIPS 2009; Lee, Bahri, Novak,
Schoenholz, Pennington and Sohl-Dickstein, "Deep neural networks as Gaussian processes",
ICLR 2018; Jacot, Gabriel and Hongler, "Neural tangent kernel", NeurIPS 2018.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.typing import MatrixLike, NDArray

_PARAMETERS = {
    "n_layers": [Interval(Integral, 1, None, closed="left")],
    "weight_variance": [Interval(Real, 0, None, closed="neither")],
    "bias_variance": [Interval(Real, 0, None, closed="left")],
}


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def nngp_kernel(
    X: MatrixLike,
    Y: MatrixLike | None = None,
    *,
    n_layers: int = 2,
    weight_variance: float = 2.0,
    bias_variance: float = 0.1,
) -> NDArray:
    r"""Compute the covariance of the outputs of a wide random network.

    As the layers of a network with rectified units grow wide, its output at
    initialisation becomes a Gaussian process [1]_. With :math:`\theta` the angle of two
    rows under the covariance :math:`\Sigma` of a layer, that of the next is
    :math:`\sigma_w^2 \sqrt{\Sigma_{xx} \Sigma_{yy}}\,
    (\sin\theta + (\pi - \theta)\cos\theta) / 2\pi + \sigma_b^2` [2]_.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        Rows.
    Y : array-like of shape (n_samples_Y, n_features), default=None
        Other rows; None is X.
    n_layers : int, default=2
        Layers of rectified units, >= 1.
    weight_variance : float, default=2.0
        The :math:`\sigma_w^2` of all layers, > 0; a weight has this over the width of
        its layer. With 2 and no bias, sizes are kept from layer to layer.
    bias_variance : float, default=0.1
        The :math:`\sigma_b^2` of all layers, >= 0.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y)
        Covariances; the diagonal is not 1.

    Raises
    ------
    ValueError
        If X and Y have different numbers of columns, or a parameter is out of range.

    See Also
    --------
    ntk_kernel : The kernel of the same network while it is trained.

    References
    ----------
    .. [1] Lee, Bahri, Novak, Schoenholz, Pennington and Sohl-Dickstein, "Deep neural
       networks as Gaussian processes", ICLR 2018, section 2.
    .. [2] Cho and Saul, "Kernel methods for deep learning", NIPS 2009, equation 6.

    Examples
    --------
    >>> from skgeom.metrics.pairwise import nngp_kernel
    >>> nngp_kernel([[1.0, 0.0], [0.0, 1.0]], n_layers=1, bias_variance=0.0).round(3)
    array([[1.   , 0.318],
           [0.318, 1.   ]])
    """
    return _network_kernels(X, Y, n_layers, weight_variance, bias_variance)[0]


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def ntk_kernel(
    X: MatrixLike,
    Y: MatrixLike | None = None,
    *,
    n_layers: int = 2,
    weight_variance: float = 2.0,
    bias_variance: float = 0.1,
) -> NDArray:
    r"""Compute the tangent kernel of a wide network of rectified units.

    Gradient descent on all weights of a wide network is kernel regression with this
    kernel [1]_: :math:`\Theta \leftarrow \Theta \dot\Sigma + \Sigma`, layer by layer,
    with :math:`\Sigma` as in `nngp_kernel` and
    :math:`\dot\Sigma = \sigma_w^2 (\pi - \theta) / 2\pi`.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        Rows.
    Y : array-like of shape (n_samples_Y, n_features), default=None
        Other rows; None is X.
    n_layers : int, default=2
        Layers of rectified units, >= 1.
    weight_variance : float, default=2.0
        As of `nngp_kernel`, > 0.
    bias_variance : float, default=0.1
        As of `nngp_kernel`, >= 0.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y)
        Kernel values; the diagonal is not 1.

    Raises
    ------
    ValueError
        If X and Y have different numbers of columns, or a parameter is out of range.

    See Also
    --------
    nngp_kernel : The covariance of the network before it is trained.

    References
    ----------
    .. [1] Jacot, Gabriel and Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, theorem 1.

    Examples
    --------
    >>> from skgeom.metrics.pairwise import ntk_kernel
    >>> ntk_kernel([[1.0, 0.0], [0.0, 1.0]], n_layers=1, bias_variance=0.0).round(3)
    array([[2.   , 0.318],
           [0.318, 2.   ]])
    """
    return _network_kernels(X, Y, n_layers, weight_variance, bias_variance)[1]


def _network_kernels(X, Y, n_layers, weight_variance, bias_variance):
    """Covariance and tangent kernel after the last layer."""
    same = Y is None or Y is X
    X, Y = check_pairwise_arrays(X, Y, dtype=[np.float64, np.float32])
    dtype = np.result_type(X, Y)
    X, Y = (np.asarray(a, dtype=np.float64) for a in (X, Y))
    share = weight_variance / X.shape[1]
    covariance = share * (X @ Y.T) + bias_variance
    own, others = (share * (a * a).sum(axis=1) + bias_variance for a in (X, Y))
    tangent = covariance
    for _ in range(n_layers):
        arc, slope = rectified(covariance, own, others, same)
        covariance = weight_variance * arc + bias_variance
        tangent = weight_variance * tangent * slope + covariance
        own, others = (weight_variance * a / 2 + bias_variance for a in (own, others))
    return covariance.astype(dtype, copy=False), tangent.astype(dtype, copy=False)


def rectified(
    covariance: NDArray, own: NDArray, others: NDArray, same: bool
) -> tuple[NDArray, NDArray]:
    """Means of products of rectified Gaussian pairs, and of their slopes.

    `own` and `others` are the variances of rows and columns; where both are the `same`
    variables, the diagonal is exact.
    """
    size = np.sqrt(own)[:, None] * np.sqrt(others)
    cosine = np.divide(covariance, size, out=np.zeros_like(size), where=size > 0)
    cosine = cosine.clip(-1, 1)
    if same:
        np.fill_diagonal(cosine, np.where(own > 0, 1.0, 0.0))
    angle = np.arccos(cosine)
    # sin(arccos(c)) without the rounding of an angle near 0.
    sine = np.sqrt((1 - cosine) * (1 + cosine))
    slope = (np.pi - angle) / (2 * np.pi)
    return size * (sine / (2 * np.pi) + slope * cosine), slope
