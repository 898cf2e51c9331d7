"""Signed addresses for uploads."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.ids import ProofId
from marketplace.routes.upload_address import (
    UPLOAD_PATH,
    BadUploadAddress,
    PromisedUpload,
    UploadAddressExpired,
    UploadSigner,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PROMISE = PromisedUpload(
    proof_id=ProofId(UUID(int=77)),
    content_type="image/png",
    size_bytes=1234,
    expires_at=NOW + timedelta(minutes=10),
)
SIGNER = UploadSigner("a secret of an installation")
TOKEN = SIGNER.sign(PROMISE).removeprefix(UPLOAD_PATH)


def test_an_address_says_what_was_promised() -> None:
    assert SIGNER.sign(PROMISE).startswith("/uploads/")
    assert SIGNER.read(TOKEN, now=NOW) == PROMISE


def test_an_address_is_good_until_its_end() -> None:
    almost = PROMISE.expires_at - timedelta(microseconds=1)

    assert SIGNER.read(TOKEN, now=almost) == PROMISE
    with pytest.raises(UploadAddressExpired) as refused:
        SIGNER.read(TOKEN, now=PROMISE.expires_at)
    assert refused.value.code == "UPLOAD_ADDRESS_EXPIRED"


def test_an_address_of_another_installation_is_refused() -> None:
    with pytest.raises(BadUploadAddress) as refused:
        UploadSigner("another secret").read(TOKEN, now=NOW)

    assert refused.value.code == "BAD_UPLOAD_ADDRESS"


@given(st.text(max_size=120))
def test_no_other_text_is_an_address(text: str) -> None:
    with pytest.raises(BadUploadAddress):
        SIGNER.read(text, now=NOW)


@given(place=st.integers(0, len(TOKEN) - 2), letter=st.sampled_from("abcXYZ019-_./\x00é"))
def test_a_changed_letter_is_noticed(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed == TOKEN:
        return

    with pytest.raises(BadUploadAddress):
        SIGNER.read(changed, now=NOW)
