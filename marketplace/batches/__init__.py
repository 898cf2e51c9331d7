"""What shippers ask for, in order of life: quote, post, promise anew, call off, plan and try again, give back, run out.

A batch is a posting of up to 1,000 deliveries. Each delivery is one parcel's move, priced when it is posted, and has a
state and a `sequence` that orders its events.
"""

from marketplace.batches.add_return import add_return
from marketplace.batches.addresses_to_review import DoubtedAddress, addresses_to_review
from marketplace.batches.another_try import AnswerTooLate, BadNewWindow, ChosenBy, NotWaiting, choose_another_try
from marketplace.batches.at_point import NoPlaceLeft, NoSuchPoint, NotForAPoint, PointClosed, needs_at_point
from marketplace.batches.book_slot import TooLateForDock, book_slot
from marketplace.batches.cancel import (
    CancellationQuote,
    FeeChanged,
    TooLateToCancel,
    cancel_delivery,
    promises_of,
    quote_cancellation,
)
from marketplace.batches.change_promise import (
    BadPromise,
    TooLateToChange,
    change_promise,
    check_changeable,
    pickup_for,
)
from marketplace.batches.expire import expire_due, next_expiry
from marketplace.batches.failure_policy import DISCARDED, may_be_left, next_step
from marketplace.batches.place import MOST_DELIVERIES
from marketplace.batches.place_address import AlreadyPlaced, NoWayThere, PlaceAddress
from marketplace.batches.post import CreditGate, PostBatch, PostedRow, PostResult, ToPost
from marketplace.batches.price import Priced
from marketplace.batches.queries import (
    find_batch,
    find_delivery,
    page_batches,
    page_deliveries,
    unassigned_deliveries,
)
from marketplace.batches.quote import QuoteBatch, QuoteExpired, QuoteResult, find_quote, request_from_json
from marketplace.batches.request import (
    BadDelivery,
    DeliveryRequest,
    ItemRequest,
    LocalWindow,
    PackageRequest,
    Place,
    RowProblem,
    is_storable,
)
from marketplace.batches.reschedule import reschedule_delivery, return_delivery
from marketplace.batches.sectors import BINDING, BUNDLES, OUT_OF_COLD_S, BundleIsBinding, Sector
from marketplace.batches.served_day import UnservedDay, check_served_day
from marketplace.batches.settle_attempt import next_answer_due, settle_attempt, settle_due
from marketplace.batches.states import (
    SKILLS,
    AttemptFailure,
    CancelReason,
    DeliveryState,
    FailurePolicy,
    LeftAt,
    NextStep,
    PromiseActor,
    Requirement,
    UnassignedReason,
)
from marketplace.batches.take_places import CapacityFull, CapacityReserved
from marketplace.batches.tiers import DAYS_AHEAD, is_open_on, windows_within
from marketplace.batches.transfer_stock import BadTransfer, Replenish, TransferStock, TransferUnderWay
from marketplace.batches.unplan import unplan_deliveries

__all__ = [
    "BINDING",
    "BUNDLES",
    "DAYS_AHEAD",
    "DISCARDED",
    "MOST_DELIVERIES",
    "OUT_OF_COLD_S",
    "SKILLS",
    "AlreadyPlaced",
    "AnswerTooLate",
    "AttemptFailure",
    "BadDelivery",
    "BadNewWindow",
    "BadPromise",
    "BadTransfer",
    "BundleIsBinding",
    "CancelReason",
    "CancellationQuote",
    "CapacityFull",
    "CapacityReserved",
    "ChosenBy",
    "CreditGate",
    "DeliveryRequest",
    "DeliveryState",
    "DoubtedAddress",
    "FailurePolicy",
    "FeeChanged",
    "ItemRequest",
    "LeftAt",
    "LocalWindow",
    "NextStep",
    "NoPlaceLeft",
    "NoSuchPoint",
    "NoWayThere",
    "NotForAPoint",
    "NotWaiting",
    "PackageRequest",
    "Place",
    "PlaceAddress",
    "PointClosed",
    "PostBatch",
    "PostResult",
    "PostedRow",
    "Priced",
    "PromiseActor",
    "QuoteBatch",
    "QuoteExpired",
    "QuoteResult",
    "Replenish",
    "Requirement",
    "RowProblem",
    "Sector",
    "ToPost",
    "TooLateForDock",
    "TooLateToCancel",
    "TooLateToChange",
    "TransferStock",
    "TransferUnderWay",
    "UnassignedReason",
    "UnservedDay",
    "add_return",
    "addresses_to_review",
    "book_slot",
    "cancel_delivery",
    "change_promise",
    "check_changeable",
    "check_served_day",
    "choose_another_try",
    "expire_due",
    "find_batch",
    "find_delivery",
    "find_quote",
    "is_open_on",
    "is_storable",
    "may_be_left",
    "needs_at_point",
    "next_answer_due",
    "next_expiry",
    "next_step",
    "page_batches",
    "page_deliveries",
    "pickup_for",
    "promises_of",
    "quote_cancellation",
    "request_from_json",
    "reschedule_delivery",
    "return_delivery",
    "settle_attempt",
    "settle_due",
    "unassigned_deliveries",
    "unplan_deliveries",
    "windows_within",
]
