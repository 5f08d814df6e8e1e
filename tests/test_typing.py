"""What a type checker says of a user's code, from the files of the package alone."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skgeom

FOLDER = Path(skgeom.__file__).parent
STUB = FOLDER / "__init__.pyi"

SNIPPET = """
import numpy as np
import skgeom
from sklearn.pipeline import make_pipeline
from skgeom import GraphKernelRidge, HeatGeodesicEmbedding, SDPClustering
from skgeom.graph import Graph
from skgeom.metrics import two_sample_test

X = np.zeros((20, 3))
graph: Graph = Graph.from_points(X)
reveal_type(HeatGeodesicEmbedding(n_components=2))
reveal_type(GraphKernelRidge(graph=graph))
reveal_type(graph.n_edges)
two_sample_test(X, X)
reveal_type(skgeom.__version__)
make_pipeline(HeatGeodesicEmbedding(), SDPClustering(3)).fit_predict(X)
skgeom.geometry.polar.mean(X)
"""
MISTAKES = """
from skgeom import HeatGeodesicEmbedding, NoSuchEstimator

HeatGeodesicEmbedding(n_componets=2)
HeatGeodesicEmbedding("two")
"""


def test_types_ship():
    assert (FOLDER / "py.typed").exists()


def test_the_stub_names_what_the_package_does():
    """A new estimator is a line in both."""
    found = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            (alias,) = node.names
            assert alias.asname == alias.name  # exported
            found[alias.name] = node.module
    expected = dict.fromkeys(skgeom._PACKAGES, "skgeom") | skgeom._ESTIMATORS
    assert found == expected


def checked(code, folder):
    """What mypy says of code that is outside of the package, by its own defaults."""
    file = folder / "snippet.py"
    file.write_text(code, encoding="utf-8")
    run = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file=", "--no-error-summary"),
            *("--follow-imports=silent", "--ignore-missing-imports"),
            *(f"--cache-dir={folder}", "snippet.py"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"MYPYPATH": str(FOLDER.parent), "PATH": ""},
    )
    assert not run.stderr
    return run.stdout


@pytest.mark.slow
def test_a_users_code_has_types(tmp_path):
    """What scikit-learn decorates, as `fit`, has no type: its decorator has none."""
    said = checked(SNIPPET, tmp_path)
    assert ": error:" not in said
    shown = re.findall(r'Revealed type is "(?:\w+\.)*(\w+)"', said)
    assert shown == ["HeatGeodesicEmbedding", "GraphKernelRidge", "int", "str"]


@pytest.mark.slow
def test_a_users_mistakes_are_found(tmp_path):
    said = checked(MISTAKES, tmp_path)
    assert said.count(": error:") == 3, said
    assert "NoSuchEstimator" in said and "n_componets" in said
