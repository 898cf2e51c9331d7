"""Tells people about their delivery: one event becomes at most one message to each reader.

The row of a message is the promise not to send it twice. It is written before the message leaves, so a process that
dies in between leaves a message that nobody sends again: rather one too few than two. Only when the notifier says that
its way out is shut, which means that nothing left, is the message sent again later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches.states import DeliveryState
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.notifier import Message, Notifier
from marketplace.core.work import Work, Works
from marketplace.tracking.wording import Happened, words_about

FIND = """
SELECT e.name, e.payload, e.market_id, e.delivery_id, d.state, d.return_of, d.recipient_phone, d.pickup_phone,
       d.time_zone, d.external_id, d.dropoff_opens_at, d.dropoff_closes_at, s.name AS shipper_name
FROM event e JOIN delivery d ON d.id = e.delivery_id JOIN shipper s ON s.id = d.shipper_id
WHERE e.id = $1
"""
PROMISE = """
INSERT INTO notification (id, market_id, event_id, delivery_id, audience, address, text, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'READY', $8)
ON CONFLICT (event_id, audience) DO UPDATE SET state = 'READY' WHERE notification.state = 'FAILED'
RETURNING id
"""
MARK = """
UPDATE notification SET state = outcome, sent_at = CASE WHEN outcome = 'SENT' THEN $3::timestamptz END
FROM unnest($1::uuid[], $2::text[]) AS t(message_id, outcome) WHERE id = message_id
"""


class NotToldYet(Unavailable):
    """The way out is shut; the same event is told later."""

    code = "NOT_TOLD_YET"


@dataclass(frozen=True, slots=True)
class Promised:
    """A message that is ours to send."""

    id: UUID
    message: Message


async def notify(works: Works, *, notifier: Notifier, event_id: UUID) -> int:
    """Sends what is to be said about an event and has not been said; returns how many messages left."""
    outcomes = await run_errand(works, Notify(notifier=notifier, event_id=event_id)) or []
    if not all(outcomes):
        raise NotToldYet("a message could not be sent; it is sent again later")
    return len(outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """The errand of telling about one event; its result says of each message whether it left."""

    notifier: Notifier
    event_id: UUID

    async def read(self, work: Work) -> list[Promised] | None:
        """Writes the messages down, and returns those that nobody has begun to send."""
        row = await work.fetch_row(FIND, self.event_id)
        if row is None:
            return None
        promised = []
        for words in words_about(_happened(row)):
            message = Message(audience=words.audience, address=words.address, text=words.text)
            about = (row["market_id"], self.event_id, row["delivery_id"])
            # Two runs at once: the second waits for the first's row and finds it promised.
            ours = await work.fetch_value(
                PROMISE, work.new_id(), *about, words.audience, words.address, words.text, work.now
            )
            if ours is not None:
                promised.append(Promised(ours, message))
        return promised or None

    async def call(self, found: Sequence[Promised]) -> list[bool]:
        """Hands the messages to the notifier."""
        return [await self._send(promised.message) for promised in found]

    async def record(self, work: Work, found: Sequence[Promised], answer: Sequence[bool]) -> Sequence[bool]:
        """Writes down what left and what did not."""
        outcomes = ["SENT" if has_left else "FAILED" for has_left in answer]
        await work.execute(MARK, [promised.id for promised in found], outcomes, work.now)
        return answer

    async def _send(self, message: Message) -> bool:
        try:
            await self.notifier.send(message)
        except Unavailable:
            return False
        return True


def _happened(row: asyncpg.Record) -> Happened:
    return Happened(
        name=row["name"],
        payload=orjson.loads(row["payload"]),
        state=DeliveryState(row["state"]),
        is_return=row["return_of"] is not None,
        shipper_name=row["shipper_name"],
        external_id=row["external_id"],
        recipient_phone=row["recipient_phone"],
        pickup_phone=row["pickup_phone"],
        time_zone=row["time_zone"],
        opens_at=row["dropoff_opens_at"],
        closes_at=row["dropoff_closes_at"],
    )
