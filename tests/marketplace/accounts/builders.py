"""Small pieces for the tests of accounts: tokens of a test secret, and a driver who has just asked for a code."""

import re

from marketplace.accounts import PrincipalKind, SignedIn, Tokens, request_sign_in_code, sign_in
from marketplace.core.work import Work
from marketplace.fleet.models import Driver

TOKENS = Tokens("a secret of the tests, long enough to be one")


async def ask_for_code(work: Work, driver: Driver) -> str:
    """Asks for a code for that driver and reads it from the message."""
    message = await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=driver.phone, tokens=TOKENS)
    assert message is not None
    found = re.search(r"\b\d{6}\b", message.text)
    assert found is not None
    return found.group()


async def open_session(work: Work, driver: Driver) -> SignedIn:
    """Signs that driver in."""
    code = await ask_for_code(work, driver)
    opened = await sign_in(work, kind=PrincipalKind.DRIVER, address=driver.phone, code=code, tokens=TOKENS)
    assert isinstance(opened, SignedIn)
    return opened


async def grow_older(work: Work, table: str, *, seconds: float) -> None:
    """Moves the machine times of all rows of a table into the past, since machine time cannot be moved itself."""
    columns = ["created_at", "expires_at", *(["ended_at"] if table == "session" else ["used_at"])]
    moves = ", ".join(f"{column} = {column} - make_interval(secs => $1)" for column in columns)
    await work.execute(f"UPDATE {table} SET {moves}", seconds)
