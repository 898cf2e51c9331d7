"""Takes an event of the provider into the inbox: kept before it is answered, looked into later."""

from marketplace.core.work import Work
from marketplace.payments.provider import ReceivedEvent
from marketplace.payments.queries import RECEIVE_EVENT


async def receive_event(work: Work, *, event: ReceivedEvent) -> bool:
    """Keeps an event whose signature was right; False where it had come before."""
    written = await work.execute(
        RECEIVE_EVENT,
        event.id,
        event.endpoint.value,
        event.account,
        event.type,
        event.api_version,
        event.object_kind,
        event.object_id,
        event.created_at,
        work.machine_now,
    )
    return bool(written)
