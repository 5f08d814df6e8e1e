"""In which coordinates rows of hyperbolic space come in and go out."""

import numpy as np

from skgeom._warnings import warn
from skgeom.geometry import polar
from skgeom.typing import NDArray

CHARTS = ("poincare", "lorentz", "klein", "tangent")
# A time may differ from that of a point by this share of its square.
_OFF_SHEET = {8: 1e-6, 4: 1e-3}
# Rows of a ball that are taken for vectors at the origin: all are shorter than one, and
# some end just before it.
_RIM = 0.98


def to_chart(points: NDArray, chart: str, dtype: np.dtype) -> NDArray:
    """Rows in a chart, from polar coordinates.

    Parameters
    ----------
    points : ndarray of shape (n, n_components + 1)
        Polar coordinates, float64.
    chart : {"poincare", "lorentz", "klein", "tangent"}
        Which.
    dtype : dtype
        Float of the rows: what rounds to the rim of a ball stays inside of it.

    Returns
    -------
    ndarray of shape (n, n_components) or (n, n_components + 1)
        Rows, the latter for "lorentz".

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._chart_rows import to_chart
    >>> far = np.array([[50.0, 1.0, 0.0]])
    >>> to_chart(far, "poincare", np.dtype("float32")) < 1
    array([[ True,  True]])
    """
    rows = getattr(polar, f"to_{chart}")(polar.project(points.astype(dtype)))
    if chart in ("poincare", "klein"):
        limit = 1 - 2 * np.finfo(rows.dtype).eps
        norms = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        inside = np.where(norms > limit, limit / np.maximum(norms, limit), 1.0)
        rows = rows * inside.astype(rows.dtype)
    return rows


def from_chart(rows: NDArray, chart: str, name: str, *, warns: bool = False) -> NDArray:
    """Polar coordinates of rows, which must be what the chart says.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features)
        Points in the chart.
    chart : {"poincare", "lorentz", "klein", "tangent"}
        Which.
    name : str
        The parameter that errors and warnings name.
    warns : bool, default=False
        Whether vectors that look like points of a ball are warned of.

    Returns
    -------
    ndarray of shape (n, n_components + 1), float64
        Radii and directions.

    Raises
    ------
    ValueError
        If rows of a ball are not inside it, or those of "lorentz" are not on the
        hyperboloid.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._chart_rows import from_chart
    >>> from_chart(np.array([[3.0, 4.0]]), "tangent", "input_space")
    array([[5. , 0.6, 0.8]])
    """
    wide = rows.astype(np.float64)
    if chart == "lorentz":
        _check_sheet(wide, rows.dtype.itemsize, name)
        return polar.from_lorentz(wide)
    if chart in ("poincare", "klein"):
        outside = np.flatnonzero(~(np.hypot.reduce(wide, axis=1) < 1))
        if outside.size:
            raise ValueError(
                f'{name}="{chart}" takes rows inside the unit ball, and {outside.size} '
                f"have a norm of 1 or more (the first is row {outside[0]})."
            )
    elif warns and _looks_like_a_ball(wide):
        warn(
            f"All rows are shorter than 1, and the longest is near it: with {name}="
            '"tangent" they are vectors at the origin, short ones. Points of the '
            f'Poincaré ball need {name}="poincare".'
        )
    return getattr(polar, f"from_{chart}")(wide)


def _check_sheet(rows, itemsize, name):
    if rows.shape[1] < 2:
        raise ValueError(
            f'{name}="lorentz" takes a time and at least one other coordinate, and X '
            f"has {rows.shape[1]} column."
        )
    time = rows[:, 0]
    expected = np.hypot(1.0, np.hypot.reduce(rows[:, 1:], axis=1))
    off = np.flatnonzero(~(np.abs(time - expected) <= _OFF_SHEET[itemsize] * expected))
    if off.size:
        raise ValueError(
            f'{name}="lorentz" takes points with t^2 - |s|^2 = 1, the time t first and '
            f"positive; {off.size} rows have another time (the first is row {off[0]}: "
            f"{time[off[0]]:.6g} instead of {expected[off[0]]:.6g})."
        )


def _looks_like_a_ball(rows):
    norms = np.hypot.reduce(rows, axis=1)
    return bool(_RIM < norms.max(initial=0.0) < 1)
