"""Classes of curves, by functions that are learned (Yao et al., 2021)."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
)

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.functional._adaptive_basis._bases import cross_entropy
from skgeom.functional._adaptive_basis._machine import AdaptiveBasisMachine
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike


class AdaptiveBasisClassifier(ClassifierMixin, AdaptiveBasisMachine):
    r"""Predict classes of curves, and show what of the curves they depend on.

    As :class:`AdaptiveBasisRegressor` [1]_: functions of a few waves [2]_ are learned
    with the network that predicts from the integrals of curves with them, here the
    logarithms of odds, to the least cross-entropy. Directions are those along which
    these vary [3]_.

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
    classes_ : ndarray of shape (n_classes,)
        The classes.
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
    AdaptiveBasisRegressor : Numbers from curves.

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
    >>> from skgeom import AdaptiveBasisClassifier
    >>> rng = np.random.default_rng(0)
    >>> t = np.linspace(0, 1, 41)
    >>> C = rng.normal(size=(300, 5))
    >>> X, y = C @ np.cos(np.arange(5)[:, None] * np.pi * t), C[:, 3] > 0
    >>> bool(AdaptiveBasisClassifier(2, random_state=0).fit(X, y).score(X, y) > 0.9)
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
        y : array-like of shape (n_samples,)
            Classes.

        Returns
        -------
        self : AdaptiveBasisClassifier
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
        return self._trained(X, y, None, once=False)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch; the first call decides units, sizes and classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Curves on the grid.
        y : array-like of shape (n_samples,)
            Classes.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be, in the first call; None is those of y.

        Returns
        -------
        self : AdaptiveBasisClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            As in `fit`, or if X has another number of columns than before, or y a class
            that is not known.
        ImportError
            If torch or skorch is missing.
        """
        return self._trained(X, y, classes, once=True)

    def decision_function(self, X: MatrixLike) -> Array:
        """Logarithms of odds.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Curves on the grid of `fit`.

        Returns
        -------
        array of shape (n_rows,) or (n_rows, n_classes)
            Of two classes the logarithm of the odds of the second; of others numbers
            whose softmax is the probabilities. In the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        told = self._told(X)
        return self._output(
            told[:, 1] - told[:, 0] if told.shape[1] == 2 else told, like=X
        )

    def predict_proba(self, X: MatrixLike) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Curves on the grid of `fit`.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows add up to 1; in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        return self._output(softmax(self._told(X), axis=1), like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Predict classes of curves.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Curves on the grid of `fit`.

        Returns
        -------
        array of shape (n_rows,)
            Of the kind of y.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        labels = self.classes_[self._told(X).argmax(axis=1)]
        return self._output_labels(labels, like=X)

    def _trained(self, X, y, classes, once):
        goes_on = self._continues(once)
        rows = self._validated(X, reset=not (once and goes_on))
        y = self._read_classes(y, rows)
        if not goes_on:
            self._measure(rows)
            self._classes = np.unique(y if classes is None else np.asarray(classes))
        unknown = np.setdiff1d(y, self._classes)
        if unknown.size:
            raise ValueError(
                f"y holds the class {unknown.tolist()[0]!r}, which is none of those "
                f"known, {self._classes.tolist()}. Name all classes in the first "
                "partial_fit."
            )
        self.classes_ = self._classes
        wanted = (y[:, None] == self._classes).astype(np.float64)
        return self._fitted(X, wanted, cross_entropy, rows, once)

    def _read_classes(self, y, rows):
        if y is None:
            raise ValueError(
                "AdaptiveBasisClassifier requires y to be passed, but the target y is "
                "None."
            )
        y = column_or_1d(as_numpy(y), warn=True)
        check_consistent_length(rows, y)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        return y
