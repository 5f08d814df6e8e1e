"""Charts of hyperbolic space as features for any learner."""

from numbers import Integral
from typing import Self

import numpy as np
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.geometry._chart_rows import CHARTS, from_chart, to_chart
from skgeom.hyperbolic._spherical_codes import spherical_code
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray


def angle_coordinates(points: NDArray) -> NDArray:
    r"""Signed distances to the origin along each axis, seen from the axis.

    :math:`a_k = \operatorname{artanh}(x_k / x_0)` with ambient coordinates x: the level
    sets are geodesic hyperplanes that meet the axis at a right angle at distance
    :math:`a_k`. A threshold on one of them is the split of hyperbolic decision trees
    [1]_, and the mean of two values is the point half-way between their planes.

    Parameters
    ----------
    points : ndarray of shape (n, n_components + 1)
        Polar coordinates.

    Returns
    -------
    ndarray of shape (n, n_components)
        From minus the radius to the radius.

    References
    ----------
    .. [1] Chlenski, Turok, Moretti and Pe'er, "Fast hyperboloid decision tree
       algorithms", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._hyperbolic_coordinates import angle_coordinates
    >>> angle_coordinates(np.array([[30.0, 1.0, 0.0]])).round(6)
    array([[30.,  0.]])
    """
    r, u = points[:, :1], points[:, 1:]
    n_components = u.shape[1]
    # Of the other axes, not one minus the square of this one: digits near the axis.
    others = [
        np.hypot.reduce(np.delete(u, axis, axis=1), axis=1, initial=0.0)
        for axis in range(n_components)
    ]
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1.0 / np.sinh(r)
        ratio = u / np.hypot(inverse, np.column_stack(others))
    return np.where(r > 0, np.arcsinh(ratio), 0.0)


def from_angle_coordinates(rows: NDArray) -> NDArray:
    """Polar coordinates of rows of `angle_coordinates`.

    Parameters
    ----------
    rows : ndarray of shape (n, n_components)
        Such that there is a point: the squares of their hyperbolic tangents add up to
        less than one.

    Returns
    -------
    ndarray of shape (n, n_components + 1)
        Polar coordinates.

    Raises
    ------
    ValueError
        If there is no point for a row.
    """
    return from_chart(np.tanh(rows.astype(np.float64)), "klein", "output_space")


def busemann_functions(points: NDArray, ideal: NDArray) -> NDArray:
    r"""Signed distances to horospheres through the origin.

    :math:`\log (\cosh r - \sinh r \langle u, b \rangle)`, least in the direction of b.

    Parameters
    ----------
    points : ndarray of shape (n, n_components + 1)
        Polar coordinates.
    ideal : ndarray of shape (m, n_components)
        Unit vectors, points at infinity.

    Returns
    -------
    ndarray of shape (n, m)
        From minus the radius to the radius.
    """
    r, u = points[:, :1], points[:, 1:]
    apart = np.zeros((len(points), len(ideal)))
    for axis in range(u.shape[1]):
        apart += np.subtract.outer(u[:, axis], ideal[:, axis]) ** 2
    # One minus the cosine is half of it; in units of the exponential of the radius.
    return r + np.log(apart / 4 + np.exp(-2 * r) * (1 - apart / 4))


def _can_invert(self):
    """Whether there is a way back: of horospheres there is none in closed form."""
    return self.output_space != "horosphere"


class HyperbolicCoordinates(TransformerMixin, GeometryEstimator):
    """Turn rows of hyperbolic space from one chart into another.

    What comes after an embedding takes its rows as flat vectors, and which coordinates
    it is given decides what it can say: thresholds on angles are the splits of
    hyperbolic decision trees [1]_, so that any tree ensemble of scikit-learn becomes
    one; functions that are linear in the ball of Klein are bounded by geodesics;
    horospheres are its half-spaces seen from infinity [2]_. Read more in the
    :ref:`User Guide <hyperbolic_learners>`.

    Parameters
    ----------
    input_space : {"poincare", "lorentz", "klein", "tangent"}, default="tangent"
        What rows of X are. "poincare", "klein": points of the unit ball. "lorentz":
        points of the hyperboloid, time first. "tangent": vectors at the origin, as
        any row is; rows that look like points of a ball are warned of.
    output_space : {"angle", "horosphere", "poincare", "lorentz", "klein", "tangent"}, \
            default="angle"
        What comes out. "angle": for each axis the signed distance at which a geodesic
        plane across it meets it. "horosphere": signed distances to `n_directions`
        horospheres through the origin.
    n_directions : int, default=64
        Horospheres, in directions that are well apart.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. A chart is
        a few operations a number and is computed on the host.

    Attributes
    ----------
    directions_ : ndarray of shape (n_directions, n_components)
        Points at infinity of the horospheres; of other charts, the axes.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    PoincareEmbedding, TreeEmbedding, HyperbolicMDS : Where such rows come from.
    skgeom.metrics.pairwise.hyperbolic_laplacian_kernel : A kernel for such rows.

    Notes
    -----
    Charts go through radii and directions, so that nothing is lost that both of them
    have digits for. Radii beyond 700 (80 in float32) are cut.

    References
    ----------
    .. [1] Chlenski, Turok, Moretti and Pe'er, "Fast hyperboloid decision tree
       algorithms", ICLR 2024.
    .. [2] Fan, Yang and Vemuri, "Horospherical decision boundaries for large margin
       classification in hyperbolic space", NeurIPS 2023.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import HyperbolicCoordinates
    >>> X, y = [[0.9, 0.0], [0.0, 0.1], [-0.9, 0.0]], [0, 1, 2]
    >>> forest = make_pipeline(
    ...     HyperbolicCoordinates("poincare"), RandomForestClassifier(random_state=0))
    >>> forest.fit(X, y).score(X, y)
    1.0
    >>> HyperbolicCoordinates("poincare", output_space="lorentz").fit(
    ...     X).get_feature_names_out()
    array(['lorentz_time', 'lorentz0', 'lorentz1'], dtype=object)
    """

    _parameter_constraints = {
        "input_space": [StrOptions(set(CHARTS))],
        "output_space": [StrOptions({*CHARTS, "angle", "horosphere"})],
        "n_directions": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        input_space: str = "tangent",
        *,
        output_space: str = "angle",
        n_directions: int = 64,
        device: str = "auto",
    ):
        self.input_space = input_space
        self.output_space = output_space
        self.n_directions = n_directions
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Look at the rows: nothing is learned but their number of columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in `input_space`.
        y : None
            Ignored.

        Returns
        -------
        self : HyperbolicCoordinates
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or a row is not what `input_space` says.
        """
        self._backend_for(X, reset=True)
        rows = self._validated(as_numpy(X), reset=True)
        points = from_chart(rows, self.input_space, "input_space", warns=True)
        self._n_components = points.shape[1] - 1
        directions = np.eye(self._n_components)
        if self.output_space == "horosphere":
            directions = spherical_code(self.n_directions, self._n_components)
        self.directions_ = self._kept(directions, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Turn rows into the other chart, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in `input_space`.

        Returns
        -------
        array of shape (n_rows, n_features_out)
            Rows in `output_space`, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If a row is not what `input_space` says, or X has another number of columns
            than in `fit`.
        """
        check_is_fitted(self)
        rows = self._validated(as_numpy(X), reset=False)
        points = from_chart(rows, self.input_space, "input_space")
        if self.output_space == "angle":
            found = angle_coordinates(points)
        elif self.output_space == "horosphere":
            ideal = spherical_code(len(self.directions_), self._n_components)
            found = busemann_functions(points, ideal)
        else:
            found = to_chart(points, self.output_space, rows.dtype)
        return self._output(found, like=X)

    @available_if(_can_invert)
    def inverse_transform(self, X: MatrixLike) -> Array:
        """Turn rows of the output back into the input chart.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features_out)
            Rows in `output_space`, which must not be "horosphere".

        Returns
        -------
        array of shape (n_rows, n_features)
            Rows in `input_space`.

        Raises
        ------
        ValueError
            If a row is no point of `output_space`.
        """
        check_is_fitted(self)
        rows = np.asarray(as_numpy(X))
        rows = rows if rows.dtype == np.float32 else rows.astype(np.float64)
        n_columns = self._n_components + (self.output_space == "lorentz")
        if rows.ndim != 2 or rows.shape[1] != n_columns:
            raise ValueError(
                f"X must have shape (n_rows, {n_columns}), got {rows.shape}."
            )
        if self.output_space == "angle":
            points = from_angle_coordinates(rows)
        else:
            points = from_chart(rows, self.output_space, "output_space")
        return self._output(to_chart(points, self.input_space, rows.dtype), like=X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Names of the output columns, which tell the chart.

        Parameters
        ----------
        input_features : array-like of shape (n_features,), default=None
            Checked, and not used.

        Returns
        -------
        ndarray of shape (n_features_out,), object
            ``angle0``, ``angle1`` and so on; for "lorentz" ``lorentz_time`` first.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        names = [f"{self.output_space}{k}" for k in range(len(self.directions_))]
        if self.output_space == "lorentz":
            names.insert(0, "lorentz_time")
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
