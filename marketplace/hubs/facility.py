"""Which sites to open: facility location with a cost for each, by the HiGHS solver of scipy.

Nothing imports this at the start of a process: the solver is loaded by the first advice, in its thread.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

TIME_LIMIT_S = 10.0

Savings = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """The sites that are opened, which of them serves each group (-1 none), and how far from the best it may be."""

    sites: tuple[int, ...]
    served_by: tuple[int, ...]
    optimality_gap: float


def place_sites(savings: Savings, *, most: int, worth: float, time_limit_s: float = TIME_LIMIT_S) -> Placing:
    """Opens at most so many sites, each only if it adds more than it has to be worth.

    `savings[j, d]` is what group `d` saves where site `j` serves it; what saves nothing is left where it is, so that
    only pairs that save become variables.
    """
    site_of, group_of = np.nonzero(savings > 0)
    pairs, sites, groups = len(site_of), *savings.shape
    if not pairs or most < 1:
        return Placing(sites=(), served_by=(-1,) * groups, optimality_gap=0.0)
    number = np.arange(pairs)
    # A group is served once at most, by a site that is open; and so many are.
    once = coo_array((np.ones(pairs), (group_of, number)), shape=(groups, pairs + sites))
    opened = coo_array(
        (
            np.concatenate([np.ones(pairs), -np.ones(pairs)]),
            (np.concatenate([number, number]), np.concatenate([number, pairs + site_of])),
        ),
        shape=(pairs, pairs + sites),
    )
    count = coo_array(
        (np.ones(sites), (np.zeros(sites, dtype=int), pairs + np.arange(sites))), shape=(1, pairs + sites)
    )
    result = milp(
        c=np.concatenate([-savings[site_of, group_of], np.full(sites, worth)]),
        # Open or not is a whole number; who is served then follows without being one.
        integrality=np.concatenate([np.zeros(pairs), np.ones(sites)]),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(once.tocsc(), ub=1),
            LinearConstraint(opened.tocsc(), ub=0),
            LinearConstraint(count.tocsc(), ub=most),
        ],
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    if result.x is None:
        return Placing(sites=(), served_by=(-1,) * groups, optimality_gap=1.0)
    chosen = tuple(int(site) for site in np.nonzero(result.x[pairs:] > 0.5)[0])
    best = savings[list(chosen)] if chosen else np.zeros((1, groups))
    served = tuple(chosen[int(best[:, d].argmax())] if chosen and best[:, d].max() > 0 else -1 for d in range(groups))
    return Placing(sites=chosen, served_by=served, optimality_gap=float(result.mip_gap or 0.0))
