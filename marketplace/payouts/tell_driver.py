"""Tells a driver, in the driver's language, what has happened to pay, papers, blocks and account, or what we write.

As with recipients, the row of a message is the promise not to send it twice: rather one too few than two.
"""

from dataclasses import dataclass
from uuid import UUID

import orjson

from marketplace.alerts import NotToldYet, words_for_driver
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.notifier import Message, Notifier
from marketplace.core.work import Work, Works

DRIVER = "driver"
FIND = """
SELECT e.name, e.payload::text AS payload, e.market_id, d.phone, d.language, m.time_zone,
       (SELECT text FROM driver_message WHERE id = (e.payload ->> 'message_id')::uuid) AS said
FROM event e JOIN driver d ON d.id = e.driver_id JOIN market m ON m.id = e.market_id WHERE e.id = $1
"""
PROMISE = """
INSERT INTO notification (id, market_id, event_id, audience, address, text, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'READY', $7)
ON CONFLICT (event_id, audience, channel) WHERE event_id IS NOT NULL
    DO UPDATE SET state = 'READY' WHERE notification.state = 'FAILED'
RETURNING id
"""
MARK = """
UPDATE notification SET state = $2::text, sent_at = CASE WHEN $2::text = 'SENT' THEN $3::timestamptz END WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A message that is ours to send."""

    id: UUID
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDriver:
    """The errand of telling a driver about one event; its result says whether the message left."""

    notifier: Notifier
    event_id: UUID

    async def read(self, work: Work) -> Promised | None:
        """Writes the message down, and returns it unless somebody has begun to send it."""
        row = await work.fetch_row(FIND, self.event_id)
        if row is None:
            return None
        text = row["said"] or words_for_driver(
            row["language"], row["name"], orjson.loads(row["payload"]), row["time_zone"]
        )
        # Two runs at once: the second waits for the first's row and finds it promised.
        ours = await work.fetch_value(
            PROMISE, work.new_id(), row["market_id"], self.event_id, DRIVER, row["phone"], text, work.now
        )
        return Promised(id=ours, message=Message(audience=DRIVER, address=row["phone"], text=text)) if ours else None

    async def call(self, found: Promised) -> bool:
        """Hands the message to the notifier."""
        try:
            await self.notifier.send(found.message)
        except Unavailable:
            return False
        return True

    async def record(self, work: Work, found: Promised, answer: bool) -> bool:
        """Writes down whether it left."""
        await work.execute(MARK, found.id, "SENT" if answer else "FAILED", work.now)
        return answer


async def tell_driver(works: Works, *, notifier: Notifier, event_id: UUID) -> bool:
    """Sends what a driver is to hear of an event and has not heard; whether a message left."""
    outcome = await run_errand(works, TellDriver(notifier=notifier, event_id=event_id))
    if outcome is False:
        raise NotToldYet("a message could not be sent; it is sent again later")
    return bool(outcome)
