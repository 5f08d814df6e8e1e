"""Discovery of estimators and hypothesis strategies, for our tests and for yours."""

import importlib

from skgeom.testing._discovery import all_estimators
from skgeom.testing._waits import host_waits

__all__ = ["all_estimators", "host_waits"]


def __getattr__(name):
    # The strategies need hypothesis, which is not a dependency of the package.
    if not name.startswith("_"):
        strategies = importlib.import_module("skgeom.testing._strategies")
        if name in strategies.__all__:
            return getattr(strategies, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
