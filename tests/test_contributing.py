"""The worked examples of CONTRIBUTING.md, run as they stand."""

import doctest
import re
import sys
import types
from pathlib import Path

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import skgeom.embedding

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
ESTIMATOR, TESTS, NETWORK, TESTS_OF_NETWORK = BLOCKS
NAME = "skgeom.embedding._commute_time_embedding"
NAME_OF_NETWORK = "skgeom.embedding._autoencoder"


def executed(name, code):
    """Run code as the module of that name."""
    module = types.ModuleType(name)
    exec(compile(code, name, "exec"), vars(module))
    return module


MODULE = executed(NAME, ESTIMATOR)
MODULE_OF_NETWORK = executed(NAME_OF_NETWORK, NETWORK)


@pytest.fixture(autouse=True)
def in_its_place(monkeypatch):
    """Let the example be imported from where the page puts it, while a test runs."""
    monkeypatch.setitem(sys.modules, NAME, MODULE)
    new = MODULE.CommuteTimeEmbedding
    monkeypatch.setattr(skgeom.embedding, "CommuteTimeEmbedding", new, raising=False)
    monkeypatch.setitem(sys.modules, NAME_OF_NETWORK, MODULE_OF_NETWORK)
    new = MODULE_OF_NETWORK.Autoencoder
    monkeypatch.setattr(skgeom.embedding, "Autoencoder", new, raising=False)


@parametrize_with_checks(
    [MODULE.CommuteTimeEmbedding(), MODULE_OF_NETWORK.Autoencoder(max_iter=5)]
)
@pytest.mark.filterwarnings("ignore:n_neighbors=:UserWarning")
@pytest.mark.filterwarnings("ignore:X (has|does not have).* feature names:UserWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_its_tests_pass():
    for code in (TESTS, TESTS_OF_NETWORK):
        own = executed("test_worked_example", code)
        tests = [test for name, test in vars(own).items() if name.startswith("test_")]
        assert len(tests) == 2
        for test in tests:
            test()


def test_a_network_takes_sixty_lines():
    assert len(NETWORK.splitlines()) <= 70


def test_its_docstring_runs():
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testmod(MODULE, optionflags=flags)
    assert results.attempted and not results.failed
