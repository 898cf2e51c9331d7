"""Great-circle distances between many pairs of places at once."""

import numpy as np

from marketplace.adapters.city.arrays import Real
from marketplace.core.geo import EARTH_RADIUS_M


def metres_between(lat_a: Real, lon_a: Real, lat_b: Real, lon_b: Real) -> Real:
    """Metres from each place to its partner, along the great circle; arrays of any shapes that fit together."""
    a_rad, b_rad = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((b_rad - a_rad) / 2) ** 2
    half = half + np.cos(a_rad) * np.cos(b_rad) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))))
