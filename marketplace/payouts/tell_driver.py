"""Tells a driver what has happened to their pay, or will to their papers: it came back, it was stopped, they end.

As with recipients, the row of a message is the promise not to send it twice: rather one too few than two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.alerts import NotToldYet
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.notifier import Message, Notifier
from marketplace.core.window import zone
from marketplace.core.work import Work, Works
from marketplace.standing import words_about_suspension

DRIVER = "driver"
FIND = """
SELECT e.name, e.payload::text AS payload, e.market_id, d.phone, m.time_zone,
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
        told = (row["name"], orjson.loads(row["payload"]), row["time_zone"])
        words = block_words if row["name"].startswith("Block") else words_for
        text = row["said"] or words_about_suspension(*told) or words(*told)
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


def words_for(name: str, payload: Mapping[str, Any], time_zone: str) -> str:
    """The text, with times as clocks show them where the driver works."""
    match name:
        case "DocumentExpiring":
            until = datetime.fromisoformat(payload["expires_at"]).astimezone(zone(time_zone))
            paper = payload["kind"].replace("_", " ").lower()
            return (
                f"Your {paper} ends on {until:%d.%m. %H:%M}. Hand in a new one in the app: without it you get no offers"
                " that need it."
            )
        case "PayoutAccountChanged":
            until = datetime.fromisoformat(payload["held_until"]).astimezone(zone(time_zone))
            return (
                f"Where your pay goes was changed. For your safety nothing is paid out before {until:%d.%m. %H:%M}."
                " If it was not you, call us now."
            )
        case "PayoutAccountStopped":
            return "You cannot be paid for the moment: our payment provider needs something from you. Open the app."
        case "PayoutFailed" if payload["is_given_back"]:
            return "Your payout could not be made. The money is yours and waits in the app."
        case "PayoutReversed":
            return "Your payout was taken back before it reached your bank. The money is yours and waits in the app."
        case _:
            return "Your bank has sent your payout back. Check your account in the app; then we send it again."


def block_words(name: str, payload: Mapping[str, Any], time_zone: str) -> str:
    """The text about a block: a place is held for them, or it was cancelled."""
    opens = datetime.fromisoformat(payload["opens_at"]).astimezone(zone(time_zone))
    if name == "BlockCalledOff":
        return f"Your block of {opens:%d.%m. %H:%M} was cancelled. The app says why."
    until = datetime.fromisoformat(payload["answer_by"]).astimezone(zone(time_zone))
    return (
        f"A place in the block of {opens:%d.%m. %H:%M} is free and held for you until {until:%H:%M}. Sign up in the app"
        " to take it; leaving it is fine."
    )
