"""What regression and classification of curves share."""

from numbers import Integral

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted

from skgeom.base import NetworkEstimator
from skgeom.functional._adaptive_basis._bases import (
    directions,
    grid_weights,
    unit_bases,
)
from skgeom.networks import MLP, FourierFeatures, Operations, Scaling
from skgeom.typing import Array, MatrixLike

# Width of the network that makes the bases.
_WIDTH = 32


class AdaptiveBasisMachine(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, NetworkEstimator
):
    """Curves by their integrals with learned functions, and a network of those."""

    _parameter_constraints = {
        "n_bases": [Interval(Integral, 1, None, closed="left")],
        "grid": ["array-like", None],
        "n_frequencies": [Interval(Integral, 1, None, closed="left")],
    }

    def transform(self, X: MatrixLike) -> Array:
        """Compute the integrals of curves with the functions of the basis.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Curves on the grid of `fit`.

        Returns
        -------
        array of shape (n_rows, n_directions)
            Integrals of the curves, less the mean curve, in the namespace, width and
            device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        rows = self._scaling.apply(self._validated(X, reset=False))
        return self._output(self._scores(rows) * self._unit, like=X)

    def _fitted(self, X, wanted, loss, rows, once):
        """Train on validated rows and what is wanted of them; find the directions."""
        times, weights = self._grid(rows.shape[1])
        waves = FourierFeatures(self.n_frequencies)({}, Operations(np), times)
        rows = self._scaling.apply(rows)
        self._learn(
            self._layers(wanted.shape[1]),
            loss,
            [rows * weights, wanted],
            X,
            once=once,
            constants=[waves, weights[:, None]],
        )
        bases = unit_bases(self._network.bound(), waves, weights[:, None])
        found = directions(bases, weights, rows, self._head_on_host)
        self._weights, self._mixing = weights, found.mixing
        self._basis = found.basis
        self._unit = float(self._scaling.scale[0])
        self.basis_ = self._kept(found.basis, like=X)
        self.importances_ = self._kept(found.importances, like=X)
        return self

    def _grid(self, n_points):
        """Times in [-1, 1] as a column, and their weights."""
        if self.grid is None:
            grid = np.linspace(0, 1, n_points)
        else:
            grid = check_array(
                self.grid, ensure_2d=False, dtype=np.float64, input_name="grid"
            )
            if grid.shape != (n_points,) or not (np.diff(grid) > 0).all():
                raise ValueError(
                    "grid must hold an increasing number for each column of X, of "
                    f"which there are {n_points}; got shape {grid.shape}."
                )
        span = grid[-1] - grid[0]
        share = (grid - grid[0]) / (span if span > 0 else 1.0)
        if not (np.isfinite(share).all() and (np.diff(share) > 0).all()):
            raise ValueError("grid spans more, or less, than numbers can tell apart.")
        self.grid_ = grid
        return 2 * share[:, None] - 1, grid_weights(share)

    def _layers(self, n_outputs):
        return {
            "bases": MLP((2 * self.n_frequencies, _WIDTH, self.n_bases)),
            "head": MLP((self.n_bases, *self._hidden(), n_outputs)),
        }

    def _scores(self, rows):
        """Integrals of scaled rows with the directions."""
        return (rows * self._weights) @ self._basis.T

    def _head_on_host(self, scores):
        """What the network makes of scores on the learned bases."""
        return self._network.compute(lambda net, s: net("head", s), scores)

    def _told(self, X):
        """What the network makes of curves."""
        rows = self._scaling.apply(self._validated(X, reset=False))
        scores = self._scores(rows) @ self._mixing
        return self._compute(lambda net, s: net("head", s), scores, X)

    def _measure(self, rows):
        """One scale for all points of a curve, so that angles are kept."""
        self._scaling = Scaling.of(rows, together=True)

    @property
    def _n_features_out(self):
        return len(self.importances_)
