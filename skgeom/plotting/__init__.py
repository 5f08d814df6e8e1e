"""Pictures of fitted estimators, as scikit-learn's displays; they need matplotlib."""

from skgeom.plotting._poincare_disk import PoincareDiskDisplay

__all__ = ["PoincareDiskDisplay"]
