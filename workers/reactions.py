"""THE table: what follows from an event. A job is made in the commit that publishes the event, so none is forgotten.

Each line names a job of `workers.jobs` and whom it is about. Many events about one subject make one job that sees all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from marketplace.core.jobs import WantedJob
from marketplace.core.outbox import PublishedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A job that follows from an event: its kind, whom it is about, and for which of the events of that name."""

    kind: str
    about: Callable[[PublishedEvent], object]
    when: Callable[[PublishedEvent], bool] = lambda _: True
    delay_s: float = 0.0


def market(event: PublishedEvent) -> object:
    """The market in which it happened."""
    return event.market_id


def itself(event: PublishedEvent) -> object:
    """The event."""
    return event.id


def zone(event: PublishedEvent) -> object:
    """The zone in which it happened."""
    return event.payload["zone_id"]


def route(event: PublishedEvent) -> object:
    """The route that it happened to."""
    return event.route_id


def delivery(event: PublishedEvent) -> object:
    """The delivery that it happened to."""
    return event.delivery_id


def driver(event: PublishedEvent) -> object:
    """The driver whom it happened to."""
    return event.driver_id


def hub(event: PublishedEvent) -> object:
    """The hub that it happened to."""
    return event.payload["hub_id"]


def payout(event: PublishedEvent) -> object:
    """The payout that it happened to."""
    return event.payload["payout_id"]


def subject(event: PublishedEvent) -> object:
    """What something at the payment provider is about, as whoever wanted it named it."""
    return event.payload["subject_id"]


def operation(event: PublishedEvent) -> object:
    """The operation at the payment provider that it is about."""
    return event.payload["operation_id"]


def invoice(event: PublishedEvent) -> object:
    """The invoice that it happened to."""
    return event.payload["invoice_id"]


def is_kind(*kinds: str) -> Callable[[PublishedEvent], bool]:
    """Whether an operation, or an object, at the payment provider is of one of these kinds."""
    return lambda event: event.payload["kind"] in kinds


def is_drafted(event: PublishedEvent) -> bool:
    """Whether an invoice was just drawn up."""
    return bool(event.payload["state"] == "DRAFTING")


def is_on_the_way_to_recipient(event: PublishedEvent) -> bool:
    """Whether a driver is coming to the recipient now."""
    return bool(event.payload["state"] == "EN_ROUTE_TO_DROPOFF")


def is_not_by_its_owner(event: PublishedEvent) -> bool:
    """Whether a webhook ended by itself, which its shipper may not have seen."""
    return bool(event.payload["reason"] != "SHIPPER")


def is_by_refusals(event: PublishedEvent) -> bool:
    """Whether a recurring batch was paused because nothing of it was taken for too long."""
    return bool(event.payload["reason"] == "REFUSALS")


def lacks_rows(event: PublishedEvent) -> bool:
    """Whether a day of a recurring batch was posted without some of its rows."""
    return bool(event.payload["refused_count"])


def has_no_place(event: PublishedEvent) -> bool:
    """Whether a delivery was posted with an address alone, which is to be found first."""
    return bool(event.payload["state"] == "CREATED")


def has_not_been_taken(event: PublishedEvent) -> bool:
    """Whether the parcel goes back, which may have been about to be planned for the route that it has left."""
    return bool(event.payload["state"] == "ATTEMPTED")


def is_driven_past(event: PublishedEvent) -> bool:
    """Whether nobody goes to the stop any more, so that the way leads elsewhere."""
    return event.payload["state"] in {"SKIPPED", "CANCELLED"}


def is_visited(event: PublishedEvent) -> bool:
    """Whether the driver has come to the stop or left it; that they are on the way the stop before has told."""
    return bool(event.payload["state"] != "EN_ROUTE")


def is_in_zone(event: PublishedEvent) -> bool:
    """Whether it happened in one zone of a market that has several."""
    return event.payload.get("zone_id") is not None


def is_at_border(event: PublishedEvent) -> bool:
    """Whether what nobody in its zone could take is due."""
    return is_in_zone(event) and bool(event.payload["is_border"])


def is_of(*kinds: str) -> Callable[[PublishedEvent], bool]:
    """Whether it is about an operation or an object of one of these kinds."""
    return lambda event: event.payload["kind"] in kinds


def is_taken_back(event: PublishedEvent) -> bool:
    """Whether operations, or the first driver's last stop, ended what another driver was asked for."""
    return bool(event.payload["state"] == "CANCELLED")


OF_A_PAYOUT = ("TRANSFER", "REVERSE_TRANSFER", "PAYOUT", "transfer", "transfer_reversal", "payout")


def has_route(event: PublishedEvent) -> bool:
    """Whether it tells of a route."""
    return event.route_id is not None


MATCH = Reaction(kind="match_market", about=market)
MATCH_WHOLE = Reaction(kind="match_market", about=market, when=lambda event: not is_in_zone(event))
MATCH_ZONE = Reaction(kind="match_zone", about=zone, when=lambda event: is_in_zone(event) and not is_at_border(event))
MATCH_BORDER = Reaction(kind="match_border", about=zone, when=is_at_border)
CLEAR_PAUSED = Reaction(kind="clear_paused", about=market)
PLAN_AFTER_PAUSE = Reaction(kind="plan_after_pause", about=market)
MATCH_NEAR_DRIVER = Reaction(kind="match_near_driver", about=driver)
SEND_WAVE = Reaction(kind="send_wave", about=route)
PLAN_RETURN = Reaction(kind="plan_return", about=delivery, when=lambda event: event.payload["next_step"] != "DISCARD")
PLAN_RETURN_AGAIN = Reaction(kind="plan_return", about=delivery, when=has_not_been_taken)
LEARN_DROP_POINT = Reaction(kind="learn_drop_point", about=delivery)
PLACE_ADDRESS = Reaction(kind="place_address", about=delivery, when=has_no_place)
SETTLE_ATTEMPT = Reaction(kind="settle_attempt", about=delivery)
DRAW = Reaction(kind="draw_route", about=route)
DRAW_WITHOUT_STOP = Reaction(kind="draw_route", about=route, when=is_driven_past)
RETIME = Reaction(kind="retime_route", about=route)
RETIME_AFTER_STOP = Reaction(kind="retime_route", about=route, when=is_visited)
LEARN_ARRIVALS = Reaction(kind="learn_arrivals", about=market, delay_s=60.0)
ISSUE_STATEMENT = Reaction(kind="issue_statement", about=route)
END_REASSIGNMENT = Reaction(kind="end_reassignment", about=route)
MEND_ROUTE = Reaction(kind="mend_route", about=delivery)
MEND_LEFT_ROUTE = Reaction(kind="mend_left_route", about=route, when=has_route)
REACH_HUB = Reaction(kind="reach_hub", about=hub)
WITHDRAW_OFFERS = Reaction(kind="withdraw_offers", about=driver)
TAKE_BACK_OFFERS = Reaction(kind="take_back_offers", about=driver, when=lambda event: event.driver_id is not None)
SETTLE_PAYOUT = Reaction(kind="settle_payout", about=subject, when=is_of(*OF_A_PAYOUT))
SETTLE_ACCOUNT = Reaction(kind="settle_account", about=subject, when=is_of("CREATE_ACCOUNT", "account"))
SETTLE_RELEASED = Reaction(kind="settle_payout", about=payout)
RUN_PAYOUTS = Reaction(kind="run_payouts", about=market)
TELL_DRIVER = Reaction(kind="tell_driver", about=itself)
TELL_CALLED_BACK = Reaction(kind="tell_driver", about=itself, when=is_taken_back)
SEND_OPERATION = Reaction(kind="send_operation", about=operation)
ACCRUE = Reaction(kind="accrue_delivery", about=delivery)
SETTLE_PROFILE = Reaction(
    kind="settle_profile", about=subject, when=is_kind("CREATE_CUSTOMER", "customer", "setup_intent")
)
SETTLE_CHARGE = Reaction(
    kind="settle_charge", about=subject, when=is_kind("CHARGE", "CANCEL_CHARGE", "payment_intent", "dispute", "refund")
)
SETTLE_REFUND = Reaction(kind="settle_refund", about=subject, when=is_kind("REFUND", "refund"))
SETTLE_INVOICE = Reaction(
    kind="settle_invoice",
    about=subject,
    when=is_kind(
        *("CREATE_INVOICE", "ADD_INVOICE_ITEM", "FINALIZE_INVOICE", "VOID_INVOICE"),
        *("invoice", "payment_intent", "dispute", "refund"),
    ),
)
DRAFT_INVOICE = Reaction(kind="settle_invoice", about=invoice, when=is_drafted)
SETTLE_TIP = Reaction(
    kind="settle_tip",
    about=subject,
    when=is_kind("CREATE_CHECKOUT", "EXPIRE_CHECKOUT", "checkout.session", "payment_intent", "dispute", "refund"),
)
FORGET_PICTURES = Reaction(kind="forget_pictures", about=market)
NOTIFY = Reaction(kind="notify", about=itself)
NOTIFY_SHIPPER = Reaction(kind="notify", about=itself, when=is_not_by_its_owner)
NOTIFY_PAUSED = Reaction(kind="notify", about=itself, when=is_by_refusals)
NOTIFY_PARTLY_POSTED = Reaction(kind="notify", about=itself, when=lacks_rows)
NOTIFY_ON_THE_WAY = Reaction(kind="notify", about=itself, when=is_on_the_way_to_recipient)
ROLL_UP = Reaction(kind="roll_up", about=market, delay_s=1.0)

SETTLE = [SETTLE_PAYOUT, SETTLE_ACCOUNT, SETTLE_PROFILE, SETTLE_CHARGE, SETTLE_REFUND, SETTLE_INVOICE, SETTLE_TIP]
"""Whoever wanted something of the provider looks at what has come of it."""

REACTIONS: dict[str, Sequence[Reaction]] = {
    # Something to plan, or somebody to plan it for
    "BatchPosted": [MATCH],
    "DeliveryPosted": [PLACE_ADDRESS],
    "DeliveryPlaced": [MATCH],
    "PlanningDue": [MATCH_WHOLE, MATCH_ZONE, MATCH_BORDER],
    "DeliveryUnplanned": [MATCH],
    "RouteDissolved": [MATCH, RETIME],
    # Nothing new begins in a part of the city for a while
    "ZonePaused": [CLEAR_PAUSED],
    "ZoneResumed": [PLAN_AFTER_PAUSE, MATCH],
    "DriverWentOnline": [MATCH, MATCH_NEAR_DRIVER],
    "DriverWentOffline": [WITHDRAW_OFFERS],
    # A route looks for its driver
    "RoutePlanned": [SEND_WAVE, DRAW, RETIME],
    "WaveExhausted": [SEND_WAVE],
    # Its lines on the map follow the streets, from where its driver was to its last stop, and so do its arrivals
    "RouteAssigned": [DRAW, RETIME],
    "RouteStarted": [RETIME],
    "RouteExtended": [DRAW, RETIME],
    "StopChanged": [DRAW_WITHOUT_STOP, RETIME_AFTER_STOP],
    # A delivery goes its way, and recipient and sender hear of it
    "DeliveryAssigned": [NOTIFY],
    "DeliveryMoved": [NOTIFY_ON_THE_WAY],
    "DeliveryReassigned": [PLAN_RETURN_AGAIN],
    "DeliveryDelivered": [ACCRUE, LEARN_DROP_POINT, NOTIFY],
    "DeliveryAttempted": [PLAN_RETURN, NOTIFY],
    "DeliveryBroughtBack": [SETTLE_ATTEMPT],
    "DeliveryRequeued": [MATCH],
    "DeliveryReturned": [ACCRUE, NOTIFY],
    "WindowChanged": [MEND_LEFT_ROUTE, NOTIFY],
    "WindowBooked": [MEND_LEFT_ROUTE],
    "HubOpeningSet": [REACH_HUB],
    "DeliveryCancelled": [MEND_ROUTE, ACCRUE],
    "LateRiskRaised": [NOTIFY],
    "DeliveryExpired": [ACCRUE, NOTIFY],
    "DeliveryFailed": [ACCRUE, NOTIFY],
    # A shipper's systems hear nothing any more
    "WebhookDisabled": [NOTIFY_SHIPPER],
    # A day of a recurring batch was not posted as its shipper thinks
    "OccurrenceRefused": [NOTIFY],
    "OccurrencePosted": [NOTIFY_PARTLY_POSTED],
    "RecurringBatchChanged": [NOTIFY_PAUSED],
    # A recipient is erased
    "RecipientErased": [FORGET_PICTURES],
    # A route is done: its driver is free again, and is paid
    "RouteCompleted": [ISSUE_STATEMENT, MATCH, MATCH_NEAR_DRIVER, RETIME, LEARN_ARRIVALS, END_REASSIGNMENT],
    "PayoutRunWanted": [RUN_PAYOUTS],
    "PayoutReleased": [SETTLE_RELEASED],
    # Somebody is asked to take a route over, and is on the way there when it is taken back
    "ReassignmentOffered": [TELL_DRIVER],
    "ReassignmentEnded": [TELL_CALLED_BACK],
    # Operations have written to a driver
    "DriverMessaged": [TELL_DRIVER],
    # A paper of a driver ends soon, or was taken back
    "DocumentExpiring": [TELL_DRIVER],
    "DocumentChecked": [TAKE_BACK_OFFERS],
    "VehicleChecked": [TAKE_BACK_OFFERS],
    # A place in a block is held for whoever is next, or a block will not be
    "BlockPlaceFreed": [TELL_DRIVER],
    "BlockCalledOff": [TELL_DRIVER],
    # Standing and suspensions: a driver hears each step
    "SuspensionProposed": [TELL_DRIVER],
    "SuspensionDismissed": [TELL_DRIVER],
    "SuspensionConfirmed": [TELL_DRIVER],
    "SuspensionBegan": [TELL_DRIVER, WITHDRAW_OFFERS],
    "AppealDecided": [TELL_DRIVER],
    "SuspensionEnded": [TELL_DRIVER],
    "EvidenceCorrected": [TELL_DRIVER],
    "PayoutFailed": [TELL_DRIVER],
    "PayoutReversed": [TELL_DRIVER],
    "PayoutAccountChanged": [TELL_DRIVER],
    "PayoutAccountStopped": [TELL_DRIVER],
    # Money moves at the payment provider
    "OperationWanted": [SEND_OPERATION],
    "OperationEnded": SETTLE,
    "ProviderObjectChanged": SETTLE,
    "InvoiceChanged": [DRAFT_INVOICE],
}
AFTER_EVERY_EVENT = [ROLL_UP]


def jobs_after(events: Iterable[PublishedEvent]) -> Iterator[WantedJob]:
    """The jobs that follow from events, as the table says."""
    for event in events:
        for reaction in [*REACTIONS.get(event.name, ()), *AFTER_EVERY_EVENT]:
            if reaction.when(event):
                yield WantedJob(
                    market_id=event.market_id,
                    kind=reaction.kind,
                    subject=str(reaction.about(event)),
                    delay_s=reaction.delay_s,
                )
