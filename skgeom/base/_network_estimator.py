"""What estimators share that train a network."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import Backend, get_backend
from skgeom.base._estimator import GeometryEstimator
from skgeom.networks import Layer, Network, Settings, Trained, require_torch, train
from skgeom.typing import Array, NDArray


class NetworkEstimator(GeometryEstimator):
    """An estimator whose `fit` trains a network by `_learn`, and which keeps no torch.

    Sub-classes have the parameters that `_parameter_constraints` lists here, or some of
    them: `_learn` reads those that there are. What is fitted is NumPy arrays. Where
    torch is missing a class can be imported, made, cloned and loaded, and predicts;
    only `fit` needs it.

    Attributes
    ----------
    loss_curve_ : list of float
        Mean loss of each epoch.
    n_iter_ : int
        Epochs that were made.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.base import NetworkEstimator
    >>> from skgeom.networks import MLP, Scaling
    >>> class Squeeze(NetworkEstimator):
    ...     def __init__(self, max_iter=50, device="auto", random_state=None):
    ...         self.max_iter = max_iter
    ...         self.device = device
    ...         self.random_state = random_state
    ...     def fit(self, X, y=None):
    ...         Z = Scaling.of(self._validated(X, reset=True)).apply(X)
    ...         layers = {"down": MLP((3, 8, 1)), "up": MLP((1, 8, 3))}
    ...         def loss(net, x):
    ...             return ((net("up", net("down", x)) - x) ** 2).mean()
    ...         return self._learn(layers, loss, [Z], X)
    >>> X = np.linspace(-1, 1, 60)[:, None] ** [1, 2, 3]
    >>> model = Squeeze(random_state=0).fit(X)
    >>> bool(model.loss_curve_[-1] < model.loss_curve_[0])
    True
    """

    # What `fit` needs beside what is always installed.
    _requires = ("torch", "skorch")
    # `partial_fit` puts what is new in its place after all that can fail.
    _changes_last = True

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like"],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
    }

    loss_curve_: list[float]
    n_iter_: int

    def _hidden(self) -> tuple[int, ...]:
        """Sizes between, as a tuple."""
        sizes = np.atleast_1d(np.asarray(getattr(self, "hidden_layer_sizes", ())))
        whole = sizes.dtype.kind in "iu" or sizes.size == 0
        if sizes.ndim != 1 or not whole or not (sizes > 0).all():
            raise ValueError(
                "hidden_layer_sizes must be a sequence of integers above 0, got "
                f"{getattr(self, 'hidden_layer_sizes', ())!r}."
            )
        return tuple(int(size) for size in sizes)

    def _continues(self, once: bool = False) -> bool:
        """Whether training goes on from the network that there is."""
        return (once or getattr(self, "warm_start", False)) and hasattr(
            self, "_network"
        )

    def _torch_backend(self, X: Any) -> Backend:
        """The backend that trains: torch's, on the host where numba's was asked for."""
        backend = self._backend_for(X, reset=True)
        require_torch(type(self).__name__)
        return get_backend("torch-cpu") if backend.name == "numba" else backend

    def _learn(
        self,
        layers: Mapping[str, Layer],
        loss: Callable[..., Any],
        arrays: Sequence[NDArray],
        X: Any,
        *,
        once: bool = False,
        validation: Sequence[NDArray] | None = None,
        constants: Sequence[NDArray] = (),
        **settings: Any,
    ) -> Self:
        """Train a network of these layers, from the one before where that is wanted.

        `once` makes one epoch at a rate that does not fade: `partial_fit`. `settings`
        are those of `skgeom.networks.Settings` that are not parameters.
        """
        backend = self._torch_backend(X)
        starts = self._starts(layers, once)
        told = {**self._settings(once), **settings}
        # Those of scikit-learn see the epochs of all starts one after the other.
        n_epochs = len(starts) * Settings(**told).max_iter
        progress = None if once else self._progress(n_epochs, "loss")
        ends: list[tuple[float, Trained, int]] = []
        n_made = 0
        for network, seed in starts:
            found = train(
                network,
                loss,
                arrays,
                Settings(**{**told, "seed": seed}),
                backend,
                validation=validation,
                constants=constants,
                progress=getattr(self, "_training", None) if once else None,
                after_epoch=progress and (lambda k, v, n=n_made: progress(n + k, v)),
            )
            n_made += len(found.losses)
            ends.append((_reached(found), found, seed))
        if progress is not None:
            progress.close()
        _, found, seed = min(ends, key=lambda end: end[0])
        before = getattr(self, "loss_curve_", []) if once else []
        self._network, self._seed = found.network, seed
        self._training = found.progress
        self.loss_curve_ = [*before, *found.losses]
        self.n_iter_ = len(self.loss_curve_)
        if found.n_lost:
            warn(
                f"{type(self).__name__}: in {found.n_lost} of {len(found.losses)} "
                "epochs the loss was not finite, or grew without bound; these were "
                "taken back, at a lower rate each time. Choose a smaller "
                f"learning_rate than {self.learning_rate:g}.",
                ConvergenceWarning,
            )
        return self

    def _starts(self, layers, once):
        """Networks to start from, each with what decides its batches."""
        if self._continues(once):
            if dict(self._network.layers) != dict(layers):
                raise ValueError(
                    f"{type(self).__name__}: warm_start and partial_fit go on with the "
                    "network that there is, and X or the parameters ask for one of "
                    "other sizes. Make a new one with fit and warm_start=False."
                )
            return [(self._network, self._seed)]
        random_state = check_random_state(self.random_state)
        n_init = 1 if once else getattr(self, "n_init", 1)
        return [
            (
                Network.drawn(layers, random_state),
                int(random_state.randint(2**31 - 1)),
            )
            for _ in range(n_init)
        ]

    def _settings(self, once):
        """Settings from the parameters that there are."""
        known = self.get_params(deep=False)
        told = {name: known[name] for name in Settings._fields if name in known}
        if once:
            told |= {"max_iter": 1, "fades": False}
        return told

    def _compute(self, function: Callable[..., Array], Z: NDArray, X: Any) -> NDArray:
        """Compute something of rows by the trained network, where X is."""
        check_is_fitted(self, "_network")
        return self._network.compute(function, Z, self._backend_for(X))


def _reached(found):
    """The last loss that is a number, by which the better of two starts is known."""
    losses = found.validation_losses or found.losses
    return next((loss for loss in reversed(losses) if np.isfinite(loss)), np.inf)
