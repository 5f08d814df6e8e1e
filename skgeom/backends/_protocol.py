"""What every engine offers, in one place."""

from typing import Any, Protocol, runtime_checkable

import scipy.sparse as sp

from skgeom.backends._descent import Descent, Links, Points
from skgeom.backends._protocol_conditionals import ConditionalPrimitives
from skgeom.backends._walks import Steps
from skgeom.typing import Array, NDArray


@runtime_checkable
class Backend(ConditionalPrimitives, Protocol):
    """What every engine offers to the layers above.

    Attributes
    ----------
    name : {"numba", "torch"}
        The engine.
    device : str
        Where arrays live, in torch's spelling (``"cpu"``, ``"cuda:0"``, ``"mps"``).
    xp : module
        Array API namespace of this engine's arrays.
    float64 : dtype
        The widest float of the device: ``float32`` on MPS, ``float64`` elsewhere.

    Examples
    --------
    >>> from skgeom.backends import Backend, get_backend
    >>> isinstance(get_backend("cpu"), Backend)
    True
    """

    name: str
    device: str
    xp: Any
    float64: Any

    def asarray(self, array: Array, dtype: Any = None) -> Array:
        """Move an array to this device.

        Parameters
        ----------
        array : array of any shape
            NumPy array or torch tensor.
        dtype : dtype, default=None
            Of this backend's namespace; None keeps the array's.

        Returns
        -------
        array of the same shape
            On this device, copied only if it must be.
        """

    def to_numpy(self, array: Array) -> NDArray:
        """Bring an array of this backend to the host.

        Parameters
        ----------
        array : array of any shape
            Of this backend.

        Returns
        -------
        ndarray of the same shape
            The same values.
        """

    def csr(self, matrix: sp.csr_array) -> Any:
        """Move a sparse matrix to this device.

        Parameters
        ----------
        matrix : csr_array of shape (n, m)
            On the host.

        Returns
        -------
        object
            What `matrix_polynomial` takes.
        """

    def knn(
        self, X: Array, Y: Array, k: int, metric: str = "euclidean"
    ) -> tuple[Array, Array]:
        """Find the exact nearest rows of X for each row of Y.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            The rows to search.
        Y : array of shape (n_queries, n_features)
            The queries.
        k : int
            Neighbours a query, 1 <= k <= n_samples.
        metric : {"euclidean", "cosine"}, default="euclidean"
            The distance.

        Returns
        -------
        distances : array of shape (n_queries, k)
            Nearest first, in the widest float.
        indices : array of shape (n_queries, k), int64
            Rows of X, equal distances by the lowest index.
        """

    def matrix_polynomial(
        self, A: Any, B: Array, coefficients: NDArray, basis: str = "monomial"
    ) -> Array:
        """Apply a polynomial of a sparse matrix to the columns of an array.

        Parameters
        ----------
        A : object
            Square, from `csr`.
        B : array of shape (n, n_columns)
            The columns.
        coefficients : ndarray of shape (degree + 1,)
            On the host, of the powers of A or of Chebyshev's T_j(A).
        basis : {"monomial", "chebyshev"}, default="monomial"
            Which of the two.

        Returns
        -------
        array of shape (n, n_columns)
            In the type of B.
        """

    def kernel_matvec(
        self, X: Array, Y: Array, V: Array, kernel: str = "rbf", gamma: float = 1.0
    ) -> Array:
        r"""Multiply the kernel matrix of two sets of points with the columns of V.

        The matrix is computed by blocks of rows and never held whole. With Euclidean
        distance d and city-block distance c, the kernels are :math:`e^{-\gamma d^2}`
        ("rbf"), :math:`e^{-\gamma c}` ("laplacian"), :math:`e^{-r}` with
        :math:`r = \sqrt{2 \gamma}\, d` ("exponential"), :math:`(1 + r) e^{-r}` with
        :math:`r = \sqrt{6 \gamma}\, d` ("matern32") and :math:`(1 + r + r^2/3) e^{-r}`
        with :math:`r = \sqrt{10 \gamma}\, d` ("matern52").

        Parameters
        ----------
        X : array of shape (n_rows, n_features)
            The points of the rows.
        Y : array of shape (n_samples, n_features)
            The points of the columns, in the type of X.
        V : array of shape (n_samples, n_columns)
            What is multiplied, in the type of X.
        kernel : str, default="rbf"
            One of those.
        gamma : float, default=1.0
            Its inverse width, > 0.

        Returns
        -------
        array of shape (n_rows, n_columns)
            In the type of X.
        """

    def kernel_values(
        self, X: Array, Y: Array, kernel: str = "rbf", gamma: float = 1.0
    ) -> Array:
        """Compute the kernel matrix of two sets of points, whole.

        For blocks of rows that a method does more with than one product.

        Parameters
        ----------
        X : array of shape (n_rows, n_features)
            The points of the rows.
        Y : array of shape (n_samples, n_features)
            The points of the columns, in the type of X.
        kernel : str, default="rbf"
            One of those of `kernel_matvec`.
        gamma : float, default=1.0
            Its inverse width, > 0.

        Returns
        -------
        array of shape (n_rows, n_samples)
            In the type of X.
        """

    def signature_values(
        self,
        X: Array,
        Y: Array,
        rows: Array,
        columns: Array,
        kernel: str = "linear",
        order: int = 0,
    ) -> tuple[Array, Array]:
        r"""Solve for the signature kernels of pairs of paths.

        With k the kernel of points, :math:`x y` ("linear") or
        :math:`e^{-|x - y|^2}` ("rbf"), and :math:`g_{ij}` its second difference over
        steps i and j, :math:`K_{i+1,j+1} = (K_{i+1,j} + K_{i,j+1})
        (1 + g/2 + g^2/12) - K_{ij} (1 - g^2/12)` from ones at the edges. A step from a
        point to itself changes nothing.

        Parameters
        ----------
        X : array of shape (n_paths, n_points, n_channels)
            Paths, in the widest float; of at least one point.
        Y : array of shape (n_other_paths, n_other_points, n_channels)
            Paths.
        rows : array of shape (n_pairs,), int64
            Paths of X.
        columns : array of shape (n_pairs,), int64
            The path of Y for each.
        kernel : {"linear", "rbf"}, default="linear"
            The k of the formula.
        order : int, default=0
            Each step is cut into 2**order equal ones, >= 0.

        Returns
        -------
        mantissas : array of shape (n_pairs,)
            In the widest float.
        exponents : array of shape (n_pairs,), int64
            Values are ``mantissas * 2.0**exponents``, which may be beyond the largest
            number.
        """

    def row_sum_lagrangian(
        self, X: Array, diagonal: Array, U: Array, dual: Array, penalty: Array
    ) -> tuple[Array, Array, Array]:
        """Augmented Lagrangian of low-rank semidefinite clustering, and its gradient.

        With A = XX' - diag(d) and v = UU'1 - 1, the value is
        -<A, UU'> + <dual, v> + penalty / 2 <v, v>, for each start by itself.

        Parameters
        ----------
        X : array of shape (n, p)
            Points.
        diagonal : array of shape (n,)
            The d of the formula.
        U : array of shape (n_starts, n, rank)
            One factor a start.
        dual : array of shape (n_starts, n)
            Multipliers of the row sums.
        penalty : array of shape (n_starts,)
            Weights of the squares, > 0.

        Returns
        -------
        value : array of shape (n_starts,)
            The Lagrangian.
        residual : array of shape (n_starts, n)
            The v of the formula.
        gradient : array of shape (n_starts, n, rank)
            Its derivative by U.
        """

    def descend_edges(
        self,
        points: Points,
        links: Links,
        order: NDArray,
        splits: NDArray,
        seed: int,
        descent: Descent,
    ) -> float:
        """Make steps of hyperbolic descent on sampled edges.

        Parameters
        ----------
        points : Points
            Of this backend, changed in place.
        links : Links
            Of this backend, indices int64.
        order : ndarray of shape (n_heads,), int64
            On the host: heads, in the order of the steps.
        splits : ndarray of shape (n_steps + 1,), int64
            On the host: step i takes the heads ``order[splits[i]:splits[i + 1]]``.
        seed : int
            Decides the negatives, with the key of each head; >= 0, less than 2**31.
        descent : Descent
            How steps are made.

        Returns
        -------
        float
            Sum of the losses of all heads, each before its step.
        """

    def random_walks(
        self,
        steps: Steps,
        starts: NDArray,
        modulation: NDArray,
        survival: NDArray,
        n_walks: int,
        coupling: str | None = "repelling",
        apart: bool = False,
        seed: int = 0,
    ) -> tuple[Array, Array, Array]:
        """Estimate rows of a power series of the normalised adjacency by walks.

        Parameters
        ----------
        steps : Steps
            Of this backend.
        starts : ndarray of shape (n_starts,), int64
            On the host: where rows start, as positions in `steps`.
        modulation : ndarray of shape (n_lengths,), float32 or float64
            On the host: coefficients of the powers of W.
        survival : ndarray of shape (n_lengths,), float64
            On the host: probability that a walk is so long; from 1, not increasing,
            > 0.
        n_walks : int
            Walks from each start.
        coupling : {"repelling", "antithetic", None}, default="repelling"
            How walks of a start depend on each other.
        apart : bool, default=False
            Whether powers are kept apart: column ``length * n_nodes + node``.
        seed : int
            Decides the draws, with the name of the start; >= 0, less than 2**31.

        Returns
        -------
        indptr : array of shape (n_starts + 1,), int64
            Where rows begin.
        columns : array of shape (n_entries,), integer
            Names of nodes, each once in a row, in no order.
        entries : array of shape (n_entries,)
            In the type of `modulation`.
        """

    def push(
        self,
        steps: Steps,
        starts: NDArray,
        modulation: NDArray,
        threshold: float,
    ) -> tuple[Array, Array, Array]:
        """Compute rows of a power series of the normalised adjacency, but for crumbs.

        Parameters
        ----------
        steps : Steps
            Of this backend.
        starts : ndarray of shape (n_starts,), int64
            On the host: where rows start, as positions in `steps`.
        modulation : ndarray of shape (n_lengths,), float32 or float64
            On the host: coefficients of the powers of W.
        threshold : float
            Entries of a power go no further where what they are worth at most, their
            size times the largest coefficient from there on, is less than this share of
            the first coefficient.

        Returns
        -------
        indptr : array of shape (n_starts + 1,), int64
            Where rows begin.
        columns : array of shape (n_entries,), integer
            Names of nodes, each once in a row, in no order.
        entries : array of shape (n_entries,)
            In the type of `modulation`.
        """
