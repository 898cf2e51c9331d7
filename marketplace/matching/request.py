"""What the matcher is asked: deliveries, drivers, travel times and wishes, as plain values.

Units: seconds on any one clock, metres, cents, and places as positions in the matrix or in `points`. The values are
frozen and plain, so that a request can be sent to a solver process. Limits are checked when the request is planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

NO_WAY_S = 100_000_000
"""The travel time that says: there is no way from here to there."""


class Objective(StrEnum):
    """What is made least, once as many deliveries as possible are served."""

    FEWEST_DRIVERS = "fewest_drivers"
    TRAVEL_TIME = "travel_time"
    DELIVERY_DELAY = "delivery_delay"
    EXPECTED_COST = "expected_cost"


class DriverKind(StrEnum):
    """On what terms a driver works."""

    DEDICATED = "dedicated"
    CONTRACTED = "contracted"
    CROWDSOURCED = "crowdsourced"


class StepKind(StrEnum):
    """What a driver does at a step."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"


class ShiftEndCovers(StrEnum):
    """What must be over when the shift ends: the whole route with the way to its end, or only the pickups."""

    ROUTE = "route"
    PICKUPS = "pickups"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStop:
    """One end of a delivery. No windows means any time; `ready_at` is for pickups, `due_at` for drop-offs."""

    location: int
    windows: Sequence[tuple[int, int]] = ()
    service_s: int = 0
    ready_at: int | None = None
    due_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDelivery:
    """Something to be carried from one place to another; `posted_at` None means now.

    With `out_of_cold_s` it is handed over at most so many seconds after it has left its pickup, except by a driver
    whose vehicle keeps it cold.
    """

    id: str
    pickup: PlanStop
    dropoff: PlanStop
    load: Sequence[int] = ()
    skills: Sequence[str] = ()
    priority: int = 0
    posted_at: int | None = None
    out_of_cold_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPay:
    """What a route pays this driver; a stop here is a drop-off."""

    fixed_cents: int = 0
    per_stop_cents: int = 0
    per_hour_cents: int = 0
    per_km_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStep:
    """A step the driver is committed to."""

    delivery_id: str
    kind: StepKind | str
    location: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDriver:
    """Somebody who can carry; stands at `location` once available (None means now)."""

    id: str
    location: int
    shift_end: int
    kind: DriverKind | str = DriverKind.CONTRACTED
    end_location: int | None = None
    available_at: int | None = None
    capacity: Sequence[int] = ()
    skills: Sequence[str] = ()
    max_stops: int | None = None
    accept_prob: float = 1.0
    pay: DriverPay = DriverPay()
    locked: Sequence[LockedStep] = ()
    keeps_cold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """How to plan.

    `time_limit_s` is CPU seconds and becomes a limit on work, so that the answer repeats. `threads` is the most that
    may be used; a plan uses one, and many plans at a time are the solver pool's affair.
    """

    objective: Objective | str = Objective.DELIVERY_DELAY
    time_limit_s: float = 1.0
    threads: int = 1
    seed: int = 0
    one_origin_per_route: bool = False
    zone_limit: int = 120
    shift_end_covers: ShiftEndCovers | str = ShiftEndCovers.ROUTE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanRequest:
    """One question to the matcher: who of these drivers carries which of these deliveries, in what order, from when.

    Either `durations_s` (rows are origins; `NO_WAY_S` = no way) or `points` ([latitude, longitude] in degrees) with
    `speed_mps` says how far apart places are. Compared by identity, since a matrix has no cheap equality.
    """

    now: int
    deliveries: Sequence[PlanDelivery]
    drivers: Sequence[PlanDriver]
    durations_s: Sequence[Sequence[int]] | npt.NDArray[np.integer] | None = None
    distances_m: Sequence[Sequence[int]] | npt.NDArray[np.integer] | None = None
    points: Sequence[Sequence[float]] | npt.NDArray[np.floating] | None = None
    speed_mps: float | None = None
    circuity: float | None = None
    options: PlanOptions = PlanOptions()
    request_id: str | int | None = None
