"""Proves the ledger of a market: nothing was made, lost or moved twice, and every kept total equals its postings."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from marketplace.core.work import Work
from marketplace.ledger.rules import COUNTS, OF_BALANCES, OF_POSTINGS

FINDINGS_AT_MOST = 100
"""Most findings of one kind in a report; one is already a fault."""
NOTHING_FURTHER: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: a kind, the row it is about, and a sentence."""

    code: str
    subject_id: UUID
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """What a check of one market found. `sums_minor` is zero for every currency, or money was made or lost."""

    market_id: UUID
    sums_minor: dict[str, int]
    journals: int
    postings: int
    open_holds: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every rule holds."""
        return not self.findings and not any(self.sums_minor.values())


async def check_ledger(
    work: Work, *, market_id: UUID, at_rest: bool = False, further: Mapping[str, str] = NOTHING_FURTHER
) -> LedgerReport:
    """Reads the whole ledger of a market and names every broken rule; it changes nothing.

    `at_rest` also asks that the clearing accounts are empty, as they are when nothing is on its way. `further` are
    questions of packages later in the story about their own tables, by the code of their findings: one statement each,
    of `$1` the market and `$2` the most rows wanted, that answers `id` and `detail` of what is wrong.
    """
    counts = await work.fetch_row(COUNTS, market_id)
    assert counts is not None, "counts always answer"
    rows = await work.fetch(OF_BALANCES, market_id, FINDINGS_AT_MOST, at_rest)
    sums = {row["detail"]: int(row["sum_minor"]) for row in rows if row["code"] is None}
    findings = [Finding(code=row["code"], subject_id=row["id"], detail=row["detail"]) for row in rows if row["code"]]
    for code, question in {**OF_POSTINGS, **further}.items():
        rows = await work.fetch(question, market_id, FINDINGS_AT_MOST)
        findings += [Finding(code=code, subject_id=row["id"], detail=row["detail"]) for row in rows]
    return LedgerReport(
        market_id=market_id,
        sums_minor=sums,
        journals=counts["journals"],
        postings=counts["postings"],
        open_holds=counts["open_holds"],
        findings=tuple(findings),
    )
