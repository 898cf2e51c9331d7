"""An operator asks a driver to take a route over; a dedicated driver on shift is given it without being asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.accounts import note_action
from marketplace.batches.states import Requirement
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.offers.candidates import Candidate, RouteNeeds, find_needs, judge_driver
from marketplace.offers.states import RULE_WORDS
from marketplace.pricing import RouteFacts, offer_pay, with_agreed_price
from marketplace.reassignments.aboard import aboard, still_to_drive
from marketplace.reassignments.agree import agree
from marketplace.reassignments.end import end
from marketplace.reassignments.events import ReassignmentOffered
from marketplace.reassignments.queries import lock_open, take_reassignment
from marketplace.reassignments.refusals import (
    BadReason,
    DriverCannotTake,
    MeetingPointNeeded,
    ReassignmentOpen,
    RouteNotToReassign,
)
from marketplace.reassignments.states import ReassignmentState
from marketplace.routes.in_hand import RouteInHand, StopInHand
from marketplace.routes.queries import lock_driven_route, take_in_hand
from marketplace.routes.states import StopKind
from marketplace.routing import Journey, Router

ANSWER_WITHIN = timedelta(minutes=5)
"""A driver decides about a route that is waiting on the road; the answer is asked for as long as this."""
LONGEST_REASON = 300
SERVICE_S = 120
"""Work at a stop, as it is reckoned for what the second driver is promised; what is paid is what it took."""
ANY_OFFERS = 10_000
"""An operator's question is no offer of a wave, so how many of those a driver has open does not matter."""

FIND_ROUTE = """
SELECT r.id, r.driver_id, r.state, p.lat, p.lon FROM route r LEFT JOIN presence p ON p.driver_id = r.driver_id
WHERE r.id = $1 AND r.market_id = $2
"""
INSERT = """
INSERT INTO reassignment (id, market_id, route_id, from_driver_id, to_driver_id, state, reason, lat, lon, next_stop_id,
    way_m, approach_m, approach_s, first_leg_m, first_leg_s, is_degraded, pay_minor, currency, policy_version,
    operator_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, 'OFFERED', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
"""


class RouteMoved(Conflict):
    """The driver did something meanwhile; look at the route again."""

    code = "ROUTE_MOVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReassign:
    """What is to be driven by whom, before the router is asked."""

    from_driver_id: UUID
    from_place: Point | None
    candidate: Candidate
    needs: RouteNeeds
    departs_at: datetime
    next_stop_id: UUID
    next_place: Point
    meeting_point: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The first driver's way to the meeting point, and the second one's through it to the next stop."""

    way_m: int
    second: Journey

    @property
    def is_met(self) -> bool:
        """Whether the two meet on the way."""
        return len(self.second.legs) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignRoute:
    """The errand of asking `to_driver_id`; its result is the reassignment."""

    router: Router
    market_id: MarketId
    route_id: UUID
    to_driver_id: UUID
    meeting_point: Point | None
    reason: str
    operator_id: OperatorId

    async def read(self, work: Work) -> ToReassign:
        """Checks route and driver, and what is left to be driven."""
        if not 1 <= len(self.reason.strip()) <= LONGEST_REASON:
            raise BadReason(f"a reason has 1 to {LONGEST_REASON} characters", field="reason")
        found = await work.fetch_row(FIND_ROUTE, self.route_id, self.market_id)
        if found is None:
            raise NotFound("there is no such route", field="routeId")
        head = await lock_driven_route(work, route_id=self.route_id)
        if head is None:
            raise RouteNotToReassign("no driver has this route; assign it instead", field="routeId")
        route = await take_in_hand(work, head)
        if aboard(route) and self.meeting_point is None:
            raise MeetingPointNeeded("parcels are aboard: say where the drivers meet", field="meetingPoint")
        await self._clear_the_way(work)
        left = still_to_drive(route)
        if not left:
            raise RouteNotToReassign("nothing is left to be driven on this route", field="routeId")
        needs = await self._needs(work, left, route)
        return ToReassign(
            from_driver_id=route.driver_id,
            from_place=Point(lat=found["lat"], lon=found["lon"]) if found["lat"] is not None else None,
            candidate=await self._candidate(work, needs, route.driver_id),
            needs=needs,
            departs_at=work.now,
            next_stop_id=left[0].id,
            next_place=left[0].point,
            meeting_point=self.meeting_point if aboard(route) else None,
        )

    async def call(self, found: ToReassign) -> Ways:
        """Asks for both drivers' ways."""
        meeting, departs_at = found.meeting_point, found.departs_at
        through = [found.candidate.place, *([meeting] if meeting else []), found.next_place]
        second = await self.router.legs(through, depart_at=departs_at)
        way_m = 0
        if meeting is not None and found.from_place is not None:
            way_m = (await self.router.legs([found.from_place, meeting], depart_at=departs_at)).distance_m
        return Ways(way_m=way_m, second=second)

    async def record(self, work: Work, found: ToReassign, answer: Ways) -> UUID:
        """Keeps the question with what it pays; a dedicated driver has said yes by contract."""
        head = await lock_driven_route(work, route_id=self.route_id)
        if head is None or head["driver_id"] != found.from_driver_id:
            raise RouteMoved("the route has ended or has another driver by now", field="routeId")
        await self._clear_the_way(work)
        await self._candidate(work, found.needs, found.from_driver_id)
        reassignment_id = await self._ask(work, found, answer)
        await note_action(
            work,
            operator_id=self.operator_id,
            market_id=self.market_id,
            verb="reassignRoute",
            subject_id=reassignment_id,
            details={"route": self.route_id.hex, "to_driver": self.to_driver_id.hex, "reason": self.reason.strip()},
        )
        if found.candidate.kind is ContractKind.DEDICATED:
            await agree(work, await take_reassignment(work, reassignment_id=reassignment_id))
        return reassignment_id

    async def _clear_the_way(self, work: Work) -> None:
        """A question that nobody answered in time is over; any other open one comes first."""
        row = await lock_open(work, route_id=self.route_id)
        if row is None:
            return
        if row["state"] != ReassignmentState.OFFERED or row["expires_at"] > work.now:
            raise ReassignmentOpen("this route is being reassigned already; cancel that first", field="routeId")
        await end(work, row, ReassignmentState.EXPIRED)

    async def _needs(self, work: Work, left: Sequence[StopInHand], route: RouteInHand) -> RouteNeeds:
        """What is left of the route as a whole new one would ask for it."""
        needs = await find_needs(work, route_id=self.route_id)
        assert needs is not None, "the route is locked"
        keys = {key for stop in left for key in stop.delivery_ids if key in route.deliveries}
        row = await work.fetch_row(
            "SELECT coalesce(sum(load[1]), 0)::int AS packages, coalesce(sum(load[2]), 0)::int AS grams,"
            " coalesce(sum(load[3]), 0)::int AS litres, coalesce(sum(pallet_places), 0)::int AS pallet_places"
            " FROM delivery WHERE id = ANY($1)",
            list(keys),
        )
        assert row is not None, "a sum has one row"
        asked = {one for key in keys for one in route.deliveries[key].requirements}
        if any(route.deliveries[key].out_of_cold_limit_s is not None for key in keys):
            asked.add(Requirement.COLD)
        return replace(
            needs,
            load=(row["packages"], row["grams"], row["litres"]),
            pallet_places=row["pallet_places"],
            skills=[skill for skill in needs.skills if skill in asked],
            stop_count=len(left),
            dropoff_count=sum(stop.kind is not StopKind.PICKUP for stop in left),
            distance_m=sum(stop.leg_m for stop in left[1:]),
            duration_s=_duration_s(left),
            ends_at=max(needs.ends_at, work.now),
            first_place=left[0].point,
        )

    async def _candidate(self, work: Work, needs: RouteNeeds, from_driver_id: UUID) -> Candidate:
        if self.to_driver_id == from_driver_id:
            raise DriverCannotTake("this driver has the route already", field="toDriverId")
        candidate, rule = await judge_driver(work, needs, driver_id=self.to_driver_id, open_offers=ANY_OFFERS)
        if rule is not None:
            raise DriverCannotTake(RULE_WORDS[rule], field="toDriverId")
        if candidate is None:
            raise NotFound("there is no such driver", field="toDriverId")
        return candidate

    async def _ask(self, work: Work, found: ToReassign, ways: Ways) -> UUID:
        reassignment_id, legs = work.new_id(), ways.second.legs
        facts = RouteFacts(
            distance_m=found.needs.distance_m + ways.second.distance_m,
            duration_s=found.needs.duration_s + ways.second.duration_s,
            stop_count=found.needs.dropoff_count,
        )
        pay = with_agreed_price(offer_pay(found.needs.policy, facts, 0), found.candidate.agreed_minor)
        meeting = found.meeting_point
        first_leg = legs[1] if ways.is_met else None
        try:
            await work.execute(
                INSERT,
                reassignment_id,
                self.market_id,
                self.route_id,
                found.from_driver_id,
                self.to_driver_id,
                self.reason.strip(),
                meeting.lat if meeting else None,
                meeting.lon if meeting else None,
                found.next_stop_id,
                ways.way_m,
                legs[0].distance_m,
                legs[0].duration_s,
                first_leg.distance_m if first_leg else 0,
                first_leg.duration_s if first_leg else 0,
                ways.second.is_degraded,
                pay.total_minor,
                found.needs.currency,
                found.needs.policy.version,
                self.operator_id,
                work.now,
                work.now + ANSWER_WITHIN,
            )
        except asyncpg.UniqueViolationError:
            raise ReassignmentOpen("this driver, or this route, is being reassigned already") from None
        work.emit(
            ReassignmentOffered(
                market_id=self.market_id,
                reassignment_id=reassignment_id,
                route_id=self.route_id,
                driver_id=self.to_driver_id,
                pay_minor=pay.total_minor,
                currency=found.needs.currency,
                answer_by=work.now + ANSWER_WITHIN,
            )
        )
        return reassignment_id


def _duration_s(stops: Sequence[StopInHand]) -> int:
    """Seconds of driving after the first of these stops, and of work at all of them."""
    return sum(stop.leg_s for stop in stops[1:]) + SERVICE_S * len(stops)
