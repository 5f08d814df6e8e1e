"""How alike columns of several copies of the links are (Bhattarai et al., 2023)."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import silhouette_samples

from skgeom.decomposition._nonnegative_rescal._relations import Relations
from skgeom.decomposition._nonnegative_rescal._updates import factorise
from skgeom.typing import NDArray

# Turns of matching columns to the median of all copies.
_TURNS = 3
# Copies of the links, and how far each link is from one times itself.
_N_COPIES = 6
_NOISE = 0.03
# Columns whose least mean silhouette is above this have come again.
_STABLE = 0.5
# A component that lowers the error by less than this share of it may be of noise.
_WORTH = 0.25


def column_stability(found: NDArray) -> float:
    """Tell how alike factors of several copies are, whatever the order of columns.

    Columns are matched to the median of the copies, which gives a group of columns for
    each component; a group is stable where its columns are nearer to each other, by
    cosines, than to those of the nearest other group.

    Parameters
    ----------
    found : ndarray of shape (n_copies, n_entities, n_components)
        Columns >= 0 of length one, at least two of each copy.

    Returns
    -------
    float
        The least mean silhouette of a group, from -1 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition._nonnegative_rescal._rank import column_stability
    >>> column_stability(np.stack([np.eye(3), np.eye(3)[:, ::-1]]))
    1.0
    """
    n_copies, _, k = found.shape
    matched = found[:1]
    for _ in range(_TURNS):
        middle = np.median(matched, axis=0)
        length = np.linalg.norm(middle, axis=0)
        middle = middle / np.where(length > 0, length, 1.0)
        matched = np.stack(
            [A[:, linear_sum_assignment(-middle.T @ A)[1]] for A in found]
        )
    columns = matched.transpose(0, 2, 1).reshape(n_copies * k, -1)
    alike = silhouette_samples(
        columns, np.tile(np.arange(k), n_copies), metric="cosine"
    )
    return float(alike.reshape(n_copies, k).mean(axis=0).min())


def ranks_by_stability(
    relations: Relations,
    max_components: int,
    n_init: int,
    rng: np.random.RandomState,
    *,
    max_iter: int,
    tol: float,
) -> tuple[int, dict[int, float], dict[int, float]]:
    """Choose the number of components that come again [1]_, and that say something.

    Parameters
    ----------
    relations : Relations
        The links.
    max_components : int
        The most that is tried.
    n_init : int
        Starts for each copy, of which the best is kept.
    rng : RandomState
        Draws copies and starts.
    max_iter : int
        Most steps.
    tol : float
        Share of the error by which steps go on.

    Returns
    -------
    chosen : int
        The largest whose stability is above 0.5 and whose error is lower than that of
        one component less by a quarter of it; 1 if there is none.
    stability : dict of int to float
        `column_stability` of the components of six copies, whose links are times 0.97
        to 1.03, for each number from 2 on.
    errors : dict of int to float
        Mean share of the squares of a copy that is left, for each number from 1 on.

    References
    ----------
    .. [1] Bhattarai, Kharat, Boureima, Skau, Nebgen, Djidjev, Rajopadhye, Smith and
       Alexandrov, "Distributed non-negative RESCAL with automatic model selection for
       exascale data", Journal of Parallel and Distributed Computing 179, 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition._nonnegative_rescal._rank import ranks_by_stability
    >>> from skgeom.decomposition._nonnegative_rescal._relations import Relations
    >>> rng = np.random.RandomState(1)
    >>> A = rng.exponential(size=(30, 3)) * (rng.rand(30, 3) < 0.5)
    >>> X = A @ rng.exponential(size=(4, 3, 3)) @ A.T
    >>> X *= rng.uniform(0.9, 1.1, X.shape)
    >>> ranks_by_stability(Relations([X], 30), 4, 4, rng, max_iter=200, tol=1e-3)[0]
    3
    """
    stability, errors = {}, {}
    for k in range(1, max_components + 1):
        copies = relations.perturbed(_N_COPIES, _NOISE, rng)
        A, _, left, _ = factorise(copies, k, n_init, rng, max_iter=max_iter, tol=tol)
        errors[k] = float(left[-1].min(axis=1).mean())
        if k > 1:
            stability[k] = column_stability(A)
    good = [
        k
        for k, value in stability.items()
        if value > _STABLE and errors[k] < (1 - _WORTH) * errors[k - 1]
    ]
    return max(good, default=1), stability, errors
