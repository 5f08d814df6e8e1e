"""How a network is trained, what is kept between epochs, and what comes back."""

from typing import NamedTuple

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
    n_iter_no_change: int = 30
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
    first : ndarray of shape (n_weights,), float32
        Running mean of the gradient.
    second : ndarray of shape (n_weights,), float32
        Running mean of its square.
    n_steps : int
        Steps that were made.
    n_epochs : int
        Epochs that were made.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import Progress
    >>> Progress(np.zeros(3), np.zeros(3), n_steps=0, n_epochs=0).n_epochs
    0
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

    Examples
    --------
    >>> from skgeom.networks import Trained
    >>> Trained._fields[:2]
    ('network', 'losses')
    """

    network: Network
    losses: list[float]
    validation_losses: list[float]
    progress: Progress
    n_lost: int
