"""What one process compiles, the next one finds on disk."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skgeom

CODE = """
import json
import numpy as np
import scipy.sparse as sp
from numba.core.dispatcher import Dispatcher
from skgeom.backends import get_backend
from skgeom.backends._numba import _graphs, _polynomial
from skgeom.graph import Graph, farthest_point_landmarks

graph = Graph.from_edges([[0, 1], [1, 2]])
print(farthest_point_landmarks(graph.lengths, 2))
backend = get_backend("cpu")
A = backend.csr(graph.laplacian().transition)
print(backend.matrix_polynomial(A, np.eye(3), np.ones(3)).sum().round(6))
kernels = [*vars(_graphs).values(), *vars(_polynomial).values()]
stats = [d.stats for d in kernels if isinstance(d, Dispatcher)]
print(json.dumps({
    "hits": sum(sum(s.cache_hits.values()) for s in stats),
    "misses": sum(sum(s.cache_misses.values()) for s in stats),
}))
"""


def run(folder, **environment):
    """Run the kernels in a new process; return its results and cache statistics."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(skgeom.__file__).parents[1]),
            "NUMBA_CACHE_DIR": str(folder),
            **environment,
        },
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    *results, stats = process.stdout.splitlines()
    return results, json.loads(stats)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A process that starts with an empty cache, and the cache that it leaves."""
    folder = tmp_path_factory.mktemp("numba")
    return folder, *run(folder, SKGEOM_NUMBA_CACHE="1")


def test_the_first_process_compiles_and_stores(first):
    folder, _, stats = first
    assert stats["misses"] >= 2
    assert stats["hits"] == 0
    assert list(folder.rglob("*.nbi"))


def test_the_second_process_compiles_nothing(first):
    folder, results, _ = first
    again, stats = run(folder, SKGEOM_NUMBA_CACHE="1")
    assert again == results
    assert stats["misses"] == 0
    assert stats["hits"] >= 2


def test_the_switch_turns_the_cache_off(first):
    folder, results, _ = first
    before = sorted(folder.rglob("*.nb?"))
    again, stats = run(folder, SKGEOM_NUMBA_CACHE="0")
    assert again == results
    assert stats["hits"] == 0
    assert stats["misses"] >= 2
    assert sorted(folder.rglob("*.nb?")) == before
