"""A route that changes hands while others act on it: real commits, one outcome, no parcel lost, nobody paid twice."""

import asyncio
from collections import Counter

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.ids import RouteId
from marketplace.core.work import Work, Works
from marketplace.ledger import check_ledger
from marketplace.payouts import issue_statement
from marketplace.reassignments import (
    accept_reassignment,
    cancel_reassignment,
    decline_reassignment,
    expire_due,
    take_parcels,
)
from marketplace.reassignments.refusals import ReassignmentOver
from tests.builders import make_driver
from tests.marketplace.reassignments.relief import Relief, make_relief
from tests.races.together import Verb, at_once, codes, until_one_waits

OPEN = "SELECT count(*) FROM reassignment WHERE state IN ('OFFERED', 'AGREED', 'GIVEN')"
LOST = """
SELECT count(*) FROM delivery d LEFT JOIN route r ON r.id = d.route_id
WHERE d.state NOT IN ('DELIVERED', 'SCHEDULED') AND coalesce(r.state, '') NOT IN ('ASSIGNED', 'STARTED')
"""
TO_PAY = "SELECT id FROM route WHERE state = 'COMPLETED' ORDER BY id"
GAPS = """
SELECT count(*) FROM delivery d WHERE d.sequence <> (SELECT count(DISTINCT payload->>'sequence') FROM event
                                                     WHERE delivery_id = d.id AND payload ? 'sequence')
"""


@pytest.fixture
async def relief(committed_works: Works, clock: ManualClock) -> Relief:
    """Three parcels aboard of the first driver's vehicle, and a second driver close by."""
    found = await make_relief(committed_works, clock)
    await found.drive.start()
    await found.drive.pick_up(0)
    return found


async def check_whole(relief: Relief) -> None:
    """Every parcel is delivered or with somebody who drives; each route is paid once; the books are sound."""
    [lost], [gaps] = [list(row) for row in await relief.rows(LOST)], [list(row) for row in await relief.rows(GAPS)]
    assert (lost, gaps) == ([0], [0])
    works, routes = relief.drive.works, [RouteId(row["id"]) for row in await relief.rows(TO_PAY)]

    def pays(route_id: RouteId) -> tuple[Works, Verb]:
        return works, lambda work: issue_statement(work, route_id=route_id)

    if routes:
        await at_once(*(pays(route_id) for route_id in routes), *(pays(route_id) for route_id in routes))
    statements = await relief.rows("SELECT route_id, state FROM pay_statement ORDER BY route_id")
    assert [row["route_id"] for row in statements] == routes
    journals = await relief.rows("SELECT count(*) FROM journal WHERE kind = 'DRIVER_PAY'")
    assert journals[0]["count"] == sum(row["state"] == "PAYABLE" for row in statements)
    async with works.open() as work:
        assert (await check_ledger(work, market_id=relief.drive.market.id)).is_sound


async def test_of_two_operators_who_reassign_at_once_one_does(relief: Relief) -> None:
    works = relief.drive.works
    async with works.open() as work:
        third = await make_driver(work, relief.drive.market, name="Carla Soto")
    errands = [relief.question(to_driver_id=driver_id) for driver_id in (relief.second.id, third.id)]
    prepared = []
    for errand in errands:
        async with works.open() as work:
            found = await errand.read(work)
        prepared.append((errand, found, await errand.call(found)))

    def records(number: int) -> Verb:
        errand, found, ways = prepared[number]
        return lambda work: errand.record(work, found, ways)

    answers = await at_once((works, records(0)), (works, records(1)))

    assert codes(answers) == {"done": 1, "REASSIGNMENT_OPEN": 1}
    assert [row["count"] for row in await relief.rows(OPEN)] == [1]
    actions = await relief.rows("SELECT count(*) FROM operator_action WHERE verb = 'reassignRoute'")
    assert actions[0]["count"] == 1
    await check_whole(relief)


async def test_a_parcel_delivered_while_it_is_handed_over_is_with_one_of_the_two(relief: Relief) -> None:
    works, drive = relief.drive.works, relief.drive
    reassignment_id = await relief.ask()
    await relief.accept(reassignment_id)
    await relief.give(reassignment_id, 0, 1, 2)
    code = (await relief.row(reassignment_id))["code"]

    async def takes(work: Work) -> object:
        taken = await take_parcels(
            work,
            reassignment_id=reassignment_id,
            driver_id=relief.second.id,
            code=code,
            parcels=relief.parcels(0, 1, 2),
        )
        assert taken.refusal is None
        return taken

    async def delivers(_: Work) -> object:
        outcome = await drive.drop_off(1)
        if outcome.refusal is not None:
            raise outcome.refusal
        return outcome

    answers = await at_once((works, takes), (works, delivers))

    said, states = codes(answers), Counter(await drive.deliveries_are())
    state = (await relief.row(reassignment_id))["state"]
    assert said["done"] == 1
    assert (state, states) in [
        ("DONE", Counter(EN_ROUTE_TO_DROPOFF=3)),
        ("GIVEN", Counter(EN_ROUTE_TO_DROPOFF=2, DELIVERED=1)),
    ]
    await check_whole(relief)


@pytest.mark.parametrize("moment", ["OFFERED", "AGREED"])
async def test_an_answer_and_an_end_at_the_same_moment_have_one_outcome(relief: Relief, moment: str) -> None:
    works, market = relief.drive.works, relief.drive.market
    reassignment_id = await relief.ask()
    if moment == "AGREED":
        await relief.accept(reassignment_id)
    wish = {"reassignment_id": reassignment_id}
    verbs: list[Verb] = [
        lambda work: accept_reassignment(work, **wish, driver_id=relief.second.id),
        lambda work: decline_reassignment(work, **wish, driver_id=relief.second.id),
        lambda work: cancel_reassignment(work, **wish, market_id=market.id),
        lambda work: cancel_reassignment(work, **wish, market_id=market.id),
        expire_due,
    ]

    await at_once(*((works, verb) for verb in verbs))

    row = await relief.row(reassignment_id)
    ended = await relief.rows("SELECT count(*) FROM event WHERE name = 'ReassignmentEnded'")
    assert row["state"] in ({"CANCELLED"} if moment == "AGREED" else {"CANCELLED", "DECLINED"})
    assert ended[0]["count"] == 1
    ways = await relief.rows("SELECT count(*) FROM route WHERE driver_id = $1", relief.second.id)
    assert ways[0]["count"] == (row["agreed_at"] is not None)
    assert await relief.presence_of(relief.second) == "AVAILABLE"
    await check_whole(relief)


async def test_a_yes_waits_for_a_deadline_that_is_being_kept_and_is_too_late(
    relief: Relief, clock: ManualClock
) -> None:
    works = relief.drive.works
    reassignment_id = await relief.ask()
    late = ManualClock(clock.now)
    late.advance(seconds=300)

    async with Works(works.database, late, source=works.source).open() as work:
        assert await expire_due(work) == 1
        yes = asyncio.create_task(relief.accept(reassignment_id))
        await until_one_waits(works)

    with pytest.raises(ReassignmentOver):
        await yes
    assert (await relief.row(reassignment_id))["state"] == "EXPIRED"
    assert await relief.presence_of(relief.second) == "AVAILABLE"
    await check_whole(relief)


async def test_a_deadline_leaves_a_question_alone_that_is_being_answered(relief: Relief, clock: ManualClock) -> None:
    works = relief.drive.works
    reassignment_id = await relief.ask()
    late = ManualClock(clock.now)
    late.advance(seconds=300)

    async with works.open() as work:
        await accept_reassignment(work, reassignment_id=reassignment_id, driver_id=relief.second.id)
        async with Works(works.database, late, source=works.source).open() as other:
            assert await expire_due(other) == 0

    assert (await relief.row(reassignment_id))["state"] == "AGREED"
    await check_whole(relief)
