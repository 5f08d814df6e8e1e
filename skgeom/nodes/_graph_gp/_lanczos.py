"""The evidence of labels whose covariance is known by its products.

Its determinant by stochastic Lanczos quadrature (Ubaru, Chen and Saad, "Fast estimation
of tr(f(A)) via stochastic Lanczos quadrature", SIAM Journal on Matrix Analysis and
Applications 38, 2017).
"""

from collections.abc import Callable

import numpy as np
import scipy.linalg

from skgeom.nodes._graph_gp._evidence import Evidence, profile
from skgeom.nodes._graph_gp._labels import Labels
from skgeom.typing import NDArray

_N_PROBES, _N_STEPS = 16, 150


def lanczos_evidence(
    product: Callable, labels: Labels, ratio: float, noise: float | None = None
) -> Evidence:
    """Log density of labels, estimated.

    Parameters
    ----------
    product : callable
        Multiplies columns by the noisy covariance with roots of weights on both sides.
    labels : Labels
        What the density is of.
    ratio : float
        Noise of a label of weight one, in units of the signal variance.
    noise : float, default=None
        As of `profile`.

    Returns
    -------
    Evidence
        Its quadratic form by Lanczos, too, which is as good as conjugate gradients.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_gp._evidence import profile
    >>> from skgeom.nodes._graph_gp._labels import Labels
    >>> from skgeom.nodes._graph_gp._lanczos import lanczos_evidence
    >>> labels = Labels(np.arange(9), np.ones((9, 1)), np.ones(9), 0, 0.0)
    >>> found = lanczos_evidence(lambda V: 2 * V, labels, 1.0)
    >>> exact = profile(9 * np.log(2), 9 / 2, 1.0, None, labels)
    >>> bool(abs(found.value - exact.value) < 1e-9)
    True
    """
    n, n_targets = labels.targets.shape
    roots = np.sqrt(labels.weights)[:, None]
    probes = np.random.default_rng(0).choice([-1.0, 1.0], (n, _N_PROBES))
    starts = np.hstack([roots * labels.targets, probes])
    n_steps = min(_N_STEPS, n)
    determinant = quadratic = 0.0
    for i, (values, squares) in enumerate(lanczos(product, starts, n_steps)):
        values = np.maximum(values, ratio)
        if i < n_targets:
            quadratic += (squares / values).sum()
        else:
            determinant += (squares * np.log(values)).sum() / _N_PROBES
    determinant -= np.log(labels.weights).sum()
    return profile(float(determinant), float(quadratic), ratio, noise, labels)


def lanczos(
    product: Callable, starts: NDArray, n_steps: int
) -> list[tuple[NDArray, NDArray]]:
    """Gauss quadrature of the spectral measure of each column of a symmetric matrix.

    Parameters
    ----------
    product : callable
        Multiplies columns by the matrix.
    starts : ndarray of shape (n, n_columns)
        The columns b.
    n_steps : int
        Most nodes of each quadrature.

    Returns
    -------
    list of tuple of ndarray
        Nodes x and weights w of each column: b' f(A) b is about the sum of w f(x).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_gp._lanczos import lanczos
    >>> A, b = np.diag([1.0, 4.0]), np.ones((2, 1))
    >>> [(nodes, weights)] = lanczos(lambda V: A @ V, b, 2)
    >>> round(float(weights @ np.sqrt(nodes)), 6)
    3.0
    """
    norms = np.sqrt((starts**2).sum(axis=0))
    safe = np.where(norms > 0, norms, 1.0)
    before, Q = np.zeros_like(starts), starts / safe
    beta = np.zeros(starts.shape[1])
    diagonals, betas = [], []
    for _ in range(n_steps):
        V = product(Q) - beta * before
        alpha = (V * Q).sum(axis=0)
        V -= alpha * Q
        beta = np.sqrt((V**2).sum(axis=0))
        diagonals.append(alpha)
        betas.append(beta)
        if (beta <= 1e-12 * np.abs(alpha)).all():
            break
        before, Q = Q, V / np.where(beta > 0, beta, 1.0)
    found = []
    for column, norm in enumerate(norms):
        diagonal = np.array([alpha[column] for alpha in diagonals])
        off = np.array([b[column] for b in betas])
        size = np.abs(diagonal).max()
        ends = np.flatnonzero(off <= 1e-12 * size)
        length = int(ends[0]) + 1 if len(ends) else len(diagonal)
        nodes, vectors = scipy.linalg.eigh_tridiagonal(
            diagonal[:length], off[: length - 1]
        )
        found.append((nodes, norm**2 * vectors[0] ** 2))
    return found
