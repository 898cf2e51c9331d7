"""A parcel at a hand-over point: it has a place, waits, and is collected with its code or goes back to its sender."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import LinkEnded, Principal, PrincipalKind, create_tracking_link, verify_tracking_link
from marketplace.batches import CancelReason, NotForAPoint, Requirement, cancel_delivery
from marketplace.collecting import (
    NotWaitingThere,
    SendBack,
    WrongCode,
    collect_parcel,
    end_uncollected,
    next_last_day,
    settle_collection,
)
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.points import BadPoint, PlacesTaken, set_hand_over_point
from marketplace.recipients import StillUnderWay, erase_recipient
from tests.marketplace.batches.orders import ROUTER
from tests.marketplace.collecting.world import STORE, TOKENS, PointWorld, facts, make_store, make_world


async def collect(world: PointWorld, collection_id: UUID, code: str, **by: Any) -> WrongCode | None:
    async with world.works.open() as work:
        keeper = replace(world.keeper, **by)
        done = await collect_parcel(work, collection_id=collection_id, by=keeper, code=code, tokens=TOKENS)
    return done.refusal


async def test_a_parcel_goes_to_the_point_that_its_row_names_and_has_a_place_there(works: Works) -> None:
    world = await make_world(works)

    first, again = [(await world.post("a"))[0] for _ in range(2)]

    assert (first.is_new, again.is_new, first.delivery_id == again.delivery_id) == (True, False, True)
    assert (await world.collection(first.delivery_id))["taken"] == 1
    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM delivery")
    assert row is not None
    assert (row["dropoff_lat"], row["dropoff_address"]) == (STORE.lat, "Almacén Rosa, Ruta 41 km 30")
    assert (row["recipient_name"], row["requirements"]) == ("Luz", ["PHOTO_AT_DROPOFF"])


async def test_what_the_point_cannot_take_is_a_problem_of_its_row(works: Works) -> None:
    world = await make_world(works)
    async with works.open() as work:
        closed = await make_store(work, world.market, is_open=False)
        sunday = await make_store(work, world.market, opening=replace(facts().opening, hours=facts().opening.hours[1:]))
        other = await make_store(work, world.market, shipper_id=world.shipper.id)

    rows = [
        *await world.post("a", "b", "c"),
        *await world.post("d", hand_over_point_id=closed),
        *await world.post("e", hand_over_point_id=sunday),
        *await world.post("f", hand_over_point_id=other, requirements=[Requirement.SIGNATURE_AT_DROPOFF]),
        *await world.post("g", hand_over_point_id=other),
    ]

    codes = [row.problem.code if row.problem else None for row in rows]
    assert codes == [None, None, "POINT_FULL", "NO_SUCH_POINT", "POINT_CLOSED", NotForAPoint.code, None]


async def test_a_parcel_that_never_comes_gives_its_place_back(works: Works) -> None:
    world = await make_world(works)
    [row] = await world.post("a")
    assert row.delivery_id is not None
    async with works.open() as work:
        await cancel_delivery(work, shipper_id=world.shipper.id, delivery_id=row.delivery_id, reason=CancelReason.OTHER)

    for _ in range(2):
        async with works.open() as work:
            await settle_collection(work, delivery_id=row.delivery_id)

    released = await world.collection(row.delivery_id)
    assert (released["state"], released["taken"]) == ("RELEASED", 0)


async def test_a_dropped_parcel_waits_to_the_end_of_its_last_day_and_is_told_once(works: Works) -> None:
    world = await make_world(works)

    row = await world.dropped()
    async with works.open() as work:
        await settle_collection(work, delivery_id=row["delivery_id"])
        told = await work.fetch("SELECT payload::text AS payload FROM event WHERE name = 'ParcelWaits'")

    # Monday and three days: up to midnight of Thursday in Santiago.
    assert (row["state"], row["due_at"]) == ("WAITING", datetime(2026, 3, 6, 3, tzinfo=UTC))
    assert len(told) == 1
    assert TOKENS.collection_code(row["id"]) not in told[0]["payload"]


async def test_a_link_stays_good_and_nobody_is_erased_while_the_parcel_waits(works: Works, clock: ManualClock) -> None:
    world = await make_world(works, kept_days=14)
    row = await world.dropped()
    async with works.open() as work:
        link = await create_tracking_link(work, delivery_id=row["delivery_id"], tokens=TOKENS)
    clock.advance(seconds=10 * 86_400)
    by = Principal(kind=PrincipalKind.SHIPPER, id=world.shipper.id)

    async with works.open() as work:
        found = await verify_tracking_link(work.connection, link, now=work.now)
        with pytest.raises(StillUnderWay):
            await erase_recipient(work, by=by, delivery_id=row["delivery_id"])
    await collect(world, row["id"], TOKENS.collection_code(row["id"]))

    assert found.id == row["delivery_id"]
    async with works.open() as work:
        with pytest.raises(LinkEnded):
            await verify_tracking_link(work.connection, link, now=work.now)
        await erase_recipient(work, by=by, delivery_id=row["delivery_id"])
        name = await work.fetch_value("SELECT recipient_name FROM delivery WHERE id = $1", row["delivery_id"])
    assert name == ""


async def test_who_says_the_code_gets_the_parcel_once_and_its_place_is_free(works: Works) -> None:
    world = await make_world(works)
    row = await world.dropped()
    code = TOKENS.collection_code(row["id"])

    refusals = [await collect(world, row["id"], code) for _ in range(2)]

    assert refusals == [None, None]
    after = await world.collection(row["delivery_id"])
    assert (after["state"], after["confirmed_by"], after["taken"]) == ("COLLECTED", "keeper", 0)
    async with works.open() as work:
        names = [one["name"] for one in await work.fetch("SELECT name FROM event ORDER BY ordinal")]
        state = await work.fetch_value("SELECT state FROM delivery WHERE id = $1", row["delivery_id"])
    assert (names[-2:], state) == (["ParcelWaits", "ParcelCollected"], "DELIVERED")


async def test_five_wrong_codes_lock_a_parcel_for_its_keeper_and_not_for_operations(works: Works) -> None:
    world = await make_world(works)
    row = await world.dropped()
    code = TOKENS.collection_code(row["id"])
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    said = [await collect(world, row["id"], one) for one in [wrong] * 6 + [code]]
    locked = await world.collection(row["delivery_id"])
    by_hand = await collect(world, row["id"], code, kind=PrincipalKind.OPERATOR)

    assert [str(one)[-1] for one in said[:5]] == ["4", "3", "2", "1", "0"]
    assert all("used up" in str(one) for one in said[5:])
    assert (locked["state"], locked["code_tries"]) == ("WAITING", 5)
    assert by_hand is None
    assert (await world.collection(row["delivery_id"]))["confirmed_by"] == "operator"


async def test_a_keeper_knows_no_parcel_of_another_point_and_an_operator_none_of_another_market(works: Works) -> None:
    world, other = await make_world(works), await make_world(works)
    row = await world.dropped()
    code = TOKENS.collection_code(row["id"])

    with pytest.raises(NotFound):
        await collect(other, row["id"], code)
    with pytest.raises(NotFound):
        await collect(other, row["id"], code, kind=PrincipalKind.OPERATOR)


async def test_what_nobody_collects_goes_back_priced_and_frees_its_place_when_it_is_there(
    works: Works, clock: ManualClock
) -> None:
    world = await make_world(works)
    row = await world.dropped()
    async with works.open() as work:
        due = await next_last_day(work.connection)
    assert due == row["due_at"]
    clock.now = row["due_at"]
    with pytest.raises(NotWaitingThere):
        await collect(world, row["id"], TOKENS.collection_code(row["id"]))

    async with works.open() as work:
        ended = [await end_uncollected(work), await end_uncollected(work)]
    errand = SendBack(router=ROUTER, delivery_id=row["delivery_id"])
    return_id, again = await run_errand(works, errand), await run_errand(works, errand)

    assert (ended, again) == ([1, 0], None)
    lies = await world.collection(row["delivery_id"])
    assert (lies["state"], lies["return_id"], lies["taken"]) == ("UNCOLLECTED", return_id, 1)
    async with works.open() as work:
        back = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", return_id)
        there = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", row["delivery_id"])
    assert back is not None
    assert there is not None
    assert (back["state"], back["route_id"], back["return_of"]) == ("SCHEDULED", None, row["delivery_id"])
    assert (back["pickup_lat"], back["pickup_name"], back["pickup_phone"]) == (STORE.lat, "", "")
    assert (back["dropoff_lat"], back["price_minor"]) == (world.hub.lat, there["price_minor"])
    assert there["state"] == "DELIVERED"

    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE id = $1", return_id)
        for _ in range(2):
            assert return_id is not None
            await settle_collection(work, delivery_id=return_id)
    assert (await world.collection(row["delivery_id"]))["taken"] == 0


async def test_a_point_keeps_room_for_what_it_holds(works: Works) -> None:
    world = await make_world(works)
    await world.post("a", "b")

    async with works.open() as work:
        with pytest.raises(PlacesTaken):
            await set_hand_over_point(work, market_id=world.market.id, facts=facts(places=1), point_id=world.point_id)
        await set_hand_over_point(work, market_id=world.market.id, facts=facts(places=3), point_id=world.point_id)
        with pytest.raises(NotFound):
            await set_hand_over_point(work, market_id=work.new_id(), facts=facts(), point_id=world.point_id)
    assert [row.problem for row in await world.post("c")] == [None]


@pytest.mark.parametrize(
    ("changes", "field"), [({"places": 0}, "places"), ({"kept_days": 15}, "keptDays"), ({"name": ""}, "name")]
)
def test_a_point_that_nobody_could_use_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPoint) as refused:
        facts(**changes)

    assert refused.value.field == field
