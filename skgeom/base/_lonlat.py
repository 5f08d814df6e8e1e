"""Rows that are longitudes and latitudes, in degrees."""

import numpy as np

from skgeom._warnings import warn


def check_lonlat(rows, warns=False):
    """Refuse rows that are no places on a globe.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns)
        Finite.
    warns : bool, default=False
        Whether rows are warned of that look like radians.

    Raises
    ------
    ValueError
        If there are not two columns, or a latitude is beyond a pole.

    Warns
    -----
    UserWarning
        If no row is out of the range of radians, and their spread is most of it.
    """
    if rows.shape[1] != 2:
        raise ValueError(
            'input_space="lonlat" takes two columns, longitude and latitude in '
            f"degrees; X has {rows.shape[1]}."
        )
    wrong = np.flatnonzero(np.abs(rows[:, 1]) > 90 + 1e-9)
    if len(wrong):
        raise ValueError(
            'input_space="lonlat" takes latitudes from -90 to 90 in the second column; '
            f"X has a latitude of {rows[wrong[0], 1]} in row {wrong[0]}. Are the "
            "columns swapped?"
        )
    if not (warns and len(rows)):
        return
    lon, lat = rows.T
    spread = np.ptp(lon) > np.pi or np.ptp(lat) > np.pi / 2
    if spread and lon.min() >= -np.pi and lon.max() <= 2 * np.pi:
        if np.abs(lat).max() <= np.pi / 2:
            warn(
                "All rows are within a few degrees of longitude 0 and latitude 0, as "
                'radians are; input_space="lonlat" takes degrees, np.rad2deg(X).'
            )
