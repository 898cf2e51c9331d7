"""Posts a journal: money moves between accounts of one market, for one reason, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.money import BadMoney, Money, check_money
from marketplace.core.work import Work
from marketplace.ledger.chart import LedgerAccount
from marketplace.ledger.journal import Floored, Header, JournalId, Line, first_journal, floored_in, write_journal
from marketplace.ledger.queries import LOCK_ACCOUNTS, OPEN_ACCOUNTS

MOST_ENTRIES = 100
"""Most entries of one journal; a larger reason is several reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`amount` moves from the debit to the credit account; two-sided, so a journal balances by construction."""

    debit: LedgerAccount
    credit: LedgerAccount
    amount: Money

    def __post_init__(self) -> None:
        if check_money(self.amount).minor <= 0:
            raise BadMoney("an entry moves at least one minor unit")
        if self.debit == self.credit:
            raise BadMoney("an entry moves money between two accounts")


async def post_journal(
    work: Work,
    *,
    market_id: UUID,
    key: str,
    kind: str,
    subject_id: UUID,
    entries: Sequence[Entry],
    policy_version: int | None = None,
) -> JournalId:
    """Posts the entries as one journal; the same key again returns the first journal and moves nothing.

    Raises Overdrawn where an account with a floor would go below nothing, and JournalKeyReused where the key stands for
    other entries; in both cases nothing has moved.
    """
    if not 1 <= len(entries) <= MOST_ENTRIES:
        raise BadMoney(f"a journal has 1 to {MOST_ENTRIES} entries")
    accounts = await lock_accounts(work, market_id=market_id, entries=entries)
    lines = [
        Line(
            id=work.new_id(),
            debit_id=accounts.ids[entry.debit.code(market_id, entry.amount.currency)],
            credit_id=accounts.ids[entry.credit.code(market_id, entry.amount.currency)],
            amount_minor=entry.amount.minor,
            currency=entry.amount.currency,
        )
        for entry in entries
    ]
    header = Header(market_id=market_id, key=key, kind=kind, subject_id=subject_id, policy_version=policy_version)
    journal_id = await write_journal(work, header, lines, accounts.floored)
    return await first_journal(work, header, lines) if journal_id is None else journal_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The rows of a journal's accounts: all of them by code, and what those with a floor keep, which are locked."""

    ids: dict[str, UUID]
    floored: dict[UUID, Floored]


async def lock_accounts(work: Work, *, market_id: UUID, entries: Sequence[Entry]) -> Accounts:
    """Locks those of the entries' accounts that have a floor; an account is opened when it is first needed."""
    wanted = {
        account.code(market_id, entry.amount.currency): (account, entry.amount.currency)
        for entry in entries
        for account in (entry.debit, entry.credit)
    }
    codes = sorted(wanted)
    rows = await work.fetch(LOCK_ACCOUNTS, market_id, codes)
    if len(rows) < len(codes):
        await work.execute(
            OPEN_ACCOUNTS,
            market_id,
            work.now,
            [work.new_id() for _ in codes],
            codes,
            [wanted[code][0].kind.value for code in codes],
            [wanted[code][1] for code in codes],
            [wanted[code][0].is_floored for code in codes],
        )
        rows = await work.fetch(LOCK_ACCOUNTS, market_id, codes)
    return Accounts(ids={row["code"]: row["id"] for row in rows}, floored=floored_in(rows))
