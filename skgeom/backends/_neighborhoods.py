"""Rows given their neighbours, a part of whose covariance factors explain: a record."""

from typing import Any, NamedTuple


class Neighborhoods(NamedTuple):
    r"""Rows of a noisy Gaussian field, their neighbours, and factors of both.

    With factors :math:`\phi`, the covariance is :math:`s k(d) - \phi' \phi` and, of a
    row with itself, noise: that of a field whose part :math:`\phi' w` is known.

    Parameters
    ----------
    points : array of shape (n, n_features), float64
        In units of the length scales.
    values : array of shape (n, n_values), float64
        What rows have; the first columns are the factors.
    n_factors : int
        How many these are, >= 0.
    noise : array of shape (n_rows, m + 1), float64
        Variance of the noise of each neighbour, > 0, and of the row, >= 0.
    neighbors : array of shape (n_rows, m), int64
        What each row is given; -1 for none, after all others.
    rows : array of shape (n_rows,), int64
        Which rows these are; none is its own neighbour.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import Neighborhoods, get_backend
    >>> x, y = np.array([[0.0], [0.0]]), np.array([[4.0], [3.0]])
    >>> noise, near = np.array([[1.0, 0.0]]), np.array([[0]])
    >>> given = Neighborhoods(x, y, 0, noise, near, np.array([1]))
    >>> get_backend().vecchia_contrasts(given)[:2]  # 3 - 4 / 2
    (array([[1.]]), array([0.5]))
    """

    points: Any
    values: Any
    n_factors: int
    noise: Any
    neighbors: Any
    rows: Any

    def of(self, block: slice) -> "Neighborhoods":
        """Take some of the rows.

        Parameters
        ----------
        block : slice
            Which of them.

        Returns
        -------
        Neighborhoods
            Points and values are those of all.
        """
        parts = (part[block] for part in (self.noise, self.neighbors, self.rows))
        return Neighborhoods(self.points, self.values, self.n_factors, *parts)
