"""Sends what was promised: the row of a message is the promise not to send it twice.

It is written before the message leaves, so a process that dies in between leaves a message that nobody sends again:
rather one too few than two. Only when the notifier says that its way out is shut, which means that nothing left, is the
message sent again later. To browsers it goes as many times as there are browsers, and has left when one took it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.accounts import Tokens, create_tracking_link
from marketplace.alerts.browsers import end_browsers
from marketplace.alerts.compose import CODE, LINK, Alert
from marketplace.alerts.pushing import AGAIN_AFTER, TRIES, pushes_of
from marketplace.alerts.queries import AGAIN, MARK, PROMISE, WAITS
from marketplace.alerts.states import Cause, NotificationState
from marketplace.core.errors import Unavailable
from marketplace.core.ids import DeliveryId
from marketplace.core.notifier import Channel, Message, NobodyThere, Notifier
from marketplace.core.work import Work

TRACKING_PATH = "/t/"
PUSHED_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Tells the tracking page of a delivery to its recipient, and the code of a parcel that waits to be collected."""

    tokens: Tokens
    public_url: str

    async def of(self, work: Work, delivery_id: UUID) -> str:
        """The address of the page."""
        token = await create_tracking_link(work, delivery_id=DeliveryId(delivery_id), tokens=self.tokens)
        return self.to(token)

    async def code_of(self, work: Work, delivery_id: UUID) -> str:
        """The digits with which a parcel is collected; none where it does not wait at its point any more."""
        collection_id = await work.fetch_value(WAITS, delivery_id)
        return self.tokens.collection_code(collection_id) if collection_id is not None else ""

    def to(self, token: str) -> str:
        """The address of the page of a token."""
        return f"{self.public_url}{TRACKING_PATH}{token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A message that is ours to send: once, or to each browser."""

    id: UUID
    channel: Channel
    messages: Sequence[Message]
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How sending went, and which browsers are no more."""

    state: NotificationState
    gone: Sequence[UUID] = ()


async def promise(
    work: Work, alert: Alert, *, market_id: UUID, delivery_id: UUID | None, event_id: UUID | None, links: Links
) -> Promised | None:
    """Writes a message down; None where it was told already, or has its moment before it."""
    kept = Kept(cause=alert.cause, channel=alert.channel, address=alert.address, text=alert.text)
    if event_id is not None:
        again = await work.fetch_value(AGAIN, event_id, alert.audience.value, alert.channel.value)
        if again is not None:
            return await filled_in(work, links, again, delivery_id, alert.audience.value, kept)
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
    return await filled_in(work, links, ours, delivery_id, alert.audience.value, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message as its row holds it, and how often it was tried."""

    cause: Cause
    channel: Channel
    address: str
    text: str
    tries: int = 0


async def filled_in(
    work: Work, links: Links, message_id: UUID, delivery_id: UUID | None, audience: str, kept: Kept
) -> Promised:
    """What leaves: to a browser as it is, else with the link of its delivery in it."""
    messages: Sequence[Message]
    if kept.channel is Channel.PUSH and delivery_id is not None:
        messages = await pushes_of(work, delivery_id=delivery_id, cause=kept.cause, text=kept.text)
    else:
        text = kept.text
        if LINK in text and delivery_id is not None:
            text = text.replace(LINK, await links.of(work, delivery_id))
        if CODE in text and delivery_id is not None:
            text = text.replace(CODE, await links.code_of(work, delivery_id))
        messages = [Message(audience=audience, address=kept.address, text=text, channel=kept.channel)]
    return Promised(id=message_id, channel=kept.channel, messages=messages, tries=kept.tries)


async def send_all(notifier: Notifier, promised: Sequence[Promised]) -> list[Sent]:
    """Hands the messages to the notifier; says of each how it went. Browsers come last, and together.

    Whose push service is slow was chosen by whoever named it, so it keeps only a few others waiting.
    """
    found = {one.id: await _send(notifier, one) for one in promised if one.channel is not Channel.PUSH}
    seats = asyncio.Semaphore(PUSHED_AT_ONCE)

    async def push(one: Promised) -> None:
        async with seats:
            found[one.id] = await _send(notifier, one)

    await asyncio.gather(*(push(one) for one in promised if one.channel is Channel.PUSH))
    return [found[one.id] for one in promised]


async def mark(
    work: Work, promised: Sequence[Promised], sent: Sequence[Sent], *, if_not: NotificationState
) -> Sequence[NotificationState]:
    """Writes down what left and as what the rest stays, and forgets browsers that are no more; returns the states."""
    states = [_kept_as(one, outcome, if_not) for one, outcome in zip(promised, sent, strict=True)]
    await work.execute(
        MARK, [one.id for one in promised], [state.value for state in states], work.now, work.now + AGAIN_AFTER
    )
    if gone := [browser_id for outcome in sent for browser_id in outcome.gone]:
        await end_browsers(work, browser_ids=gone)
    return states


def _kept_as(one: Promised, outcome: Sent, if_not: NotificationState) -> NotificationState:
    if outcome.state is not NotificationState.FAILED:
        return outcome.state
    if one.channel is not Channel.PUSH:
        return if_not
    return NotificationState.WAITING if one.tries + 1 < TRIES else NotificationState.FAILED


async def _send(notifier: Notifier, one: Promised) -> Sent:
    gone: list[UUID] = []
    state = NotificationState.DROPPED
    for message in one.messages:
        try:
            await notifier.send(message)
        except NobodyThere:
            gone += [message.push.browser_id] if message.push is not None else []
        except Unavailable:
            state = NotificationState.FAILED if state is NotificationState.DROPPED else state
        else:
            state = NotificationState.SENT
    return Sent(state=state, gone=gone)
