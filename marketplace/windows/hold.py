"""A place in a window is held for a caller who is about to decide, until it is booked or its time is up."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import orjson

from marketplace.batches import UnservedDay
from marketplace.core.errors import Refusal
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening
from marketplace.routing import Router
from marketplace.windows.holds import holds_in
from marketplace.windows.look import OfferedDay, OfferedWindow, Seen, look, read_day
from marketplace.windows.places import places_for
from marketplace.windows.refusals import (
    DifferenceChanged,
    NotAWindow,
    NoticeTooShort,
    OutOfReach,
    PastCutoff,
    PlanMoved,
    WindowFull,
    WindowNotKeepable,
)
from marketplace.windows.states import ClosedReason
from marketplace.windows.target import WindowQuestion

HOLDS_FOR = timedelta(minutes=10)

LOCK_HUB = "SELECT opening FROM hub WHERE id = $1 FOR NO KEY UPDATE"
LOCK_MARKET = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 5))"
GIVE_BACK = """
UPDATE window_hold SET state = 'RELEASED', ended_at = $2 WHERE delivery_id = $1 AND state = 'HELD'
"""
INSERT = """
INSERT INTO window_hold (id, market_id, shipper_id, hub_id, delivery_id, state, opens_at, closes_at, pickup_lat,
    pickup_lon, dropoff_lat, dropoff_lon, load, skills, actor, difference_minor, is_charged, currency, reason, extra_m,
    extra_s, route_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, 'HELD', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $23)
RETURNING *
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWindow:
    """The errand of holding: the day is looked at once more, and the place is taken under a lock."""

    router: Router
    question: WindowQuestion
    window: Window
    difference_at_most_minor: int | None = None

    async def read(self, work: Work) -> Seen:
        """Reads the day; refuses at once what no look at the plan could make possible."""
        seen = await read_day(work, self.question)
        if refusal := self._why_not(seen):
            raise refusal
        return seen

    async def call(self, found: Seen) -> OfferedDay:
        """Looks which windows of the day can be kept."""
        return await look(self.router, found)

    async def record(self, work: Work, found: Seen, answer: OfferedDay) -> asyncpg.Record:
        """Takes the place, if there still is one."""
        offered = next((one for one in answer.windows if one.window == self.window), None)
        if offered is None:
            raise WindowNotKeepable("nobody could keep this window; choose one that is offered", field="opensAt")
        at_most = self.difference_at_most_minor
        if at_most is not None and offered.is_charged and offered.difference.minor > at_most:
            raise DifferenceChanged("this window costs more by now; look at the windows again", field="opensAt")
        return await take_place(work, found, offered, actor=self.question.actor.value)

    def _why_not(self, seen: Seen) -> Refusal | None:
        if any(window == self.window for window, _ in seen.windows):
            return None
        if self.window in seen.full:
            return WindowFull("this window is full; choose another", field="opensAt")
        if self.window in seen.too_late and seen.closed_reason is ClosedReason.PAST_CUTOFF:
            return PastCutoff("it is too late for this day; choose a later one", field="day")
        if self.window in seen.too_late:
            return NoticeTooShort("this window opens too soon; choose a later one", field="opensAt")
        return _why_none(seen)


def _why_none(seen: Seen) -> Refusal:
    if seen.closed_reason is ClosedReason.UNSERVED_DAY:
        return UnservedDay(f"this zone is served next on {seen.next_served_day}; choose that day", field="day")
    if seen.closed_reason is ClosedReason.OUT_OF_REACH:
        return OutOfReach("this place is out of the hub's reach", field="place")
    return NotAWindow("these are not the times of a window of this day; ask for deliveryWindows", field="opensAt")


async def take_place(work: Work, seen: Seen, offered: OfferedWindow, *, actor: str) -> asyncpg.Record:
    """Writes the hold, with the route on offer that the delivery is to join, if it is to join one.

    Of many who want the last place one gets it; a delivery's earlier hold is given back.
    """
    target = seen.target
    # Closes the race for the last place: all who want one at this hub, or of a market without hubs, queue here.
    opening = target.opening
    if target.hub_id is not None:
        kept = await work.fetch_value(LOCK_HUB, target.hub_id)
        opening = Opening.of(orjson.loads(kept) if kept else None)
    else:
        await work.execute(LOCK_MARKET, str(target.market_id))
    if target.delivery_id is not None:
        await work.execute(GIVE_BACK, target.delivery_id, work.now)
    await _check_places(work, seen, offered, opening)
    values = (target.pickup.lat, target.pickup.lon, target.dropoff.lat, target.dropoff.lon)
    row = await work.fetch_row(
        INSERT,
        work.new_id(),
        target.market_id,
        target.shipper_id,
        target.hub_id,
        target.delivery_id,
        offered.window.opens_at,
        offered.window.closes_at,
        *values,
        list(target.load),
        sorted(target.skills),
        actor,
        offered.difference.minor,
        offered.is_charged,
        offered.difference.currency,
        offered.reason.value,
        offered.extra_m,
        offered.extra_s,
        offered.route_id,
        work.now,
        work.now + HOLDS_FOR,
    )
    assert row is not None, "an insert returns its row"
    return row


async def _check_places(work: Work, seen: Seen, offered: OfferedWindow, opening: Opening) -> None:
    target = seen.target
    [left] = await places_for(work, target, opening=opening, windows=[offered.window], lock=True)
    if left < 1:
        raise WindowFull("this window is full; choose another", field="opensAt")
    # Who took a place in this window since it was looked at was not seen by that look.
    taken = await holds_in(work, market_id=target.market_id, span=offered.window)
    if len(taken - seen.hold_ids) >= offered.room:
        raise PlanMoved("others are taking this window at this moment; try again", field="opensAt")
