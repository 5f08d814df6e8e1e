"""How new rows hang on the nodes of a graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from skgeom._warnings import warn
from skgeom.backends import row_blocks
from skgeom.graph._duplicates import equal_rows
from skgeom.graph._known_rows import KnownRows, canonical_csr
from skgeom.typing import MatrixLike, NDArray

# A row is partly a node within this share of the distance to the farthest node listed.
_NEAR = 0.05
_COINCIDES = 1e-150


@dataclass(frozen=True)
class Attachment:
    """How rows given to `transform` hang on the nodes of the fitted graph.

    Parameters
    ----------
    weights : csr_array of shape (n_rows, n_nodes)
        Share of each node, rows summing to one. Node coordinates times this are the
        rows' coordinates.
    lengths : csr_array of shape (n_rows, n_nodes)
        Distance from the row to the node, on the same pattern.
    own : csr_array of shape (n_rows, n_nodes)
        Shares of the nodes that the row is itself: they sum to one where it is a node,
        or several that coincide, to zero where it is new, and to something between
        where it comes near a node.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Attachment
    >>> distances, indices = np.array([[1.0, 2.0, 4.0]]), np.array([[5, 0, 3]])
    >>> rows = Attachment.to_neighbors(distances, indices, n_nodes=6)
    >>> rows.weights.toarray().round(2)
    array([[0.1, 0. , 0. , 0. , 0. , 0.9]])
    """

    weights: sp.csr_array
    lengths: sp.csr_array
    own: sp.csr_array

    @classmethod
    def to_nodes(cls, nodes: NDArray, n_nodes: int) -> Self:
        """Rows that are nodes themselves.

        Parameters
        ----------
        nodes : ndarray of shape (n_rows,), int64
            The node of each row.
        n_nodes : int
            Number of nodes.

        Returns
        -------
        Attachment
            With a weight of one each.
        """
        shape, pattern = (len(nodes), n_nodes), (nodes, np.arange(len(nodes) + 1))
        ones, zeros = np.ones(len(nodes)), np.zeros(len(nodes))
        weights = sp.csr_array((ones, *pattern), shape=shape)
        lengths = sp.csr_array((zeros, *pattern), shape=shape)
        return cls(weights, lengths, weights)

    @classmethod
    def to_points(cls, points: NDArray, most: int) -> Self:
        """Rows that are the nodes' own points, in their order.

        The same as `to_neighbors` of themselves, without a search.

        Parameters
        ----------
        points : ndarray of shape (n_nodes, n_features)
            Where the nodes lie.
        most : int
            Of nodes at one place so many count, those with the lowest ids.

        Returns
        -------
        Attachment
            Shared evenly where nodes coincide.
        """
        n_nodes, groups = len(points), equal_rows(points)
        order = np.argsort(groups, kind="stable")
        sizes = np.bincount(groups)
        begins = np.cumsum(sizes) - sizes
        kept = np.minimum(sizes, most)[groups]
        indptr = np.append(0, np.cumsum(kept))
        place = np.arange(indptr[-1]) - np.repeat(indptr[:-1], kept)
        members = order[np.repeat(begins[groups], kept) + place]
        shape = (n_nodes, n_nodes)
        shares = np.repeat(1.0 / kept, kept)
        weights = sp.csr_array((shares, members, indptr), shape=shape)
        lengths = sp.csr_array((np.zeros(len(members)), members, indptr), shape=shape)
        return cls(weights, lengths, weights)

    @classmethod
    def to_neighbors(cls, distances: NDArray, indices: NDArray, n_nodes: int) -> Self:
        """Rows between their nearest nodes, by modified Shepard weights.

        With R the distance to the farthest listed node, a node at distance d weighs
        ((R - d) / d)^2 (Franke and Nielson 1980): a row that coincides with nodes takes
        their value, and the result is continuous in the row.

        What is told of nodes and of new rows by two formulas is continuous by `own`:
        these are such weights, too, with a twentieth of R in the place of R, beside a
        weight of one for the row being new.

        Parameters
        ----------
        distances : ndarray of shape (n_rows, k)
            To the nearest nodes, nearest first.
        indices : ndarray of shape (n_rows, k), int64
            These nodes.
        n_nodes : int
            Number of nodes.

        Returns
        -------
        Attachment
            The farthest node listed has no weight, unless all are as far.
        """
        radius = distances[:, -1:]
        # At a distance whose inverse square would overflow a row is the node.
        exact = distances <= _COINCIDES * radius
        weights = _shepard(distances, radius, exact)
        # All at the same distance: they share evenly.
        weights = np.where(weights.max(axis=1, keepdims=True) > 0, weights, 1.0)
        weights = weights / weights.max(axis=1, keepdims=True)
        weights = weights / weights.sum(axis=1, keepdims=True)
        near = _shepard(distances, _NEAR * radius, exact)
        new = np.where(exact.any(axis=1, keepdims=True), 0.0, 1.0)
        own = near / (near.sum(axis=1, keepdims=True) + new)
        n_rows, k = indices.shape
        shape, indptr = (n_rows, n_nodes), np.arange(n_rows + 1) * k

        def rows(entries):
            return sp.csr_array((entries.ravel(), indices.ravel(), indptr), shape=shape)

        own = rows(own).copy()  # whose pattern is its own, too
        own.eliminate_zeros()
        return cls(rows(weights), rows(distances), own)

    @classmethod
    def to_links(cls, links: MatrixLike, known: KnownRows) -> Self:
        """Rows known by the weights of their links; each link is one unit long.

        A row whose links are those of a fitted node, listed in `known`, is that node.
        A row without links has no weights, and a warning; `place` takes the mean of all
        nodes for it.

        Parameters
        ----------
        links : array-like or sparse matrix of shape (n_rows, n_nodes)
            Weights of links to the nodes, >= 0.
        known : KnownRows
            Those of the fitted nodes.

        Returns
        -------
        Attachment
            Weights in proportion to those of the links.
        """
        links = canonical_csr(links)
        same = known.find(links)
        lonely = (np.diff(links.indptr) == 0) & (same < 0)
        if lonely.any():
            warn(
                f"{lonely.sum()} rows have no link to a fitted node (the first is row "
                f"{np.argmax(lonely)}); they are placed at the mean of all nodes.",
            )
        found = np.flatnonzero(same >= 0)
        nodes = sp.csr_array(
            (np.ones(len(found)), (found, same[found])), shape=links.shape
        )
        others = sp.diags_array((same < 0).astype(np.float64)) @ links
        weights = (nodes + others).tocsr()
        weights.eliminate_zeros()
        # Two steps, so that the sum of huge weights stays finite.
        for size in (_largest, _sums):
            of_rows = np.where(lonely, 1.0, size(weights))
            weights = sp.diags_array(1.0 / of_rows) @ weights
        lengths = weights.copy()
        lengths.data[:] = np.repeat(
            np.where(same >= 0, 0.0, 1.0), np.diff(weights.indptr)
        )
        return cls(weights, lengths, sp.csr_array(nodes))

    @classmethod
    def stacked(cls, parts: Sequence["Attachment"]) -> Self:
        """Put rows under each other.

        Parameters
        ----------
        parts : sequence of Attachment
            To the same nodes, at least one.

        Returns
        -------
        Attachment
            The rows of the first, then those of the second, and so on.
        """
        names = ("weights", "lengths", "own")
        return cls(
            *(
                sp.csr_array(sp.vstack([getattr(p, name) for p in parts]))
                for name in names
            )
        )

    @property
    def lonely(self) -> NDArray:
        """Rows that hang on no node, shape (n_rows,), bool."""
        return np.diff(self.weights.indptr) == 0

    @property
    def reach(self) -> NDArray:
        """Length to the nearest node, one for lonely rows, shape (n_rows,)."""
        found = np.ones(len(self.lonely))
        starts = self.lengths.indptr[:-1][~self.lonely]
        if len(starts):
            found[~self.lonely] = np.minimum.reduceat(self.lengths.data, starts)
        return found

    def place(self, values: NDArray) -> NDArray:
        """Values of the rows, given those of the nodes.

        Parameters
        ----------
        values : ndarray of shape (n_nodes, m)
            Values of the nodes.

        Returns
        -------
        ndarray of shape (n_rows, m)
            Weighted means; the mean of all nodes for a row that hangs on none.
        """
        placed = self.weights @ values
        if self.lonely.any():
            placed[self.lonely] = values.mean(axis=0)
        return placed

    def shortest(self, node_distances: NDArray) -> NDArray:
        """Distances of the rows, given those of the nodes, shape (n_nodes, m).

        A row that coincides with nodes has their distances, any other row the
        shortest over the nodes that it hangs on; one that hangs on none is one unit
        from all.

        Parameters
        ----------
        node_distances : ndarray of shape (n_nodes, m)
            Distances of the nodes to m places.

        Returns
        -------
        ndarray of shape (n_rows, m)
            Distances of the rows to these places.
        """
        out = np.empty((self.lengths.shape[0], node_distances.shape[1]))
        if self.lonely.any():
            out[self.lonely] = 1.0 + node_distances.min(axis=0)
        hanging = np.flatnonzero(~self.lonely)
        if not len(hanging):
            return out
        # Rows without entries take no part in what follows: `reduceat` needs one each.
        indptr = np.append(self.lengths.indptr[hanging], self.lengths.indptr[-1])
        reach = self.lengths.data
        nearest = np.minimum.reduceat(reach, indptr[:-1])
        coincides = np.repeat(nearest == 0, np.diff(indptr))
        reach = np.where(coincides & (reach > 0), np.inf, reach)
        per_row = 8 * out.shape[1] * int(np.diff(indptr).max())
        for rows in row_blocks(len(hanging), per_row):
            part = slice(indptr[rows.start], indptr[rows.stop])
            legs = reach[part, None] + node_distances[self.lengths.indices[part]]
            starts = indptr[rows] - indptr[rows.start]
            out[hanging[rows]] = np.minimum.reduceat(legs, starts)
        return out

    def of_rows(self, rows: NDArray) -> "Attachment":
        """Take some of the rows, in an order.

        Parameters
        ----------
        rows : ndarray of shape (n_taken,), int64
            Which, each any number of times.

        Returns
        -------
        Attachment
            Of these rows.
        """
        return Attachment(self.weights[rows], self.lengths[rows], self.own[rows])

    def restricted_to(self, nodes: NDArray) -> "Attachment":
        """Number nodes by their position in a list; others are dropped.

        Parameters
        ----------
        nodes : ndarray of shape (n_kept,), int64
            The nodes to keep.

        Returns
        -------
        Attachment
            The same rows.
        """
        return Attachment(
            self.weights[:, nodes], self.lengths[:, nodes], self.own[:, nodes]
        )


def _shepard(distances, radius, exact):
    """Weights ((R - d) / d)^2 within R; those at distance zero alone where some are."""
    safe = np.where(exact, 1.0, distances)
    weights = (np.maximum(radius - distances, 0.0) / safe) ** 2
    return np.where(exact.any(axis=1, keepdims=True), exact, weights)


def _largest(rows):
    return rows.max(axis=1).toarray().ravel()


def _sums(rows):
    return rows.sum(axis=1)
