"""An access token is believed only when it is ours, unaltered, meant for us and not expired."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from marketplace.accounts import Principal, PrincipalKind, Tokens, Unauthenticated
from marketplace.core.clock import machine
from tests.marketplace.accounts.builders import TOKENS

DRIVER = Principal(
    kind=PrincipalKind.DRIVER,
    id=UUID(int=1),
    market_id=UUID(int=2),
    session_id=UUID(int=3),
    expires_at=(machine() + timedelta(minutes=15)).replace(microsecond=0),
)


def expired(*, seconds: float) -> Principal:
    return replace(DRIVER, expires_at=machine() - timedelta(seconds=seconds))


def test_a_token_reads_back_as_its_principal() -> None:
    assert TOKENS.read_access(TOKENS.make_access(DRIVER)) == DRIVER


def test_an_operator_of_every_market_has_none_in_the_token() -> None:
    operator = replace(DRIVER, kind=PrincipalKind.OPERATOR, market_id=None)

    assert TOKENS.read_access(TOKENS.make_access(operator)) == operator


def test_a_small_skew_between_hosts_is_forgiven_and_a_large_one_is_not() -> None:
    assert TOKENS.read_access(TOKENS.make_access(expired(seconds=20))).id == DRIVER.id
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(TOKENS.make_access(expired(seconds=32)))


def test_a_token_of_another_deployment_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(Tokens("another secret altogether").make_access(DRIVER))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "somebody-else"},
        {"iss": "somebody-else"},
        {"exp": None},
        {"exp": "soon"},
        {"kind": "shipper of all"},
        {"sub": "not an id"},
        {"sid": None},
        {"nbf": 99_999_999_999},
    ],
)
def test_a_token_with_other_claims_is_refused(change: dict[str, object]) -> None:
    genuine = TOKENS.make_access(DRIVER)
    claims = jwt.decode(genuine, TOKENS._access).claims
    altered = {key: value for key, value in (claims | change).items() if value is not None}

    with pytest.raises(Unauthenticated):
        TOKENS.read_access(jwt.encode({"alg": "HS256"}, altered, TOKENS._access))


def test_a_token_that_chooses_its_own_algorithm_is_refused() -> None:
    claims = jwt.decode(TOKENS.make_access(DRIVER), TOKENS._access).claims
    unsigned = "eyJhbGciOiJub25lIn0." + TOKENS.make_access(DRIVER).split(".")[1] + "."
    stronger = jwt.encode({"alg": "HS512"}, claims, OctKey.import_key(b"x" * 64), algorithms=["HS512"])

    for token in (unsigned, stronger, "", "a.b.c", "x" * 10_000, "\ud800"):
        with pytest.raises(Unauthenticated):
            TOKENS.read_access(token)


def test_a_code_digest_depends_on_the_secret_and_the_row() -> None:
    here = TOKENS.code_digest(UUID(int=1), "123456")

    assert here != TOKENS.code_digest(UUID(int=2), "123456")
    assert here != Tokens("another secret altogether").code_digest(UUID(int=1), "123456")
    assert here == TOKENS.code_digest(UUID(int=1), "123456")
