"""Decoders with their Jacobians: kernel ridge regression, or any fitted model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import issparse
from sklearn.cluster import kmeans_plusplus

from skgeom.backends import as_numpy, row_blocks
from skgeom.typing import NDArray

# Rows by which the likelihood chooses length scale and penalty.
_CHOSEN_BY = 400
# Length scales that are tried first, in standard deviations of the latents; then the
# two beside the best. Penalties, as shares of the variance of the kernel.
_LENGTHS = 0.15 * 2.0 ** np.arange(7)
_PENALTIES = 10.0 ** np.arange(-8, 3.1, 0.5)
# Variances of columns that are zero.
_TINY = 1e-60
# Eigenvalues of the kernel of the centres that are rounding, as a share of the largest.
_ROUNDING = 1e-12
# Share of the squared size of the coefficients that may be left out.
_LEFT_OUT = 1e-14
# Half of a central difference, in standard deviations of the latents: networks compute
# in single precision.
_STEP = 1e-3
# How fast a wall falls where latents get denser.
_STEEPNESS = 3.0
# Decoded rows are at most so many times as large as X.
_LARGEST = 1e100


@dataclass(frozen=True)
class KernelDecoder:
    """A plane and kernel ridge regression, from latents in units to rows.

    Attributes
    ----------
    centers : ndarray of shape (n_centers, n_components)
        Centres of Gaussian bumps.
    length : float
        Their length scale.
    alphas : ndarray of shape (n_axes,)
        Penalty of each axis that was fitted, as a share of its variance.
    coefficients : ndarray of shape (n_centers, n_values)
        Weights of the bumps, in orthonormal coordinates of the span of the values.
    plane : ndarray of shape (n_components, n_values)
        Slopes of the plane, in those coordinates: what is left far from all centres.
    basis : ndarray of shape (n_values, n_features)
        The coordinates.
    mean : ndarray of shape (n_features,)
        The plane at latents of zero.
    """

    centers: NDArray
    length: float
    alphas: NDArray
    coefficients: NDArray
    plane: NDArray
    basis: NDArray
    mean: NDArray

    def rows(self, latents: NDArray) -> NDArray:
        """Decode latents."""
        bumps = gaussian_bumps(latents, self.centers, self.length)
        values = bumps @ self.coefficients + latents @ self.plane
        return values @ self.basis + self.mean

    def __call__(self, latents: NDArray) -> tuple[NDArray, NDArray]:
        """Values and Jacobians in coordinates of the span, where lengths are equal."""
        bumps = gaussian_bumps(latents, self.centers, self.length)
        values = bumps @ self.coefficients
        slopes = np.stack(
            [
                bumps @ (self.coefficients * self.centers[:, [axis]])
                - values * latents[:, [axis]]
                for axis in range(latents.shape[1])
            ],
            axis=2,
        )
        slopes /= self.length**2
        return values + latents @ self.plane, slopes + self.plane.T


def fit_kernel_decoder(
    latents: NDArray,
    rows: NDArray,
    n_centers: int,
    random_state: np.random.RandomState,
) -> KernelDecoder:
    """Fit a plane, and kernel ridge regression on centres to what it leaves.

    Width and penalty are those of the largest marginal likelihood. Without the plane
    columns that are linear in the latents would choose a width that is too large for
    the others.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_components)
        In units of their spread.
    rows : ndarray of shape (n_samples, n_features)
        What they decode to.
    n_centers : int
        Most centres.
    random_state : RandomState
        Chooses centres, and the rows whose likelihood is computed.

    Returns
    -------
    KernelDecoder
        The fitted decoder.
    """
    plane = _plane(latents, rows)
    mean = rows.mean(axis=0) - latents.mean(axis=0) @ plane
    targets = rows - mean - latents @ plane
    n = len(latents)
    some = random_state.permutation(n)[:_CHOSEN_BY]
    # Some directions of the rows bend, in others there is noise.
    axes = np.linalg.svd(targets[some], full_matrices=False)[2]
    targets = targets @ axes.T
    length, alphas = most_likely_kernel(latents[some], targets[some])
    seed = random_state.randint(np.iinfo(np.int32).max)
    centers = kmeans_plusplus(latents, min(n_centers, n), random_state=seed)[0]
    half = inverse_root(gaussian_bumps(centers, centers, length))
    seen, onto = bump_products(latents, targets, centers, length, half)
    weights = np.concatenate([ridge_weights(seen, onto, alphas) @ axes, plane])
    left, sizes, basis = np.linalg.svd(weights, full_matrices=False)
    bumps, flat = np.split(left * sizes, [half.shape[1]])
    # How large each direction is in values.
    spread = np.einsum("cv,cd,dv->v", bumps, seen, bumps, optimize=True)
    spread += np.einsum("nv,nv->v", latents @ flat, latents @ flat)
    kept = spread > _LEFT_OUT * spread.sum()
    kept[0] = True
    return KernelDecoder(
        centers, length, alphas, half @ bumps[:, kept], flat[:, kept], basis[kept], mean
    )


def _plane(latents, rows):
    """Slopes of the linear regression of rows on latents."""
    return np.linalg.lstsq(
        latents - latents.mean(axis=0), rows - rows.mean(axis=0), rcond=None
    )[0]


def inverse_root(kernel: NDArray) -> NDArray:
    """Columns in which a kernel matrix is the identity, those of rounding left out."""
    values, vectors = eigh(kernel, check_finite=False)
    kept = values > _ROUNDING * values[-1]
    return vectors[:, kept] / np.sqrt(values[kept])


def bump_products(
    latents: NDArray, targets: NDArray, centers: NDArray, length: float, half: NDArray
) -> tuple[NDArray, NDArray]:
    """Products of features with each other and with targets, by blocks of rows.

    Features are bumps times the inverse root of the kernel of the centres.
    """
    seen = np.zeros((half.shape[1], half.shape[1]))
    onto = np.zeros((half.shape[1], targets.shape[1]))
    for rows in row_blocks(len(latents), 16 * len(centers)):
        features = gaussian_bumps(latents[rows], centers, length) @ half
        seen += features.T @ features
        onto += features.T @ targets[rows]
    return seen, onto


def ridge_weights(seen: NDArray, onto: NDArray, alphas: NDArray) -> NDArray:
    """Ridge regression, a column for each target, each with its own penalty."""
    values, vectors = eigh(seen, check_finite=False)
    return vectors @ ((vectors.T @ onto) / (np.maximum(values, 0.0)[:, None] + alphas))


def most_likely_kernel(latents: NDArray, targets: NDArray) -> tuple[float, NDArray]:
    """Length scale and noise under which Gaussian processes make targets most likely.

    All columns share the length scale; each has noise and a variance of its own, of
    which the latter is in closed form. A weak prior, of a length of one spread and a
    penalty of 1e-4, decides where there are too few rows to.

    Parameters
    ----------
    latents : ndarray of shape (n, n_components)
        Inputs.
    targets : ndarray of shape (n, n_targets)
        Centred outputs.

    Returns
    -------
    length : float
        Length scale of the Gaussian kernel.
    alphas : ndarray of shape (n_targets,)
        Variance of the noise, as a share of that of the process.
    """
    tried: dict[float, tuple[float, NDArray]] = {}

    def try_out(length):
        values, vectors = eigh(gaussian_bumps(latents, latents, length))
        total = np.maximum(values, 0.0)[:, None] + _PENALTIES
        power = (vectors.T @ targets) ** 2
        variances = power.T @ (1.0 / total) / len(latents)
        costs = len(latents) * np.log(np.maximum(variances, _TINY))
        costs += np.log(total).sum(axis=0)
        costs += 0.1 * (np.log10(_PENALTIES) + 4.0) ** 2
        best = np.argmin(costs, axis=1)
        cost = costs.min(axis=1).sum() + np.log(length) ** 2
        tried[length] = float(cost), _PENALTIES[best]

    def best():
        return min(tried, key=lambda length: tried[length][0])

    for length in _LENGTHS:
        try_out(float(length))
    middle = best()
    for length in (middle / np.sqrt(2.0), middle * np.sqrt(2.0)):
        try_out(float(length))
    return best(), tried[best()][1]


@dataclass(frozen=True)
class ModelDecoder:
    """A method of a fitted model, with Jacobians by central differences.

    Attributes
    ----------
    model : object
        What decodes latents in their own units to rows in theirs.
    method : {"inverse_transform", "predict"}
        How it is called.
    center, spread : ndarray of shape (n_components,)
        Latents are their units times `spread`, plus `center`.
    origin : ndarray of shape (n_features,)
        What rows are taken from.
    unit : float
        Of rows.
    """

    model: Any
    method: str
    center: NDArray
    spread: NDArray
    origin: NDArray
    unit: float

    def rows(self, latents: NDArray) -> NDArray:
        """Decode latents."""
        decode = getattr(self.model, self.method)
        found = decode(latents * self.spread + self.center)
        found = found.toarray() if issparse(found) else np.asarray(as_numpy(found))
        found = found.astype(np.float64).reshape(len(latents), -1)
        if found.shape[1] != len(self.origin):
            raise ValueError(
                f"{self.method} of the decoder gives {found.shape[1]} columns where X "
                f"has {len(self.origin)}."
            )
        # Squares of what is beyond are none of a metric.
        if not np.abs(found).max(initial=0.0) < _LARGEST * self.unit:
            raise ValueError(
                f"{self.method} of the decoder gives values that are not finite, or "
                f"more than {_LARGEST:.0e} times as large as X: latents are too far "
                "from those of the training rows."
            )
        return found / self.unit - self.origin / self.unit

    def __call__(self, latents: NDArray) -> tuple[NDArray, NDArray]:
        """Values and Jacobians, in one call of the model."""
        n, n_components = latents.shape
        moves = _STEP * np.eye(n_components)
        moved = [latents + move for move in (*moves, *-moves)]
        values = self.rows(np.concatenate([latents, *moved]))
        values = values.reshape(2 * n_components + 1, n, -1)
        slopes = values[1 : n_components + 1] - values[n_components + 1 :]
        return values[0], slopes.transpose(1, 2, 0) / (2.0 * _STEP)


@dataclass(frozen=True)
class Support:
    r"""A wall around the latents: one more value, high where there are none.

    It is :math:`h \exp(-3 \rho(z) / \rho_0)` with :math:`\rho` a sum of Gaussian bumps
    at the latents, so that a curve that leaves them climbs.

    Attributes
    ----------
    centers : ndarray of shape (n_centers, n_components)
        Latents.
    width : float
        Standard deviation of the bumps.
    density : float
        The :math:`\rho_0` of the formula: that of a thin place among the latents.
    height : float
        Of the wall; 0 for none.
    """

    centers: NDArray
    width: float
    density: float
    height: float

    def __call__(self, latents: NDArray) -> tuple[NDArray, NDArray]:
        """Heights of shape (n, 1) and their gradients of shape (n, 1, n_components)."""
        bumps = gaussian_bumps(latents, self.centers, self.width)
        density = bumps.sum(axis=1)[:, None]
        slopes = (bumps @ self.centers - density * latents) / self.width**2
        rate = _STEEPNESS / self.density
        heights = self.height * np.exp(-rate * density)
        return heights, (-rate * heights * slopes)[:, None, :]

    def emptiness(self, latents: NDArray) -> NDArray:
        """Heights as shares of that of the wall, shape (n,)."""
        density = np.empty(len(latents))
        for rows in row_blocks(len(latents), 16 * len(self.centers)):
            bumps = gaussian_bumps(latents[rows], self.centers, self.width)
            density[rows] = bumps.sum(axis=1)
        return np.exp(-_STEEPNESS / self.density * density)


def with_support(decode: Callable, support: Support) -> Callable:
    """A decoder with the height of the wall as one more value."""
    if not support.height:
        return decode

    def decoded(latents: NDArray) -> tuple[NDArray, NDArray]:
        values, slopes = decode(latents)
        height, climb = support(latents)
        return (
            np.concatenate([values, height], axis=1),
            np.concatenate([slopes, climb], axis=1),
        )

    return decoded


def gaussian_bumps(points: NDArray, centers: NDArray, width: float) -> NDArray:
    """Gaussian bumps of height one at centres, shape (n_points, n_centers)."""
    points, centers = points / width, centers / width
    bumps = points @ centers.T
    bumps -= 0.5 * np.einsum("nc,nc->n", points, points)[:, None]
    bumps -= 0.5 * np.einsum("nc,nc->n", centers, centers)
    return np.exp(np.minimum(bumps, 0.0, out=bumps), out=bumps)
