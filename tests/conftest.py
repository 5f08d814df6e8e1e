"""What all tests share: the devices they run on, and how hypothesis searches."""

import importlib.util
import os
from collections import Counter
from pathlib import Path

# scikit-learn's array API checks need it, and SciPy reads it when it is first imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# Tests run side by side: threads that wait for each other in tiny products of torch
# would take hundreds of times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from skgeom.backends import get_backend

# The first call of a compiled kernel takes as long as its compilation: no deadline.
settings.register_profile("skgeom", deadline=None)
settings.register_profile("skgeom-ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("skgeom-ci" if os.environ.get("CI") else "skgeom")


def pytest_addoption(parser, pluginmanager):
    # By its path: tests are no package, and the folder is on no path of Python's.
    spec = importlib.util.spec_from_file_location(
        "skgeom_test_budget", Path(__file__).with_name("_budget.py")
    )
    budget = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(budget)
    pluginmanager.register(budget, "budget")
    parser.addoption(
        "--device",
        action="append",
        metavar="DEVICE",
        help="run the tests of the `device` and `torch_device` fixtures on this device "
        "alone, and fail where the machine lacks it; may be given several times "
        "(default: cpu, torch-cpu, and cuda where there is one)",
    )


def pytest_generate_tests(metafunc):
    # Here and not in the fixture, so that torch is loaded for the tests that ask.
    if "device" in metafunc.fixturenames:
        devices = metafunc.config.getoption("device") or _available_devices()
        metafunc.parametrize("device", devices, indirect=True, scope="session")
    if "torch_device" in metafunc.fixturenames:
        devices = metafunc.config.getoption("device") or _available_devices()
        devices = [one for one in devices if one != "cpu"]
        metafunc.parametrize("torch_device", devices, indirect=True, scope="session")


@pytest.fixture(scope="session")
def device(request):
    """Each device of this machine in turn, as a `device` parameter spells it."""
    get_backend(request.param)  # raises where the machine lacks the device
    return request.param


@pytest.fixture(scope="session")
def torch_device(request):
    """Those of them that torch computes on."""
    get_backend(request.param)
    return request.param


def _available_devices():
    if importlib.util.find_spec("torch") is None:
        reason = "torch is not installed"
        return ["cpu", pytest.param("torch-cpu", marks=pytest.mark.skip(reason=reason))]
    import torch

    return ["cpu", "torch-cpu"] + ["cuda"] * torch.cuda.is_available()


def pytest_terminal_summary(terminalreporter):
    reasons = Counter(
        report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        for report in terminalreporter.stats.get("skipped", [])
    )
    terminalreporter.section(f"skips: {reasons.total()}")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:5d}  {reason}")
