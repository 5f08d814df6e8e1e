"""Pictures of fitted estimators, as scikit-learn's displays; they need matplotlib.

``matplotlib.pyplot.style.use(skgeom.plotting.STYLE)`` gives other figures their look.
"""

from skgeom.plotting._certificate import CertificateDisplay
from skgeom.plotting._embedding import EmbeddingDisplay
from skgeom.plotting._latent_geometry import LatentGeometryDisplay
from skgeom.plotting._learned_metric import LearnedMetricDisplay
from skgeom.plotting._mean_processes import MeanProcessesDisplay
from skgeom.plotting._poincare_disk import PoincareDiskDisplay
from skgeom.plotting._spectrum import SpectrumDisplay
from skgeom.plotting._style import PALETTE, STYLE

__all__ = [
    "PALETTE",
    "STYLE",
    "CertificateDisplay",
    "EmbeddingDisplay",
    "LatentGeometryDisplay",
    "LearnedMetricDisplay",
    "MeanProcessesDisplay",
    "PoincareDiskDisplay",
    "SpectrumDisplay",
]
