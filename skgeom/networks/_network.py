"""A network: layers by name and their weights, as NumPy arrays."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from skgeom.backends import Backend, row_blocks, scratch_bytes
from skgeom.networks._layers import Layer, Operations
from skgeom.typing import Array, NDArray


class Bound:
    """Layers whose weights are arrays of one namespace, called by their names.

    Parameters
    ----------
    layers : mapping of str to Layer
        The layers.
    weights : dict of str to dict of str to array
        Of each layer its own, of the shapes that it draws.
    ops : Operations
        Of the namespace of the weights.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import MLP, Bound, Operations
    >>> layer = MLP((2, 1))
    >>> weights = {"head": {"W0": np.ones((2, 1)), "b0": np.zeros(1)}}
    >>> Bound({"head": layer}, weights, Operations(np))("head", np.ones((1, 2)))
    array([[2.]])
    """

    def __init__(
        self, layers: Mapping[str, Layer], weights: dict[str, dict], ops: Operations
    ):
        self.layers = layers
        self.weights = weights
        self.ops = ops

    def __call__(self, name: str, *arrays: Array) -> Any:
        """Compute what a layer makes of arrays.

        Parameters
        ----------
        name : str
            Of the layer.
        *arrays : array of shape (n_rows, n_in)
            What goes in.

        Returns
        -------
        array of shape (n_rows, n_out)
            Or a tuple of them, as the layer says.
        """
        return self.layers[name](self.weights[name], self.ops, *arrays)

    def inverse(self, name: str, *arrays: Array) -> Any:
        """Undo what a layer does, where it can be undone.

        Parameters
        ----------
        name : str
            Of the layer.
        *arrays : array of shape (n_rows, n_out)
            What came out.

        Returns
        -------
        array of shape (n_rows, n_in)
            What went in.
        """
        layer: Any = self.layers[name]
        return layer.inverse(self.weights[name], self.ops, *arrays)


class Network:
    """Layers and weights, of NumPy alone: kept by an estimator, loaded without torch.

    Parameters
    ----------
    layers : mapping of str to Layer
        The layers.
    weights : dict of str to dict of str to ndarray
        Of each layer its own, of the shapes that it draws, float32.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import MLP, Network
    >>> net = Network.drawn({"head": MLP((2, 8, 3))}, np.random.RandomState(0))
    >>> net.compute(lambda net, x: net("head", x), np.ones((5, 2))).shape
    (5, 3)
    """

    def __init__(
        self, layers: Mapping[str, Layer], weights: dict[str, dict[str, NDArray]]
    ):
        self.layers = layers
        self.weights = weights

    @classmethod
    def drawn(
        cls, layers: Mapping[str, Layer], random_state: np.random.RandomState
    ) -> Self:
        """Draw the first weights of layers, in their order.

        Parameters
        ----------
        layers : mapping of str to Layer
            The layers.
        random_state : RandomState
            Where from; no other generator is touched.

        Returns
        -------
        Network
            Untrained.
        """
        return cls(layers, {k: v.initial(random_state) for k, v in layers.items()})

    def bound(self, backend: Backend | None = None) -> Bound:
        """Bring the weights to where they are used, in double precision.

        Parameters
        ----------
        backend : Backend or None, default=None
            Whose arrays; None is NumPy's.

        Returns
        -------
        Bound
            Layers that can be called.
        """
        xp: Any = np if backend is None else backend.xp
        arrays = [w for own in self.weights.values() for w in own.values()]
        flat: Any = np.concatenate([np.zeros(0), *(w.ravel() for w in arrays)])
        if backend is not None:  # all of them on one way
            flat = backend.asarray(flat, dtype=backend.float64)
        weights: dict[str, dict] = {}
        start = 0
        for layer, own in self.weights.items():
            weights[layer] = {}
            for name, w in own.items():
                part = flat[start : start + w.size]
                weights[layer][name] = xp.reshape(part, w.shape)
                start += w.size
        return Bound(self.layers, weights, Operations(xp))

    def compute(
        self, function: Callable[..., Array], X: NDArray, backend: Backend | None = None
    ) -> NDArray:
        """Compute something of rows, block by block, each row independently.

        Parameters
        ----------
        function : callable
            ``function(net, rows)`` of a `Bound` and rows returns an array of as many
            rows.
        X : ndarray of shape (n_rows, n_features)
            Rows.
        backend : Backend or None, default=None
            Where to compute; None is NumPy.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            What was computed, on the host, float64 but where the device has none.
        """
        on_host = backend is None or backend.name == "numba"
        where = None if on_host else backend
        net = self.bound(where)
        widest = max(
            (w.size for own in self.weights.values() for w in own.values()), default=1
        )
        columns = X.shape[1] + int(widest**0.5) + 64
        found = []
        for rows in row_blocks(len(X), 8 * columns, scratch_bytes(X)):
            block = np.asarray(X[rows], dtype=np.float64)
            if where is None:
                found.append(function(net, block))
            else:
                block = where.asarray(block, dtype=where.float64)
                found.append(where.to_numpy(function(net, block)))
        return np.concatenate(found)
