"""What selectors of rows share: how many, which, and the rows themselves."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import Interval, RealNotInt

from skgeom._warnings import warn
from skgeom.base import GeometryEstimator
from skgeom.typing import ArrayLike, MatrixLike

SIZE = [
    Interval(Integral, 1, None, closed="left"),
    Interval(RealNotInt, 0, 1, closed="right"),
    None,
]


class ChosenRows(GeometryEstimator):
    """Base of what tells rows of X: `sample_indices_` and `sample_weight_`."""

    def _keep_choice(self, indices, weights, like):
        """Set the fitted attributes; weights have a mean of one."""
        self.sample_indices_ = np.asarray(indices, dtype=np.int64)
        self.sample_weight_ = self._kept(weights, like=like)


class RowSelector(ChosenRows):
    """Base of estimators whose rows stand for X, and may take its place."""

    def fit(self, X: MatrixLike, y: Any = None) -> Self:
        """Choose rows; sub-classes do."""
        raise NotImplementedError

    def fit_resample(self, X: MatrixLike, y: ArrayLike | None = None) -> tuple:
        """Choose rows and return them, as samplers of imbalanced-learn do.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, as in `fit`; a data frame stays one.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            What belongs to the rows.

        Returns
        -------
        X : array-like of shape (n_chosen, n_features)
            Chosen rows, of the kind of X. Of a precomputed kernel the chosen columns,
            too.
        y : array-like of shape (n_chosen,) or (n_chosen, n_outputs), or None
            What belongs to them.

        Raises
        ------
        ValueError
            Where `fit` does.
        """
        self.fit(X, y)
        chosen = self.sample_indices_
        rows = _safe_indexing(X, chosen)
        if self.__sklearn_tags__().input_tags.pairwise:
            rows = _safe_indexing(rows, chosen, axis=1)
        return rows, None if y is None else _safe_indexing(y, chosen)

    def _size_of(self, n_rows):
        """How many of so many rows `n_samples` asks for."""
        asked = self.n_samples
        if asked is None:
            return int(np.ceil(n_rows**0.5))
        if not isinstance(asked, Integral):
            return max(1, round(asked * n_rows))
        if asked > n_rows:
            warn(f"n_samples={asked} of {n_rows} rows: all of them are chosen.")
        return min(int(asked), n_rows)
