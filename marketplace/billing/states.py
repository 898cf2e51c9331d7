"""How shippers pay, what they pay for, and the lives of charges, refunds and invoices."""

from enum import StrEnum


class Terms(StrEnum):
    """CARD is charged soon after the work, PREPAID before it, INVOICE once a month."""

    CARD = "CARD"
    PREPAID = "PREPAID"
    INVOICE = "INVOICE"


class Collects(StrEnum):
    """When a card is charged: as soon as a batch is through, or once a day for all of it."""

    BATCH = "BATCH"
    DAY = "DAY"


class Shortfall(StrEnum):
    """What becomes of what prepaid money does not cover: it WAITS for more, or is charged to the CARD on file."""

    WAITS = "WAITS"
    CARD = "CARD"


class ProfileState(StrEnum):
    """A shipper that is PAST_DUE posts nothing new until what is owed is paid."""

    GOOD = "GOOD"
    PAST_DUE = "PAST_DUE"


class LineKind(StrEnum):
    """What a line is for. The first six are owed; the others are given back, and their amounts are negative.

    SENT_BACK is owed again, because that money was sent back by hand; CAME_BACK answers it where a card refused that.
    CARRIED comes in pairs: what one charge or invoice cannot move is taken off it and stands open for the next.
    """

    DELIVERY = "DELIVERY"
    REDELIVERY = "REDELIVERY"
    CANCELLATION = "CANCELLATION"
    NO_SHOW = "NO_SHOW"
    RESERVATION = "RESERVATION"
    TIP = "TIP"
    SLA_CREDIT = "SLA_CREDIT"
    GOODWILL = "GOODWILL"
    CLAIM = "CLAIM"
    CREDIT_NOTE = "CREDIT_NOTE"
    OVERPAID = "OVERPAID"
    SENT_BACK = "SENT_BACK"
    CAME_BACK = "CAME_BACK"
    CARRIED = "CARRIED"

    @property
    def is_owed(self) -> bool:
        """Whether the shipper owes it, rather than gets it back."""
        return self in OWED_KINDS


OWED_KINDS = frozenset(
    {
        LineKind.DELIVERY,
        LineKind.REDELIVERY,
        LineKind.CANCELLATION,
        LineKind.NO_SHOW,
        LineKind.RESERVATION,
        LineKind.TIP,
        LineKind.SENT_BACK,
    }
)


class Means(StrEnum):
    """Where the money of a charge comes from; a TOP_UP comes from the card and becomes prepaid money."""

    CARD = "CARD"
    PREPAID = "PREPAID"
    TOP_UP = "TOP_UP"


class ChargeState(StrEnum):
    """OPEN → PAID | DECLINED | ACTION_REQUIRED | CANCELLED. A declined one is OPEN again at its next try.

    Any of them becomes PAID when the provider says that the money was taken after all.
    """

    OPEN = "OPEN"
    PAID = "PAID"
    DECLINED = "DECLINED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    CANCELLED = "CANCELLED"


class RefundState(StrEnum):
    """SENDING → PAID | FAILED; a paid one may still come back and is FAILED then."""

    SENDING = "SENDING"
    PAID = "PAID"
    FAILED = "FAILED"


class InvoiceState(StrEnum):
    """DRAFTING → FINALIZING → OPEN → PAID | VOID; MISMATCH and REFUSED wait for a person."""

    DRAFTING = "DRAFTING"
    FINALIZING = "FINALIZING"
    OPEN = "OPEN"
    PAID = "PAID"
    VOID = "VOID"
    MISMATCH = "MISMATCH"
    REFUSED = "REFUSED"
