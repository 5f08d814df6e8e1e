"""Bags of matrices: what of them tells the target, and what does not."""

import numpy as np
import pytest

from skgeom.datasets import make_spd_bags
from skgeom.distributions import unpack_bags
from skgeom.geometry import spd
from skgeom.geometry._spd_matrices import mirrored


def largest_correlation(features, y):
    return max(abs(np.corrcoef(column, y)[0, 1]) for column in features.T)


@pytest.mark.parametrize("signal", ["mean", "spread", "shape"])
def test_the_signal_is_where_it_should_be(signal):
    X, y = make_spd_bags(400, 50, 3, signal=signal, random_state=0)
    assert X.shape == (400, 50 * 6)
    bags = [mirrored(bag) for bag in unpack_bags(X, 6)]
    for bag in bags[:5]:
        spd.check(bag)
    logs = np.array([spd.to_vector(spd.logm(bag)) for bag in bags])
    centred = logs - logs.mean(axis=1, keepdims=True)
    told = {
        "mean": largest_correlation(logs.mean(axis=1), y),
        "spread": largest_correlation(centred.std(axis=1), y),
        "shape": largest_correlation((centred**3).mean(axis=1), y),
    }
    # A correlation of chance alone has a deviation of .05.
    assert told.pop(signal) > 0.35
    if signal != "spread":
        assert max(told.values()) < 0.2
    else:
        assert told["mean"] < 0.2


def test_draws_are_those_of_the_seed():
    for one, two in zip(
        make_spd_bags(4, random_state=1), make_spd_bags(4, random_state=1), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(ValueError, match="signal"):
        make_spd_bags(signal="other")
