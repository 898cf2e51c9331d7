"""Writes one journal with its postings, once for each key; what posts and holds have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict
from marketplace.core.money import MAX_MINOR, BadMoney
from marketplace.core.work import Work
from marketplace.ledger.queries import FIND_JOURNAL, WRITE_JOURNAL
from marketplace.ledger.states import PostingState

JournalId = NewType("JournalId", UUID)
MOST_CREDITS = 2**63 - 1
"""What the running total of an account can count up to in its whole life."""


class JournalKeyReused(Conflict):
    """A journal key came back with other postings: two different reasons claim to be the same."""

    code = "JOURNAL_KEY_REUSED"


class Overdrawn(Conflict):
    """An account that has a floor would go below nothing."""

    code = "NOT_ENOUGH_MONEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Why the postings of a journal happened, and the key under which that may happen once."""

    market_id: UUID
    key: str
    kind: str
    subject_id: UUID
    policy_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One posting that is to be written."""

    id: UUID
    debit_id: UUID
    credit_id: UUID
    amount_minor: int
    currency: str
    state: PostingState = PostingState.POSTED
    pending_id: UUID | None = None

    def text(self) -> str:
        """The posting as the database would spell it, to compare a repeated journal with the first."""
        parts = [self.debit_id, self.credit_id, self.amount_minor, self.currency, self.state.value, self.pending_id]
        return "/".join(str(part) for part in parts if part is not None)


@dataclass(slots=True, kw_only=True)
class Floored:
    """What an account with a floor keeps, as it was locked: what it can give, what stands there, all that ever came."""

    available_minor: int
    balance_minor: int
    credits_minor: int


def floored_in(rows: Iterable[asyncpg.Record]) -> dict[UUID, Floored]:
    """Those of the locked accounts that have a floor."""
    return {
        row["id"]: Floored(
            available_minor=row["available"], balance_minor=row["balance"], credits_minor=row["credits_posted"]
        )
        for row in rows
        if row["available"] is not None
    }


async def write_journal(
    work: Work, header: Header, lines: Sequence[Line], floored: Mapping[UUID, Floored]
) -> JournalId | None:
    """Writes the journal; None when its key has one already, and nothing has moved then.

    `floored` are the accounts with a floor, which the caller has locked: payouts from one wallet queue up there before
    they look at what it can give. Of two calls with one key the second waits at the unique key until the first has
    committed.
    """
    if (refusal := _refusal(floored, lines)) is not None:
        if await work.fetch_row(FIND_JOURNAL, header.key, header.market_id) is not None:
            return None  # it was written when there was still enough
        raise refusal
    journal_id = work.new_id()
    written = await work.execute(
        WRITE_JOURNAL,
        journal_id,
        header.market_id,
        header.key,
        header.kind,
        header.subject_id,
        header.policy_version,
        work.now,
        [line.id for line in lines],
        [line.debit_id for line in lines],
        [line.credit_id for line in lines],
        [line.amount_minor for line in lines],
        [line.currency for line in lines],
        [line.state.value for line in lines],
        [line.pending_id for line in lines],
    )
    return JournalId(journal_id) if written else None


async def first_journal(work: Work, header: Header, lines: Sequence[Line]) -> JournalId:
    """The journal that the key has already; raises JournalKeyReused where it says something else."""
    row = await work.fetch_row(FIND_JOURNAL, header.key, header.market_id)
    is_same = row is not None and (row["kind"], row["subject_id"], sorted(row["lines"])) == (
        header.kind,
        header.subject_id,
        sorted(line.text() for line in lines),
    )
    if row is None or not is_same:
        raise JournalKeyReused(f"the journal {header.key} exists with other postings; a new reason needs a new key")
    return JournalId(row["id"])


def _refusal(floored: Mapping[UUID, Floored], lines: Sequence[Line]) -> Overdrawn | BadMoney | None:
    """Why the database would refuse, said before it does, so that the transaction lives on; line by line."""
    left = {account_id: account.available_minor for account_id, account in floored.items()}
    stands = {account_id: account.balance_minor for account_id, account in floored.items()}
    came = {account_id: account.credits_minor for account_id, account in floored.items()}
    for line in lines:
        takes = line.amount_minor if line.state in {PostingState.POSTED, PostingState.PENDING} else 0
        moves = line.amount_minor if line.state in {PostingState.POSTED, PostingState.POST_PENDING} else 0
        if line.debit_id in floored:
            left[line.debit_id] -= takes
            stands[line.debit_id] -= moves
            if left[line.debit_id] < 0:
                return Overdrawn("there is not enough money on the account for this; ask for less or wait for more")
        if line.credit_id in floored:
            left[line.credit_id] += moves
            stands[line.credit_id] += moves
            came[line.credit_id] += moves
            if stands[line.credit_id] > MAX_MINOR or came[line.credit_id] > MOST_CREDITS:
                return BadMoney("the account cannot hold so much")
    return None
