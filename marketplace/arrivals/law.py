"""What a market has learnt of its arrivals, as a value: service times, waits before a drive, and spreads by horizon.

A market that has learnt nothing goes by what it plans with; every arrival then counts against that guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

from marketplace.arrivals.spread import STEPS, TAIL, Spread, add_ratio, moved_tail, ratio, stretched
from marketplace.markets import Dials
from marketplace.routes import StopKind

HORIZONS_MIN = (0, 5, 10, 20, 40, 80)
"""The least minutes of each horizon: how far away an arrival was when it was predicted."""
MIDDLES_S = (150.0, 450.0, 900.0, 1_800.0, 3_600.0, 7_200.0)
GUESSED_SIGMA = {"WAITING": 0.28, "COMING": 0.25, "ABOARD": 0.22, "NEXT": 0.20}
RETURN_SERVICE_S = 120.0

LONGEST_SERVICE_S = 1_800.0
"""A longer stay was a lunch, and teaches nothing."""
PRIOR_VISITS = ((1.0, 6.0), (4.0, 2.0))
"""Parcels and weight of the made-up visits that stand for the plan until there are real ones."""
FULL_VISITS = 1_000.0

GUESSED_WAIT_S = {"fill": 90.0, "approach": 300.0, "set_off": 30.0}
PRIOR_WAITS = 5.0
FULL_WAITS = 500.0


class Stage(StrEnum):
    """How much is still to come before an arrival that can go another way; each is known better than the one before.

    WAITING until the route has a driver, COMING until the parcel is aboard, ABOARD while other doors come first, NEXT
    when the driver is on the way to this one.
    """

    WAITING = "WAITING"
    COMING = "COMING"
    ABOARD = "ABOARD"
    NEXT = "NEXT"


class Wait(StrEnum):
    """What passes before a drive begins.

    `fill` from the planning of a route to its driver, `approach` the drive to the first stop, `set_off` from when the
    driver could leave to when they do.
    """

    FILL = "fill"
    APPROACH = "approach"
    SET_OFF = "set_off"


class Told(StrEnum):
    """Where an arrival came to lie by the window in which eight of ten are to be."""

    EARLIER = "EARLIER"
    WITHIN = "WITHIN"
    LATER = "LATER"


def horizon_of(seconds: float) -> int:
    """The number of the horizon in which an arrival lies that is so many seconds away."""
    return sum(seconds >= 60 * least for least in HORIZONS_MIN[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The quantiles of an arrival, in seconds from the moment of the prediction."""

    p10_s: float
    p50_s: float
    p90_s: float


@dataclass(kw_only=True)
class Law:
    """Counts and sums as they are stored; the rest is worked out from them when it is asked for.

    `spreads` are counts by stage and horizon, `tails` the parts of the counts before and after a window, by stage.
    """

    spreads: dict[str, list[float]] = field(default_factory=dict)
    tails: dict[str, list[float]] = field(default_factory=dict)
    services: dict[str, list[float]] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Law":
        """The law as it was kept; one that has learnt nothing where none was."""
        return cls(**stored) if stored else cls()

    def as_json(self) -> dict[str, Any]:
        """The law as it is kept."""
        return {"spreads": self.spreads, "tails": self.tails, "services": self.services, "waits": self.waits}

    def learn_arrival(self, stage: Stage, predicted_s: float, actual_s: float, told: Told) -> None:
        """Learns how far off a prediction was, and whether what was told of it held."""
        counts = self.spreads.setdefault(_spread_key(stage, horizon_of(predicted_s)), [0.0] * STEPS)
        add_ratio(counts, ratio(predicted_s, actual_s))
        tails = self.tails.setdefault(stage.value, [TAIL, TAIL])
        tails[:] = [
            moved_tail(tails[0], is_missed=told is Told.EARLIER),
            moved_tail(tails[1], is_missed=told is Told.LATER),
        ]

    def learn_service(self, kind: StopKind, parcels: int, seconds: float) -> None:
        """Learns how long a driver was at a stop."""
        if not 0.0 <= seconds <= LONGEST_SERVICE_S:
            return
        sums, x = self.services.get(kind.value, [0.0] * 5), float(parcels)
        if sums[0] >= FULL_VISITS:
            sums = [value / 2 for value in sums]
        new = (1.0, x, x * x, seconds, x * seconds)
        self.services[kind.value] = [value + added for value, added in zip(sums, new, strict=True)]

    def learn_wait(self, wait: Wait, seconds: float) -> None:
        """Learns how long something took before a drive."""
        count, total = self.waits.get(wait.value, [0.0, 0.0])
        if count >= FULL_WAITS:
            count, total = count / 2, total / 2
        self.waits[wait.value] = [count + 1.0, total + max(0.0, seconds)]

    def wait_s(self, wait: Wait) -> float:
        """How long that usually takes."""
        count, total = self.waits.get(wait.value, [0.0, 0.0])
        return (total + PRIOR_WAITS * GUESSED_WAIT_S[wait.value]) / (count + PRIOR_WAITS)

    def service_s(self, kind: StopKind, parcels: int, dials: Dials) -> float:
        """How long a driver will be at a stop: so much for the visit and so much for each parcel.

        A straight line through all visits, among them a few made-up ones that took what is planned.
        """
        n, x, xx, y, xy = self.services.get(kind.value, [0.0] * 5)
        for many, weight in PRIOR_VISITS:
            planned = planned_service_s(kind, many, dials)
            n, x, xx = n + weight, x + weight * many, xx + weight * many * many
            y, xy = y + weight * planned, xy + weight * many * planned
        slope = max(0.0, (n * xy - x * y) / (n * xx - x * x))
        return max(0.0, (y - slope * x) / n + slope * parcels)

    def expect(self, stage: Stage, seconds: float) -> Expected:
        """The quantiles of an arrival that travel and service times put so many seconds away.

        The middle stays where it is: how long streets take is the router's to learn, and how long stops take is learnt
        above. Were it moved here too, what the router has just learnt would be added a second time.
        """
        low, high = self._factors(stage, seconds)
        return Expected(
            p10_s=stretched(seconds, min(low, 1.0)), p50_s=max(seconds, 0.0), p90_s=stretched(seconds, max(high, 1.0))
        )

    def chance_after(self, stage: Stage, seconds: float, deadline_s: float) -> float:
        """The chance that an arrival which is put so many seconds away comes after that many."""
        if deadline_s < 0.0:
            return 1.0
        return self._all_spreads[stage][horizon_of(seconds)].chance_above(ratio(seconds, deadline_s))

    def _factors(self, stage: Stage, seconds: float) -> tuple[float, float]:
        """Between the middles of two horizons the factors change evenly, so that no window jumps at a border."""
        factors = self._all_factors[stage]
        if seconds <= MIDDLES_S[0] or seconds >= MIDDLES_S[-1]:
            return factors[0 if seconds <= MIDDLES_S[0] else -1]
        number = next(n for n, (_, after) in enumerate(pairwise(MIDDLES_S)) if seconds <= after)
        share = (seconds - MIDDLES_S[number]) / (MIDDLES_S[number + 1] - MIDDLES_S[number])
        near, far = factors[number], factors[number + 1]
        return near[0] + share * (far[0] - near[0]), near[1] + share * (far[1] - near[1])

    @cached_property
    def _all_factors(self) -> dict[Stage, list[tuple[float, float]]]:
        return {
            stage: [spread.outer(*self.tails.get(stage.value, (TAIL, TAIL))) for spread in spreads]
            for stage, spreads in self._all_spreads.items()
        }

    @cached_property
    def _all_spreads(self) -> dict[Stage, list[Spread]]:
        return {
            stage: [
                Spread(self.spreads.get(_spread_key(stage, number), [0.0] * STEPS), GUESSED_SIGMA[stage.value])
                for number in range(len(HORIZONS_MIN))
            ]
            for stage in Stage
        }


def planned_service_s(kind: StopKind, parcels: float, dials: Dials) -> float:
    """How long the matcher plans for a stop."""
    match kind:
        case StopKind.PICKUP:
            return dials.pickup_service_s * (1.0 if dials.one_origin_per_route else parcels)
        case StopKind.DROPOFF:
            return dials.dropoff_service_s * parcels
        case StopKind.RETURN:
            return RETURN_SERVICE_S


def _spread_key(stage: Stage, number: int) -> str:
    return f"{stage.value}:{HORIZONS_MIN[number]}"
