"""The lives of operations, and what kinds of operations and objects there are at the payment provider."""

from enum import StrEnum


class OperationKind(StrEnum):
    """Everything that we ask the provider to do that must happen once: each makes or changes one object there."""

    CREATE_CUSTOMER = "CREATE_CUSTOMER"
    CREATE_ACCOUNT = "CREATE_ACCOUNT"
    CHARGE = "CHARGE"
    CAPTURE = "CAPTURE"
    CANCEL_CHARGE = "CANCEL_CHARGE"
    REFUND = "REFUND"
    TRANSFER = "TRANSFER"
    REVERSE_TRANSFER = "REVERSE_TRANSFER"
    PAYOUT = "PAYOUT"
    CREATE_INVOICE = "CREATE_INVOICE"
    ADD_INVOICE_ITEM = "ADD_INVOICE_ITEM"
    FINALIZE_INVOICE = "FINALIZE_INVOICE"
    VOID_INVOICE = "VOID_INVOICE"
    CREATE_CHECKOUT = "CREATE_CHECKOUT"
    EXPIRE_CHECKOUT = "EXPIRE_CHECKOUT"


class OperationState(StrEnum):
    """READY → SENT → DONE | REJECTED | UNKNOWN; UNKNOWN is looked up before anything is sent again."""

    READY = "READY"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    DONE = "DONE"
    REJECTED = "REJECTED"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will come of the operation."""
        return self in {OperationState.DONE, OperationState.REJECTED}


class ObjectKind(StrEnum):
    """What lies at the provider; the value is the provider's own word for it."""

    CUSTOMER = "customer"
    SETUP_INTENT = "setup_intent"
    PAYMENT_INTENT = "payment_intent"
    REFUND = "refund"
    DISPUTE = "dispute"
    ACCOUNT = "account"
    TRANSFER = "transfer"
    TRANSFER_REVERSAL = "transfer_reversal"
    PAYOUT = "payout"
    INVOICE = "invoice"
    INVOICE_ITEM = "invoiceitem"
    CHECKOUT_SESSION = "checkout.session"


class Endpoint(StrEnum):
    """Where an event came in: about the platform's own account, or about a connected one; each has its own secret."""

    PLATFORM = "PLATFORM"
    CONNECT = "CONNECT"
