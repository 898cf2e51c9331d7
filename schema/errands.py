"""Mutations that need the slow outside, such as a quote that needs the router: read, call, record, once a key."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from marketplace.core.errand import Errand
from marketplace.core.idempotency import find_answer, recall, remember, request_hash
from marketplace.core.work import Work, outside
from schema.access import require_principal
from schema.context import Info
from schema.mutations import change

Found = TypeVar("Found")
Answer = TypeVar("Answer")
Recorded = TypeVar("Recorded")
Payload = TypeVar("Payload")


async def mutate_by_errand(
    info: Info,
    *,
    operation: str,
    arguments: Mapping[str, object],
    idempotency_key: str,
    errand: Errand[Found, Answer, Recorded],
    reference: Callable[[Recorded], str],
    answer: Callable[[Work, str], Awaitable[Payload]],
) -> Payload:
    """Runs an errand once for each key of a caller; the key is taken in the Work that records the outcome.

    Two calls with one key at the same time may both ask the outside; one records, and both answer with that.
    """
    principal = require_principal(info)
    digest = request_hash(operation, arguments)
    async with info.context.marketplace.works.open() as work:
        known = await find_answer(work, principal_id=principal.id, key=idempotency_key, digest=digest)
        if known is not None:
            return await answer(work, known)
        found = await errand.read(work)
    assert found is not None, "errands of mutations always have something to do"
    outside()
    heard = await errand.call(found)

    async def record(work: Work) -> Payload:
        known = await recall(work, principal_id=principal.id, key=idempotency_key, digest=digest)
        if known is None:
            known = reference(await errand.record(work, found, heard))
            await remember(work, principal_id=principal.id, key=idempotency_key, reply=known)
        return await answer(work, known)

    return await change(info, record)
