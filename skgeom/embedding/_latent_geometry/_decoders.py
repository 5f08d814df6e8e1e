"""Decoders with their Jacobians: kernel ridge regression, or any fitted model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.sparse import issparse
from sklearn.cluster import kmeans_plusplus

from skgeom.backends import as_numpy, row_blocks
from skgeom.typing import NDArray

# Rows by which the likelihood chooses length scale and penalty.
_CHOSEN_BY = 400
# Length scales that are tried first, in standard deviations of the latents; then the
# two beside the best. Penalties, as shares of the variance of the kernel.
_LENGTHS = 0.15 * 2.0 ** np.arange(7)
_PENALTIES = 10.0 ** np.arange(-8, 1.1, 0.5)
# Keeps the normal equations of the centres positive.
_RIDGE = 1e-11
# Share of the squared size of the coefficients that may be left out.
_LEFT_OUT = 1e-14
# Half of a central difference, in standard deviations of the latents: networks compute
# in single precision.
_STEP = 1e-3
# Decoded rows are at most so many times as large as X.
_LARGEST = 1e100


@dataclass(frozen=True)
class KernelDecoder:
    """Kernel ridge regression from latents in units of their spread to rows.

    Attributes
    ----------
    centers : ndarray of shape (n_centers, n_components)
        Centres of Gaussian bumps.
    length : float
        Their length scale.
    alpha : float
        Penalty that was chosen, as a share of the variance of the kernel.
    coefficients : ndarray of shape (n_centers, n_values)
        Weights of the bumps, in orthonormal coordinates of the span of the values.
    basis : ndarray of shape (n_values, n_features)
        Those coordinates.
    mean : ndarray of shape (n_features,)
        What is decoded far from all centres.
    """

    centers: NDArray
    length: float
    alpha: float
    coefficients: NDArray
    basis: NDArray
    mean: NDArray

    def rows(self, latents: NDArray) -> NDArray:
        """Decode latents."""
        bumps = gaussian_bumps(latents, self.centers, self.length)
        return bumps @ (self.coefficients @ self.basis) + self.mean

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
        return values, slopes / self.length**2


def fit_kernel_decoder(
    latents: NDArray,
    rows: NDArray,
    n_centers: int,
    random_state: np.random.RandomState,
) -> KernelDecoder:
    """Fit kernel ridge regression on centres, its parameters by marginal likelihood.

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
    mean = rows.mean(axis=0)
    targets = rows - mean
    n = len(latents)
    some = random_state.permutation(n)[:_CHOSEN_BY]
    length, alpha = most_likely_kernel(latents[some], targets[some])
    seed = random_state.randint(np.iinfo(np.int32).max)
    centers = kmeans_plusplus(latents, min(n_centers, n), random_state=seed)[0]
    seen, onto = bump_products(latents, targets, centers, length)
    normal = seen + alpha * gaussian_bumps(centers, centers, length)
    normal[np.diag_indices_from(normal)] += _RIDGE * np.trace(normal)
    factor = cho_factor(normal, lower=True, check_finite=False)
    coefficients = cho_solve(factor, onto)
    left, sizes, basis = np.linalg.svd(coefficients, full_matrices=False)
    # How large each direction is in values, not in coefficients that cancel.
    spread = np.einsum("cv,cd,dv->v", left * sizes, seen, left * sizes, optimize=True)
    kept = spread > _LEFT_OUT * spread.sum()
    kept[0] = True
    coefficients = left[:, kept] * sizes[kept]
    return KernelDecoder(centers, length, alpha, coefficients, basis[kept], mean)


def bump_products(
    latents: NDArray, targets: NDArray, centers: NDArray, length: float
) -> tuple[NDArray, NDArray]:
    """Products of bumps with each other and with targets, summed by blocks of rows."""
    seen = np.zeros((len(centers), len(centers)))
    onto = np.zeros((len(centers), targets.shape[1]))
    for rows in row_blocks(len(latents), 16 * len(centers)):
        bumps = gaussian_bumps(latents[rows], centers, length)
        seen += bumps.T @ bumps
        onto += bumps.T @ targets[rows]
    return seen, onto


def most_likely_kernel(latents: NDArray, targets: NDArray) -> tuple[float, float]:
    """Length scale and noise under which Gaussian processes make targets most likely.

    All columns share both, and the variance of the process, which is in closed form.
    A weak prior, of a length of one spread and a penalty of 1e-4, decides where there
    are too few rows to.

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
    alpha : float
        Variance of the noise, as a share of that of the process.
    """
    tried: dict[float, tuple[float, float]] = {}

    def costs(length):
        values, vectors = eigh(gaussian_bumps(latents, latents, length))
        values = np.maximum(values, 0.0)
        power = ((vectors.T @ targets) ** 2).sum(axis=1)
        total = values[:, None] + _PENALTIES
        variance = (power[:, None] / total).mean(axis=0)
        variance = np.maximum(variance, np.finfo(np.float64).tiny)
        cost = len(latents) * np.log(variance) + np.log(total).sum(axis=0)
        cost += np.log(length) ** 2 + 0.1 * (np.log10(_PENALTIES) + 4.0) ** 2
        best = int(np.argmin(cost))
        tried[length] = float(cost[best]), float(_PENALTIES[best])

    for length in _LENGTHS:
        costs(float(length))
    best = min(tried, key=lambda length: tried[length][0])
    for length in (best / np.sqrt(2.0), best * np.sqrt(2.0)):
        costs(float(length))
    best = min(tried, key=lambda length: tried[length][0])
    return best, tried[best][1]


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
        rate = 3.0 / self.density
        heights = self.height * np.exp(-rate * density)
        return heights, (-rate * heights * slopes)[:, None, :]


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
