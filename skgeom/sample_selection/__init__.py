"""Which rows, and what they weigh."""

from skgeom.sample_selection._target_shift._target_shift_reweighter import (
    TargetShiftReweighter,
)

__all__ = ["TargetShiftReweighter"]
