"""Holds money: reserved on an account with a floor, then settled or voided as a whole, once."""

from typing import NewType
from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.money import BadMoney
from marketplace.core.work import Work
from marketplace.ledger.journal import Header, JournalId, Line, write_journal
from marketplace.ledger.post import Entry, open_accounts
from marketplace.ledger.queries import FIND_HOLD, FIND_HOLD_OF_JOURNAL, FIND_RESOLUTION, lock_floored
from marketplace.ledger.states import PostingState

HoldId = NewType("HoldId", UUID)


class HoldResolved(Conflict):
    """A hold was settled and shall be voided, or the other way round."""

    code = "HOLD_RESOLVED"


async def hold_money(work: Work, *, market_id: UUID, key: str, kind: str, subject_id: UUID, entry: Entry) -> HoldId:
    """Reserves the entry's amount on its debit account; the same key again returns the first hold.

    Raises Overdrawn when the account cannot give that much.
    """
    if not entry.debit.is_floored:
        raise BadMoney("money is held on an account that has a floor")
    accounts = await open_accounts(work, market_id=market_id, entries=[entry])
    line = Line(
        debit_id=accounts[entry.debit.code(market_id, entry.amount.currency)],
        credit_id=accounts[entry.credit.code(market_id, entry.amount.currency)],
        amount_minor=entry.amount.minor,
        currency=entry.amount.currency,
        state=PostingState.PENDING,
    )
    header = Header(market_id=market_id, key=key, kind=kind, subject_id=subject_id)
    journal_id = await write_journal(work, header, [line])
    return HoldId(await work.fetch_value(FIND_HOLD_OF_JOURNAL, journal_id))


async def settle_hold(work: Work, *, hold_id: UUID, kind: str) -> JournalId:
    """Moves the held money to the account it was held for; settling again returns the first journal."""
    return await _resolve(work, hold_id, kind, PostingState.POST_PENDING)


async def void_hold(work: Work, *, hold_id: UUID, kind: str) -> JournalId:
    """Gives the held money back to its account; voiding again returns the first journal."""
    return await _resolve(work, hold_id, kind, PostingState.VOID_PENDING)


async def _resolve(work: Work, hold_id: UUID, kind: str, state: PostingState) -> JournalId:
    hold = await work.fetch_row(FIND_HOLD, hold_id)
    if hold is None:
        raise NotFound("there is no such hold")
    # Settling races with voiding: both queue at the held account's lock, and the second finds the first's posting.
    await lock_floored(work, [hold["debit_id"]])
    resolved = await work.fetch_row(FIND_RESOLUTION, hold_id)
    if resolved is None:
        return await write_journal(work, _header(hold, kind), [_line(hold, state)])
    if resolved["state"] != state.value:
        raise HoldResolved("this hold was resolved the other way; nothing has moved")
    return JournalId(resolved["journal_id"])


def _header(hold: asyncpg.Record, kind: str) -> Header:
    key = f"hold:{hold['id']}:resolve"
    return Header(market_id=hold["market_id"], key=key, kind=kind, subject_id=hold["subject_id"])


def _line(hold: asyncpg.Record, state: PostingState) -> Line:
    return Line(
        debit_id=hold["debit_id"],
        credit_id=hold["credit_id"],
        amount_minor=hold["amount_minor"],
        currency=hold["currency"],
        state=state,
        pending_id=hold["id"],
    )
