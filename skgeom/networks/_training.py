"""How a network is trained: settings, the state between epochs, and what comes back.

torch and skorch are imported here on first use alone.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from skgeom.backends import Backend
from skgeom.networks._layers import Loss
from skgeom.networks._network import Network
from skgeom.typing import NDArray

# Rows up to which "auto" takes all of them at once, and the size of batches of more.
_ALL_AT_ONCE, _BATCH = 512, 256


class Settings(NamedTuple):
    """How to train.

    Attributes
    ----------
    learning_rate : float
        Of Adam (Kingma and Ba, 2015).
    batch_size : int or "auto"
        Rows of a step; "auto" is all of up to 512, or 256.
    max_iter : int
        Most epochs.
    tol : float
        An epoch that lowers the loss by no more brings nothing.
    n_iter_no_change : int
        Epochs in a row that bring nothing, after which training ends.
    fades : bool
        Whether the rate falls to zero over `max_iter` epochs, along a cosine.
    alpha : float
        Weight of half the sum of squared weights.
    clip : float or None
        Largest norm of a gradient.
    keep_best : bool
        Whether the weights of the epoch with the lowest loss on validation rows are
        kept, not the last.
    seed : int
        Decides the batches.

    Examples
    --------
    >>> from skgeom.networks import Settings
    >>> Settings(learning_rate=1e-2).rows_of_a_step(2000)
    256
    """

    learning_rate: float = 1e-3
    batch_size: int | str = "auto"
    max_iter: int = 100
    tol: float = 1e-4
    n_iter_no_change: int = 10
    fades: bool = True
    alpha: float = 0.0
    clip: float | None = None
    keep_best: bool = False
    seed: int = 0

    def rows_of_a_step(self, n_rows: int) -> int:
        """Say how many rows a step has.

        Parameters
        ----------
        n_rows : int
            How many there are.

        Returns
        -------
        int
            At least 1, at most `n_rows`.
        """
        if isinstance(self.batch_size, str):
            return n_rows if n_rows <= _ALL_AT_ONCE else _BATCH
        return min(self.batch_size, n_rows)


class Progress(NamedTuple):
    """What Adam knows between two calls, to go on as if there had been one.

    Attributes
    ----------
    first, second : ndarray of shape (n_weights,), float32
        Running means of the gradient and of its squares.
    n_steps : int
        Steps that were made.
    n_epochs : int
        Epochs that were made.
    """

    first: NDArray
    second: NDArray
    n_steps: int
    n_epochs: int


class Trained(NamedTuple):
    """What training returns.

    Attributes
    ----------
    network : Network
        With its learned weights.
    losses : list of float
        Mean loss of each epoch.
    validation_losses : list of float
        The same on validation rows; empty without them.
    progress : Progress
        To go on from.
    n_lost : int
        Epochs that were taken back because a number was not finite or grew without
        bound.
    """

    network: Network
    losses: list[float]
    validation_losses: list[float]
    progress: Progress
    n_lost: int


def require_torch(name: str) -> None:
    """Say how to install what trains networks, where it is not.

    Parameters
    ----------
    name : str
        Of the estimator.

    Raises
    ------
    ImportError
        If torch or skorch is missing.

    Examples
    --------
    >>> from skgeom.networks import require_torch
    >>> try:
    ...     require_torch("MyNetwork")
    ... except ImportError as error:
    ...     print(error)
    """
    try:
        import skorch  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{name} needs torch and skorch to fit. Install them with `pip install "
            "'skgeom[torch]'`."
        ) from error


def train(
    network: Network,
    loss: Loss,
    arrays: Sequence[NDArray],
    settings: Settings,
    backend: Backend,
    *,
    validation: Sequence[NDArray] | None = None,
    constants: Sequence[NDArray] = (),
    progress: Progress | None = None,
    after_epoch: Callable[[int, float], Any] | None = None,
) -> Trained:
    """Minimise the mean of a loss over batches of rows, by Adam.

    The weights of the network that is given do not change. An epoch after which a
    number is not finite is taken back, and the rate halved. No global generator is
    touched, nor does the result depend on the number of threads.

    Parameters
    ----------
    network : Network
        Where to start.
    loss : callable
        ``loss(net, *constants, *batch)`` returns a scalar tensor; ``net`` is a `Bound`
        on tensors, ``net.ops.xp`` their namespace.
    arrays : sequence of ndarray of shape (n_rows, ...)
        Rows, of which a batch is a part; floats are trained on as float32.
    settings : Settings
        How.
    backend : Backend
        That of torch, on any device.
    validation : sequence of ndarray of shape (n_held_out, ...), default=None
        Rows that are held out, to end by and to choose the epoch by.
    constants : sequence of ndarray of any shape, default=()
        What a loss needs whole in each step.
    progress : Progress, default=None
        Where training goes on; None starts.
    after_epoch : callable, default=None
        ``after_epoch(n, loss)`` is called after each epoch; training ends if it
        returns True.

    Returns
    -------
    Trained
        The network, its losses, and what is needed to go on.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.networks import MLP, Network, Settings, train
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> net = Network.drawn({"head": MLP((1, 16, 1))}, np.random.RandomState(0))
    >>> found = train(
    ...     net,
    ...     lambda net, x, y: ((net("head", x) - y) ** 2).mean(),
    ...     [X, X**2],
    ...     Settings(learning_rate=1e-2, max_iter=200, tol=0.0),
    ...     get_backend("torch-cpu"),
    ... )
    >>> bool(found.losses[-1] < 0.05 * found.losses[0])
    True
    """
    from skgeom.networks._trainer import run

    return run(
        network,
        loss,
        arrays,
        settings,
        backend,
        validation=validation,
        constants=constants,
        progress=progress,
        after_epoch=after_epoch,
    )
