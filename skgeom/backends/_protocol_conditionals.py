"""The primitives of Gaussian processes whose rows know some earlier ones."""

from typing import Any, Protocol

from skgeom.backends._neighborhoods import Neighborhoods
from skgeom.typing import Array


class ConditionalPrimitives(Protocol):
    """What a backend does with rows and their neighbours.

    Examples
    --------
    >>> from skgeom.backends import Backend, get_backend
    >>> isinstance(get_backend("cpu"), Backend)
    True
    """

    def vecchia_likelihood(
        self,
        points: Array,
        targets: Array,
        noise: Array,
        neighbors: Array,
        rows: Array,
        kernel: str = "matern52",
        signal: float = 1.0,
    ) -> tuple[Array, Array, Array]:
        r"""Sum negative log densities of Gaussian rows, each given its neighbours.

        Targets have covariance :math:`s k(d) + \mathrm{diag}(noise)` with s the signal
        and k of unit width: with d the distance, :math:`e^{-d^2/2}` ("rbf"),
        :math:`e^{-d}` ("exponential"), :math:`(1 + r) e^{-r}` with
        :math:`r = \sqrt 3 d` ("matern32"), :math:`(1 + r + r^2/3) e^{-r}` with
        :math:`r = \sqrt 5 d` ("matern52").

        Parameters
        ----------
        points : array of shape (n, n_features), float64
            In units of the length scales.
        targets : array of shape (n, n_targets), float64
            Independent of each other.
        noise : array of shape (n,), float64
            Variance of the noise of each row, > 0.
        neighbors : array of shape (n_rows, m), int64
            What each row is given; -1 for none, after all others.
        rows : array of shape (n_rows,), int64
            Which rows these are; none is its own neighbour.
        kernel : {"rbf", "exponential", "matern32", "matern52"}, default="matern52"
            The kernel.
        signal : float, default=1.0
            The s of the formula, > 0.

        Returns
        -------
        value : array of shape ()
            The sum, over rows and targets.
        gradient : array of shape (n_features + 2,)
            Its derivatives by the logs of the signal, of the length scale of each
            column, and of a factor of all noise.
        fisher : array of shape (n_features + 2, n_features + 2)
            Expected second derivatives by the same.
        """

    def kriging_weights(
        self,
        points: Array,
        queries: Array,
        noise: Array,
        neighbors: Array,
        kernel: str = "matern52",
        signal: float = 1.0,
    ) -> tuple[Array, Array]:
        """Weights of noisy neighbours in the mean of a Gaussian field at queries.

        Parameters
        ----------
        points : array of shape (n, n_features), float64
            In units of the length scales.
        queries : array of shape (n_queries, n_features), float64
            Where the field is wanted, in units of the length scales.
        noise : array of shape (n_queries, m), float64
            Variance of the noise of each neighbour, > 0.
        neighbors : array of shape (n_queries, m), int64
            Rows of `points`; -1 for none, after all others.
        kernel : {"rbf", "exponential", "matern32", "matern52"}, default="matern52"
            As in `vecchia_likelihood`.
        signal : float, default=1.0
            Variance of the field, > 0.

        Returns
        -------
        weights : array of shape (n_queries, m)
            Zero where there is no neighbour.
        variances : array of shape (n_queries,)
            What is left of the signal, without noise.
        """

    def vecchia_contrasts(
        self, given: Neighborhoods, kernel: str = "matern52", signal: float = 1.0
    ) -> tuple[Array, Array, Array]:
        """Take from rows what their neighbours say of them, beyond factors.

        Parameters
        ----------
        given : Neighborhoods
            The rows, their neighbours and factors.
        kernel : {"rbf", "exponential", "matern32", "matern52"}, default="matern52"
            As in `vecchia_likelihood`.
        signal : float, default=1.0
            Variance of the field, > 0.

        Returns
        -------
        contrasts : array of shape (n_rows, n_values)
            Values of the rows less those of their neighbours, weighted.
        variances : array of shape (n_rows,)
            Of a row given its neighbours and the known part, with its noise.
        weights : array of shape (n_rows, m)
            Of the neighbours; zero where there is none.
        """

    def vecchia_contrasts_gradient(
        self,
        given: Neighborhoods,
        by_contrasts: Array,
        by_variances: Array,
        kernel: str = "matern52",
        signal: float = 1.0,
    ) -> tuple[Array, Array]:
        """Differentiate a function of contrasts and variances.

        Parameters
        ----------
        given : Neighborhoods
            As in `vecchia_contrasts`.
        by_contrasts : array of shape (n_rows, n_values)
            Derivatives by the contrasts.
        by_variances : array of shape (n_rows,)
            Derivatives by the variances.
        kernel : {"rbf", "exponential", "matern32", "matern52"}, default="matern52"
            As in `vecchia_contrasts`.
        signal : float, default=1.0
            As in `vecchia_contrasts`.

        Returns
        -------
        gradient : array of shape (n_features + 2,)
            Derivatives by the logs of the signal, of the length scale of each column,
            and of a factor of all noise; factors and points as they are.
        by_factors : array of shape (n, n_factors)
            Derivatives by the factors.
        """

    def neighbor_factor(self, neighbors: Array, weights: Array) -> Any:
        """Prepare a unit lower triangular matrix of weighted neighbours.

        Row i of it is that of the identity less the weights at its neighbours, as of
        the errors of kriging from earlier rows.

        Parameters
        ----------
        neighbors : array of shape (n, m), int64
            Each before its row and at most once in it; -1 for none, after all others.
        weights : array of shape (n, m)
            Of the neighbours.

        Returns
        -------
        object
            What `neighbor_solve` takes.
        """

    def neighbor_solve(self, factor: Any, B: Array, transposed: bool = False) -> Array:
        """Solve a triangular system of `neighbor_factor`.

        Parameters
        ----------
        factor : object
            From `neighbor_factor`.
        B : array of shape (n, n_columns)
            Right-hand sides, floating point.
        transposed : bool, default=False
            Whether the system is the transposed one.

        Returns
        -------
        array of shape (n, n_columns)
            The solutions, in the type of B.
        """
