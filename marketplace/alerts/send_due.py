"""Sends what waited for its moment, and tells those whose parcel is nearly there.

Messages wait for the end of quiet hours. What is no longer true by then is dropped, and its row says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.alerts.compose import alerts_about, is_still_true
from marketplace.alerts.notify import happened_in
from marketplace.alerts.policy import policy_from
from marketplace.alerts.queries import CLAIM_DUE, DUE_CAUSES, FIND_NEAR
from marketplace.alerts.sending import Kept, Links, Promised, Sent, filled_in, mark, promise, send_all
from marketplace.alerts.states import Cause, NotificationState
from marketplace.batches.states import DeliveryState
from marketplace.core.errand import run_errand
from marketplace.core.notifier import Channel, Notifier
from marketplace.core.work import Work, Works

AT_ONCE = 100
SOON_S = 600.0
"""A parcel that is expected within so many seconds arrives soon."""


async def send_due(works: Works, *, notifier: Notifier, links: Links, market_id: UUID) -> int:
    """Sends what is due in a market, at most a hundred of each cause; returns how many messages left."""
    states = await run_errand(works, SendDue(notifier=notifier, links=links, market_id=market_id)) or []
    return states.count(NotificationState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDue:
    """The errand of a sweep through what waits; its result is what became of each message."""

    notifier: Notifier
    links: Links
    market_id: UUID

    async def read(self, work: Work) -> list[Promised] | None:
        """Takes what is due and still true, and what is seen coming."""
        due = await work.fetch(DUE_CAUSES, self.market_id, work.now)
        found = [one for row in due for one in await self._claim(work, Cause(row["cause"]))]
        return found + await self._arriving(work) or None

    async def call(self, found: Sequence[Promised]) -> list[Sent]:
        """Hands the messages to the notifier."""
        return await send_all(self.notifier, found)

    async def record(self, work: Work, found: Sequence[Promised], answer: Sequence[Sent]) -> list[NotificationState]:
        """Writes down what left and what did not."""
        # What could not leave is due still: the next sweep takes it again.
        return list(await mark(work, found, answer, if_not=NotificationState.WAITING))

    async def _claim(self, work: Work, cause: Cause) -> list[Promised]:
        still = [state.value for state in DeliveryState if is_still_true(cause, state)]
        rows = await work.fetch(CLAIM_DUE, self.market_id, work.now, AT_ONCE, still, cause.value)
        ours = []
        for row in rows:
            if row["state"] == "READY":
                kept = Kept(
                    cause=cause,
                    channel=Channel(row["channel"]),
                    address=row["address"],
                    text=row["text"],
                    tries=row["tries"],
                )
                ours.append(await filled_in(work, self.links, row["id"], row["delivery_id"], row["audience"], kept))
        return ours

    async def _arriving(self, work: Work) -> list[Promised]:
        soon = work.now + timedelta(seconds=SOON_S)
        ours = []
        for row in await work.fetch(FIND_NEAR, self.market_id, soon, AT_ONCE):
            happened = happened_in(row, Cause.ARRIVING_SOON, at=row["at"])
            for alert in alerts_about(happened, policy_from(row), work.now):
                one = await promise(
                    work,
                    alert,
                    market_id=self.market_id,
                    delivery_id=row["delivery_id"],
                    event_id=None,
                    links=self.links,
                )
                ours += [one] if one is not None else []
        return ours
