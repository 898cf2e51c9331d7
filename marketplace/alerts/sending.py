"""Sends what was promised: the row of a message is the promise not to send it twice.

It is written before the message leaves, so a process that dies in between leaves a message that nobody sends again:
rather one too few than two. Only when the notifier says that its way out is shut, which means that nothing left, is the
message sent again later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.accounts import Tokens, create_tracking_link
from marketplace.alerts.compose import LINK, Alert
from marketplace.alerts.queries import AGAIN, MARK, PROMISE
from marketplace.core.errors import Unavailable
from marketplace.core.ids import DeliveryId
from marketplace.core.notifier import Channel, Message, Notifier
from marketplace.core.work import Work

TRACKING_PATH = "/t/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Tells the tracking page of a delivery to its recipient."""

    tokens: Tokens
    public_url: str

    async def of(self, work: Work, delivery_id: UUID) -> str:
        """The address of the page."""
        token = await create_tracking_link(work, delivery_id=DeliveryId(delivery_id), tokens=self.tokens)
        return f"{self.public_url}{TRACKING_PATH}{token}"


@dataclass(frozen=True, slots=True)
class Promised:
    """A message that is ours to send."""

    id: UUID
    message: Message


async def promise(
    work: Work, alert: Alert, *, market_id: UUID, delivery_id: UUID, event_id: UUID | None, links: Links
) -> Promised | None:
    """Writes a message down; None where it was told already, or has its moment before it."""
    if event_id is not None:
        again = await work.fetch_value(AGAIN, event_id, alert.audience.value, alert.channel.value)
        if again is not None:
            return Promised(again, await filled_in(work, links, delivery_id, alert.audience.value, alert))
    is_due = alert.not_before <= work.now
    state = "READY" if is_due else "WAITING"
    # Two runs at once: the second waits for the first's row and finds it promised.
    ours = await work.fetch_value(
        PROMISE,
        work.new_id(),
        market_id,
        event_id,
        delivery_id,
        alert.cause.value,
        alert.occasion,
        alert.audience.value,
        alert.channel.value,
        alert.address,
        alert.text,
        state,
        work.now,
        alert.not_before,
    )
    if ours is None or not is_due:
        return None
    return Promised(ours, await filled_in(work, links, delivery_id, alert.audience.value, alert))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message as its row holds it."""

    channel: Channel
    address: str
    text: str


async def filled_in(work: Work, links: Links, delivery_id: UUID, audience: str, kept: Alert | Kept) -> Message:
    """The message that leaves, with the link of its delivery in it."""
    text = kept.text
    if LINK in text:
        text = text.replace(LINK, await links.of(work, delivery_id))
    return Message(audience=audience, address=kept.address, text=text, channel=kept.channel)


async def send_all(notifier: Notifier, promised: Sequence[Promised]) -> list[bool]:
    """Hands the messages to the notifier; says of each whether it left."""
    return [await _send(notifier, one.message) for one in promised]


async def mark(
    work: Work, promised: Sequence[Promised], has_left: Sequence[bool], now: datetime, *, if_not: str = "FAILED"
) -> None:
    """Writes down what left, and as what the rest stays."""
    outcomes = ["SENT" if left else if_not for left in has_left]
    await work.execute(MARK, [one.id for one in promised], outcomes, now)


async def _send(notifier: Notifier, message: Message) -> bool:
    try:
        await notifier.send(message)
    except Unavailable:
        return False
    return True
