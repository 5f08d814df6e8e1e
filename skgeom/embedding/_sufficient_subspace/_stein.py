r"""Directions by Stein's lemma: moments of the targets with the scores of the rows.

For y = f(B' z) and the score s of the density of z, :math:`E[s(z) y]` and
:math:`E[(s s' - \nabla s) y]` are means of the gradient and of the Hessian of f, and
lie in the span of B (Li, "On principal Hessian directions", JASA 87, 1992; Yang,
Balasubramanian and Liu, "High-dimensional non-Gaussian single index models via
thresholded score function estimation", ICML 2017).
"""

import numpy as np
from sklearn.mixture import GaussianMixture

from skgeom.typing import NDArray

# Components of the mixture of Gaussians whose score is used, at most.
_MOST_COMPONENTS = 5
_FLOOR = 1e-2


def stein_matrix(
    rows: NDArray,
    targets: NDArray,
    order: str | int,
    density: str,
    random_state: np.random.RandomState,
) -> NDArray:
    """Add up what moments of both orders say, less what is expected of noise.

    Parameters
    ----------
    rows : ndarray of shape (n, rank)
        Whitened rows.
    targets : ndarray of shape (n, n_targets)
        Of mean zero and variance one.
    order : {1, 2, "both"}
        Which moments.
    density : {"gaussian", "mixture"}
        Of the rows.
    random_state : RandomState
        Decides where mixtures start.

    Returns
    -------
    ndarray of shape (rank, rank)
        Symmetric; its leading eigenvectors are the directions.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._sufficient_subspace._stein import stein_matrix
    >>> rng = np.random.RandomState(0)
    >>> Z = rng.standard_normal((2000, 3))
    >>> y = Z[:, 1:2] ** 2 - 1
    >>> M = stein_matrix(Z, y, "both", "gaussian", rng)
    >>> int(np.argmax(np.diag(M)))
    1
    """
    (n, p), q = rows.shape, targets.shape[1]
    mixture = None
    if density == "mixture":
        mixture = _mixture(rows, random_state)
    total = np.zeros((p, p))
    if order != 2:
        first = _scores(rows, mixture).T @ targets / n
        total += first @ first.T - q / n * np.eye(p)
    if order != 1:
        second = -q * (p + 1) / n * np.eye(p)
        for target in targets.T:
            H = _hessian(rows, target, mixture)
            second += H @ H
        total += second / 2 if order == "both" else second
    return (total + total.T) / 2


def _mixture(rows, random_state):
    """The mixture of Gaussians with the least BIC; None for a single one."""
    models = []
    seed = random_state.randint(2**31 - 1)
    for k in range(1, min(_MOST_COMPONENTS, len(rows) // (2 * rows.shape[1])) + 1):
        model = GaussianMixture(k, reg_covar=_FLOOR, random_state=seed).fit(rows)
        models.append((model.bic(rows), k, model))
    if not models:
        return None
    _, k, best = min(models, key=lambda found: found[:2])
    return None if k == 1 else (best, best.predict_proba(rows))


def _scores(rows, mixture):
    if mixture is None:
        return rows
    model, shares = mixture
    total = np.zeros_like(rows)
    for k, (mean, P) in enumerate(
        zip(model.means_, model.precisions_, strict=True),
    ):
        total += shares[:, k : k + 1] * ((rows - mean) @ P)
    return total


def _hessian(rows, target, mixture):
    """Mean of the second moment function times a target."""
    n = len(rows)
    if mixture is None:
        # The target is of mean zero: the identity drops out.
        return (rows * target[:, None]).T @ rows / n
    model, shares = mixture
    total = np.zeros((rows.shape[1],) * 2)
    for k, (mean, P) in enumerate(
        zip(model.means_, model.precisions_, strict=True),
    ):
        weights = shares[:, k] * target
        D = (rows - mean) @ P
        total += (D * weights[:, None]).T @ D - weights.sum() * P
    return (total + total.T) / (2 * n)
