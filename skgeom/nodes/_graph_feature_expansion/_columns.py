"""Features before they are smoothed, and columns after: dense or sparse alike."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_array, check_non_negative

from skgeom.operators import pointwise_information
from skgeom.typing import NDArray


class FeatureWeights:
    """Weights of features, learned of all nodes, and the scale of each row.

    "idf" is one and the logarithm of how many rows there are for each that has the
    feature, as scikit-learn smooths it; "pmi" is pointwise mutual information of row
    and feature (Levy and Goldberg, NIPS 2014).
    """

    def __init__(self, weighting: str | None, norm: str | None):
        self.weighting, self.norm = weighting, norm

    def fit(self, F: Any) -> Self:
        """Learn the weights of the columns of F."""
        if self.weighting == "pmi":
            check_non_negative(F, "weighting='pmi'")
            mass = np.asarray(F.sum(axis=0), dtype=np.float64).ravel()
            self.shares = mass / max(mass.sum(), np.finfo(np.float64).tiny)
        elif self.weighting == "idf":
            there = np.bincount(F.nonzero()[1], minlength=F.shape[1])
            self.shares = np.log((1 + F.shape[0]) / (1 + there)) + 1.0
        return self

    def apply(self, F: Any) -> Any:
        """Weigh and scale rows, each by itself."""
        if self.weighting == "pmi":
            check_non_negative(F, "weighting='pmi'")
            mass = np.asarray(F.sum(axis=1)).ravel()
            found = pointwise_information(F, mass, self.shares)
            F = found if sp.issparse(F) else found.toarray()
        elif self.weighting == "idf":
            F = by_columns(F, self.shares)
        if self.norm is not None:
            F = normalize(sp.csr_matrix(F) if sp.issparse(F) else F, self.norm)
        return sp.csr_array(F) if sp.issparse(F) else F


def checked(F: Any) -> Any:
    """What a transformer has made: rows of numbers."""
    return check_array(
        F,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        input_name="features of feature_transformer",
    )


def unit_rows(rows: Any) -> sp.csr_array:
    """Rows at length one, sparse."""
    return sp.csr_array(normalize(sp.csr_matrix(rows), "l2"))


def column_lengths(block: Any) -> NDArray:
    """Lengths of columns, one for columns of zeros."""
    squares = block.multiply(block) if sp.issparse(block) else block**2
    lengths = np.sqrt(np.asarray(squares.sum(axis=0)).ravel())
    return np.where(lengths > 0, lengths, 1.0)


def by_columns(block: Any, factors: NDArray) -> Any:
    """Columns times factors."""
    factors = factors.astype(block.dtype)
    if sp.issparse(block):
        return sp.csr_array(block @ sp.diags_array(factors))
    return block * factors


def beside(blocks: Sequence[Any], sparse: bool = False) -> Any:
    """Columns beside each other; sparse where that is asked for, or all are."""
    if len(blocks) == 1:
        return blocks[0]
    if sparse or all(map(sp.issparse, blocks)):
        return sp.csr_array(sp.hstack([sp.csr_array(b) for b in blocks]))
    return np.hstack([b.toarray() if sp.issparse(b) else b for b in blocks])
