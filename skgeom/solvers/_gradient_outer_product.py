"""In which directions a kernel machine changes: the mean outer product of gradients."""

from types import ModuleType

from skgeom.typing import Array


def average_gradient_outer_product(
    xp: ModuleType,
    rows: Array,
    centers: Array,
    dual: Array,
    slopes: Array,
    weights: Array | None = None,
) -> Array:
    r"""Average :math:`\nabla f \nabla f'` over rows, for a sum of radial kernels.

    With :math:`f(x) = \sum_j c_j k(|x - z_j|^2)` and :math:`k'` the derivative of the
    kernel, :math:`\nabla f(x) = 2 \sum_j c_j k'(|x - z_j|^2) (x - z_j)`.

    Parameters
    ----------
    xp : module
        Array namespace of the arrays.
    rows : array of shape (n_rows, n_features)
        Where gradients are taken.
    centers : array of shape (n_centers, n_features)
        The z of the formula.
    dual : array of shape (n_centers, n_targets)
        The c of the formula, for each of several functions.
    slopes : array of shape (n_rows, n_centers)
        Values of k'.
    weights : array of shape (n_rows,), default=None
        What each row counts, >= 0; None is all alike.

    Returns
    -------
    array of shape (n_features, n_features)
        Summed over targets; symmetric, positive semidefinite.

    References
    ----------
    Radhakrishnan, Beaglehole, Pandit and Belkin, "Mechanism for feature learning in
    neural networks and backpropagation-free machine learning models", Science 383,
    2024.

    Examples
    --------
    A sum of two kernels that changes along the first axis alone:

    >>> import numpy as np
    >>> from skgeom.solvers import average_gradient_outer_product
    >>> Z, c = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0], [-1.0]])
    >>> average_gradient_outer_product(np, np.zeros((1, 2)), Z, c, -np.ones((1, 2)))
    array([[16.,  0.],
           [ 0.,  0.]])
    """
    if weights is None:
        share = xp.ones_like(rows[:, 0]) / rows.shape[0]
    else:
        share = weights / xp.sum(weights)
    total = xp.zeros_like(rows[:1, :]) * xp.matrix_transpose(rows[:1, :])
    level = slopes @ dual
    for target in range(dual.shape[1]):
        # Coefficients go to the centres, not to the slopes: those are many.
        pulled = slopes @ (dual[:, target, None] * centers)
        gradients = 2 * (rows * level[:, target, None] - pulled)
        total = total + xp.matrix_transpose(gradients) @ (share[:, None] * gradients)
    return (total + xp.matrix_transpose(total)) / 2
