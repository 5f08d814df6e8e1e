"""What values parameters take that estimators of all families share, written once."""

import inspect
from numbers import Integral, Real

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skgeom.graph import Graph


class GraphHandle(HasMethods):
    """The constraint on the parameter `graph`; it says how to make one."""

    def __init__(self):
        super().__init__("laplacian")

    def is_satisfied_by(self, value):
        """Whether it is a graph of ours."""
        return isinstance(value, Graph)

    def __str__(self):
        return (
            "a skgeom.graph.Graph, as Graph.from_networkx, Graph.from_adjacency and "
            "Graph.from_edges make it,"
        )


POSITIVE_INTEGER = [Interval(Integral, 1, None, closed="left")]
POSITIVE = [Interval(Real, 0, None, closed="neither")]

# An estimator that has one of these parameters need not say what it takes; what it says
# itself, or a base of it, counts before this.
SHARED = {
    "affinity": [
        StrOptions(
            {"nearest_neighbors", "precomputed", "precomputed_nearest_neighbors"}
        )
    ],
    "alpha": POSITIVE,
    "device": [str],
    "gamma": [*POSITIVE, None],
    "graph": [GraphHandle(), None],
    "max_iter": POSITIVE_INTEGER,
    "n_components": POSITIVE_INTEGER,
    "n_init": POSITIVE_INTEGER,
    "n_jobs": [Integral, None],
    "n_neighbors": POSITIVE_INTEGER,
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
}


def merged_constraints(cls):
    """Collect what a class, its bases and `SHARED` say of the parameters of `__init__`.

    A parameter that nobody constrains is left out, which scikit-learn's own check of
    parameters reports. A base without parameters of its own keeps all that it says.
    """
    said = {}
    for base in reversed(cls.__mro__):
        said |= vars(base).get("_parameter_constraints", {})
    if cls.__init__ is object.__init__:
        return said
    said = SHARED | said
    names = list(inspect.signature(cls.__init__).parameters)[1:]
    return {name: said[name] for name in names if name in said}
