"""What holds at the boundary of every estimator, whatever its method.

Every public method that is ours is guarded, whatever its name; what is done for it
follows from the name and the arguments, in scikit-learn's meaning:

- ``fit`` and what begins with it, and ``partial_fit``, train the estimator itself. One
  that fails leaves it as it was, and a fit that does not leaves nothing of one before.
  What is fitted owns its arrays: what becomes of X and y afterwards does not reach it.
- All others read it. With an argument X, answers belong where X is; without one, as of
  ``sample(n_samples)``, where the fitted arrays are. Answers of several arrays, as with
  ``return_std``, come home one by one.

Meanwhile BLAS has one thread, and OpenMP one where rows are few
(`skgeom.backends._threads`).

A device that runs out of memory is an error which names the setting that bounds its
blocks, and errors of what is no table of numbers name the argument and the remedy
(`skgeom.base._explained`). And where scikit-learn's ``array_api_dispatch`` is on,
scikit-learn's rules hold: arrays of any namespace come in, what is fitted follows X,
and other arrays are refused from then on.
"""

import copy
import functools
import inspect
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import is_cupy_array
from sklearn import config_context, get_config

from skgeom.backends import (
    as_numpy,
    few_threads,
    is_out_of_memory,
    is_torch,
)
from skgeom.base._explained import explained, refuse_doubtful_parameters
from skgeom.base._ownership import own_arrays

try:  # scikit-learn >= 1.9
    from sklearn.utils._array_api import (
        check_same_namespace,
        get_namespace_and_device,
        move_to,
    )

    KNOWS_NAMESPACES = True
except ImportError:  # pragma: no cover
    KNOWS_NAMESPACES = False


class Home(NamedTuple):
    """A namespace other than NumPy's and a device of it, which arrays belong to."""

    xp: Any
    device: Any

    @classmethod
    def of(cls, X):
        """Where X is; None without dispatch, and for what NumPy reads."""
        if not (_dispatches() and _is_foreign(X)):
            return None
        xp, _, device = get_namespace_and_device(X)
        return cls(xp, device)

    @classmethod
    def of_fitted(cls, state):
        """Where the fitted arrays are; None on the host, and without dispatch."""
        homes = (cls.of(value) for name, value in state.items() if _is_fitted(name))
        return next((home for home in homes if home is not None), None)

    def settle(self, state):
        """Bring the arrays of a fitted estimator here."""
        for name, value in state.items():
            if _is_fitted(name) and not isinstance(value, (tuple, list, dict)):
                state[name] = self.bring(value)

    def bring(self, value):
        """Bring an array of numbers here, or each of several; leave all else alone."""
        if isinstance(value, tuple):
            parts = [self.bring(part) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        if isinstance(value, list):
            return [self.bring(part) for part in value]
        if isinstance(value, dict):
            return {key: self.bring(part) for key, part in value.items()}
        if not (_is_numeric(value) or _is_foreign(value)):
            return value
        with config_context(array_api_dispatch=True):
            return move_to(value, xp=self.xp, device=self.device)


def guard(cls):
    """Put the boundary around the public methods of a class.

    Parameters
    ----------
    cls : type
        Changed in place.
    """
    for name in dir(cls):
        if name.startswith("_"):
            continue
        member = inspect.getattr_static(cls, name)
        if inspect.isfunction(member) and not _is_within(member):
            setattr(cls, name, _within(member))
        elif inspect.isfunction(getattr(member, "fn", None)):  # of `available_if`
            if not _is_within(member.fn):
                member.fn = _within(member.fn)


def on_host(value):
    """Bring an array of any namespace to the host; leave everything else alone.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    object
        A NumPy array for an array.
    """
    if is_torch(value) or not (KNOWS_NAMESPACES and _is_foreign(value)):
        return as_numpy(value)
    with config_context(array_api_dispatch=True):
        return move_to(value, xp=np, device="cpu")


def _is_within(method):
    # scikit-learn's own methods call ours.
    return hasattr(method, "_within") or method.__module__.startswith("sklearn.")


def _within(method):
    name, continues = method.__name__, method.__name__ == "partial_fit"
    trains = continues or name.startswith("fit")
    # The place of X among the arguments, self apart; None for a method without it.
    names = list(inspect.signature(method).parameters)[1:]
    place = names.index("X") if "X" in names else None

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        if not hasattr(self, "get_params"):
            raise TypeError(
                f"{name} was called on a class of estimators; call it on an instance, "
                f"as in Estimator().{name}(...)."
            )
        X = args[place] if place is not None and place < len(args) else kwargs.get("X")
        home = Home.of(X) if place is not None else Home.of_fitted(vars(self))
        if not trains or (continues and X is not None):
            _refuse_other_arrays(self, X, name)
        if trains:
            refuse_doubtful_parameters(self)
        # What fails before it changes anything need not be kept apart from the change.
        changes = continues and not getattr(self, "_changes_last", False)
        before = _state(self, kept_apart=changes) if trains else None
        if trains and not continues:
            _forget(self)
        model = self if trains else _reader(self)
        if continues:
            vars(self).update(vars(_reader(self)))
        # A tensor X says where to compute; all else that is no NumPy is read here.
        args = [
            a if i == place and is_torch(a) else on_host(a) for i, a in enumerate(args)
        ]
        kwargs = {
            k: a if k == "X" and is_torch(a) else on_host(a) for k, a in kwargs.items()
        }
        try:
            with config_context(array_api_dispatch=False), few_threads(_n_rows(X)):
                out = method(model, *args, **kwargs)
            if trains:
                own_arrays(self, (*args, *kwargs.values()))
            if trains and home is not None:
                home.settle(vars(self))
        except BaseException as error:
            if trains:
                vars(self).clear()
                vars(self).update(before)
            given = dict(zip(names, args, strict=False)) | kwargs
            plainer = explained(error, self, given)
            if plainer is not None:
                raise plainer from error
            if not is_out_of_memory(error):
                raise
            told = str(error).partition("\n")[0]
        else:
            if out is model:
                return self
            return out if home is None else home.bring(out)
        # Out here no handled error holds on to the arrays that filled the memory.
        raise MemoryError(_advice(self, told))

    call._within = True
    return call


def _state(estimator, kept_apart):
    """What an estimator has, to go back to; apart from arrays that a method changes."""
    state = dict(vars(estimator))
    if kept_apart:
        state = {k: copy.deepcopy(v) if _is_fitted(k) else v for k, v in state.items()}
    return state


def _forget(estimator):
    """Drop what was learned before: a fit with other parameters may not set it all."""
    for name in list(vars(estimator)):
        if name.endswith("_") and not name.startswith("_"):
            del vars(estimator)[name]


def _reader(estimator):
    """The estimator, or a copy of it with all on the host."""
    if any(_is_fitted(k) and _is_foreign(v) for k, v in vars(estimator).items()):
        return copy.copy(estimator)
    return estimator


def _advice(estimator, told):
    limit = get_config()["working_memory"]
    return (
        f"{type(estimator).__name__}: the device ran out of memory. Its blocks take a "
        f"quarter of scikit-learn's working_memory, which is {limit} MiB. Lower it, by "
        f"sklearn.set_config(working_memory={max(1, int(limit) // 4)}), or use less "
        f"data. ({told})"
    )


def _refuse_other_arrays(estimator, X, method):
    """With dispatch, X must be where the fitted arrays are, as scikit-learn says."""
    if not _dispatches() or X is None:
        return
    for name, value in vars(estimator).items():
        public = _is_fitted(name) and name.endswith("_")
        if public and (_is_numeric(value) or _is_foreign(value)):
            check_same_namespace(X, estimator, attribute=name, method=method)
            return


def _n_rows(X):
    """How many rows X has, as far as that can be said before it is validated."""
    shape = getattr(X, "shape", None)
    if isinstance(shape, tuple) and shape and isinstance(shape[0], int):
        return shape[0]
    return len(X) if isinstance(X, (list, tuple)) else 0


def _dispatches():
    return KNOWS_NAMESPACES and get_config()["array_api_dispatch"]


def _is_fitted(name):
    """Whether an attribute is no parameter; classes are of the kind of y, not of X."""
    return name != "classes_" and (name.endswith("_") or name.startswith("_"))


def _is_foreign(value):
    """Whether it is an array, but not NumPy's."""
    if isinstance(value, (np.ndarray, np.generic, type)):
        return False
    named = hasattr(value, "__array_namespace__")  # which CuPy's arrays do not have
    return is_torch(value) or named or is_cupy_array(value)


def _is_numeric(value):
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
