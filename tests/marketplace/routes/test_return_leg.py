"""The way back of a parcel that could not be handed over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches.states import AttemptFailure
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.pricing import RateCard, price_delivery, total_minor
from marketplace.routes import plan_return
from marketplace.routes.return_leg import PlanReturn, RouteMoved
from marketplace.routing import Journey, RouterUnavailable, Unreachable
from tests.marketplace.routes.drives import Drive, make_drive, point_of


class NoWayBack(StraightLineRouter):
    """Streets on which nothing leads back."""

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        raise Unreachable(f"no way leads to the last of {len(points)} places at {depart_at}")


class Silent(StraightLineRouter):
    """A router that does not answer."""

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        raise RouterUnavailable(f"no answer for {len(points)} places at {depart_at}")


async def fail_at(drive: Drive, number: int) -> None:
    await drive.fail(number, AttemptFailure.RECIPIENT_UNAVAILABLE)


async def plan(drive: Drive, number: int) -> UUID | None:
    return await plan_return(drive.works, router=StraightLineRouter(), delivery_id=drive.deliveries[number].id)


async def the_return(drive: Drive, number: int) -> asyncpg.Record:
    async with drive.works.open() as work:
        row = await work.fetch_row("SELECT * FROM delivery WHERE return_of = $1", drive.deliveries[number].id)
    assert row is not None
    return row


async def see_stops(drive: Drive) -> list[asyncpg.Record]:
    async with drive.works.open() as work:
        return await work.fetch("SELECT * FROM stop WHERE route_id = $1 ORDER BY place", drive.route.id)


async def test_the_way_back_is_a_further_stop_and_a_priced_delivery_of_its_own(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1, requirements=["COLD", "PHOTO_AT_DROPOFF"], load=[2, 900, 7])
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    clock.advance(seconds=3600)

    stop_id = await plan(drive, 0)

    original, back = await drive.delivery(0), await the_return(drive, 0)
    stop = (await see_stops(drive))[-1]
    hub, home = point_of(drive.stops[0]), point_of(drive.stops[1])
    leg = (await StraightLineRouter().legs([home, hub], depart_at=clock.now)).legs[0]
    assert stop["id"] == stop_id
    assert (stop["kind"], stop["state"], stop["place"]) == ("RETURN", "EN_ROUTE", 2)
    assert (stop["lat"], stop["lon"], stop["leg_m"], stop["leg_s"]) == (
        hub.lat, hub.lon, leg.distance_m, leg.duration_s,
    )  # fmt: skip
    assert stop["planned_arrival"] == clock.now + timedelta(seconds=leg.duration_s)
    assert original["state"] == "RETURNING"
    assert (back["state"], back["sequence"], back["route_id"]) == ("EN_ROUTE_TO_DROPOFF", 2, drive.route.id)
    assert back["external_id"] == f"{original['external_id']}-return"
    assert (back["load"], back["requirements"], back["pin"]) == ([2, 900, 7], [], None)
    assert (back["pickup_address"], back["dropoff_address"]) == (
        original["dropoff_address"],
        original["pickup_address"],
    )
    assert (back["pickup_name"], back["recipient_name"]) == (original["recipient_name"], original["pickup_name"])
    assert (back["dropoff_lat"], back["dropoff_lon"]) == (original["pickup_lat"], original["pickup_lon"])
    card = RateCard(
        version=1, service_level="STANDARD", currency="CLP", base_minor=1500, per_km_minor=300, per_stop_minor=500,
        minimum_minor=2500,
    )  # fmt: skip
    assert back["price_minor"] == total_minor(price_delivery(card, distance_m=leg.distance_m))
    route = await drive.the_route()
    assert (route["version"], route["is_degraded"], route["state"]) == (2, True, "STARTED")
    assert (route["guarantee_minor"], route["distance_m"]) == (5000, 2000)
    assert (await drive.events())[-5:] == [
        "RouteExtended", "DeliveryReturning", "DeliveryMoved", "StopChanged", "DeliveryMoved",
    ]  # fmt: skip


async def test_giving_the_parcel_back_ends_both_deliveries_and_the_route(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    await plan(drive, 0)
    clock.advance(seconds=600)
    stop = (await see_stops(drive))[-1]

    outcome = await drive.drop_off(0, stop_id=stop["id"])

    assert outcome.accepted().flag is None
    assert (await drive.delivery(0))["state"] == "RETURNED"
    assert ((await the_return(drive, 0))["state"], (await drive.the_route())["state"]) == ("DELIVERED", "COMPLETED")
    assert (await drive.events())[-5:] == [
        "DeliveryMoved", "DeliveryDelivered", "DeliveryReturned", "StopChanged", "RouteCompleted",
    ]  # fmt: skip


async def test_the_way_back_comes_after_everybody_elses_parcels(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)

    await plan(drive, 0)

    stops = await see_stops(drive)
    assert [stop["state"] for stop in stops] == ["COMPLETED", "FAILED", "EN_ROUTE", "PENDING"]
    assert (await the_return(drive, 0))["state"] == "PICKED_UP"
    last, hub = point_of(drive.stops[2]), point_of(drive.stops[0])
    leg = (await StraightLineRouter().legs([last, hub], depart_at=clock.now)).legs[0]
    assert stops[3]["leg_m"] == leg.distance_m
    assert stops[3]["planned_arrival"] == stops[2]["planned_departure"] + timedelta(seconds=leg.duration_s)
    await drive.drop_off(2)
    assert (await the_return(drive, 0))["state"] == "EN_ROUTE_TO_DROPOFF"


async def test_parcels_that_go_back_to_one_place_share_a_stop(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    first = await plan(drive, 0)
    await fail_at(drive, 2)

    second = await plan(drive, 1)

    assert first == second
    assert len(await see_stops(drive)) == 4
    await drive.drop_off(0, stop_id=first)
    assert await drive.deliveries_are() == ["RETURNED", "RETURNED"]
    assert (await drive.the_route())["state"] == "COMPLETED"


async def test_a_way_back_is_planned_once(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    await plan(drive, 0)
    before = await drive.everything()

    assert await plan(drive, 0) is None

    assert await drive.everything() == before
    assert len(await see_stops(drive)) == 3


async def test_a_parcel_that_is_not_attempted_has_no_way_back(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    before = await drive.everything()

    assert await plan(drive, 0) is None

    assert await drive.everything() == before


@pytest.mark.parametrize(("moved_by", "is_refused"), [(0.0, False), (0.01, True)])
async def test_a_stop_that_came_meanwhile_is_shared_or_the_errand_runs_again(
    works: Works, clock: ManualClock, moved_by: float, is_refused: bool
) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    await fail_at(drive, 2)
    errand = PlanReturn(router=StraightLineRouter(), delivery_id=drive.deliveries[1].id)
    async with works.open() as work:
        await work.execute(
            "UPDATE delivery SET pickup_lat = pickup_lat + $2 WHERE id = $1", drive.deliveries[1].id, moved_by
        )
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)
    meanwhile = await plan(drive, 0)

    if is_refused:
        with pytest.raises(RouteMoved) as refused:
            async with works.open() as work:
                await errand.record(work, found, answer)
        assert refused.value.retryable
        assert (await drive.delivery(1))["state"] == "ATTEMPTED"
        assert await plan(drive, 1) != meanwhile
        assert len(await see_stops(drive)) == 5
    else:
        async with works.open() as work:
            assert await errand.record(work, found, answer) == meanwhile
        assert len(await see_stops(drive)) == 4
    assert await drive.deliveries_are() == ["RETURNING", "RETURNING"]


async def test_a_router_that_does_not_answer_leaves_the_attempt_for_another_try(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    before = await drive.everything()

    with pytest.raises(RouterUnavailable):
        await plan_return(works, router=Silent(), delivery_id=drive.deliveries[0].id)

    assert await drive.everything() == before


async def test_streets_without_a_way_back_do_not_keep_the_driver(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)

    await plan_return(works, router=NoWayBack(), delivery_id=drive.deliveries[0].id)

    stop = (await see_stops(drive))[-1]
    assert (stop["leg_m"], stop["leg_s"]) == (2000, 300)
    assert (await drive.the_route())["is_degraded"] is True


@pytest.mark.parametrize("case", ["too long", "taken"])
async def test_a_returns_reference_is_always_free_and_short(works: Works, clock: ManualClock, case: str) -> None:
    drive = await make_drive(works, clock, count=1)
    external_id = "x" * 100 if case == "too long" else "order-1"
    async with works.open() as work:
        await work.execute("UPDATE delivery SET external_id = $2 WHERE id = $1", drive.deliveries[0].id, external_id)
    if case == "taken":
        other = await make_drive(works, clock, count=1)
        async with works.open() as work:
            await work.execute(
                "UPDATE delivery SET external_id = $2, shipper_id = $3 WHERE id = $1",
                *(other.deliveries[0].id, "order-1-return", drive.shipper.id),
            )
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)

    await plan(drive, 0)

    back = await the_return(drive, 0)
    assert back["external_id"] == f"{external_id[:80]}-{back['id'].hex[-12:]}-return"


async def test_a_parcel_that_cannot_be_given_back_has_failed(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await fail_at(drive, 1)
    stop_id = await plan(drive, 0)

    await drive.fail(0, AttemptFailure.DAMAGED_IN_TRANSIT, stop_id=stop_id)

    back = await the_return(drive, 0)
    assert (await drive.delivery(0))["state"] == "FAILED"
    assert (back["state"], back["failure_reason"]) == ("FAILED", "DAMAGED_IN_TRANSIT")
    assert (await drive.the_route())["state"] == "COMPLETED"
