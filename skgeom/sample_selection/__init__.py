"""Which rows, and what they weigh: coresets, batches to label, targets that shift."""

from skgeom.sample_selection._diversity_sampler import DiversitySampler
from skgeom.sample_selection._kernel_batch_selector import KernelBatchSelector
from skgeom.sample_selection._kernel_coreset import KernelCoreset
from skgeom.sample_selection._support_points import SupportPoints
from skgeom.sample_selection._target_shift._target_shift_reweighter import (
    TargetShiftReweighter,
)

__all__ = [
    "DiversitySampler",
    "KernelBatchSelector",
    "KernelCoreset",
    "SupportPoints",
    "TargetShiftReweighter",
]
