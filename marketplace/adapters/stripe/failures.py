"""What Stripe's refusals and failures mean for an operation: never, not now, or nobody knows.

Of a message only what a card's bank says is kept: the others may quote what we sent, and that may be personal.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import stripe

from marketplace.adapters.stripe.connection import bounded
from marketplace.payments import OperationRefused, OutcomeUnknown, ProviderBusy

KEY_IN_USE = "idempotency_key_in_use"
LOCKED = "lock_timeout"
NOT_CARRIED_OUT = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNAUTHORIZED}
"""A key of ours that is refused is not the fault of the operation: it waits until the settings are right."""
GONE = {"resource_missing", "account_invalid"}


@asynccontextmanager
async def told_apart() -> AsyncIterator[None]:
    """Turns what the package raises into OperationRefused, ProviderBusy or OutcomeUnknown, without its words."""
    try:
        async with bounded():
            yield
    except stripe.StripeError as failure:
        # The package's own errors carry request and answer: they end here.
        raise meaning_of(failure) from None


def meaning_of(failure: stripe.StripeError) -> OperationRefused | ProviderBusy | OutcomeUnknown:
    """What a failure means for the operation that met it."""
    status, code = failure.http_status, failure.code
    if isinstance(failure, stripe.IdempotencyError):
        return OutcomeUnknown("Stripe knows this key with another request", is_key_spent=True)
    if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown(f"Stripe answered {status or 'nothing'}", is_key_spent=_is_replayed(failure))
    if status in NOT_CARRIED_OUT or code in {KEY_IN_USE, LOCKED, "rate_limit"}:
        return ProviderBusy(f"Stripe answered {int(status)} {code or ''}".strip())
    if status < HTTPStatus.BAD_REQUEST or not _error(failure):
        return OutcomeUnknown(f"Stripe answered {status}, but not in its own words")
    return OperationRefused(_reason(failure), _sentence(failure))


def is_missing(failure: stripe.StripeError) -> bool:
    """Whether there is no such object for this account."""
    return failure.http_status == HTTPStatus.NOT_FOUND or failure.code in GONE


def _is_replayed(failure: stripe.StripeError) -> bool:
    headers = {name.lower(): value for name, value in dict(failure.headers or {}).items()}
    return headers.get("idempotent-replayed") == "true"


def _reason(failure: stripe.StripeError) -> str:
    error = _error(failure)
    return str(error.get("decline_code") or failure.code or error.get("type") or f"http_{failure.http_status}")


def _sentence(failure: stripe.StripeError) -> str:
    if isinstance(failure, stripe.CardError):
        return str(failure.user_message or "the card was declined")
    param = _error(failure).get("param")
    return f"Stripe refused it: {_reason(failure)}" + (f" ({param})" if param else "")


def _error(failure: stripe.StripeError) -> dict[str, Any]:
    body = failure.json_body
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}
