"""A sealed promise is ours, whole, of its own purpose, and has one spelling."""

import pytest

from marketplace.core.seal import Seal

PROMISE = b"one paper for one person"


def test_a_seal_opens_what_it_closed_and_nothing_that_was_changed() -> None:
    seal = Seal("secret", b"papers")
    token = seal.close(PROMISE)

    assert seal.open(token) == PROMISE
    for number in range(len(token)):
        letter = "A" if token[number] != "A" else "B"
        assert seal.open(token[:number] + letter + token[number + 1 :]) in {None, PROMISE}, number
        assert seal.open(token[:number]) is None


@pytest.mark.parametrize(("secret", "purpose"), [("secret", b"proofs"), ("another", b"papers")])
def test_a_seal_of_another_purpose_or_secret_opens_nothing(secret: str, purpose: bytes) -> None:
    assert Seal(secret, purpose).open(Seal("secret", b"papers").close(PROMISE)) is None


@pytest.mark.parametrize("token", ["", "=", "ü", "a b", "AAAA", "+" * 60, "/" * 60])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert Seal("secret", b"papers").open(token) is None
