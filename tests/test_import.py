"""What `import skgeom` costs and offers, asked of a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

import skgeom


def run_python(code):
    """Run code in a new interpreter and return what it printed."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def loaded_by(statement):
    """Top-level packages, but for the standard library's, that a statement loads."""
    loaded = run_python(
        "import sys\n"
        "before = set(sys.modules)\n"
        f"{statement}\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    return set(loaded) - sys.stdlib_module_names


def test_loaded_by_sees_what_is_loaded():
    assert {"numpy", "skgeom"} <= loaded_by("import skgeom, numpy")


def test_import_loads_nothing_else():
    assert loaded_by("import skgeom") == {"skgeom"}


def test_dir_loads_nothing_else():
    assert loaded_by("import skgeom; dir(skgeom)") == {"skgeom"}


def test_estimators_load_no_optional_dependency():
    loaded = loaded_by("from skgeom import HeatGeodesicEmbedding")
    assert "sklearn" in loaded
    # pandas is not among them: scikit-learn itself loads it where it is installed.
    optional = {"torch", "matplotlib", "faiss", "pynndescent"}
    assert loaded & optional == set()


def test_no_package_loads_an_engine_or_an_optional_dependency():
    packages = ", ".join(f"skgeom.{name}" for name in skgeom._PACKAGES)
    loaded = loaded_by(f"import {packages}")
    assert {"numpy", "scipy", "sklearn"} <= loaded
    optional = {"faiss", "hypothesis", "matplotlib", "networkx", "pynndescent", "torch"}
    assert loaded & {"numba", *optional} == set()


def test_packages_are_attributes():
    """Each of an skgeom that has loaded no other, in one process for all of them."""
    printed = run_python(
        "import sys\n"
        f"for name in {skgeom._PACKAGES}:\n"
        "    for loaded in [m for m in sys.modules if m.split('.')[0] == 'skgeom']:\n"
        "        del sys.modules[loaded]\n"
        "    import skgeom\n"
        "    assert name not in vars(skgeom)\n"
        "    print(getattr(skgeom, name).__name__)"
    )
    assert printed == [f"skgeom.{name}" for name in skgeom._PACKAGES]


def test_every_package_is_reachable():
    folder = Path(skgeom.__file__).parent
    on_disk = {path.parent.name for path in folder.glob("[!_]*/__init__.py")}
    assert on_disk == set(skgeom._PACKAGES)


@pytest.mark.parametrize("name", sorted(skgeom._ESTIMATORS))
def test_estimators_are_the_families_own(name):
    home = getattr(skgeom, name).__module__
    family = sys.modules[".".join(home.split(".")[:2])]
    assert getattr(skgeom, name) is getattr(family, name)
    assert family.__name__ == skgeom._ESTIMATORS[name]
    assert name in family.__all__


def test_every_estimator_of_a_family_is_importable_from_the_top():
    for package in set(skgeom._ESTIMATORS.values()):
        family = getattr(skgeom, package.rpartition(".")[2])
        members = {name: getattr(family, name) for name in family.__all__}
        estimators = {n for n, member in members.items() if hasattr(member, "fit")}
        assert estimators
        assert estimators <= set(skgeom.__all__)


def test_dir_lists_public_names():
    assert {"HeatGeodesicEmbedding", "embedding", "graph", "__version__"} <= set(
        dir(skgeom)
    )


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="module 'skgeom' has no attribute 'nope'"):
        _ = skgeom.nope
    with pytest.raises(ImportError, match="cannot import name 'nope'"):
        from skgeom import nope  # noqa: F401


def test_version_is_the_distributions():
    from importlib.metadata import version

    assert version("skgeom") == skgeom.__version__
