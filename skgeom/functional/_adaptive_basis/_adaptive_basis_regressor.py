"""Regression on curves, by functions that are learned (Yao et al., 2021)."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import column_or_1d
from sklearn.utils.validation import (
    _check_y,
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
)

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.functional._adaptive_basis._bases import squared_error
from skgeom.functional._adaptive_basis._machine import AdaptiveBasisMachine
from skgeom.networks import Scaling
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike


class AdaptiveBasisRegressor(RegressorMixin, AdaptiveBasisMachine):
    r"""Predict numbers from curves, and show what of the curves they depend on.

    Functions b on the grid are learned with the network h that predicts from the
    integrals of a curve x with them [1]_,

    .. math:: \hat y = h\Big(\int b_1 x, \dots, \int b_k x\Big).

    The functions are a small network of waves [2]_: of the plain time it would not
    learn what turns more than once. What is shown are the directions of their span
    along which the prediction varies [3]_, which do not depend on the functions that
    were found.

    Read more in the :ref:`User Guide <adaptive_basis>`.

    Parameters
    ----------
    n_bases : int, default=8
        Functions to learn. Some more than the answer needs: with just as many training
        may find only what is linear. Those that are not needed matter little.
    grid : array-like of shape (n_features,), default=None
        Increasing, where the curves are known; None is evenly spaced.
    n_frequencies : int, default=16
        Half turns over the grid that the functions are made of: more of them let
        functions, and noise, be finer.
    hidden_layer_sizes : sequence of int, default=(32, 32)
        Sizes of the layers between integrals and prediction.
    alpha : float, default=1e-4
        Weight >= 0 of half the sum of squared weights.
    max_iter : int, default=150
        Most epochs. Of few curves an epoch is few steps: take more.
    batch_size : int or "auto", default=128
        Rows of a step. "auto" is all of up to 512 rows, 256 of more.
    learning_rate : float, default=0.02
        Of Adam, > 0; falls to zero along a cosine.
    tol : float, default=1e-4
        An epoch that lowers the loss by no more brings nothing.
    n_iter_no_change : int, default=50
        Epochs in a row that bring nothing, after which training ends.
    warm_start : bool, default=False
        Whether `fit` goes on from the network that there is, in its units.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Training
        is torch's everywhere, and needs ``pip install 'skgeom[torch]'``.
    random_state : int, RandomState instance or None, default=None
        Decides first weights and batches.

    Attributes
    ----------
    basis_ : ndarray of shape (n_directions, n_features)
        Functions on the grid, the one along which predictions vary most first. Means
        of products of two are 0 or 1 by the trapezoidal rule. `n_directions` is the
        lesser of `n_bases` and the number of columns.
    importances_ : ndarray of shape (n_directions,)
        Share of the mean squared slope of the prediction along each.
    grid_ : ndarray of shape (n_features,)
        Where the curves are known.
    loss_curve_ : list of float
        Mean loss of each epoch.
    n_iter_ : int
        Epochs that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    AdaptiveBasisClassifier : Classes from curves.
    skgeom.gaussian_process.VecchiaGPRegressor : Of a few principal components; as good
        where the components tell what matters, with variances.

    Notes
    -----
    Curves are centred and have one scale for all of the grid. The integral is the
    trapezoidal rule, as a mean over the grid.

    References
    ----------
    .. [1] Yao, Mueller and Wang, "Deep learning for functional data analysis with
       adaptive basis layers", ICML 2021.
    .. [2] Tancik, Srinivasan, Mildenhall, Fridovich-Keil, Raghavan, Singhal,
       Ramamoorthi, Barron and Ng, "Fourier features let networks learn high frequency
       functions in low dimensional domains", NeurIPS 2020.
    .. [3] Constantine, "Active subspaces", SIAM, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import AdaptiveBasisRegressor
    >>> rng = np.random.default_rng(0)
    >>> t = np.linspace(0, 1, 41)
    >>> C = rng.normal(size=(300, 5))
    >>> X = C @ np.cos(np.arange(5)[:, None] * np.pi * t)
    >>> model = AdaptiveBasisRegressor(2, random_state=0).fit(X, C[:, 3])
    >>> bool(np.corrcoef(model.basis_[0], np.cos(3 * np.pi * t))[0, 1] ** 2 > 0.9)
    True
    """

    def __init__(
        self,
        n_bases: int = 8,
        *,
        grid: ArrayLike | None = None,
        n_frequencies: int = 16,
        hidden_layer_sizes: Sequence[int] = (32, 32),
        alpha: float = 1e-4,
        max_iter: int = 150,
        batch_size: int | str = 128,
        learning_rate: float = 0.02,
        tol: float = 1e-4,
        n_iter_no_change: int = 50,
        warm_start: bool = False,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_bases = n_bases
        self.grid = grid
        self.n_frequencies = n_frequencies
        self.hidden_layer_sizes = hidden_layer_sizes
        self.alpha = alpha
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Train functions and network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Curves on the grid.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers.

        Returns
        -------
        self : AdaptiveBasisRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X or y hold
            non-finite numbers, the grid is none of X, or `warm_start` meets a network
            of other sizes.
        ImportError
            If torch or skorch is missing.

        Warns
        -----
        ConvergenceWarning
            If the loss was not finite, or grew without bound.
        """
        return self._trained(X, y, once=False)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Train for one epoch; the first call decides units and sizes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Curves on the grid.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers.

        Returns
        -------
        self : AdaptiveBasisRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            As in `fit`, or if X has another number of columns than before.
        ImportError
            If torch or skorch is missing.
        """
        return self._trained(X, y, once=True)

    def predict(self, X: MatrixLike) -> Array:
        """Predict from curves.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Curves on the grid of `fit`.

        Returns
        -------
        array of shape (n_rows,) or (n_rows, n_outputs)
            Predictions, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        found = self._of_targets.invert(self._told(X))
        return self._output(found[:, 0] if self._one_dimensional else found, like=X)

    def _trained(self, X, y, once):
        goes_on = self._continues(once)
        rows = self._validated(X, reset=not (once and goes_on))
        wanted = self._read_targets(y, rows)
        if not goes_on:
            self._measure(rows)
            self._of_targets = Scaling.of(wanted)
        return self._fitted(
            X, self._of_targets.apply(wanted), squared_error, rows, once
        )

    def _read_targets(self, y, rows):
        if y is None:
            raise ValueError(
                "AdaptiveBasisRegressor requires y to be passed, but the target y is "
                "None."
            )
        y = _check_y(as_numpy(y), multi_output=True, y_numeric=True, estimator=self)
        check_consistent_length(rows, y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._one_dimensional = y.ndim == 1
        numbers = np.asarray(y, dtype=np.float64)
        assert_all_finite(numbers, input_name="y")  # of objects, None among them
        return numbers.reshape(len(y), -1)

    def __sklearn_tags__(self):
        """Several targets are learned together."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
