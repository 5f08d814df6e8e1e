"""What transformers share whose training rows get coordinates."""

from typing import Any

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from skgeom.typing import Array, MatrixLike


class EmbeddingMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """A transformer that keeps the coordinates of its training rows.

    Sub-classes set `embedding_` in `fit`. The columns of the output are those of it,
    named after the class.

    Examples
    --------
    >>> from skgeom.base import EmbeddingMixin, GeometryEstimator
    >>> class Centred(EmbeddingMixin, GeometryEstimator):
    ...     def __init__(self, device="auto"):
    ...         self.device = device
    ...     def fit(self, X, y=None):
    ...         X = self._validated(X, reset=True)
    ...         self.embedding_ = X - X.mean(axis=0)
    ...         return self
    >>> Centred().fit_transform([[1.0], [3.0]])
    array([[-1.],
           [ 1.]])
    """

    embedding_: Any

    def fit_transform(self, X: MatrixLike, y: Any = None) -> Array:
        """Compute the embedding and return it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Training rows, as in `fit`.
        y : None
            Ignored, unless `fit` says otherwise.

        Returns
        -------
        array of shape (n_samples, n_components)
            `embedding_`, in the namespace and on the device of X.

        Raises
        ------
        ValueError
            As of `fit`.
        """
        return self._output(self.fit(X, y).embedding_, like=X)

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]
