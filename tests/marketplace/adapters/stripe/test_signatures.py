"""One secret may follow another while events signed with either are still on their way."""

from datetime import UTC, datetime

import pytest

from marketplace.adapters.stripe import fixed_secrets
from marketplace.adapters.stripe.signatures import sign, verify
from marketplace.payments import BadSignature, Endpoint

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BODY = b'{"id":"evt_1"}'


@pytest.mark.parametrize("secret", ["whsec_old", "whsec_new"])
def test_both_of_two_secrets_are_good(secret: str) -> None:
    secrets = fixed_secrets(["whsec_old", "whsec_new"], ["whsec_connect"])

    verify(BODY, sign(BODY, secret=secret, now=NOW), secrets=secrets(Endpoint.PLATFORM), now=NOW)

    with pytest.raises(BadSignature):
        verify(BODY, sign(BODY, secret=secret, now=NOW), secrets=secrets(Endpoint.CONNECT), now=NOW)


def test_of_two_signatures_one_is_enough() -> None:
    stranger, ours = (sign(BODY, secret=secret, now=NOW) for secret in ("whsec_strange", "whsec_ours"))

    verify(BODY, f"{stranger},{ours.partition(',')[2]}", secrets=["whsec_ours"], now=NOW)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_is_believed(secrets: list[str]) -> None:
    with pytest.raises(BadSignature):
        verify(BODY, sign(BODY, secret="", now=NOW), secrets=secrets, now=NOW)
