"""Posts the next day of a recurring batch that is due: once, whoever tries, and whatever becomes of it is written down.

Days come one after the other. One that was not posted in time, because nobody was there to do it, is posted late while
it can still be kept, and else written down as missed. A refusal is an answer like any other: the next day is tried all
the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import asyncpg

from marketplace.accounts import Tokens
from marketplace.batches import CreditGate, DeliveryRequest, PostBatch, Priced, ToPost
from marketplace.core.errors import Refusal, Unavailable
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.recurring_batches.move_on import go_on
from marketplace.recurring_batches.queries import FIND, LOCK, ROWS, WAIT, openings_of
from marketplace.recurring_batches.refusals import OccurrenceSettled
from marketplace.recurring_batches.settle_day import settle_posted, settle_refused, settle_skipped
from marketplace.recurring_batches.states import RecurringState, SkipReason
from marketplace.recurring_batches.terms import Terms, rows_of
from marketplace.routing import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A day that is to be settled, as a posting, or why nothing is to be posted for it or may be."""

    version: int
    day: date
    falls_on: date
    posting: tuple[PostBatch, ToPost] | None = None
    skipped: SkipReason | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOccurrence:
    """The errand of settling the day that is due; None where none is."""

    router: Router
    gate: CreditGate
    recurring_batch_id: UUID
    tokens: Tokens | None = None
    has_geocoder: bool = False

    async def read(self, work: Work) -> Due | None:
        """Looks which day is due, and what is to be posted for it."""
        row = await work.fetch_row(FIND, self.recurring_batch_id, None)
        if row is None or row["state"] != RecurringState.ACTIVE or row["next_at"] > work.now:
            return None
        terms, day, time_zone = Terms.of(row), row["next_day"], row["time_zone"]
        falls_on = terms.falls_on(day, (await openings_of(work, row["hub_ids"])).values())
        due = Due(version=row["version"], day=day, falls_on=falls_on or day)
        if falls_on is None:
            return replace(due, skipped=SkipReason.CLOSED_DAY)
        moment = terms.posts_at(falls_on, time_zone)
        if moment > work.now:  # it has moved behind days on which a hub is closed
            await work.execute(WAIT, row["id"], day, moment)
            return None
        rows = rows_of(await work.fetch_value(ROWS, row["id"], row["version"]))
        if not rows or _is_over(work, time_zone, terms, rows, falls_on):
            return replace(due, skipped=SkipReason.MISSED if rows else SkipReason.NOBODY_LEFT)
        posting = self._posting(row, terms, terms.requests_on(rows, day, falls_on))
        try:
            return replace(due, posting=(posting, await posting.read(work)))
        except Unavailable:
            raise
        except Refusal as refusal:
            return replace(due, refusal=refusal)

    async def call(self, found: Due) -> Priced | None:
        """Asks the router how far the drives are."""
        if found.posting is None:
            return None
        posting, to_post = found.posting
        return await posting.call(to_post)

    async def record(self, work: Work, found: Due, answer: Priced | None) -> bool:
        """Posts the day and settles it in one commit, unless it was settled or changed meanwhile; True to look again.

        What may pass later is raised, so that it is tried again; every other refusal is an answer, and is kept.
        """
        # Two workers with one day queue here; the second sees that the first has gone on to the next one.
        row = await work.fetch_row(LOCK, self.recurring_batch_id, None)
        assert row is not None, "recurring batches are never removed"
        if (row["state"], row["version"], row["next_day"]) != (RecurringState.ACTIVE, found.version, found.day):
            return True
        if found.skipped is not None:
            await settle_skipped(work, row, found.day, found.skipped)
            await go_on(work, row, first=found.day, refusals=row["refusals"])
            return True
        refusal = found.refusal or await _post(work, row, found, answer)
        if refusal is not None:
            await settle_refused(work, row, found.day, refusal)
        await go_on(work, row, first=found.day, refusals=row["refusals"] + 1 if refusal is not None else 0)
        return True

    def _posting(self, row: asyncpg.Record, terms: Terms, requests: Sequence[DeliveryRequest]) -> PostBatch:
        return PostBatch(
            router=self.router,
            gate=self.gate,
            tokens=self.tokens,
            shipper_id=row["shipper_id"],
            market_id=row["market_id"],
            requests=requests,
            has_geocoder=self.has_geocoder,
            may_split=terms.may_split,
        )


async def _post(work: Work, row: asyncpg.Record, due: Due, answer: Priced | None) -> Refusal | None:
    """Posts; a refusal undoes all of it but the lock, and is returned."""
    assert due.posting is not None, "what is neither skipped nor refused is posted"
    assert answer is not None, "a posting has a price"
    posting, to_post = due.posting
    told = len(work.events)
    try:
        async with work.connection.transaction():
            result = await posting.record(work, to_post, answer)
            await settle_posted(work, row, due.day, due.falls_on, result)
    except (Unavailable, OccurrenceSettled):
        raise
    except Refusal as refusal:
        del work.events[told:]
        return refusal
    return None


def _is_over(work: Work, time_zone: str, terms: Terms, rows: Sequence[DeliveryRequest], falls_on: date) -> bool:
    """Whether a day can be kept no more: it has passed, or its tier would promise another day than that one by now."""
    today = work.now.astimezone(zone(time_zone)).date()
    is_promised_by_moment = any(row.tier is not None and row.dropoff_window is None for row in rows)
    due_on = terms.posts_at(falls_on, time_zone).astimezone(zone(time_zone)).date()
    return today > (due_on if is_promised_by_moment else falls_on)
