"""Latents in units of their spread, and what a metric is in units of theirs."""

from typing import NamedTuple

import numpy as np

from skgeom.typing import NDArray

# A column whose spread is this many roundings of the widest is constant.
_ROUNDINGS = 100.0
# Latents beyond so many standard deviations are taken for those there.
_FARTHEST = 1e6


class LatentUnits(NamedTuple):
    """Centre and spread of latents, a column each.

    Attributes
    ----------
    center : ndarray of shape (n_components,)
        Means.
    spread : ndarray of shape (n_components,)
        Standard deviations, > 0.
    """

    center: NDArray
    spread: NDArray

    def of(self, latents: NDArray) -> NDArray:
        """Latents in these units, those far away brought to where numbers are safe."""
        with np.errstate(over="ignore"):
            moved = latents / self.spread - self.center / self.spread
        return np.clip(moved, -_FARTHEST, _FARTHEST)

    def back(self, latents: NDArray) -> NDArray:
        """Latents in their own units."""
        return latents * self.spread + self.center


def latent_units(latents: NDArray, rounding: float) -> LatentUnits:
    """Centre and spread of the columns of latents.

    A column that hardly varies beside the others has the spread of the widest, so that
    rounding is not made large.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_components)
        Finite.
    rounding : float
        Relative size of rounding errors in them.

    Returns
    -------
    LatentUnits
        The units.
    """
    size = np.abs(latents).max(initial=0.0) or 1.0
    scaled = latents / size
    center = scaled.mean(axis=0)
    spread = (scaled - center).std(axis=0)
    varies = spread > _ROUNDINGS * rounding * max(spread.max(), rounding)
    widest = spread.max() if varies.any() else 1.0
    return LatentUnits(center * size, np.where(varies, spread, widest) * size)


def metric_of(slopes: NDArray, unit: float, spread: NDArray) -> NDArray:
    """Metric tensors of Jacobians, in units of rows and latents, finite.

    Parameters
    ----------
    slopes : ndarray of shape (n, n_values, n_components)
        Jacobians of rows in units, by latents in units.
    unit : float
        Of rows.
    spread : ndarray of shape (n_components,)
        Of latents.

    Returns
    -------
    ndarray of shape (n, n_components, n_components)
        Symmetric.
    """
    products = slopes.swapaxes(1, 2) @ slopes
    with np.errstate(over="ignore"):
        rates = unit / spread
        found = products * rates * rates[:, None]
    largest = np.finfo(np.float64).max
    # An infinite rate in a direction in which nothing changes.
    return np.nan_to_num(found, nan=0.0, posinf=largest, neginf=-largest)


def log_volumes(slopes: NDArray) -> NDArray:
    """Logarithms of volumes of Jacobians, -inf where a direction changes nothing.

    Parameters
    ----------
    slopes : ndarray of shape (n, n_values, n_components)
        Jacobians.

    Returns
    -------
    ndarray of shape (n,)
        Half the log-determinants of the metric tensors.
    """
    products = slopes.swapaxes(1, 2) @ slopes
    values = np.linalg.eigvalsh(products)
    floor = np.finfo(np.float64).eps * values[:, -1:] * slopes.shape[2]
    with np.errstate(divide="ignore"):
        return 0.5 * np.log(np.where(values > floor, values, 0.0)).sum(axis=1)


def volume_of(slopes: NDArray, unit: float, spread: NDArray) -> NDArray:
    """Volumes of Jacobians in units of rows and latents, infinite where numbers end.

    Parameters
    ----------
    slopes : ndarray of shape (n, n_values, n_components)
        Jacobians of rows in units, by latents in units.
    unit : float
        Of rows.
    spread : ndarray of shape (n_components,)
        Of latents.

    Returns
    -------
    ndarray of shape (n,)
        Roots of the determinants of the metric tensors.
    """
    rates = np.log(unit) - np.log(spread)
    with np.errstate(over="ignore"):
        return np.exp(log_volumes(slopes) + rates.sum())
