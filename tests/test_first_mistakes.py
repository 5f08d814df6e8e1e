"""What estimators say to wrong input that a newcomer would give."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import InvalidParameterError

import skgeom
from skgeom import (
    ColumnScreen,
    GraphKernelRidge,
    HeatGeodesicEmbedding,
    MagmaClust,
    NodeEmbedding,
    SphereKernelDensity,
    STKRClassifier,
    TreeEmbedding,
    VonMisesFisherMixture,
)
from skgeom.graph import Graph

CLUB = nx.karate_club_graph()
NODES = np.arange(34)[:, None]
SIDE = np.arange(34) % 2

ALL = sorted(skgeom._ESTIMATORS)
OF_GRAPHS = [name for name in ALL if "graph" in getattr(skgeom, name)().get_params()]


def fit(name, X, **parameters):
    """Fit, with targets for those who ask for them."""
    estimator = getattr(skgeom, name)(**parameters)
    needs_targets = estimator.__sklearn_tags__().target_tags.required
    return estimator.fit(X, SIDE) if needs_targets else estimator.fit(X)


@pytest.mark.parametrize("graph", [CLUB, Graph.from_networkx(CLUB)])
@pytest.mark.parametrize("name", ALL)
def test_a_graph_is_no_array(name, graph):
    hint = rf"{name}\(graph=" if name in OF_GRAPHS else "takes no graphs"
    with pytest.raises(ValueError, match=f"X must be an array.*{hint}"):
        fit(name, graph)


@pytest.mark.parametrize("graph", [CLUB, nx.to_numpy_array(CLUB)])
@pytest.mark.parametrize("name", OF_GRAPHS)
def test_graphs_of_others_have_to_be_converted(name, graph):
    with pytest.raises(InvalidParameterError, match=r"Graph\.from_networkx"):
        fit(name, NODES, graph=graph)


@pytest.mark.parametrize(
    ("ids", "match"),
    [
        (NODES + 1, "from 0 to 33, got 1 to 34"),
        (NODES + 0.5, "row 0 holds 0.5"),
        (np.full((34, 1), "Mr Hi"), "node_names: no node has the name 'Mr Hi'"),
        (nx.to_numpy_array(CLUB), r"got shape \(34, 34\)"),
        (CLUB, "X must be an array"),
    ],
)
@pytest.mark.parametrize("name", OF_GRAPHS)
def test_node_ids(name, ids, match):
    with pytest.raises(ValueError, match=match):
        fit(name, ids, graph=Graph.from_networkx(CLUB))


def test_a_graph_without_edges_is_embedded():
    with pytest.warns(UserWarning, match="60 connected components"):
        model = HeatGeodesicEmbedding(affinity="precomputed").fit(np.zeros((60, 60)))
    assert np.isfinite(model.embedding_).all()


@pytest.mark.parametrize("n", [40, 60, 150])
def test_a_complete_graph_is_embedded(n):
    model = HeatGeodesicEmbedding(affinity="precomputed", n_landmarks=None)
    assert np.isfinite(model.fit(1 - np.eye(n)).embedding_).all()


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(30, 2)) + 4 * SIDE[:30, None]


def test_classes_may_be_text_beside_rows_without_label(points):
    y = np.array([["a", "b"][side] for side in SIDE[:30]], dtype=object)
    expected = y.copy()
    y[10:] = -1
    model = STKRClassifier().fit(points, y)
    assert model.classes_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(model.predict(points), expected)
    assert model.score(points, y) == 1.0


@pytest.mark.parametrize(
    ("gap", "dtype"), [(np.nan, float), (np.nan, object), (None, object)]
)
def test_rows_without_label_are_not_missing_values(points, gap, dtype):
    y = np.array([0, 1, gap] * 10, dtype=dtype)
    with pytest.raises(ValueError, match=r"NaN or None \(first in row 2\).* number -1"):
        STKRClassifier().fit(points, y)


def test_minus_one_that_became_text(points):
    y = np.array(["a", "b", -1] * 10)  # of numbers and text NumPy makes text
    with pytest.warns(UserWarning, match="the text '-1'"):
        assert len(STKRClassifier().fit(points, y).classes_) == 3


def test_classes_of_two_kinds(points):
    y = np.array(["a", "b", 3] * 10, dtype=object)
    with pytest.raises(ValueError, match="mixes text and others"):
        STKRClassifier().fit(points, y)


N = 12
ROWS = np.random.default_rng(1).uniform(0.1, 2, size=(N, 2))
TABLE = pd.DataFrame({"size": ROWS[:, 0], "city": ["Rome", "Nice"] * (N // 2)})
NO_NUMBERS = {
    "column of text": (TABLE, r"X must .*text, 'Rome' in column 'city', row 0\. Leave"),
    "rows of text": ([["a"]] * N, "X must .*text, 'a' in row 0"),
    "list of text": (["a"] * N, "X must .*text, 'a' in row 0"),
    "dates": (
        TABLE.assign(city=pd.date_range("2024-01-01", periods=N)),
        "X must .*dates, 2024-01-01 00:00:00 in column 'city', row 0.*total_seconds",
    ),
    "nothing": (None, "X must be an array or a data frame, got None"),
    "dict": (TABLE.to_dict("list"), r"got a dict\. pandas\.DataFrame\(X\)"),
    "generator": ((row for row in ROWS), r"got a generator\. list\(X\)"),
    "name of a file": ("a.csv", r"got the text 'a\.csv'.*pandas\.read_csv"),
    "ragged": ([[1.0, 2.0], [3.0]] * (N // 2), "equal lengths; row 0 has 2, row 1 has"),
    "series": (TABLE["size"], "[Ee]xpected"),
}


def targets(estimator):
    """Targets of the right kind, and None for those who need none."""
    if not estimator.__sklearn_tags__().target_tags.required:
        return None
    return ROWS[:, 0] if is_regressor(estimator) else np.arange(N) % 2


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_table_of_numbers_is_said(name):
    estimator = getattr(skgeom, name)()
    for mistake, (X, match) in NO_NUMBERS.items():
        if name == "ColumnScreen" and mistake in ("column of text", "dates"):
            continue  # which are levels
        if name == "ColumnScreen" and mistake == "rows of text":
            match = "column 0: .*'a'. Name it in categorical_features"
        with pytest.raises((ValueError, TypeError), match=match):
            estimator.fit(X, targets(estimator))


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_target_is_said(name):
    estimator = getattr(skgeom, name)()
    if targets(estimator) is None:
        return
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(ROWS, targets(estimator)[:-2])
    with pytest.raises(ValueError, match=f"{name} .*requires y to be passed"):
        estimator.fit(ROWS, None)
    if is_classifier(estimator):
        match = f"Unknown label type.*{name} predicts classes, and y .* in row 0"
        with pytest.raises(ValueError, match=match):
            estimator.fit(ROWS, ROWS[:, 0])
    elif is_regressor(estimator):
        with pytest.raises(ValueError, match=f"{name} predicts numbers.*text, 'Rome'"):
            estimator.fit(ROWS, TABLE["city"])


@pytest.mark.parametrize("name", ALL)
def test_classes_are_no_instances(name):
    Estimator = getattr(skgeom, name)
    with pytest.raises(TypeError, match=r"fit was called on a class.*instance"):
        Estimator.fit(ROWS, np.arange(N) % 2)
    estimator = Estimator()
    for parameter in ("estimator", "transformer", "classifier", "discriminator"):
        if parameter in estimator.get_params(deep=False):
            model = Estimator(**{parameter: LogisticRegression})
            with pytest.raises(
                InvalidParameterError, match=rf"'{parameter}'.*LogisticRegression\(\)"
            ):
                model.fit(ROWS, targets(estimator))


@pytest.mark.parametrize("name", ALL)
def test_a_slip_of_the_pen_names_the_parameter(name):
    Estimator = getattr(skgeom, name)
    for parameter, value in Estimator().get_params(deep=False).items():
        if type(value) is int:
            model = Estimator(**{parameter: True})
            with pytest.raises(InvalidParameterError, match=f"'{parameter}'.*got True"):
                model.fit(ROWS, targets(model))
        if isinstance(value, str):
            model = Estimator(**{parameter: f"{value[:-1]}_"})
            with pytest.raises(InvalidParameterError, match=parameter):
                model.fit(ROWS, targets(model))


def test_errors_that_are_about_something_else_stay_what_they_are():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        STKRClassifier().fit(np.full((N, 2), np.nan), np.arange(N) % 2)
    curves = TABLE.assign(size=pd.date_range("2024-01-01", periods=N))
    with pytest.raises((ValueError, TypeError), match=r"dates, .* in column 'size'"):
        MagmaClust(2, task="city").fit(curves, ROWS[:, 0])
    with pytest.raises(ValueError, match=r"sample_weight must hold numbers.*text, 'a'"):
        GraphKernelRidge().fit(ROWS, ROWS[:, 0], sample_weight=["a"] * N)


TREE = Graph.from_edges([["cat", "feline"], ["lion", "feline"], ["feline", "mammal"]])


def test_names_of_nodes():
    with pytest.raises(ValueError, match=r"the name 'cta' \(row 0\)\. Is it 'cat'\?"):
        TREE.ids(["cta"])
    with pytest.raises(ValueError, match=r"shape \(2,\)\. A list .*np\.reshape"):
        NodeEmbedding(graph=TREE).fit(["cat", "lion"])
    with pytest.raises(ValueError, match=r"shape \(2, 2\)\. Choose the column"):
        NodeEmbedding(graph=TREE).fit([["cat", "1"], ["lion", "2"]])
    with pytest.raises(ValueError, match="row 1 holds nan"):
        NodeEmbedding(graph=TREE).fit([[0.0], [np.nan]])
    tree = TreeEmbedding(graph=TREE).fit([["cat"], ["lion"]])
    by_name = tree.distances(["cat"], ["lion", "mammal"])
    np.testing.assert_array_equal(by_name[:, :1], tree.distances([0], [1]))
    assert by_name[0, 1] > by_name[0, 0] / 2


def test_numbers_that_are_names():
    with pytest.warns(UserWarning, match=r"from 1001 to 1012.*astype\(str\)"):
        Graph.from_edges([[i, i + 1] for i in range(1001, 1012)])
    numbered = Graph.from_edges([["1", "2"], ["2", "3"]])
    with pytest.warns(UserWarning, match="another node has the name '1'"):
        NodeEmbedding(2, graph=numbered, random_state=0).fit([[1], [2]])


def test_edges_with_gaps_and_columns_that_are_not_said():
    edges = pd.DataFrame({"child": ["cat", None], "parent": ["feline", "cat"]})
    with pytest.raises(ValueError, match=r"row 1 holds .* a node is missing"):
        Graph.from_edges(edges)
    with pytest.raises(ValueError, match=r"row 1 holds <NA>. There a node is missing"):
        Graph.from_edges(edges.astype("string"))
    with pytest.raises(ValueError, match=r"weights='w'"):
        Graph.from_edges(edges.assign(w=1.0))
    with pytest.raises(ValueError, match="node_names has those of all nodes"):
        Graph.from_edges([["a", "b"]], n_nodes=5)


def test_features_of_nodes_follow_the_names():
    table = pd.DataFrame({"age": [3.0, 1.0, 2.0, 0.0]}, index=list(TREE.node_names))
    mixed = table.sample(frac=1, random_state=3)
    assert list(mixed.index) != list(table.index)
    found = TREE.with_node_features(mixed).node_features
    np.testing.assert_array_equal(found, table.to_numpy())
    with pytest.raises(ValueError, match="no row for the node 'cat'"):
        TREE.with_node_features(mixed.drop(index="cat"))
    with pytest.raises(ValueError, match="no node has the name 'dog'"):
        TREE.with_node_features(mixed.rename(index={"cat": "dog"}))
    with pytest.raises(ValueError, match="Leave columns of text out"):
        TREE.with_node_features(table.assign(kind="big"))
    of_numbers = Graph.from_networkx(nx.path_graph([30, 10, 20]))
    ages = pd.DataFrame({"age": [1.0, 2.0, 3.0]}, index=[10, 20, 30])
    found = of_numbers.with_node_features(ages).node_features
    assert found.ravel().tolist() == [3.0, 1.0, 2.0]
    by_place = TREE.with_node_features(mixed.reset_index(drop=True)).node_features
    np.testing.assert_array_equal(by_place, mixed.to_numpy())


@pytest.mark.parametrize(
    "name",
    [
        "SphereKernelDensity",
        "SphericalHarmonics",
        "TangentCoordinates",
        "VonMisesFisherMixture",
    ],
)
def test_places_on_a_globe(name):
    model = getattr(skgeom, name)(input_space="lonlat")
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(-180, 180, 40), rng.uniform(-80, 80, 40)])
    with pytest.raises(ValueError, match="swapped"):
        model.fit(places[:, ::-1])
    with pytest.raises(ValueError, match=r"two columns.*X has 3"):
        model.fit(np.ones((5, 3)))
    with pytest.warns(UserWarning, match=r"np\.rad2deg"):
        model.fit(np.deg2rad(places))


@pytest.mark.parametrize("Model", [SphereKernelDensity, VonMisesFisherMixture])
def test_draws_are_counted(Model):
    model = Model().fit(ROWS)
    with pytest.raises(TypeError, match="n_samples must be an instance of int"):
        model.sample("three")
    with pytest.raises(ValueError, match="n_samples == 0, must be >= 1"):
        model.sample(0)


def test_a_screen_takes_no_graph_for_a_table():
    screen = ColumnScreen(param=100).fit(ROWS, ROWS[:, 0])
    with pytest.raises(ValueError, match=r"got a Graph\. ColumnScreen takes no graphs"):
        screen.transform(TREE)
