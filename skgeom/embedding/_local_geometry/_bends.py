"""How neighbourhoods bend: second fundamental forms by polynomials that are shrunk.

Offsets from the tangent plane are fitted by a polynomial of degree up to four in the
coordinates along it. Coefficients of degree three and four have a prior: zero, give or
take what they are on the whole (empirical Bayes: Morris, "Parametric empirical Bayes
inference", Journal of the American Statistical Association 78, 1983). Polynomials in
neighbourhoods estimate curvature at the best rate: Aamari and Levrard (2019).
"""

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from skgeom.backends import row_blocks
from skgeom.embedding._neighborhoods import fading_weights
from skgeom.graph import local_frames, nearest_neighbors
from skgeom.typing import NDArray

# Sizes of neighbourhoods that are tried, and members for each coefficient.
SIZES, PER_TERM = (30, 60, 120, 240, 480, 960), 2
# Neighbourhoods from which the noise and the prior are learned.
_SAMPLE = 120
# Largest dimension whose bends are measured.
MOST_DIMS = 10
# Times that a plane is tilted to where it touches.
_TILTS = 4
# Tangent coordinates that a chord may stretch, as a share of the radius.
_FLAT = 0.2
# Steps of expectation and maximisation, and the change at which they end.
_EM_STEPS, _EM_TOL = 12, 0.03
_RIDGE = 1e-10
# Variances of forms and of noise, in data of the size of one, that are as good as none.
_EXACT, _SILENT = 1e-10, 1e-12


class BendModel(NamedTuple):
    """What neighbourhoods of one dimension have in common.

    Attributes
    ----------
    n_members : int
        Rows of a neighbourhood.
    degree : int
        Of the polynomial, 2 to 4.
    noise : float
        Variance of the offsets.
    spreads : tuple of float
        Variances of the coefficients of degree three and above.
    """

    n_members: int
    degree: int
    noise: float
    spreads: tuple[float, ...]


class Bends(NamedTuple):
    """Second fundamental forms.

    Attributes
    ----------
    forms : ndarray of shape (n, n_normals, n_dims, n_dims)
        A form for each normal direction.
    normals : ndarray of shape (n, n_normals, n_features)
        These directions.
    axes : ndarray of shape (n, n_dims, n_features)
        Tangent directions that forms refer to.
    errors : ndarray of shape (n, 2)
        Variances of the trace, and of all entries summed, of each form.
    """

    forms: NDArray
    normals: NDArray
    axes: NDArray
    errors: NDArray

    def curvatures(self):
        """Mean and scalar curvature, without the bias of noise in squares."""
        n_normals, n_dims = self.forms.shape[1:3]
        of_trace, of_all = n_normals * self.errors.T
        traces = np.trace(self.forms, axis1=2, axis2=3)
        squares = (traces**2).sum(axis=1) - of_trace
        mean = np.sqrt(np.maximum(squares, 0.0)) / n_dims
        return mean, squares - (self.forms**2).sum(axis=(1, 2, 3)) + of_all


def monomials(n_dims, degree):
    """The coordinates that each monomial is the product of."""
    return [
        c
        for g in range(degree + 1)
        for c in combinations_with_replacement(range(n_dims), g)
    ]


def degree_for(n_dims, n_members):
    """Highest degree that neighbourhoods of so many members determine, or 0."""
    highest = 4 if n_dims <= 3 else 3 if n_dims <= 5 else 2
    for degree in range(highest, 1, -1):
        if PER_TERM * len(monomials(n_dims, degree)) <= n_members:
            return degree
    return 0


def learn_bends(points, rows, n_dims, n_members, backend):
    """Choose the size of neighbourhoods, and learn the noise and the prior.

    Sizes grow as long as the variance falls that forms have given the data. It counts
    the noise and, by the prior, how the shape bends otherwise than by a parabola.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Rows.
    rows : ndarray of shape (n,), int64
        Those of them that have this dimension.
    n_dims : int
        The dimension.
    n_members : int or "auto"
        Size of a neighbourhood, the row among them.
    backend : Backend
        Where neighbours are searched.

    Returns
    -------
    BendModel or None
        None where there is nothing that could bend, or too few rows to see it.
    """
    n, n_features = points.shape
    if not n_dims < n_features or n_dims > MOST_DIMS:
        return None
    sizes = [k for k in SIZES if k <= n] or [n]
    if n_members != "auto":
        sizes = [min(n_members, n)]
    # The same degree at all sizes, where there are rows enough.
    degree = degree_for(n_dims, sizes[-1])
    n_terms = len(monomials(n_dims, degree)) if degree else n
    sizes = [k for k in sizes if PER_TERM * n_terms <= k]
    rows = rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(int)]
    if not sizes:
        return None
    near = nearest_neighbors(
        points, points[rows], n_neighbors=sizes[-1], backend=backend
    )
    best, lowest = None, np.inf
    for size in sizes:
        part = (found[:, :size] for found in near)
        model = BendModel(size, degree, 0.0, (np.inf,) * (degree - 2))
        model, variance = _learned(points, points[rows], *part, n_dims, model)
        if variance >= lowest:
            break
        best, lowest = model, variance
        if lowest < _EXACT:
            break
    return best


def measure_bends(points, queries, distances, indices, n_dims, model):
    """Measure second fundamental forms at rows.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Rows that neighbourhoods are made of.
    queries : ndarray of shape (n, n_features)
        Where forms are measured: at their feet on the fitted surface.
    distances : ndarray of shape (n, n_members)
        Distances of members, in increasing order.
    indices : ndarray of shape (n, n_members), int64
        Members, as rows of `points`.
    n_dims : int
        The dimension.
    model : BendModel
        What is known of all neighbourhoods.

    Returns
    -------
    Bends
        Forms and the directions that they refer to.
    """
    patch = _Patch(points, queries, distances, indices, n_dims, model.degree)
    for _ in range(_TILTS):
        patch.prepare()
        coefficients, inverse = patch.solve(model)
        patch.tilt(coefficients)
    return patch.bends(coefficients, inverse, model)


def _learned(points, queries, distances, indices, n_dims, model):
    """The model of a size of neighbourhoods, and the variance that it leaves forms."""
    blocks = _blocks(len(queries), indices.shape[1], points.shape[1], n_dims, model)
    patches = [
        _Patch(points, queries[b], distances[b], indices[b], n_dims, model.degree)
        for b in blocks
    ]
    for _ in range(_TILTS):
        for patch in patches:
            patch.prepare()
        for _ in range(_EM_STEPS):
            before = model
            solved = [patch.solve(model) for patch in patches]
            model = _maximised(patches, solved, model)
            if model.noise < _SILENT:
                model = model._replace(spreads=(np.inf,) * len(model.spreads))
                break
            if before.noise and np.allclose(
                np.log(model.spreads), np.log(before.spreads), atol=_EM_TOL
            ):
                break
        for patch, (coefficients, _) in zip(patches, solved, strict=True):
            patch.tilt(coefficients)
    found = [p.bends(*s, model).errors for p, s in zip(patches, solved, strict=True)]
    return model, float(np.median(np.concatenate(found)[:, 1]))


def _maximised(patches, solved, model):
    """Noise and spreads that explain the solutions best."""
    seen = [p.explain(*s, model) for p, s in zip(patches, solved, strict=True)]
    noise = np.median(np.concatenate([noise for noise, _ in seen]))
    sizes = np.median(np.concatenate([sizes for _, sizes in seen]), axis=0)
    orders = patches[0].orders
    spreads = tuple(
        float(sizes[orders == degree].mean()) + 1e-20
        for degree in range(3, model.degree + 1)
    )
    return model._replace(noise=float(noise) + 1e-28, spreads=spreads)


def _blocks(n, n_members, n_features, n_dims, model):
    """Blocks of neighbourhoods whose scratch fits the memory."""
    n_terms = len(monomials(n_dims, model.degree))
    return row_blocks(n, 24 * n_members * (n_features + n_terms))


class _Patch:
    """A block of neighbourhoods, with the planes that polynomials stand on."""

    def __init__(self, points, queries, distances, indices, n_dims, degree):
        n_features = points.shape[1]
        n_normals = min(n_features - n_dims, n_dims * (n_dims + 1) // 2)
        self.weights = fading_weights(distances)
        frames = local_frames(points, indices, self.weights, n_dims + n_normals)
        self.members = points[indices]
        self.axes, self.normals = frames.axes[:, :n_dims], frames.axes[:, n_dims:]
        self.base = queries
        rim = distances[:, -1]
        self.radius = np.where(rim > 0, rim, 1.0)
        self.terms = monomials(n_dims, degree)
        self.orders = np.array([len(term) for term in self.terms])
        self.n_dims = n_dims

    def prepare(self):
        """Moments of the polynomials, in units of the radius."""
        offsets = (self.members - self.base[:, None]) / self.radius[:, None, None]
        along = offsets @ self.axes.transpose(0, 2, 1)
        normal = offsets @ self.normals.transpose(0, 2, 1)
        # Lengths of chords in place of their shadows: a sphere is a parabola then.
        squares = (along**2).sum(axis=2), (normal**2).sum(axis=2)
        stretch = np.sqrt(1.0 + squares[1] / np.maximum(squares[0], _FLAT**2))
        along *= stretch[:, :, None]
        columns = [np.ones(along.shape[:2])]
        places = {(): 0}
        for term in self.terms[1:]:
            places[term] = len(columns)
            columns.append(columns[places[term[:-1]]] * along[:, :, term[-1]])
        design = np.stack(columns, axis=2)
        weighted = (design * self.weights[:, :, None]).transpose(0, 2, 1)
        self.moments = weighted @ design
        self.sides = weighted @ normal
        self.total = np.einsum("nm,nme->n", self.weights, normal**2)
        self.n_counted = np.count_nonzero(self.weights > 1e-3, axis=1)

    def penalties(self, model):
        """What the prior adds to the diagonal of the moments."""
        found = np.zeros((len(self.base), len(self.orders)))
        for degree, spread in enumerate(model.spreads, start=3):
            size = self.radius ** (-2.0 * degree) * (model.noise / spread)
            found[:, self.orders == degree] = size[:, None]
        return found + _RIDGE * self.weights.shape[1]

    def solve(self, model):
        """Coefficients, and the inverse of the moments with the prior."""
        system = self.moments.copy()
        diagonal = np.arange(len(self.orders))
        system[:, diagonal, diagonal] += self.penalties(model)
        inverse = np.linalg.inv(system)
        return inverse @ self.sides, inverse

    def tilt(self, coefficients):
        """Turn planes by the slope, and move to where they touch the surface."""
        step = np.einsum("nef,ne->nf", self.normals, coefficients[:, 0])
        self.base = self.base + self.radius[:, None] * step
        slope = coefficients[:, 1 : self.n_dims + 1]
        axes = self.axes + slope @ self.normals
        both = np.concatenate([axes, self.normals], axis=1).transpose(0, 2, 1)
        turned = np.linalg.qr(both)[0].transpose(0, 2, 1)
        self.axes, self.normals = turned[:, : self.n_dims], turned[:, self.n_dims :]

    def explain(self, coefficients, inverse, model):
        """Noise of each neighbourhood, and squares of its coefficients."""
        n_normals = coefficients.shape[2]
        left = (
            self.total
            - 2 * (coefficients * self.sides).sum(axis=(1, 2))
            + (coefficients * (self.moments @ coefficients)).sum(axis=(1, 2))
        )
        used = np.einsum("nab,nba->n", inverse, self.moments)
        free = np.maximum(self.n_counted - used, 1.0) * n_normals
        noise = np.maximum(left, 0.0) * self.radius**2 / free
        squares = (coefficients**2).mean(axis=2)
        own = np.diagonal(inverse, axis1=1, axis2=2)
        squares = squares + own * (model.noise / self.radius**2)[:, None]
        return noise, squares * self.radius[:, None] ** (2.0 - 2.0 * self.orders)

    def bends(self, coefficients, inverse, model):
        """Second derivatives, and how far they may be off."""
        n_dims = self.n_dims
        first, second = np.triu_indices(n_dims)
        quadratic = slice(n_dims + 1, n_dims + 1 + len(first))
        found = coefficients[:, quadratic] / self.radius[:, None, None]
        shape = (len(self.base), found.shape[2], n_dims, n_dims)
        forms = np.zeros(shape)
        forms[:, :, first, second] = found.transpose(0, 2, 1)
        forms = forms + forms.transpose(0, 1, 3, 2)
        cov = inverse[:, quadratic, quadratic]
        cov = cov * (model.noise / self.radius**4)[:, None, None]
        squares = np.flatnonzero(first == second)
        of_trace = 4 * cov[:, squares][:, :, squares].sum(axis=(1, 2))
        scale = np.where(first == second, 4.0, 2.0)
        of_all = (np.diagonal(cov, axis1=1, axis2=2) * scale).sum(axis=1)
        errors = np.column_stack([of_trace, of_all])
        return Bends(forms, self.normals, self.axes, errors)
