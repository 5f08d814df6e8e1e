"""Folds over the labelled rows, and scores of them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import _safe_indexing

from skgeom.typing import ArrayLike, NDArray, RandomStateLike


class _LabelledFolds:
    """What the two splitters share: unlabelled rows are in every training fold."""

    n_splits: int
    shuffle: bool
    random_state: RandomStateLike
    unlabelled: Any
    _splitter: type

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored, there for compatibility.

        Returns
        -------
        int
            The parameter `n_splits`.
        """
        return self.n_splits

    def split(
        self, X: ArrayLike, y: ArrayLike, groups: Any = None
    ) -> Iterator[tuple[NDArray, NDArray]]:
        """Generate the rows of each training and test fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Its length alone matters.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels; NaN in a row of floats, or -1 in other arrays, says that the row has
            none (see the parameter `unlabelled`).
        groups : object
            Ignored, there for compatibility.

        Yields
        ------
        train : ndarray of shape (n_train,), int64
            Rows of the training fold, every unlabelled one among them, in order.
        test : ndarray of shape (n_test,), int64
            Labelled rows of the test fold, in order.

        Raises
        ------
        ValueError
            If there are fewer labelled rows than folds, or `random_state` is given
            without `shuffle`, as in scikit-learn's own splitters.
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} needs y to know labelled rows.")
        y = np.asarray(y)
        known = np.flatnonzero(is_labelled(y, self.unlabelled))
        if len(known) < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits} needs as many labelled rows at least; there "
                f"are {len(known)}."
            )
        everything = np.arange(len(y))
        splitter = self._splitter(
            self.n_splits,
            shuffle=self.shuffle,
            random_state=self.random_state,
        )
        for _, test in splitter.split(known, y[known]):
            yield np.setdiff1d(everything, known[test]), known[test]

    def __repr__(self):
        """Show the parameters."""
        return (
            f"{type(self).__name__}(n_splits={self.n_splits}, shuffle={self.shuffle}, "
            f"random_state={self.random_state}, unlabelled={self.unlabelled!r})"
        )


class LabelledKFold(_LabelledFolds):
    """Folds over the labelled rows; unlabelled ones are in every training fold.

    Scores are then of labelled rows alone, and each fit sees all unlabelled ones: what
    `cross_val_score` and `GridSearchCV` need in semi-supervised learning.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether labelled rows are shuffled first.
    random_state : int, RandomState instance or None, default=None
        Of the shuffle; None without one.
    unlabelled : object, default="auto"
        The value that says that a row has no label. "auto" is NaN for floats, -1 for
        anything else, and in arrays of objects None, NaN and pandas.NA, too.

    See Also
    --------
    StratifiedLabelledKFold : Folds with equal shares of the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.model_selection import LabelledKFold
    >>> y = np.array([1.0, np.nan, 2.0, np.nan])
    >>> for train, test in LabelledKFold(2).split(y, y):
    ...     print(train, test)
    [1 2 3] [0]
    [0 1 3] [2]
    """

    _splitter = KFold

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: RandomStateLike = None,
        unlabelled: Any = "auto",
    ):
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state
        self.unlabelled = unlabelled


class StratifiedLabelledKFold(_LabelledFolds):
    """Folds over the labelled rows, each with the classes in equal shares.

    Unlabelled rows are in every training fold.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2 and at most the size of the largest class.
    shuffle : bool, default=False
        Whether labelled rows are shuffled within classes first.
    random_state : int, RandomState instance or None, default=None
        Of the shuffle; None without one.
    unlabelled : object, default="auto"
        The value that says that a row has no label. "auto" is NaN for floats, -1 for
        anything else, and in arrays of objects None, NaN and pandas.NA, too.

    See Also
    --------
    LabelledKFold : The same for numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.model_selection import StratifiedLabelledKFold
    >>> y = np.array([0, 0, 1, 1, -1, -1])
    >>> for train, test in StratifiedLabelledKFold(2).split(y, y):
    ...     print(train, test)
    [1 3 4 5] [0 2]
    [0 2 4 5] [1 3]
    """

    _splitter = StratifiedKFold

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: RandomStateLike = None,
        unlabelled: Any = "auto",
    ):
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state
        self.unlabelled = unlabelled


class _LabelledScorer:
    """A scorer that drops the rows without a label; it can be pickled."""

    def __init__(self, scoring, unlabelled):
        self.scoring, self.unlabelled = scoring, unlabelled

    def __call__(self, estimator, X, y):
        known = np.flatnonzero(is_labelled(np.asarray(y), self.unlabelled))
        if not len(known):
            raise ValueError("There is no labelled row to score.")
        scorer = get_scorer(self.scoring)
        return scorer(estimator, _safe_indexing(X, known), _safe_indexing(y, known))

    def __repr__(self):
        return f"labelled_scorer({self.scoring!r}, unlabelled={self.unlabelled!r})"


def labelled_scorer(scoring: str | Callable, *, unlabelled: Any = "auto") -> Callable:
    """Make a scorer that leaves out rows without a label.

    Parameters
    ----------
    scoring : str or callable
        A scorer of scikit-learn by its name, or ``scorer(estimator, X, y)``.
    unlabelled : object, default="auto"
        The value that says that a row has no label. "auto" is NaN for floats, -1 for
        anything else, and in arrays of objects None, NaN and pandas.NA, too.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> from skgeom.model_selection import labelled_scorer
    >>> model = DummyRegressor().fit([[0.0], [1.0]], [0.0, 2.0])
    >>> score = labelled_scorer("neg_mean_absolute_error")
    >>> float(score(model, np.zeros((2, 1)), np.array([3.0, np.nan])))
    -2.0
    """
    get_scorer(scoring)  # an unknown name is named here, not in a worker
    return _LabelledScorer(scoring, unlabelled)


def is_labelled(y, unlabelled="auto"):
    """Mark the rows that have a label."""
    y = np.asarray(y)
    missing = find_gaps(y)
    if y.dtype.kind == "O":
        y = np.where(missing, None, y)
    if isinstance(unlabelled, str) and unlabelled == "auto":
        if y.dtype.kind != "f":
            missing = missing | (y == -1)
    elif not is_gap(unlabelled):
        missing = y == unlabelled
    missing = np.asarray(missing)
    return ~missing.reshape(len(y), -1).any(axis=1)


def find_gaps(y):
    """Mark the entries that are NaN, None or pandas.NA."""
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype.kind != "O":
        return np.zeros(y.shape, dtype=bool)
    gaps = np.array([is_gap(label) for label in y.ravel()], dtype=bool)
    return gaps.reshape(y.shape)


def is_gap(label):
    """Whether a label is NaN, None or pandas.NA."""
    if label is None:
        return True
    differs = label != label  # True for NaN; for pandas.NA no truth value
    return type(differs).__name__ == "NAType" or differs is True or differs is np.True_
