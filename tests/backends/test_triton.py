"""What happens on CUDA where Triton is there and its kernels are not.

The kernels themselves are held against their definitions with all others, on machines
that have CUDA.
"""

import sys
from types import ModuleType

import pytest

from skgeom.backends._torch import _backend as _torch


@pytest.fixture
def TritonError(monkeypatch):
    """What Triton raises where it cannot compile, on machines without it, too."""
    errors = ModuleType("triton.errors")
    errors.TritonError = type("TritonError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "triton", ModuleType("triton"))
    monkeypatch.setitem(sys.modules, "triton.errors", errors)
    return errors.TritonError


def test_torch_does_what_triton_cannot_compile(TritonError):
    def by_triton():
        raise TritonError("out of resource: shared memory\nmore")

    with pytest.warns(UserWarning, match=r"could not compile.*shared memory$"):
        assert _torch._if_compiled(by_triton, lambda: "torch") == "torch"


def test_other_errors_are_not_hidden(TritonError):
    def by_triton():
        raise ValueError("gamma")

    with pytest.raises(ValueError, match="gamma"):
        _torch._if_compiled(by_triton, lambda: "torch")


def test_torch_is_left_alone_where_triton_works(TritonError):
    assert _torch._if_compiled(lambda: "triton", pytest.fail) == "triton"
