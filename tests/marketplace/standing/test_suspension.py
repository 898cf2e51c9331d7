"""Rules propose, people decide: notice, reason, evidence, appeal to another person, and work until it is in force."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotAllowed, NotFound
from marketplace.core.states import IllegalStep
from marketplace.core.work import Work, Works
from marketplace.fleet import go_offline, go_online
from marketplace.fleet.models import Driver
from marketplace.markets.models import Market
from marketplace.standing import (
    AppealOpen,
    NoAppeal,
    NothingToAppeal,
    SafetyReason,
    SamePerson,
    SuspensionState,
    answer_correction,
    appeal_suspension,
    ask_correction,
    begin_suspensions,
    compute_standing,
    decide_appeal,
    decide_suspension,
    end_suspension,
    propose_for_safety,
    propose_suspensions,
    suspension_files,
    waiting_suspensions,
)
from tests.builders import HUB_PLACE, make_driver, make_market
from tests.marketplace.ledger.world import refused_by_database
from tests.marketplace.standing.driven import make_bad_driver, make_named, make_place

DAY_S = 86_400
TWO_WEEKS = timedelta(days=14)


async def account_of(work: Work, driver_id: UUID) -> str:
    state: str = await work.fetch_value("SELECT account_state FROM driver WHERE id = $1", driver_id)
    return state


async def proposed(work: Work, market: Market, driver: Driver, operator_id: UUID) -> UUID:
    return await propose_for_safety(
        work,
        driver_id=driver.id,
        market_id=market.id,
        operator_id=operator_id,
        safety_reason=SafetyReason.VIOLENCE,
        reason="a shop reported blows",
        evidence=["report of the shop of 2 March"],
    )


async def decided(work: Work, market: Market, suspension_id: UUID, operator_id: UUID, **changes: Any) -> Any:
    values: dict[str, Any] = {"is_confirmed": True, "reason": "seen and heard"} | changes
    return await decide_suspension(
        work, suspension_id=suspension_id, market_id=market.id, operator_id=operator_id, **values
    )


async def can_go_online(work: Work, driver_id: UUID) -> bool:
    await go_offline(work, driver_id=driver_id)
    try:
        await go_online(work, driver_id=driver_id, place=HUB_PLACE)
    except NotAllowed:
        return False
    return True


async def test_a_rule_proposes_with_its_evidence_and_takes_nothing_away(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver, good = await make_bad_driver(work, place), await make_driver(work, place[0])
    clock.advance(seconds=DAY_S)

    async with works.open() as work:
        await compute_standing(work, market_id=place[0].id)
        [suspension_id] = await propose_suspensions(work, market_id=place[0].id)
        assert await propose_suspensions(work, market_id=place[0].id) == []

        [told] = await suspension_files(work, driver_id=driver.id)
        assert (told.id, told.state, told.rule, told.decided_by) == (
            suspension_id, SuspensionState.PROPOSED, "LATE_BY_OWN_PART", None,
        )  # fmt: skip
        assert told.reason.startswith("44 of 44: late by the driver's own part")
        assert len(told.evidence) == 44
        assert "own part" in told.evidence[0]
        assert [(step.what, step.who) for step in told.steps] == [("PROPOSED", "rule LATE_BY_OWN_PART, version 1")]
        assert [await account_of(work, one.id) for one in (driver, good)] == ["SUSPENSION_PROPOSED", "ACTIVE"]
        assert await can_go_online(work, driver.id)
        assert [event.name for event in work.events if event.name.startswith("Suspension")] == ["SuspensionProposed"]


async def test_what_was_dismissed_is_not_proposed_again_on_the_same_evidence(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver, marta = await make_bad_driver(work, place), await make_named(work, place[0], "Marta")
    clock.advance(seconds=DAY_S)

    async with works.open() as work:
        await compute_standing(work, market_id=place[0].id)
        [suspension_id] = await propose_suspensions(work, market_id=place[0].id)
        await decided(work, place[0], suspension_id, marta, is_confirmed=False, reason="the streets were closed")

        assert await account_of(work, driver.id) == "ACTIVE"
        assert await propose_suspensions(work, market_id=place[0].id) == []
        with pytest.raises(IllegalStep):
            await decided(work, place[0], suspension_id, marta)


async def test_evidence_that_waits_for_an_answer_or_was_put_right_proposes_nothing(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver, marta = await make_bad_driver(work, place), await make_named(work, place[0], "Marta")
    clock.advance(seconds=DAY_S)

    async with works.open() as work:
        await compute_standing(work, market_id=place[0].id)
        rows = await work.fetch("SELECT id FROM standing_evidence WHERE kind = 'ARRIVAL' ORDER BY id LIMIT 5")
        asked = [
            await ask_correction(work, evidence_id=row["id"], driver_id=driver.id, text="the bridge was shut")
            for row in rows
        ]
        assert await propose_suspensions(work, market_id=place[0].id) == []
        for correction_id in asked:
            await answer_correction(
                work, correction_id=correction_id, market_id=place[0].id, operator_id=marta, is_upheld=True, reason="so"
            )

        assert await propose_suspensions(work, market_id=place[0].id) == []
        figures = await work.fetch_value(
            "SELECT figures->'ARRIVAL'->>'counted' FROM driver_standing WHERE driver_id = $1", driver.id
        )
        assert figures == "39"


@pytest.mark.parametrize(
    ("jurisdiction", "notice"),
    [("US-WA-SEA", TWO_WEEKS), ("CA-BC", timedelta(hours=72)), ("CA-ON", TWO_WEEKS), (None, TWO_WEEKS)],
)
async def test_a_decision_is_in_force_after_the_notice_of_the_markets_law(
    works: Works, clock: ManualClock, jurisdiction: str | None, notice: timedelta
) -> None:
    async with works.open() as work:
        market = await make_market(work)
        if jurisdiction:
            floor = {
                "time": {"minor": 45, "per": "MINUTE", "percent": 100},
                "distance": {"minor": 77, "per": "MILE", "percent": 100},
                "minimum_minor": 520,
            }
            floors = {"jurisdiction": jurisdiction, "pack": None, "offer": floor, "period": None}
            await work.execute(
                "INSERT INTO pay_policy (id, market_id, version, effective_from, rates, floors)"
                " SELECT gen_random_uuid(), market_id, 2, effective_from, rates, $2::jsonb"
                " FROM pay_policy WHERE market_id = $1",
                market.id, orjson.dumps(floors).decode(),
            )  # fmt: skip
        driver, marta = await make_driver(work, market), await make_named(work, market, "Marta")
        suspension_id = await proposed(work, market, driver, marta)
        await decided(work, market, suspension_id, marta)
        [told] = await suspension_files(work, driver_id=driver.id, market_id=market.id)
        assert told.effective_at == work.now + notice
        assert (told.decided_by, told.notice_law) == ("Marta", jurisdiction or "DEFAULT")
    clock.advance(seconds=notice.total_seconds() - 60)
    async with works.open() as work:
        assert await can_go_online(work, driver.id)
        assert await begin_suspensions(work) == 0
    clock.advance(seconds=60)

    async with works.open() as work:
        assert not await can_go_online(work, driver.id)  # by the clock, before anything else has run
        assert await account_of(work, driver.id) == "SUSPENSION_PROPOSED"
        assert await begin_suspensions(work) == 1
        assert await begin_suspensions(work) == 0
        assert await account_of(work, driver.id) == "SUSPENDED"


async def test_only_a_danger_suspends_at_once_and_a_person_does_it(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        late, marta = await make_bad_driver(work, place), await make_named(work, place[0], "Marta")
        violent = await make_driver(work, place[0])
    clock.advance(seconds=DAY_S)

    async with works.open() as work:
        await compute_standing(work, market_id=place[0].id)
        [by_rule] = await propose_suspensions(work, market_id=place[0].id)
        with pytest.raises(NotAllowed):
            await decided(work, place[0], by_rule, marta, is_immediate=True)
        assert await account_of(work, late.id) == "SUSPENSION_PROPOSED"
        suspension_id = await proposed(work, place[0], violent, marta)
        assert await can_go_online(work, violent.id)
        await decided(work, place[0], suspension_id, marta, is_immediate=True)

        assert not await can_go_online(work, violent.id)


async def test_an_appeal_is_decided_by_somebody_else_and_lets_the_driver_back_in(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        driver = await make_driver(work, market)
        marta, iris = await make_named(work, market, "Marta"), await make_named(work, market, "Iris")
        suspension_id = await proposed(work, market, driver, marta)
        about: dict[str, Any] = {"suspension_id": suspension_id, "market_id": market.id, "reason": "seen"}
        with pytest.raises(NothingToAppeal):
            await appeal_suspension(work, suspension_id=suspension_id, driver_id=driver.id, text="no")
        await decided(work, market, suspension_id, marta, is_immediate=True)
        with pytest.raises(NoAppeal):
            await decide_appeal(work, operator_id=iris, is_upheld=True, **about)
        await appeal_suspension(
            work, suspension_id=suspension_id, driver_id=driver.id, text="It was not me.", evidence=["a photo"]
        )
        with pytest.raises(NothingToAppeal):
            await appeal_suspension(work, suspension_id=suspension_id, driver_id=driver.id, text="again")
        assert [one.id for one in await waiting_suspensions(work, market_id=market.id)] == [suspension_id]
        with pytest.raises(AppealOpen):
            await end_suspension(work, operator_id=iris, state=SuspensionState.DEACTIVATED, **about)
        with pytest.raises(SamePerson):
            await decide_appeal(work, operator_id=marta, is_upheld=False, **about)
        async with refused_by_database(work, asyncpg.CheckViolationError, match="appeal_by_another"):
            await work.execute(
                "UPDATE suspension SET appeal_decided_by = $2, appeal_decided_at = $3, appeal_upheld = false,"
                " appeal_reason = 'no' WHERE id = $1",
                suspension_id, marta, work.now,
            )  # fmt: skip

        await decide_appeal(work, operator_id=iris, is_upheld=True, **about)

        assert await account_of(work, driver.id) == "ACTIVE"
        assert await can_go_online(work, driver.id)
        [told] = await suspension_files(work, driver_id=driver.id)
        assert [(step.what, step.who) for step in told.steps] == [
            ("PROPOSED", "Marta"), ("CONFIRMED", "Marta"), ("IN_FORCE", "Marta"), ("APPEALED", "the driver"),
            ("APPEAL_UPHELD", "Iris"), ("REVERSED", "Iris"),
        ]  # fmt: skip
        assert (told.appeal_text, told.appeal_evidence, told.appeal_upheld) == ("It was not me.", ["a photo"], True)
        assert await waiting_suspensions(work, market_id=market.id) == []


@pytest.mark.parametrize("ending", [SuspensionState.LIFTED, SuspensionState.DEACTIVATED])
async def test_an_account_is_closed_only_when_no_appeal_is_possible(
    works: Works, clock: ManualClock, ending: SuspensionState
) -> None:
    async with works.open() as work:
        market = await make_market(work)
        driver, marta = await make_driver(work, market), await make_named(work, market, "Marta")
        suspension_id = await proposed(work, market, driver, marta)
        await decided(work, market, suspension_id, marta, is_immediate=True)
        about: dict[str, Any] = {"suspension_id": suspension_id, "market_id": market.id, "operator_id": marta}
        with pytest.raises(AppealOpen):
            await end_suspension(work, state=SuspensionState.DEACTIVATED, reason="seen", **about)
    clock.advance(seconds=TWO_WEEKS.total_seconds())

    async with works.open() as work:
        with pytest.raises(NothingToAppeal):
            await appeal_suspension(work, suspension_id=suspension_id, driver_id=driver.id, text="late")
        await end_suspension(work, state=ending, reason="seen", **about)

        then = "ACTIVE" if ending is SuspensionState.LIFTED else "DEACTIVATED"
        assert await account_of(work, driver.id) == then
        assert await can_go_online(work, driver.id) is (ending is SuspensionState.LIFTED)


NO_PERSON = [
    "UPDATE driver SET account_state = 'SUSPENDED'",
    "UPDATE driver SET account_state = 'DEACTIVATED'",
    "UPDATE driver SET suspended_from = now()",
    "UPDATE suspension SET state = 'CONFIRMED', decided_at = now(), decision_reason = 'x', effective_at = now()",
    "UPDATE suspension SET state = 'DEACTIVATED'",
]


@pytest.mark.parametrize("statement", NO_PERSON)
async def test_the_database_suspends_nobody_without_a_person(work: Work, statement: str) -> None:
    market = await make_market(work)
    driver, marta = await make_driver(work, market), await make_named(work, market, "Marta")
    await proposed(work, market, driver, marta)

    async with refused_by_database(work, asyncpg.CheckViolationError):
        await work.execute(statement)

    assert await account_of(work, driver.id) == "SUSPENSION_PROPOSED"


async def test_nobody_is_suspended_by_somebody_elses_file_or_without_notice(work: Work) -> None:
    market = await make_market(work)
    driver, other = await make_driver(work, market), await make_driver(work, market)
    marta, iris = await make_named(work, market, "Marta"), await make_named(work, market, "Iris")
    suspension_id = await proposed(work, market, driver, marta)
    await decided(work, market, suspension_id, marta)
    suspend = (
        "UPDATE driver SET account_state = 'SUSPENDED', suspension_id = $2, suspended_by = $3, suspended_from = $4"
        " WHERE id = $1"
    )

    for driver_id, person in ((other.id, marta), (driver.id, iris)):
        async with refused_by_database(work, asyncpg.ForeignKeyViolationError):
            await work.execute(suspend, driver_id, suspension_id, person, work.now)
    for edit in (
        "effective_at = decided_at",
        "decided_by = proposed_by, decision_reason = 'other'",
        "reason = 'other'",
    ):
        async with refused_by_database(work, asyncpg.PostgresError):
            await work.execute(f"UPDATE suspension SET {edit} WHERE id = $1", suspension_id)
    async with refused_by_database(work, asyncpg.RestrictViolationError):
        await work.execute("DELETE FROM suspension")


async def test_another_market_or_driver_finds_no_file(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    driver, other = await make_driver(work, market), await make_driver(work, market)
    marta = await make_named(work, market, "Marta")
    suspension_id = await proposed(work, market, driver, marta)

    assert await suspension_files(work, driver_id=driver.id, market_id=elsewhere.id) == []
    with pytest.raises(NotFound):
        await decided(work, elsewhere, suspension_id, marta)
    with pytest.raises(NotFound):
        await appeal_suspension(work, suspension_id=suspension_id, driver_id=other.id, text="mine")
