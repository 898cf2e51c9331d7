"""Pallets stand on a vehicle's floor, and what two people carry in takes them longer: the plan counts both."""

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.work import Work
from marketplace.matching import Plan, plan
from marketplace.matching.reply import Reason
from marketplace.matching.snapshot import take_snapshot
from marketplace.matching.tick import build_request, places_of
from tests.marketplace.matching.worlds import World, make_world


async def planned(work: Work, world: World) -> Plan:
    """The plan of one look at the market."""
    found = await take_snapshot(work, market_id=world.market.id)
    assert found is not None
    points = places_of(found)
    return plan(build_request(found, points, await StraightLineRouter().matrix(points, depart_at=found.now)))


async def test_pallets_go_where_they_stand_and_no_more_of_them_than_there_are_places(work: Work) -> None:
    world = await make_world(work)
    await world.driver(work)
    van = await world.driver(work, pallet_places=2)
    deliveries = [await world.delivery(work, 1, pallet_places=places) for places in (2, 1)]

    found = await planned(work, world)

    (route,) = found.routes
    assert route.driver_id == str(van.id)
    assert {step.delivery_id for step in route.steps} == {str(one.id) for one in deliveries}
    assert [step.kind.value for step in route.steps] == ["pickup", "dropoff", "pickup", "dropoff"]


async def test_without_a_vehicle_for_pallets_there_is_no_room(work: Work) -> None:
    world = await make_world(work)
    await world.driver(work, pallet_places=1)
    await world.delivery(work, pallet_places=2)

    found = await planned(work, world)

    assert [one.reason for one in found.unassigned] == [Reason.NO_CAPACITY]


async def test_a_lift_is_asked_for_by_name(work: Work) -> None:
    world = await make_world(work)
    await world.driver(work, pallet_places=4)
    lifting = await world.driver(work, pallet_places=4, skills=["TAIL_LIFT"])
    await world.delivery(work, pallet_places=1, requirements=["TAIL_LIFT"])

    found = await planned(work, world)

    assert [route.driver_id for route in found.routes] == [str(lifting.id)]


async def test_two_people_are_asked_for_and_given_their_time(work: Work) -> None:
    world = await make_world(work, two_person_service_s=900)
    await world.driver(work)
    pair = await world.driver(work, skills=["TWO_PERSON"])
    await world.delivery(work, requirements=["TWO_PERSON"])

    (route,) = (await planned(work, world)).routes

    assert route.driver_id == str(pair.id)
    assert route.steps[1].departure - route.steps[1].start == 900
