"""Rows that are points of a sphere, as estimators of densities take and give them."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skgeom.base._lonlat import check_lonlat
from skgeom.geometry import sphere


class SphereRowsMixin:
    """Estimators with a parameter `input_space`, in front of `GeometryEstimator`."""

    _parameter_constraints = {"input_space": [StrOptions({"sphere", "lonlat"})]}

    def _read_points(self, X, *, reset):
        """Rows of X as points, float64 on the host."""
        rows = self._validated(X, reset=reset).astype(np.float64, copy=False)
        if self.input_space == "sphere":
            return sphere.project(rows)
        check_lonlat(rows, warns=reset)
        return sphere.from_lonlat(rows)

    def _give_points(self, points, like):
        """Points as rows of the kind that `fit` takes."""
        rows = points if self.input_space == "sphere" else sphere.to_lonlat(points)
        return self._output(rows, like=like)
