"""Whatever is given: an answer without NaN, or an error that says what is wrong.

Input is generated: ids, labels, scales, layouts, links. No estimator may die, answer
with numbers that are not finite, or raise an error that tells a user nothing.
"""

import inspect
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skgeom.graph import Graph
from skgeom.testing import all_estimators

ESTIMATORS = [pytest.param(Class, id=name) for name, Class in all_estimators()]
TOLD = ("transform", "predict", "predict_proba", "decision_function", "score_samples")
# What users should never see: an error from the inside.
RAW = (
    "index out of range",
    "could not broadcast",
    "object has no attribute",
    "unsupported operand",
    "zero-size array",
    "not aligned",
    "division by zero",
    "list index",
    "subscriptable",
)

sizes = st.integers(1, 14)
seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([0.0, 1e-300, 1e-150, 1e-20, 1.0, 1e20, 1e100, 1e150, 1e300])
odd = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 5e-324, 1.7e308])


@st.composite
def points(draw):
    rng = np.random.default_rng(draw(seeds))
    X = draw(scales) * rng.normal(size=(draw(sizes), draw(st.integers(1, 5))))
    if draw(st.booleans()):
        X[draw(st.integers(0, len(X) - 1))] = X[0]
    if draw(st.booleans()):
        X[:, 0] = draw(odd)
    layout = draw(
        st.sampled_from(
            [
                lambda A: A,
                np.asfortranarray,
                lambda A: A[::-1],
                lambda A: A.astype(np.float32),
                lambda A: np.nan_to_num(A, posinf=9, neginf=-9).clip(-9, 9).astype(int),
                lambda A: A.astype(object),
                lambda A: A.astype(str),
                lambda A: A[0],
                lambda A: A[:, :0],
                lambda A: A[:0],
                lambda A: A[None],
                lambda A: sp.csr_array(A),
                lambda A: A.tolist(),
                lambda A: A + 1j,
            ]
        )
    )
    with np.errstate(all="ignore"):
        return layout(X)


@st.composite
def links(draw):
    rng = np.random.default_rng(draw(seeds))
    n = draw(sizes)
    A = draw(scales) * rng.uniform(size=(n, n)) * (rng.uniform(size=(n, n)) < 0.4)
    if draw(st.booleans()):
        A = A + A.T
    if draw(st.booleans()):
        A[draw(st.integers(0, n - 1)), 0] = draw(odd)
    make = draw(st.sampled_from([np.array, sp.csr_array, sp.coo_matrix, list]))
    return make(A)[: draw(st.integers(1, n))] if make is np.array else make(A)


@st.composite
def nodes(draw):
    ids = draw(
        st.lists(
            st.sampled_from(
                [-1, 0, 1, 2, 5, 9, 10, 2**31, 2**62, 0.5, "a", "n1", None]
            ),
            min_size=1,
            max_size=12,
        )
    )
    shape = draw(st.sampled_from([(-1, 1), (-1,), (1, -1)]))
    return np.array(ids, dtype=object).reshape(shape)


@st.composite
def targets(draw, n):
    n = draw(st.sampled_from([n, n, n, n + 1, max(n - 1, 0)]))
    kinds = [
        np.arange(n) % 2,
        np.arange(n) % 2 - 1,
        np.zeros(n),
        np.full(n, np.nan),
        np.linspace(-1, 1, n) * draw(scales),
        np.array(["", "-1", "a"] * n, dtype=object)[:n],
        np.array([None, "a", "b"] * n, dtype=object)[:n],
        np.arange(2 * n).reshape(n, 2) / 7,
        np.full(n, draw(odd)),
        None,
    ]
    return draw(st.sampled_from(kinds))


def rows_of(X):
    return X.shape[0] if hasattr(X, "shape") and len(X.shape) else len(X)


@pytest.mark.slow
@pytest.mark.parametrize("Class", ESTIMATORS)
@settings(max_examples=500, suppress_health_check=list(HealthCheck), print_blob=True)
@given(data=st.data())
def test_no_input_is_met_with_nan_or_an_error_from_the_inside(Class, data):
    parameters = inspect.signature(Class).parameters
    chosen = {"max_iter": 10} if "init" in parameters else {}
    kinds = ["points"]
    kinds += ["links"] if {"affinity", "kernel"} & parameters.keys() else []
    kinds += ["nodes"] if "graph" in parameters else []
    kind = data.draw(st.sampled_from(kinds))
    if kind == "points":
        X = data.draw(points())
    elif kind == "links":
        key = "affinity" if "affinity" in parameters else "kernel"
        chosen[key], X = "precomputed", data.draw(links())
    else:
        names = [f"n{i}" for i in range(10)]
        ring = [[i, (i + 1) % 9] for i in range(9)]
        chosen["graph"] = Graph.from_edges(ring, n_nodes=10, node_names=names)
        X = data.draw(nodes())
    y = data.draw(targets(rows_of(X)))
    model = Class(**chosen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        # scikit-learn adds up infinities to find them, and asks for whole numbers.
        for how in ("reduce", "cast"):
            warnings.filterwarnings("ignore", f"invalid value encountered in {how}")
        try:
            model.fit(X, y)
            told = [getattr(model, n)(X) for n in TOLD if hasattr(model, n)]
        except (ValueError, TypeError) as error:
            said = str(error)
            assert len(said) > 15, said
            assert not any(raw in said for raw in RAW), said
            return
    for value in told:
        value = value.data if sp.issparse(value) else np.asarray(value)
        if value.dtype.kind == "f":
            assert np.isfinite(value).all()
    for name, value in vars(model).items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            if name.endswith("_") and not name.startswith("_"):
                assert np.isfinite(value).all() or name == "transduction_", name
