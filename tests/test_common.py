"""scikit-learn's checks on every estimator: the one place where they run."""

import inspect

import pytest
from sklearn.base import BaseEstimator, clone, is_classifier, is_clusterer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_global_set_output_transform_polars,
    check_inplace_ensure_writeable,
    check_param_validation,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    parametrize_with_checks,
)

import skgeom
from skgeom.testing import all_estimators

ESTIMATORS = all_estimators()

# Checks that scikit-learn keeps out of check_estimator.
LEFT_OUT_FOR_ALL = [
    check_param_validation,
    check_dataframe_column_names_consistency,
    check_inplace_ensure_writeable,
]
LEFT_OUT_FOR_TRANSFORMERS = [
    check_get_feature_names_out_error,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_global_output_transform_pandas,
    check_global_set_output_transform_polars,
]


# For checks in other namespaces: tiny steps cost torch far more than numba. In a few of
# them results of namespaces agree to rounding, or do not at all.
QUICK = {
    skgeom.AdaptiveBasisClassifier: {"max_iter": 3},
    skgeom.AdaptiveBasisRegressor: {"max_iter": 3},
    skgeom.HyperbolicMDS: {"max_iter": 3, "scale": 1.0},
    skgeom.LeastVolumeAutoencoder: {"max_iter": 3},
    skgeom.NonnegativeRESCAL: {"max_iter": 10, "tol": 1.0},
    skgeom.PoincareEmbedding: {"max_iter": 3},
    skgeom.SDPClustering: {"n_clusters": 2},
}
# Of a graph's adjacency: as it comes, an estimator has gone through all checks by then.
SHORT = {
    skgeom.NonnegativeRESCAL: {"max_iter": 60, "tol": 0.1, "n_init": 1},
    skgeom.PoincareEmbedding: {"max_iter": 20},
    skgeom.SDPClustering: {"n_clusters": 2},
}
# For checks of tables, given and returned: how their entries are found is the same to
# them, and they fit some twenty times each.
PLAIN = {**QUICK, skgeom.HeatGeodesicEmbedding: {"geodesic": "heat"}}


def _instances():
    """Each estimator as it comes, and as it takes the adjacency of a graph."""
    for _, Class in ESTIMATORS:
        yield Class()
        for source in ("affinity", "kernel"):
            if _takes(Class, source, "precomputed"):
                yield Class(**{source: "precomputed"}, **SHORT.get(Class, {}))


def _takes(Class, parameter, value):
    """Whether a string is a valid value of a parameter."""
    valid = Class._parameter_constraints.get(parameter, [])
    return any(value in getattr(one, "options", ()) for one in valid)


# The checks use few samples, and tables where they fitted data frames.
pytestmark = [
    pytest.mark.filterwarnings("ignore:n_neighbors=:UserWarning"),
    pytest.mark.filterwarnings("ignore:The graph has:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*no kernel value other than zero:UserWarning"),
    pytest.mark.filterwarnings("ignore:y holds -1 and one other:UserWarning"),
    # The checks use few rows.
    pytest.mark.filterwarnings("ignore:TargetShiftReweighter. targets are:UserWarning"),
    # Regressors are given integers 0, 1, 2.
    pytest.mark.filterwarnings("ignore:y looks like class labels:UserWarning"),
    pytest.mark.filterwarnings(
        "ignore:X (has|does not have).* feature names:UserWarning"
    ),
]


def _expected_failures(estimator):
    """Of an estimator of affinities: some checks feed features, whatever its tags."""
    if not get_tags(estimator).input_tags.pairwise:
        return {}
    if is_clusterer(estimator):
        return {"check_clustering": "feeds features where affinities are expected"}
    if is_classifier(estimator):
        found = {
            "check_decision_proba_consistency": "feeds features where affinities are "
            "expected",
            "check_fit2d_1feature": "takes a column of the affinities for classes; all "
            "are 0",
            "check_classifiers_one_label_sample_weights": "feeds features where "
            "affinities are expected",
            "check_class_weight_classifiers": "a point without neighbours has the "
            "class of its label, whatever that weighs",
        }
        if isinstance(estimator, skgeom.GraphKernelClassifier):
            # There a class weighs what its probability is multiplied by.
            del found["check_class_weight_classifiers"]
        if isinstance(estimator, skgeom.OnlineGraphClassifier):
            # Mass, not weights: the others pass, or are not asked.
            return {name: found[name] for name in ["check_decision_proba_consistency"]}
        return found
    return {}


# scikit-learn has it from 1.8 on; before, pytest's own setting does the same.
_OPTIONS = inspect.signature(parametrize_with_checks).parameters


@parametrize_with_checks(
    list(_instances()),
    expected_failed_checks=_expected_failures,
    **({"xfail_strict": True} if "xfail_strict" in _OPTIONS else {}),
)
def test_check_estimator(estimator, check):
    if "array_api" in getattr(check, "func", check).__name__:
        estimator = clone(estimator).set_params(**QUICK.get(type(estimator), {}))
    check(estimator)


def _left_out():
    for name, Class in ESTIMATORS:
        checks = list(LEFT_OUT_FOR_ALL)
        if hasattr(Class, "transform"):
            checks += LEFT_OUT_FOR_TRANSFORMERS
        for check in checks:
            yield pytest.param(name, Class, check, id=f"{name}-{check.__name__}")


@pytest.mark.parametrize(("name", "Class", "check"), list(_left_out()))
def test_checks_left_out_by_check_estimator(name, Class, check):
    plain = {} if check is check_param_validation else PLAIN.get(Class, {})
    check(name, Class(**plain))


def test_every_public_estimator_is_covered():
    """Whatever `skgeom` exports and can be fitted is among the estimators above."""
    exported = {
        name
        for name in skgeom.__all__
        if inspect.isclass(getattr(skgeom, name))
        and issubclass(getattr(skgeom, name), BaseEstimator)
    }
    assert exported == {name for name, _ in ESTIMATORS}
    assert "HeatGeodesicEmbedding" in exported


def test_array_api_checks_of_scipy_are_on():
    """Without this variable scikit-learn skips its checks of other namespaces."""
    import os

    assert os.environ.get("SCIPY_ARRAY_API") == "1"
