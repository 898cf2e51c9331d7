"""Signing in with a one-time code: the second half, which opens a session."""

import hmac

from marketplace.accounts.addresses import address_of
from marketplace.accounts.open_session import open_session
from marketplace.accounts.principals import PrincipalKind
from marketplace.accounts.queries import find_by_address
from marketplace.accounts.refusals import CodeRefused
from marketplace.accounts.request_code import DIGITS
from marketplace.accounts.sessions import SignedIn
from marketplace.accounts.tokens import Tokens
from marketplace.core.work import Work

ATTEMPTS_PER_CODE = 5

LOCK_LIVE_CODE = """
SELECT id, digest FROM sign_in_code
 WHERE kind = $1 AND address = $2 AND used_at IS NULL AND expires_at > $3 AND attempts < $4
 ORDER BY created_at DESC LIMIT 1 FOR UPDATE
"""


async def sign_in(
    work: Work, *, kind: PrincipalKind, address: str, code: str, tokens: Tokens
) -> SignedIn | CodeRefused:
    """Opens a session for whoever holds the code that was sent to that address.

    A refusal is returned, not raised, so that the Work commits and the attempt counts: five tries are all there are
    for one code, over any number of requests.
    """
    address = address_of(kind, address)
    # Many guesses at once: the lock on the code makes them wait in line, each behind the count of the one before.
    row = await work.fetch_row(LOCK_LIVE_CODE, kind.value, address, work.machine_now, ATTEMPTS_PER_CODE)
    if row is None:
        return _refused()
    await work.execute("UPDATE sign_in_code SET attempts = attempts + 1 WHERE id = $1", row["id"])
    if not hmac.compare_digest(tokens.code_digest(row["id"], code.strip()[:DIGITS]), row["digest"]):
        return _refused()
    owner = await find_by_address(work.connection, kind, address)
    if owner is None:
        return _refused()

    await work.execute("UPDATE sign_in_code SET used_at = $2 WHERE id = $1", row["id"], work.machine_now)
    return await open_session(work, kind=kind, principal_id=owner.id, tokens=tokens)


def _refused() -> CodeRefused:
    return CodeRefused("the code is wrong or no longer good; ask for a new one", field="code")
