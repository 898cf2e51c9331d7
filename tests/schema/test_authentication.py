"""A credential is believed for a few seconds, and never longer than it lasts."""

from datetime import timedelta

import pytest

from marketplace.accounts import Tokens, Unauthenticated, sign_out
from marketplace.core.work import Works
from schema.authentication import Authenticator, credential_of
from schema.rates import usual_rates
from tests.schema.conftest import Caller

HERE = "192.0.2.1"


def authenticator(works: Works, tokens: Tokens, *, believed_for_s: float) -> Authenticator:
    return Authenticator(works, tokens, usual_rates(), believed_for=timedelta(seconds=believed_for_s))


async def end_session(works: Works, tokens: Tokens, caller: Caller) -> None:
    async with works.open() as work:
        await sign_out(work, principal=tokens.read_access(caller.credential))


async def test_a_credential_is_believed_for_a_while(works: Works, tokens: Tokens, driver: Caller) -> None:
    door = authenticator(works, tokens, believed_for_s=60)
    header = f"Bearer {driver.credential}"
    first = await door.principal_of(header, address=HERE)
    await end_session(works, tokens, driver)

    assert await door.principal_of(header, address=HERE) is first
    assert first is not None
    door.forget(first.session_id)
    with pytest.raises(Unauthenticated):
        await door.principal_of(header, address=HERE)


async def test_an_ended_session_is_found_out_when_belief_ends(works: Works, tokens: Tokens, driver: Caller) -> None:
    door = authenticator(works, tokens, believed_for_s=0)
    header = f"Bearer {driver.credential}"
    await door.principal_of(header, address=HERE)
    await end_session(works, tokens, driver)

    with pytest.raises(Unauthenticated):
        await door.principal_of(header, address=HERE)


async def test_no_credential_is_nobody(works: Works, tokens: Tokens) -> None:
    assert await authenticator(works, tokens, believed_for_s=60).principal_of(None, address=HERE) is None


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Token abc", "Bearer ä", "Bearer " + "x" * 2_000]
)
def test_only_a_bearer_credential_is_read(header: str) -> None:
    with pytest.raises(Unauthenticated):
        credential_of(header)


def test_the_scheme_is_read_in_any_case() -> None:
    assert credential_of("bearer abc") == credential_of(b"BEARER  abc ") == "abc"
