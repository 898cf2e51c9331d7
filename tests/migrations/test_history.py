"""What has happened stays: events, final offers, quotes and pay policies cannot be edited through any door.

Journals and postings are in tests/marketplace/ledger/test_history.py.
"""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.core.work import Work
from marketplace.fleet.events import DriverWentOnline
from marketplace.offers.models import Offer, Wave
from marketplace.offers.states import OfferState, WaveState
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.marketplace.ledger.world import refused_by_database

FINAL = [OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.WITHDRAWN]

TABLES_THAT_KEEP = """
SELECT c.relname AS name,
       bool_or(t.tgtype & 32 > 0) AS is_kept_whole
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE p.proname = 'refuse_change' GROUP BY c.relname HAVING bool_or(t.tgtype & 8 > 0) ORDER BY c.relname
"""
"""Tables whose rows are not removed one by one (8 is DELETE), and whether not all at once either (32 is TRUNCATE)."""


async def make_event(work: Work) -> None:
    work.emit(DriverWentOnline(market_id=work.new_id(), driver_id=work.new_id()))
    await work.store_events()
    work.events.clear()


async def make_offer(work: Work, state: OfferState) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
    route, _ = await make_route(work, market, [delivery])
    driver = await make_driver(work, market)
    wave = await Wave.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        route_id=route.id,
        number=1,
        contract_kind=driver.contract_kind,
        state=WaveState.OPEN.value,
        raise_minor=0,
        raise_step_minor=0,
        raise_cap_minor=0,
        raise_budget_left_minor=0,
        opened_at=work.now,
    )
    await Offer.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        route_id=route.id,
        route_version=1,
        wave_id=wave.id,
        driver_id=driver.id,
        state=state.value,
        pay_minor=5000,
        raise_minor=0,
        currency=market.currency,
        lines=[],
        approach_m=0,
        approach_s=0,
        rank=1,
        sent_at=work.now,
        expires_at=work.now + timedelta(minutes=1),
        ended_at=work.now if state in FINAL else None,
    )


async def test_an_event_gets_its_place_once_and_nothing_else_of_it_changes(work: Work) -> None:
    await make_event(work)

    assert await work.execute("UPDATE event SET position = 7") == 1
    for edit in ("position = 8", "position = NULL", "name = 'X'", "payload = '{}'", "occurred_at = now()"):
        async with refused_by_database(work, asyncpg.RestrictViolationError, match="event is history"):
            await work.execute(f"UPDATE event SET {edit}")

    assert await work.fetch_value("SELECT position FROM event") == 7


@pytest.mark.parametrize("edit", ["name = 'X'", "payload = '{}'", "driver_id = NULL", "market_id = gen_random_uuid()"])
async def test_an_event_without_a_place_does_not_change_either(work: Work, edit: str) -> None:
    await make_event(work)

    async with refused_by_database(work, asyncpg.RestrictViolationError, match="event is history"):
        await work.execute(f"UPDATE event SET {edit}, position = 7")


@pytest.mark.parametrize("edit", ["DELETE FROM event", "TRUNCATE event"])
async def test_events_are_not_removed(work: Work, edit: str) -> None:
    await make_event(work)

    async with refused_by_database(work, asyncpg.RestrictViolationError, match="event is history"):
        await work.execute(edit)

    assert await work.fetch_value("SELECT count(*) FROM event") == 1


async def test_the_order_of_events_is_the_databases_own(work: Work) -> None:
    await make_event(work)

    async with refused_by_database(work, asyncpg.GeneratedAlwaysError):
        await work.execute(
            "INSERT INTO event (id, market_id, name, payload, occurred_at, ordinal) VALUES"
            " (gen_random_uuid(), gen_random_uuid(), 'X', '{}', now(), 1)"
        )


@pytest.mark.parametrize("state", FINAL)
async def test_an_offer_that_has_ended_keeps_its_end_its_driver_and_its_pay(work: Work, state: OfferState) -> None:
    await make_offer(work, state)

    for edit in ("state = 'SENT'", "driver_id = gen_random_uuid()", "pay_minor = 1", "pay_minor = 5000"):
        async with refused_by_database(work, asyncpg.RestrictViolationError, match="offer in a final state"):
            await work.execute(f"UPDATE offer SET {edit}")


@pytest.mark.parametrize("state", FINAL)
async def test_an_open_offer_ends_once(work: Work, state: OfferState) -> None:
    await make_offer(work, OfferState.SENT)

    assert await work.execute("UPDATE offer SET state = $1, ended_at = $2", state.value, work.now) == 1
    async with refused_by_database(work, asyncpg.RestrictViolationError, match="offer in a final state"):
        await work.execute("UPDATE offer SET state = 'EXPIRED'")


async def test_an_open_offer_has_no_end_and_an_ended_one_has(work: Work) -> None:
    await make_offer(work, OfferState.SENT)

    for edit in ("state = 'EXPIRED'", "ended_at = now()"):
        async with refused_by_database(work, asyncpg.CheckViolationError, match="offer_ended"):
            await work.execute(f"UPDATE offer SET {edit}")


@pytest.mark.parametrize("edit", ["UPDATE quote SET total_minor = 1", "DELETE FROM quote", "TRUNCATE quote CASCADE"])
async def test_a_quote_stays_as_it_was_given(work: Work, edit: str) -> None:
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    await work.execute(
        "INSERT INTO quote (id, market_id, shipper_id, request, lines, problems, total_minor, currency, is_degraded,"
        " created_at, expires_at) VALUES ($1, $2, $3, '[]', '[]', '[]', 4200, 'CLP', false, $4, $4)",
        work.new_id(),
        market.id,
        shipper.id,
        work.now,
    )

    async with refused_by_database(work, asyncpg.RestrictViolationError, match="quote is history"):
        await work.execute(edit)


@pytest.mark.parametrize(
    "edit", ["UPDATE pay_policy SET rates = '{}'", "DELETE FROM pay_policy", "TRUNCATE pay_policy"]
)
async def test_a_pay_policy_is_followed_by_another_and_never_edited(work: Work, edit: str) -> None:
    await make_market(work)

    async with refused_by_database(work, asyncpg.RestrictViolationError, match="pay_policy is history"):
        await work.execute(edit)


async def test_every_table_that_keeps_its_rows_is_kept_whole(work: Work) -> None:
    rows = await work.fetch(TABLES_THAT_KEEP)

    assert [(row["name"], row["is_kept_whole"]) for row in rows] == [
        (name, True)
        for name in (
            "acceptance_model",
            "account",
            "attempt",
            "bill_line",
            "choice",
            "claim",
            "claim_entry",
            "cold_breach",
            "custody",
            "driver_message",
            "erasure",
            "event",
            "experience_goal",
            "invoice_line",
            "journal",
            "operator_action",
            "pay_adjustment",
            "pay_period",
            "pay_policy",
            "posting",
            "quote",
            "rate_card",
            "rating",
            "reconciliation",
            "recurring_run",
            "recurring_version",
            "reservation_day",
            "reservation_terms",
            "rural_zone",
            "service_area",
            "service_level",
            "standing_correction",
            "standing_evidence",
            "stock_movement",
            "stripe_movement",
            "surge_bonus",
            "surge_decision",
            "suspension",
        )
    ]
