"""A driver on the stage: answers offers, drives the routes that come of it, and reports every stop.

It calls the verbs that the driver app reaches through the API, each in a Work of its own, at the moment at which the
driver would have called them.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from marketplace.batches import AttemptFailure
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.core.ids import DriverId, RouteId, from_wire
from marketplace.core.outbox import PublishedEvent
from marketplace.fleet import PresenceState, go_offline, go_online
from marketplace.offers import DeclineReason, accept_offer, decline_offer
from marketplace.routes import arrive_at_stop, drop_off, fail_stop, my_route, pick_up, start_route
from marketplace.tracking import ReportedPosition
from workers.simulation.people import Person
from workers.simulation.proofs import prove
from workers.simulation.world import World
from workers.simulator.chance import chance
from workers.simulator.personality import Answer, Decision
from workers.traffic import HiddenTraffic, TrueDrive

OPEN = frozenset({"PENDING", "EN_ROUTE", "ARRIVED"})
NOTHING_PLANNED_S = 1.0
"""A driver who is where the next stop is still takes a moment."""
POSITION_EVERY_S = 10.0
REPORTS_EVERY = timedelta(minutes=2)
"""A phone on its way tells so often where it has been."""
OFF_BY_M = 7.0

Stop = dict[str, Any]


class Driver:
    """One driver of one day."""

    def __init__(self, world: World, *, driver_id: DriverId, here: Point, person: Person) -> None:
        self.driver_id = driver_id
        self.here = here
        self._world = world
        self._stage = world.stage
        self._person = person
        self._open_offers: set[UUID] = set()
        self._route: dict[str, Any] | None = None
        self._last_place: int | None = None
        self._is_heading = False
        self._aboard = 0
        self._reports = 0
        self._goes_home = False
        self._phone = chance(0, "phone", driver_id)

    async def come_online(self) -> None:
        """Begins the day where the driver stands."""
        self._goes_home = False
        async with self._world.marketplace.works.open() as work:
            until = await go_online(work, driver_id=self.driver_id, place=self.here)
        self._world.record.online(self.driver_id, self._stage.now, until)

    async def go_home(self) -> None:
        """Ends the day, after the route if there is one."""
        async with self._world.marketplace.works.open() as work:
            state = await go_offline(work, driver_id=self.driver_id)
        if state is PresenceState.ENGAGED:
            self._goes_home = True
        else:
            self._world.record.offline(self.driver_id, self._stage.now)

    def hear(self, event: PublishedEvent) -> None:
        """Hears what concerns this driver, and notes what to do about it."""
        match event.name:
            case "OfferSent":
                self._consider(UUID(event.payload["offer_id"]))
            case "OfferWithdrawn" | "OfferExpired" | "OfferAccepted" | "OfferDeclined":
                self._open_offers.discard(UUID(event.payload["offer_id"]))
            case "RouteAssigned":
                self._stage.after(self._person.set_off_s(), self._take_up_route)
            case "RouteExtended":
                self._stage.after(0.0, self._look_again)
            case "RouteCompleted":
                self._route = None
                if self._goes_home:
                    self._world.record.offline(self.driver_id, self._stage.now)
            case "StopChanged":
                self._note_stop(event)

    def _consider(self, offer_id: UUID) -> None:
        self._open_offers.add(offer_id)
        decision = self._person.decide()
        if decision.answer is not Answer.IGNORE:
            self._stage.after(decision.after_s, lambda: self._answer(offer_id, decision))

    async def _answer(self, offer_id: UUID, decision: Decision) -> None:
        if offer_id not in self._open_offers:
            return
        try:
            async with self._world.marketplace.works.open() as work:
                if decision.answer is Answer.ACCEPT:
                    await accept_offer(work, offer_id=offer_id, driver_id=self.driver_id)
                else:
                    reason = DeclineReason(decision.reason) if decision.reason else None
                    await decline_offer(work, offer_id=offer_id, driver_id=self.driver_id, reason=reason)
        except Refusal as refusal:
            self._world.record.refused(refusal.code)

    async def _take_up_route(self) -> None:
        """Reads the new route and starts it when its time has come."""
        route = await self._read_route()
        if route is None:
            return
        self._route, self._last_place, self._is_heading, self._aboard = route, None, False, 0
        self._stage.at(datetime.fromisoformat(route["starts_at"]), self._start)

    async def _start(self) -> None:
        if self._route is None or self._route["state"] != "ASSIGNED":
            return
        route_id = RouteId(from_wire("route", self._route["id"]))
        async with self._world.marketplace.works.open() as work:
            await start_route(work, route_id=route_id, **self._said())
        self._route["state"] = "STARTED"
        await self._go_on()

    async def _look_again(self) -> None:
        """The route has got a further stop: the way back of a parcel that could not be handed over."""
        if self._route is not None:
            self._route = await self._read_route()
            await self._go_on()

    async def _go_on(self) -> None:
        """Sets off to the next stop; without one the way back of a parcel is being planned, or the route is over."""
        stop = self._next_stop()
        if stop is None or self._is_heading:
            return
        self._is_heading = True
        if self._world.traffic is not None and self.here != _place_of(stop):
            self._drive_in(self._world.traffic, stop)
            return
        metres, seconds = await self._leg_to(stop)
        self._world.record.drove(metres, is_empty=self._aboard == 0)
        self._stage.after(self._person.driving_s(seconds), lambda: self._arrive(stop))

    def _drive_in(self, traffic: HiddenTraffic, stop: Stop) -> None:
        """Drives as the streets really are, and reports places on the way as a phone does."""
        free = traffic.drive(self.here, _place_of(stop), departs_at=self._stage.now)
        drive = free.lasting(self._person.driving_s(free.duration_s))
        self._world.record.drove(round(drive.distance_m), is_empty=self._aboard == 0)
        arrives_at = drive.departs_at + timedelta(seconds=drive.duration_s)
        told_at = drive.departs_at
        while told_at < arrives_at:
            until = min(told_at + REPORTS_EVERY, arrives_at)
            self._stage.at(until, partial(self._report_places, drive, told_at, until))
            told_at = until
        self._stage.at(arrives_at, lambda: self._arrive(stop))

    async def _report_places(self, drive: TrueDrive, after: datetime, until: datetime) -> None:
        told = drive.reports(after, until, every_s=POSITION_EVERY_S, off_by_m=OFF_BY_M, source=self._phone)
        positions = self._world.marketplace.positions
        positions.add(
            self.driver_id,
            self._world.market_id,
            [ReportedPosition(place=place, occurred_at=at, accuracy_m=OFF_BY_M) for at, place in told],
        )
        await positions.flush()

    async def _leg_to(self, stop: Stop) -> tuple[int, float]:
        """The leg as it is planned; where the plan begins elsewhere, as the router sees it now."""
        if self._last_place is not None and stop["place"] == self._last_place + 1:
            return stop["leg_m"], float(stop["leg_s"])
        target = _place_of(stop)
        if target == self.here:
            return 0, NOTHING_PLANNED_S
        router = self._world.marketplace.router
        cell = await router.matrix([self.here], [target], depart_at=self._stage.now)
        return int(cell.distances_m[0, 0]), float(cell.durations_s[0, 0])

    async def _arrive(self, stop: Stop) -> None:
        self._is_heading = False
        self.here, self._last_place = _place_of(stop), stop["place"]
        if self._route is None or not self._is_open(stop):
            await self._go_on()
            return
        async with self._world.marketplace.works.open() as work:
            await arrive_at_stop(work, stop_id=from_wire("stop", stop["id"]), **self._said())
        self._is_heading = True
        is_pickup = stop["kind"] == "PICKUP"
        window = "pickup_window" if is_pickup else "dropoff_window"
        opens = [datetime.fromisoformat(task["delivery"][window]["opens_at"]) for task in stop["tasks"]]
        usual_s = self._person.pickup_s() if is_pickup else self._person.hand_over_s()
        ends = max([self._stage.now, *opens]) + timedelta(seconds=self._service_s(stop, usual_s))
        if self._failure_at(stop) is AttemptFailure.RECIPIENT_UNAVAILABLE:
            # A recorded driver may have been let go sooner than this market believes that nobody is there.
            ends = max(ends, self._stage.now + timedelta(seconds=self._route["unavailable_after_s"]))
        self._stage.at(ends, partial(self._pick_up if is_pickup else self._hand_over, stop))

    def _service_s(self, stop: Stop, usual_s: float) -> float:
        """How long the slowest parcel of a stop is known to take there; where none is known, what the driver takes."""
        doors = self._world.doors
        known = [doors.takes_s(stop["kind"], task["delivery"]["external_id"]) for task in stop["tasks"]]
        return max((seconds for seconds in known if seconds is not None), default=usual_s)

    async def _pick_up(self, stop: Stop) -> None:
        if self._is_open(stop):
            async with self._world.marketplace.works.open() as work:
                await pick_up(work, stop_id=from_wire("stop", stop["id"]), **self._said())
            self._aboard += len(stop["tasks"])
        await self._done_at(stop)

    async def _hand_over(self, stop: Stop) -> None:
        """Hands over with whatever proof is asked for, or reports why it cannot be done."""
        if self._is_open(stop):
            if self._is_last(stop):
                await self._tell_place()
            stop_id = from_wire("stop", stop["id"])
            reason = self._failure_at(stop)
            if reason is not None:
                async with self._world.marketplace.works.open() as work:
                    await fail_stop(work, stop_id=stop_id, reason=reason, **self._said())
            else:
                await self._prove_and_drop_off(stop_id, _deliveries_of(stop))
        await self._done_at(stop)

    def _failure_at(self, stop: Stop) -> AttemptFailure | None:
        """Why what is to be handed over at a stop cannot be; None where it can."""
        if stop["kind"] != "DROPOFF":
            return None
        failures = (self._world.doors.failure_at(delivery["external_id"]) for delivery in _deliveries_of(stop))
        return next((AttemptFailure(failure) for failure in failures if failure), None)

    async def _prove_and_drop_off(self, stop_id: UUID, deliveries: list[dict[str, Any]]) -> None:
        needs = {need for delivery in deliveries for need in delivery["requirements"]}
        pins = [self._world.doors.pins.get(d["id"]) for d in deliveries if "PIN_AT_DROPOFF" in d["requirements"]]
        proof_ids = await prove(self._world.marketplace, driver_id=self.driver_id, stop_id=stop_id, needs=needs)
        async with self._world.marketplace.works.open() as work:
            outcome = await drop_off(
                work, stop_id=stop_id, pin=pins[0] if pins else None, proof_ids=proof_ids, **self._said()
            )
        outcome.accepted()
        self._aboard -= len(deliveries)

    async def _done_at(self, stop: Stop) -> None:
        self._is_heading = False
        stop["state"] = "COMPLETED"
        # After everything that follows has been heard: stops may have lost their purpose, or the route is over.
        self._stage.after(0.0, self._go_on)

    async def _tell_place(self) -> None:
        """Reports where the driver is, before the last hand-over frees the driver for what is near here."""
        positions = self._world.marketplace.positions
        here = ReportedPosition(place=self.here, occurred_at=self._stage.now)
        positions.add(self.driver_id, self._world.market_id, [here])
        await positions.flush()

    async def _read_route(self) -> dict[str, Any] | None:
        async with self._world.marketplace.works.open() as work:
            return await my_route(work.connection, driver_id=self.driver_id, now=work.now)

    def _said(self) -> dict[str, Any]:
        """What every report carries: who, when, where, and a number of its own."""
        self._reports += 1
        return {
            "driver_id": self.driver_id,
            "client_event_id": str(self._reports),
            "occurred_at": self._stage.now,
            "place": self.here,
        }

    def _note_stop(self, event: PublishedEvent) -> None:
        if self._route is not None:
            for stop in self._route["stops"]:
                if from_wire("stop", stop["id"]) == UUID(event.payload["stop_id"]):
                    stop["state"] = event.payload["state"]

    def _is_open(self, stop: Stop) -> bool:
        return stop["state"] in OPEN

    def _is_last(self, stop: Stop) -> bool:
        """Whether the route may be over after this stop."""
        return self._route is not None and not any(
            self._is_open(other) and other is not stop for other in self._route["stops"]
        )

    def _next_stop(self) -> Stop | None:
        stops = [stop for stop in self._route["stops"] if self._is_open(stop)] if self._route else []
        return min(stops, key=lambda stop: int(stop["place"]), default=None)


def _place_of(stop: Stop) -> Point:
    return Point(lat=stop["lat"], lon=stop["lon"])


def _deliveries_of(stop: Stop) -> list[dict[str, Any]]:
    return [task["delivery"] for task in stop["tasks"] if task["delivery"]["state"] != "CANCELLED"]
