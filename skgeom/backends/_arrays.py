"""What an array is and where, asked without importing torch."""

from typing import Any


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


def unsigned(indices):
    """View indices, none of them negative, in the unsigned type of their width.

    A kernel asks of each signed index whether it counts from the end, and of an
    unsigned one it does not: a product with a sparse matrix takes two thirds of the
    time.
    """
    return indices.view(f"u{indices.dtype.itemsize}")


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
