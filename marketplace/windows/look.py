"""One look at a day: which of its windows can be kept, and at what cost.

Read in one Work, then one question to the router and one to the probe with none open. Nothing is written: a window that
is shown is not promised until it is held.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import numpy as np

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.money import Money
from marketplace.core.window import Window, zone
from marketplace.core.work import Work, Works, outside
from marketplace.markets import Dials, dials, open_pauses, paused_until, pay_policy_at
from marketplace.routing import Matrix, Router
from marketplace.rural import local_day
from marketplace.windows.holds import holds_in
from marketplace.windows.live_plan import LivePlan, read_live_plan
from marketplace.windows.places import places_for
from marketplace.windows.price import differences
from marketplace.windows.probe import Place, Probe, Terms, Wish
from marketplace.windows.states import ClosedReason, WindowReason
from marketplace.windows.target import Target, WindowQuestion, read_target
from marketplace.windows.timeline import Timeline, Visit

DAYS_AHEAD = 14
WINDOWS_AT_MOST = 48
MARGIN = timedelta(minutes=12)
"""A window is only offered where somebody could be there so long before it closes."""
TRAVEL_FACTOR = 1.15
UNSERVED = ClosedReason.UNSERVED_DAY
OFFERED_WITHIN = timedelta(minutes=10)
"""Somebody has taken a new route after so long, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedWindow:
    """A window that can be kept: what it adds to the plan and why, what it costs more or less, places that are left."""

    window: Window
    difference: Money
    is_charged: bool
    reason: WindowReason
    extra_m: int
    extra_s: int
    places_left: int
    room: int
    route_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedDay:
    """The windows of a day that can be kept, first one first; where there is none, why.

    `next_served_day` is the first day on which the rural zone of the door is served and can still be ordered for.
    """

    windows: Sequence[OfferedWindow]
    time_zone: str
    closed_reason: ClosedReason | None
    next_served_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read: the target, its windows that are bookable with the places left in each, and the plan of the day.

    `too_late` and `full` are windows of the day that cannot be had, for who asks for just one of them.
    """

    target: Target
    now: datetime
    dials: Dials
    rates: dict[str, int]
    windows: Sequence[tuple[Window, int]]
    too_late: Sequence[Window]
    full: Sequence[Window]
    closed_reason: ClosedReason | None
    next_served_day: date | None
    plan: LivePlan | None
    hold_ids: frozenset[UUID] = frozenset()


async def delivery_windows(works: Works, *, router: Router, question: WindowQuestion) -> OfferedDay:
    """The windows of a day that the plan can keep for a delivery, or for a place that a hub delivers to."""
    async with works.open() as work:
        seen = await read_day(work, question)
    outside()
    return await look(router, seen)


async def read_day(work: Work, question: WindowQuestion, *, hold: asyncpg.Record | None = None) -> Seen:
    """Reads what the windows of a day depend on.

    With `hold` only the window of that place is in question: it is given out already, so that neither notice nor the
    hub's places stand against it, and it is not in its own way.
    """
    target = await read_target(work, question)
    settings = await dials(work, market_id=target.market_id)
    policy = await pay_policy_at(work, market_id=target.market_id, moment=work.now)
    today = work.now.astimezone(zone(target.time_zone)).date()
    if not today <= question.day <= today + timedelta(days=DAYS_AHEAD):
        raise Invalid(f"ask for a day from today to {DAYS_AHEAD} days ahead", field="day")
    is_served = _is_served(target, question.day, work.now)
    every = target.windows_on(question.day)[:WINDOWS_AT_MOST] if is_served else []
    first_day = target.opening.first_day(target.service_level, work.now, time_zone=target.time_zone)
    pauses = await open_pauses(work.connection, market_id=target.market_id, at=work.now)
    earliest = paused_until(pauses, target.pickup, target.dropoff) or work.now
    in_time = (
        [one for one in every if _is_in_time(one, work.now, target) and one.opens_at >= earliest]
        if question.day >= first_day
        else []
    )
    left = await places_for(work, target, opening=target.opening, windows=in_time)
    free = [(window, places) for window, places in zip(in_time, left, strict=True) if places > 0]
    if hold is not None:
        free = [(Window(hold["opens_at"], hold["closes_at"]), 1)]
    seen = Seen(
        target=target,
        now=work.now,
        dials=settings,
        rates=policy.planning_rates(),
        windows=free if target.is_in_reach else [],
        too_late=[one for one in every if one not in in_time],
        full=[window for window, places in zip(in_time, left, strict=True) if places <= 0],
        closed_reason=(
            _closed(target, question.day, every, question.day < first_day, in_time, free) if is_served else UNSERVED
        ),
        next_served_day=_next_served_day(target, work.now),
        plan=None,
    )
    if not seen.windows:
        return seen
    opens_at = work.now if question.day == today else seen.windows[0][0].opens_at
    span = Window(opens_at, seen.windows[-1][0].closes_at)
    # First the holds: one that is taken between these two reads is then in the plan, or counted as new, never neither.
    hold_ids = await holds_in(work, market_id=target.market_id, span=span)
    plan = await read_live_plan(
        work,
        dials=settings,
        pickup=target.pickup,
        span=span,
        leave_out=target.delivery_id,
        hold_id=hold["id"] if hold is not None else None,
    )
    return replace(seen, plan=plan, hold_ids=hold_ids)


def _is_served(target: Target, day: date, now: datetime) -> bool:
    """Whether a day is one of the rural zone in which the door lies; any day is, where it lies in none."""
    if target.rural is None or target.rural.serves(day, now=now, time_zone=target.time_zone):
        return True
    return target.row is not None and day == local_day(target.row["dropoff_opens_at"], target.time_zone)


def _next_served_day(target: Target, now: datetime) -> date | None:
    if target.rural is None:
        return None
    return target.rural.next_day(local_day(now, target.time_zone), now=now, time_zone=target.time_zone)


def _is_in_time(window: Window, now: datetime, target: Target) -> bool:
    return window.opens_at >= now + target.opening.notice and target.pickup_window(window).opens_at < window.closes_at


def _closed(
    target: Target,
    day: date,
    every: Sequence[Window],
    is_past_cutoff: bool,
    in_time: Sequence[Window],
    free: Sequence[tuple[Window, int]],
) -> ClosedReason | None:
    if not target.is_in_reach:
        return ClosedReason.OUT_OF_REACH
    if not every:
        serves = bool(target.opening.windows_on(day, time_zone=target.time_zone))
        return ClosedReason.NOT_IN_TIER if serves else ClosedReason.CLOSED
    if is_past_cutoff:
        return ClosedReason.PAST_CUTOFF
    if not in_time:
        return ClosedReason.NOTICE_TOO_SHORT
    return None if free else ClosedReason.FULL


async def look(router: Router, seen: Seen) -> OfferedDay:
    """Asks the router once and the probe for all windows together; the probe thinks in a thread of its own."""
    if seen.plan is None:
        return OfferedDay(
            windows=(),
            time_zone=seen.target.time_zone,
            closed_reason=seen.closed_reason,
            next_served_day=seen.next_served_day,
        )
    points = _places(seen.target, seen.plan)
    matrix = await router.matrix(list(points), depart_at=seen.now)
    found = await asyncio.to_thread(probe_windows, seen, points, matrix)
    kept = [(*free, place) for free, place in zip(seen.windows, found, strict=True) if place is not None]
    costs = [place.cost_minor for _, _, place in kept]
    promises = seen.target.promises
    offered = [
        OfferedWindow(
            window=window,
            difference=Money(difference, seen.dials.currency),
            is_charged=promises.window_swing_percent > 0,
            reason=place.reason,
            extra_m=place.extra_m,
            extra_s=place.extra_s,
            places_left=places,
            room=place.room,
            route_id=place.route_id,
        )
        for (window, places, place), difference in zip(
            kept, differences(costs, price_minor=seen.target.price_minor, promises=promises), strict=True
        )
    ]
    closed = None if offered else ClosedReason.NO_DRIVER
    return OfferedDay(
        windows=offered,
        time_zone=seen.target.time_zone,
        closed_reason=closed,
        next_served_day=seen.next_served_day,
    )


def probe_windows(seen: Seen, points: dict[Point, int], matrix: Matrix) -> list[Place | None]:
    """Lays out the day as far as it is known, then asks for every window what it would take to keep it."""
    assert seen.plan is not None, "a day with windows has a plan"
    target, terms = seen.target, _terms(seen)
    clock = _Clock(seen.now)
    probe = Probe(
        _timelines(seen, points, clock),
        np.asarray(matrix.durations_s, dtype=np.float64),
        np.asarray(matrix.distances_m, dtype=np.float64),
        terms,
    )
    for waiting in seen.plan.waiting:
        wish = Wish(
            pickup=points[waiting.pickup],
            dropoff=points[waiting.dropoff],
            ready=clock.second(waiting.pickup_window.opens_at),
            gone=clock.second(waiting.pickup_window.closes_at),
            load=waiting.load,
            skills=waiting.skills,
            more_at_door_s=_more_at_door_s(seen, waiting.skills),
        )
        probe.settle(wish, *clock.seconds(waiting.dropoff_window))
    windows = [window for window, _ in seen.windows]
    pickup = target.pickup_window(windows[-1])
    own = Wish(
        pickup=points[target.pickup],
        dropoff=points[target.dropoff],
        ready=clock.second(max(pickup.opens_at, seen.now)),
        gone=clock.second(pickup.closes_at),
        load=target.load,
        skills=target.skills,
        more_at_door_s=_more_at_door_s(seen, target.skills),
    )
    return probe.windows(own, [clock.seconds(window) for window in windows])


def _more_at_door_s(seen: Seen, skills: frozenset[str]) -> float:
    return seen.dials.door_service_s(skills) - seen.dials.dropoff_service_s


class _Clock:
    """Moments as seconds since the look."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def second(self, moment: datetime) -> float:
        return (moment - self.now).total_seconds()

    def seconds(self, window: Window) -> tuple[float, float]:
        return self.second(window.opens_at), self.second(window.closes_at)


def _terms(seen: Seen) -> Terms:
    return Terms(
        pickup_service_s=seen.dials.pickup_service_s,
        dropoff_service_s=seen.dials.dropoff_service_s,
        margin_s=MARGIN.total_seconds(),
        travel_factor=TRAVEL_FACTOR,
        offer_s=OFFERED_WITHIN.total_seconds(),
        per_km_minor=seen.rates["per_km_minor"],
        per_minute_minor=seen.rates["per_minute_minor"],
        per_trip_minor=max(seen.rates["base_minor"], seen.dials.route_fixed_cost_minor),
    )


def _places(target: Target, plan: LivePlan) -> dict[Point, int]:
    """Every place that matters, each once, with its row in the matrix."""
    ends = [end for one in plan.waiting for end in (one.pickup, one.dropoff)]
    stops = [stop.place for stop in plan.offered]
    places = [target.pickup, target.dropoff, *(driver.place for driver in plan.drivers), *stops, *ends]
    return {place: number for number, place in enumerate(dict.fromkeys(places))}


def _timelines(seen: Seen, points: dict[Point, int], clock: _Clock) -> list[Timeline]:
    assert seen.plan is not None, "a day with windows has a plan"
    timelines = [
        Timeline(
            place=points[driver.place],
            free_at=clock.second(driver.free_at),
            until=clock.second(driver.until),
            capacity=driver.capacity,
            skills=driver.skills,
            max_stops=driver.max_stops,
        )
        for driver in seen.plan.drivers
    ]
    row_of = {driver.id: row for row, driver in enumerate(seen.plan.drivers) if driver.id is not None}
    for stop in seen.plan.offered:
        if stop.driver_id in row_of:
            opens, closes = clock.seconds(stop.window)
            service_s = seen.dials.pickup_service_s if stop.is_pickup else seen.dials.dropoff_service_s
            timelines[row_of[stop.driver_id]].visits.append(
                Visit(
                    place=points[stop.place],
                    is_pickup=stop.is_pickup,
                    opens=opens,
                    closes=closes,
                    service_s=service_s,
                    load=stop.load,
                    route_id=stop.route_id,
                )
            )
    return timelines
