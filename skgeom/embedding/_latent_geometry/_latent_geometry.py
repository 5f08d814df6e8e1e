"""The metric that a decoder gives to latents, and its geodesics.

Arvanitidis, Hansen and Hauberg, "Latent space oddity: on the curvature of deep
generative models", ICLR 2018.
"""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_array, check_is_fitted

from skgeom.backends import get_backend
from skgeom.base import EmbeddingMixin, GeometryEstimator
from skgeom.embedding._centred import frame_of, placed
from skgeom.embedding._latent_geometry._decoders import ModelDecoder, fit_kernel_decoder
from skgeom.embedding._latent_geometry._models import (
    as_given,
    as_matrix,
    fit_latents,
    fit_model,
)
from skgeom.embedding._latent_geometry._resampling import systematic_draws
from skgeom.embedding._latent_geometry._surface import Surface
from skgeom.embedding._latent_geometry._surroundings import (
    surroundings_of,
    tell_if_still,
)
from skgeom.embedding._latent_geometry._units import latent_units
from skgeom.typing import Array, MatrixLike, RandomStateLike

# Standard deviation of what moves a drawn row, in distances to a neighbour.
_JITTER = 1 / 8


class LatentGeometry(EmbeddingMixin, GeometryEstimator):
    r"""Measure latents by what they decode to: volume, geodesics, distances.

    Coordinates of an embedding are not to scale: a step may decode to a long way here
    and to a short one there. A decoder f gives them the metric [1]_

    .. math:: M(z) = J(z)^\top J(z)

    with J its Jacobian. Lengths, geodesics and volumes are then those of the surface
    that rows lie on, whatever the latents are. A geodesic is a curve
    :math:`c_0, \ldots, c_K` of least energy :math:`\sum_i |f(c_{i+1}) - f(c_i)|^2`,
    found by Gauss-Newton steps. So that it does not take a short cut where there are no
    rows, and a decoder says nothing, f has one more value while curves are bent, a wall
    around the latents. Read more in the :ref:`User Guide <latent_geometry>`.

    Parameters
    ----------
    transformer : transformer, default=None
        What makes the latents; a clone is fitted. One without `transform`, as
        :class:`~sklearn.manifold.TSNE`, has latents of the training rows only. None is
        :class:`~sklearn.decomposition.PCA` with two components.
    decoder : {"kernel_ridge", "inverse_transform"} or regressor, default="kernel_ridge"
        What decodes them. "kernel_ridge": Gaussian kernel ridge regression, whose width
        and penalty are chosen by marginal likelihood. "inverse_transform": that of the
        transformer. A regressor: a clone, fitted from latents to rows. Jacobians of the
        last two are central differences: they should be smooth.
    n_centers : int, default=200
        Most centres of the kernel ridge regression.
    support : float, default=1.0
        Height of the wall, >= 0, in twice the root mean squared distance of the rows
        from their mean. 0 is none.
    n_points : int, default=41
        Points of a geodesic, its ends among them, >= 2.
    n_neighbors : int, default=12
        Neighbouring latents that are joined, at most the number of others; geodesics
        begin as shortest paths between them.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only
        searches of neighbours are on a device.
    random_state : int, RandomState instance or None, default=None
        Chooses centres of the decoder, and what is sampled.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Latents of the training rows.
    transformer_ : transformer
        The fitted transformer.
    decoder_ : object
        The fitted regressor, `transformer_`, or the kernel ridge regression.
    sample_weight_ : ndarray of shape (n_samples,)
        Weights, with mean 1, under which the training rows cover their surface evenly:
        volume of the decoder over density of the latents.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    HeatGeodesicEmbedding : Latents whose distances are geodesic in the first place.
    sklearn.manifold.Isomap : Distances along a graph of the rows themselves.

    Notes
    -----
    Latents that are wrong stay wrong: rows that have the same latents have a distance
    of zero, and where a transformer has folded or torn the surface, so are geodesics.
    The wall, the start and the Gauss-Newton steps are ours.

    References
    ----------
    .. [1] Arvanitidis, Hansen and Hauberg, "Latent space oddity: on the curvature of
       deep generative models", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import LatentGeometry
    >>> rng = np.random.default_rng(0)
    >>> latents = rng.uniform(-1, 1, size=(300, 2))
    >>> X = np.column_stack([latents, np.sqrt(3 - (latents**2).sum(axis=1))])
    >>> model = LatentGeometry(random_state=0).fit(X)
    >>> ends = model.transform([[-1.0, 0.0, 2**0.5], [1.0, 0.0, 2**0.5]])
    >>> model.paired_distances(ends[:1], ends[1:]).round(1)  # along a great circle
    array([2.1])
    """

    _parameter_constraints = {
        "transformer": [HasMethods(["fit_transform"]), None],
        "decoder": [
            StrOptions({"kernel_ridge", "inverse_transform"}),
            HasMethods(["fit", "predict"]),
        ],
        "n_centers": [Interval(Integral, 1, None, closed="left")],
        "support": [Interval(Real, 0, None, closed="left")],
        "n_points": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        transformer: Any | None = None,
        *,
        decoder: Any = "kernel_ridge",
        n_centers: int = 200,
        support: float = 1.0,
        n_points: int = 41,
        n_neighbors: int = 12,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.transformer = transformer
        self.decoder = decoder
        self.n_centers = n_centers
        self.support = support
        self.n_points = n_points
        self.n_neighbors = n_neighbors
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: Any = None) -> Self:
        """Fit the transformer and the decoder.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,), default=None
            Passed to the transformer, if given.

        Returns
        -------
        self : LatentGeometry
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, latents are not finite, or the
            transformer has no `inverse_transform` where the decoder should be it.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True)
        random_state = check_random_state(self.random_state)
        self.transformer_, latents = fit_latents(
            clone(self.transformer, safe=False), X, rows, y, random_state
        )
        self.embedding_ = self._kept(latents, like=X)
        rounding = float(np.finfo(self.embedding_.dtype).eps)
        units = latent_units(latents, rounding)
        frame = frame_of(rows, get_backend("cpu"))
        decode = self._fit_decoder(latents, rows, units, frame, random_state)
        self._fit_surface(latents, units, frame, decode, backend, random_state)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the latents of rows by the transformer.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_components)
            Latents, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        AttributeError
            If the transformer has no `transform`.
        """
        check_is_fitted(self)
        if not hasattr(self.transformer_, "transform"):
            raise AttributeError(
                f"{type(self.transformer_).__name__} has no transform: only training "
                "rows have latents, which are embedding_."
            )
        rows = self._validated(X, reset=False)
        given = rows if self.transformer is None else as_given(X, rows)
        return self._output(as_matrix(self.transformer_.transform(given)), like=X)

    def inverse_transform(self, X: MatrixLike) -> Array:
        """Decode latents.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Latents.

        Returns
        -------
        array of shape (n_rows, n_features)
            Rows, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than there are latents, or is not finite.
        """
        latents = self._read(X)
        return self._output(self._surface.rows(latents), like=X)

    def metric_tensor(self, X: MatrixLike) -> Array:
        """Compute the metric at latents, without the wall.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Latents.

        Returns
        -------
        array of shape (n_rows, n_components, n_components)
            Symmetric, positive semi-definite.

        Raises
        ------
        ValueError
            As of `inverse_transform`.
        """
        found = self._surface.metric(self._read(X))
        return self._output_finite(found, like=X)

    def volume(self, X: MatrixLike) -> Array:
        """Compute how much volume the decoder makes of a unit of latents.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Latents.

        Returns
        -------
        array of shape (n_rows,)
            Roots of the determinants of the metric, >= 0: 0 where a direction of the
            latents changes nothing.

        Raises
        ------
        ValueError
            As of `inverse_transform`.
        """
        found = self._surface.volume(self._read(X))
        return self._output_finite(found, like=X)

    def emptiness(self, X: MatrixLike) -> Array:
        """Compute how far latents are from those of the training rows.

        Where there are none, a decoder says nothing, and neither does its metric.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Latents.

        Returns
        -------
        array of shape (n_rows,)
            Height of the wall as a share: near 0 among the training latents, 0.05 where
            they are as thin as in two per cent of the places, 1 where there are none.

        Raises
        ------
        ValueError
            As of `inverse_transform`.
        """
        return self._output(self._surface.emptiness(self._read(X)), like=X)

    def geodesics(self, X: MatrixLike, Y: MatrixLike) -> Array:
        """Find a geodesic from each row of X to the same row of Y.

        Parameters
        ----------
        X : array-like of shape (n_curves, n_components)
            Latents at which curves begin.
        Y : array-like of shape (n_curves, n_components)
            Latents at which they end.

        Returns
        -------
        array of shape (n_curves, n_points, n_components)
            Latents along the curves, at nearly equal distances in rows.

        Raises
        ------
        ValueError
            If X and Y differ in shape, or as of `inverse_transform`.
        """
        points = self._surface.geodesics(*self._read_pairs(X, Y))
        points[:, 0], points[:, -1] = as_matrix(X), as_matrix(Y)
        return self._output(points, like=X)

    def paired_distances(self, X: MatrixLike, Y: MatrixLike) -> Array:
        """Measure the geodesic from each row of X to the same row of Y.

        Parameters
        ----------
        X : array-like of shape (n_pairs, n_components)
            Latents.
        Y : array-like of shape (n_pairs, n_components)
            Latents.

        Returns
        -------
        array of shape (n_pairs,)
            Distances, >= 0.

        Raises
        ------
        ValueError
            As of `geodesics`.
        """
        lengths = self._surface.paired_distances(*self._read_pairs(X, Y))
        return self._output_finite(lengths, like=X)

    def pairwise_distances(
        self, X: MatrixLike, Y: MatrixLike | None = None, *, refine: bool = True
    ) -> Array:
        """Measure the geodesics from all rows of X to all of Y.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Latents.
        Y : array-like of shape (n_columns, n_components), default=None
            Latents; None is X.
        refine : bool, default=True
            Whether to bend a curve for each pair, some milliseconds each. False
            measures shortest paths between neighbouring latents, a few percent longer.

        Returns
        -------
        array of shape (n_rows, n_columns)
            Distances, symmetric without Y.

        Raises
        ------
        ValueError
            As of `inverse_transform`.
        """
        sources = self._read(X)
        targets = None if Y is None else self._read(Y, "Y")
        found = self._surface.pairwise_distances(sources, targets, refine)
        return self._output_finite(found, like=X)

    def sample(self, n_samples: int = 1) -> Array:
        """Draw rows that cover the surface of the training rows evenly.

        Training rows are drawn by `sample_weight_`, their latents moved within their
        neighbourhood and decoded: so no row is where there were none.

        Parameters
        ----------
        n_samples : int, default=1
            How many, >= 1.

        Returns
        -------
        array of shape (n_samples, n_features)
            Decoded rows, without noise.

        Raises
        ------
        TypeError
            If `n_samples` is no integer.
        ValueError
            If `n_samples` is below 1.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        random_state = check_random_state(self.random_state)
        drawn = systematic_draws(self.sample_weight_, n_samples, random_state)
        latents = self._surface.units.of(self.embedding_.astype(np.float64))[drawn]
        moves = random_state.standard_normal(latents.shape)
        latents += _JITTER * self._radii[drawn, None] * moves
        return self._output(self._surface.rows(latents), like=self.embedding_)

    def _fit_decoder(self, latents, rows, units, frame, random_state):
        """What gives values and Jacobians, in units."""
        rows = rows.astype(np.float64)
        if self.decoder == "kernel_ridge":
            apart = placed(rows, frame, get_backend("cpu"))
            self.decoder_ = fit_kernel_decoder(
                units.of(latents), apart, self.n_centers, random_state
            )
            return self.decoder_
        self.decoder_, method = fit_model(
            clone(self.decoder, safe=False), self.transformer_, latents, rows
        )
        return ModelDecoder(self.decoder_, method, *units, frame.mean, frame.unit)

    def _fit_surface(self, latents, units, frame, decode, backend, random_state):
        """Neighbours and the wall; weights of the rows."""
        around = surroundings_of(
            units.of(latents),
            decode,
            self.n_neighbors,
            float(self.support),
            backend,
            random_state,
        )
        if self.decoder != "kernel_ridge":
            tell_if_still(around.still, self.decoder)
        self._surface = Surface(
            units, frame, decode, around.graph, around.support, self.n_points
        )
        self._radii = around.radii
        self.sample_weight_ = self._kept(around.weights, like=self.embedding_)

    def _read(self, X, name="X"):
        """Latents as users give them, in units."""
        check_is_fitted(self)
        latents = check_array(
            as_matrix(X), dtype=np.float64, input_name=name, ensure_min_samples=0
        )
        if latents.shape[1] != self.embedding_.shape[1]:
            raise ValueError(
                f"{name} has {latents.shape[1]} columns, and there are "
                f"{self.embedding_.shape[1]} latents."
            )
        return self._surface.units.of(latents)

    def _read_pairs(self, X, Y):
        sources, targets = self._read(X), self._read(Y, "Y")
        if len(sources) != len(targets):
            raise ValueError(
                f"X and Y must have as many rows, got {len(sources)} and "
                f"{len(targets)}."
            )
        return sources, targets

    def _output_finite(self, array, like):
        """What is too large for the width of X as the largest number that it holds."""
        largest = float(np.finfo(self._kept(np.zeros(1), like).dtype).max)
        return self._output(np.clip(array, -largest, largest), like)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
