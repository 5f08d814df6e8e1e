"""Layers as data: sizes, first weights, and what is computed on any array namespace.

A layer knows no engine. torch trains it, on tensors; what is fitted predicts on NumPy
arrays, in double precision, where torch need not be installed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from skgeom.typing import Array, NDArray

# Names of weights that begin so are not learned: they are drawn, or kept up by a layer.
FIXED = "_"


class Operations:
    """What layers need of arrays, in the words of an array namespace.

    Parameters
    ----------
    xp : namespace
        Of NumPy or torch.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import Operations
    >>> ops = Operations(np)
    >>> ops.linear(np.ones((1, 2)), np.ones((2, 3)), np.zeros(3))
    array([[2., 2., 2.]])
    """

    def __init__(self, xp: Any):
        self.xp = xp

    def linear(self, x: Array, W: Array, b: Array) -> Array:
        """Affine map of rows.

        Parameters
        ----------
        x : array of shape (n_rows, n_in)
            Rows.
        W : array of shape (n_in, n_out)
            Matrix.
        b : array of shape (n_out,)
            Offset.

        Returns
        -------
        array of shape (n_rows, n_out)
            x W + b.
        """
        return x @ W + b

    def silu(self, x: Array) -> Array:
        """X times its logistic function, by a tangent that does not overflow.

        Parameters
        ----------
        x : array of any shape
            Numbers.

        Returns
        -------
        array of the shape of x
            Smooth, at least -0.28, and x itself for large x.
        """
        half = 0.5 * x
        return half * self.xp.tanh(half) + half

    def leaky_relu(self, x: Array) -> Array:
        """X where it is positive, a fifth of it elsewhere.

        Parameters
        ----------
        x : array of any shape
            Numbers.

        Returns
        -------
        array of the shape of x
            Of slopes 1 and 0.2.
        """
        return self.xp.where(x > 0, x, 0.2 * x)

    def squared_error(self, x: Array, y: Array) -> Array:
        """Mean of squared differences.

        Parameters
        ----------
        x : array of shape (n_rows, n_columns)
            Numbers.
        y : array of shape (n_rows, n_columns)
            Numbers.

        Returns
        -------
        array of shape ()
            The mean over all of them.
        """
        return self.xp.mean((x - y) ** 2)

    def log_softmax(self, x: Array) -> Array:
        """Logarithms of the softmax of each row.

        Parameters
        ----------
        x : array of shape (n_rows, n_classes)
            Numbers.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Numbers <= 0, whose exponentials add up to 1.
        """
        x = x - self.xp.max(x, axis=1, keepdims=True)
        return x - self.xp.log(self.xp.sum(self.xp.exp(x), axis=1, keepdims=True))

    def spectral_norm(self, W: Array, weights: dict, name: str) -> Array:
        """Largest singular value of a matrix.

        Parameters
        ----------
        W : array of shape (n_in, n_out)
            Matrix.
        weights : dict of str to array
            Where training keeps a vector that follows the first singular vector.
        name : str
            Of that vector, shape (n_out,).

        Returns
        -------
        array of shape ()
            The value; exact, but in training, where it follows W.
        """
        return self.xp.linalg.svdvals(W)[0]


class Layer(Protocol):
    """A part of a network: frozen, of plain numbers, and compared by them.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import Layer, Network, Operations
    >>> class Shift:
    ...     def initial(self, random_state):
    ...         return {"b": random_state.uniform(size=2).astype(np.float32)}
    ...     def __call__(self, weights, ops, x):
    ...         return x + weights["b"]
    >>> layers: dict[str, Layer] = {"shift": Shift()}
    >>> net = Network.drawn(layers, np.random.RandomState(0))
    >>> net.compute(lambda net, x: net("shift", x), np.zeros((1, 2))).round(2)
    array([[0.55, 0.72]])
    """

    def initial(self, random_state: np.random.RandomState) -> dict[str, NDArray]:
        """Draw the first weights.

        Parameters
        ----------
        random_state : RandomState
            Where from.

        Returns
        -------
        dict of str to ndarray
            Each of its own shape; float32.
        """
        ...

    def __call__(self, weights: dict, ops: Operations, x: Array) -> Any:
        """Compute what the layer makes of rows.

        Parameters
        ----------
        weights : dict of str to array
            Shaped as those of `initial`.
        ops : Operations
            Of the namespace of x.
        x : array of shape (n_rows, n_in)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_out)
            Or a tuple of arrays.
        """
        ...


@dataclass(frozen=True)
class MLP:
    """Affine maps with a nonlinearity between them.

    Attributes
    ----------
    sizes : tuple of int
        Columns that go in, those between, and those that come out.
    activation : {"silu", "leaky_relu"}
        The nonlinearity, which does not stretch by more than 1.1 or 1.
    contraction : bool
        Whether each matrix is divided by its largest singular value: with leaky_relu
        the map then brings no two rows further apart.
    from_zero : bool
        Whether the last map is zero before training.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import MLP, Network
    >>> net = Network.drawn({"head": MLP((2, 8, 1))}, np.random.RandomState(0))
    >>> net.compute(lambda net, x: net("head", x), np.ones((3, 2))).shape
    (3, 1)
    """

    sizes: tuple[int, ...]
    activation: str = "silu"
    contraction: bool = False
    from_zero: bool = False

    def initial(self, random_state: np.random.RandomState) -> dict[str, NDArray]:
        """Draw weights uniformly, within one over the root of the columns that go in.

        Parameters
        ----------
        random_state : RandomState
            Where from.

        Returns
        -------
        dict of str to ndarray
            Matrices W0, W1, ... of shape (n_in, n_out), offsets b0, b1, ...; float32.
        """
        found: dict[str, NDArray] = {}
        last = len(self.sizes) - 2
        for k, (n_in, n_out) in enumerate(
            zip(self.sizes, self.sizes[1:], strict=False)
        ):
            reach = max(n_in, 1) ** -0.5
            if self.from_zero and k == last:
                reach = 0.0
            W = random_state.uniform(-reach, reach, (n_in, n_out))
            b = random_state.uniform(-reach, reach, n_out)
            found |= {f"W{k}": W.astype(np.float32), f"b{k}": b.astype(np.float32)}
            if self.contraction:
                u = random_state.standard_normal(n_out)
                found[f"{FIXED}u{k}"] = (u / np.linalg.norm(u)).astype(np.float32)
        return found

    def __call__(self, weights: dict, ops: Operations, x: Array) -> Array:
        """Compute the map.

        Parameters
        ----------
        weights : dict of str to array
            Shaped as those of `initial`.
        ops : Operations
            Of the namespace of x.
        x : array of shape (n_rows, n_in)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_out)
            What comes out.
        """
        bend = getattr(ops, self.activation)
        last = len(self.sizes) - 2
        for k in range(last + 1):
            W = weights[f"W{k}"]
            if self.contraction:
                W = W / ops.spectral_norm(W, weights, f"{FIXED}u{k}")
            x = ops.linear(x, W, weights[f"b{k}"])
            if k < last:
                x = bend(x)
        return x


@dataclass(frozen=True)
class FourierFeatures:
    """Cosines and sines of j half turns over [-1, 1], j = 0 .. n_frequencies - 1.

    A small network of them makes waves that one of the plain number would take very
    long to learn (Tancik et al., 2020).

    Attributes
    ----------
    n_frequencies : int
        Number of frequencies.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import FourierFeatures, Operations
    >>> t = np.linspace(-1, 1, 5)[:, None]
    >>> FourierFeatures(3)({}, Operations(np), t).shape
    (5, 6)
    """

    n_frequencies: int

    def initial(self, random_state: np.random.RandomState) -> dict[str, NDArray]:
        """Say that there is nothing to learn.

        Parameters
        ----------
        random_state : RandomState
            Not used.

        Returns
        -------
        dict of str to ndarray
            Empty, without arrays of any shape.
        """
        return {}

    def __call__(self, weights: dict, ops: Operations, x: Array) -> Array:
        """Compute the waves.

        Parameters
        ----------
        weights : dict of str to array
            Empty.
        ops : Operations
            Of the namespace of x.
        x : array of shape (n_rows, n_in)
            Numbers, in [-1, 1] where the waves are to be told apart.

        Returns
        -------
        array of shape (n_rows, 2 n_in n_frequencies)
            All cosines, then all sines.
        """
        turn = 0.5 * np.pi * (x + 1)
        waves = [j * turn for j in range(self.n_frequencies)]
        of_waves = ops.xp.concat(waves, axis=1)
        return ops.xp.concat([ops.xp.cos(of_waves), ops.xp.sin(of_waves)], axis=1)


@dataclass(frozen=True)
class Coupling:
    """Affine coupling: half of the columns say how to stretch and move the others.

    Inverted as cheaply as computed (Dinh et al., 2017). The logarithm of a stretch is
    within `reach`, by a tangent.

    Attributes
    ----------
    n_features : int
        Columns, at least 2.
    parity : int
        0 where the even columns stay, 1 where the odd ones do.
    hidden : tuple of int
        Sizes between, of the network that decides.
    reach : float
        Bound of the logarithm of a stretch.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import Coupling, Operations
    >>> layer, ops = Coupling(3, 0, (8,)), Operations(np)
    >>> weights = layer.initial(np.random.RandomState(0))
    >>> x = np.arange(6.0).reshape(2, 3)
    >>> y, log_stretch = layer(weights, ops, x)
    >>> bool(np.allclose(layer.inverse(weights, ops, y), x))
    True
    """

    n_features: int
    parity: int
    hidden: tuple[int, ...]
    reach: float = 2.0

    @property
    def _decides(self):
        n_kept = (self.n_features + 1 - self.parity) // 2
        out = 2 * (self.n_features - n_kept)
        return MLP((n_kept, *self.hidden, out), from_zero=True)

    def initial(self, random_state: np.random.RandomState) -> dict[str, NDArray]:
        """Draw weights that leave rows as they are.

        Parameters
        ----------
        random_state : RandomState
            Where from.

        Returns
        -------
        dict of str to ndarray
            Those of an MLP, of its shapes, float32.
        """
        return self._decides.initial(random_state)

    def _affine(self, weights, ops, kept):
        told = self._decides(weights, ops, kept)
        n = told.shape[1] // 2
        return self.reach * ops.xp.tanh(told[:, :n] / self.reach), told[:, n:]

    def _joined(self, ops, kept, moved):
        """Columns in their order again."""
        n = min(kept.shape[1], moved.shape[1])
        pair = [kept, moved] if self.parity == 0 else [moved, kept]
        woven = ops.xp.stack([part[:, :n] for part in pair], axis=2)
        woven = ops.xp.reshape(woven, (kept.shape[0], 2 * n))
        return ops.xp.concat([woven, pair[0][:, n:]], axis=1)

    def __call__(self, weights: dict, ops: Operations, x: Array) -> tuple[Array, Array]:
        """Stretch and move the columns that do not stay.

        Parameters
        ----------
        weights : dict of str to array
            Shaped as those of `initial`.
        ops : Operations
            Of the namespace of x.
        x : array of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        y : array of shape (n_rows, n_features)
            Rows.
        log_stretch : array of shape (n_rows,)
            Logarithm of the volume that a small cube of volume 1 becomes.
        """
        kept, moved = x[:, self.parity :: 2], x[:, 1 - self.parity :: 2]
        log_scale, shift = self._affine(weights, ops, kept)
        moved = moved * ops.xp.exp(log_scale) + shift
        return self._joined(ops, kept, moved), ops.xp.sum(log_scale, axis=1)

    def inverse(self, weights: dict, ops: Operations, y: Array) -> Array:
        """Undo the map.

        Parameters
        ----------
        weights : dict of str to array
            Shaped as those of `initial`.
        ops : Operations
            Of the namespace of y.
        y : array of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_features)
            The rows that become y.
        """
        kept, moved = y[:, self.parity :: 2], y[:, 1 - self.parity :: 2]
        log_scale, shift = self._affine(weights, ops, kept)
        return self._joined(ops, kept, (moved - shift) * ops.xp.exp(-log_scale))


Loss = Callable[..., Array]
