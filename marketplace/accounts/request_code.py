"""Asking for a one-time code: the first half of signing in, for drivers by phone and for others by e-mail."""

import secrets
from datetime import timedelta

from marketplace.accounts.addresses import address_of
from marketplace.accounts.models import SignInCode
from marketplace.accounts.principals import PrincipalKind
from marketplace.accounts.queries import find_by_address
from marketplace.accounts.refusals import TooManyCodes
from marketplace.accounts.tokens import Tokens
from marketplace.core.notifier import Channel, Message
from marketplace.core.work import Work

CODE_LASTS = timedelta(minutes=10)
CODES_PER_WINDOW = 3
WINDOW = timedelta(minutes=15)
DIGITS = 6


async def request_sign_in_code(work: Work, *, kind: PrincipalKind, address: str, tokens: Tokens) -> Message | None:
    """Makes a code for that address and returns the message to send once this Work has committed.

    An address that nobody signs in with gets a row as well, so that its limit, its answer and its time are the same;
    only the message is missing. A new code replaces the one before.
    """
    address = address_of(kind, address)
    # Two requests for one address at once: this lock makes the second count the row of the first.
    await work.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"sign-in code {kind} {address}")
    await _check_limit(work, kind, address)
    owner = await find_by_address(work.connection, kind, address)

    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    code_id = work.new_id()
    await work.execute(
        "UPDATE sign_in_code SET expires_at = $3 WHERE kind = $1 AND address = $2 AND expires_at > $3",
        kind.value,
        address,
        work.machine_now,
    )
    await SignInCode.create(
        using_db=work.db,
        id=code_id,
        address=address,
        kind=kind.value,
        digest=tokens.code_digest(code_id, code),
        created_at=work.machine_now,
        expires_at=work.machine_now + CODE_LASTS,
    )
    if owner is None:
        return None
    minutes = int(CODE_LASTS.total_seconds() // 60)
    text = f"{code} is your Doorstep code. It is good for {minutes} minutes. Nobody of ours will ever ask you for it."
    channel = Channel.SMS if kind is PrincipalKind.DRIVER else Channel.EMAIL
    return Message(audience=kind.value, address=address, text=text, channel=channel)


async def _check_limit(work: Work, kind: PrincipalKind, address: str) -> None:
    row = await work.fetch_row(
        "SELECT count(*) AS count, min(created_at) AS oldest FROM sign_in_code"
        " WHERE kind = $1 AND address = $2 AND created_at > $3",
        kind.value,
        address,
        work.machine_now - WINDOW,
    )
    assert row is not None
    if row["count"] >= CODES_PER_WINDOW:
        wait_s = max(1, int((row["oldest"] + WINDOW - work.machine_now).total_seconds()))
        raise TooManyCodes(f"at most {CODES_PER_WINDOW} codes in 15 minutes; ask again in {wait_s} seconds")
