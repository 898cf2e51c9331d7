"""What a delivery gives back because its tier's promise was broken by us: by the terms it was posted under, once.

Nothing is given back for what its recipient or its shipper caused: a door that stayed closed, or a parcel that was not
ready, whose wait is taken off how late it came. A delivery for which nobody was found before its window closed is a
missed one, and nothing else is billed for it.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from marketplace.batches import AttemptFailure, DeliveryState, UnassignedReason
from marketplace.billing.profile import lock_profile
from marketplace.core.money import Money
from marketplace.core.window import local_instant, zone
from marketplace.core.work import Work
from marketplace.shippers import Miss, ServiceLevel, find_service_level

OUR_FAULT = frozenset({AttemptFailure.DAMAGED_IN_TRANSIT})
"""Why a first try fails where neither recipient, shipper nor the street is the cause."""
NOT_OURS = frozenset({UnassignedReason.OUT_OF_REACH, UnassignedReason.PAUSED})
"""Why nobody came, where no street leads there or operations had closed the area. That nobody could be there in time is
ours: in the end that is said of whatever waited too long for a driver."""
WORDS = {Miss.LATE: "late", Miss.FAILED_TRY: "first try failed", Miss.UNSERVED: "not served"}

# How late the first try was, and why it failed; how late the parcel came; how long the shipper let the driver wait.
FACTS = """
SELECT first.reason, first.late_s AS first_late_s, handed.ended_at,
       coalesce(waited.seconds, 0)::int AS waited_s, m.time_zone, d.unassigned_reason,
       d.dropoff_lat IS NOT NULL AS is_placed
FROM delivery d JOIN market m ON m.id = d.market_id
LEFT JOIN LATERAL (SELECT reason, late_s FROM attempt WHERE delivery_id = d.id ORDER BY number LIMIT 1) first ON true
LEFT JOIN LATERAL (
    SELECT max(s.ended_at) AS ended_at FROM task t JOIN stop s ON s.id = t.stop_id
    WHERE t.delivery_id = d.id AND s.kind = 'DROPOFF' AND s.state = 'COMPLETED') handed ON true
LEFT JOIN LATERAL (
    SELECT max(extract(epoch FROM s.ended_at - greatest(s.arrived_at, d.pickup_opens_at)) - m.pickup_service_s)
        AS seconds
    FROM task t JOIN stop s ON s.id = t.stop_id LEFT JOIN hub h ON h.id = d.hub_id
    WHERE t.delivery_id = d.id AND s.kind = 'PICKUP' AND s.state = 'COMPLETED'
      AND (d.hub_id IS NULL OR h.shipper_id IS NOT NULL)) waited ON true
WHERE d.id = $1
"""
GIVEN_BACK = """
SELECT coalesce(-sum(amount_minor), 0)::bigint FROM bill_line
WHERE shipper_id = $1 AND market_id = $2 AND kind = 'SLA_CREDIT' AND created_at >= $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of a delivery, as far as its promise is concerned; seconds are after the end of the window.

    One whose address nobody could find was never placed, and could not be served. `lacked` is why nobody came.
    """

    state: DeliveryState
    first_failure: AttemptFailure | None
    first_late_s: int
    late_s: float
    waited_s: int
    is_placed: bool = True
    lacked: UnassignedReason = UnassignedReason.NO_DRIVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """What is given back, and why, as the invoice says it."""

    amount: Money
    reason: str


def miss_of(course: Course) -> tuple[Miss, float] | None:
    """How a promise was broken by us, and by how many seconds; None where it was kept or was not ours to keep.

    Where a try failed, that try was the promise: in time and at a closed door it was kept, whenever the next one came.
    """
    waited_s = max(0, course.waited_s)
    if course.first_failure is not None:
        if course.first_failure in OUR_FAULT:
            return Miss.FAILED_TRY, 0.0
        late_s: float = course.first_late_s - waited_s
    elif course.state is DeliveryState.DELIVERED:
        late_s = course.late_s - waited_s
    elif course.state is DeliveryState.EXPIRED:
        return (Miss.UNSERVED, 0.0) if course.is_placed and course.lacked not in NOT_OURS else None
    else:
        return None
    return (Miss.LATE, late_s) if late_s > 0 else None


async def penalty_of(work: Work, row: asyncpg.Record) -> Penalty | None:
    """What a delivery that has ended gives its shipper back, within what a month may; its row is locked."""
    level = await find_service_level(work, level_id=row["service_level_id"], shipper_id=row["shipper_id"])
    facts = await work.fetch_row(FACTS, row["id"])
    assert facts is not None, "a locked delivery stays"
    handed_over_at = facts["ended_at"] or row["changed_at"]
    course = Course(
        state=DeliveryState(row["state"]),
        first_failure=AttemptFailure(facts["reason"]) if facts["reason"] else None,
        first_late_s=facts["first_late_s"] or 0,
        late_s=(handed_over_at - row["dropoff_closes_at"]).total_seconds(),
        waited_s=facts["waited_s"],
        is_placed=facts["is_placed"],
        lacked=UnassignedReason(facts["unassigned_reason"] or UnassignedReason.NO_DRIVER),
    )
    missed = miss_of(course)
    if missed is None:
        return None
    miss, late_s = missed
    amount_minor = level.penalty(miss, price_minor=row["price_minor"], late_s=late_s)
    if amount_minor and level.monthly_cap_minor is not None:
        left_minor = await _left_of_month(work, row, level.monthly_cap_minor, facts["time_zone"])
        amount_minor = min(amount_minor, left_minor)
    if amount_minor <= 0:
        return None
    return Penalty(amount=Money(amount_minor, row["currency"]), reason=_reason(level, miss))


def _reason(level: ServiceLevel, miss: Miss) -> str:
    return f"{level.tier} {WORDS[miss]}"


async def _left_of_month(work: Work, row: asyncpg.Record, cap_minor: int, time_zone: str) -> int:
    # Two deliveries that end at once queue at the profile, so that together they stay within the month's cap.
    await lock_profile(work, shipper_id=row["shipper_id"], market_id=row["market_id"])
    given: int = await work.fetch_value(
        GIVEN_BACK, row["shipper_id"], row["market_id"], _month_began(work.now, time_zone)
    )
    return cap_minor - given


def _month_began(now: datetime, time_zone: str) -> datetime:
    local = now.astimezone(zone(time_zone)).replace(tzinfo=None)
    return local_instant(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0), time_zone)
