"""Splitters and scorers for semi-supervised learning: unlabelled rows only train."""

from skgeom.model_selection._labelled import (
    LabelledKFold,
    StratifiedLabelledKFold,
    labelled_scorer,
)

__all__ = ["LabelledKFold", "StratifiedLabelledKFold", "labelled_scorer"]
