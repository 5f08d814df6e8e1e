"""From a ``device`` string and the input's type to a backend."""

import re
from typing import Any, Protocol, runtime_checkable

import scipy.sparse as sp

from skgeom.backends._descent import Descent, Links, Points
from skgeom.backends._walks import Steps
from skgeom.typing import Array, NDArray

_DEVICE_PATTERN = re.compile(r"auto|cpu|torch-cpu|mps|cuda(:\d+)?")


@runtime_checkable
class Backend(Protocol):
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
        ("rbf"), :math:`e^{-\gamma c}` ("laplacian") and :math:`(1 + r) e^{-r}` with
        :math:`r = \sqrt{6 \gamma}\, d` ("matern", smoothness 3/2).

        Parameters
        ----------
        X : array of shape (n_rows, n_features)
            The points of the rows.
        Y : array of shape (n_samples, n_features)
            The points of the columns, in the type of X.
        V : array of shape (n_samples, n_columns)
            What is multiplied, in the type of X.
        kernel : {"rbf", "laplacian", "matern"}, default="rbf"
            The kernel.
        gamma : float, default=1.0
            Its inverse width, > 0.

        Returns
        -------
        array of shape (n_rows, n_columns)
            In the type of X.
        """

    def clustering_lagrangian(
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

    def sgd_edges(
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


def is_torch(array: Any) -> bool:
    """Whether `array` is a torch tensor, without importing torch to find out.

    Parameters
    ----------
    array : object
        Anything.

    Returns
    -------
    bool
        True for a ``torch.Tensor``.

    Examples
    --------
    >>> from skgeom.backends import is_torch
    >>> is_torch([1.0, 2.0])
    False
    """
    return any(
        (cls.__module__, cls.__name__) == ("torch", "Tensor")
        for cls in type(array).__mro__
    )


def is_sound_tensor(array: Any) -> bool:
    """Whether a tensor needs no other check, asked where it is.

    Parameters
    ----------
    array : object
        Anything.

    Returns
    -------
    bool
        True for rows and columns of finite float32 or float64.

    Examples
    --------
    >>> import torch
    >>> from skgeom.backends import is_sound_tensor
    >>> is_sound_tensor(torch.ones(2, 3)), is_sound_tensor(torch.ones(2, 3).log() / 0)
    (True, False)
    """
    return (
        is_torch(array)
        and array.ndim == 2
        and array.numel() > 0
        and str(array.dtype) in ("torch.float32", "torch.float64")
        and bool(array.isfinite().all())
    )


def as_numpy(array: Any) -> Any:
    """Bring a NumPy array or a torch tensor to the host; leave the rest alone.

    Parameters
    ----------
    array : object
        An array of either backend, or anything else.

    Returns
    -------
    object
        A NumPy array for a tensor, `array` itself otherwise.

    Examples
    --------
    >>> from skgeom.backends import as_numpy
    >>> as_numpy([1, 2])
    [1, 2]
    """
    return array.detach().cpu().numpy() if is_torch(array) else array


class MissingDeviceError(ValueError):
    """The device is one that we know, but this machine does not have it.

    Examples
    --------
    >>> from skgeom.backends import MissingDeviceError
    >>> issubclass(MissingDeviceError, ValueError)
    True
    """


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device or the host has no memory left.

    Parameters
    ----------
    error : BaseException
        Of torch or of NumPy.

    Returns
    -------
    bool
        True for torch's OutOfMemoryError, and for those that only say so.

    Examples
    --------
    >>> from skgeom.backends import is_out_of_memory
    >>> is_out_of_memory(RuntimeError("MPS backend out of memory"))
    True
    >>> is_out_of_memory(RuntimeError("something else"))
    False
    """
    if not isinstance(error, RuntimeError):
        return False
    if type(error).__name__ == "OutOfMemoryError":
        return True
    told = str(error).lower()
    return "out of memory" in told or "can't allocate memory" in told


def get_backend(
    device: str = "auto", like: Array | None = None, n_jobs: int | None = None
) -> Backend:
    """Choose the backend for a device and an input.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        "auto" is numba for NumPy input and the tensor's own device for torch input;
        "cpu" is numba, "torch-cpu" is torch without an accelerator.
    like : array of any shape, default=None
        The input whose type and device "auto" follows.
    n_jobs : int, default=None
        Threads for the host's kernels, in joblib's meaning.

    Returns
    -------
    Backend
        The numba or the torch backend.

    Raises
    ------
    ValueError
        If `device` is not one of the names above; if the machine lacks it, a
        `MissingDeviceError`.
    ImportError
        If the device needs torch and torch is not installed.

    Examples
    --------
    >>> from skgeom.backends import get_backend
    >>> get_backend("cpu").name
    'numba'
    """
    if not isinstance(device, str) or not _DEVICE_PATTERN.fullmatch(device):
        raise ValueError(
            f"device={device!r} is not known. Expected 'auto', 'cpu', 'cuda', "
            "'cuda:<index>', 'mps' or 'torch-cpu'."
        )
    if device == "auto":
        device = _torch_device_of(like) if is_torch(like) else "cpu"
    if device == "cpu":
        from skgeom.backends._numba import NumbaBackend

        return NumbaBackend(n_jobs)
    try:
        from skgeom.backends._torch import TorchBackend
    except ImportError as error:
        raise ImportError(
            f"device={device!r} needs torch. Install it with `pip install "
            "'skgeom[torch]'` or choose device='cpu'."
        ) from error
    return TorchBackend(device)


def _torch_device_of(tensor):
    device = str(tensor.device)
    return "torch-cpu" if device == "cpu" else device
