"""Autoencoders whose latent box is small (Chen and Fuge, 2024)."""

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import NetworkEstimator, with_callbacks
from skgeom.networks import MLP, Bound, Scaling
from skgeom.typing import Array, MatrixLike, NDArray, RandomStateLike

# Most axes where none are asked for.
_MOST_AXES = 16
# A side of the box counts as this much more than it is: below it there is no gain.
_LEAST_SIDE = 0.01


def least_volume_loss(net: Bound, x: Any, *, volume: float) -> Any:
    """Error of the reconstruction, and the geometric mean of the sides of the box."""
    xp, d = net.ops.xp, x.shape[1]
    z = net("encoder", x)
    error = net.ops.squared_error(net("decoder", z), x)
    sides = z.std(0, correction=0) / d**0.5
    return error + volume * xp.exp(xp.log(sides + _LEAST_SIDE).mean())


def errors_by_axes(net: Bound, told: Any, middle: Any, order: NDArray) -> Any:
    """Squared errors of rows by the first k axes, k = 1 .. m, the others at `middle`.

    `told` has the latent coordinates of the rows beside the rows, `order` the axes from
    the first to the last.
    """
    xp, m = net.ops.xp, len(order)
    latent, rows = told[:, :m], told[:, m:]
    rank = np.argsort(order)
    found = []
    for k in range(m):
        kept = xp.where(xp.asarray(rank <= k, device=told.device), latent, middle)
        found.append(xp.sum((net("decoder", kept) - rows) ** 2, axis=1))
    return xp.stack(found, axis=1)


class LeastVolumeAutoencoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, NetworkEstimator
):
    r"""Find as few axes as rows need: an autoencoder with a penalty on its volume.

    Encoder f and decoder g are trained to minimise [1]_

    .. math:: \frac{\operatorname{E} \|g(f(x)) - x\|^2}{\operatorname{E} \|x\|^2}
        + v \, \Big(\prod_i (s_i + \eta)\Big)^{1/m}

    with the standard deviations s of the m latent axes. Each matrix of g is divided by
    its largest singular value, so that g brings no two points further apart: an axis
    can only be made short if it says nothing. Axes are then sorted, and those that were
    not needed are constant.

    Read more in the :ref:`User Guide <least_volume>`.

    Parameters
    ----------
    n_components : int or None, default=None
        Axes to begin with; None is as many as columns, at most 16.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Sizes of the layers of the encoder; those of the decoder are in reverse.
    volume : float, default=0.2
        The v >= 0 of the formula. 0 is a plain autoencoder with a decoder that does
        not stretch; too much leaves one axis.
    importance_tol : float, default=0.01
        Axes count that are at least so long, as a share >= 0 of the root of the sum of
        the variances of the columns.
    n_init : int, default=1
        Times that training starts anew, of which the lowest loss is kept. A start in
        five or so ends with an axis too many: 4 are safe.
    max_iter : int, default=100
        Most epochs. Of few rows an epoch is few steps: take more.
    batch_size : int or "auto", default=128
        Rows of a step. "auto" is all of up to 512 rows, 256 of more.
    learning_rate : float, default=0.01
        Of Adam, > 0; falls to zero along a cosine. With a third of it more axes remain
        than are needed.
    tol : float, default=1e-5
        An epoch that lowers the loss by no more brings nothing.
    n_iter_no_change : int, default=30
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
    importances_ : ndarray of shape (n_components,)
        Lengths of the axes: standard deviations, in decreasing order, in the unit of X.
    n_effective_components_ : int
        How many of them count.
    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share of the variance that each axis adds to those before it; the sum of the
        first k is what k axes explain.
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
    sklearn.decomposition.PCA : The same with matrices, in closed form.
    skgeom.embedding.HeatGeodesicEmbedding : Coordinates that keep distances.

    Notes
    -----
    Columns are centred and have one scale in common: angles and ratios of distances are
    those of X, and so a column in small units says little. Rows beyond a million
    standard deviations of X are taken to be there.

    References
    ----------
    .. [1] Chen and Fuge, "Compressing latent space via least volume", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import LeastVolumeAutoencoder
    >>> angle = np.linspace(0, 2 * np.pi, 400)
    >>> X = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle)], axis=1)
    >>> model = LeastVolumeAutoencoder(random_state=0).fit(X)
    >>> model.n_effective_components_
    2
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "volume": [Interval(Real, 0, None, closed="left")],
        "importance_tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        hidden_layer_sizes: Sequence[int] = (64, 64),
        volume: float = 0.2,
        importance_tol: float = 0.01,
        n_init: int = 1,
        max_iter: int = 100,
        batch_size: int | str = 128,
        learning_rate: float = 0.01,
        tol: float = 1e-5,
        n_iter_no_change: int = 30,
        warm_start: bool = False,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.volume = volume
        self.importance_tol = importance_tol
        self.n_init = n_init
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
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Train encoder and decoder, and sort the axes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.
        y : None
            Ignored.

        Returns
        -------
        self : LeastVolumeAutoencoder
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X holds
            non-finite numbers, or `warm_start` meets a network of other sizes.
        ImportError
            If torch or skorch is missing.

        Warns
        -----
        ConvergenceWarning
            If the loss was not finite, or grew without bound.
        """
        return self._fitted(X, once=False)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: None = None) -> Self:
        """Train for one epoch; the first call decides units and sizes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.
        y : None
            Ignored.

        Returns
        -------
        self : LeastVolumeAutoencoder
            The fitted estimator.

        Raises
        ------
        ValueError
            As in `fit`, or if X has another number of columns than before.
        ImportError
            If torch or skorch is missing.
        """
        return self._fitted(X, once=True)

    def transform(self, X: MatrixLike) -> Array:
        """Compute the axes of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates in the unit of X, longest axis first, of mean zero in `fit`; in
            the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        rows = self._scaling.apply(self._validated(X, reset=False))
        return self._output(self._encoded(rows, X) * self._unit, like=X)

    def inverse_transform(
        self, X: MatrixLike, n_components: int | None = None
    ) -> Array:
        """Compute points from coordinates.

        Parameters
        ----------
        X : array-like of shape (n_rows, k)
            Coordinates on the k longest axes, k at most as many as there are. The
            others are at their mean, which drops them.
        n_components : int, default=None
            How many of the columns are used; None is all.

        Returns
        -------
        array of shape (n_rows, n_features)
            Points, in the namespace, width and device of X. Their distances are at
            most those of the coordinates.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has more columns than there are axes.
        """
        check_is_fitted(self)
        Z = check_array(as_numpy(X), dtype=[np.float64, np.float32], input_name="X")
        if Z.shape[1] > len(self.importances_):
            raise ValueError(
                f"X has {Z.shape[1]} columns, and there are {len(self.importances_)} "
                "axes."
            )
        Z = Scaling(np.zeros(1), np.full(1, self._unit)).apply(Z[:, :n_components])
        return self._output(self._scaling.invert(self._decoded(Z, X)), like=X)

    def _fitted(self, X, once):
        goes_on = self._continues(once)
        rows = self._validated(X, reset=not (once and goes_on))
        if not goes_on:
            self._scaling = Scaling.of(rows, together=True)
        # Columns of about the size of one train better; the loss is per column.
        rows = self._scaling.apply(rows)
        loss = partial(least_volume_loss, volume=self.volume)
        self._learn(self._layers(rows.shape[1]), loss, [rows], X, once=once)
        self._sort_axes(rows, X)
        return self

    def _layers(self, d):
        m = min(d, _MOST_AXES) if self.n_components is None else self.n_components
        sizes = (d, *self._hidden(), m)
        return {
            "encoder": MLP(sizes, "leaky_relu"),
            "decoder": MLP(sizes[::-1], "leaky_relu", contraction=True),
        }

    def _sort_axes(self, rows, X):
        """Order and mean of the axes, and what the first of them explain."""
        # Scaled so that the mean of squares of all numbers is one.
        self._unit = float(self._scaling.scale[0])
        latent = self._compute(lambda net, x: net("encoder", x), rows, X)
        lengths = latent.std(axis=0)
        self._order = np.argsort(-lengths, kind="stable")
        self._middle = latent.mean(axis=0)
        self.importances_ = self._kept(lengths[self._order] * self._unit, like=X)
        counted = lengths >= self.importance_tol * rows.shape[1] ** 0.5
        self.n_effective_components_ = int(counted.sum())
        told = np.concatenate([latent, rows], axis=1)
        errors = self._compute(self._errors, told, X).sum(axis=0)
        total = (rows**2).sum()
        left = errors / total if total > 0 else np.ones(len(errors))
        self.explained_variance_ratio_ = self._kept(-np.diff(left, prepend=1.0), like=X)

    def _errors(self, net, told):
        middle = net.ops.xp.asarray(self._middle, dtype=told.dtype, device=told.device)
        return errors_by_axes(net, told, middle, self._order)

    def _encoded(self, rows, X):
        latent = self._compute(lambda net, x: net("encoder", x), rows, X)
        return (latent - self._middle)[:, self._order]

    def _decoded(self, Z, X):
        """Scaled points from the first axes, the others at their mean."""
        latent = np.tile(self._middle, (len(Z), 1))
        latent[:, self._order[: Z.shape[1]]] += Z
        return self._compute(lambda net, z: net("decoder", z), latent, X)

    @property
    def _n_features_out(self):
        return len(self.importances_)
