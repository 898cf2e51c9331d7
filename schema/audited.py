"""What an operator does by hand: one change in a market, written down with the operator's name in the same Work."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from marketplace.accounts import Principal, note_action
from marketplace.core.ids import MarketId, from_wire
from marketplace.core.work import Work
from schema.access import require_operator
from schema.context import Info
from schema.mutations import mutate
from schema.problem import Problem

Payload = TypeVar("Payload")


async def audited(
    info: Info,
    *,
    verb: str,
    market_id: str,
    details: Mapping[str, Any],
    idempotency_key: str,
    run: Callable[[Work, MarketId, Principal], Awaitable[UUID]],
    answer: Callable[[Work, UUID], Awaitable[Payload]],
    more: Mapping[str, Any] | None = None,
) -> Payload | Problem:
    """Runs a change once for each key; `run` returns what it was done to, which the audit and `answer` get.

    `details` are what was asked for, as the audit keeps it; by them another use of the key is refused, and by `more`,
    which is not kept.
    """
    market = MarketId(from_wire("market", market_id, field="marketId"))
    operator = require_operator(info, market)

    async def noted(work: Work) -> str:
        subject = await run(work, market, operator)
        await note_action(
            work, operator_id=operator.operator_id, market_id=market, verb=verb, subject_id=subject, details=details
        )
        return subject.hex

    async def answered(work: Work, reference: str) -> Payload:
        return await answer(work, UUID(hex=reference))

    return await mutate(
        info,
        operation=verb,
        arguments={"market": market, **details, **(more or {})},
        idempotency_key=idempotency_key,
        run=noted,
        answer=answered,
    )
