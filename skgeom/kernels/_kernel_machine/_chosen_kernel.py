"""How a kernel machine chooses what is left open: kernel, width, penalty, metric."""

import numpy as np

from skgeom.base import GeometryEstimator
from skgeom.kernels._kernel_machine._data import some_of
from skgeom.kernels._kernel_machine._kernel_choice import MOST_ROWS, tune_kernel
from skgeom.kernels._kernel_machine._learned_metric import (
    choose_metric,
    metric_rounds,
)
from skgeom.kernels._kernel_machine._rows import LinearChart, column_means
from skgeom.metrics.pairwise import nngp_kernel, ntk_kernel
from skgeom.operators import KernelFunction

RADIAL_KERNELS = ("rbf", "exponential", "matern32", "matern52")
NETWORK_KERNELS = {"ntk": ntk_kernel, "nngp": nngp_kernel}
# Rows that the rounds of a metric are made on.
MOST_METRIC_ROWS = 4000
TINY = np.finfo(np.float64).tiny


class ChosenKernel(GeometryEstimator):
    """Base of machines with a kernel, some of whose parameters may be "auto"."""

    def _choose(self, data, rng):
        """Choose all that is "auto", on a part of the rows."""
        n, backend = data.X.shape[0], data.backend
        kernels = [NETWORK_KERNELS.get(self.kernel, self.kernel)]
        if self.kernel == "auto":
            kernels = ["rbf", "exponential"]
        elif self.metric is not None and kernels[0] not in RADIAL_KERNELS:
            raise ValueError(
                f"metric={self.metric!r} needs a kernel of Euclidean distances: one of "
                f"{list(RADIAL_KERNELS)} or 'auto', got kernel={self.kernel!r}."
            )
        gamma, alpha = (None if g == "auto" else g for g in (self.gamma, self.alpha))
        shifts = not callable(kernels[0])
        gamma = gamma if shifts else None
        gamma = gamma if shifts else None
        center = column_means(data.X) if shifts else np.zeros(data.X.shape[1])
        self._chart = LinearChart(center)
        few = some_of(n, MOST_ROWS, rng)
        if self.metric is not None:
            choice = self._learn_metric(data, few, kernels, gamma, alpha, rng)
        elif alpha is not None and len(kernels) == 1 and not (shifts and gamma is None):
            self.kernel_, self.gamma_, self.alpha_ = kernels[0], gamma or 1.0, alpha
            return
        else:
            part = data.of(few)
            points = self._chart.place(part.X, backend)
            choice = tune_kernel(
                points, part.targets, part.weights, kernels, gamma, alpha, backend
            )
        self.kernel_, self.gamma_, self.alpha_ = (
            choice.kernel,
            choice.gamma,
            choice.alpha,
        )

    def _learn_metric(self, data, few, kernels, gamma, alpha, rng):
        """Choose and learn a metric; distances are of its coordinates from then on."""
        backend, forms = data.backend, ["diagonal", "full"]
        if self.metric != "agop":
            forms = [self.metric.removeprefix("agop_")]
        many = some_of(len(data.targets), MOST_METRIC_ROWS, rng)
        part = data.of(many)
        placed = backend.to_numpy(self._chart.place(part.X, backend))
        # Columns in units of their spread: a metric does not depend on their scale.
        spread = placed.std(axis=0)
        varies = spread > 1e-12 * np.abs(placed).max(initial=0.0, axis=0)
        weigh = np.divide(1.0, spread, out=np.zeros_like(spread), where=varies)
        points = placed * weigh
        n_few = min(len(few), len(points))
        chosen = choose_metric(
            points[:n_few],
            part.targets[:n_few],
            part.weights[:n_few],
            kernels,
            forms,
            self.n_metric_rounds,
            gamma,
            alpha,
            rng,
            backend,
        )
        mean = np.average(part.targets, axis=0, weights=part.weights)
        last = metric_rounds(
            points,
            part.targets - mean,
            part.weights,
            chosen.kernel,
            chosen.form,
            chosen.n_rounds,
            gamma,
            alpha,
            backend,
        )[-1]
        matrix = weigh[:, None] * last.matrix
        self._chart = self._chart._replace(matrix=matrix)
        self.metric_ = matrix @ matrix.T
        importances = (last.matrix**2).sum(axis=1) * varies
        self.feature_importances_ = importances / max(importances.sum(), TINY)
        self.n_metric_rounds_ = chosen.n_rounds
        return last.choice

    def _kernel_function(self, backend):
        return KernelFunction(self.kernel_, self.gamma_, backend)

    def _variance_of(self, data):
        """Mean of the kernel's diagonal."""
        rows = data.X[: min(data.X.shape[0], MOST_ROWS)]
        found = self._kernel_function(data.backend).diagonal(
            self._chart.place(rows, data.backend)
        )
        return max(float(np.mean(data.backend.to_numpy(found))), TINY)
