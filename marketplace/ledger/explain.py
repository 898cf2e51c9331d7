"""Explains an account as lines: what moved, for what, where from or to, and what then stood there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import PREFIXES, from_wire, to_wire
from marketplace.core.nouns import wire_ids
from marketplace.core.work import Work
from marketplace.ledger.chart import AccountKind
from marketplace.ledger.queries import ACCOUNT_BOOK, ACCOUNT_TOTAL, ACCOUNTS_NAMED
from marketplace.ledger.states import PostingState

LINES_EXPLAINED = 1_000
"""Most lines of one explanation, the newest ones."""
MOVED = {PostingState.POSTED, PostingState.POST_PENDING}


class NameMore(Invalid):
    """An account of that name exists in several markets or currencies."""

    code = "NAME_MORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """One posting as the account sees it; `amount_minor` is what it made the balance larger by."""

    at: datetime
    kind: str
    subject: str
    key: str
    other: str
    state: PostingState
    amount_minor: int
    held_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedAccount:
    """An account with its newest lines, oldest first; before them stood `opening_minor`."""

    account: str
    kind: AccountKind
    market_id: UUID
    currency: str
    opening_minor: int
    balance_minor: int
    on_hold_minor: int
    lines: tuple[ExplainedLine, ...]


async def explain_account(
    work: Work, *, name: str, market_id: UUID | None = None, currency: str | None = None, first: int = 100
) -> ExplainedAccount:
    """Explains the account of that name, such as `driver:drv_…:wallet` or `gateway:available`, in minor units.

    Market and currency may be left out where only one account has the name. Raises NotFound where nothing was ever
    posted to such an account, and NameMore where there are several.
    """
    found = await work.fetch(ACCOUNTS_NAMED, from_wire_name(name), market_id, currency)
    if not found:
        raise NotFound(f"nothing was ever posted to an account {name} there")
    if len(found) > 1:
        raise NameMore(f"{len(found)} accounts are called {name}: name the market and the currency")
    account = found[0]
    kind = AccountKind(account["kind"])
    total = await work.fetch_row(ACCOUNT_TOTAL, account["id"])
    assert total is not None, "an aggregate always answers"
    sign = 1 if kind.grows_by_debits else -1
    balance = sign * int(total["debits_less_credits"])
    rows = await work.fetch(ACCOUNT_BOOK, account["id"], min(first, LINES_EXPLAINED))
    subjects = await wire_ids(work, (row["subject_id"] for row in rows))
    lines: list[ExplainedLine] = []
    stands = balance
    for row in rows:  # newest first: what stood before a line is what stood after it, less what it moved
        state = PostingState(row["state"])
        amount = sign * (1 if row["is_debit"] else -1) * row["amount_minor"] if state in MOVED else 0
        lines.append(
            ExplainedLine(
                at=row["effective_at"],
                kind=row["kind"],
                subject=subjects[row["subject_id"]],
                key=row["key"],
                other=to_wire_name(row["other"]),
                state=state,
                amount_minor=amount,
                held_minor=_held(state, row["amount_minor"], row["resolved_minor"]) if row["is_debit"] else 0,
                balance_minor=stands,
            )
        )
        stands -= amount
    return ExplainedAccount(
        account=to_wire_name(account["name"]),
        kind=kind,
        market_id=account["market_id"],
        currency=account["currency"],
        opening_minor=stands,
        balance_minor=balance,
        on_hold_minor=account["debits_pending"],
        lines=tuple(reversed(lines)),
    )


def to_wire_name(name: str) -> str:
    """An account's name with ids as outside clients know them: `driver:drv_…:wallet`."""
    noun, *rest = name.split(":")
    if noun in PREFIXES and len(rest) > 1:
        rest[0] = to_wire(noun, UUID(rest[0]))
    return ":".join([noun, *rest])


def from_wire_name(text: str) -> str:
    """An account's name as it is kept; the reverse of `to_wire_name`."""
    noun, *rest = text.split(":")
    if noun in PREFIXES and len(rest) > 1:
        rest[0] = str(from_wire(noun, rest[0]))
    return ":".join([noun, *rest])


def _held(state: PostingState, amount_minor: int, resolved_minor: int | None) -> int:
    """By how much a posting made what is on hold larger; a resolution frees the whole hold, whatever it moved."""
    if state is PostingState.PENDING:
        return amount_minor
    return -(resolved_minor or 0)
