"""Kernel herding with exchanges (Chen, Welling and Smola, 2010)."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skgeom.backends import POINT_KERNELS, as_numpy
from skgeom.operators import KernelFunction
from skgeom.sample_selection._herding import (
    herded_rows,
    optimal_weights,
    simplex_weights,
)
from skgeom.sample_selection._kernel_columns import (
    columns_of_matrix,
    columns_of_points,
    inverse_width,
    kernel_mean,
    placed_points,
    square_kernel,
)
from skgeom.sample_selection._selector import SIZE, RowSelector
from skgeom.typing import ArrayLike, MatrixLike, RandomStateLike


class KernelCoreset(RowSelector):
    def __init__(
        self,
        n_samples: int | float | None = None,
        *,
        kernel: str | Callable = "rbf",
        gamma: float | str = "scale",
        weights: str = "equal",
        target: ArrayLike | None = None,
        n_candidates: int = 16_384,
        max_iter: int = 10,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.n_samples = n_samples
        self.kernel = kernel
        self.gamma = gamma
        self.weights = weights
        self.target = target
        self.n_candidates = n_candidates
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    _parameter_constraints = {
        "n_samples": SIZE,
        "kernel": [StrOptions({*POINT_KERNELS, "precomputed"}), callable],
        "gamma": [StrOptions({"scale"}), Interval(Real, 0, None, closed="neither")],
        "weights": [StrOptions({"equal", "optimal", "simplex"})],
        "target": ["array-like", None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend)
        n = rows.shape[0]
        size = self._size_of(n)
        given = self._target_rows()
        some = np.arange(n)
        if n > max(self.n_candidates, size):
            rng = check_random_state(self.random_state)
            some = rng.choice(n, max(self.n_candidates, size), replace=False)
            some = np.sort(some)
        columns, mean, constant = self._means(rows, given, some, backend)
        chosen, self.n_iter_ = herded_rows(columns, mean, size, self.max_iter)
        K, near = columns.block(chosen), backend.to_numpy(mean)[chosen]
        shares = np.full(size, 1 / size)
        if self.weights != "equal":
            solve = optimal_weights if self.weights == "optimal" else simplex_weights
            shares = solve(K, near)
        self.mmd_ = None
        if constant is not None:
            squared = shares @ K @ shares - 2 * shares @ near + constant
            self.mmd_ = float(max(squared, 0.0) ** 0.5)
        self._keep_choice(some[chosen], shares * size, like=X)
        return self

    def _target_rows(self):
        if self.target is None:
            return None
        return as_numpy(self._validated(self.target, reset=False))

    def _means(self, rows, given, some, backend):
        """Kernel of the candidates, their means, and the mean of all kernel values."""
        xp, all_rows = backend.xp, len(some) == rows.shape[0]
        there = backend.asarray(some)
        if self.kernel == "precomputed":
            K = square_kernel(rows, backend)
            means = xp.mean(K, axis=0)
            constant = float(xp.mean(means))
            if given is not None:
                means = xp.mean(backend.asarray(given, dtype=backend.float64), axis=0)
                constant = None
            block = K if all_rows else K[there][:, there]
            return columns_of_matrix(block, backend), means[there], constant
        if callable(self.kernel):
            points = backend.asarray(rows, dtype=backend.float64)
            sample = points if given is None else backend.asarray(given, points.dtype)
            kernel = KernelFunction(self.kernel, 1.0, backend)
            self.gamma_ = None
        else:
            placed = placed_points(rows, backend)
            points, width = placed.points, inverse_width(self.gamma, placed, backend)
            sample = points if given is None else placed.place(given, backend)
            kernel = KernelFunction(self.kernel, width, backend)
            self.gamma_ = float(width)
        candidates = points if all_rows else points[there]
        means = kernel_mean(candidates, sample, kernel)
        constant = None
        if given is not None:
            constant = float(xp.mean(kernel_mean(sample, sample, kernel)))
        elif all_rows:
            constant = float(xp.mean(means))
        return columns_of_points(candidates, kernel), means, constant

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags
