"""Which junctions of a city hang together: only an import asks, so only an import pays for scipy."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from marketplace.adapters.city.arrays import Whole


def groups_of_junctions(count: int, starts: Whole, ends: Whole) -> Whole:
    """For each of `count` junctions the number of its group, in which every one can be driven to from every other."""
    links = coo_array((np.ones(len(starts), np.int8), (starts, ends)), shape=(count, count))
    _, group = connected_components(links.tocsr(), directed=True, connection="strong")
    return group.astype(np.int32)
