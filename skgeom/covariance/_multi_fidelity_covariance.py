"""Covariance of dear runs, corrected by cheap ones (Anderson, JASA 1957)."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.covariance import EmpiricalCovariance, empirical_covariance, log_likelihood
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.covariance._paired_regression import (
    Moments,
    log_euclidean,
    paired_regression,
    positive_definite,
    sample_moments,
)
from skgeom.typing import Array, MatrixLike


class MultiFidelityCovariance(GeometryEstimator, EmpiricalCovariance):
    r"""Covariance of a costly simulator from few runs of it and many of cheaper ones.

    A row is a draw of the inputs; its blocks of columns are the outputs of the
    simulator and of its cheaper versions for this draw, NaN where a version was not
    run. With pairs of dear and cheap runs h and l, all cheap runs a, and the
    regression B of h on l,

    .. math:: S = S_h + B^\top (S_a - S_l) B.

    That is the maximum likelihood estimate of normal data with such gaps [1]_, and a
    matrix of control variates for all others: right on average for any B, and positive
    definite. B has a ridge penalty, chosen by leaving draws out: where cheap runs say
    nothing it is zero, and S is the covariance of the dear runs.

    Read more in the :ref:`User Guide <multi_fidelity_covariance>`.

    Parameters
    ----------
    n_fidelities : int, default=1
        Blocks of columns, of equal width, the dearest and best first. 1 is the
        unbiased covariance of rows without gaps.
    method : {"regression", "log_euclidean"}, default="regression"
        "regression": the formula above, from fidelity to fidelity. "log_euclidean":
        :math:`\exp(\log S_h + \log S_a - \log S_l)` [2]_, for comparison.
    alpha : float or "loo", default="loo"
        Penalty >= 0 of the regression, as a share of the largest squared singular value
        of the paired cheap runs, in units of their deviations. "loo": that with the
        least errors of draws left out. 0 is no penalty, which needs more pairs than
        columns, and two more.
    store_precision : bool, default=True
        Whether to keep the inverse.
    assume_centered : bool, default=False
        Whether means are known to be zero.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. What is
        fitted is small, and computed on the host.

    Attributes
    ----------
    covariance_ : ndarray of shape (d, d)
        Covariance of the dearest fidelity, d its number of columns.
    location_ : ndarray of shape (d,)
        Its mean, corrected in the same way.
    precision_ : ndarray of shape (d, d) or None
        Inverse of the covariance.
    n_runs_ : ndarray of shape (n_fidelities,), int64
        Rows that each fidelity was run on.
    correlations_ : ndarray of shape (n_fidelities,)
        Correlation of each fidelity with the first, from the share of variance that
        regressions predict of draws left out: what `optimal_allocation` takes.
    alphas_ : ndarray of shape (n_fidelities - 1,)
        Penalty of each regression, from the first fidelity on; infinite where the
        cheaper runs are not used. Empty for "log_euclidean".
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    optimal_allocation : How many runs of each fidelity to pay.
    sklearn.covariance.LedoitWolf : Of one fidelity, with few rows.

    Notes
    -----
    Where pairs are no more than columns, what regressions leave is shrunk to its
    diagonal as Ledoit and Wolf do, and eigenvalues at zero are raised to rounding. A
    column that is constant in all rows has no more than that.

    References
    ----------
    .. [1] Anderson, "Maximum likelihood estimates for a multivariate normal
       distribution when some observations are missing", Journal of the American
       Statistical Association 52, 1957.
    .. [2] Maurais, Alsup, Peherstorfer and Marzouk, "Multi-fidelity covariance
       estimation in the log-Euclidean geometry", ICML 2023.

    Examples
    --------
    Twenty runs of three outputs, and 2,000 of a cheap version:

    >>> import numpy as np
    >>> from skgeom import MultiFidelityCovariance
    >>> from skgeom.datasets import make_fidelities
    >>> X, true = make_fidelities([20, 2000], 3, correlation=0.98, random_state=0)
    >>> model = MultiFidelityCovariance(n_fidelities=2).fit(X)
    >>> alone = np.cov(X[:20, :3].T)
    >>> bool(model.error_norm(true) < 0.3 * np.sum((alone - true) ** 2) / 3)
    True
    """

    # `score` calls its rows X, as all of ours do.
    __metadata_request__score = {"X": UNUSED}

    _parameter_constraints = {
        "n_fidelities": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions({"regression", "log_euclidean"})],
        "alpha": [Interval(Real, 0, None, closed="left"), StrOptions({"loo"})],
    }

    def __init__(
        self,
        n_fidelities: int = 1,
        *,
        method: str = "regression",
        alpha: float | str = "loo",
        store_precision: bool = True,
        assume_centered: bool = False,
        device: str = "auto",
    ):
        self.n_fidelities = n_fidelities
        self.method = method
        self.alpha = alpha
        self.store_precision = store_precision
        self.assume_centered = assume_centered
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Estimate the covariance of the dearest fidelity.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_fidelities * d)
            Draws; blocks of columns are fidelities, the dearest first. A fidelity that
            was not run is NaN in all of its block, and then so are all dearer ones.
        y : None
            Ignored.

        Returns
        -------
        self : MultiFidelityCovariance
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, columns cannot be divided into
            `n_fidelities` blocks, a block of a row is NaN in part, a cheaper one is
            missing where a dearer one is not, a fidelity has no runs, or X holds
            infinity.

        Warns
        -----
        UserWarning
            If `alpha` is 0 with no more pairs than columns: the penalty is then chosen
            by draws left out.
        """
        self._backend_for(X, reset=True)
        unit, blocks = self._read(X)
        self.n_runs_ = np.array([len(rows) for rows, _ in blocks], dtype=np.int64)
        moments, steps = self._chain(blocks)
        shares = [1.0, *(step.explained for step in steps)]
        self.correlations_ = self._kept(np.sqrt(np.cumprod(shares)), like=X)
        if self.method == "log_euclidean":
            moments, steps = self._by_logarithms(blocks, moments.mean), []
        self.alphas_ = self._kept([step.alpha for step in steps], like=X)
        covariance = positive_definite(moments.covariance)
        self.location_ = self._kept(moments.mean * unit, like=X)
        self._set_covariance(covariance)
        self._to_units(unit, like=X)
        return self

    def score(self, X: MatrixLike, y: None = None) -> float:
        """Mean log-likelihood of rows under a normal law of the dearest fidelity.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows as in `fit`; those that the dearest fidelity was not run on do not
            count.
        y : None
            Ignored.

        Returns
        -------
        float
            The mean over the others.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or no row has the dearest fidelity.
        """
        rows, present = self._dearest(X)
        if not present.any():
            raise ValueError("No row of X has a run of the dearest fidelity.")
        left = rows[present] - self.location_
        covariance = empirical_covariance(left, assume_centered=True)
        return float(log_likelihood(covariance, self.get_precision()))

    def mahalanobis(self, X: MatrixLike) -> Array:
        """Squared Mahalanobis distances of the runs of the dearest fidelity.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows as in `fit`, all with a run of the dearest fidelity.

        Returns
        -------
        array of shape (n_rows,)
            In the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or a row has no run of the dearest fidelity.
        """
        rows, present = self._dearest(X)
        if not present.all():
            raise ValueError(
                f"Row {int(np.argmin(present))} of X has no run of the dearest "
                "fidelity."
            )
        left = rows - self.location_
        found = np.einsum("ij,jk,ik->i", left, self.get_precision(), left)
        return self._output(found, like=X)

    def _read(self, X):
        """Runs of each fidelity as parts of a unit, with the rows that they are of."""
        gaps = "allow-nan" if self.n_fidelities > 1 else True
        X = as_numpy(self._validated(X, reset=True, ensure_all_finite=gaps))
        X = X.astype(np.float64)
        k = self.n_fidelities
        if X.shape[1] % k:
            raise ValueError(
                f"X has {X.shape[1]} columns, which are not n_fidelities={k} blocks of "
                "equal width."
            )
        size = np.nanmax(np.abs(X), initial=0.0)
        # Squares of the numbers must be numbers.
        unit = float(size) if size > 0 and not 1e-100 < size < 1e100 else 1.0
        blocks = X.reshape(len(X), k, -1) / unit
        missing = np.isnan(blocks)
        some, every = missing.any(axis=2), missing.all(axis=2)
        if (some != every).any():
            row, level = np.argwhere(some != every)[0]
            raise ValueError(
                f"A block must be NaN in all columns, or in none; fidelity {level} of "
                f"row {row} mixes them."
            )
        late = every[:, 1:] & ~every[:, :-1]
        if late.any():
            row, level = np.argwhere(late)[0]
            raise ValueError(
                f"Row {row} has fidelity {level}, but not the cheaper {level + 1}: "
                "runs of a fidelity must be of draws that all cheaper ones were run on."
            )
        if every.all(axis=0).any():
            level = int(np.argmax(every.all(axis=0)))
            raise ValueError(f"Fidelity {level} was not run on any row: all are NaN.")
        found = []
        for level in range(k):
            rows = np.flatnonzero(~every[:, level])
            found.append((rows, blocks[:, level]))
        return unit, found

    def _chain(self, blocks):
        """From the cheapest fidelity to the dearest."""
        rows, cheapest = blocks[-1]
        moments = sample_moments(cheapest[rows], self.assume_centered)
        steps = []
        for level in range(len(blocks) - 2, -1, -1):
            rows, high = blocks[level]
            alpha = self._penalty(len(rows), high.shape[1])
            step = paired_regression(
                high[rows],
                blocks[level + 1][1][rows],
                moments,
                alpha,
                self.assume_centered,
            )
            moments = step.moments
            steps.insert(0, step)
        return moments, steps

    def _penalty(self, n, d):
        """The penalty, None where it is to be chosen."""
        if self.alpha == "loo":
            return None
        if self.alpha == 0 and n <= d + 1 and self.method == "regression":
            warn(
                f"MultiFidelityCovariance: alpha=0 needs more than {d + 1} pairs of "
                f"{d} columns, and there are {n}. The penalty is chosen by draws left "
                "out."
            )
            return None
        return float(self.alpha)

    def _by_logarithms(self, blocks, mean):
        """The log-Euclidean combination of all fidelities."""
        centered = self.assume_centered
        rows, high = blocks[0]
        pieces = [(1.0, sample_moments(high[rows], centered).covariance)]
        for level in range(1, len(blocks)):
            every, block = blocks[level]
            paired = blocks[level - 1][0]
            pieces += [
                (1.0, sample_moments(block[every], centered).covariance),
                (-1.0, sample_moments(block[paired], centered).covariance),
            ]
        return Moments(mean, log_euclidean(pieces))

    def _to_units(self, unit, like):
        """Covariance and precision in the units of X; no entry is infinite."""
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore", under="ignore"):
            covariance = np.clip(self.covariance_ * unit * unit, -largest, largest)
            self.covariance_ = self._kept(covariance, like)
            if self.store_precision:
                precision = self.precision_ / unit / unit
                self.precision_ = self._kept(
                    np.clip(precision, -largest, largest), like
                )

    def _dearest(self, X):
        """The first block of rows, and which of them have it."""
        check_is_fitted(self)
        gaps = "allow-nan" if self.n_fidelities > 1 else True
        X = as_numpy(self._validated(X, reset=False, ensure_all_finite=gaps))
        rows = X[:, : len(self.location_)].astype(np.float64)
        return rows, ~np.isnan(rows).any(axis=1)

    def __sklearn_tags__(self):
        """Rows have gaps where there is more than one fidelity."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.n_fidelities > 1
        return tags
