"""What every estimator shares: the boundary in and out, the device, the callbacks."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import validate_data

from skgeom._warnings import warn
from skgeom.backends import (
    MissingDeviceError,
    as_numpy,
    get_backend,
    is_sound_tensor,
    is_torch,
)
from skgeom.base._boundary import KNOWS_NAMESPACES, guard, on_host
from skgeom.base._constraints import merged_constraints
from skgeom.graph import Graph

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # pragma: no cover

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks yet."""

    def with_callbacks(method):
        """Return the method itself."""
        return method


# Solver steps between two calls of the callbacks.
_STEPS_PER_CALL = 50


class GeometryEstimator(CallbackSupportMixin, BaseEstimator):
    """Base class: validated input, one `device` parameter, output like the input.

    Sub-classes have a parameter `device` and may have `n_jobs`. What they fit is on
    the host, whatever the device, so that it can be loaded anywhere; their public
    methods are guarded as `skgeom.base._boundary` says. `_parameter_constraints` has
    the parameters that are the method's own: those that families share are added, and
    those of the bases.

    Examples
    --------
    >>> from skgeom.base import GeometryEstimator
    >>> class Identity(GeometryEstimator):
    ...     def __init__(self, device="auto"):
    ...         self.device = device
    ...     def transform(self, X):
    ...         return self._output(self._validated(X, reset=True), like=X)
    >>> Identity().transform([[1, 2]])
    array([[1., 2.]])
    """

    def __init_subclass__(cls, **kwargs):
        """Put the boundary around the public methods; merge what parameters take."""
        super().__init_subclass__(**kwargs)
        cls._parameter_constraints = merged_constraints(cls)
        guard(cls)

    def __getstate__(self):
        """Pickle and copy with all arrays on the host."""
        state = super().__getstate__()
        return {name: on_host(value) for name, value in state.items()}

    def _backend_for(self, X, *, reset=False):
        """Choose the backend that `device` and the type of X ask for.

        Where the device is missing, `fit` (with `reset`) fails; a fitted model works
        on without it.
        """
        n_jobs = getattr(self, "n_jobs", None)
        lacking = () if reset else (MissingDeviceError, ImportError)
        try:
            return get_backend(self.device, like=X, n_jobs=n_jobs)
        except lacking as error:
            warn(
                f"{error} The fitted {type(self).__name__} goes on without it.",
            )
            return get_backend(like=X, n_jobs=n_jobs)
        except ValueError as error:
            raise InvalidParameterError(f"{type(self).__name__}: {error}") from None

    def _validated(self, X, *, reset, backend=None, **checks):
        """Validate X on the host; floats keep their width, the rest become float64.

        With a backend, a tensor that is in order is not brought to the host to be seen.
        """
        self._refuse_graph(X)
        if backend is not None and is_sound_tensor(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return backend.asarray(X)
        return validate_data(
            self, as_numpy(X), reset=reset, dtype=[np.float64, np.float32], **checks
        )

    def _refuse_graph(self, X):
        """Tell those who pass a graph as X where it belongs."""
        if not (isinstance(X, Graph) or (hasattr(X, "nodes") and hasattr(X, "edges"))):
            return
        name, there = type(self).__name__, "takes no graphs."
        if hasattr(self, "graph"):
            graph = "graph" if isinstance(X, Graph) else "Graph.from_networkx(graph)"
            there = (
                f"takes one as {name}(graph={graph}), with a column of node ids as X; "
                "np.arange(n_nodes)[:, None] is all of them."
            )
        raise ValueError(
            f"X must be an array, got a {type(X).__name__}. {name} {there}"
        )

    def _kept(self, array, like):
        """Return a fitted attribute: in the width of X, on the host wherever X is."""
        return np.asarray(array, dtype=np.float32 if _is_float32(like) else np.float64)

    def _output(self, array, like):
        """Return a host array in the namespace, on the device and in the width of X."""
        array = self._kept(array, like)
        return get_backend(like=like).asarray(array) if is_torch(like) else array

    def _output_labels(self, labels, like):
        """Return labels in the namespace and on the device of X; text stays here."""
        numbers = labels.dtype.kind in "biuf" and is_torch(like)
        return get_backend(like=like).asarray(labels) if numbers else labels

    def _progress(self, max_steps, measure="stress"):
        """Open the callbacks' context; return what a solver calls after each step."""
        if not hasattr(self, "_init_callback_context"):
            return None
        n_calls = -(-max_steps // _STEPS_PER_CALL)
        context = self._init_callback_context(max_subtasks=n_calls)
        context.call_on_fit_task_begin(estimator=self)

        n_made = 0

        def after_step(step, value):
            nonlocal n_made
            # Solvers on a device come by after every sixteen steps.
            if step // _STEPS_PER_CALL == n_made and step != max_steps:
                return False
            n_made = step // _STEPS_PER_CALL
            task = context.subcontext(task_name=f"step {step}, {measure} {value:.4f}")
            task.call_on_fit_task_begin(estimator=self)
            return bool(task.call_on_fit_task_end(estimator=self))

        after_step.close = lambda: context.call_on_fit_task_end(estimator=self)
        return after_step

    def __sklearn_tags__(self):
        """Arrays of any namespace may come in, where scikit-learn knows them."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = KNOWS_NAMESPACES
        return tags


def _is_float32(array):
    """Whether an array or every column of a data frame is float32."""
    dtypes = getattr(array, "dtypes", None)
    if not hasattr(dtypes, "__iter__"):  # neither a frame's nor a list of them
        dtypes = [getattr(array, "dtype", None)]
    return all(str(dtype).lower().endswith("float32") for dtype in dtypes)
