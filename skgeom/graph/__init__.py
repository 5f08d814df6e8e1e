"""Graphs over samples: neighbours, affinities, Laplacians, and the `Graph` handle."""

from skgeom.graph._affinity import affinity_matrix
from skgeom.graph._attachment import Attachment
from skgeom.graph._cleaning import neighbor_overlap, prune_shortcuts, robust_graph
from skgeom.graph._closure import train_test_split_edges, transitive_closure
from skgeom.graph._duplicates import equal_rows
from skgeom.graph._fisher_metric import fisher_metric
from skgeom.graph._graph import Graph
from skgeom.graph._known_rows import KnownRows, canonical_csr
from skgeom.graph._landmarks import farthest_point_landmarks
from skgeom.graph._laplacian import Laplacian
from skgeom.graph._local_dimension import (
    best_dimensions,
    dimension_scores,
    local_dimension,
)
from skgeom.graph._local_frames import (
    LocalFrames,
    local_frames,
    quadratic_residuals,
)
from skgeom.graph._meshes import mesh_graph
from skgeom.graph._neighbors import nearest_neighbors, neighbors_from_graph
from skgeom.graph._ordered_neighbors import ordered_neighbors
from skgeom.graph._paths import shortest_paths
from skgeom.graph._smoothing import (
    local_scale,
    noise_hides_shape,
    smooth_locally,
)
from skgeom.graph._targets import by_node
from skgeom.graph._truncation import truncate_noise

__all__ = [
    "Attachment",
    "Graph",
    "KnownRows",
    "Laplacian",
    "LocalFrames",
    "affinity_matrix",
    "best_dimensions",
    "by_node",
    "canonical_csr",
    "dimension_scores",
    "equal_rows",
    "farthest_point_landmarks",
    "fisher_metric",
    "local_dimension",
    "local_frames",
    "local_scale",
    "mesh_graph",
    "nearest_neighbors",
    "neighbor_overlap",
    "neighbors_from_graph",
    "noise_hides_shape",
    "ordered_neighbors",
    "prune_shortcuts",
    "quadratic_residuals",
    "robust_graph",
    "shortest_paths",
    "smooth_locally",
    "train_test_split_edges",
    "transitive_closure",
    "truncate_noise",
]
