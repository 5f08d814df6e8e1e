"""What a fitted model says of similarity: its kernel, its coordinates, its noise."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skgeom.backends import SQUARED_UNITS, as_numpy
from skgeom.typing import NDArray

# Rows on which a callable kernel is asked for the noise that it has of its own.
_ASKED = 100


class ModelKernel(NamedTuple):
    """A kernel of rows, the map to coordinates that it is of, and the noise of labels.

    Parameters
    ----------
    kernel : str or callable
        Of `backends.POINT_KERNELS`, or a function of two matrices.
    gamma : float
        Inverse width of a named kernel.
    place : callable
        Rows to the coordinates that the kernel is of.
    noise : float
        Variance of the noise, in units of the kernel.
    """

    kernel: Any
    gamma: float
    place: Callable[[NDArray], NDArray]
    noise: float


def has_kernel(model: Any) -> bool:
    """Whether a model, or the last step of a Pipeline, is fitted and tells its kernel.

    Parameters
    ----------
    model : estimator
        Fitted or not.

    Returns
    -------
    bool
        True for what `kernel_of_model` reads.
    """
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return hasattr(last, "kernel_") or hasattr(last, "length_scale_")


def kernel_of_model(model: Any, rows: NDArray) -> ModelKernel:
    """Read the kernel off a fitted kernel machine or Gaussian process.

    Parameters
    ----------
    model : estimator
        A fitted `KernelRegressor`, `KernelClassifier` or `VecchiaGPRegressor`, or one
        of scikit-learn's Gaussian processes, whose `kernel_` is a function; or a
        Pipeline that ends with such.
    rows : ndarray of shape (n_samples, n_features)
        Some rows that it was fitted for.

    Returns
    -------
    ModelKernel
        What it uses.

    Raises
    ------
    TypeError
        If it has no kernel that can be read.
    """
    if hasattr(model, "steps"):
        before, last = model[:-1], model[-1]

        def before_it(X):
            return as_numpy(before.transform(X)) if len(model.steps) > 1 else X

        told = kernel_of_model(last, before_it(rows[:_ASKED]))
        return told._replace(place=lambda X: told.place(before_it(X)))
    if hasattr(model, "length_scale_") and hasattr(model, "signal_variance_"):
        scales = np.asarray(model.length_scale_, dtype=np.float64)
        signal = np.mean(np.asarray(model.signal_variance_))
        noise = np.mean(np.asarray(model.noise_variance_)) / max(signal, 1e-300)
        return ModelKernel(model.kernel, 0.5, lambda X: X / scales, float(noise))
    kernel = getattr(model, "kernel_", None)
    if isinstance(kernel, str) and (kernel == "laplacian" or kernel in SQUARED_UNITS):
        place = _identity
        if hasattr(model, "metric_"):
            root = _root_of(np.asarray(model.metric_, dtype=np.float64))

            def place(X):
                return X @ root

        return ModelKernel(kernel, float(model.gamma_), place, float(model.alpha_))
    if callable(kernel):
        some = rows[:_ASKED]
        # A kernel of scikit-learn adds its white noise where it is asked of one sample.
        own, pairs = np.diagonal(kernel(some)), np.diagonal(kernel(some, some))
        added = np.mean(np.asarray(getattr(model, "alpha", 0.0)))
        if hasattr(model, "alpha_") and hasattr(model, "loo_score_"):
            added = model.alpha_
        noise = float(np.mean(own - pairs) + added)
        return ModelKernel(kernel, 1.0, _identity, noise)
    raise TypeError(
        f"estimator={type(model).__name__} has no kernel that can be read: it must be "
        "a KernelRegressor, a KernelClassifier, a Gaussian process or a Pipeline that "
        "ends with one; take its features as X with kernel='linear' instead."
    )


def _identity(X):
    return X


def _root_of(metric):
    """A matrix whose product with its transpose is the metric."""
    values, vectors = np.linalg.eigh((metric + metric.T) / 2)
    return vectors * np.sqrt(np.maximum(values, 0.0))
