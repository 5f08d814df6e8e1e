"""What type checkers and editors read: names are loaded on first use otherwise."""

from skgeom import backends as backends
from skgeom import base as base
from skgeom import classification as classification
from skgeom import cluster as cluster
from skgeom import covariance as covariance
from skgeom import datasets as datasets
from skgeom import decomposition as decomposition
from skgeom import distributions as distributions
from skgeom import embedding as embedding
from skgeom import feature_selection as feature_selection
from skgeom import functional as functional
from skgeom import gaussian_process as gaussian_process
from skgeom import geometry as geometry
from skgeom import graph as graph
from skgeom import hyperbolic as hyperbolic
from skgeom import kernels as kernels
from skgeom import metrics as metrics
from skgeom import mixture as mixture
from skgeom import model_selection as model_selection
from skgeom import neighbors as neighbors
from skgeom import networks as networks
from skgeom import nodes as nodes
from skgeom import operators as operators
from skgeom import plotting as plotting
from skgeom import sample_selection as sample_selection
from skgeom import solvers as solvers
from skgeom import testing as testing
from skgeom.classification import FrechetMeanClassifier as FrechetMeanClassifier
from skgeom.classification import GrassmannClassifier as GrassmannClassifier
from skgeom.cluster import LatentLabelShift as LatentLabelShift
from skgeom.cluster import SDPClustering as SDPClustering
from skgeom.cluster import SpectralClusterer as SpectralClusterer
from skgeom.cluster import SubspaceClustering as SubspaceClustering
from skgeom.covariance import MultiFidelityCovariance as MultiFidelityCovariance
from skgeom.decomposition import NonnegativeRESCAL as NonnegativeRESCAL
from skgeom.decomposition import PMIEmbedding as PMIEmbedding
from skgeom.decomposition import SparseDictionary as SparseDictionary
from skgeom.distributions import (
    SlicedWassersteinEmbedding as SlicedWassersteinEmbedding,
)
from skgeom.distributions import SPDVectors as SPDVectors
from skgeom.embedding import AnchorAlignment as AnchorAlignment
from skgeom.embedding import DiffusionMap as DiffusionMap
from skgeom.embedding import (
    GaussianWeightedLinearEmbedding as GaussianWeightedLinearEmbedding,
)
from skgeom.embedding import HeatGeodesicEmbedding as HeatGeodesicEmbedding
from skgeom.embedding import LatentGeometry as LatentGeometry
from skgeom.embedding import LeastVolumeAutoencoder as LeastVolumeAutoencoder
from skgeom.embedding import LocalGeometry as LocalGeometry
from skgeom.embedding import ManifoldProjection as ManifoldProjection
from skgeom.embedding import NeighborCCA as NeighborCCA
from skgeom.embedding import RelativeRepresentation as RelativeRepresentation
from skgeom.embedding import SingularityScorer as SingularityScorer
from skgeom.embedding import SufficientSubspace as SufficientSubspace
from skgeom.embedding import TangentCoordinates as TangentCoordinates
from skgeom.feature_selection import ColumnScreen as ColumnScreen
from skgeom.functional import AdaptiveBasisClassifier as AdaptiveBasisClassifier
from skgeom.functional import AdaptiveBasisRegressor as AdaptiveBasisRegressor
from skgeom.gaussian_process import MagmaClust as MagmaClust
from skgeom.gaussian_process import VecchiaGPClassifier as VecchiaGPClassifier
from skgeom.gaussian_process import VecchiaGPRegressor as VecchiaGPRegressor
from skgeom.hyperbolic import HyperbolicCoordinates as HyperbolicCoordinates
from skgeom.hyperbolic import (
    HyperbolicLogisticRegression as HyperbolicLogisticRegression,
)
from skgeom.hyperbolic import HyperbolicMDS as HyperbolicMDS
from skgeom.hyperbolic import PoincareEmbedding as PoincareEmbedding
from skgeom.hyperbolic import TreeEmbedding as TreeEmbedding
from skgeom.kernels import KernelClassifier as KernelClassifier
from skgeom.kernels import KernelRegressor as KernelRegressor
from skgeom.kernels import KrylovKernelPCA as KrylovKernelPCA
from skgeom.kernels import OrthogonalRBFSampler as OrthogonalRBFSampler
from skgeom.kernels import SphericalHarmonics as SphericalHarmonics
from skgeom.kernels import STKRClassifier as STKRClassifier
from skgeom.kernels import STKRRegressor as STKRRegressor
from skgeom.mixture import SphereKernelDensity as SphereKernelDensity
from skgeom.mixture import VonMisesFisherMixture as VonMisesFisherMixture
from skgeom.neighbors import HubnessReducedNeighbors as HubnessReducedNeighbors
from skgeom.nodes import GraphFeatureExpansion as GraphFeatureExpansion
from skgeom.nodes import GraphGPRegressor as GraphGPRegressor
from skgeom.nodes import GraphKernelClassifier as GraphKernelClassifier
from skgeom.nodes import GraphKernelRidge as GraphKernelRidge
from skgeom.nodes import GraphRandomFeatures as GraphRandomFeatures
from skgeom.nodes import NodeEmbedding as NodeEmbedding
from skgeom.nodes import OnlineGraphClassifier as OnlineGraphClassifier
from skgeom.sample_selection import DiversitySampler as DiversitySampler
from skgeom.sample_selection import KernelBatchSelector as KernelBatchSelector
from skgeom.sample_selection import KernelCoreset as KernelCoreset
from skgeom.sample_selection import SupportPoints as SupportPoints
from skgeom.sample_selection import TargetShiftReweighter as TargetShiftReweighter

__version__: str
_ESTIMATORS: dict[str, str]
_PACKAGES: tuple[str, ...]
