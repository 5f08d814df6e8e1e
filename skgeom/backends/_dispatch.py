"""From a ``device`` string and the input's type to a backend."""

import re

from skgeom.backends._arrays import is_torch
from skgeom.backends._protocol import Backend
from skgeom.typing import Array

_DEVICE_PATTERN = re.compile(r"auto|cpu|torch-cpu|mps|cuda(:\d+)?")


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
        from skgeom.backends._numba._backend import NumbaBackend

        return NumbaBackend(n_jobs)
    try:
        from skgeom.backends._torch._backend import TorchBackend
    except ImportError as error:
        raise ImportError(
            f"device={device!r} needs torch. Install it with `pip install "
            "'skgeom[torch]'` or choose device='cpu'."
        ) from error
    return TorchBackend(device)


def _torch_device_of(tensor):
    device = str(tensor.device)
    return "torch-cpu" if device == "cpu" else device
