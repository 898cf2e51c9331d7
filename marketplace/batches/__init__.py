"""What shippers ask for, in order of life: quote, post, call off, plan again, run out of time.

A batch is a posting of up to 1,000 deliveries. Each delivery is one parcel's move, priced when it is posted, and has a
state and a `sequence` that orders its events.
"""

from marketplace.batches.cancel import (
    CancellationQuote,
    FeeChanged,
    TooLateToCancel,
    cancel_delivery,
    promises_of,
    quote_cancellation,
)
from marketplace.batches.expire import expire_due, next_expiry
from marketplace.batches.post import CreditGate, PostBatch, PostedRow, PostResult
from marketplace.batches.queries import (
    find_batch,
    find_delivery,
    page_batches,
    page_deliveries,
    unassigned_deliveries,
)
from marketplace.batches.quote import QuoteBatch, QuoteExpired, QuoteResult, find_quote
from marketplace.batches.request import (
    BadDelivery,
    DeliveryRequest,
    LocalWindow,
    PackageRequest,
    Place,
    RowProblem,
    is_storable,
)
from marketplace.batches.states import (
    SKILLS,
    AttemptFailure,
    CancelReason,
    DeliveryState,
    Requirement,
    UnassignedReason,
)
from marketplace.batches.unplan import unplan_deliveries

__all__ = [
    "SKILLS",
    "AttemptFailure",
    "BadDelivery",
    "CancelReason",
    "CancellationQuote",
    "CreditGate",
    "DeliveryRequest",
    "DeliveryState",
    "FeeChanged",
    "LocalWindow",
    "PackageRequest",
    "Place",
    "PostBatch",
    "PostResult",
    "PostedRow",
    "QuoteBatch",
    "QuoteExpired",
    "QuoteResult",
    "Requirement",
    "RowProblem",
    "TooLateToCancel",
    "UnassignedReason",
    "cancel_delivery",
    "expire_due",
    "find_batch",
    "find_delivery",
    "find_quote",
    "is_storable",
    "next_expiry",
    "page_batches",
    "page_deliveries",
    "promises_of",
    "quote_cancellation",
    "unassigned_deliveries",
    "unplan_deliveries",
]
