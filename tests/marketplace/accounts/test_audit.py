"""The audit: written in the Work that does the deed, read latest first, and never changed."""

from uuid import UUID

import asyncpg
import pytest

from marketplace.accounts import add_operator, note_action, page_actions
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from tests.builders import make_market


async def note(work: Work, number: int) -> tuple[MarketId, OperatorId]:
    market = await make_market(work)
    operator_id = await add_operator(work, name="Marta", email=f"{number}@example.com", market_id=MarketId(market.id))
    await note_action(
        work,
        operator_id=operator_id,
        market_id=MarketId(market.id),
        verb="replayJob",
        subject_id=UUID(int=number),
        details={"number": number},
    )
    return MarketId(market.id), operator_id


async def test_a_deed_is_told_with_its_doer_and_moment(work: Work) -> None:
    market_id, operator_id = await note(work, 1)
    await note(work, 2)

    [action] = await page_actions(work.connection, market_id=market_id, before=None, limit=10)

    assert {name: action[name] for name in ("operator_id", "operator_name", "verb", "subject_id", "happened_at")} == {
        "operator_id": operator_id,
        "operator_name": "Marta",
        "verb": "replayJob",
        "subject_id": UUID(int=1),
        "happened_at": work.now,
    }
    assert action["details"] == '{"number": 1}'


@pytest.mark.parametrize(
    "change",
    ["UPDATE operator_action SET verb = 'nothing'", "DELETE FROM operator_action", "TRUNCATE operator_action"],
)
async def test_a_line_of_the_audit_is_never_changed(work: Work, change: str) -> None:
    await note(work, 1)

    with pytest.raises(asyncpg.RestrictViolationError):
        async with work.connection.transaction():
            await work.execute(change)
