"""Training a network: torch and skorch are imported here, on first use alone."""

from collections.abc import Callable, Sequence
from typing import Any

from skgeom.backends import Backend
from skgeom.networks._layers import Loss
from skgeom.networks._network import Network
from skgeom.networks._records import Progress, Settings, Trained
from skgeom.typing import NDArray


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
    ...     Settings(learning_rate=0.03, max_iter=300, tol=0.0),
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
