"""A payee's own account at the payment provider, as it stands in our books, and whether money may go there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.ledger import Payee
from marketplace.payouts.states import AccountStage

ACCOUNT = """
SELECT driver_id, company_id, market_id, account, can_receive, can_pay_out, can_pay_at_once, is_submitted,
       currently_due, deadline, disabled_reason, target, target_changed_at, held_until
FROM payout_account WHERE payee_id = $1
"""
LOCK_ACCOUNT = f"{ACCOUNT} FOR NO KEY UPDATE"

COMPANY_OF_DISPATCHER = "SELECT company_id, market_id FROM dispatcher WHERE id = $1"

WORDS = {
    AccountStage.MISSING: "You have no account to be paid on yet; open one to be paid.",
    AccountStage.OPENING: "Your account is being opened; look again in a moment.",
    AccountStage.UNVERIFIED: "Tell our payment provider who you are and where your pay shall go.",
    AccountStage.RESTRICTED: "Our payment provider needs something more from you before you can be paid.",
    AccountStage.ON_HOLD: "Where your pay goes was changed; for your safety nothing is paid for a while.",
    AccountStage.READY: "You can be paid.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A payee's own account; `account` is None until the provider has opened it."""

    payee: Payee
    market_id: UUID
    account: str | None
    can_receive: bool
    can_pay_out: bool
    can_pay_at_once: bool
    is_submitted: bool
    currently_due: tuple[str, ...]
    deadline: datetime | None
    disabled_reason: str | None
    target: str | None
    target_changed_at: datetime | None
    held_until: datetime | None

    @property
    def is_usable(self) -> bool:
        """Whether the provider lets money go in and out."""
        return self.account is not None and self.can_receive and self.can_pay_out

    def is_held(self, now: datetime) -> bool:
        """Whether a change of where the money goes is too fresh."""
        return self.held_until is not None and self.held_until > now

    def state(self, now: datetime) -> AccountStage:
        """How far it is, in one word."""
        if self.account is None:
            return AccountStage.OPENING
        if not self.is_usable:
            return AccountStage.RESTRICTED if self.is_submitted else AccountStage.UNVERIFIED
        return AccountStage.ON_HOLD if self.is_held(now) else AccountStage.READY


async def account_of(work: Work, payee_id: UUID, *, is_locked: bool = False) -> Account | None:
    """The account of a driver or a company; None where none was ever asked for."""
    row = await work.fetch_row(LOCK_ACCOUNT if is_locked else ACCOUNT, payee_id)
    return None if row is None else _account(row)


async def company_of_dispatcher(work: Work, dispatcher_id: UUID) -> tuple[Payee, UUID]:
    """The company of the dispatcher who asks, as a payee, and its market."""
    company = await work.fetch_row(COMPANY_OF_DISPATCHER, dispatcher_id)
    if company is None:
        raise NotFound("there is no such company")
    return Payee(company_id=company["company_id"]), company["market_id"]


async def find_payout_account(connection: asyncpg.Connection, *, payee_id: UUID, now: datetime) -> dict[str, Any]:
    """How a driver's or a company's account stands, in words, and what is still to be told to the provider."""
    row = await connection.fetchrow(ACCOUNT, payee_id)
    account = None if row is None else _account(row)
    state = AccountStage.MISSING if account is None else account.state(now)
    return {
        "state": state,
        "words": WORDS[state],
        "currently_due": list(account.currently_due) if account else [],
        "deadline": account.deadline if account else None,
        "disabled_reason": account.disabled_reason if account else None,
        "held_until": account.held_until if account and account.is_held(now) else None,
        "can_pay_at_once": bool(account and account.is_usable and account.can_pay_at_once),
    }


def _account(row: asyncpg.Record) -> Account:
    values = dict(row)
    values["payee"] = Payee(driver_id=values.pop("driver_id"), company_id=values.pop("company_id"))
    values["currently_due"] = tuple(orjson.loads(values["currently_due"]))
    return Account(**values)
