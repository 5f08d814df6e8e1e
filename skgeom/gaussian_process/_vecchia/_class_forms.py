"""Classes by Gaussian processes that share hyper-parameters, one for each class."""

from typing import NamedTuple

import numpy as np

from skgeom.gaussian_process._vecchia._dense import dense_likelihood
from skgeom.gaussian_process._vecchia._dirichlet import (
    class_probabilities,
    dirichlet_targets,
)
from skgeom.gaussian_process._vecchia._forms import FORMS
from skgeom.gaussian_process._vecchia._full_scale_learning import (
    descend,
    learn_full_scale_together,
)
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.gaussian_process._vecchia._table import Table
from skgeom.typing import NDArray

# Rows times classes that a batch has, and the fewest rows; where each of the rows is
# given all others, it has fewer.
_BATCH, _LEAST_BATCH = 4000, 1000
_EXACT_BATCH, _LEAST_EXACT_BATCH = 2000, 400
# Share of the rows, and most of them, that are left out to choose epsilon by.
_LEFT_OUT, _MOST_LEFT_OUT = 0.2, 1000


class Labels(NamedTuple):
    """Distinct rows of a class, and what they weigh."""

    points: NDArray
    codes: NDArray
    weights: NDArray

    def of(self, rows):
        """Some of the rows, in that order."""
        return Labels(*(part[rows] for part in self))


class ClassProcesses(NamedTuple):
    """Processes of all classes, and how their values become targets."""

    processes: list
    centers: NDArray
    scale: float

    def probabilities(self, queries, backend):
        """Of the classes at placed rows."""
        found = [process.posterior(queries, backend) for process in self.processes]
        means = np.column_stack([mean for mean, _ in found])
        variances = np.column_stack([variance for _, variance in found])
        return class_probabilities(
            means * self.scale + self.centers, variances * self.scale**2
        )

    def left_out(self):
        """Probabilities of the classes of each row from all others; exact forms only.

        Rasmussen and Williams, 2006, section 5.4.2.
        """
        means, variances = [], []
        for process in self.processes:
            table, precision = process.table, (process.inverse**2).sum(axis=0)
            means.append(table.residuals[:, 0] - process.dual[:, 0] / precision)
            noise = process.parameters.noise * table.factors
            variances.append(1 / precision - noise)
        return class_probabilities(
            np.transpose(means) * self.scale + self.centers,
            np.transpose(variances) * self.scale**2,
        )


def class_tables(
    labels: Labels, n_classes: int, alpha_epsilon: float
) -> tuple[list[Table], NDArray, float]:
    """A table for each class, centres of their targets, and the unit of these."""
    targets, variances = dirichlet_targets(labels.codes, n_classes, alpha_epsilon)
    centers = targets.mean(axis=0)
    targets = targets - centers
    scale = float(np.sqrt((targets**2).mean()))
    variances = variances / scale**2 / labels.weights[:, None]
    tables = [
        Table(labels.points, targets[:, [c]] / scale, variances[:, c])
        for c in range(n_classes)
    ]
    return tables, centers, scale


class DenseLikelihood:
    """The likelihood of a batch of the rows of tables, as if there were no others."""

    def __init__(self, tables, rows, kernel):
        self.tables, self.rows = [table.of(rows) for table in tables], rows
        self.kernel = kernel

    def __call__(self, theta):
        """Negative log likelihood, and its gradient."""
        found = [dense_likelihood(theta, *table, self.kernel) for table in self.tables]
        return sum(value for value, _ in found), sum(slope for _, slope in found)


class ClassForm(NamedTuple):
    """How classes are learned: by a form of processes, with its settings."""

    form: str
    n_classes: int
    settings: NamedTuple
    backend: object

    def learn(self, labels, free, alpha_epsilon, rng, *, start=None, **limits):
        """Hyper-parameters of all classes. `limits`: tol, max_iter and callback."""
        tables, *_ = class_tables(labels, self.n_classes, alpha_epsilon)
        size = self.settings.batch_size
        if size is None:
            size = max(_BATCH // self.n_classes, _LEAST_BATCH)
            if self.form == "exact":
                size = max(_EXACT_BATCH // self.n_classes, _LEAST_EXACT_BATCH)
        settings = self.settings._replace(batch_size=size)
        if self.form == "full_scale":
            return learn_full_scale_together(
                tables, free, settings, self.backend, rng=rng, start=start, **limits
            )
        rows = np.sort(rng.permutation(len(labels.codes))[:size])
        likelihood = DenseLikelihood(tables, rows, settings.kernel)
        return descend(likelihood, free, start, **limits)

    def condition(self, labels, theta, alpha_epsilon):
        """The processes of all classes, given the rows."""
        tables, centers, scale = class_tables(labels, self.n_classes, alpha_epsilon)
        given, parameters = FORMS[self.form].condition, Parameters(theta)
        processes = [
            given(table, parameters, self.settings, self.backend) for table in tables
        ]
        return ClassProcesses(processes, centers, scale)

    def split(self, labels, rng):
        """Rows to learn from, and rows to choose epsilon by.

        The latter are None where each row is told by all others.
        """
        n = len(labels.codes)
        if self.form == "exact":
            return labels, None
        n_out = min(int(_LEFT_OUT * n), _MOST_LEFT_OUT)
        if not n_out:
            return labels, labels
        order = rng.permutation(n)
        return labels.of(order[n_out:]), labels.of(order[:n_out])

    def loss(self, kept, held, theta, alpha_epsilon):
        """Log loss of rows that are left out."""
        processes = self.condition(kept, theta, alpha_epsilon)
        if held is None:
            held, found = kept, processes.left_out()
        else:
            found = processes.probabilities(held.points, self.backend)
        told = found[np.arange(len(held.codes)), held.codes]
        losses = -np.log(np.maximum(told, np.finfo(np.float64).tiny))
        return float(held.weights @ losses / held.weights.sum())
