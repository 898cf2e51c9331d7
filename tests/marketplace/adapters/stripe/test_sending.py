"""A row of the outbox becomes the same request whenever it is sent, in Stripe's own way of counting."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from marketplace.adapters.stripe.sending import request_of
from marketplace.core.money import Money
from marketplace.payments import FrozenOperation, OperationKind, OperationRefused

KEY = UUID(int=7)


def frozen(kind: OperationKind, amount: Money | None = None, account: str | None = None, **params: Any) -> Any:
    body = orjson.dumps({**params, "metadata": {"operation": str(KEY)}})
    return FrozenOperation(id=KEY, kind=kind, account=account, body=body, epoch=2, amount=amount)


@pytest.mark.parametrize(
    ("amount", "sent"),
    [
        (Money(1250, "USD"), {"amount": 1250, "currency": "usd"}),
        (Money(1250, "CLP"), {"amount": 1250, "currency": "clp"}),
        (Money(1250, "ISK"), {"amount": 125_000, "currency": "isk"}),
        (Money(1250, "KWD"), {"amount": 1250, "currency": "kwd"}),
    ],
)
def test_amounts_go_out_as_stripe_counts_them(amount: Money, sent: dict[str, Any]) -> None:
    # What the body says of the amount does not count where the row has one.
    request = request_of(frozen(OperationKind.CHARGE, amount, currency="eur"))

    assert {name: request.params[name] for name in sent} == sent


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        (OperationKind.TRANSFER, Money(1251, "KWD")),
        (OperationKind.PAYOUT, Money(1250, "HUF")),
        (OperationKind.TRANSFER, Money(100_000_000, "USD")),
        (OperationKind.TRANSFER, Money(5, "XTS")),
    ],
)
def test_what_cannot_be_moved_is_refused_before_anything_is_sent(kind: OperationKind, amount: Money) -> None:
    with pytest.raises(OperationRefused) as refused:
        request_of(frozen(kind, amount))

    assert refused.value.reason == "amount_not_movable"


def test_a_credit_on_an_invoice_is_below_nothing() -> None:
    request = request_of(frozen(OperationKind.ADD_INVOICE_ITEM, Money(-300, "USD"), customer="cus_1"))

    assert (request.params["amount"], request.params["currency"]) == (-300, "usd")


def test_a_transfer_has_a_group_of_its_own_and_its_notes() -> None:
    request = request_of(frozen(OperationKind.TRANSFER, Money(5, "USD"), destination="acct_1"))

    assert request.params == {
        "destination": "acct_1",
        "transfer_group": str(KEY),
        "amount": 5,
        "currency": "usd",
        "metadata": {"operation": str(KEY)},
    }


def test_what_changes_an_object_names_it_and_leaves_its_notes_alone() -> None:
    capture = request_of(frozen(OperationKind.CAPTURE, Money(5, "USD"), payment_intent="pi_1"))
    void = request_of(frozen(OperationKind.VOID_INVOICE, invoice="in_1"))

    assert (capture.target, capture.params) == (
        "pi_1",
        {"amount_to_capture": 5, "expand": ["latest_charge.balance_transaction"]},
    )
    assert (void.target, void.params) == ("in_1", {})


def test_a_payout_leaves_from_the_drivers_own_account() -> None:
    operation = frozen(OperationKind.PAYOUT, Money(5, "USD"), account="acct_1")

    assert request_of(operation).options == {"stripe_account": "acct_1"}
    assert operation.key == f"{KEY}:2"
