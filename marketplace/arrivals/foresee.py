"""From timelines to what is expected of each delivery: quantiles by what the market has learnt, and the risk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.arrivals.law import Law, Stage
from marketplace.arrivals.legs import KnownLegs, WantedLeg
from marketplace.arrivals.queries import Quantiles
from marketplace.arrivals.reading import Picture
from marketplace.arrivals.timeline import Foreseen, OpenRoute, OpenStop, OpenTask, follow
from marketplace.routes import StopKind, StopState


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is expected of one delivery now, before it is held against what people are shown."""

    task: OpenTask
    route_id: UUID
    stage: Stage
    counted_from: datetime
    stop_id: UUID
    stop_state: StopState
    pickup_stop_id: UUID | None
    eta_at: datetime
    arrives: Quantiles
    picked_up: Quantiles | None
    late_probability: float


def wanted_legs(picture: Picture) -> list[WantedLeg]:
    """The legs that have to be asked of the router before the routes can be timed."""
    return [leg for route in picture.routes for leg in _walk(picture, route)[1].wanted.values()]


def foresee(picture: Picture) -> list[Outlook]:
    """What is expected of every open delivery of the routes, with the legs as they are known now."""
    outlooks: list[Outlook] = []
    for route in picture.routes:
        outlooks += outlooks_of(route, _walk(picture, route)[0], law=picture.law, now=picture.read_at)
    return outlooks


def outlooks_of(route: OpenRoute, foreseen: Sequence[Foreseen], *, law: Law, now: datetime) -> list[Outlook]:
    """What a route's timeline means for each of its deliveries."""
    pickups: dict[UUID, Foreseen] = {}
    outlooks: list[Outlook] = []
    for one in foreseen:
        for task in one.stop.tasks:
            if one.stop.kind is StopKind.PICKUP:
                pickups[task.delivery_id] = one
            else:
                outlooks.append(_outlook(route, one, pickups.get(task.delivery_id), task, law, now))
    return outlooks


def stage_of(route: OpenRoute, stop: OpenStop, task: OpenTask) -> Stage:
    """How much is still to come before a stop that can go another way."""
    if not route.has_driver:
        return Stage.WAITING
    if stop.state is not StopState.PENDING:
        return Stage.NEXT
    return Stage.ABOARD if task.is_aboard else Stage.COMING


def quantiles_of(one: Foreseen, *, stage: Stage, law: Law, since: datetime) -> Quantiles:
    """The spread of an arrival, which grows from a moment on; one that has happened has none."""
    if one.stop.arrived_at is not None:
        return Quantiles(p10=one.arrives_at, p50=one.arrives_at, p90=one.arrives_at)
    expected = law.expect(stage, (one.arrives_at - since).total_seconds())
    return Quantiles(
        p10=since + timedelta(seconds=expected.p10_s),
        p50=since + timedelta(seconds=expected.p50_s),
        p90=since + timedelta(seconds=expected.p90_s),
    )


def late_probability(one: Foreseen, closes_at: datetime, *, stage: Stage, law: Law, since: datetime) -> float:
    """The chance that the hand-over at a stop is after the end of its window."""
    if one.stop.arrived_at is not None:
        return 1.0 if one.leaves_at > closes_at else 0.0
    deadline_s = (closes_at - since).total_seconds() - one.service_s
    return law.chance_after(stage, (one.arrives_at - since).total_seconds(), deadline_s)


def _walk(picture: Picture, route: OpenRoute) -> tuple[list[Foreseen], KnownLegs]:
    legs = KnownLegs(route, picture.read_at)
    return follow(route, law=picture.law, dials=picture.dials, now=picture.read_at, leg_s=legs.seconds), legs


def _outlook(
    route: OpenRoute, one: Foreseen, pickup: Foreseen | None, task: OpenTask, law: Law, now: datetime
) -> Outlook:
    since = route.counted_from(now)
    stage = stage_of(route, one.stop, task)
    return Outlook(
        task=task,
        route_id=route.id,
        stage=stage,
        counted_from=since,
        stop_id=one.stop.id,
        stop_state=one.stop.state,
        pickup_stop_id=pickup.stop.id if pickup else None,
        eta_at=one.arrives_at,
        arrives=quantiles_of(one, stage=stage, law=law, since=since),
        picked_up=quantiles_of(pickup, stage=stage_of(route, pickup.stop, task), law=law, since=since)
        if pickup
        else None,
        late_probability=late_probability(one, task.dropoff_closes_at, stage=stage, law=law, since=since),
    )
