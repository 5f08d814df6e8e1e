import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skgeom.backends import as_numpy, get_backend, is_torch


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


# ------------------------------------------------------------------------ the device


@pytest.mark.parametrize(
    "name",
    [
        "gpu",
        "CPU",
        "",
        " cpu",
        "cpu ",
        "cpu:0",
        "cuda:",
        "cuda:-1",
        "cuda:one",
        "cuda0",
        "mps:0",
        "torch",
        "torch-cuda",
        "auto,cpu",
        "cpu\n",
        None,
        0,
        ("cpu",),
        np.float64,
    ],
)
def test_unknown_devices(name):
    with pytest.raises(ValueError, match=r"device=.* is not known\. Expected 'auto'"):
        get_backend(name)


def test_torch_devices_are_no_names(torch):
    with pytest.raises(ValueError, match="is not known"):
        get_backend(torch.device("cpu"))


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_machine_without_cuda(name, torch, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ValueError, match=f"device='{name}', but torch finds 0 cuda"):
        get_backend(name)


def test_a_machine_with_one_cuda_device(torch, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert get_backend("cuda").device == "cuda"
    assert get_backend("cuda:0").device == "cuda:0"
    with pytest.raises(ValueError, match="device='cuda:1', but torch finds 1 cuda"):
        get_backend("cuda:1")


def test_a_machine_without_mps(torch, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device='mps', but torch finds 0 mps"):
        get_backend("mps")


def test_mps_has_no_doubles(torch, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert get_backend("mps").float64 == torch.float32
    assert get_backend("torch-cpu").float64 == torch.float64


@pytest.mark.parametrize("name", ["cuda", "mps", "torch-cpu"])
def test_a_machine_without_torch(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it fails
    monkeypatch.delitem(sys.modules, "skgeom.backends._torch._backend", raising=False)
    message = rf"device='{name}' needs torch\. Install it with `pip install"
    with pytest.raises(ImportError, match=message):
        get_backend(name)
    assert get_backend("cpu").name == "numba"
    assert get_backend("auto", like=np.zeros(2)).name == "numba"


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_threads_are_for_the_host(n_jobs):
    assert get_backend("cpu", n_jobs=n_jobs).n_jobs == n_jobs


# --------------------------------------------------------------- auto follows the input


@pytest.mark.parametrize(
    "like", [None, np.zeros(2), np.zeros((2, 2), np.float32), [[1.0]], "torch"]
)
def test_auto_is_numba_for_what_is_not_a_tensor(like):
    backend = get_backend(like=like)
    assert (backend.name, backend.device) == ("numba", "cpu")


def test_auto_is_the_tensors_own_device(torch):
    tensor = torch.zeros(2)
    for like in (tensor, torch.nn.Parameter(tensor)):
        backend = get_backend("auto", like=like)
        assert (backend.name, backend.device) == ("torch", "cpu")
    assert get_backend("cpu", like=tensor).name == "numba"
    assert get_backend("torch-cpu", like=np.zeros(2)).name == "torch"


def test_auto_keeps_the_number_of_the_device(torch, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)

    class Elsewhere(torch.Tensor):
        device = torch.device("cuda:2")

    assert get_backend(like=Elsewhere()).device == "cuda:2"


def test_auto_refuses_devices_that_no_backend_knows(torch):
    with pytest.raises(ValueError, match="device='meta', but torch finds 0 meta"):
        get_backend(like=torch.zeros(2, device="meta"))


# ----------------------------------------------------------------- tensors and arrays


def test_is_torch(torch):
    class Tensor:
        pass

    class MyTensor(torch.Tensor):
        pass

    for tensor in (torch.zeros(2), torch.nn.Parameter(torch.zeros(1)), MyTensor()):
        assert is_torch(tensor)
    others = [torch.float32, torch.Size([2]), torch.device("cpu"), torch, torch.Tensor]
    for other in [*others, Tensor(), np.zeros(2), None, "torch", [torch.zeros(2)]]:
        assert not is_torch(other)


def test_as_numpy(torch):
    values = np.array([[1.0, 2.0]])
    for tensor in (
        torch.tensor(values),
        torch.tensor(values, requires_grad=True),
        torch.tensor(values).T.contiguous().T,
    ):
        assert isinstance(as_numpy(tensor), np.ndarray)
        assert_array_equal(as_numpy(tensor), values)
    for other in (values, [1.0], None, "text"):
        assert as_numpy(other) is other


def test_tensors_come_and_go_between_backends(torch):
    tensor = torch.tensor([[1.0, 2.0]], dtype=torch.float32, requires_grad=True)
    host = get_backend("cpu").asarray(tensor)
    assert host.dtype == np.float32
    assert_array_equal(host, [[1.0, 2.0]])
    backend = get_backend("torch-cpu")
    assert_array_equal(backend.to_numpy(backend.asarray(tensor)), host)
