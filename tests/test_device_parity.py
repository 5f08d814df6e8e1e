"""Every device finds what the host finds: estimators, solvers, operators.

Primitives are held against their definitions, on every device, in
`tests/backends/test_conformance.py`.
"""

import importlib
import inspect
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import ks_2samp
from sklearn.datasets import make_moons
from sklearn.utils import get_tags

from skgeom import PoincareEmbedding, operators, solvers
from skgeom.backends import as_numpy, get_backend
from skgeom.cluster._sdp._likelihood import likelihood_clustering
from skgeom.cluster._sdp._low_rank import (
    indicator_factor,
    low_rank_clustering,
    spectral_scale,
)
from skgeom.embedding._heat_geodesic._relaxation_time import relaxation_time
from skgeom.embedding._heat_geodesic._stress import kruskal_stress
from skgeom.graph import Graph
from skgeom.hyperbolic._poincare._descent import (
    Schedule,
    descend_links,
    place_in_ball,
    points_from,
    prepare_links,
)
from skgeom.kernels._kernel_components import (
    KernelProducts,
    kernel_components,
    point_evaluation,
    ridge_to_points,
)
from skgeom.kernels._operators import DenseKernel, extreme_eigenvalues
from skgeom.kernels._stkr._solve_positive import solve_positive
from skgeom.kernels._stkr._spectral_ridge import (
    dense_ridge,
    dual_ridge,
    eigen_ridge,
    primal_ridge,
    transformed_columns,
)
from skgeom.kernels._stkr._spectral_transforms import (
    FunctionTransform,
    InverseLaplacian,
    resolvent,
)
from skgeom.nodes import graph_kernel
from skgeom.nodes._diffusion_time import mean_diagonal, spreading_time
from skgeom.nodes._kernel_learning import learn_modulation
from skgeom.nodes._labelled_kernel import labelled_kernels
from skgeom.nodes._walk_features import (
    push_features,
    walk_features,
)
from skgeom.solvers import ridge_path
from skgeom.testing import all_estimators
from skgeom.testing._discovery import method_modules

# As shares of the largest number of an output.
TOLERANCES = {"float64": 1e-8, "float32": 1e-4}

# Parameters with which each estimator is compared, beside its defaults. An estimator
# that is in no list runs with its defaults alone.
SETTINGS = {
    "HeatGeodesicEmbedding": [
        dict(n_landmarks=50, geodesic=geodesic, mds=mds, denoising=0.1)
        for geodesic in ("heat", "shortest_path")
        for mds in ("metric", "classical")
    ]
    + [dict(n_landmarks=None), dict(laplacian="random_walk", geodesic="heat")],
    "SDPClustering": [
        dict(n_clusters=3),
        dict(n_clusters=2, affinity="rbf"),
        dict(n_clusters=3, covariance_type="full"),
        dict(n_clusters=3, diagonal_correction="hollow"),
    ],
    "STKRRegressor": [
        dict(kernel=kernel, tol=1e-11, strength=50.0, **transform)
        for kernel in ("nearest_neighbors", "rbf", "laplacian", "matern32")
        for transform in (
            dict(solver="cg"),
            dict(solver="dense"),
            dict(spectral_transform="polynomial", solver="eigen"),
            dict(spectral_transform="top_components", n_components=5),
        )
    ],
    "KernelRegressor": [
        dict(kernel="matern52", alpha=0.1, solver="cg", n_centers=40, tol=1e-10),
        dict(kernel="rbf", alpha=0.1, solver="nystrom", n_centers=40),
        dict(kernel="exponential", alpha=0.1, solver="falkon", n_centers=40, tol=1e-10),
        dict(metric="agop_full", n_metric_rounds=1, alpha=0.1),
    ],
    "KernelClassifier": [dict(kernel="rbf", alpha=0.1)],
    "STKRClassifier": [dict(kernel="rbf", tol=1e-10), dict(solver="eigen", tol=1e-10)],
    "GraphKernelRidge": [
        dict(kernel="matern", tol=1e-10),
        dict(kernel="random_walk", tol=1e-10),
    ],
    "GraphRandomFeatures": [dict(method="push", dtype=np.float64)],
    "GraphFeatureExpansion": [
        dict(n_steps=3, combine="concat", n_components=6, tol=1e-9, structure="svd"),
    ],
    "MagmaClust": [
        dict(n_clusters=2, task=1, kernel_mean="matern32", kernel_task="matern12")
    ],
    "NodeEmbedding": [dict(method="edges", n_components=9, tol=1e-9, propagate=True)],
    "KrylovKernelPCA": [
        dict(kernel=kernel, tol=1e-10, n_components=3)
        for kernel in ("laplacian", "matern52")
    ],
    "OrthogonalRBFSampler": [dict(coupling="orthogonal", n_components=9, gamma=0.3)],
    "NeighborCCA": [dict(metric="cosine", n_neighbors=4)],
    "SphericalHarmonics": [dict(degree=4, spectrum="matern32")],
    "GaussianWeightedLinearEmbedding": [dict(n_maps=3, max_iter=4)],
    "GrassmannClassifier": [dict(n_components=1, fit_intercept=False, max_iter=4)],
    "VonMisesFisherMixture": [
        dict(n_components=3, max_iter=9, tol=0.0),
        dict(n_components=2, concentration="tied", tol=0.0, max_iter=8),
    ],
    "SphereKernelDensity": [dict(concentration="cv"), dict(concentration=9.0)],
    "SlicedWassersteinEmbedding": [
        dict(n_dims=3, slices="random", n_slices=7),
        dict(n_quantiles=2),
        dict(n_dims=3),
    ],
    "SPDVectors": [dict(metric="affine"), dict(metric="euclidean")],
    "LatentLabelShift": [dict(n_classes=3, n_smooth=1)],
    "SubspaceClustering": [dict(n_clusters=3, init="neighbors", affine=True)],
    "SpectralClusterer": [
        dict(n_clusters=3),
        dict(n_clusters=3, n_landmarks=30),
    ],
    "DiffusionMap": [
        dict(affinity="rbf", n_components=3),
        dict(n_components=3, alpha=0.5, diffusion_time=3.0),
    ],
    "HubnessReducedNeighbors": [
        dict(n_neighbors=1, method="local_scaling"),
        dict(method="mutual_proximity", metric="cosine"),
    ],
    "SufficientSubspace": [dict(method="stein", order=2)],
    "KernelCoreset": [
        dict(n_samples=12, weights="simplex", kernel="matern32"),
        dict(n_samples=12, kernel="exponential", n_candidates=40),
    ],
    "SupportPoints": [dict(n_samples=8, method="sliced", max_iter=20)],
    "DiversitySampler": [dict(n_samples=12, strategy="kmeans")],
    "VecchiaGPClassifier": [
        dict(
            approximation="full_scale",
            n_inducing=20,
            n_neighbors=9,
            n_neighbors_predict=20,
        )
    ],
    "VecchiaGPRegressor": [
        # Learned, noise ends at its bound there, as exactly as steps end.
        dict(approximation="full_scale", n_inducing=20, n_neighbors=9, noise=0.1),
        dict(approximation="response", n_neighbors=9, n_neighbors_predict=20),
    ],
}
# Iterations that stop at a tolerance agree to that tolerance, not to rounding.
DEFAULTS = {
    "GraphKernelRidge": dict(tol=1e-10),
    "GraphKernelClassifier": dict(tol=1e-10),
    "HyperbolicMDS": dict(max_iter=60),
    "STKRRegressor": dict(tol=1e-10),
    "STKRClassifier": dict(tol=1e-10),
    "KrylovKernelPCA": dict(tol=1e-10),
    # Rounding grows along the steps of L-BFGS where a loss has several minima.
    "GaussianWeightedLinearEmbedding": dict(max_iter=5),
    "GrassmannClassifier": dict(max_iter=5),
}
# Rounding grows along a descent, and turns walkers into other neighbours: these agree
# in distribution, see below.
STOCHASTIC = {"PoincareEmbedding", "GraphRandomFeatures"}
# Networks train in single precision, on any device: a few steps agree to it.
TRAINED = {
    "AdaptiveBasisClassifier",
    "AdaptiveBasisRegressor",
    "LeastVolumeAutoencoder",
}
DEFAULTS |= {name: dict(max_iter=3) for name in TRAINED}

METHODS = (
    "transform",
    "predict",
    "predict_proba",
    "decision_function",
    "mahalanobis",
    "score_samples",
)


def cases():
    for name, Class in all_estimators():
        for parameters in [DEFAULTS.get(name, {}), *SETTINGS.get(name, [])]:
            if name in STOCHASTIC and parameters.get("method") != "push":
                continue
            shown = "-".join(map(str, parameters.values()))
            yield pytest.param(Class, parameters, id=f"{name}-{shown}")


def sample(Class, dtype):
    """Points of a curve in space, and a few labels, for any estimator."""
    X, y = make_moons(90, noise=0.08, random_state=0)
    X = np.column_stack([X, X[:, 0] * X[:, 1]])
    if get_tags(Class()).input_tags.positive_only:
        X = np.abs(X)
    return X.astype(dtype), y, (X[::9] + 0.03).astype(dtype)


def outputs(Class, parameters, device, X, y, new):
    """Whatever a fitted estimator tells, by name, on the host."""
    known = inspect.signature(Class).parameters
    seed = {"random_state": 0} if "random_state" in known else {}
    model = Class(device=device, **seed, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.fit(X, y)
        told = {
            f"{method}({of})": getattr(model, method)(rows)
            for method in METHODS
            if hasattr(model, method)
            for of, rows in (("X", X), ("new", new))
        }
        if hasattr(model, "geodesic_distances"):
            told["geodesic_distances(new)"] = model.geodesic_distances(new)
    told |= {
        key: value
        for key, value in vars(model).items()
        if key.endswith("_") and not key.startswith("_")
    }
    return {k: v.toarray() if sp.issparse(v) else v for k, v in told.items()}


def assert_same(found, expected, tol):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        # The step at which a tolerance is met, and what it left.
        if name in ("n_iter_", "residual_"):
            continue
        if not isinstance(value, (np.ndarray, float)):
            if isinstance(value, (int, str, bool)):
                assert found[name] == value, name
            continue
        value, other = np.asarray(value), np.asarray(found[name])
        assert (other.shape, other.dtype) == (value.shape, value.dtype), name
        if value.dtype.kind != "f":
            np.testing.assert_array_equal(other, value, err_msg=name)
            continue
        size = np.abs(value).max(initial=0.0)
        np.testing.assert_allclose(
            other, value, rtol=0, atol=tol * size, err_msg=name, equal_nan=False
        )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("Class", "parameters"), list(cases()))
def test_estimators_agree(torch_device, Class, parameters, dtype):
    data = sample(Class, dtype)
    here, there = (
        outputs(Class, parameters, name, *data) for name in ("cpu", torch_device)
    )
    # One that chooses rows tells which, and their weights.
    assert len(here) > (2 if "sample_indices_" in here else 3)
    tol = 1e-3 if Class.__name__ in TRAINED else TOLERANCES[dtype]
    assert_same(there, here, tol)


def test_lists_name_estimators():
    names = {name for name, _ in all_estimators()}
    for listed in (SETTINGS, DEFAULTS, STOCHASTIC, TRAINED):
        assert set(listed) <= names


# ------------------------------------------------------------------- stochastic ones


def hierarchy(depth=5):
    """A tree of two branches a node, with the links of each node to all above it."""
    heads = range(1, 2**depth - 1)
    above = [(h, (h + 1) // 2**j - 1) for h in heads for j in range(1, depth)]
    links = [(head, tail) for head, tail in above if tail >= 0]
    return Graph.from_edges(links, directed=True)


def descent_figures(device, seed):
    """Final loss, mean average precision and mean radius of a fit."""
    graph = hierarchy()
    nodes = np.arange(graph.n_nodes)[:, None]
    model = PoincareEmbedding(
        3,
        graph=graph,
        init="random",
        max_iter=15,
        batch_size=6,  # a small step costs torch as much as a large one
        device=device,
        random_state=seed,
    ).fit(nodes)
    return model.loss_curve_[-1], model.score(nodes), model.radii_.mean()


def walk_figures(device, seed):
    """Error of the estimated kernel, an entry of it, and how full the features are."""
    graph = hierarchy().to_undirected()
    nodes = np.arange(graph.n_nodes)
    f = graph_kernel("diffusion", diffusion_time=2.0).modulation
    walked = walk_features(
        graph, nodes, f, n_walks=16, seed=seed, backend=get_backend(device)
    )
    exact = push_features(graph, nodes, f, threshold=0.0, dtype=np.float64)
    wanted, found = ((part @ part.T).toarray() for part in (exact, walked))
    error = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    return error, found[0, 3], walked.nnz


@pytest.mark.parametrize("figures", [descent_figures, walk_figures])
def test_stochastic_methods_agree_in_distribution(torch_device, figures):
    """Other seeds on the device than on the host: the same laws, the same quality."""
    n_runs = 12
    here = np.array([figures("cpu", seed) for seed in range(n_runs)])
    there = np.array([figures(torch_device, seed) for seed in range(100, 100 + n_runs)])
    for one, two in zip(here.T, there.T, strict=True):
        assert ks_2samp(one, two).pvalue > 1e-3
        gap = abs(one.mean() - two.mean())
        assert gap <= 4 * np.sqrt((one.var() + two.var()) / n_runs) + 1e-12


@pytest.mark.parametrize("figures", [descent_figures, walk_figures])
def test_a_seed_decides_everything_on_a_device(device, figures):
    assert figures(device, 7) == figures(device, 7)
    assert figures(device, 7) != figures(device, 8)


# ------------------------------------------------------------- solvers and operators

RNG = np.random.default_rng(0)
POINTS = np.concatenate([RNG.standard_normal((20, 3)) + 4 * k for k in range(3)])
POINTS -= POINTS.mean(axis=0)
LABELS = np.repeat(np.arange(3), 20)
DISTANCES = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)
GRAM = np.exp(-DISTANCES / 5) / len(POINTS)
LINE = np.linspace(0, 9, 600)
LONG = np.exp(-np.abs(LINE[:, None] - LINE))
TARGETS = RNG.standard_normal((9, 2))
LABELLED = np.arange(0, 54, 6)
WEIGHTS = RNG.uniform(1, 2, 9)
RING = Graph.from_edges(np.stack([np.arange(60), (np.arange(60) + 1) % 60], axis=1))
LIMITS = dict(tol=1e-11, max_iter=2000)


class On:
    """The arrays of this file on a device."""

    def __init__(self, device):
        self.backend = get_backend(device)
        self.xp = self.backend.xp
        self.S = DenseKernel(self.array(GRAM), self.backend)
        self.sparse = operators.SparseKernel(RING.laplacian().transition, self.backend)
        self.long = DenseKernel(self.array(LONG), self.backend)
        self.few = self.array(TARGETS), self.array(WEIGHTS)

    def array(self, array):
        return self.backend.asarray(array, dtype=self.backend.float64)


def _ridge(solve, kernel, transform, **options):
    return lambda on: solve(
        getattr(on, kernel), transform, LABELLED, *on.few, 0.1, **options
    )[:3]


def _descended(on):
    """A few epochs, and new points: rounding has no time to grow."""
    links = prepare_links(hierarchy().adjacency, on.backend)
    start = RNG_START.copy()
    points = points_from(start, 14.0, on.backend)
    schedule = Schedule("polar_adam", 0.1, 2, 0, 10, 20, 0.1, 14.0, 0.0)
    losses = descend_links(
        points, links, schedule, np.random.RandomState(0), on.backend
    )
    table = tuple(map(on.backend.to_numpy, points[:2]))
    fitted = type(links)(*map(on.backend.to_numpy, links))
    new = sp.csr_array(np.eye(len(start))[[3, 7]] + np.eye(len(start))[[9, 0]])
    placed = place_in_ball(table, fitted, new, schedule, on.backend)
    return [losses, *table, *placed]


RNG_START = 0.1 * RNG.standard_normal((hierarchy().n_nodes, 2))
INVERSE = InverseLaplacian(0.9)
EXPONENTIAL = FunctionTransform(np.exp)
F = graph_kernel("diffusion").modulation

# What each function of the public packages that takes arrays of a device computes
# there, as one array or several.
COMPUTED = {
    "average_gradient_outer_product": lambda on: solvers.average_gradient_outer_product(
        on.xp,
        on.array(POINTS[:9]),
        on.array(POINTS[9:18]),
        *on.few[:1],
        on.array(-GRAM[:9, 9:18]),
    ),
    "classical_mds": lambda on: solvers.classical_mds(on.xp, on.array(DISTANCES), 2),
    # Of the distances squared, which do not fit into a plane.
    "metric_mds": lambda on: solvers.metric_mds(
        on.xp, on.array(DISTANCES) ** 2, 2, tol=1e-4
    )[:2],
    "principal_axes": lambda on: solvers.principal_axes(on.xp, on.array(POINTS)),
    "smacof": lambda on: solvers.smacof(
        on.xp, on.array(DISTANCES), on.array(POINTS[:, :2]), tol=1e-4
    )[:2],
    "kruskal_stress": lambda on: kruskal_stress(
        on.xp, on.array(DISTANCES), on.array(POINTS[:, :2])
    ),
    "conjugate_gradient": lambda on: (
        solvers.conjugate_gradient(
            on.xp,
            lambda V: V + on.S.product(V),
            on.array(POINTS),
            precondition=lambda R: R / 2,
            **LIMITS,
        ).solution
    ),
    "primal_ridge": _ridge(primal_ridge, "sparse", INVERSE, **LIMITS),
    "dense_ridge": _ridge(dense_ridge, "S", EXPONENTIAL, **LIMITS),
    "dual_ridge": _ridge(dual_ridge, "S", EXPONENTIAL, **LIMITS),
    "eigen_ridge": lambda on: _ridge(
        eigen_ridge,
        "S",
        EXPONENTIAL,
        eigenpairs=solvers.leading_eigenpairs(on.S, 5),
    )(on),
    "truncated_svd": lambda on: solvers.truncated_svd(
        on.array(DISTANCES[:, :40]), 5, tol=1e-9, random_state=0, backend=on.backend
    )[:3],
    "orthogonal_matching_pursuit": lambda on: solvers.orthogonal_matching_pursuit(
        on.xp,
        on.array(np.eye(60) + GRAM),
        on.array(DISTANCES),
        3,
        excluded=on.backend.asarray(np.arange(60)),
    ),
    # In blocks, as of more rows, and the few of them whole.
    "kernel_components": lambda on: [
        part
        for k in (2, 4)
        for part in kernel_components(
            KernelProducts(on.long.product),
            600,
            k,
            tol=1e-10,
            max_iter=60,
            random_state=np.random.RandomState(0),
            backend=on.backend,
        )[:4]
    ],
    "ridge_to_points": lambda on: ridge_to_points(
        POINTS[:, :2],
        POINTS,
        0.1,
        lambda C: point_evaluation(C, "rbf", 0.1, on.backend),
        np.random.RandomState(0),
        on.backend,
    ),
    "leading_eigenpairs": lambda on: solvers.leading_eigenpairs(on.S, 5),
    "transformed_columns": lambda on: transformed_columns(
        on.sparse, INVERSE, LABELLED, **LIMITS
    )[:3],
    "resolvent": lambda on: resolvent(on.sparse, 0.9, on.array(POINTS), **LIMITS)[0],
    "ridge_path": lambda on: (
        ridge_path(on.xp, on.array(GRAM[:9, :9]), *on.few, np.array([0.1, 1.0])).errors
    ),
    "solve_positive": lambda on: solve_positive(on.xp, on.array(GRAM[:9, :9]), *on.few),
    "labelled_kernels": lambda on: labelled_kernels(
        RING, [graph_kernel("diffusion")], LABELLED, backend=on.backend
    ),
    "mean_diagonal": lambda on: np.array(
        mean_diagonal(RING, graph_kernel("diffusion"), backend=on.backend)
    ),
    "spreading_time": lambda on: np.array(spreading_time(RING, backend=on.backend)),
    "learn_modulation": lambda on: learn_modulation(
        RING, LABELLED, TARGETS, 3, backend=on.backend
    ),
    "spectral_scale": lambda on: spectral_scale(
        on.backend, on.array(POINTS), on.array(POINTS[:, 0])
    ),
    "low_rank_clustering": lambda on: (
        low_rank_clustering(
            on.backend,
            on.array(POINTS),
            on.array(indicator_factor(LABELS, 4, np.random.RandomState(0))[None]),
            3,
            tol=1e-10,
        ).factor
    ),
    "likelihood_clustering": lambda on: likelihood_clustering(
        on.backend,
        np.stack([POINTS] * 3),
        np.stack([(POINTS**2).sum(axis=1)] * 3),
        LABELS,
        np.random.RandomState(0),
        tol=1e-10,
    ),
    "descend_links": _descended,
    "heat_kernel": lambda on: operators.heat_kernel(
        RING.laplacian(), 9.0, backend=on.backend
    ),
    "relaxation_time": lambda on: relaxation_time(
        RING, horizon=300.0, backend=on.backend
    ),
    "spectral_function": lambda on: operators.spectral_function(
        RING.laplacian(), np.exp, np.eye(60), backend=on.backend
    )[0],
    "extreme_eigenvalues": lambda on: extreme_eigenvalues(on.S),
    "host_product": lambda on: on.S.host_product(POINTS),
    "push_features": lambda on: push_features(
        RING, LABELLED, F, backend=on.backend, dtype=np.float64
    ).toarray(),
    # The draws are the same, number for number.
    "walk_features": lambda on: walk_features(
        RING, LABELLED, F, backend=on.backend, dtype=np.float64
    ).toarray(),
}
# Descents end where their tolerance lets them, after as many steps as rounding decides.
ROUGH = {"low_rank_clustering": 1e-3, "likelihood_clustering": 1e-3}
# Covered by the entry of another function.
TOGETHER = {"points_from", "prepare_links", "place_in_ball"}
# Methods, which the walk over functions does not find.
OF_CLASSES = {"host_product"}
# Steps of one method, compared as what its estimator tells.
WITHIN_ESTIMATORS = {
    "SDPClustering": "augmented_lagrangian most_likely_mixture relaxed_memberships "
    "relax_low_rank",
    "HeatGeodesicEmbedding": "heat_geodesics log_heat log_self_heat varadhan_distances "
    "smallest_entries automatic_geodesic interpolate_by_heat",
    "STKRRegressor": "kernel_of_graph kernel_of_points kernel_of_matrix "
    "choose held_out_values primal_path "
    "neighbor_grams dense_where_small transformed_labels padded",
    "GraphKernelRidge": "choose_kernel held_out_fifths",
    "NodeEmbedding": "walked_powers propagated",
    "GraphFeatureExpansion": "powers_of",
    "SparseDictionary": "sparse_codes",
    "PoincareEmbedding": "choose_start",
    "SphereKernelDensity": "choose_kernels log_kernel_density chords_to_neighbors",
    "VonMisesFisherMixture": "concentration_of",
    "LocalGeometry": "learn_bends",
    "ManifoldProjection": "choose_surface find_feet typical_dimension",
    "SingularityScorer": "around unexplained_shares",
    "LatentGeometry": "support_of surroundings_of",
    "RelativeRepresentation": "relative_coordinates",
    "HyperbolicMDS": "descend_stress place_rows stress_gradient",
    "HyperbolicLogisticRegression": "hinge_loss log_loss plane_gradient plane_scores "
    "rows_of",
    "TreeEmbedding": "neighbor_tree",
    "NeighborCCA": "frame_of neighbor_moments placed",
    "SphericalHarmonics": "real_harmonics",
    "GaussianWeightedLinearEmbedding": "gradient_of_maps map_weights mapped "
    "pairwise_distances_within stress_and_slope",
    "GrassmannClassifier": "projected_lengths subspace_loss",
    "KernelRegressor": "choose_metric falkon kernel_slopes left_out_errors "
    "metric_rounds next_metric predict_round read_sample_weight "
    "solve_full_system starting_round tune_kernel",
    "KrylovKernelPCA": "point_evaluation point_products",
    "OrthogonalRBFSampler": "column_moments",
    "SlicedWassersteinEmbedding": "as_matrices node_functions pooled_axes sorted_means",
    "SPDVectors": "shrunk_covariances",
    "SpectralClusterer": "landmark_weights slowest_modes",
    "DiffusionMap": "walk_values width_of",
    "HubnessReducedNeighbors": "nearest_by_scale",
    "SubspaceClustering": "coherent_rows cosine_links elastic_net_links "
    "spectral_labels",
    "SufficientSubspace": "gradient_matrix",
    "KernelCoreset": "columns_of_features columns_of_matrix inverse_width "
    "placed_points square_kernel",
    "SupportPoints": "columns_of_distances distances_within distinct_nearest "
    "majorised_points quantiles_along shares_below sliced_points",
    "VecchiaGPRegressor": "choose_inducing_points draw_jointly error_covariance "
    "faded_neighbors held_out_density in_units learn learn_from_all learn_full_scale "
    "learn_full_scale_together local_weights",
}


def of_devices(module):
    """Functions of a module that are told where to compute."""
    for name, member in vars(module).items():
        at_home = getattr(member, "__module__", "").startswith(module.__name__)
        if inspect.isfunction(member) and at_home and not name.startswith("_"):
            if {"backend", "xp", "S"} & set(inspect.signature(member).parameters):
                yield name


def test_every_function_of_devices_is_compared():
    """On the floors that methods share, and in the folders of methods."""
    modules = [solvers, operators, *map(importlib.import_module, method_modules())]
    found = [name for module in modules for name in of_devices(module)]
    assert len(found) == len(set(found)), "two have the same name"
    within = {n for names in WITHIN_ESTIMATORS.values() for n in names.split()}
    assert set(found) == (set(COMPUTED) | TOGETHER | within) - OF_CLASSES
    assert not within & set(COMPUTED)
    assert set(WITHIN_ESTIMATORS) <= {name for name, _ in all_estimators()}


@pytest.mark.parametrize("name", COMPUTED)
def test_solvers_and_operators_agree(torch_device, name):
    here, there = (COMPUTED[name](On(where)) for where in ("cpu", torch_device))
    if not isinstance(here, (tuple, list)):
        here, there = [here], [there]
    for one, two in zip(here, there, strict=True):
        one, two = np.asarray(one), np.asarray(as_numpy(two))
        tol = ROUGH.get(name, TOLERANCES["float64"]) * np.abs(one).max()
        np.testing.assert_allclose(two, one, rtol=0, atol=tol)
