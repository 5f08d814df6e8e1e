"""Rows with their targets, and what is summed up over them a block at a time."""

from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from skgeom.backends import as_numpy
from skgeom.graph import equal_rows
from skgeom.kernels._kernel_machine._nystrom import (
    NystromFeatures,
    RowSums,
    left_out_errors,
)
from skgeom.kernels._kernel_machine._rows import LinearChart, blocks
from skgeom.typing import NDArray


class LeftOut(NamedTuple):
    """Leave-one-out errors of some rows, and their variances in units of the signal."""

    rows: NDArray
    errors: NDArray
    variances: NDArray

    def scales(self):
        """Variance of the signal of each target, by which errors are as expected."""
        return (self.errors**2 / self.variances[:, None]).mean(axis=0)


class Told(NamedTuple):
    """Leave-one-out errors with the targets and the weights of their rows."""

    errors: NDArray
    targets: NDArray
    weights: NDArray


class Data(NamedTuple):
    """Rows with targets and weights; which of more rows they are."""

    X: Any
    targets: NDArray
    weights: NDArray
    backend: Any
    places: NDArray | None = None

    def of(self, places):
        """Some of the rows."""
        at = places if isinstance(self.X, np.ndarray) else self.backend.asarray(places)
        return Data(
            self.X[at], self.targets[places], self.weights[places], self.backend, places
        )

    def merged(self):
        """Equal rows as one, of the sum of their weights and the mean of their targets.

        The machine is the same, and none of them is predicted from its equals.
        """
        groups = equal_rows(as_numpy(self.X))
        n = int(groups.max(initial=-1)) + 1
        if n == len(groups):
            return self
        first = np.full(n, len(groups))
        np.minimum.at(first, groups, np.arange(len(groups)))
        order = np.argsort(first)
        mass = np.bincount(groups, self.weights, n)
        totals = np.stack(
            [np.bincount(groups, self.weights * t, n) for t in self.targets.T], axis=1
        )
        kept = self.of(first[order])
        targets = (totals / mass[:, None])[order]
        return kept._replace(targets=targets, weights=mass[order], places=None)

    def passes(self, chart, n_centers):
        """Blocks of rows as points, with targets and weights."""
        for rows in blocks(self.X.shape[0], n_centers):
            points = chart.place(self.X[rows], self.backend)
            yield points, self.targets[rows], self.weights[rows]


def row_sums(data: Data, chart: LinearChart, features: NystromFeatures) -> RowSums:
    """Sums of the features of all rows, a block at a time."""
    found = (
        RowSums.of(features.of(points), targets, weights, data.backend)
        for points, targets, weights in data.passes(chart, 3 * len(features.chosen))
    )
    return reduce(add, found)


def best_penalty(data, targets, chart, features, models, alphas):
    """The penalty of the least leave-one-out errors."""
    errors, start = np.zeros(len(alphas)), 0
    for points, _, weights in data.passes(chart, 8 * len(features.chosen)):
        rows = slice(start, start + len(weights))
        start = rows.stop
        missed, _ = left_out_errors(
            models, features.of(points), targets[rows], weights, alphas, data.backend
        )
        errors += np.einsum("anq,anq,n->a", missed, missed, weights)
    return float(alphas[np.flatnonzero(errors <= 1.005 * errors.min())[-1]])


def left_out_of(data, targets, chart, features, models, alpha):
    """Errors of leaving each of some rows out, and variances in units of the kernel."""
    found, start = [], 0
    for points, _, weights in data.passes(chart, 8 * len(features.chosen)):
        rows = slice(start, start + len(weights))
        start = rows.stop
        phi = features.of(points)
        errors, left = left_out_errors(
            models, phi, targets[rows], weights, np.array([alpha]), data.backend
        )
        missing = features.kernel.diagonal(points) - (phi * phi).sum(axis=1)
        missing = np.maximum(data.backend.to_numpy(missing), 0.0)
        found.append((errors[0], alpha / (weights * left[0]) + missing))
    errors, variances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return LeftOut(np.arange(len(targets)), errors, variances)


def some_of(n, most, rng):
    """At most so many of n rows, in no order."""
    return rng.permutation(n)[:most] if n > most else np.arange(n)


def shrunk(variances, prior, factor):
    """Variances whose odds, beside those without data, are multiplied by a factor."""
    share = variances / prior
    return prior * factor * share / (1 - share + factor * share)


def shrink_to_fit(variances, prior, noise, harmonic_mean):
    r"""Choose the factor of `shrunk` that takes variances of a part to those of all.

    The whole machine is surer of its rows than Nyström's model. How much is told by its
    coefficients: :math:`c_i^2` is :math:`s^2 [(K + \alpha)^{-1}]_{ii}` on the average,
    and that is one over the variance of a row that is left out (Rasmussen and Williams,
    2006, equation 5.12).
    """

    def excess(power):
        total = shrunk(variances, prior, 10.0**power) + noise
        return 1 / np.mean(1 / np.maximum(total, np.finfo(float).tiny)) - harmonic_mean

    variances = np.clip(variances, 0.0, (1 - 1e-12) * prior)
    if excess(0.0) <= 0:
        return 1.0
    if excess(-6.0) >= 0:
        return 1e-6
    return float(10.0 ** brentq(excess, -6.0, 0.0, xtol=1e-6))


def residual_share(residual, data):
    """The largest residual of a target, as a share of its norm; 0 if it is rounding."""
    norms = np.linalg.norm(data.targets, axis=0)
    found = np.linalg.norm(residual, axis=0)
    known = norms > 0
    share = np.divide(found, norms, out=np.zeros_like(found), where=known).max()
    return float(share) if share > 1e-12 else 0.0
