"""Nodes by their names: edges of names, and from a name to its id."""

from difflib import get_close_matches

import numpy as np

# Names that an unknown one is compared with, at most: a second or so.
_MOST_COMPARED = 20_000


def names_of_edges(edges, weights, node_names):
    """Read edges of names, or those of a data frame, as edges of ids.

    Returns
    -------
    edges : array-like of shape (n_edges, 2)
        Ids, if they were names; as they came otherwise.
    weights : array-like of shape (n_edges,) or None
        Those given, or the column of the frame that has them.
    node_names : sequence or None
        Those given, or else the names found, sorted.
    n_nodes : int or None
        How many there are, if edges were names.
    """
    edges, weights = _columns_of_frame(edges, weights)
    ends = _as_objects(edges)
    if not holds_names(ends):
        return edges, weights, node_names, None
    if ends.ndim != 2 or ends.shape[1] != 2:
        raise ValueError(
            f"edges must be of shape (n_edges, 2), got {ends.dtype} of shape "
            f"{ends.shape}."
        )
    names = ends.ravel().tolist()
    wrong = next((i for i, name in enumerate(names) if not isinstance(name, str)), None)
    if wrong is not None:
        found = names[wrong]
        unknown = found is None or type(found).__name__ == "NAType"
        missing = unknown or found != found  # as NaN and NaT are
        remedy = " There a node is missing; leave such rows out." if missing else ""
        raise ValueError(
            "edges must hold names in both columns, or ids in both; row "
            f"{wrong // 2} holds {found!r}.{remedy}"
        )
    if node_names is None:
        node_names = sorted(set(names))
    ids = ids_of(names, index_of(node_names), "edges")
    return ids.reshape(ends.shape), weights, node_names, len(node_names)


def _as_objects(edges):
    """Edges as an array; a list with a name in it, without making all of it text."""
    ends = np.asarray(edges)
    if ends.dtype.kind in "UT" and not hasattr(edges, "dtype"):
        ends = np.asarray(edges, dtype=object)
    return ends


def _columns_of_frame(edges, weights):
    """The two ends and the weights of a data frame; all else is left as it is."""
    columns = getattr(edges, "columns", None)
    if columns is None or not hasattr(edges, "__getitem__"):
        if isinstance(weights, str):
            raise ValueError(
                f"weights={weights!r} names a column, but edges is no data frame."
            )
        return edges, weights
    columns = list(columns)
    if weights is None and len(columns) > 2 and "weight" in columns[2:]:
        weights = "weight"
    if isinstance(weights, str):
        if weights not in columns:
            raise ValueError(f"weights={weights!r} is no column of edges: {columns}.")
        columns.remove(weights)
        weights = np.asarray(edges[weights])
    if len(columns) != 2:
        last = columns[-1]
        raise ValueError(
            "A data frame of edges must have two columns for the ends, and maybe one "
            f"for the weights, named by `weights`; beside that it has {columns}. "
            f"Choose two, edges[[{columns[0]!r}, {columns[1 % len(columns)]!r}]], or "
            f"say that one holds weights, as weights={last!r}."
        )
    ends = [np.asarray(edges[column]) for column in columns]
    return np.stack(ends, axis=1), weights


def holds_names(column):
    """Whether an array is of text; of objects, whether one of them is."""
    if column.dtype.kind == "O":
        return any(isinstance(name, str) for name in column.ravel())
    return column.dtype.kind in "UT"


def index_of(node_names):
    """Map each name to its id, and names of several nodes to -1."""
    index = {}
    for position, name in enumerate(node_names):
        index[name] = -1 if name in index else position
    return index


def ids_of(names, index, what):
    """Ids of names; `what` says where they stand."""
    ids = np.fromiter(
        (index.get(name, -2) if _is_key(name) else -2 for name in names),
        np.int64,
        len(names),
    )
    for code, said in ((-2, "no node has"), (-1, "several nodes have")):
        rows = np.flatnonzero(ids == code)
        if rows.size:
            others = f", and {rows.size - 1} more" if rows.size > 1 else ""
            near = _nearest_name(names[rows[0]], index) if code == -2 else ""
            raise ValueError(
                f"{what} must hold names of nodes, as in node_names: {said} the name "
                f"{_shown(names[rows[0]])} (row {rows[0]}{others}).{near}"
            )
    return ids


def in_order_of_names(table, node_names):
    """Rows of a data frame by the names in its index; all else is left as it is."""
    rows = getattr(table, "index", None)
    if rows is None or not hasattr(table, "iloc"):
        return table
    by_place = type(rows).__name__ == "RangeIndex"
    rows, index = np.asarray(rows, dtype=object), index_of(node_names)
    texts = all(isinstance(name, str) for name in node_names)
    if texts and not holds_names(rows):
        return table
    if not texts and (by_place or set(rows.tolist()) != set(index)):
        return table  # an index of numbers names nodes only if it names all of them
    ids = ids_of(rows, index, "the index of node_features")
    counts = np.bincount(ids, minlength=len(index))
    for wrong, said in ((counts == 0, "no row"), (counts > 1, "several rows")):
        if wrong.any():
            nodes = np.flatnonzero(wrong)
            others = f", nor for {nodes.size - 1} others" if nodes.size > 1 else ""
            raise ValueError(
                f"node_features has {said} for the node "
                f"{_shown(node_names[nodes[0]])}{others if said == 'no row' else ''}."
            )
    return table.iloc[np.argsort(ids)]


def _nearest_name(name, index):
    """A name that differs by a letter or two, if there is one."""
    if not isinstance(name, str) or len(index) > _MOST_COMPARED:
        return ""
    texts = [other for other in index if isinstance(other, str)]
    found = get_close_matches(str(name), texts, n=1)
    return f" Is it {_shown(found[0])}?" if found else ""


def _is_key(name):
    try:
        hash(name)
    except TypeError:
        return False
    return True


def _shown(name):
    """A name as it is written; NumPy's text as text."""
    return repr(str(name) if isinstance(name, str) else name)
