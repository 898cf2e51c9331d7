"""Operations see what lies open at the payment provider: sendings without an end, and news of nobody's."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import Tokens
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.payments import OperationKind, want_operation
from marketplace.payments.models import StripeEvent, StripeObject
from schema.asgi import build_app
from tests.builders import make_market
from tests.schema.conftest import Api, TestMarketplace
from tests.schema.test_operations import make_operator
from tests.schema.test_reconciliation import Desk

NOT_OURS = "not_ours: made by hand, or by another system on the same account"
REFUSED = "UPDATE stripe_operation SET state = 'REJECTED', error_code = $2, error = $3, ended_at = $4 WHERE id = $1"


@pytest.fixture
async def desk(works: Works, tokens: Tokens, marketplace: TestMarketplace) -> AsyncIterator[Desk]:
    """Operations of two markets."""
    desk = Desk(Api(build_app(marketplace)), works)
    async with works.open() as work:
        market, elsewhere = await make_market(work), await make_market(work, name="Ovalle", currency="PEN")
        desk.market_id = MarketId(market.id)
        desk.marta = await make_operator(work, tokens, market_id=market.id, name="Marta")
        desk.stranger = await make_operator(work, tokens, market_id=elsewhere.id, name="Otto")
    async with desk.api.http:
        yield desk


async def make_event(work: Work, event_id: str, received_at: datetime, *, object_id: str, **more: Any) -> None:
    await StripeEvent.create(
        using_db=work.db,
        id=event_id,
        endpoint="PLATFORM",
        type="charge.succeeded",
        object_kind="charge",
        object_id=object_id,
        created_at=received_at,
        received_at=received_at,
        **more,
    )


async def make_transfer(work: Work, market_id: UUID, subject_id: UUID, number: int = 1) -> UUID:
    return await want_operation(
        work,
        market_id=market_id,
        kind=OperationKind.TRANSFER,
        subject_id=subject_id,
        params={"destination": "acct_1"},
        amount=Money(1300, "CLP"),
        number=number,
    )


async def refuse(work: Work, operation_id: UUID) -> None:
    await work.execute(REFUSED, operation_id, "account_invalid", "No such destination", work.now)


async def test_what_waits_and_what_was_refused_is_shown_with_reason_and_age(desk: Desk, clock: ManualClock) -> None:
    async with desk.works.open() as work:
        asked_anew, refused = work.new_id(), work.new_id()
        await refuse(work, await make_transfer(work, desk.market_id, asked_anew))
        await refuse(work, await make_transfer(work, desk.market_id, refused))
        await make_transfer(work, desk.market_id, asked_anew, number=2)
    clock.advance(seconds=90)

    shown = await desk.ask("open_operations", desk.marta, first=1)
    rest = await desk.ask("open_operations", desk.marta, after=shown["pageInfo"]["endCursor"])

    rows = [edge["node"] for page in (shown, rest) for edge in page["edges"]]
    assert sorted((row["state"], row["subjectId"], row["errorCode"], row["error"], row["ageS"]) for row in rows) == [
        ("READY", to_wire("payout", asked_anew), None, None, 90),
        ("REJECTED", to_wire("payout", refused), "account_invalid", "No such destination", 90),
    ]
    assert {(row["kind"], row["amountMinor"], row["currency"]) for row in rows} == {("TRANSFER", 1300, "CLP")}
    assert (shown["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert await desk.ask("open_operations", desk.stranger) == "NOT_FOUND"


async def test_news_that_was_not_taken_in_is_shown_to_whose_it_is_or_to_everybody(desk: Desk) -> None:
    async with desk.works.open() as work:
        now = work.machine_now
        elsewhere = (await make_market(work, name="Elqui")).id
        await StripeObject.create(
            using_db=work.db,
            id="pi_theirs",
            market_id=elsewhere,
            kind="payment_intent",
            subject_id=elsewhere,
            state="succeeded",
            rank=3,
            facts={},
            seen_at=now,
        )
        await make_event(work, "evt_theirs", now, object_id="pi_theirs")
        await make_event(work, "evt_done", now, object_id="ch_0", processed_at=now)
        await make_event(work, "evt_waits", now - timedelta(seconds=40), object_id="ch_1", attempts=3, error="busy: -")
        foreign_at = now - timedelta(hours=1)
        await make_event(work, "evt_foreign", foreign_at, object_id="ch_2", processed_at=now, error=NOT_OURS)

    shown = await desk.ask("foreign_events", desk.marta, first=1)
    rest = await desk.ask("foreign_events", desk.marta, after=shown["pageInfo"]["endCursor"])

    rows = [edge["node"] for page in (shown, rest) for edge in page["edges"]]
    assert [(row["id"], row["reception"], row["objectId"], row["attempts"], row["error"]) for row in rows] == [
        ("evt_waits", "WAITING", "ch_1", 3, "busy: -"),
        ("evt_foreign", "NOT_OURS", "ch_2", 0, NOT_OURS),
    ]
    assert (rows[0]["ageS"] >= 40, rows[1]["ageS"] >= 3600) == (True, True)
    assert await desk.ask("foreign_events", desk.stranger) == "NOT_FOUND"
