"""What the request log does not show: account numbers and what drivers tell of themselves."""

from typing import Any

from marketplace.adapters.stripe_sandbox.records import Record

HIDDEN = {
    "account_number",
    "account_holder_name",
    "address",
    "card",
    "company",
    "email",
    "evidence",
    "individual",
    "name",
    "phone",
    "receipt_email",
    "tos_acceptance",
}


def redacted(params: Record) -> Record:
    """The parameters with everything personal left out."""
    return {name: "[hidden]" if name in HIDDEN else _inner(value) for name, value in params.items()}


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return redacted(value)
    return [_inner(member) for member in value] if isinstance(value, list) else value
