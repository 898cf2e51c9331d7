"""Tells people after an event: of a delivery, of a webhook that has ended, or of a recurring batch that was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from marketplace.alerts.compose import Alert, Happened, alerts_about, happening
from marketplace.alerts.policy import policy_from
from marketplace.alerts.queries import FIND_EVENT, FIND_SHIPPER_EVENT
from marketplace.alerts.sending import Links, Promised, Sent, mark, promise, send_all
from marketplace.alerts.shipper_notice import notice_about
from marketplace.alerts.states import Cause, NotificationState
from marketplace.batches.states import DeliveryState
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.notifier import Notifier
from marketplace.core.work import Work, Works


class NotToldYet(Unavailable):
    """The way out is shut; the same event is told later."""

    code = "NOT_TOLD_YET"


async def notify(works: Works, *, notifier: Notifier, links: Links, event_id: UUID) -> int:
    """Sends what is to be said now about an event and has not been said; returns how many messages left."""
    states = await run_errand(works, Notify(notifier=notifier, links=links, event_id=event_id)) or []
    if NotificationState.FAILED in states:
        raise NotToldYet("a message could not be sent; it is sent again later")
    return states.count(NotificationState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """The errand of telling about one event; its result is what became of each message."""

    notifier: Notifier
    links: Links
    event_id: UUID

    async def read(self, work: Work) -> list[Promised] | None:
        """Writes the messages down, and returns those that are to leave now and that nobody has begun to send."""
        row = await work.fetch_row(FIND_EVENT, self.event_id) or await work.fetch_row(FIND_SHIPPER_EVENT, self.event_id)
        if row is None:
            return None
        promised = []
        for alert in _alerts_after(row, work.now):
            ours = await promise(
                work,
                alert,
                market_id=row["market_id"],
                delivery_id=row["delivery_id"],
                event_id=self.event_id,
                links=self.links,
            )
            promised += [ours] if ours is not None else []
        return promised or None

    async def call(self, found: Sequence[Promised]) -> list[Sent]:
        """Hands the messages to the notifier."""
        return await send_all(self.notifier, found)

    async def record(self, work: Work, found: Sequence[Promised], answer: Sequence[Sent]) -> list[NotificationState]:
        """Writes down what left and what did not."""
        return list(await mark(work, found, answer, if_not=NotificationState.FAILED))


def _alerts_after(row: asyncpg.Record, now: datetime) -> Sequence[Alert]:
    payload = orjson.loads(row["payload"])
    if row["delivery_id"] is None:
        return notice_about(row["name"], payload, policy_from(row), _names(row), now)
    told = happening(row["name"], payload)
    if told is None:
        return []
    cause, at, reason = told
    return alerts_about(happened_in(row, cause, at=at, reason=reason), policy_from(row), now)


def _names(row: asyncpg.Record) -> dict[str, str]:
    return {"shipper": row["shipper_name"], "name": row["recurring_name"] or ""}


def happened_in(row: asyncpg.Record, cause: Cause, *, at: datetime | None, reason: str = "") -> Happened:
    """A cause and the row of its delivery as a value."""
    return Happened(
        cause=cause,
        state=DeliveryState(row["state"]),
        is_return=row["return_of"] is not None,
        shipper_name=row["shipper_name"],
        external_id=row["external_id"],
        recipient_phone=row["recipient_phone"],
        pickup_phone=row["pickup_phone"],
        time_zone=row["time_zone"],
        opens_at=row["dropoff_opens_at"],
        closes_at=row["dropoff_closes_at"],
        sequence=row["sequence"],
        has_browsers=row["has_browsers"],
        at=at,
        reason=reason,
        point=row["point"] or "",
        kept_until=row["kept_until"],
    )
