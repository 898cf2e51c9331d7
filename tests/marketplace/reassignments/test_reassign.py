"""A route under way passes from one driver to another: no parcel is lost or doubled, and both drivers are paid."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches.states import AttemptFailure
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import RouteId, uuid7
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.payouts import issue_statement
from marketplace.reassignments import (
    ReassignmentState,
    end_with_route,
    give_parcels,
    reassignments_of_driver,
    take_parcels,
)
from marketplace.reassignments.refusals import (
    CodeRefused,
    DriverCannotTake,
    MeetingPointNeeded,
    NotAgreed,
    ParcelsDiffer,
    ReassignmentOpen,
    ReassignmentOver,
    RouteNotToReassign,
)
from marketplace.routes import drop_off, my_route, plan_return
from tests.marketplace.reassignments.relief import CORNER, Relief, make_relief
from tests.marketplace.routes.drives import point_of

WHERE_EACH_IS = "SELECT id, state, route_id FROM delivery WHERE batch_id = $1 ORDER BY dropoff_lat"


async def under_way(works: Works, clock: ManualClock, **changes: Any) -> Relief:
    """Three parcels are picked up, and the first one is delivered ten minutes later."""
    relief = await make_relief(works, clock, **changes)
    await relief.drive.start()
    await relief.drive.pick_up(0)
    clock.advance(seconds=600)
    (await relief.drive.drop_off(1)).accepted()
    return relief


async def test_what_is_left_becomes_the_second_drivers_route_and_each_parcel_is_on_one_route(
    works: Works, clock: ManualClock
) -> None:
    relief = await under_way(works, clock)
    drive = relief.drive

    next_route_id = await relief.hand_over(1, 2)

    rows = await relief.rows(WHERE_EACH_IS, drive.deliveries[0].batch_id)
    assert [(row["state"], row["route_id"]) for row in rows] == [
        ("DELIVERED", drive.route.id),
        ("EN_ROUTE_TO_DROPOFF", next_route_id),
        ("EN_ROUTE_TO_DROPOFF", next_route_id),
    ]
    assert await drive.stops_are() == ["COMPLETED", "COMPLETED", "SKIPPED", "SKIPPED"]
    assert (await drive.the_route())["state"] == "COMPLETED"
    stops = await relief.rows("SELECT * FROM stop WHERE route_id = $1 ORDER BY place", next_route_id)
    leg = (await StraightLineRouter().legs([CORNER, point_of(drive.stops[2])], depart_at=clock.now)).legs[0]
    assert [(stop["kind"], stop["state"], stop["leg_m"]) for stop in stops] == [
        ("DROPOFF", "EN_ROUTE", leg.distance_m),
        ("DROPOFF", "PENDING", 2000),
    ]
    assert await relief.presence_of(drive.driver) == "AVAILABLE"
    assert await relief.presence_of(relief.second) == "ENGAGED"


async def test_the_second_driver_delivers_what_the_first_one_picked_up(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    next_route_id = await relief.hand_over(1, 2)

    for number in range(2):
        async with works.open() as work:
            route = await my_route(work.connection, driver_id=relief.second.id, now=work.now)
            assert route is not None
            stop = (await work.fetch("SELECT id FROM stop WHERE route_id = $1 ORDER BY place", next_route_id))[number]
            await drop_off(
                work,
                driver_id=relief.second.id,
                stop_id=stop["id"],
                client_event_id=f"second-{number}",
                occurred_at=work.now,
            )

    assert await relief.drive.deliveries_are() == ["DELIVERED"] * 3
    [route_row] = await relief.rows("SELECT state FROM route WHERE id = $1", next_route_id)
    assert route_row["state"] == "COMPLETED"
    sequences = await relief.rows(
        "SELECT array_agg((payload->>'sequence')::int ORDER BY ordinal) AS told FROM event"
        " WHERE delivery_id = $1 AND payload ? 'sequence' GROUP BY delivery_id",
        relief.drive.deliveries[2].id,
    )
    told = sequences[0]["told"]
    assert told == list(range(told[0], told[0] + len(told)))


async def test_a_careful_parcel_that_passes_to_another_driver_has_a_further_link(
    works: Works, clock: ManualClock
) -> None:
    relief = await under_way(works, clock)
    careful = relief.drive.deliveries[2].id
    async with works.open() as work:
        await work.execute("UPDATE delivery SET requirements = '{CHAIN_OF_CUSTODY}' WHERE id = $1", careful)

    next_route_id = await relief.hand_over(1, 2)

    links = await relief.rows("SELECT delivery_id, kind, route_id, driver_id FROM custody")
    assert [tuple(link) for link in links] == [(careful, "PASSED_ON", next_route_id, relief.second.id)]


async def test_each_driver_is_paid_for_what_each_drove(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    drive = relief.drive
    reassignment_id = await relief.ask()
    row = await relief.row(reassignment_id)
    await relief.accept(reassignment_id)
    await relief.give(reassignment_id, 1, 2)
    await relief.take(reassignment_id, 1, 2)

    async with works.open() as work:
        statement_id = await issue_statement(work, route_id=RouteId(drive.route.id))
        statement = await work.fetch_row("SELECT * FROM pay_statement WHERE id = $1", statement_id)

    assert statement is not None
    facts = orjson.loads(statement["facts"])
    assert (facts["distance_m"], facts["stop_count"], facts["guarantee_minor"]) == (2000 + row["way_m"], 2, 0)
    assert statement["driver_id"] == drive.driver.id
    assert row["way_m"] > 0
    [second] = await relief.rows(
        "SELECT guarantee_minor, accepted_at FROM route WHERE driver_id = $1", relief.second.id
    )
    assert second["guarantee_minor"] == row["pay_minor"] > 0
    assert second["accepted_at"] == drive.accepted_at + timedelta(minutes=10)


async def test_until_the_parcels_have_changed_hands_the_first_driver_has_all_of_them(
    works: Works, clock: ManualClock
) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    await relief.accept(reassignment_id)
    await relief.give(reassignment_id, 1, 2)

    await relief.cancel(reassignment_id)

    rows = await relief.rows(WHERE_EACH_IS, relief.drive.deliveries[0].batch_id)
    assert {row["route_id"] for row in rows} == {relief.drive.route.id}
    assert (await relief.drive.the_route())["state"] == "STARTED"
    assert await relief.presence_of(relief.second) == "AVAILABLE"
    (await relief.drive.drop_off(2)).accepted()
    with pytest.raises(ReassignmentOver):
        await relief.take(reassignment_id, 1, 2)


async def test_a_scan_has_to_be_what_is_aboard(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    with pytest.raises(NotAgreed):
        await relief.give(reassignment_id, 1, 2)
    await relief.accept(reassignment_id)

    with pytest.raises(ParcelsDiffer, match="1 parcels of the vehicle are not scanned"):
        await relief.give(reassignment_id, 1)
    with pytest.raises(ParcelsDiffer, match="1 of these are not aboard"):
        await relief.give(reassignment_id, 0, 1, 2)
    with pytest.raises(NotAgreed):
        await relief.take(reassignment_id, 1, 2)

    await relief.give(reassignment_id, 1, 2)
    (await relief.drive.drop_off(2)).accepted()
    with pytest.raises(ParcelsDiffer, match="has changed since it was scanned"):
        await relief.take(reassignment_id, 2)
    assert (await relief.row(reassignment_id))["state"] == "GIVEN"


async def test_a_wrong_code_is_counted_and_five_of_them_are_the_end(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    await relief.accept(reassignment_id)
    await relief.give(reassignment_id, 1, 2)
    right = (await relief.row(reassignment_id))["code"]
    wrong = "000000" if right != "000000" else "000001"

    refusals = [(await relief.take(reassignment_id, 1, 2, code=wrong)).refusal for _ in range(5)]

    assert [str(refusal)[-1] for refusal in refusals] == ["4", "3", "2", "1", "0"]
    with pytest.raises(CodeRefused, match="all tries at the code are used up"):
        await relief.take(reassignment_id, 1, 2, code=right)
    assert (await relief.row(reassignment_id))["state"] == "GIVEN"


async def test_said_twice_the_parcels_change_hands_once(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    await relief.accept(reassignment_id)
    assert await relief.accept(reassignment_id) is ReassignmentState.AGREED
    await relief.give(reassignment_id, 1, 2)

    first = await relief.take(reassignment_id, 1, 2)
    again = await relief.take(reassignment_id, 1, 2)

    assert first == again
    assert len(await relief.rows("SELECT id FROM route WHERE market_id = $1", relief.drive.market.id)) == 2


async def test_with_nothing_aboard_a_yes_is_enough(works: Works, clock: ManualClock) -> None:
    relief = await make_relief(works, clock, count=2)

    reassignment_id = await relief.ask(meeting_point=None)
    state = await relief.accept(reassignment_id)

    row = await relief.row(reassignment_id)
    rows = await relief.rows(WHERE_EACH_IS, relief.drive.deliveries[0].batch_id)
    assert state is ReassignmentState.DONE
    assert [(one["state"], one["route_id"]) for one in rows] == [("ASSIGNED", row["next_route_id"])] * 2
    [second] = await relief.rows("SELECT state FROM route WHERE id = $1", row["next_route_id"])
    assert second["state"] == "ASSIGNED"
    assert (await relief.drive.the_route())["state"] == "COMPLETED"


async def test_a_dedicated_driver_on_shift_has_agreed_by_contract(works: Works, clock: ManualClock) -> None:
    relief = await make_relief(works, clock, kind=ContractKind.DEDICATED)
    await relief.drive.start()
    await relief.drive.pick_up(0)

    reassignment_id = await relief.ask()

    assert (await relief.row(reassignment_id))["state"] == "AGREED"
    assert await relief.presence_of(relief.second) == "ENGAGED"


async def test_a_no_changes_nothing_and_somebody_can_be_asked_again(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    with pytest.raises(ReassignmentOpen):
        await relief.ask()

    await relief.decline(reassignment_id)

    again = await relief.ask()
    clock.advance(seconds=301)
    with pytest.raises(ReassignmentOver, match="time to answer is over"):
        await relief.accept(again)
    third = await relief.ask()
    states = await relief.rows("SELECT state FROM reassignment ORDER BY state")
    assert [row["state"] for row in states] == ["DECLINED", "EXPIRED", "OFFERED"]
    assert (await relief.row(third))["expires_at"] == clock.now + timedelta(minutes=5)
    assert await relief.presence_of(relief.second) == "AVAILABLE"


async def test_who_cannot_take_it_is_not_asked(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    drive = relief.drive

    with pytest.raises(MeetingPointNeeded):
        await relief.ask(meeting_point=None)
    with pytest.raises(DriverCannotTake, match="has the route already"):
        await relief.ask(to_driver_id=drive.driver.id)
    with pytest.raises(NotFound):
        await relief.ask(market_id=uuid7(clock.now, works.source))
    async with works.open() as work:
        await work.execute("UPDATE driver SET capacity = '{1,1,1}' WHERE id = $1", relief.second.id)
    with pytest.raises(DriverCannotTake, match="do not fit"):
        await relief.ask()
    (await drive.drop_off(2)).accepted()
    (await drive.drop_off(3)).accepted()
    with pytest.raises(RouteNotToReassign):
        await relief.ask()
    assert await relief.rows("SELECT id FROM reassignment") == []


async def test_a_first_driver_who_finishes_alone_frees_the_second(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    await relief.accept(reassignment_id)
    (await relief.drive.drop_off(2)).accepted()
    (await relief.drive.drop_off(3)).accepted()

    async with works.open() as work:
        assert await end_with_route(work, route_id=relief.drive.route.id)
        assert not await end_with_route(work, route_id=relief.drive.route.id)

    assert (await relief.row(reassignment_id))["state"] == "CANCELLED"
    assert await relief.presence_of(relief.second) == "AVAILABLE"


async def test_a_parcel_on_its_way_back_goes_along_with_its_original(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    drive = relief.drive
    await drive.fail(2, AttemptFailure.RECIPIENT_REFUSED)
    await plan_return(works, router=StraightLineRouter(), delivery_id=drive.deliveries[1].id)
    [back] = await relief.rows("SELECT id FROM delivery WHERE return_of = $1", drive.deliveries[1].id)
    reassignment_id = await relief.ask()
    await relief.accept(reassignment_id)
    parcels = [drive.deliveries[2].id, back["id"]]
    code = (await relief.row(reassignment_id))["code"]

    async with works.open() as work:
        await give_parcels(work, reassignment_id=reassignment_id, driver_id=drive.driver.id, parcels=parcels)
        taken = await take_parcels(
            work, reassignment_id=reassignment_id, driver_id=relief.second.id, code=code, parcels=parcels
        )

    rows = await relief.rows("SELECT state FROM delivery WHERE route_id = $1 ORDER BY state", taken.route_id)
    assert [row["state"] for row in rows] == ["EN_ROUTE_TO_DROPOFF", "EN_ROUTE_TO_DROPOFF", "RETURNING"]
    kinds = await relief.rows("SELECT kind FROM stop WHERE route_id = $1 ORDER BY place", taken.route_id)
    assert [row["kind"] for row in kinds] == ["DROPOFF", "RETURN"]


async def test_the_code_is_shown_to_the_first_driver_alone(works: Works, clock: ManualClock) -> None:
    relief = await under_way(works, clock)
    reassignment_id = await relief.ask()
    async with works.open() as work:
        before = await reassignments_of_driver(work.connection, driver_id=relief.second.id, now=work.now)
    await relief.accept(reassignment_id)

    async with works.open() as work:
        [first] = await reassignments_of_driver(work.connection, driver_id=relief.drive.driver.id, now=work.now)
        [second] = await reassignments_of_driver(work.connection, driver_id=relief.second.id, now=work.now)

    assert [one["parcels"] for one in before] == [[]]
    assert (first["is_giver"], first["code"]) == (True, (await relief.row(reassignment_id))["code"])
    assert (second["is_giver"], second["code"]) == (False, None)
    assert len(first["parcels"]) == len(second["parcels"]) == 2
