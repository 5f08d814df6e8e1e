"""Steps of A and R in X_m ~ A R_m A', not negative (Krompass et al., 2013)."""

from collections.abc import Sequence

import numpy as np

from skgeom.decomposition._nonnegative_rescal._relations import Relations
from skgeom.typing import NDArray

# Denominators below this are of factors that are zero.
_TINY = 1e-100
# A rise of the error by less than this share of the squares of X is rounding.
_ROUNDING = 1e-13
# Steps between two looks at how far the error has fallen.
_STEPS_PER_LOOK = 10
# Errors are told from zero down to this share of the squares of X.
_SMALL = 1e-4


def factorise(
    relations: Relations,
    n_components: int,
    n_init: int,
    rng: np.random.RandomState,
    *,
    max_iter: int = 400,
    tol: float = 1e-3,
) -> tuple[NDArray, NDArray, NDArray, int]:
    r"""Factorise each copy from several starts at once, and keep the best of each.

    A step is that of nonnegative matrix factorisation by each side in turn: A is
    multiplied by

    .. math:: \frac{\sum_m X_m A R_m^\top + X_m^\top A R_m}
              {A \sum_m R_m G R_m^\top + R_m^\top G R_m}, \qquad G = A^\top A,

    then :math:`R_m` by :math:`A^\top X_m A / (G R_m G)` [1]_. The error is quadratic in
    R, whose step never raises it, and of degree four in A, where the fourth root of the
    factor never does; the root is taken only where the error would be higher after
    both. Where links go from some entities to others, only links that there may be are
    described: G is of those at the other end.

    Parameters
    ----------
    relations : Relations
        The links.
    n_components : int
        Columns of A.
    n_init : int
        Starts for each copy.
    rng : RandomState
        Draws them.
    max_iter : int, default=400
        Most steps.
    tol : float, default=1e-3
        Steps end where `last_fall` of no start is above this.

    Returns
    -------
    A : ndarray of shape (n_copies, n_entities, n_components)
        Columns of length one, or zero.
    R : ndarray of shape (n_copies, n_relations, n_components, n_components)
        Cores.
    errors : ndarray of shape (n_looks, n_copies, n_init)
        Sums of the squares of what is left, every tenth step of every start, as shares
        of those of X.
    n_iter : int
        Steps that were made.

    References
    ----------
    .. [1] Krompass, Nickel, Jiang and Tresp, "Non-negative tensor factorization with
       RESCAL", ECML PKDD workshop on tensor methods for machine learning, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition._nonnegative_rescal._relations import Relations
    >>> from skgeom.decomposition._nonnegative_rescal._updates import factorise
    >>> X = np.outer([1.0, 2, 0], [1.0, 2, 0])[None]
    >>> rng = np.random.RandomState(0)
    >>> A, R, errors, _ = factorise(Relations([X], 3), 1, 1, rng)
    >>> A[0, :, 0].round(3), R.round(3)
    (array([0.447, 0.894, 0.   ]), array([[[[5.]]]]))
    """
    n_copies, n, m = len(relations.copies), relations.n_entities, relations.n_relations
    k = n_components
    A = _unit(rng.uniform(0.1, 1.1, (n_copies, n_init, n, k)))
    R = rng.uniform(0.1, 1.1, (n_copies, n_init, m, k, k))
    squares = relations.squares()[:, None]
    unit = np.where(squares > 0, squares, 1.0)
    state = _Products(relations, A)
    R = _core_step(R, state)
    error = state.error(R)
    seen, n_iter = [(squares + error) / unit], 0
    for n_iter in range(1, max_iter + 1):
        state, R, error = _step(relations, state, R, error, _ROUNDING * unit)
        if n_iter % _STEPS_PER_LOOK == 0:
            seen.append(np.maximum((squares + error) / unit, 0.0))
            if (last_fall(seen) <= tol).all():
                break
    if n_iter % _STEPS_PER_LOOK:
        seen.append(np.maximum((squares + error) / unit, 0.0))
    best = error.argmin(axis=1)
    each = np.arange(n_copies)
    return state.A[each, best], R[each, best], np.array(seen), n_iter


def last_fall(errors: Sequence[NDArray]) -> NDArray:
    """Tell how far errors fell between the last two looks, beside what is at stake.

    Parameters
    ----------
    errors : sequence of arrays, n_looks of them
        Errors as `factorise` tells them.

    Returns
    -------
    ndarray of the shape of each
        Shares of the error, or of what is explained where that is less, which is so of
        sparse links; what is below a ten-thousandth of the squares of X counts as so
        much.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition._nonnegative_rescal._updates import last_fall
    >>> last_fall(np.array([[0.5, 0.9], [0.4, 0.88]])).round(3)
    array([0.2, 0.2])
    """
    at_stake = np.maximum(np.minimum(errors[-2], 1 - errors[-2]), _SMALL)
    return (errors[-2] - errors[-1]) / at_stake


class _Products:
    """A, and the products of X with it that steps and the error need."""

    def __init__(self, relations, A):
        self.A = A
        c, s, n, k = A.shape
        columns = A.transpose(0, 2, 1, 3).reshape(c, n, s * k)
        m = relations.n_relations
        shape = (c, m, n, s, k)
        # (copies, starts, entities, relations * components)
        out, into = (
            found.reshape(shape).transpose(0, 3, 2, 1, 4).reshape(c, s, n, m * k)
            for found in (relations.out_of(columns), relations.into(columns))
        )
        self.out, self.into = out, into
        self.ends = relations.ends
        # Grams of the entities that links come from and lead to.
        self.G_from, self.G_to = (
            A[:, :, end].swapaxes(2, 3) @ A[:, :, end] for end in self.ends
        )
        core = A.swapaxes(2, 3) @ out
        self.core = core.reshape(c, s, k, m, k).transpose(0, 1, 3, 2, 4)

    def error(self, R):
        """Squares that are left, but for those of X."""
        told = self.G_from[:, :, None] @ R @ self.G_to[:, :, None]
        return (R * (told - 2 * self.core)).sum(axis=(2, 3, 4))


def _step(relations, old, R, error, rounding):
    """A, then R; more carefully where the error would rise."""
    ratio = _ratio(old, R)
    new, core = _moved(relations, old.A, ratio, R)
    core = _core_step(core, new)
    found = new.error(core)
    risen = found > error + rounding
    if risen.any():
        ratio = np.where(risen[:, :, None, None], ratio**0.25, ratio)
        new, core = _moved(relations, old.A, ratio, R)
        core = _core_step(core, new)
        found = new.error(core)
    return new, core, found


def _ratio(old, R):
    c, s, m, k, _ = R.shape
    side = R.transpose(0, 1, 2, 4, 3).reshape(c, s, m * k, k)  # of each R_m'
    above = old.out @ side + old.into @ R.reshape(c, s, m * k, k)
    Rt, below = R.swapaxes(3, 4), np.zeros_like(above)
    weights = R @ old.G_to[:, :, None] @ Rt, Rt @ old.G_from[:, :, None] @ R
    for end, weight in zip(old.ends, weights, strict=True):
        below[:, :, end] += old.A[:, :, end] @ weight.sum(axis=2)
    return above / np.maximum(below, _TINY)


def _moved(relations, A, ratio, R):
    A = A * ratio
    size = np.linalg.norm(A, axis=2)[:, :, None]
    A = A / np.where(size > 0, size, 1.0)
    size = size[:, :, :, None]
    return _Products(relations, A), R * size.swapaxes(3, 4) * size


def _core_step(R, state):
    told = state.G_from[:, :, None] @ R @ state.G_to[:, :, None]
    return R * (state.core / np.maximum(told, _TINY))


def _unit(A):
    size = np.linalg.norm(A, axis=-2, keepdims=True)
    return A / np.where(size > 0, size, 1.0)
