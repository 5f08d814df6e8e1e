"""Rows by how similar they are to anchors (Moschella et al., ICLR 2023)."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.cluster import kmeans_plusplus
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.embedding._anchors._similarities import (
    SIMILARITIES,
    relative_coordinates,
    usual_distance,
    whitening,
)
from skgeom.graph._landmarks import farthest_rows
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike

_FAR = 1e100


class RelativeRepresentation(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    """Describe rows by their similarities to anchors, rows that other spaces share.

    Two encoders of the same objects, two runs of one network say, give coordinates that
    have nothing to do with each other. Similarities to the same few objects, the
    anchors, are alike in both [1]_, and what is learned on those of one space works on
    those of the other, or of a third. Read more in the :ref:`User Guide <anchors>`.

    Parameters
    ----------
    n_anchors : int, default=100
        Rows that are anchors, at most all of them.
    anchors : str or array-like, default="random"
        Which ones. "random": drawn. "farthest": one by one, as far from each other as
        possible. "k-means++": one by one, far rows more likely. A list of row numbers:
        those, which is how the second space is given the objects of the first. A matrix
        of shape (n_anchors, n_features): rows that need not be in X.
    similarity : str, callable or list, default="whitened"
        "cosine": of the paper. "distance": over the median distance of two anchors.
        "whitened": cosines after whitening by the anchors, with as much shrinkage as
        so few need. Or a function of rows and anchors, both NumPy arrays, that returns
        a matrix of shape (n_rows, n_anchors); or a list of these, whose columns are
        put side by side.
    center : bool, default=True
        Whether the mean of the anchors is subtracted first.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Anchors are
        chosen and whitened by on the host, as a function of yours is called.
    random_state : int, RandomState instance or None, default=None
        Draws the anchors.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors, n_features)
        The anchors as they came.
    anchor_indices_ : ndarray of shape (n_anchors,), int64, or None
        Their row numbers in X; None where rows were given.
    mean_ : ndarray of shape (n_features,)
        What is subtracted: the mean of the anchors, or zero.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    AnchorAlignment : A map from one space to the other, where both are at hand.
    sklearn.kernel_approximation.Nystroem : Similarities to rows, made orthogonal.

    Notes
    -----
    Nothing changes when rows are moved, turned or scaled as a whole. Where the anchors
    are many times the columns, "whitened" does not change with any invertible linear
    map either.

    References
    ----------
    .. [1] Moschella, Maiorca, Fumero, Norelli, Locatello and Rodolà, "Relative
       representations enable zero-shot latent space communication", ICLR 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skgeom import RelativeRepresentation
    >>> one = load_iris().data
    >>> other = 3 * one[:, ::-1] + 7  # the same flowers, by another observer
    >>> first = RelativeRepresentation(20, random_state=0).fit(one)
    >>> second = RelativeRepresentation(anchors=first.anchor_indices_).fit(other)
    >>> np.allclose(first.transform(one), second.transform(other))
    True
    """

    _parameter_constraints = {
        "n_anchors": [Interval(Integral, 1, None, closed="left")],
        "anchors": [StrOptions({"random", "farthest", "k-means++"}), "array-like"],
        "similarity": [StrOptions(set(SIMILARITIES)), callable, list, tuple],
        "center": ["boolean"],
    }

    def __init__(
        self,
        n_anchors: int = 100,
        *,
        anchors: str | ArrayLike = "random",
        similarity: str | Callable | Sequence[str | Callable] = "whitened",
        center: bool = True,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_anchors = n_anchors
        self.anchors = anchors
        self.similarity = similarity
        self.center = center
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Choose the anchors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of one space.
        y : None
            Ignored.

        Returns
        -------
        self : RelativeRepresentation
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or anchors are no rows of X.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend)
        self._kinds = self._read_similarity()
        found = self._choose_anchors(rows)
        self.anchors_ = self._kept(found, like=X)
        self._size = float(np.abs(found).max(initial=0.0)) or 1.0
        scaled = found / self._size
        mean = scaled.mean(axis=0) * self.center
        self.mean_ = self._kept(mean * self._size, like=X)
        self._center, self._scaled_anchors = mean, scaled - mean
        self._white = whitening(self._scaled_anchors)
        self._unit = usual_distance(self._scaled_anchors)
        self._n_features_out = len(found) * len(self._kinds)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compare rows with the anchors, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of the space of `fit`.

        Returns
        -------
        array of shape (n_rows, n_features_out)
            A column for each anchor and similarity, in the namespace, width and device
            of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        xp = backend.xp
        rows = self._validated(X, reset=False, backend=backend)
        rows = backend.asarray(rows, backend.float64) / self._size
        rows = xp.clip(rows, -_FAR, _FAR)
        center, anchors = (
            backend.asarray(a, backend.float64)
            for a in (self._center, self._scaled_anchors)
        )
        rows = rows - center
        found = [self._compared(backend, rows, anchors, kind) for kind in self._kinds]
        return self._output(np.concatenate(found, axis=1), like=X)

    def _compared(self, backend, rows, anchors, kind):
        """Columns of one similarity, on the host."""
        if isinstance(kind, str):
            found = relative_coordinates(
                backend, rows, anchors, kind, self._white, self._unit
            )
            return backend.to_numpy(found)
        # In the units of the data, but for what float64 cannot hold.
        given = (self._size * backend.to_numpy(a) for a in (rows, anchors))
        found = np.asarray(kind(*given))
        wanted = rows.shape[0], anchors.shape[0]
        if found.shape != wanted or not np.isfinite(found).all():
            raise ValueError(
                f"similarity must return finite numbers of shape {wanted}; got shape "
                f"{found.shape}."
            )
        return found

    def _read_similarity(self):
        """Similarities, as a list."""
        given = self.similarity
        kinds = list(given) if isinstance(given, (list, tuple)) else [given]
        for kind in kinds:
            if not (callable(kind) or kind in SIMILARITIES):
                raise ValueError(
                    f"similarity holds {kind!r}; it takes functions and "
                    f"{', '.join(map(repr, SIMILARITIES))}."
                )
        if not kinds:
            raise ValueError("similarity must not be empty.")
        return kinds

    def _choose_anchors(self, rows):
        """Anchors on the host, and where they come from."""
        n, d = rows.shape
        if not isinstance(self.anchors, str):
            given = np.asarray(as_numpy(self.anchors))
            if given.ndim == 2:
                self.anchor_indices_ = None
                return self._given_anchors(given, d)
            self.anchor_indices_ = self._given_indices(given, n)
        else:
            self.anchor_indices_ = self._drawn_indices(rows, n)
        return as_numpy(rows[self.anchor_indices_]).astype(np.float64)

    def _drawn_indices(self, rows, n):
        rng = check_random_state(self.random_state)
        m = min(self.n_anchors, n)
        if self.anchors == "random":
            return np.sort(rng.permutation(n)[:m]).astype(np.int64)
        Z = as_numpy(rows).astype(np.float64)
        Z = Z / (float(np.abs(Z).max(initial=0.0)) or 1.0)
        if self.anchors == "farthest":
            return farthest_rows(lambda i: cdist(Z[[i]], Z)[0], n, m).astype(np.int64)
        found = kmeans_plusplus(Z, m, random_state=rng)[1]
        return np.unique(found).astype(np.int64)

    @staticmethod
    def _given_indices(given, n):
        whole = given.ndim == 1 and given.size and given.dtype.kind in "iu"
        if not whole or given.min() < 0 or given.max() >= n:
            raise ValueError(
                "anchors must be numbers of rows of X, whole ones from 0 to "
                f"{n - 1}, or a matrix of rows; got {given!r}."
            )
        return given.astype(np.int64)

    @staticmethod
    def _given_anchors(given, d):
        given = check_array(given, dtype=np.float64, input_name="anchors")
        if given.shape[1] != d:
            raise ValueError(
                f"anchors have {given.shape[1]} columns, and X has {d} of them."
            )
        return given

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
