"""Where a computation waits for its device, seen without one."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["host_waits"]

# Methods of tensors that bring values to the host.
_TO_HOST = {
    "__array__",
    "__bool__",
    "__complex__",
    "__float__",
    "__index__",
    "__int__",
    "cpu",
    "item",
    "tolist",
}
# Operations whose result has a size that only the device knows.
_OF_UNKNOWN_SIZE = {
    "_local_scalar_dense",
    "_unique2",
    "bincount",
    "equal",
    "is_nonzero",
    "masked_select",
    "nonzero",
    "unique_consecutive",
    "unique_dim",
}
_BY_INDEX = {"index", "index_put", "index_put_"}


@contextmanager
def host_waits() -> Iterator[Counter]:
    """Count what would stop the host until a device has caught up.

    Values that are read, arrays that are copied between host and device, and results
    whose size depends on values. They are found by what is called, not by how long it
    takes, so that torch on the CPU shows what an accelerator would do.

    Yields
    ------
    collections.Counter
        Filled on the way: how often each place waited, as ``(function, what)`` with
        the function of skgeom, "<module>.<name>", that asked.

    Examples
    --------
    >>> import torch
    >>> from skgeom.testing import host_waits
    >>> with host_waits() as waits:
    ...     total = torch.arange(3).sum()  # nobody waits for it
    ...     for _ in range(2):
    ...         _ = float(total)
    >>> waits.total()
    2
    """
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    waits: Counter = Counter()
    counted: list[bool] = []

    class Calls(TorchFunctionMode):
        """What the code says."""

        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, "__name__", "")
            read = name in _TO_HOST
            sent = name in ("as_tensor", "tensor") and not torch.is_tensor(args[0])
            if read or sent:
                waits[_asker(), name] += 1
            counted.append(read or sent)
            try:
                return function(*args, **(kwargs or {}))
            finally:
                counted.pop()

    class Operations(TorchDispatchMode):
        """What it comes down to."""

        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            name = operation.__name__.partition(".")[0]
            unknown = name in _OF_UNKNOWN_SIZE
            if name == "repeat_interleave":
                unknown = kwargs.get("output_size") is None
            if name == "_to_copy":
                where = kwargs.get("device") or args[0].device
                unknown = torch.device(where).type != args[0].device.type
            if name in _BY_INDEX:
                masks = (torch.bool, torch.uint8)
                unknown = any(i is not None and i.dtype in masks for i in args[1])
            # What was counted as a call is not counted twice.
            if unknown and not any(counted):
                waits[_asker(), name] += 1
            return operation(*args, **kwargs)

    with Calls(), Operations():
        yield waits


def _asker():
    """The innermost function of skgeom that is running, tools for tests apart."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("skgeom.") and not module.startswith("skgeom.testing"):
            return f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back
    return ""
