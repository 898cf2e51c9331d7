"""Amounts on their way to Stripe: what cannot be moved is refused here, for good, before anything is sent."""

from marketplace.core.currencies import from_gateway, to_gateway
from marketplace.core.money import BadMoney, Money
from marketplace.payments import FrozenOperation, OperationKind, OperationRefused

NOT_MOVABLE = "amount_not_movable"


def to_stripe(operation: FrozenOperation) -> int:
    """The amount of an operation as Stripe counts it; raises OperationRefused where no such amount can be moved."""
    amount = operation.amount
    assert amount is not None, "only an operation with an amount has one to convert"
    try:
        if operation.kind is OperationKind.ADD_INVOICE_ITEM and amount.minor < 0:
            return -to_gateway(-amount)  # a credit
        return to_gateway(amount, "payout" if operation.kind is OperationKind.PAYOUT else "charge")
    except BadMoney as problem:
        raise OperationRefused(NOT_MOVABLE, problem.message) from problem


def from_stripe(amount: int, currency: str) -> Money | None:
    """Our amount for what Stripe tells; None for one that we have no minor units for."""
    try:
        return from_gateway(amount, currency)
    except BadMoney:
        return None
