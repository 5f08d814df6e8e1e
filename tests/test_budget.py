"""The table at the end of a run: whose a test is, and what it cost."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from skgeom.testing import all_estimators


@pytest.fixture
def budget(pytestconfig):
    return pytestconfig.pluginmanager.get_plugin("budget")


# By name: checks of all estimators, and doctests.
NAMED = {
    "tests/test_common.py::test[SDPClustering(x='y')-check]": "SDPClustering",
    "tests/test_docstrings.py::test[skgeom.SDPClustering.fit]": "SDPClustering",
    "skgeom/cluster/_sdp/_a.py::skgeom.SDPClustering": "SDPClustering",
    "tests/cluster/sdp/test_a.py::test[STKRRegressor]": "STKRRegressor",
    "tests/test_a.py::test[STKRRegressor-SDPClustering]": "SDPClustering STKRRegressor",
    "tests/graph/test_a.py::test[MySDPClustering2]": "graph",
}
# By place: a method is a folder or a file, in skgeom and in tests. The rest is of a
# folder, or of a file beside the folders.
PLACED = {
    "tests/embedding/heat_geodesic/test_a.py::test_b": "HeatGeodesicEmbedding",
    "skgeom/embedding/_heat_geodesic/_a.py::a.f": "HeatGeodesicEmbedding",
    "tests/nodes/test_graph_kernel_ridge.py::test_a": "GraphKernelRidge",
    "skgeom/nodes/_graph_kernel_ridge.py::a.f": "GraphKernelRidge",
    "tests/kernels/stkr/test_a.py::test_b": "STKRClassifier STKRRegressor",
    "tests/nodes/test_graph_kernel.py::test_a": "nodes",
    "skgeom/graph/_graph.py::skgeom.graph._graph.Graph": "graph",
    "tests/test_import.py::test_a": "test_import",
}


def test_owners(budget):
    owners, known = budget.Owners(all_estimators()), NAMED | PLACED
    assert {nodeid: " ".join(owners.of(nodeid)) for nodeid in known} == known


def test_every_estimator_has_tests_of_its_own(budget):
    """A folder or a file, found without a list of them."""
    root, owners = Path(__file__).parent, budget.Owners(all_estimators())
    files = [
        f"tests/{path.relative_to(root).as_posix()}" for path in root.rglob("*.py")
    ]
    owned = {owner for file in files for owner in owners.of(file)}
    assert owned >= set(owners.names)


COSTLY = """
import os, subprocess, sys, time
import pytest

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def test_here():
    burn(0.2)

def test_in_another_process():
    code = "import time\\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", code], check=True)

def test_asleep():
    time.sleep(0.3)

@pytest.mark.slow
def test_slowly():
    burn(0.1)
"""


# One estimator, without what loading the others costs.
STUB = """
import sys, types

Class = type("SDPClustering", (), {"__module__": "skgeom.cluster._sdp._machine"})
found = [("SDPClustering", Class)]
sys.modules["skgeom.testing"] = types.SimpleNamespace(all_estimators=lambda: found)
"""


def test_what_a_worker_runs_is_counted(tmp_path):
    folder = tmp_path / "tests" / "cluster"
    folder.mkdir(parents=True)
    (folder / "test_sdp.py").write_text(COSTLY)
    (tmp_path / "conftest.py").write_text(STUB)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow")
    here = Path(__file__).parent
    options = ["-p", "xdist", "-n1", "-p", here.name + "._budget", "--budget=0.4"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(here.parent),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "NUMBA_CACHE_DIR": str(tmp_path),  # where nobody compiles
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed" in run.stdout, run.stdout + run.stderr
    lines = re.findall(r"^ +(\d+\.\d+)  (\S+)", run.stdout, re.MULTILINE)
    costs = {name.rpartition("::")[2]: float(cost) for cost, name in lines}
    assert costs["test_here"] >= 0.2
    assert costs["test_in_another_process"] >= 0.25  # the kernel counts in ticks
    assert costs["test_asleep"] < 0.15
    assert 0.45 <= costs["SDPClustering"] < 0.75
    assert 0.1 <= costs["test_slowly"] == costs["marked"] < 0.2
    assert "SDPClustering is above 0.4 s" in run.stdout
    assert run.returncode == 1


def test_only_a_budget_that_was_asked_for_fails(budget, monkeypatch):
    report = SimpleNamespace(
        nodeid="tests/cluster/sdp/test_a.py::test_b",
        user_properties=[("cpu", 5.0)],
        keywords={},
    )
    for options, cold, fails in [
        ({}, False, False),
        ({"limit": 8.0}, False, True),
        ({"limit": 8.0}, True, False),
        ({"limit": 11.0}, False, False),
    ]:
        monkeypatch.setattr(budget, "compiled_since", lambda _, cold=cold: cold)
        counted = budget.Budget(**options)
        counted.pytest_runtest_logreport(report)
        assert counted.above() == []
        counted.pytest_runtest_logreport(report)  # another phase of it
        session = SimpleNamespace(exitstatus=0, config=None)
        counted.pytest_sessionfinish(session)
        assert bool(session.exitstatus) == fails


def test_a_cache_that_was_cold_is_seen(budget, monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    (tmp_path / "deep").mkdir()
    index = tmp_path / "deep" / "kernel.nbi"
    index.touch()
    written = index.stat().st_mtime
    assert budget.compiled_since(written - 1)
    assert not budget.compiled_since(written + 1)
