"""An operation is written once, with its request frozen, in the commit of what asked for it."""

from typing import Any

import orjson
import pytest

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import (
    OperationKeyReused,
    OperationKind,
    OperationState,
    latest_outcome,
    want_operation,
)
from marketplace.payments.events import OperationWanted
from marketplace.payments.models import StripeOperation
from tests.builders import make_market

AMOUNT = Money(1250, "USD")
PARAMS = {"amount": 1250, "currency": "usd", "destination": "acct_1"}


async def test_an_operation_keeps_its_request_as_it_was_asked_for(work: Work) -> None:
    market = await make_market(work)
    subject_id = work.new_id()

    operation_id = await want_operation(
        work,
        market_id=market.id,
        kind=OperationKind.TRANSFER,
        subject_id=subject_id,
        params=PARAMS,
        amount=AMOUNT,
    )

    row = await StripeOperation.get(id=operation_id, using_db=work.db)
    told = {"operation": str(operation_id), "market": str(market.id), "subject": str(subject_id)}
    assert orjson.loads(row.body) == PARAMS | {"metadata": told}
    assert (row.state, row.epoch, row.amount_minor, row.currency) == ("READY", 0, 1250, "USD")
    assert work.events == [
        OperationWanted(market_id=market.id, operation_id=operation_id, kind="TRANSFER", subject_id=subject_id)
    ]


async def test_the_same_operation_again_is_the_first(work: Work) -> None:
    market = await make_market(work)
    asked: dict[str, Any] = {
        "market_id": market.id,
        "kind": OperationKind.TRANSFER,
        "subject_id": work.new_id(),
        "amount": AMOUNT,
    }
    first = await want_operation(work, **asked, params=PARAMS)

    again = await want_operation(work, **asked, params=dict(reversed(PARAMS.items())))

    assert again == first
    assert len(work.events) == 1


@pytest.mark.parametrize(
    "other",
    [{"params": PARAMS | {"amount": 1251}}, {"amount": Money(1250, "EUR")}, {"account": "acct_2"}],
    ids=["params", "amount", "account"],
)
async def test_one_number_never_stands_for_two_requests(work: Work, other: dict[str, object]) -> None:
    market = await make_market(work)
    asked: dict[str, Any] = {
        "market_id": market.id,
        "kind": OperationKind.TRANSFER,
        "subject_id": work.new_id(),
        "amount": AMOUNT,
        "params": PARAMS,
    }
    await want_operation(work, **asked)

    with pytest.raises(OperationKeyReused):
        await want_operation(work, **asked | other)


async def test_the_outcome_is_that_of_the_last_number(work: Work) -> None:
    market = await make_market(work)
    asked: dict[str, Any] = {
        "market_id": market.id,
        "kind": OperationKind.TRANSFER,
        "subject_id": work.new_id(),
        "amount": AMOUNT,
    }
    first = await want_operation(work, **asked, params=PARAMS)
    await work.execute(
        "UPDATE stripe_operation SET state = 'REJECTED', error_code = 'account_invalid', ended_at = $2 WHERE id = $1",
        first,
        work.now,
    )
    before = await latest_outcome(work, kind=OperationKind.TRANSFER, subject_id=asked["subject_id"])

    second = await want_operation(work, **asked, params=PARAMS, number=2)

    after = await latest_outcome(work, kind=OperationKind.TRANSFER, subject_id=asked["subject_id"])
    assert before is not None
    assert (before.operation_id, before.state, before.error_code) == (first, OperationState.REJECTED, "account_invalid")
    assert after is not None
    assert (after.operation_id, after.number, after.state) == (second, 2, OperationState.READY)
