"""Geodesic distances between any rows, for estimators that measure them."""

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import block_bytes, row_blocks
from skgeom.graph import Attachment, Graph
from skgeom.graph._neighbors import power_of_two
from skgeom.typing import Array, ArrayLike, NDArray


class GeodesicDistancesMixin:
    """The method `geodesic_distances` of a fitted estimator.

    It needs `graph_`, `landmark_indices_`, the parameter `denoising` with its
    `_denoising_unit`, and `_geodesics`, whose ``columns(nodes, backend)`` are the
    distances from all nodes to some.
    """

    denoising: float
    embedding_: NDArray
    graph_: Graph
    _attach: Callable
    _backend_for: Callable
    _output: Callable

    def geodesic_distances(
        self, X: ArrayLike | None = None, Y: ArrayLike | None = None
    ) -> Array:
        """Distances along the data, before they are squeezed into few dimensions.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), default=None
            Rows as in `transform`. None is all nodes of the graph: the training rows,
            unless `graph` was given.
        Y : array-like of shape (n_columns, n_features), default=None
            The other ends. None is X again, which makes a square array.

        Returns
        -------
        array of shape (n_rows, n_columns)
            In the unit of the embedding. A new point's distance runs over its nearest
            training points.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X or Y is not what `transform` takes.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = None if X is None else self._attach(X, backend)
        columns = rows if Y is None else self._attach(Y, backend)
        distances = self._between(rows, columns, backend)
        if self.denoising > 0:
            distances = self._denoise(distances, rows, columns, backend)
        return self._output(distances, like=self.embedding_ if X is None else X)

    def _between(self, rows, columns, backend):
        """Undenoised distances between attached rows; None stands for all nodes."""
        n_nodes = self.graph_.n_nodes
        if columns is None:
            nodes = np.arange(n_nodes)
        else:
            nodes = np.unique(columns.lengths.indices)
        n_rows = n_nodes if rows is None else len(rows.lonely)
        out = [np.empty((n_rows, 0))]
        for block in row_blocks(len(nodes), 8 * n_nodes, block_bytes()):
            distances = self._geodesics.columns(nodes[block], backend)
            out.append(distances if rows is None else rows.shortest(distances))
        to_nodes = np.concatenate(out, axis=1)
        if columns is None:
            return to_nodes
        # A row that hangs on no node is one unit from all of them.
        reach = 0.0 if rows is None else rows.reach[:, None]
        distances = np.full((n_rows, len(columns.lonely)), 1.0) + reach
        hanging = np.flatnonzero(~columns.lonely)
        if len(hanging):
            part = columns.of_rows(hanging).restricted_to(nodes)
            distances[:, hanging] = part.shortest(to_nodes.T).T
        if rows is columns:
            np.fill_diagonal(distances, 0.0)
        return distances

    def _mix(self, distances, row_profiles, column_profiles):
        """Mix in the triplet distance, in the unit that the formula gives.

        (1 - rho) D + rho T, T_ij the norm of the difference of the rows i and j of D
        over all nodes (Huguet et al. 2023, section 4); landmarks stand for the nodes.
        """
        share = np.sqrt(self.graph_.n_nodes / row_profiles.shape[1])
        unit = power_of_two(
            float(row_profiles[np.isfinite(row_profiles)].max(initial=0.0))
        )
        triplet = share * unit * cdist(row_profiles / unit, column_profiles / unit)
        return (1.0 - self.denoising) * distances + self.denoising * triplet

    def _denoise(self, distances, rows, columns, backend):
        landmarks = Attachment.to_nodes(self.landmark_indices_, self.graph_.n_nodes)
        row_profiles = self._between(rows, landmarks, backend)
        column_profiles = (
            row_profiles
            if columns is rows
            else self._between(columns, landmarks, backend)
        )
        mixed = self._mix(distances, row_profiles, column_profiles)
        if columns is rows:
            np.fill_diagonal(mixed, 0.0)
        return self._denoising_unit * mixed
