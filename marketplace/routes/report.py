"""The common heart of every driver report: said once or many times, now or hours later, it has one effect.

A report is known by the driver and the app's own event id. The same report again gets its first receipt again; another
report under the same id is a conflict. The app says when it happened (`occurred_at`); what counts (`effective_at`)
stays between the acceptance and now and never runs backwards. A report that is out of these bounds, or was sent far
from its stop, works and is kept, but its route is flagged and not paid before somebody has looked at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.idempotency import record_id, request_hash
from marketplace.core.work import Work
from marketplace.routes.in_hand import RouteInHand, StopInHand
from marketplace.routes.queries import (
    find_report,
    insert_report,
    lock_route,
    lock_route_of_stop,
    put_back,
    take_in_hand,
)
from marketplace.routes.refusals import (
    BadReport,
    ClientEventReused,
    RouteEnded,
    RouteNotStarted,
    StopEnded,
    StopNotNext,
)
from marketplace.routes.states import ReportFlag, ReportVerb, RouteState

LONGEST_CLIENT_EVENT_ID = 100
FUTURE_TOLERANCE = timedelta(seconds=120)
"""A phone's clock may be this much ahead of ours before its reports look odd."""
FAR_FROM_STOP_M = 300
"""Further than this from the stop is not at the stop: wider than a bad urban fix, narrower than the next block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a driver's app says; `content` holds the verb's own arguments as plain JSON values."""

    verb: ReportVerb
    driver_id: UUID
    route_id: UUID | None = None
    stop_id: UUID | None = None
    client_event_id: str
    occurred_at: datetime
    place: Point | None
    content: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = self.client_event_id
        if not 1 <= len(key) <= LONGEST_CLIENT_EVENT_ID or not key.isprintable():
            raise BadReport(
                f"clientEventId has 1 to {LONGEST_CLIENT_EVENT_ID} printable characters", field="clientEventId"
            )
        if self.occurred_at.tzinfo is None:
            raise BadReport("occurredAt needs an offset, such as Z", field="occurredAt")
        try:
            object.__setattr__(self, "occurred_at", self.occurred_at.astimezone(UTC))
        except OverflowError:
            raise BadReport("occurredAt is no time of this world", field="occurredAt") from None

    @property
    def id(self) -> UUID:
        """The row of this report: one for each driver and client event id."""
        return record_id(self.driver_id, self.client_event_id)

    @property
    def digest(self) -> bytes:
        """A digest of everything that is said."""
        said = {
            "route": self.route_id,
            "stop": self.stop_id,
            "occurred_at": self.occurred_at,
            "place": (self.place.lat, self.place.lon) if self.place else None,
            "content": self.content,
        }
        return request_hash(self.verb.value, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was made of a report: when it counts as having happened, and what is odd about it, if anything."""

    report_id: UUID
    route_id: UUID
    stop_id: UUID | None
    verb: ReportVerb
    occurred_at: datetime
    effective_at: datetime
    received_at: datetime
    flag: ReportFlag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The moment that counts, and the gravest thing that is odd about a report."""

    effective_at: datetime
    flag: ReportFlag | None


def judge(
    report: Report, *, accepted_at: datetime, last_moment: datetime, now: datetime, stop_point: Point | None = None
) -> Judgement:
    """Decides when a report counts as having happened and whether it is odd; the gravest oddity is kept."""
    effective_at = max(min(report.occurred_at, now), accepted_at, last_moment)
    flag = None
    if stop_point and report.place and straight_line_m(report.place, stop_point) > FAR_FROM_STOP_M:
        flag = ReportFlag.FAR_FROM_STOP
    elif report.occurred_at > now + FUTURE_TOLERANCE:
        flag = ReportFlag.IN_THE_FUTURE
    elif report.occurred_at < accepted_at:
        flag = ReportFlag.TOO_EARLY
    elif report.occurred_at < last_moment:
        flag = ReportFlag.OUT_OF_ORDER
    return Judgement(effective_at=effective_at, flag=flag)


async def take_up(work: Work, report: Report) -> RouteInHand | Receipt:
    """Locks and loads the route that a report is about; the first receipt instead when the report came before."""
    if report.stop_id is not None:
        head = await lock_route_of_stop(work, stop_id=report.stop_id, driver_id=report.driver_id)
    else:
        assert report.route_id is not None, "a report is about a route or a stop"
        head = await lock_route(work, route_id=report.route_id, driver_id=report.driver_id)
    # Only now, behind the lock: of two equal reports at once the second finds the row of the first.
    if earlier := await _recall(work, report):
        return earlier
    if head is None:
        noun, name = ("stop", "stopId") if report.stop_id else ("route", "routeId")
        raise NotFound(f"there is no such {noun} on a route of yours", field=name)
    if RouteState(head["state"]) not in {RouteState.ASSIGNED, RouteState.STARTED}:
        raise RouteEnded("this route is over; ask for your present one with myRoute")
    return await take_in_hand(work, head)


async def _recall(work: Work, report: Report) -> Receipt | None:
    row = await find_report(work, report_id=report.id)
    if row is None:
        return None
    if row["digest"] != report.digest:
        raise ClientEventReused("this clientEventId was used for another report; use a new one", field="clientEventId")
    return receipt_of(row)


def receipt_of(row: asyncpg.Record) -> Receipt:
    """The receipt of a report that was kept."""
    return Receipt(
        report_id=row["id"],
        route_id=row["route_id"],
        stop_id=row["stop_id"],
        verb=ReportVerb(row["verb"]),
        occurred_at=row["occurred_at"],
        effective_at=row["effective_at"],
        received_at=row["received_at"],
        flag=ReportFlag(row["flag"]) if row["flag"] else None,
    )


def stop_in_turn(route: RouteInHand, report: Report) -> StopInHand:
    """The stop that a report is about, if the route is under way and nothing has to be done before it.

    Failed and skipped stops count as done, and so do those at which nothing is left to do.
    """
    assert report.stop_id is not None, "this report is about a stop"
    stop = route.stop(report.stop_id)
    if route.state is not RouteState.STARTED:
        raise RouteNotStarted("start the route first, with startRoute", field="stopId")
    if stop.is_ended:
        raise StopEnded(f"this stop is {stop.state.value}; go on to the next with myRoute", field="stopId")
    earlier = [other for other in route.stops if other.place < stop.place and not other.is_ended]
    if any(route.has_purpose(other) for other in earlier):
        raise StopNotNext("another stop comes before this one; report that one first", field="stopId")
    return stop


def judge_stop(work: Work, route: RouteInHand, stop: StopInHand, report: Report) -> Judgement:
    """The judgement of a report about this stop."""
    return judge(
        report,
        accepted_at=route.accepted_at,
        last_moment=route.last_moment,
        now=work.now,
        stop_point=stop.point,
    )


async def keep(work: Work, route: RouteInHand, report: Report, judgement: Judgement) -> Receipt:
    """Writes what a report changed and the report itself, and returns its receipt."""
    if judgement.flag is not None:
        route.flag()
    await put_back(work, route)
    return await keep_report(work, route, report, judgement, report_id=report.id)


async def keep_report(
    work: Work, route: RouteInHand, report: Report, judgement: Judgement, *, report_id: UUID
) -> Receipt:
    """Writes the report alone, under this id."""
    is_kept = await insert_report(
        work,
        (
            report_id,
            route.market_id,
            route.id,
            report.stop_id,
            report.driver_id,
            report.verb.value,
            report.digest,
            report.occurred_at,
            judgement.effective_at,
            work.now,
            report.place.lat if report.place else None,
            report.place.lon if report.place else None,
            judgement.flag.value if judgement.flag else None,
        ),
    )
    if not is_kept:
        # The same id on two routes of one driver at once: the unique row refuses the second.
        raise ClientEventReused("this clientEventId was used for another report; use a new one", field="clientEventId")
    return Receipt(
        report_id=report_id,
        route_id=route.id,
        stop_id=report.stop_id,
        verb=report.verb,
        occurred_at=report.occurred_at,
        effective_at=judgement.effective_at,
        received_at=work.now,
        flag=judgement.flag,
    )
