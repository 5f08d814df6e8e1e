"""The disk of a model that was fitted on tensors, with scikit-learn's dispatch."""

import numpy as np
import pytest
from sklearn import config_context

from skgeom import PoincareEmbedding
from skgeom.base._boundary import KNOWS_NAMESPACES
from skgeom.graph import Graph
from skgeom.plotting import PoincareDiskDisplay


@pytest.mark.skipif(not KNOWS_NAMESPACES, reason="scikit-learn keeps to NumPy")
def test_a_known_graph_is_drawn_with_dispatch():
    torch = pytest.importorskip("torch")
    graph = Graph.from_edges([[i, i + 1] for i in range(9)])
    model = PoincareEmbedding(graph=graph, max_iter=5, random_state=0)
    nodes = np.arange(10)[:, None]
    expected = PoincareDiskDisplay.from_estimator(model.fit(nodes)).positions
    with config_context(array_api_dispatch=True):
        model.fit(torch.as_tensor(nodes))
        display = PoincareDiskDisplay.from_estimator(model)
    np.testing.assert_allclose(display.positions, expected, atol=1e-6)
