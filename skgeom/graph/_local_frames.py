"""Neighbourhoods as pieces of a manifold: a centre, a tangent plane, how they bend.

Principal components of neighbourhoods estimate tangent spaces, and polynomials in
their coordinates how the manifold bends: Aamari and Levrard, "Nonasymptotic rates for
manifold, tangent space and curvature estimation", Annals of Statistics 47, 2019.

All neighbourhoods of a block are one batch. Members count by weights that fade to zero
at the rim, so that what is found is continuous in the points.
"""

from typing import NamedTuple

import numpy as np

from skgeom.typing import NDArray

# Ridge on the coefficients of a bend, as a share of the largest weight of a member.
_RIDGE = 1e-8


class LocalFrames(NamedTuple):
    """Tangent planes of neighbourhoods.

    Attributes
    ----------
    centers : ndarray of shape (n, n_features)
        Weighted means.
    axes : ndarray of shape (n, n_components, n_features)
        Orthonormal directions of the most variance, in decreasing order.
    variances : ndarray of shape (n, n_components)
        Variances along them.
    total : ndarray of shape (n,)
        Variances in all directions, summed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import local_frames
    >>> X = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    >>> frames = local_frames(X, np.array([[0, 1, 2]]), np.ones((1, 3)), 1)
    >>> np.abs(frames.axes[0]).round(3)
    array([[0.707, 0.707]])
    """

    centers: NDArray
    axes: NDArray
    variances: NDArray
    total: NDArray


def local_frames(
    points: NDArray, indices: NDArray, weights: NDArray, n_components: int
) -> LocalFrames:
    """Find the tangent planes of neighbourhoods by weighted principal components.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Points.
    indices : ndarray of shape (n, n_members), int
        Members of each neighbourhood, as rows of `points`.
    weights : ndarray of shape (n, n_members)
        How much each counts, >= 0; a row of zeros counts all alike.
    n_components : int
        Directions of a plane, from 1 to n_features.

    Returns
    -------
    LocalFrames
        Centres, axes and variances.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import local_frames
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    >>> frames = local_frames(X, np.array([[0, 1, 2, 3]]), np.ones((1, 4)), 1)
    >>> frames.centers, frames.variances
    (array([[1.5, 0. ]]), array([[1.25]]))
    """
    share = _shares(weights)
    members = points[indices]
    # Centred at a member first: means of far points cancel.
    offsets = members - members[:, :1]
    shift = np.einsum("nm,nmf->nf", share, offsets)
    offsets -= shift[:, None]
    spread = offsets * np.sqrt(share)[:, :, None]
    total = np.einsum("nmf,nmf->n", spread, spread)
    n_members, n_features = spread.shape[1:]
    if n_features <= n_members:
        values, vectors = np.linalg.eigh(spread.transpose(0, 2, 1) @ spread)
        axes = vectors[:, :, ::-1][:, :, :n_components].transpose(0, 2, 1)
        variances = values[:, ::-1][:, :n_components]
    else:
        axes, variances = _axes_of_few(spread, n_components)
    centers = members[:, 0] + shift
    return LocalFrames(centers, axes, np.maximum(variances, 0.0), total)


def quadratic_residuals(
    points: NDArray, indices: NDArray, weights: NDArray, frames: LocalFrames
) -> NDArray:
    r"""Compute the variance that a plane that bends does not explain.

    Offsets normal to the plane are fitted by a polynomial of degree two in the
    coordinates along it. What is left is noise, or the neighbourhood is no piece of a
    smooth manifold of that dimension. Divided is by the members beyond coefficients,
    :math:`m - p` with m the Kish size :math:`(\sum w)^2 / \sum w^2` of the
    neighbourhood, so that noise counts alike in small ones.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Points.
    indices : ndarray of shape (n, n_members), int
        Members of each neighbourhood, as rows of `points`.
    weights : ndarray of shape (n, n_members)
        How much each counts, >= 0; a row of zeros counts all alike.
    frames : LocalFrames
        Their planes, as `local_frames` finds them.

    Returns
    -------
    ndarray of shape (n,)
        Variances, summed over all directions; of no use where a neighbourhood has
        hardly more members than there are coefficients.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import local_frames, quadratic_residuals
    >>> x = np.linspace(-1, 1, 21)
    >>> X, all_of_them = np.stack([x, x**2], axis=1), np.arange(21)[None]
    >>> frames = local_frames(X, all_of_them, np.ones((1, 21)), 1)
    >>> bool(quadratic_residuals(X, all_of_them, np.ones((1, 21)), frames)[0] < 1e-9)
    True
    """
    share = _shares(weights)
    offsets = points[indices] - frames.centers[:, None]
    along = offsets @ frames.axes.transpose(0, 2, 1)
    normal = offsets - along @ frames.axes
    size = 1.0 / (share**2).sum(axis=1)
    # In units of the plane, so that the ridge means the same at every scale.
    unit = np.sqrt(frames.variances.sum(axis=1))
    along /= np.where(unit > 0, unit, 1.0)[:, None, None]
    first, second = np.triu_indices(along.shape[2])
    bends = along[:, :, first] * along[:, :, second]
    design = np.concatenate([np.ones_like(along[:, :, :1]), along, bends], axis=2)
    n_terms = design.shape[2]
    weighted = design * share[:, :, None]
    moments = weighted.transpose(0, 2, 1) @ design
    moments += _RIDGE * np.eye(n_terms)
    left = normal - design @ np.linalg.solve(
        moments, weighted.transpose(0, 2, 1) @ normal
    )
    unexplained = np.einsum("nm,nmf,nmf->n", share, left, left)
    return unexplained * size / np.maximum(size - n_terms, 1.0)


def _shares(weights):
    """Weights of the members as shares that sum to one."""
    total = weights.sum(axis=1, keepdims=True)
    even = np.full_like(weights, 1.0 / weights.shape[1])
    return np.divide(weights, total, out=even, where=total > 0)


def _axes_of_few(spread, n_components):
    """Axes and variances where there are fewer members than features."""
    values, mixes = np.linalg.eigh(spread @ spread.transpose(0, 2, 1))
    mixes = mixes[:, :, ::-1][:, :, :n_components]
    # An orthonormal basis, also where members do not span so many directions.
    axes = np.linalg.qr(spread.transpose(0, 2, 1) @ mixes)[0].transpose(0, 2, 1)
    variances = np.zeros((len(spread), axes.shape[1]))
    found = values[:, ::-1][:, :n_components]
    variances[:, : found.shape[1]] = found
    return axes, variances
