"""A driver with a route: starts, drives from stop to stop, picks up, hands over or fails, and brings parcels back.

The app goes on without network by its own copy of the route. What it reports then is kept, and the marketplace hears it
later, in order, with the times at which it happened.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from marketplace.core.geo import Point
from marketplace.routes import read_line
from workers.simulator.chance import chance
from workers.simulator.client import ApiClient, Refused
from workers.simulator.clock import MarketClock
from workers.simulator.driving import SHORTEST_DRIVE_S, Leg, planned_drive_s, way_from
from workers.simulator.network import Tunnel, Unreachable
from workers.simulator.news import News
from workers.simulator.personality import Mind
from workers.simulator.pictures import draw_photo, draw_signature
from workers.simulator.positions import CALLS_APART_S, EVERY_S, Positions
from workers.simulator.recipients import Recipients, mistyped
from workers.simulator.reports import Picture, Report, Reports, Route, make_report
from workers.simulator.tally import Tally
from workers.traffic import HiddenTraffic

LOOK_EVERY_S = 1.5
"""Machine seconds between two looks at the route while nothing is heard of it."""
LOOK_PATIENCE_S = 3.0
MOST_REFUSALS = 8
"""Refused reports at one stop after which the simulation itself is wrong, or the marketplace is."""
CLOCKS_APART_S = 15.0
"""An app's clock may be this much ahead of the marketplace's."""
OPEN = frozenset({"PENDING", "EN_ROUTE", "ARRIVED"})

Stop = dict[str, Any]


class Drive:
    """Everything that one driver does with routes, and where the driver is."""

    def __init__(
        self,
        api: ApiClient,
        *,
        clock: MarketClock,
        mind: Mind,
        recipients: Recipients,
        news: News,
        tally: Tally,
        here: Point,
        tunnel: Tunnel | None = None,
        traffic: HiddenTraffic | None = None,
    ) -> None:
        self.here = here
        self.routes_driven = 0
        self.reports = Reports(api, tally)
        self.positions = Positions(api, tally)
        self._api = api
        self._clock = clock
        self._mind = mind
        self._recipients = recipients
        self._news = news
        self._tally = tally
        self._tunnel = tunnel
        self._traffic = traffic
        self._legs: dict[str, Leg] = {}
        self._ways: dict[str, Sequence[Point]] = {}
        self._refusals: Counter[str] = Counter()
        self._wait_s = 0.0
        self._may_be_left: dict[str, str | None] = {}

    async def along(self, route: Route | None) -> None:
        """Drives a route until it is over, whatever happens to it on the way."""
        self._ways = {}
        while route is not None:
            self._look_at_rules(route)
            self._ways |= {stop["id"]: way_of(stop["path"]) for stop in route["stops"] if stop.get("path")}
            stop = next_stop(route)
            if route["state"] == "ASSIGNED":
                route = await self._start(route)
            elif stop is None:
                # A parcel that could not be handed over is still in the vehicle: its way back is being planned.
                await self._news.wait(LOOK_EVERY_S)
                route = await self._look()
            else:
                route = await self._serve(route, stop)
        self.routes_driven += 1
        self._tally.routes_driven += 1

    def _look_at_rules(self, route: Route) -> None:
        """What the whole route tells and the shorter answers to reports leave out."""
        self._wait_s = float(route.get("unavailableAfterS", self._wait_s))
        for stop in route["stops"]:
            for task in stop["tasks"]:
                if "mayBeLeft" in task["delivery"]:
                    self._may_be_left[task["delivery"]["id"]] = task["delivery"]["mayBeLeft"]

    async def _start(self, route: Route) -> Route | None:
        await self._clock.sleep(self._mind.set_off_s())
        starts_at = datetime.fromisoformat(route["startsAt"])
        while (left_s := (starts_at - self._clock.now).total_seconds()) > 0:
            await self._news.wait(min(self._clock.machine_s(left_s), LOOK_EVERY_S))
            if self._news.route_changed:
                return await self._look()
        # By this app's clock, which may be a moment behind the marketplace's, nothing happens before the acceptance.
        moment = max(self._clock.now, datetime.fromisoformat(route["acceptedAt"]) + timedelta(seconds=1))
        report = make_report("start_route", occurred_at=moment, place=self.here, routeId=route["id"])
        return await self._tell(route, route, report, "STARTED")

    async def _serve(self, route: Route, stop: Stop) -> Route | None:
        """Drives to the next stop and does what is to be done there."""
        if not await self._drive_to(stop):
            return await self._look()
        if stop["state"] != "ARRIVED":
            updated = await self._tell(route, stop, self._report("arrive_at_stop", stop), "ARRIVED")
            following = next_stop(updated) if updated else None
            if updated is None or following is None or following["id"] != stop["id"]:
                return updated
            route, stop = updated, following
        match stop["kind"]:
            case "PICKUP":
                route_after = await self._pick_up(route, stop)
            case "DROPOFF":
                route_after = await self._hand_over(route, stop)
            case _:
                await self._clock.sleep(self._mind.hand_over_s())
                route_after = await self._tell(route, stop, self._report("drop_off", stop), "COMPLETED")
        return route_after

    async def _drive_to(self, stop: Stop) -> bool:
        """Drives and reports positions; false when the route has changed on the way."""
        leg = self._leg_to(stop)
        told_at = self._clock.now
        step = timedelta(seconds=max(EVERY_S, CALLS_APART_S * self._clock.factor))
        while told_at < leg.arrives_at:
            until = min(told_at + step, leg.arrives_at)
            await self._clock.sleep_until(until)
            for moment, place in leg.samples(told_at, until, every_s=EVERY_S):
                self.positions.add(moment, place)
            told_at, self.here = until, leg.place_at(until)
            await self._keep_in_touch()
            if self._news.route_changed:
                return False
        self.here = leg.target
        return True

    def _leg_to(self, stop: Stop) -> Leg:
        """The leg that is being driven already, or a new one from here."""
        leg = self._legs.get(stop["id"])
        if leg is None:
            target = Point(lat=stop["lat"], lon=stop["lon"])
            if self._traffic is not None and target != self.here:
                leg = self._leg_in(self._traffic, target)
            else:
                now = self._clock.now
                lasts = timedelta(seconds=self._mind.driving_s(planned_drive_s(self.here, stop)))
                way = way_from(self.here, self._ways.get(stop["id"], ()))
                leg = Leg(origin=self.here, target=target, departs_at=now, arrives_at=now + lasts, way=way)
            self._legs = {stop["id"]: leg}
        return leg

    def _leg_in(self, traffic: HiddenTraffic, target: Point) -> Leg:
        """A leg as the streets really are, whatever the plan thinks of them."""
        now = self._clock.now
        free = traffic.drive(self.here, target, departs_at=now)
        drive = free.lasting(self._mind.driving_s(free.duration_s))
        arrives_at = now + timedelta(seconds=max(SHORTEST_DRIVE_S, drive.duration_s))
        return Leg(origin=self.here, target=target, departs_at=now, arrives_at=arrives_at, drive=drive)

    async def _keep_in_touch(self) -> None:
        """Reports positions and, if the network is there again, whatever else waits."""
        is_reached = await self.positions.report()
        if is_reached and self.reports.are_waiting:
            try:
                await self.reports.flush()
            except Unreachable:
                return
            self._news.route_changed = True

    async def _pick_up(self, route: Route, stop: Stop) -> Route | None:
        opens_at = min(
            (datetime.fromisoformat(task["delivery"]["pickupWindow"]["opensAt"]) for task in stop["tasks"]),
            default=self._clock.now,
        )
        await self._clock.sleep_until(opens_at)
        await self._clock.sleep(self._mind.pickup_s())
        return await self._tell(route, stop, self._report("pick_up", stop), "COMPLETED")

    async def _hand_over(self, route: Route, stop: Stop) -> Route | None:
        await self._clock.sleep(self._mind.hand_over_s())
        deliveries = [task["delivery"] for task in stop["tasks"] if task["delivery"]["state"] != "CANCELLED"]
        reasons = [self._recipients.failure_at(delivery["externalId"]) for delivery in deliveries]
        reason = next(filter(None, reasons), None)
        if reason is None and self._refusals[stop["id"]] > MOST_REFUSALS // 2:
            reason = "OTHER"
        needs = {need for delivery in deliveries for need in delivery["requirements"]}
        pin = None
        if reason is None and "PIN_AT_DROPOFF" in needs:
            guarded = next(delivery for delivery in deliveries if "PIN_AT_DROPOFF" in delivery["requirements"])
            pin = await self._recipients.pin_of(guarded["id"])
            reason = None if pin else "RECIPIENT_UNAVAILABLE"
        if reason == "RECIPIENT_UNAVAILABLE":
            await self._clock.sleep(self._wait_s and self._wait_s + CLOCKS_APART_S)
            if left_at := self._place_for(deliveries):
                self._tally.left_safe += 1
                photo = [Picture("PHOTO", draw_photo(chance(0, "picture", stop["id"])))]
                report = self._report("drop_off", stop, pictures=photo, leftAt=left_at)
                return await self._tell(route, stop, report, "COMPLETED")
        if reason is not None:
            self._tally.hand_overs_failed += 1
            for delivery in deliveries:
                self._recipients.not_met(delivery["externalId"])
            return await self._tell(route, stop, self._report("fail_stop", stop, reason=reason), "FAILED")
        if pin is not None and self._mind.mistypes():
            await self._mistype(stop, pin)
        report = self._report("drop_off", stop, pictures=_pictures(needs, stop), pin=pin)
        return await self._tell(route, stop, report, "COMPLETED")

    def _place_for(self, deliveries: Sequence[dict[str, Any]]) -> str | None:
        """Where the parcels may be left, if the driver finds such a place there; one for all of them."""
        places = {self._may_be_left.get(delivery["id"]) for delivery in deliveries}
        place = places.pop() if len(places) == 1 else None
        is_found = all(self._recipients.has_safe_place(delivery["externalId"]) for delivery in deliveries)
        return place if is_found else None

    async def _mistype(self, stop: Stop, pin: str) -> None:
        self._tally.pins_mistyped += 1
        try:
            await self.reports.say(self._report("drop_off", stop, pin=mistyped(pin)))
        except (Refused, Unreachable):
            return
        raise AssertionError("a hand-over was taken with a wrong PIN")

    def _report(self, name: str, stop: Stop, pictures: list[Picture] | None = None, **more: Any) -> Report:
        return make_report(
            name, occurred_at=self._clock.now, place=self.here, pictures=pictures, stopId=stop["id"], **more
        )

    async def _tell(self, route: Route, subject: Route | Stop, report: Report, state: str) -> Route | None:
        """Reports; the route as it is now by the marketplace or, without network, by the app's own copy."""
        try:
            updated = await self.reports.say(report)
        except Unreachable:
            subject["state"] = state
            updated = route
        except Refused:
            self._refusals[subject["id"]] += 1
            if self._refusals[subject["id"]] > MOST_REFUSALS:
                raise
            return await self._look()
        if state in {"COMPLETED", "FAILED"}:
            self._tally.stops_served += 1
            if self._tunnel is not None:
                self._tunnel.pass_stop()
        return updated

    async def _look(self) -> Route | None:
        """The present route by the marketplace, after everything that waits was said; without network, later."""
        while True:
            self._news.route_changed = False
            try:
                await self.reports.flush()
                route: Route | None = await self._api.ask("my_route", patience_s=LOOK_PATIENCE_S)
            except Unreachable:
                await self._news.wait(LOOK_EVERY_S)
            else:
                return route


def way_of(path: str) -> Sequence[Point]:
    """The places of a way, as the route tells it."""
    return [Point(lat=lat, lon=lon) for lat, lon in read_line(path)]


def next_stop(route: Route) -> Stop | None:
    """The next stop at which something is to be done, None when all have ended."""
    stops = [stop for stop in route["stops"] if stop["state"] in OPEN]
    return min(stops, key=lambda stop: int(stop["place"]), default=None)


def _pictures(needs: set[str], stop: Stop) -> list[Picture]:
    """What is asked for as proof, taken on the spot."""
    source = chance(0, "picture", stop["id"])
    pictures = []
    if "PHOTO_AT_DROPOFF" in needs:
        pictures.append(Picture("PHOTO", draw_photo(source)))
    if "SIGNATURE_AT_DROPOFF" in needs:
        pictures.append(Picture("SIGNATURE", draw_signature(source)))
    return pictures
