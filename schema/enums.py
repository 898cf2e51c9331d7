"""The market's enums as the API shows them; a module that uses one of them imports this one first."""

from enum import Enum

import strawberry

from marketplace.addresses import Precision
from marketplace.alerts import Cause, NotificationState
from marketplace.analytics import CostKind, KpiGroup
from marketplace.arrivals import PredictionMoment
from marketplace.attention import NeedKind
from marketplace.batches import (
    AttemptFailure,
    CancelReason,
    DeliveryState,
    FailurePolicy,
    LeftAt,
    Requirement,
    Sector,
    UnassignedReason,
)
from marketplace.billing import (
    ChargeState,
    Collects,
    InvoiceState,
    LineKind,
    Means,
    ProfileState,
    RefundState,
    Shortfall,
    Terms,
)
from marketplace.blocks import BlockState, SignUpState
from marketplace.claims import ClaimKind, ClaimState, EntryKind
from marketplace.core.notifier import Channel
from marketplace.fleet import (
    AccountState,
    CompanyState,
    ContractKind,
    DocumentKind,
    DocumentState,
    PresenceState,
    Vehicle,
    VehicleState,
)
from marketplace.goals import Metric
from marketplace.markets import PayUnit
from marketplace.offers import DeclineReason, OfferState, Outcome, RuledOut, WaveState
from marketplace.payments import BookedAs, Difference, Endpoint, OperationKind, OperationState, Reception
from marketplace.payouts import AccountStage, PayoutMethod, PayoutState, StatementKind, StatementState
from marketplace.pricing import SurgeLimit
from marketplace.reassignments import ReassignmentState
from marketplace.recipients import Language, RatingReason, RecipientAction, SafePlace, TrackedStatus
from marketplace.recurring_batches import OnClosedDay, RecurringState, RunOutcome
from marketplace.routes import (
    CustodyKind,
    IdentityKind,
    ProofKind,
    ReportFlag,
    ReportVerb,
    RouteState,
    StopKind,
    StopState,
)
from marketplace.shippers import Tier
from marketplace.standing import (
    CorrectionState,
    EvidenceKind,
    Excluded,
    SafetyReason,
    SuspensionRule,
    SuspensionState,
)
from marketplace.substitutions import SubstitutionRule, SubstitutionState
from marketplace.tips import TipState
from marketplace.webhooks import DisabledReason, Failure, MessageState, WebhookState
from marketplace.windows import ClosedReason, HoldState, WindowReason

ENUMS: dict[type[Enum], str] = {
    DeliveryState: "The life of a delivery.",
    Requirement: "What a delivery asks of the driver or the hand-over.",
    UnassignedReason: "Why a delivery has no route now.",
    CancelReason: "Why a delivery is called off.",
    AttemptFailure: "Why a pickup or a hand-over did not happen.",
    FailurePolicy: "What a shipper wants done with a parcel that nobody takes. SAFE_PLACE and NEIGHBOUR let the driver"
    " leave it there; where that fails they try again as REDELIVER does, and go back to the sender in the end.",
    LeftAt: "With whom or where a parcel was left.",
    Precision: "How exact a place is: the house, somewhere in its street, or only the part of the city.",
    ContractKind: "On what terms a driver works, in the order of call.",
    PresenceState: "Whether a driver can be asked now.",
    AccountState: "The life of a driver's account; only ACTIVE ones are asked.",
    CompanyState: "Whether a contracted company's drivers are asked.",
    DocumentKind: "A paper that every driver of a vehicle needs, or the certificate of a skill.",
    DocumentState: "The life of a paper: announced, sent, and what operations said of it.",
    VehicleState: "Whether a vehicle has passed its check.",
    KpiGroup: "What rows of figures are of: the whole MARKET, each HUB, each SHIPPER, or each local DAY.",
    CostKind: "What the cost of deliveries is split into; the amount of that name in a row tells what is in it.",
    Vehicle: "What a driver drives.",
    OfferState: "The life of an offer; the last four are final.",
    WaveState: "The life of offers that were sent together.",
    Outcome: "What a search for a driver came to.",
    RuledOut: "Why a driver is not among those who can be asked: the first rule, in this order, that fails.",
    DeclineReason: "Why a driver said no; optional, and never counted against anybody.",
    RouteState: "The life of a route.",
    StopState: "The life of a stop.",
    ReassignmentState: "The life of a route's passing to another driver: OFFERED to the second one, AGREED, GIVEN once"
    " the first one has scanned the parcels, DONE; the others end it.",
    Metric: "What recipients experience: hand-overs at the first try and within the window, in percent; how wide the"
    " promised window was, and how far off the arrival that was foreseen after loading, in minutes.",
    SubstitutionRule: "What may go where a hub has run out of something.",
    SubstitutionState: "What has become of something that was short.",
    NeedKind: "Why something needs a person, the gravest first.",
    StopKind: "What is done at a stop.",
    ReportVerb: "What a driver's report says; WRONG_PIN is a hand-over that did not happen.",
    ReportFlag: "What is odd about a report; a flagged route is looked at before it is paid.",
    PredictionMoment: "When an arrival is predicted: PLANNED without a driver, DISPATCH with one, PICKUP after loading,"
    " HALF_HOUR when it is half an hour away, NEXT when the stop is the driver's next, TEN_MINUTES when it is"
    " ten minutes away.",
    ProofKind: "Evidence that is a picture.",
    StatementKind: "What a driver is paid for: a route, what a pay period lacked to the law, a share of what all its"
    " drivers together lacked, a tip, or what a BLOCK lacked to its floor.",
    PayUnit: "What a rate of the law is for one of.",
    StatementState: "The life of a pay statement.",
    Difference: "What can be wrong between the ledger and the payment provider.",
    BookedAs: "What a movement that is not of our doing was: the company's own money, a fee, or not known yet.",
    OperationKind: "What the payment provider is asked to do.",
    OperationState: "The life of what the payment provider is asked to do; the last two are its ends.",
    Endpoint: "Whose account an event of the payment provider is about: our own, or a connected one.",
    Reception: "How far we are with an event that changed nothing here: it waits, or is about nothing of ours.",
    Tier: "How soon a delivery is promised: today, tomorrow, at once, or in a window that the shipper names.",
    Terms: "How a shipper pays: CARD soon after the work, PREPAID before it, INVOICE once a month.",
    Collects: "When a card is charged: when a batch is through, or once a day.",
    ProfileState: "Whether a shipper may post.",
    ChargeState: "The life of a charge; whatever it says, one that the provider has taken becomes PAID.",
    Means: "Where the money of a charge comes from; a TOP_UP becomes prepaid money.",
    Shortfall: "What becomes of what prepaid money does not cover: it WAITS for more, or is charged to the CARD.",
    LineKind: "What a line of a bill is for; CARRIED stands for what is left to the next charge or invoice.",
    InvoiceState: "The life of an invoice.",
    RefundState: "The life of a refund; a paid one may still come back.",
    PayoutState: "The life of a payout; PAID may still become FAILED when the bank sends it back.",
    PayoutMethod: "How a payout travels: STANDARD takes days and is free, INSTANT half an hour and has a fee.",
    SurgeLimit: "What kept surge from what the ratio asks for: too few around, ticks that have to agree, the largest"
    " step, the cap, the budget, a person's setting, or a freeze of the market.",
    BlockState: "The life of a block.",
    SignUpState: "The life of a wish for a place in a block: DRAWING until the lot, WAITING in line, ASKED while a"
    " place is held for an answer, SIGNED; KEPT or NO_SHOW afterwards.",
    Cause: "Why somebody is told something.",
    Channel: "By which way a message goes; OPERATORS is wherever those who run the market look.",
    NotificationState: "Whether a message left; DROPPED was no longer true when it could have.",
    TrackedStatus: "Where a parcel is, as its recipient cares.",
    SafePlace: "Where a parcel may be left when nobody answers.",
    RatingReason: "What a recipient found good or bad.",
    Sector: "The trade that a delivery is for; `sectors` lists what each asks for.",
    RecurringState: "The life of a recurring batch: PAUSED by its shipper or by three refusals, ENDED for good.",
    OnClosedDay: "What is done with a day on which a hub does not serve: POST all the same, SKIP it, or MOVE it to the"
    " next day that all its hubs serve, even where that has a batch of its own.",
    RunOutcome: "What became of a day of a recurring batch.",
    CustodyKind: "How a parcel changed hands: from the sender to the driver, and from the driver to whom.",
    IdentityKind: "Papers that a recipient can show.",
    ClaimKind: "What is wrong with a parcel.",
    ClaimState: "The life of a claim: ACCEPTED and REJECTED are decided by a person, WITHDRAWN by whoever asked.",
    EntryKind: "A step in the file of a claim; an ANSWER is the driver's, and the operator has ASKED for more.",
    TipState: "WANTED until its page is ready, WAITING until it is PAID or EXPIRED; REFUSED where there is no page.",
    EvidenceKind: "All that standing is made of. An answer to an offer is not among it.",
    Excluded: "Why something does not count: planned late, waiting at a pickup, traffic, waiting at a door, or a low"
    " rating without a reason that is the driver's.",
    CorrectionState: "UPHELD evidence counts no more.",
    SuspensionRule: "What a proposal goes by; SAFETY is an operator's.",
    SafetyReason: "The dangers for which a person may suspend at once.",
    SuspensionState: "The life of a suspension: a proposal takes nothing away, and only people decide.",
    RecipientAction: "What a recipient can do now.",
    Language: "The languages in which recipients and drivers are addressed.",
    WindowReason: "What a window takes: a vehicle passes anyway, another trip takes it along, or a trip of its own.",
    HoldState: "The life of a place in a window; HELD ends by itself.",
    ClosedReason: "Why a day has no window to offer; NOT_IN_TIER has some, and none that its tier gives.",
    AccountStage: "How far a driver's own account at the payment provider is.",
    WebhookState: "The life of a webhook.",
    DisabledReason: "Why a webhook is disabled: by its owner, because its receiver answered 410, or because nothing was"
    " taken for five days.",
    MessageState: "The life of a message to a webhook; a FAILED one was given up and can be replayed.",
    Failure: "Why an attempt does not count as taken: a status other than 2xx, a redirect, more than 5 seconds, no"
    " connection, an answer of more than 64 KiB, a host that cannot be found or is not on the open network, or a secret"
    " that this deployment cannot read any more: rotate it.",
}

for kind, description in ENUMS.items():
    strawberry.enum(kind, description=description)
