"""Which rows, and what they weigh."""

from skgeom.sample_selection._target_shift._target_shift_reweighter import (
    TargetShiftReweighter,
)

__all__ = ["TargetShiftReweighter"]
"""Which rows: coresets, support points, diverse rows, and batches to label."""

from skgeom.sample_selection._diversity_sampler import DiversitySampler
from skgeom.sample_selection._kernel_batch_selector import KernelBatchSelector
from skgeom.sample_selection._kernel_coreset import KernelCoreset
from skgeom.sample_selection._support_points import SupportPoints

__all__ = ["DiversitySampler", "KernelBatchSelector", "KernelCoreset", "SupportPoints"]
