"""The tree of a clustering: paths between leaves are the heights of their merge."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import squareform
from sklearn.cluster import AgglomerativeClustering

from skgeom.graph import Graph

X = np.random.default_rng(0).normal(size=(30, 3))


@pytest.mark.parametrize("method", ["average", "single", "complete", "ward"])
def test_paths_are_cophenetic_distances(method):
    merges = linkage(X, method)
    paths = shortest_path(Graph.from_linkage(merges).lengths, directed=False)
    np.testing.assert_allclose(paths[:30, :30], squareform(cophenet(merges)))


def test_of_scikit_learn_as_of_scipy():
    found = AgglomerativeClustering(3, linkage="average", compute_distances=True).fit(X)
    ours, theirs = (
        shortest_path(Graph.from_linkage(of).lengths, directed=False)[:30, :30]
        for of in (found, linkage(X, "average"))
    )
    np.testing.assert_allclose(ours, theirs)


def test_inversions_are_raised_to_the_parts():
    merges = np.array([[0, 1, 2.0, 2], [2, 3, 1.0, 3]])
    graph = Graph.from_linkage(merges)
    assert graph.lengths.data.min() == 0
    assert (graph.n_nodes, graph.n_edges) == (5, 4)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.zeros((3, 3)), "linkage matrix of SciPy"),
        (np.array([[0, 5, 1.0, 2]]), "not made yet"),
        (np.array([[0, 1, 1.0, 2], [0, 2, 2.0, 2]]), "once"),
        (np.array([[0, 1, np.inf, 2]]), "finite"),
        (AgglomerativeClustering(2).fit(X), "compute_distances"),
    ],
)
def test_what_is_no_linkage_is_refused(given, told):
    with pytest.raises(ValueError, match=told):
        Graph.from_linkage(given)
