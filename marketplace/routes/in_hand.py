"""A route in hand: its stops and deliveries as they stand while its lock is held, and the steps they may take.

Verbs decide here, in memory and without awaiting, and then put the route back in a few statements for all rows
together. Every step is checked against the tables of steps and leaves exactly one event, so that the numbers of a
delivery's events have no gaps.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.batches.events import DeliveryBroughtBack, DeliveryChanged, DeliveryMoved
from marketplace.batches.states import ON_THE_WAY, STEPS, DeliveryState, FailurePolicy, LeftAt
from marketplace.core.events import Event
from marketplace.core.geo import Point
from marketplace.core.states import check_step
from marketplace.routes.events import StopChanged
from marketplace.routes.states import ENDED_STOPS, ROUTE_STEPS, STOP_STEPS, RouteState, StopKind, StopState

D = DeliveryState
ROAD = (D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP, D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF, D.ARRIVED_AT_DROPOFF)
"""The states that a delivery passes on its way, in order; none is left out, even if a report is."""

BEFORE_PICKUP = frozenset({D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP})
UNFINISHED = BEFORE_PICKUP | ON_THE_WAY | {D.ATTEMPTED}
"""A route with a delivery in one of these is not over: an attempted parcel is still in the vehicle."""


@dataclass(slots=True, kw_only=True)
class DeliveryInHand:
    """A delivery on the route. `plan_after`, `failure_reason` and `answer_due_at` are kept only where they are set."""

    id: UUID
    shipper_id: UUID
    batch_id: UUID
    state: DeliveryState
    sequence: int
    route_id: UUID | None
    return_of: UUID | None
    dropoff_closes_at: datetime
    requirements: frozenset[str]
    pin: str | None
    pin_attempts: int
    failure_policy: FailurePolicy = FailurePolicy.RETURN_TO_SENDER
    max_attempts: int = 1
    attempts: int = 0
    safe_place: str | None = None
    out_of_cold_limit_s: int | None = None
    brought_back_at: datetime | None = None
    answer_due_at: datetime | None = None
    left_at: LeftAt | None = None
    plan_after: datetime | None = None
    failure_reason: str | None = None


@dataclass(slots=True, kw_only=True)
class StopInHand:
    """A stop of the route with the deliveries that have a task there."""

    id: UUID
    place: int
    kind: StopKind
    state: StopState
    point: Point
    leg_m: int
    leg_s: int
    planned_departure: datetime
    arrived_at: datetime | None
    ended_at: datetime | None
    failure_reason: str | None
    delivery_ids: list[UUID]

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens here."""
        return self.state in ENDED_STOPS


@dataclass(slots=True, kw_only=True)
class RouteInHand:
    """A locked route of one driver, with everything on it; `events` tells what has been done to it so far."""

    id: UUID
    market_id: UUID
    driver_id: UUID
    state: RouteState
    version: int
    is_degraded: bool
    is_flagged: bool
    accepted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stops: list[StopInHand]
    deliveries: dict[UUID, DeliveryInHand]
    events: list[Event] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)

    @property
    def last_moment(self) -> datetime:
        """The latest thing that the driver has reported from this route; what others skip meanwhile does not count."""
        reported = [stop for stop in self.stops if stop.state not in {StopState.SKIPPED, StopState.CANCELLED}]
        moments = [moment for stop in reported for moment in (stop.arrived_at, stop.ended_at) if moment is not None]
        return max([self.accepted_at, self.started_at or self.accepted_at, *moments])

    @property
    def is_done(self) -> bool:
        """Whether every stop has ended and no parcel is left."""
        carried = [delivery for delivery in self.deliveries.values() if delivery.route_id == self.id]
        is_empty = not any(delivery.state in UNFINISHED for delivery in carried)
        return is_empty and all(stop.is_ended for stop in self.stops)

    def stop(self, stop_id: UUID) -> StopInHand:
        """The stop with that id, which is known to be on this route."""
        return next(stop for stop in self.stops if stop.id == stop_id)

    def ready_at(self, stop: StopInHand) -> list[DeliveryInHand]:
        """The deliveries that can be taken, handed over or brought back at this stop now, in id order."""
        match stop.kind:
            case StopKind.PICKUP:
                return self._in_states(stop, BEFORE_PICKUP)
            case StopKind.DROPOFF:
                return self._in_states(stop, ON_THE_WAY)
            case StopKind.RETURN:
                return self._in_states(stop, ON_THE_WAY | {D.ATTEMPTED})

    def has_purpose(self, stop: StopInHand) -> bool:
        """Whether there is, or will be after a pickup, something to do at this stop."""
        return bool(self.ready_at(stop)) or bool(self._in_states(stop, BEFORE_PICKUP))

    def _in_states(self, stop: StopInHand, states: Collection[DeliveryState]) -> list[DeliveryInHand]:
        # A task may be of a delivery that has left this route since: it is not in `deliveries`.
        on_route = (self.deliveries[key] for key in sorted(stop.delivery_ids) if key in self.deliveries)
        return [delivery for delivery in on_route if delivery.state in states]

    def become(self, state: RouteState) -> None:
        """Takes the route one step on; the caller adds the event that says so."""
        check_step(ROUTE_STEPS, self.state, state)
        self.state = state
        self.touched.add(self.id)

    def flag(self) -> None:
        """Marks the route as not to be paid before somebody has looked at it."""
        self.is_flagged = True
        self.touched.add(self.id)

    def step_stop(self, stop: StopInHand, state: StopState, moment: datetime, reason: str | None = None) -> None:
        """Takes a stop one step on."""
        check_step(STOP_STEPS, stop.state, state)
        stop.state = state
        stop.failure_reason = reason
        if state is StopState.ARRIVED:
            stop.arrived_at = moment
        if stop.is_ended:
            stop.ended_at = moment
        self.touched.add(stop.id)
        self.events.append(
            StopChanged(
                market_id=self.market_id,
                route_id=self.id,
                driver_id=self.driver_id,
                stop_id=stop.id,
                kind=stop.kind.value,
                state=state.value,
                occurred_at=moment,
            )
        )

    def step_delivery(
        self, delivery: DeliveryInHand, state: DeliveryState, event: type[DeliveryChanged], **fields: Any
    ) -> None:
        """Takes a delivery one step on and tells it with an event of that kind, whose own fields are `fields`."""
        check_step(STEPS, delivery.state, state)
        delivery.state = state
        delivery.sequence += 1
        self.tell(delivery, event, **fields)

    def tell(self, delivery: DeliveryInHand, event: type[DeliveryChanged], **fields: Any) -> None:
        """Adds the event of the state that a delivery has just come to."""
        self.touched.add(delivery.id)
        self.events.append(
            event(
                market_id=self.market_id,
                shipper_id=delivery.shipper_id,
                delivery_id=delivery.id,
                batch_id=delivery.batch_id,
                sequence=delivery.sequence,
                state=delivery.state.value,
                **fields,
            )
        )

    def bring_back(self, delivery: DeliveryInHand, moment: datetime) -> None:
        """Takes an attempted parcel out of the vehicle, where it was picked up; another try may be chosen for it."""
        assert delivery.state is DeliveryState.ATTEMPTED, "only an attempted parcel is brought back"
        delivery.route_id = None
        delivery.brought_back_at = moment
        delivery.sequence += 1
        self.tell(delivery, DeliveryBroughtBack, **self.whereabouts(moment))

    def walk(self, delivery: DeliveryInHand, goal: DeliveryState, moment: datetime) -> None:
        """Takes a delivery along the road until it is at `goal`, state by state; one that is past it stays."""
        while delivery.state in ROAD and ROAD.index(delivery.state) < ROAD.index(goal):
            following = ROAD[ROAD.index(delivery.state) + 1]
            self.step_delivery(delivery, following, DeliveryMoved, **self.whereabouts(moment))

    def whereabouts(self, moment: datetime) -> dict[str, Any]:
        """The fields that tell where and when something happened to a delivery."""
        return {"route_id": self.id, "driver_id": self.driver_id, "occurred_at": moment}

    def set_off(self, moment: datetime) -> None:
        """Sends the driver to the next stop, and skips those at which nothing is left to do."""
        for stop in self.stops:
            if not stop.is_ended and stop.state is not StopState.ARRIVED and not self.has_purpose(stop):
                self.step_stop(stop, StopState.SKIPPED, moment)
        following = next((stop for stop in self.stops if not stop.is_ended), None)
        if following is not None:
            self.head_for(following, moment)

    def head_for(self, stop: StopInHand, moment: datetime) -> None:
        """The driver is on the way to this stop, with or for its deliveries."""
        if stop.state is StopState.PENDING:
            self.step_stop(stop, StopState.EN_ROUTE, moment)
        goal = D.EN_ROUTE_TO_PICKUP if stop.kind is StopKind.PICKUP else D.EN_ROUTE_TO_DROPOFF
        for delivery in self.ready_at(stop):
            self.walk(delivery, goal, moment)

    def arrive(self, stop: StopInHand, moment: datetime) -> None:
        """The driver is at this stop; does nothing when that is known already."""
        if stop.state is StopState.ARRIVED:
            return
        self.head_for(stop, moment)
        self.step_stop(stop, StopState.ARRIVED, moment)
        goal = D.ARRIVED_AT_PICKUP if stop.kind is StopKind.PICKUP else D.ARRIVED_AT_DROPOFF
        for delivery in self.ready_at(stop):
            self.walk(delivery, goal, moment)
