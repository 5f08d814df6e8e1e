"""Bags of points as rows of a table, so that folds and pipelines take them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skgeom.geometry import spd
from skgeom.geometry._spd_matrices import mirrored, order_of
from skgeom.geometry._spd_rows import to_rows
from skgeom.typing import Array, ArrayLike, NDArray


def pack_bags(
    points: ArrayLike | Sequence[ArrayLike],
    groups: ArrayLike | None = None,
    *,
    n_points: int | None = None,
) -> NDArray:
    """Make a table in which each row is a bag of points.

    A row holds the coordinates of one point after the other, and NaN where a bag has
    fewer points than the largest. Rows are what folds are made of and what predictions
    are for; bags that are not known yet need `n_points` to be as wide.

    Parameters
    ----------
    points : array-like of shape (n_points, n_dims), or sequence of such
        Points of all bags, with `groups`; or the points of each bag, of any number. A
        bag of shape (n_points,) has points of one coordinate. One of shape
        (n_points, d, d) has symmetric matrices, of which the upper triangle is taken,
        row by row: d (d + 1) / 2 numbers.
    groups : array-like of shape (n_points,), default=None
        Which bag each point belongs to. Rows are in the order of
        ``numpy.unique(groups)``.
    n_points : int, default=None
        Points that a row has room for; None is as many as the largest bag has.

    Returns
    -------
    ndarray of shape (n_bags, n_points * n_dims), float64 or float32
        The table.

    Raises
    ------
    ValueError
        If a bag is empty, bags have different numbers of coordinates, or one has more
        points than `n_points`.

    See Also
    --------
    unpack_bags : The way back.
    SlicedWassersteinEmbedding : Takes such rows.

    Examples
    --------
    >>> from skgeom.distributions import pack_bags
    >>> pack_bags([[[1, 2], [3, 4]], [[5, 6]]])
    array([[ 1.,  2.,  3.,  4.],
           [ 5.,  6., nan, nan]])
    >>> pack_bags([10, 20, 30], groups=["b", "a", "b"])
    array([[20., nan],
           [10., 30.]])
    """
    if groups is not None:
        points, groups = _matrix(points, "points"), np.asarray(groups)
        if groups.shape != (len(points),):
            raise ValueError(
                f"groups must have one entry for each of the {len(points)} points, got "
                f"shape {groups.shape}."
            )
        _, inside = np.unique(groups, return_inverse=True)
        order = np.argsort(inside, kind="stable")
        bags = np.split(points[order], np.cumsum(np.bincount(inside))[:-1])
    else:
        each: Any = points
        bags = [_matrix(bag, f"bag {k}") for k, bag in enumerate(each)]
    if not bags:
        raise ValueError("There are no bags.")
    sizes = np.array([len(bag) for bag in bags])
    if not sizes.all():
        raise ValueError(f"Bag {int(np.argmin(sizes))} has no points.")
    widths = np.array([bag.shape[1] for bag in bags])
    if (widths != widths[0]).any():
        other = int(np.argmax(widths != widths[0]))
        raise ValueError(
            f"Points of bag 0 have {widths[0]} coordinates, and those of bag {other} "
            f"have {widths[other]}."
        )
    room = int(sizes.max()) if n_points is None else int(n_points)
    if sizes.max() > room:
        raise ValueError(
            f"Bag {int(np.argmax(sizes))} has {sizes.max()} points, and "
            f"n_points={n_points}."
        )
    kind = np.result_type(*{bag.dtype for bag in bags})
    table = np.full((len(bags), room, widths[0]), np.nan, dtype=kind)
    for row, bag in zip(table, bags, strict=True):
        row[: len(bag)] = bag
    return table.reshape(len(bags), -1)


def unpack_bags(X: ArrayLike, n_dims: int = 1) -> list[NDArray]:
    """The points of each bag, from the rows of a table.

    Parameters
    ----------
    X : array-like of shape (n_bags, n_points * n_dims)
        Rows as of `pack_bags`.
    n_dims : int, default=1
        Coordinates of a point.

    Returns
    -------
    list of ndarray of shape (n_points_of_the_bag, n_dims)
        Points, those that are missing left out.

    Raises
    ------
    ValueError
        If a row is no whole number of points, or a point is known in part.

    Examples
    --------
    >>> from skgeom.distributions import pack_bags, unpack_bags
    >>> unpack_bags(pack_bags([[[1, 2], [3, 4]], [[5, 6]]]), n_dims=2)[1]
    array([[5., 6.]])
    """
    X = np.asarray(X)
    X = X if X.dtype == np.float32 else X.astype(np.float64)
    if X.ndim != 2:
        raise ValueError(f"X must have rows and columns, got shape {X.shape}.")
    points = as_points(X, n_dims)
    known = ~np.isnan(points[:, :, 0])
    return [bag[kept] for bag, kept in zip(points, known, strict=True)]


def as_points(X: Array, n_dims: int) -> Array:
    """Rows as bags of points, which are known or missing as a whole.

    Parameters
    ----------
    X : array of shape (n_bags, n_points * n_dims)
        Rows, NaN where a point is missing.
    n_dims : int
        Coordinates of a point.

    Returns
    -------
    array of shape (n_bags, n_points, n_dims)
        Points.

    Raises
    ------
    ValueError
        If a row is no whole number of points, or a point is known in part.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._bags import as_points
    >>> as_points(np.arange(4.0)[None], 2)
    array([[[0., 1.],
            [2., 3.]]])
    """
    n_bags, n_columns = X.shape
    if n_columns % n_dims:
        raise ValueError(
            f"Rows have {n_columns} columns, which are no whole number of points with "
            f"n_dims={n_dims} coordinates."
        )
    points = X.reshape(n_bags, n_columns // n_dims, n_dims)
    missing = points != points
    part = missing.any(-1) & ~missing.all(-1)
    if n_dims > 1 and bool(part.any()):
        row = int(np.flatnonzero(np.asarray(part.any(-1).tolist()))[0])
        raise ValueError(
            f"X: row {row} has a point of which some coordinates are NaN and others "
            "are not. A point is missing where all of them are NaN."
        )
    return points


def as_matrices(points: Array, known: Array, xp: Any) -> Array:
    """Points as matrices, which must be positive definite.

    Parameters
    ----------
    points : array of shape (n_bags, n_points, d (d + 1) / 2)
        Upper triangles.
    known : array of shape (n_bags, n_points), bool
        Which of them there are.
    xp : namespace
        Of the arrays.

    Returns
    -------
    array of shape (n_bags, n_points, d, d)
        Matrices; the identity where one is missing.

    Raises
    ------
    ValueError
        If there are no matrices with so many entries, or one is not positive definite:
        its bag and number are told, and its least eigenvalue.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._bags import as_matrices
    >>> as_matrices(np.array([[[2.0, 1.0, 2.0]]]), np.array([[True]]), np)
    array([[[[2., 1.],
             [1., 2.]]]])
    """
    try:
        d = order_of(points.shape[-1])
    except ValueError as error:
        raise ValueError(f'n_dims, with point_space="spd": {error}') from None
    one = xp.eye(d, dtype=points.dtype, device=points.device)
    matrices = xp.where(known[:, :, None, None], mirrored(points), one)
    try:
        spd.check(matrices, "X")
    except ValueError:
        for row, bag in enumerate(matrices):
            try:
                spd.check(bag)
            except ValueError as error:
                told = str(error).partition("row ")[2]
                raise ValueError(f"X: row {row}, point {told}") from None
        raise
    return matrices


def check_histograms(rows: NDArray, n_nodes: int) -> None:
    """Raise an error for rows that are no histograms on the nodes of a graph.

    Parameters
    ----------
    rows : ndarray of shape (n_bags, n_nodes)
        Masses of the nodes.
    n_nodes : int
        Of the graph.

    Raises
    ------
    ValueError
        If a row has another length, a negative entry, or zeros alone.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._bags import check_histograms
    >>> check_histograms(np.array([[1.0, 0.0]]), 2)
    """
    if rows.shape[1] != n_nodes:
        raise ValueError(
            f"Rows have {rows.shape[1]} columns, and the graph `domain` has "
            f"{n_nodes} nodes."
        )
    negative = np.flatnonzero((rows < 0).any(axis=1))
    if negative.size:
        raise ValueError(
            f"X: row {negative[0]} has a negative entry, which no histogram has "
            f"({negative.size} rows)."
        )
    empty = np.flatnonzero(~(rows > 0).any(axis=1))
    if empty.size:
        raise ValueError(
            f"X: row {empty[0]} is a histogram of zeros ({empty.size} rows)."
        )


def _matrix(points, name):
    """Points as a matrix of floats."""
    points = np.asarray(points)
    points = points if points.dtype == np.float32 else points.astype(np.float64)
    if points.ndim == 3 and points.shape[1] == points.shape[2]:
        return to_rows(points)
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2:
        raise ValueError(
            f"{name} must have shape (n_points, n_dims), got {points.shape}."
        )
    return points
