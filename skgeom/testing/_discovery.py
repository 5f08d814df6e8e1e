"""Find every public estimator, and the modules that methods are made of."""

import importlib
import inspect
import pkgutil

import skgeom


def all_estimators() -> list[tuple[str, type]]:
    """List the public estimators of skgeom.

    Returns
    -------
    list of (str, type)
        Name and class of each estimator in the ``__all__`` of a family, sorted by
        name.

    Examples
    --------
    >>> from skgeom.testing import all_estimators
    >>> [name for name, _ in all_estimators()][-2:]
    ['VecchiaGPRegressor', 'VonMisesFisherMixture']
    """
    from sklearn.base import BaseEstimator

    found = {}
    for package in pkgutil.iter_modules(skgeom.__path__):
        # base holds what estimators inherit, not estimators.
        if package.name.startswith("_") or package.name in ("base", "testing"):
            continue
        module = importlib.import_module(f"skgeom.{package.name}")
        for name in getattr(module, "__all__", ()):
            candidate = getattr(module, name)
            if inspect.isclass(candidate) and issubclass(candidate, BaseEstimator):
                found[name] = candidate
    return sorted(found.items())


def method_modules() -> list[str]:
    """List the modules of families: those of one method and those that methods share.

    Returns
    -------
    list of str
        Full names, the modules of a method's folder (``skgeom.cluster._sdp._bound``)
        among them, sorted.

    Examples
    --------
    >>> from skgeom.testing._discovery import method_modules
    >>> "skgeom.cluster._sdp._bound" in method_modules()
    True
    """
    found = []
    for family in sorted(set(skgeom._ESTIMATORS.values())):
        package = importlib.import_module(family)
        found += [
            module.name
            for module in pkgutil.walk_packages(package.__path__, f"{family}.")
            if not module.ispkg
        ]
    return sorted(found)
