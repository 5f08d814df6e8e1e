"""Classes as noisy numbers, and probabilities of Gaussian values.

As in Milios, Camoriano, Michiardi, Rosasco and Filippone, "Dirichlet-based Gaussian
processes for large-scale calibrated classification", NeurIPS 2018.
"""

import numpy as np
from scipy.special import expit, ndtri, softmax
from scipy.stats import qmc

from skgeom.backends import row_blocks
from skgeom.typing import NDArray

# Draws of values of more than two classes, and nodes for the difference of two.
_DRAWS, _NODES = 512, 64


def dirichlet_targets(
    codes: NDArray, n_classes: int, alpha_epsilon: float
) -> tuple[NDArray, NDArray]:
    r"""Logs of gamma variables, as normal ones of the same mean and variance.

    A row has concentrations :math:`\alpha`, epsilon and for its class one more. Class
    probabilities of a Dirichlet law are shares of gamma variables. The log of one is
    roughly normal, of variance :math:`s^2 = \log(1 / \alpha + 1)` and mean
    :math:`\log \alpha - s^2 / 2`.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each row, 0 <= code < n_classes.
    n_classes : int
        How many there are.
    alpha_epsilon : float
        The epsilon, > 0.

    Returns
    -------
    targets, variances : ndarray of shape (n, n_classes)
        Means and variances.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._dirichlet import dirichlet_targets
    >>> targets, variances = dirichlet_targets(np.array([0]), 2, 0.01)
    >>> targets.round(2), variances.round(2)
    (array([[-0.33, -6.91]]), array([[0.69, 4.62]]))
    """
    alpha = np.full((len(codes), n_classes), float(alpha_epsilon))
    alpha[np.arange(len(codes)), codes] += 1.0
    variances = np.log1p(1 / alpha)
    return np.log(alpha) - variances / 2, variances


def class_probabilities(means: NDArray, variances: NDArray) -> NDArray:
    """Mean shares of exponentials of independent normal variables.

    Of two by quadrature, of more from draws that are the same for all rows.

    Parameters
    ----------
    means, variances : ndarray of shape (n, n_classes)
        Of the variables.

    Returns
    -------
    ndarray of shape (n, n_classes)
        Rows sum to one.

    References
    ----------
    Sobol, "On the distribution of points in a cube and the approximate evaluation of
    integrals", USSR Computational Mathematics and Mathematical Physics 7, 1967.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._dirichlet import class_probabilities
    >>> class_probabilities(np.array([[2.0, 2.0]]), np.array([[1.0, 5.0]])).round(6)
    array([[0.5, 0.5]])
    """
    n, k = means.shape
    deviations = np.sqrt(np.maximum(variances, 0.0))
    if k == 2:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        spread = np.hypot(*deviations.T)[:, None]
        values = (means[:, 1] - means[:, 0])[:, None] + spread * nodes
        second = expit(values) @ (weights / weights.sum())
        return np.clip(np.stack([1 - second, second], axis=1), 0.0, 1.0)
    uniform = qmc.Sobol(k, rng=np.random.default_rng(0)).random(_DRAWS)
    draws = ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))
    found = np.empty((n, k))
    for rows in row_blocks(n, 8 * 3 * draws.size):
        values = means[rows, None] + deviations[rows, None] * draws
        found[rows] = softmax(values, axis=2).mean(axis=1)
    return found / found.sum(axis=1, keepdims=True)
