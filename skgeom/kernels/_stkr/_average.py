"""The mean of machines on kernels of neighbours, of points, and of both.

Points without labels help where targets are smooth along the cloud, and mislead where
they are not (Lafferty and Wasserman, "Statistical analysis of semi-supervised
regression", NIPS 2007): which it is, the labels tell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import numpy as xp

from skgeom.backends import Backend
from skgeom.kernels._stkr._averaged_machines import (
    Candidate,
    average_machines,
    mean_variance,
    penalty_ratios,
)
from skgeom.kernels._stkr._choice import choose, evenly
from skgeom.kernels._stkr._label_kernels import (
    dense_where_small,
    neighbor_grams,
    point_gram,
    point_widths,
)
from skgeom.kernels._stkr._spectral_ridge import primal_ridge
from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
from skgeom.kernels._stkr._transformed_labels import RidgeSolution, transformed_labels
from skgeom.operators import KernelOperator
from skgeom.solvers import ridge_path
from skgeom.typing import NDArray

# Labels, and labels times rows, up to which every label is predicted from the others
# with every kernel.
MOST_LABELS, MOST_ENTRIES = 500, 10**6
# Labels that the kernels of points see beyond, and that their width is chosen by.
_MOST_CENTRES, _FEW_CENTRES = 2000, 500
# Where no label can be predicted from others, the likelihood of a kernel of neighbours
# over that of others, as a logarithm.
_FAITH = 8.0


@dataclass(frozen=True)
class PointsPart:
    """A function of points: sums of kernel values between them and labelled rows.

    Parameters
    ----------
    rows : ndarray of shape (n_labels, n_features)
        The labelled rows.
    duals : dict of (str, float) to ndarray of shape (n_labels, n_targets)
        Coefficients, by kernel and inverse width.
    n_targets : int
        Number of values of the function.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._stkr._average import PointsPart
    >>> part = PointsPart(np.zeros((1, 2)), {("rbf", 1.0): np.ones((1, 1))}, 1)
    >>> part.values(np.zeros((2, 2)), get_backend("cpu")).tolist()
    [[1.0], [1.0]]
    """

    rows: Any
    duals: dict
    n_targets: int

    def values(self, Z: NDArray, backend: Backend) -> NDArray:
        """Evaluate the function, by blocks of rows.

        Parameters
        ----------
        Z : array of shape (n_rows, n_features)
            Points.
        backend : Backend
            Where the work happens.

        Returns
        -------
        ndarray of shape (n_rows, n_targets), float64
            Its values, on the host.
        """
        Z, rows = (backend.asarray(part, backend.float64) for part in (Z, self.rows))
        found = backend.xp.zeros(
            (Z.shape[0], self.n_targets), dtype=backend.float64, device=backend.device
        )
        for (kernel, gamma), dual in self.duals.items():
            dual = backend.asarray(dual, dtype=backend.float64)
            found = found + backend.kernel_matvec(Z, rows, dual, kernel, gamma)
        return backend.to_numpy(found)

    def __getstate__(self):
        # Files of JSON, as those of skops, have no keys that are pairs.
        return vars(self) | {"duals": [[*key, d] for key, d in self.duals.items()]}

    def __setstate__(self, state):
        duals = {(kernel, gamma): dual for kernel, gamma, dual in state["duals"]}
        vars(self).update(state, duals=duals)


class Average(NamedTuple):
    """What `fit_average` found.

    Parameters
    ----------
    solution : RidgeSolution
        The part of the kernel of neighbours, in the units of the solver.
    points : PointsPart
        The part of the kernels of points.
    intercept : ndarray of shape (n_targets,)
        What is added.
    candidates : list of Candidate
        What was averaged, by weight.

    Examples
    --------
    >>> from skgeom.kernels._stkr._average import Average
    >>> Average._fields
    ('solution', 'points', 'intercept', 'candidates')
    """

    solution: RidgeSolution
    points: PointsPart
    intercept: np.ndarray
    candidates: list


class Problem(NamedTuple):
    """Labels, and what they are predicted from.

    Parameters
    ----------
    S : KernelOperator
        The kernel of neighbours, symmetric, with the largest eigenvalue 1.
    measure : ndarray of shape (n,)
        Masses of the rows.
    points : ndarray of shape (n, n_features)
        Where the rows lie.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : ndarray of shape (n_labels, n_targets)
        The labels.
    weights : ndarray of shape (n_labels,)
        What their errors weigh, > 0.
    error : callable
        ``error(predicted, labels)``: mean squared error of predictions of labels that
        are given by their positions, relative to that of their mean, along the last
        two axes.
    telling : ndarray of shape (n_labels,), bool
        Labels that others can predict: of classes those that have another label.

    Examples
    --------
    >>> from skgeom.kernels._stkr._average import Problem
    >>> Problem._fields[:3]
    ('S', 'measure', 'points')
    """

    S: KernelOperator
    measure: np.ndarray
    points: np.ndarray
    labelled: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    error: Callable
    telling: np.ndarray

    @property
    def faith(self) -> float:
        """What kernels of neighbours are ahead by where labels tell nothing."""
        silent = self.weights[~self.telling].sum() / self.weights.sum()
        return _FAITH * float(silent)

    def loss(self, predicted: NDArray, rows: NDArray) -> NDArray:
        """Minus the logarithm of the likelihood of errors of an unknown size.

        Parameters
        ----------
        predicted : ndarray of shape (..., n_rows, n_targets)
            Predictions.
        rows : ndarray of shape (n_rows,), int64
            Of which labels.

        Returns
        -------
        ndarray of shape (...)
            Half the number of labels, by their weight over its mean, times the
            logarithm of the error.
        """
        told = self.telling[rows]
        if not told.any():
            return np.zeros(predicted.shape[:-2])
        error = self.error(predicted[..., told, :], rows[told])
        # Whatever the unit of the weights, labels count one each in the mean.
        count = self.weights[rows[told]].sum() / self.weights.mean()
        return 0.5 * float(count) * np.log(np.maximum(error, 1e-12))


def fit_average(
    problem: Problem,
    strengths: NDArray,
    degree: int,
    ratios: NDArray | None,
    gamma: float | None,
    folds: NDArray,
    alphas: NDArray,
    *,
    fit_intercept: bool,
    tol: float,
    max_iter: int,
) -> Average:
    """Average machines by how they predict labels from the others.

    For some hundred labels every kernel, every sum of two and every penalty is a
    candidate; for more the best of either kind, judged by labels of the folds.

    Parameters
    ----------
    problem : Problem
        The labels.
    strengths : ndarray of shape (n_strengths,)
        Of the transform.
    degree : int
        Of the transform.
    ratios : ndarray of shape (n_penalties,) or None
        Penalties, in units of the mean variance of a kernel; None is a grid.
    gamma : float or None
        Inverse width of the kernels of points; None is a grid.
    folds : ndarray of shape (n_labels,), int64
        From `label_folds`.
    alphas : ndarray of shape (n_alphas,)
        Penalties of the kernel of neighbours as it is, for many labels.
    fit_intercept : bool
        Whether there is a constant without a penalty.
    tol : float
        Relative residual of iterations.
    max_iter : int
        At most so many steps of each.

    Returns
    -------
    Average
        The mean.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import STKRRegressor
    >>> X = np.linspace(0, 1, 30)[:, None]
    >>> STKRRegressor().fit(X, X[:, 0]).candidates_["kernel"][0] in ("rbf", "laplacian")
    True
    """
    limits: dict[str, Any] = dict(tol=tol, max_iter=max_iter)
    n_labels = len(problem.labelled)
    ratios = penalty_ratios(n_labels) if ratios is None else ratios
    kernels = point_widths(problem.points, gamma)
    if n_labels <= MOST_LABELS and n_labels * problem.S.n <= MOST_ENTRIES:
        shared = ratios, fit_intercept
        return _average_all(problem, strengths, degree, kernels, *shared, **limits)
    transforms = [InverseLaplacian(1 - 1 / s, degree) for s in strengths]
    return _average_two(
        problem, transforms, kernels, ratios, alphas, folds, fit_intercept, **limits
    )


def _average_all(
    problem, strengths, degree, kernels, ratios, fit_intercept, *, tol, max_iter
):
    """Every kernel, and sums of two."""
    S, measure, points, labelled, targets, weights, *_ = problem
    S = dense_where_small(S, len(labelled))
    rows = np.arange(len(labelled))
    neighbors, report = neighbor_grams(
        S,
        labelled,
        measure,
        strengths,
        degree,
        fit_intercept=fit_intercept,
        tol=tol,
        max_iter=max_iter,
    )
    grams = {name: point_gram(name, *2 * [points[labelled]]) for name in kernels}
    found = average_machines(
        neighbors,
        grams,
        targets,
        weights,
        lambda predicted: problem.loss(predicted, rows),
        ratios=ratios,
        fit_intercept=fit_intercept,
        faith=problem.faith,
    )
    of_points = PointsPart(points[labelled], found.points, targets.shape[1])
    root = np.sqrt(measure[labelled])[:, None]
    parts = [
        transformed_labels(
            S,
            InverseLaplacian(1 - 1 / strength, degree),
            labelled,
            S.backend.asarray(dual / root, dtype=S.backend.float64),
            tol=tol,
            max_iter=max_iter,
        )
        for strength, dual in found.neighbors.items()
    ]
    if not parts:
        none = S.backend.asarray(np.zeros((S.n, targets.shape[1])))
        parts = [RidgeSolution(none, none, None)]
    solution = RidgeSolution(
        sum(part.values for part in parts),
        sum(part.extension for part in parts),
        None,
        max(report.n_iter, *(part.n_iter for part in parts)),
        max(report.residual, *(part.residual for part in parts)),
    )
    return Average(solution, of_points, found.intercept, found.candidates)


def _average_two(
    problem, transforms, kernels, ratios, alphas, folds, fit_intercept, *, tol, max_iter
):
    """The best kernel of neighbours and the best of points."""
    S, measure, points, labelled, targets, weights, *_ = problem
    backend, root = S.backend, np.sqrt(measure[labelled])[:, None]
    mean = np.average(targets, axis=0, weights=weights) * float(fit_intercept)
    system = [
        backend.asarray(part, dtype=backend.float64)
        for part in (root * (targets - mean), weights / measure[labelled])
    ]
    best = choose(
        S,
        transforms,
        labelled,
        *system,
        alphas,
        lambda found, rows: problem.loss(found / root[rows] + mean, rows),
        folds,
        tol=tol,
        max_iter=max_iter,
    )
    if len(labelled) < 2:  # nothing to judge points by
        kernel, ratio, loss = kernels[0], float(ratios[-1]), np.inf
    else:
        kernel, ratio, loss = _best_of_points(
            problem, kernels, ratios, folds, fit_intercept
        )
    behind = best.loss - problem.faith - loss
    share = 1.0 / (1.0 + np.exp(np.clip(behind, -500, 500)))
    some = evenly(len(labelled), _MOST_CENTRES)
    gram = point_gram(kernel, *2 * [points[labelled[some]]])
    fit = ridge_path(
        xp,
        gram,
        targets[some],
        weights[some],
        [ratio * mean_variance(gram, weights[some])],
        fit_intercept=fit_intercept,
    )
    transform = transforms[best.transform]
    solution = primal_ridge(
        S, transform, labelled, *system, best.alpha, tol=tol, max_iter=max_iter
    )
    solution = solution._replace(
        values=share * solution.values, extension=share * solution.extension
    )
    candidates = [
        Candidate(
            1 / (1 - transform.eta), "", np.nan, 1.0, best.alpha, best.loss, share
        ),
        Candidate(np.nan, *kernel, 0.0, ratio, loss, 1 - share),
    ]
    candidates.sort(key=lambda candidate: -candidate.weight)
    duals = {kernel: (1 - share) * fit.duals[0]}
    of_points = PointsPart(points[labelled[some]], duals, targets.shape[1])
    intercept = share * mean + (1 - share) * fit.intercepts[0]
    return Average(solution, of_points, intercept, candidates)


def _best_of_points(problem, kernels, ratios, folds, fit_intercept):
    """Kernel of points, penalty and loss that predict the folds best."""
    points, labelled = problem.points, problem.labelled
    targets, weights = problem.targets, problem.weights
    rows = np.flatnonzero(folds >= 0)
    found = []
    for kernel in kernels:
        predicted = np.zeros((len(ratios), len(labelled), targets.shape[1]))
        for fold in np.unique(folds[rows]):
            shown = np.flatnonzero(folds != fold)
            shown = shown[evenly(len(shown), _FEW_CENTRES)]
            hidden = np.flatnonzero(folds == fold)
            gram = point_gram(kernel, *2 * [points[labelled[shown]]])
            fit = ridge_path(
                xp,
                gram,
                targets[shown],
                weights[shown],
                ratios * mean_variance(gram, weights[shown]),
                fit_intercept=fit_intercept,
            )
            links = point_gram(
                kernel, points[labelled[hidden]], points[labelled[shown]]
            )
            predicted[:, hidden] = links @ fit.duals + fit.intercepts[:, None]
        found += [
            (problem.loss(values[rows], rows), i, kernel)
            for i, values in enumerate(predicted)
        ]
    loss, i, kernel = min(found, key=lambda entry: entry[0])
    return kernel, float(ratios[i]), loss
