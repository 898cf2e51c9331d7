"""The demo's receiver believes what is signed, knows what comes twice, and sees what comes out of order."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from marketplace.webhooks import sign
from workers.demo_receiver import Received

SECRET = "whsec_" + "QUJD" * 8
MOMENT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def message(number: int, delivery: str, sequence: int | None, secret: str = SECRET) -> tuple[dict[str, str], bytes]:
    """One message as it arrives."""
    told: dict[str, Any] = {"data": {"deliveryId": delivery, "sequence": sequence}}
    body = orjson.dumps(told)
    return sign(body, message_id=f"msg_{number}", sent_at=MOMENT, with_secrets=[secret]), body


def test_what_comes_in_order_is_counted_once() -> None:
    received = Received(secret=SECRET)

    taken = [
        received.take(*message(number, delivery, sequence))
        for number, (delivery, sequence) in enumerate([("a", 1), ("b", 7), ("a", 2), ("a", 2), ("b", None), ("b", 8)])
    ]

    assert taken == [True] * 6
    assert (received.messages, received.duplicates, received.out_of_order, received.forged) == (6, 0, 0, 0)


def test_what_comes_twice_or_out_of_order_is_seen() -> None:
    received = Received(secret=SECRET)

    for number, sequence in ((1, 1), (3, 3), (2, 2), (3, 3), (4, 4)):
        received.take(*message(number, "a", sequence))

    assert (received.messages, received.duplicates, received.out_of_order) == (4, 1, 1)


@pytest.mark.parametrize("secret", ["", "whsec_" + "REVG" * 8])
def test_what_others_signed_or_changed_is_refused(secret: str) -> None:
    received = Received(secret=secret)
    headers, body = message(1, "a", 1)

    taken = [received.take(headers, body), received.take({}, body), received.take(headers, body + b" ")]

    assert taken == [False] * 3
    assert (received.messages, received.forged) == (0, 3)
