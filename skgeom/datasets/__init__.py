"""Data whose geometry is known: manifolds, trees, bags, and hierarchies of words."""

from skgeom.datasets._manifolds import (
    make_clustered_swiss_roll,
    make_swiss_roll,
    make_torus,
)
from skgeom.datasets._planted import (
    IndexModel,
    make_fidelities,
    make_index_model,
    make_label_shift,
    make_subspaces,
)
from skgeom.datasets._robot_arm import make_robot_arm
from skgeom.datasets._sample import ManifoldSample
from skgeom.datasets._spd_bags import make_spd_bags
from skgeom.datasets._spheres import make_fault_events, make_vmf_mixture
from skgeom.datasets._trees import make_clustered_tree, make_tree
from skgeom.datasets._wordnet import fetch_wordnet_nouns, load_wordnet_mammals

__all__ = [
    "IndexModel",
    "ManifoldSample",
    "fetch_wordnet_nouns",
    "load_wordnet_mammals",
    "make_clustered_swiss_roll",
    "make_clustered_tree",
    "make_fault_events",
    "make_robot_arm",
    "make_spd_bags",
    "make_fidelities",
    "make_index_model",
    "make_label_shift",
    "make_subspaces",
    "make_swiss_roll",
    "make_torus",
    "make_tree",
    "make_vmf_mixture",
]
