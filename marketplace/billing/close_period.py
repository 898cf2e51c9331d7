"""What is due for a shipper at the end of its day or month: its open lines are charged, or drawn up as an invoice."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.billing.collect import collect_lines
from marketplace.billing.events import InvoiceChanged
from marketplace.billing.line import carry_over
from marketplace.billing.profile import Profile, lock_profile_by_id, next_due
from marketplace.billing.queries import (
    GIVE_TO_INVOICE,
    LAST_PERIOD_END,
    LINES_TO_INVOICE,
    MARKET_OF,
    MOVE_ON,
    NEXT_NUMBER,
    WRITE_INVOICE,
    WRITE_INVOICE_LINE,
)
from marketplace.billing.states import InvoiceState, LineKind, Terms
from marketplace.core.currencies import movable_part
from marketplace.core.money import Money
from marketplace.core.window import local_instant, zone
from marketplace.core.work import Work

LABELS = {
    LineKind.DELIVERY: "Deliveries",
    LineKind.REDELIVERY: "Further tries",
    LineKind.CANCELLATION: "Cancellations",
    LineKind.NO_SHOW: "No-shows at pickup",
    LineKind.RESERVATION: "Reserved places not used",
    LineKind.TIP: "Tips for drivers",
    LineKind.SLA_CREDIT: "Credit for broken promises",
    LineKind.GOODWILL: "Goodwill",
    LineKind.CLAIM: "Damage claims",
    LineKind.CREDIT_NOTE: "Credit notes",
    LineKind.OVERPAID: "Paid twice",
    LineKind.SENT_BACK: "Sent back by hand, owed again",
    LineKind.CAME_BACK: "Sent back by hand, but refused",
    LineKind.CARRIED: "Carried over",
}
Group = tuple[LineKind, str | None, str | None]
MORE_THAN_ANY_MINOR = 10**12
"""The movable part of so much is the most that can be moved at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A line of an invoice that is being drawn up, and the bill lines that it stands for."""

    kind: LineKind
    level: str | None
    reason: str | None
    quantity: int
    amount: Money
    line_ids: list[UUID]


async def close_period(work: Work, *, profile_id: UUID) -> UUID | None:
    """Collects what the period that has ended left open, and sets when the next one ends; once for each period.

    Returns the charge or the invoice; None where the moment has not come or there is nothing to collect. A worker that
    was away for two months draws two invoices, one after the other.
    """
    # Two at once: the second finds that the moment has moved on.
    profile = await lock_profile_by_id(work, profile_id)
    if profile is None or profile.next_due_at > work.now:
        return None
    market = await work.fetch_row(MARKET_OF, profile.market_id)
    assert market is not None, "a profile has a market"
    ended_at, time_zone = profile.next_due_at, market["time_zone"]
    await work.execute(MOVE_ON, profile_id, next_due(ended_at, profile.terms, time_zone))
    if profile.terms is Terms.INVOICE:
        return await _draw_invoice(work, profile, ended_at, time_zone)
    return await collect_lines(work, profile)


async def _draw_invoice(work: Work, profile: Profile, ended_at: datetime, time_zone: str) -> UUID | None:
    """An invoice over everything that was billed before the month ended; credits that exceed it wait for the next."""
    rows = await work.fetch(LINES_TO_INVOICE, profile.shipper_id, profile.market_id, ended_at)
    if sum(row["amount_minor"] for row in rows) <= 0:
        return None
    drafts = [draft for draft in await _draft_lines(work, profile, rows) if draft.amount.minor]
    total = Money(sum(draft.amount.minor for draft in drafts), profile.currency)
    if total.minor <= 0:
        return None
    invoice_id = work.new_id()
    number = await work.fetch_value(NEXT_NUMBER, profile.shipper_id, profile.market_id)
    began_at = await work.fetch_value(LAST_PERIOD_END, profile.shipper_id, profile.market_id)
    await work.execute(
        WRITE_INVOICE,
        invoice_id,
        profile.market_id,
        profile.shipper_id,
        number,
        began_at or month_before(ended_at, time_zone),
        ended_at,
        total.minor,
        total.currency,
        profile.due_days,
        local_days_later(ended_at, profile.due_days, time_zone),
        work.now,
    )
    await _write_lines(work, profile, invoice_id, drafts)
    work.emit(
        InvoiceChanged(
            market_id=profile.market_id,
            shipper_id=profile.shipper_id,
            invoice_id=invoice_id,
            state=InvoiceState.DRAFTING.value,
            total_minor=total.minor,
            currency=total.currency,
        )
    )
    return invoice_id


async def _draft_lines(work: Work, profile: Profile, rows: list[asyncpg.Record]) -> list[Draft]:
    """One line for each kind, level and reason of a penalty; several where the gateway cannot show so much in one."""
    largest = movable_part(Money(MORE_THAN_ANY_MINOR, profile.currency)).minor
    groups: dict[Group, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        groups[LineKind(row["kind"]), row["service_level"], row["reason"]].append(row)
    ordered = sorted(groups.items(), key=lambda group: _place_of(group[0]))
    return [
        await _draft(work, profile, about, members)
        for about, group in ordered
        for members in _in_pieces(group, largest)
    ]


def _place_of(about: Group) -> tuple[int, str, str]:
    kind, level, reason = about
    return list(LineKind).index(kind), level or "", reason or ""


def _in_pieces(group: list[asyncpg.Record], largest_minor: int) -> Iterator[list[asyncpg.Record]]:
    piece: list[asyncpg.Record] = []
    sum_minor = 0
    for row in group:
        if piece and abs(sum_minor + row["amount_minor"]) > largest_minor:
            yield piece
            piece, sum_minor = [], 0
        piece.append(row)
        sum_minor += row["amount_minor"]
    yield piece


async def _draft(work: Work, profile: Profile, about: Group, members: list[asyncpg.Record]) -> Draft:
    """A line of an amount that can be moved; what is left of it is carried over to the next month."""
    total = Money(sum(member["amount_minor"] for member in members), profile.currency)
    amount = movable_part(total) if total.minor > 0 else -movable_part(-total)
    line_ids = [member["id"] for member in members]
    if amount.minor and (rest := total - amount).minor:
        market_id, shipper_id = profile.market_id, profile.shipper_id
        line_ids.append(await carry_over(work, market_id=market_id, shipper_id=shipper_id, amount=rest))
    kind, level, reason = about
    return Draft(kind=kind, level=level, reason=reason, quantity=len(members), amount=amount, line_ids=line_ids)


async def _write_lines(work: Work, profile: Profile, invoice_id: UUID, drafts: list[Draft]) -> None:
    given: dict[UUID, UUID] = {}
    for place, draft in enumerate(drafts, start=1):
        line_id = work.new_id()
        await work.execute(
            WRITE_INVOICE_LINE,
            line_id,
            profile.market_id,
            invoice_id,
            place,
            draft.kind.value,
            draft.level,
            _label(draft),
            draft.quantity,
            draft.amount.minor,
            profile.currency,
        )
        given.update(dict.fromkeys(draft.line_ids, line_id))
    await work.execute(GIVE_TO_INVOICE, list(given), list(given.values()))


def _label(draft: Draft) -> str:
    return ", ".join(part for part in (LABELS[draft.kind], draft.reason or draft.level) if part)


def month_before(ended_at: datetime, time_zone: str) -> datetime:
    """The first instant of the local month that ends at an instant."""
    local = ended_at.astimezone(zone(time_zone)).replace(tzinfo=None)
    return local_instant((local - timedelta(days=1)).replace(day=1, hour=0, minute=0, second=0), time_zone)


def local_days_later(moment: datetime, days: int, time_zone: str) -> datetime:
    """The end of the local day that is so many days after the one before `moment`."""
    local = moment.astimezone(zone(time_zone)).replace(tzinfo=None)
    day = datetime(local.year, local.month, local.day)  # noqa: DTZ001 - a local day, made an instant below
    return local_instant(day + timedelta(days=days), time_zone)
