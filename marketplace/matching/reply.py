"""What the matcher answers: timed routes with their offers and pay, and why the rest is not planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from marketplace.matching.request import StepKind


class Reason(StrEnum):
    """Why a delivery is in no route."""

    NO_CAPACITY = "no_capacity"
    NO_SKILL = "no_skill"
    WINDOW = "window"
    OUT_OF_REACH = "out_of_reach"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A pickup or a drop-off with its clock: at the door, handing over, away again."""

    delivery_id: str
    kind: StepKind
    location: int
    arrival: int
    start: int
    departure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRoute:
    """One driver's steps in order, when to offer them, and what they pay; `distance_m` None where nobody said."""

    driver_id: str
    steps: Sequence[PlannedStep]
    offer_at: int
    payout_cents: int
    expected_cost_cents: int
    travel_s: int
    distance_m: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A delivery in no route, and why.

    `failed` counts the drivers of the request by the first rule that each breaks even if the delivery were the only
    one, `able` those who could do it alone.
    """

    delivery_id: str
    reason: Reason
    failed: Mapping[Reason, int] = field(default_factory=dict, compare=False)
    able: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The matcher's answer: every delivery is in exactly one route or in `unassigned`."""

    routes: Sequence[PlannedRoute]
    unassigned: Sequence[Unassigned]
