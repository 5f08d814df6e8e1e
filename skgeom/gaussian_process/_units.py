"""Units of columns and of targets, which all processes of the family share."""

import numpy as np

from skgeom.typing import NDArray

# Columns that vary by less than this share of their size are constant.
_CONSTANT = 1e-12
# Targets whose squares, added up, are still numbers.
_LARGEST = 1e150


def spreads(A: NDArray, shares: NDArray | None = None) -> tuple[NDArray, NDArray]:
    """Means and standard deviations of columns, whatever their size.

    Parameters
    ----------
    A : ndarray of shape (n, n_columns)
        At least one row.
    shares : ndarray of shape (n,), default=None
        Weights of the rows, of sum 1; None is the same for all.

    Returns
    -------
    center : ndarray of shape (n_columns,), float64
        Means.
    spread : ndarray of shape (n_columns,), float64
        Deviations; zero for columns that are constant but for rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._units import spreads
    >>> spreads(np.array([[1e200, 5.0], [3e200, 5.0]]))
    (array([2.e+200, 5.e+000]), array([1.e+200, 0.e+000]))
    """
    if shares is None:
        shares = np.full(len(A), 1 / len(A))
    size = np.abs(A).max(axis=0).astype(np.float64)
    size = np.where(size > 0, size, 1.0)
    scaled = A / size
    center = shares @ scaled
    spread = np.sqrt(shares @ (scaled - center) ** 2)
    return center * size, np.where(spread > _CONSTANT, spread, 0.0) * size


def refuse_large(y: NDArray) -> None:
    """Refuse targets whose squares are no numbers.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, n_targets)
        Finite.

    Raises
    ------
    ValueError
        If one is larger than 1e150.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._units import refuse_large
    >>> refuse_large(np.array([1e100]))
    """
    if np.abs(y).max() > _LARGEST:
        raise ValueError(
            f"y holds {np.abs(y).max():.2g}, whose square is beyond the largest "
            f"number; scale it to at most {_LARGEST:.0e}."
        )
