"""The ledger as plain numbers, driven side by side with the real one."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.ledger import Entry, LedgerAccount


@dataclass(slots=True)
class PlainHold:
    """Money of one account that is reserved for another; `settled_minor` is None for as long as it is open."""

    key: str
    entry: Entry
    settled_minor: int | None = None


@dataclass(slots=True)
class PlainLedger:
    """Balances by account, credits positive, and holds; knows what must be refused."""

    credit_balance: Counter[LedgerAccount] = field(default_factory=Counter)
    holds: dict[UUID, PlainHold] = field(default_factory=dict)

    def available(self, account: LedgerAccount) -> int:
        """What an account with a floor can give."""
        held = (hold for hold in self.holds.values() if hold.settled_minor is None and hold.entry.debit == account)
        return self.credit_balance[account] - sum(hold.entry.amount.minor for hold in held)

    def post(self, entries: list[Entry]) -> bool:
        """Posts all entries in their order, or none of them where an account would go below its floor."""
        before = self.credit_balance.copy()
        for entry in entries:
            self._move(entry, entry.amount.minor)
            if entry.debit.is_floored and self.available(entry.debit) < 0:
                self.credit_balance = before
                return False
        return True

    def hold(self, hold_id: UUID, key: str, entry: Entry) -> None:
        """Reserves what the caller has seen to be available."""
        self.holds[hold_id] = PlainHold(key, entry)

    def resolve(self, hold_id: UUID, minor: int) -> None:
        """Settles a hold for so much; nothing of it is the same as to void it."""
        hold = self.holds[hold_id]
        assert hold.settled_minor is None
        hold.settled_minor = minor
        self._move(hold.entry, minor)

    def open_holds(self) -> list[UUID]:
        """The holds that wait to be resolved."""
        return [hold_id for hold_id, hold in self.holds.items() if hold.settled_minor is None]

    def _move(self, entry: Entry, minor: int) -> None:
        self.credit_balance[entry.debit] -= minor
        self.credit_balance[entry.credit] += minor
