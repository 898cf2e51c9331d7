"""Writes a statement that is not of a route, and puts its total on the driver's wallet, in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from marketplace.core.ids import StatementId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Entry, post_journal
from marketplace.payouts.models import PayStatement
from marketplace.payouts.states import StatementKind, StatementState
from marketplace.pricing import PriceLine, total_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatement:
    """A statement to be written. `key` is that of its journal: the reason may move money once."""

    kind: StatementKind
    market_id: UUID
    driver_id: UUID
    currency: str
    key: str
    facts: Mapping[str, Any]
    lines: Sequence[PriceLine]
    digest: bytes
    more: Mapping[str, Any]
    company_id: UUID | None = None

    @property
    def total(self) -> Money:
        """What the driver gets."""
        return Money(total_minor(self.lines), self.currency)


async def write_statement(work: Work, new: NewStatement, entries: Sequence[Entry]) -> StatementId:
    """Writes the statement and posts the entries that bring its total to the wallet; one of nothing moves nothing."""
    statement_id = StatementId(work.new_id())
    journal_id = None
    if new.total.minor:
        journal_id = await post_journal(
            work,
            market_id=new.market_id,
            key=new.key,
            kind=new.kind.value,
            subject_id=statement_id,
            entries=entries,
        )
    await PayStatement.create(
        using_db=work.db,
        id=statement_id,
        kind=new.kind.value,
        market_id=new.market_id,
        driver_id=new.driver_id,
        company_id=new.company_id,
        facts=dict(new.facts),
        lines=[asdict(line) for line in new.lines],
        total_minor=new.total.minor,
        currency=new.currency,
        digest=new.digest,
        state=StatementState.PAYABLE.value,
        journal_id=journal_id,
        created_at=work.now,
        **new.more,
    )
    return statement_id
