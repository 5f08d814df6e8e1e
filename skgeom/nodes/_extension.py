"""A kernel on known nodes, extended to new ones that hang on them by links.

Features are those of Reid et al., "General graph random features", ICLR 2024.
"""

import numpy as np

from skgeom.nodes._graph_kernel import GraphKernel, trimmed
from skgeom.typing import NDArray

# Coefficients that features of new nodes have at the most, if those of f are fewer, and
# how much larger than those of f they may be in all.
_EXTENSION_LENGTH, _EXTENSION_LIMIT = 256, 4.0


def extension_modulation(kernel: GraphKernel) -> NDArray:
    r"""Coefficients h of the features of a node that hangs on known ones.

    A new node with links w to known nodes has the features
    :math:`\sum_j w_j\, h(W) e_j`. Its inner products with the features of known nodes
    are the kernel exactly, but for walks that come back to it, if

    .. math:: h(x) f(x) = \bigl(f(x)^2 - f_0^2\bigr) / x .

    Parameters
    ----------
    kernel : GraphKernel
        The kernel, with f its modulation.

    Returns
    -------
    ndarray of shape (n_lengths,), float64
        The coefficients, at least one. Where the series of h does not converge well,
        those of f from the second on: then what f says of the node itself is missing.

    Examples
    --------
    >>> from skgeom.nodes import graph_kernel
    >>> from skgeom.nodes._extension import extension_modulation
    >>> extension_modulation(graph_kernel("diffusion"))[:3].round(3)
    array([0.607, 0.   , 0.025])
    """
    f = kernel.modulation
    if len(f) == 1:
        return np.zeros(1)
    if f[0] < np.finfo(np.float64).tiny:  # of long ranges
        return f[1:]
    size = max(len(f), _EXTENSION_LENGTH)
    wanted = np.zeros(size)
    wanted[: 2 * len(f) - 2] = np.convolve(f, f)[1 : size + 1]
    h = np.zeros(size)
    for i in range(size):
        past = f[1 : i + 1]
        h[i] = (wanted[i] - past @ h[i - len(past) : i][::-1]) / f[0]
        if abs(h[i]) > _EXTENSION_LIMIT * abs(f).sum():
            return f[1:]
    return trimmed(h) if abs(h).sum() <= _EXTENSION_LIMIT * abs(f).sum() else f[1:]
