"""Transformers and regressors of others: how they are fitted and what they give."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.decomposition import PCA

from skgeom.backends import as_numpy
from skgeom.typing import NDArray


def fit_latents(
    transformer: Any | None,
    X: Any,
    rows: NDArray,
    y: Any,
    random_state: np.random.RandomState,
) -> tuple[Any, NDArray]:
    """Fit a transformer, or principal components.

    Parameters
    ----------
    transformer : transformer or None
        What makes latents; it is fitted itself.
    X : array-like or data frame of shape (n_samples, n_features)
        Rows as they were given.
    rows : ndarray of shape (n_samples, n_features)
        The same, validated.
    y : array-like of shape (n_samples,) or None
        Passed on.
    random_state : RandomState
        For principal components.

    Returns
    -------
    transformer : transformer
        Fitted.
    latents : ndarray of shape (n_samples, n_components)
        Finite.

    Raises
    ------
    ValueError
        If the transformer gives anything else.
    """
    if transformer is None:
        n_components = min(2, *rows.shape)
        seed = random_state.randint(np.iinfo(np.int32).max)
        fitted = PCA(n_components, random_state=seed)
        with np.errstate(divide="ignore", invalid="ignore"):  # of a single row
            latents = as_matrix(fitted.fit_transform(rows.astype(np.float64)))
    else:
        fitted = transformer
        told = () if y is None else (y,)
        latents = as_matrix(fitted.fit_transform(as_given(X, rows), *told))
    if latents.ndim != 2 or len(latents) != len(rows) or latents.shape[1] == 0:
        raise ValueError(
            f"transformer gives an array of shape {latents.shape}; latents are needed, "
            f"one row for each of {len(rows)}."
        )
    if not np.isfinite(latents).all():
        raise ValueError("transformer gives latents that are not finite.")
    return fitted, latents


def fit_model(
    decoder: Any, transformer: Any, latents: NDArray, rows: NDArray
) -> tuple[Any, str]:
    """The model that decodes, and the method by which it does.

    Parameters
    ----------
    decoder : regressor or "inverse_transform"
        What decodes; a regressor is fitted itself.
    transformer : transformer
        Fitted.
    latents : ndarray of shape (n_samples, n_components)
        Of the training rows.
    rows : ndarray of shape (n_samples, n_features)
        The training rows.

    Returns
    -------
    model : object
        Fitted.
    method : str
        "inverse_transform" or "predict".

    Raises
    ------
    ValueError
        If the transformer has no `inverse_transform`.
    """
    if not isinstance(decoder, str):
        # One target is a vector to most regressors.
        targets = rows[:, 0] if rows.shape[1] == 1 else rows
        return decoder.fit(latents, targets), "predict"
    if not hasattr(transformer, decoder):
        raise ValueError(
            f"decoder={decoder!r} needs a transformer that has one, and "
            f'{type(transformer).__name__} has none. "kernel_ridge" learns to decode '
            "its latents."
        )
    return transformer, decoder


def as_given(X: Any, rows: NDArray) -> Any:
    """What a transformer is given: a data frame as it is, for it may use names."""
    return X if hasattr(X, "iloc") else rows


def as_matrix(array: Any) -> NDArray:
    """A dense float64 array of the host."""
    if issparse(array):
        array = array.toarray()
    return np.asarray(as_numpy(array), dtype=np.float64)
