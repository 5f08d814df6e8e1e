"""Networks for estimators of any family: layers as data, and one trainer.

Nothing here knows an estimator. torch and skorch are imported when a network is
trained; what was trained is computed by NumPy, or by torch on a device.
"""

from skgeom.networks._layers import (
    MLP,
    Coupling,
    FourierFeatures,
    Layer,
    Operations,
)
from skgeom.networks._network import Bound, Network
from skgeom.networks._records import Progress, Settings, Trained
from skgeom.networks._scaling import Scaling
from skgeom.networks._training import require_torch, train

__all__ = [
    "MLP",
    "Bound",
    "Coupling",
    "FourierFeatures",
    "Layer",
    "Network",
    "Operations",
    "Progress",
    "Scaling",
    "Settings",
    "Trained",
    "require_torch",
    "train",
]
