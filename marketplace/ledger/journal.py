"""Writes one journal with its postings, once for each key; what posts and holds have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from marketplace.core.errors import Conflict
from marketplace.core.work import Work
from marketplace.ledger.queries import FIND_JOURNAL, WRITE_JOURNAL, lock_floored
from marketplace.ledger.states import PostingState

JournalId = NewType("JournalId", UUID)


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


async def write_journal(work: Work, header: Header, lines: Sequence[Line]) -> JournalId:
    """Writes the journal, or returns the one that its key already has.

    Races closed here: payouts from one wallet queue up at its lock before they look at what it can give; of two calls
    with one key the second waits at the unique key until the first has committed, and then finds its journal.
    """
    available = await lock_floored(work, [side for line in lines for side in (line.debit_id, line.credit_id)])
    if (first := await _written_before(work, header, lines)) is not None:
        return first
    _check_floors(available, lines)
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
        [work.new_id() for _ in lines],
        [line.debit_id for line in lines],
        [line.credit_id for line in lines],
        [line.amount_minor for line in lines],
        [line.currency for line in lines],
        [line.state.value for line in lines],
        [line.pending_id for line in lines],
    )
    if written:
        return JournalId(journal_id)
    first = await _written_before(work, header, lines)
    assert first is not None, "a journal key is taken by a journal of another market"
    return first


async def _written_before(work: Work, header: Header, lines: Sequence[Line]) -> JournalId | None:
    row = await work.fetch_row(FIND_JOURNAL, header.key, header.market_id)
    if row is None:
        return None
    is_same = (row["kind"], row["subject_id"], sorted(row["lines"])) == (
        header.kind,
        header.subject_id,
        sorted(line.text() for line in lines),
    )
    if not is_same:
        raise JournalKeyReused(f"the journal {header.key} exists with other postings; a new reason needs a new key")
    return JournalId(row["id"])


def _check_floors(available: dict[UUID, int], lines: Sequence[Line]) -> None:
    """Refuses before the database would, so that the transaction lives on; in the database's own order."""
    left = dict(available)
    for line in lines:
        takes = {PostingState.POSTED: 1, PostingState.PENDING: 1, PostingState.VOID_PENDING: -1}.get(line.state, 0)
        gives = line.state in {PostingState.POSTED, PostingState.POST_PENDING}
        if line.debit_id in left:
            left[line.debit_id] -= takes * line.amount_minor
            if left[line.debit_id] < 0:
                raise Overdrawn("there is not enough money on the account for this; ask for less or wait for more")
        if line.credit_id in left and gives:
            left[line.credit_id] += line.amount_minor
