"""Telling noise from shape, and pulling noisy points back to the shape.

Each step is a plain function: find the scale from which a shape stands out, and project
neighbourhoods on the directions that do.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from skgeom.backends import CACHE_BYTES, Backend, row_blocks
from skgeom.graph._neighbors import nearest_neighbors
from skgeom.graph._truncation import drop_noise_directions, spread, unit_of
from skgeom.typing import NDArray

# Neighbourhoods that are looked at first, and smaller parts of them: where points are
# few, the larger ones reach round bends and to other parts of the shape.
_USUAL, _FINER = 50, (12, 25)
# Members by which a larger neighbourhood is represented.
_MEMBERS = 100
# Neighbourhoods hold no more than this share of the points.
_LARGEST_SHARE = 0.05
# Variance above the noise, as a share of all, by which a shape stands out.
_STANDS_OUT = 0.3
# The same share, from which points are clean and smoothing could only bend the shape:
# bends pass for noise where there are few features and few points.
_CLEAN = 0.9
# The same share, under which noise hides the shape.
_HIDDEN = 0.2
# Share of the variance above the noise that the kept directions hold.
_KEPT_SIGNAL = 0.9
# A direction with more signal than this share of its noise is kept when points are
# smoothed: to drop it would bend the shape more than noise does.
_WORTH_KEEPING = 0.5
# Directions from which on large neighbourhoods are smoothed by whole.
_WHOLE = 4
# Fewer points an axis cannot fill a space.
_POINTS_PER_AXIS = 4
# Clouds of noise that neighbourhoods are compared with.
_NOISE_CLOUDS = 100


def kept_directions(X, indices):
    """Directions that smoothing keeps in typical neighbourhoods.

    The median spectrum of neighbourhoods is compared with that of as many points in a
    ball of as many features, of the size of the weaker half of the directions: a
    parallel analysis (Horn, 1965). Kept are those that hold nine tenths of the variance
    above it: under noise, fewer than the dimension of the shape.
    """
    return _typical_spectrum(X, indices).dimension


def signal_share(X, indices):
    """Variance above that of noise, as a share of all, in typical neighbourhoods."""
    return _typical_spectrum(X, indices).share


def local_spectra(X, indices):
    """Variances in the directions of each neighbourhood, in increasing order."""
    return _spectra(_cloud(X, indices, unit_of(X))[1])


def smooth_locally(
    X: NDArray, *, n_neighbors: int | str = "auto", backend: Backend | None = None
) -> NDArray:
    r"""Pull points back to the planes that their neighbourhoods lie near.

    Each neighbourhood is projected on its principal directions, and each point moves
    to the mean of its projections on the planes of its nearest neighbours and its own.
    Kept are the directions that hold nine tenths of the variance above the noise, and
    all whose variance above it is more than half of the noise in them: the shape bends
    in these.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    n_neighbors : int or "auto", default="auto"
        Size of a neighbourhood; more than there are other points means all. "auto" is
        that of `local_scale` up to 50, and of a larger one a quarter for each direction
        of the shape, counted by :math:`(\sum s)^2 / \sum s^2` of the variances s above
        the noise; points are left alone if nine tenths of their local variance are
        above the noise, and if no shape stands out where there are points enough to
        fill the space, four an axis.
    backend : Backend, default=None
        Where neighbours are searched.

    Returns
    -------
    ndarray of shape (n_samples, n_features), float64
        The smoothed points.

    Notes
    -----
    A neighbourhood of more than 100 points is represented by about 100 of them: the
    planes are those of a random subset of the points, the same in every call.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import smooth_locally
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([rng.uniform(0, 9, 400), 0.1 * rng.normal(size=400)])
    >>> bool(smooth_locally(X)[:, 1].std() < 0.05)
    True
    """
    X = np.ascontiguousarray(X, dtype=np.float64)
    if len(X) < 3:
        return X
    auto = n_neighbors == "auto"
    scale = resolving_scale(X, backend) if auto else None
    return smooth_at_scale(X, n_neighbors, scale, backend)[0]


def smooth_at_scale(X, n_neighbors, scale, backend):
    """Smooth points whose `resolving_scale` is known, for "auto"; see `smooth_locally`.

    The second result is distances and indices of neighbours before smoothing, where
    all were searched, else None.
    """
    from skgeom.backends._numba._projections import mean_projections

    n, n_features = X.shape
    if n_neighbors == "auto":
        size, spectrum, share = scale
        # Planes of few directions need fewer points, and fewer bend the shape less.
        part = min(1.0, spectrum.n_effective / _WHOLE)
        size = size if size <= _USUAL else max(_USUAL, int(part * size))
        filled = spectrum.share < _STANDS_OUT and _fills_space(X)
        clean = share >= _CLEAN
        if filled or clean or spectrum.n_kept == n_features:
            return X, None
    else:
        size, spectrum = min(n_neighbors, n - 1), None
    anchors, k = _thinned(X, size)
    neighbors = nearest_neighbors(anchors, n_neighbors=k, backend=backend)
    own = np.arange(len(anchors))[:, None]
    near = members = np.concatenate([own, neighbors[1]], axis=1)
    if spectrum is None:
        spectrum = _typical_spectrum(anchors, members[spread(len(anchors))])
        if spectrum.n_kept == n_features:
            return X, None
    centers, axes = local_planes(anchors, members, spectrum.n_kept)
    if len(anchors) < n:
        near = nearest_neighbors(anchors, X, n_neighbors=k + 1, backend=backend)[1]
        neighbors = None
    return mean_projections(near, X, centers, axes), neighbors


def local_scale(
    X: NDArray, *, backend: Backend | None = None
) -> tuple[int, int, float]:
    """Size of neighbourhoods at which a shape stands out of the noise.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    backend : Backend, default=None
        Where neighbours are searched.

    Returns
    -------
    size : int
        12, 25, 50 and so on, until three tenths of the variance are above the noise or
        a twentieth of the points is reached, but 50 in any case; fewer if there are
        fewer points.
    dimension : int
        Directions that hold nine tenths of the variance above the noise in
        neighbourhoods of that size: for a shape that stands out, its dimension.
    signal : float
        Share of the variance above the noise, in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import local_scale
    >>> rng = np.random.default_rng(0)
    >>> plane = rng.uniform(size=(500, 2)) @ [[1, 0, 1], [0, 1, 1]]
    >>> size, dimension, signal = local_scale(plane + 0.01 * rng.normal(size=(500, 3)))
    >>> size, dimension, signal > 0.9
    (12, 2, True)
    """
    scale = resolving_scale(np.ascontiguousarray(X, np.float64), backend)
    return scale.size, scale.spectrum.dimension, scale.spectrum.share


class _Scale(NamedTuple):
    """Neighbourhoods in which a shape stands out, see `local_scale`."""

    size: int
    # Of the neighbourhoods of that size.
    spectrum: "_Spectrum"
    # Largest share of signal in neighbourhoods of the sizes that were looked at.
    share: float


def resolving_scale(X, backend):
    """The scale of `local_scale`, with what was seen on the way."""
    n = len(X)
    largest = min(n - 1, max(_USUAL, int(_LARGEST_SHARE * n)))
    size, share = min(_USUAL, n - 1), 0.0
    while True:
        anchors, k = _thinned(X, size)
        queries = anchors[spread(len(anchors))]
        members = nearest_neighbors(
            anchors, queries, n_neighbors=k + 1, algorithm="exact", backend=backend
        )[1]
        sizes = [*(finer for finer in _FINER if finer < size <= _USUAL), size]
        # Members are in the order of their distance.
        parts = [members[:, : part + 1] for part in sizes[:-1]]
        spectra = [_typical_spectrum(anchors, part) for part in [*parts, members]]
        share = max(share, *(spectrum.share for spectrum in spectra))
        for found, spectrum in zip(sizes, spectra, strict=True):
            if spectrum.share >= _STANDS_OUT:
                return _Scale(found, spectrum, share)
        if 2 * size > largest:
            return _Scale(size, spectra[-1], share)
        size *= 2


def noise_hides_shape(X: NDArray, *, backend: Backend | None = None) -> bool:
    """Tell whether neighbourhoods of points look alike in all directions, from noise.

    They do where less than a fifth of their variance stands above the noise, unless
    there are points enough to fill the space, four an axis: then that is the shape.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points; noise directions are dropped first, see `drop_noise_directions`.
    backend : Backend, default=None
        Where neighbours are searched.

    Returns
    -------
    bool
        False for fewer than three points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import noise_hides_shape
    >>> X = np.random.default_rng(0).uniform(size=(500, 3))
    >>> noise_hides_shape(X)
    False
    """
    if len(X) < 3:
        return False
    X = drop_noise_directions(X)
    return not _fills_space(X) and local_scale(X, backend=backend)[2] < _HIDDEN


def _fills_space(X):
    return len(X) >= _POINTS_PER_AXIS ** min(X.shape[1], 50)


class _Spectrum(NamedTuple):
    """Variances of a typical neighbourhood, from the strongest direction on."""

    signal: np.ndarray
    noise: np.ndarray

    @property
    def share(self):
        """Signal as a share of all variance."""
        total = self.signal.sum()
        return float(total / (total + self.noise.sum())) if total > 0 else 0.0

    @property
    def dimension(self):
        """Directions that hold nine tenths of the signal."""
        held = np.cumsum(self.signal)
        return 1 + int(np.count_nonzero(held < _KEPT_SIGNAL * held[-1]))

    @property
    def n_effective(self):
        """Directions as counted by their signal: as many as are equally strong."""
        squares = (self.signal**2).sum()
        return float(self.signal.sum() ** 2 / squares) if squares > 0 else 1.0

    @property
    def n_kept(self):
        """Directions that smoothing keeps."""
        worth = np.count_nonzero(self.signal > _WORTH_KEEPING * self.noise)
        return max(self.dimension, int(worth))


def _typical_spectrum(X, indices):
    """Split the median spectrum of neighbourhoods into signal and noise."""
    spectra, unit = [], unit_of(X)
    row_bytes = 8 * indices.shape[1] * X.shape[1]
    for rows in row_blocks(len(indices), row_bytes, CACHE_BYTES):
        _, cloud = _cloud(X, indices[rows], unit)
        spectra.append(_spectra(cloud))
    typical = np.maximum(np.median(np.concatenate(spectra), axis=0)[::-1], 0.0)
    noise = _noise_spectrum(indices.shape[1], X.shape[1])
    # Weaker half of the directions that so many members can have.
    rank = min(len(typical), indices.shape[1] - 1)
    weak = slice((rank + 1) // 2, rank)
    noise = noise * typical[weak].sum() / (noise[weak].sum() or 1.0)
    signal = typical - np.minimum(typical, noise)
    # Rounding is no direction.
    signal[signal <= 1e-12 * typical.sum()] = 0.0
    return _Spectrum(signal, typical - signal)


def anchor_rows(n, size):
    """Rows that represent neighbourhoods of `size` among n by about 100 members."""
    step = max(1, size // _MEMBERS)
    if step == 1:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).permutation(n)[: n // step])


def _thinned(X, size):
    """Points among which as many neighbours reach as far as `size` do among all."""
    rows = anchor_rows(len(X), size)
    if len(rows) == len(X):
        return X, size
    return np.ascontiguousarray(X[rows]), size // (size // _MEMBERS)


def _cloud(X, members, unit):
    """Centres of neighbourhoods, and their members around these in a unit."""
    cloud = X[members] / unit
    centers = cloud.mean(axis=1)
    cloud -= centers[:, None]
    return centers * unit, cloud


def _spectra(cloud):
    """Eigenvalues of the scatter matrix of each neighbourhood, in increasing order."""
    n_members, n_features = cloud.shape[1:]
    turned = cloud.transpose(0, 2, 1)
    if n_members >= n_features:
        return np.linalg.eigvalsh(turned @ cloud)
    # The smaller of the two products has the same eigenvalues, but for zeros.
    found = np.linalg.eigvalsh(cloud @ turned)
    return np.pad(found, ((0, 0), (n_features - n_members, 0)))


def local_planes(X, members, n_axes):
    """Centre and principal directions of each neighbourhood."""
    n, n_features, unit = len(members), X.shape[1], unit_of(X)
    centers, axes = np.empty((n, n_features)), np.empty((n, n_features, n_axes))
    for rows in row_blocks(n, 8 * members.shape[1] * n_features, CACHE_BYTES):
        centers[rows], cloud = _cloud(X, members[rows], unit)
        turned = cloud.transpose(0, 2, 1)
        if n_axes < members.shape[1] < n_features:
            # The rank is one less; directions without any variance are left at zero.
            vectors = np.linalg.eigh(cloud @ turned)[1][:, :, -n_axes:]
            vectors = turned @ vectors
            sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
            axes[rows] = vectors / np.where(sizes > 0, sizes, 1.0)
        else:
            vectors = np.linalg.eigh(turned @ cloud)[1]
            axes[rows] = vectors[:, :, n_features - n_axes :]
    return centers, axes


@lru_cache(maxsize=64)
def _noise_spectrum(n_members, n_features):
    """Median spectrum of points uniform in a ball, in decreasing order."""
    rng = np.random.default_rng(0)
    cloud = rng.standard_normal((_NOISE_CLOUDS, n_members, n_features))
    cloud /= np.linalg.norm(cloud, axis=2, keepdims=True)
    cloud *= rng.uniform(size=(*cloud.shape[:2], 1)) ** (1 / n_features)
    cloud -= cloud.mean(axis=1, keepdims=True)
    return np.median(_spectra(cloud), axis=0)[::-1]
