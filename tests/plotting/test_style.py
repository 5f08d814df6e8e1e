"""One look for all figures: told apart by any eye, and in grey."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from skgeom.plotting import PALETTE, STYLE
from skgeom.plotting._style import class_style, panels

# Linear RGB as seen without the cones for long and for middle waves (Viénot, Brettel
# and Mollon, 1999).
BLINDNESS = {
    "protanopia": [[0.112, 0.888, 0], [0.112, 0.888, 0], [0.004, -0.004, 1]],
    "deuteranopia": [[0.293, 0.707, 0], [0.293, 0.707, 0], [-0.022, 0.022, 1]],
    "none": np.eye(3),
}
# From linear sRGB; the sums of the rows are white.
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def lab(color, seen=None):
    """CIE L*a*b* of a colour, as an eye with the matrix `seen` has it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    if seen is not None:
        linear = np.clip(np.asarray(seen) @ linear, 0, 1)
    share = TO_XYZ @ linear / TO_XYZ.sum(axis=1)
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colours_differ_for_every_eye(blindness):
    seen = [lab(color, BLINDNESS[blindness]) for color in PALETTE]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert np.linalg.norm(one - other) > 10  # 2.3 is just noticeable


def test_colours_stand_out_from_white():
    assert max(lab(color)[0] for color in PALETTE) < 75


def test_first_colours_differ_in_grey():
    lightness = [lab(color)[0] for color in PALETTE[:4]]
    for one, other in itertools.pairwise(lightness):
        assert abs(one - other) > 10


def test_classes_differ_in_colour_and_marker():
    assert len({class_style(number) for number in range(56)}) == 56


def test_lines_differ_in_more_than_colour():
    with plt.style.context(STYLE):
        cycle = plt.rcParams["axes.prop_cycle"].by_key()
        _, ax = plt.subplots()
        assert not ax.spines["top"].get_visible()
    assert tuple(cycle["color"]) == PALETTE
    assert len({str(line) for line in cycle["linestyle"]}) == len(PALETTE)


def test_panels_fill_rows_and_hide_the_rest():
    figure, axes = panels(5, None, n_columns=3)
    assert len(axes) == 5
    assert len(figure.axes) == 6
    assert not figure.axes[-1].axison
