"""Posts a journal: money moves between accounts of one market, for one reason, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.money import BadMoney, Money
from marketplace.core.work import Work
from marketplace.ledger.chart import LedgerAccount
from marketplace.ledger.journal import Header, JournalId, Line, write_journal
from marketplace.ledger.queries import FIND_ACCOUNTS, OPEN_ACCOUNTS

MOST_ENTRIES = 100
"""Most entries of one journal; a larger reason is several reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`amount` moves from the debit to the credit account; two-sided, so a journal balances by construction."""

    debit: LedgerAccount
    credit: LedgerAccount
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
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
    accounts = await open_accounts(work, market_id=market_id, entries=entries)
    lines = [
        Line(
            debit_id=accounts[entry.debit.code(market_id, entry.amount.currency)],
            credit_id=accounts[entry.credit.code(market_id, entry.amount.currency)],
            amount_minor=entry.amount.minor,
            currency=entry.amount.currency,
        )
        for entry in entries
    ]
    header = Header(market_id=market_id, key=key, kind=kind, subject_id=subject_id, policy_version=policy_version)
    return await write_journal(work, header, lines)


async def open_accounts(work: Work, *, market_id: UUID, entries: Sequence[Entry]) -> dict[str, UUID]:
    """The rows of the entries' accounts by code; an account is opened when it is first needed."""
    wanted = {
        account.code(market_id, entry.amount.currency): (account, entry.amount.currency)
        for entry in entries
        for account in (entry.debit, entry.credit)
    }
    found = await _find_accounts(work, market_id, wanted)
    missing = sorted(wanted.keys() - found.keys())
    if not missing:
        return found
    await work.execute(
        OPEN_ACCOUNTS,
        market_id,
        work.now,
        [work.new_id() for _ in missing],
        missing,
        [wanted[code][0].kind.value for code in missing],
        [wanted[code][1] for code in missing],
        [wanted[code][0].is_floored for code in missing],
    )
    return await _find_accounts(work, market_id, wanted)


async def _find_accounts(work: Work, market_id: UUID, wanted: dict[str, tuple[LedgerAccount, str]]) -> dict[str, UUID]:
    rows = await work.fetch(FIND_ACCOUNTS, market_id, list(wanted))
    return {row["code"]: row["id"] for row in rows}
