"""The kernel of wide graph convolutional networks (Du et al., NeurIPS 2019)."""

from numbers import Integral

import numpy as np
import scipy.sparse as sp
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.graph import Graph
from skgeom.metrics._network_kernels import rectified
from skgeom.nodes._smoothing import smoothing_matrix
from skgeom.typing import NDArray


@validate_params(
    {"graph": [Graph], "n_layers": [Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def graph_neural_tangent_kernel(graph: Graph, *, n_layers: int = 2) -> NDArray:
    r"""Compute the tangent kernel of a wide graph convolutional network.

    Gradient descent on all weights of a wide network is kernel regression with its
    tangent kernel. Each layer of a graph convolutional network averages over
    neighbourhoods by S, the normalised adjacency with loops [2]_, before its
    rectified units; so does its kernel on both sides [1]_. With features F it starts at
    :math:`\Sigma = \Theta = S F F^\top S`, and a layer makes of these

    .. math:: \Sigma \leftarrow S \, 2 E[u_+ v_+] \, S, \qquad
        \Theta \leftarrow S \big(\Theta \circ 2 E[1_{u > 0} 1_{v > 0}]\big) S + \Sigma

    for Gaussian pairs (u, v) of covariance :math:`\Sigma`.

    Parameters
    ----------
    graph : Graph
        Nodes with features: ``Graph(..., node_features=F)``.
    n_layers : int, default=2
        Layers of rectified units, >= 1.

    Returns
    -------
    ndarray of shape (n_nodes, n_nodes), float64
        Kernel values, for ``SVC(kernel="precomputed")`` and its like; dense.

    Raises
    ------
    ValueError
        If the nodes have no features, or `n_layers` is out of range.

    See Also
    --------
    GraphFeatureExpansion : About as accurate with a linear model, without n^2 memory.
    skgeom.metrics.pairwise.ntk_kernel : Of networks that know no graph.

    References
    ----------
    .. [1] Du, Hou, Salakhutdinov, Poczos, Wang and Xu, "Graph neural tangent kernel:
       fusing graph neural networks with graph kernels", NeurIPS 2019, section 3.
    .. [2] Kipf and Welling, "Semi-supervised classification with graph convolutional
       networks", ICLR 2017, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes import graph_neural_tangent_kernel
    >>> path = Graph.from_edges([[0, 1], [1, 2]]).with_node_features(np.eye(3))
    >>> graph_neural_tangent_kernel(path, n_layers=1).round(2)
    array([[0.61, 0.67, 0.48],
           [0.67, 0.83, 0.67],
           [0.48, 0.67, 0.61]])
    """
    features = graph.node_features
    if features is None:
        raise ValueError(
            "The nodes of the graph have no features; "
            "give them by Graph.with_node_features."
        )
    S = smoothing_matrix(graph, self_loops=True)
    smoothed = S @ features
    smoothed = smoothed.toarray() if sp.issparse(smoothed) else smoothed
    smoothed = np.asarray(smoothed, dtype=np.float64)
    covariance = smoothed @ smoothed.T
    tangent = covariance
    for _ in range(n_layers):
        own = covariance.diagonal()
        arc, slope = rectified(covariance, own, own, same=True)
        covariance = 2 * (S @ (S @ arc).T)
        tangent = 2 * (S @ (S @ (tangent * slope)).T) + covariance
    return (tangent + tangent.T) / 2
