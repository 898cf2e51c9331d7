"""What passes between us and the payment provider: operations going out once, events coming in, objects known.

A verb that wants something done there writes an operation in its own commit. `SendOperation` is the errand that has it
done: leased and fenced, under a key that stays, looked up before it is ever sent again. Events come into an inbox and
only say what to read anew. What was read stands in `stripe_object`, where a state never goes back, whatever the order
of the news. Payouts and billing learn by `OperationEnded` and `ProviderObjectChanged`, and then read what is so.
"""

from marketplace.payments.apply_event import ApplyEvent, apply_event, apply_events
from marketplace.payments.book_movement import BookedAs, MovementBooked, MovementIsOurs, book_movement
from marketplace.payments.figures import count_unfinished
from marketplace.payments.hurry_waiting import hurry_waiting
from marketplace.payments.keep_object import Kept
from marketplace.payments.lying_open import (
    ForeignEvent,
    OpenOperation,
    Reception,
    page_foreign_events,
    page_open_operations,
)
from marketplace.payments.outcomes import KnownObject, Outcome, known_objects, latest_outcome
from marketplace.payments.provider import (
    BadSignature,
    Facts,
    FrozenOperation,
    OperationRefused,
    OutcomeUnknown,
    PaymentProvider,
    PaymentSecret,
    ProviderBusy,
    ProviderMovement,
    ProviderObject,
    ReceivedEvent,
)
from marketplace.payments.read_movements import read_all_movements
from marketplace.payments.receive_event import receive_event
from marketplace.payments.reconcile import (
    GRACE,
    Difference,
    Disagreement,
    ReconciliationReport,
    as_findings,
    page_reconciliations,
    reconcile,
    reconciliation_is_due,
)
from marketplace.payments.send_operation import SendOperation, send_operation
from marketplace.payments.states import Endpoint, ObjectKind, OperationKind, OperationState
from marketplace.payments.sweeps import open_events, open_operations
from marketplace.payments.want_operation import OperationKeyReused, Params, want_operation
from marketplace.payments.withdraw_operation import withdraw_operation

__all__ = [
    "GRACE",
    "ApplyEvent",
    "BadSignature",
    "BookedAs",
    "Difference",
    "Disagreement",
    "Endpoint",
    "Facts",
    "ForeignEvent",
    "FrozenOperation",
    "Kept",
    "KnownObject",
    "MovementBooked",
    "MovementIsOurs",
    "ObjectKind",
    "OpenOperation",
    "OperationKeyReused",
    "OperationKind",
    "OperationRefused",
    "OperationState",
    "Outcome",
    "OutcomeUnknown",
    "Params",
    "PaymentProvider",
    "PaymentSecret",
    "ProviderBusy",
    "ProviderMovement",
    "ProviderObject",
    "ReceivedEvent",
    "Reception",
    "ReconciliationReport",
    "SendOperation",
    "apply_event",
    "apply_events",
    "as_findings",
    "book_movement",
    "count_unfinished",
    "hurry_waiting",
    "known_objects",
    "latest_outcome",
    "open_events",
    "open_operations",
    "page_foreign_events",
    "page_open_operations",
    "page_reconciliations",
    "read_all_movements",
    "receive_event",
    "reconcile",
    "reconciliation_is_due",
    "send_operation",
    "want_operation",
    "withdraw_operation",
]
