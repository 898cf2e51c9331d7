"""Holds money: reserved on an account with a floor, then settled, whole or in part, or voided, once."""

from typing import NewType
from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.money import BadMoney, Money, check_money
from marketplace.core.work import Work
from marketplace.ledger.journal import Header, JournalId, Line, first_journal, floored_in, write_journal
from marketplace.ledger.post import Entry, lock_accounts
from marketplace.ledger.queries import FIND_HOLD, FIND_HOLD_OF_JOURNAL, FIND_RESOLUTION, LOCK_SIDES
from marketplace.ledger.states import PostingState

HoldId = NewType("HoldId", UUID)


class HoldResolved(Conflict):
    """A hold was resolved in one way and shall be resolved in another."""

    code = "HOLD_RESOLVED"


async def hold_money(work: Work, *, market_id: UUID, key: str, kind: str, subject_id: UUID, entry: Entry) -> HoldId:
    """Reserves the entry's amount on its debit account; the same key again returns the first hold.

    Raises Overdrawn when the account cannot give that much.
    """
    if not entry.debit.is_floored:
        raise BadMoney("money is held on an account that has a floor")
    accounts = await lock_accounts(work, market_id=market_id, entries=[entry])
    line = Line(
        id=work.new_id(),
        debit_id=accounts.ids[entry.debit.code(market_id, entry.amount.currency)],
        credit_id=accounts.ids[entry.credit.code(market_id, entry.amount.currency)],
        amount_minor=entry.amount.minor,
        currency=entry.amount.currency,
        state=PostingState.PENDING,
    )
    header = Header(market_id=market_id, key=key, kind=kind, subject_id=subject_id)
    if await write_journal(work, header, [line], accounts.floored) is not None:
        return HoldId(line.id)
    first = await first_journal(work, header, [line])
    return HoldId(await work.fetch_value(FIND_HOLD_OF_JOURNAL, first))


async def settle_hold(work: Work, *, hold_id: UUID, kind: str, amount: Money | None = None) -> JournalId:
    """Moves the held money, or a part of it, to the account it was held for; what is not moved comes free.

    Settling again for the same amount returns the first journal. Raises HoldResolved when the hold was voided, or
    settled for another amount, and BadMoney when the amount is more than is held or of another currency.
    """
    return await _resolve(work, hold_id, kind, PostingState.POST_PENDING, amount)


async def void_hold(work: Work, *, hold_id: UUID, kind: str) -> JournalId:
    """Gives the held money back to its account; voiding again returns the first journal."""
    return await _resolve(work, hold_id, kind, PostingState.VOID_PENDING, None)


async def _resolve(work: Work, hold_id: UUID, kind: str, state: PostingState, amount: Money | None) -> JournalId:
    hold = await work.fetch_row(FIND_HOLD, hold_id)
    if hold is None:
        raise NotFound("there is no such hold")
    line = _line(work, hold, state, amount)
    # Settling races with voiding: both queue at the held account's lock, before either takes the hold's one key.
    floored = floored_in(await work.fetch(LOCK_SIDES, [hold["debit_id"], hold["credit_id"]]))
    journal_id = await write_journal(work, _header(hold, kind), [line], floored)
    if journal_id is not None:
        return journal_id
    resolved = await work.fetch_row(FIND_RESOLUTION, hold_id)
    assert resolved is not None, "a hold's key is taken by its resolution only"
    if (resolved["state"], resolved["amount_minor"]) != (state.value, line.amount_minor):
        raise HoldResolved("this hold was resolved in another way or for another amount; nothing has moved")
    return JournalId(resolved["journal_id"])


def _header(hold: asyncpg.Record, kind: str) -> Header:
    key = f"hold:{hold['id']}:resolve"
    return Header(market_id=hold["market_id"], key=key, kind=kind, subject_id=hold["subject_id"])


def _line(work: Work, hold: asyncpg.Record, state: PostingState, amount: Money | None) -> Line:
    held = Money(hold["amount_minor"], hold["currency"])
    moved = held if amount is None else check_money(amount)
    if moved.currency != held.currency or not 0 < moved.minor <= held.minor:
        raise BadMoney("a hold is settled for one minor unit at least and what it holds at most, in its currency")
    return Line(
        id=work.new_id(),
        debit_id=hold["debit_id"],
        credit_id=hold["credit_id"],
        amount_minor=moved.minor,
        currency=held.currency,
        state=state,
        pending_id=hold["id"],
    )
