"""Writes down what the provider shall do, in the commit of the reason for it; sending it is an errand of its own."""

from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import Conflict
from marketplace.core.ids import OperationId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments.events import OperationWanted
from marketplace.payments.queries import WRITE_OPERATION, WRITTEN_BEFORE
from marketplace.payments.states import OperationKind

Params = Mapping[str, object]
"""Parameters as the provider names them: texts, whole numbers, booleans, lists and mappings of these."""


class OperationKeyReused(Conflict):
    """The same number of one subject's operations was wanted with another request."""

    code = "OPERATION_KEY_REUSED"


async def want_operation(
    work: Work,
    *,
    market_id: UUID,
    kind: OperationKind,
    subject_id: UUID,
    params: Params,
    account: str | None = None,
    amount: Money | None = None,
    number: int = 1,
) -> OperationId:
    """Puts one operation into the outbox; the same kind, subject and number again is the first one.

    `number` counts the operations of one kind about one subject: a request that was rejected for good is followed by
    the next number, never sent again. Raises OperationKeyReused where the number stands for another request.
    """
    operation_id = OperationId(work.new_id())
    digest = sha256(orjson.dumps(params, option=orjson.OPT_SORT_KEYS)).digest()
    metadata = {"operation": str(operation_id), "market": str(market_id), "subject": str(subject_id)}
    written = await work.execute(
        WRITE_OPERATION,
        operation_id,
        market_id,
        kind.value,
        subject_id,
        number,
        account,
        orjson.dumps({**params, "metadata": metadata}, option=orjson.OPT_SORT_KEYS),
        digest,
        amount.minor if amount else None,
        amount.currency if amount else None,
        work.now,
    )
    if not written:
        first = await work.fetch_row(WRITTEN_BEFORE, kind.value, subject_id, number)
        assert first is not None, "an operation is never removed"
        return _same(first, market_id=market_id, account=account, amount=amount, digest=digest)
    work.emit(OperationWanted(market_id=market_id, operation_id=operation_id, kind=kind.value, subject_id=subject_id))
    return operation_id


def _same(
    first: asyncpg.Record, *, market_id: UUID, account: str | None, amount: Money | None, digest: bytes
) -> OperationId:
    wanted = (market_id, account, amount.minor if amount else None, amount.currency if amount else None, digest)
    kept = (first["market_id"], first["account"], first["amount_minor"], first["currency"], first["wanted_digest"])
    if kept != wanted:
        raise OperationKeyReused(
            "this operation was asked for with another request; another request has another number"
        )
    return OperationId(first["id"])
