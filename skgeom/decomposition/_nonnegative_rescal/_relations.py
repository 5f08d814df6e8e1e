"""Relations between entities, and products with factors (Krompass et al., 2013)."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from skgeom.typing import NDArray


class Relations:
    """Links of entities in several relations, in one or more copies.

    Links go from the first entities to the last: of n entities in all, from the first
    `n_from` to the last `n_to`. Both are all of them where a relation is within one
    kind of entities.

    Parameters
    ----------
    copies : list of ndarray of shape (n_relations, n_from, n_to), or of list of sparse
        Numbers >= 0.
    n_entities : int
        How many entities there are in all.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition._nonnegative_rescal._relations import Relations
    >>> relations = Relations([np.array([[[1.0, 2.0]]])], 3)
    >>> relations.out_of(np.ones((1, 3, 1)))[0, 0, :, 0]
    array([3., 0., 0.])
    """

    def __init__(self, copies: Sequence, n_entities: int):
        self.copies = copies
        self.n_entities = n_entities
        self.is_sparse = sp.issparse(copies[0][0])
        self.n_relations = len(copies[0])
        n_from, n_to = copies[0][0].shape
        # Where links come from, and where they lead to.
        self.ends = slice(0, n_from), slice(n_entities - n_to, n_entities)
        if self.is_sparse:
            self._out = [sp.csr_array(sp.vstack(links)) for links in copies]
            self._into = [
                sp.csr_array(sp.vstack([link.T for link in links])) for links in copies
            ]
        else:
            self._dense = np.stack(copies)

    def squares(self) -> NDArray:
        """Sum the squares of all links.

        Returns
        -------
        ndarray of shape (n_copies,)
            Of each copy.
        """
        if self.is_sparse:
            return np.array([(links.data**2).sum() for links in self._out])
        return np.einsum("cmij,cmij->c", self._dense, self._dense)

    def out_of(self, A: NDArray) -> NDArray:
        """Multiply links with factors of the entities that they lead to.

        Parameters
        ----------
        A : ndarray of shape (n_copies, n_entities, n_columns)
            Columns, those of each copy.

        Returns
        -------
        ndarray of shape (n_copies, n_relations, n_entities, n_columns)
            Zero at entities from which no links can go.
        """
        return self._placed(A[:, self.ends[1]], self.ends[0], inward=False)

    def into(self, A: NDArray) -> NDArray:
        """Multiply links with factors of the entities that they come from.

        Parameters
        ----------
        A : ndarray of shape (n_copies, n_entities, n_columns)
            Columns, those of each copy.

        Returns
        -------
        ndarray of shape (n_copies, n_relations, n_entities, n_columns)
            Zero at entities to which no links can go.
        """
        return self._placed(A[:, self.ends[0]], self.ends[1], inward=True)

    def perturbed(
        self, n_copies: int, noise: float, rng: np.random.RandomState
    ) -> "Relations":
        """Make copies, each of whose links is times a number near 1.

        Parameters
        ----------
        n_copies : int
            How many.
        noise : float
            Numbers are uniform in 1 +- noise.
        rng : RandomState
            Draws them.

        Returns
        -------
        Relations
            The copies.
        """
        return Relations(
            [
                [self._noisy(link, noise, rng) for link in self.copies[0]]
                if self.is_sparse
                else self._noisy(self.copies[0], noise, rng)
                for _ in range(n_copies)
            ],
            self.n_entities,
        )

    @staticmethod
    def _noisy(links, noise, rng):
        if not sp.issparse(links):
            return links * (1 + noise * rng.uniform(-1, 1, links.shape))
        changed = links.copy()
        changed.data = changed.data * (1 + noise * rng.uniform(-1, 1, links.nnz))
        return changed

    def _placed(self, columns, where, *, inward):
        n_copies, _, width = columns.shape
        shape = (n_copies, self.n_relations, self.n_entities, width)
        n_rows = where.stop - where.start
        if self.is_sparse:
            links = self._into if inward else self._out
            found = np.stack([L @ c for L, c in zip(links, columns, strict=True)])
            found = found.reshape(n_copies, self.n_relations, n_rows, width)
        else:
            links = self._dense.swapaxes(2, 3) if inward else self._dense
            found = links @ columns[:, None]
        if n_rows == self.n_entities:
            return found
        whole = np.zeros(shape)
        whole[:, :, where] = found
        return whole
