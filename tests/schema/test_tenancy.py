"""Who hears what: every root field of the schema, asked by every kind of caller, with things of another tenant.

The operations are made from the schema, and each asks for everything that its field can answer. A field, or an argument
that takes an id, without a line in the table below fails the test.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.database import connect, open_database, with_database
from marketplace.core.errors import Refusal
from marketplace.tracking import EventStreams
from marketplace.tracking.cursor import write_cursor
from schema.execution import stream
from schema.results import engine_schema
from schema.schema import schema as strawberry_schema
from tests.cloning import AT_ONCE
from tests.conftest import NOW
from tests.schema.tenants import SECRETS, Tenants, Things, open_tenants, things_of_nobody
from tests.schema.whole_fields import MOST_ROWS, id_arguments, root_fields, whole_operations
from tests.waiting import until

SCHEMA = engine_schema(strawberry_schema)
FIELDS = root_fields(SCHEMA)
KINDS = ("shipper", "driver", "operator", "recipient", "dispatcher")
SIGNED_IN = frozenset(KINDS)
SHIPPER, DRIVER, OPERATOR = frozenset({"shipper"}), frozenset({"driver"}), frozenset({"operator"})
RECIPIENT, DISPATCHER = frozenset({"recipient"}), frozenset({"dispatcher"})

Variables = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may ask for a field; None is everybody. `asks` are ways to ask for somebody's things, `more` the rest."""

    callers: frozenset[str] | None
    asks: tuple[Callable[[Things], Variables], ...] = (lambda _: {},)
    more: Mapping[str, Any] | None = None


def report(ask: Callable[[Things], Variables], **more: Any) -> Rule:
    """A driver's report."""
    return Rule(callers=DRIVER, asks=(ask,), more={"clientEventId": "1", "occurredAt": NOW.isoformat(), **more})


def row(things: Things) -> Variables:
    """A delivery from a hub."""
    local = {"opens": "2026-03-02T12:00", "closes": "2026-03-02T15:00"}
    return {
        "externalId": uuid4().hex,
        "hubId": things.hub,
        "dropoff": {"lat": -29.9, "lon": -71.25, "address": "Calle 1"},
        "packages": [{"weightG": 1, "lengthMm": 1, "widthMm": 1, "heightMm": 1}],
        "pickupWindow": local,
        "dropoffWindow": local,
    }


def at_stop(things: Things) -> Variables:
    return {"stopId": things.stop}


def at_offer(things: Things) -> Variables:
    return {"offerId": things.offer}


def at_webhook(things: Things) -> Variables:
    return {"webhookId": things.webhook}


def in_market(things: Things) -> Variables:
    return {"marketId": things.market}


def for_delivery(things: Things) -> Variables:
    return {"deliveryId": things.delivery}


def for_wish(things: Things) -> Variables:
    return {"wish": {"hubId": things.hub, "place": {"lat": -29.9, "lon": -71.25}}}


def at_hub(things: Things) -> Variables:
    return {"marketId": things.market, "hubId": things.hub}


def at_block(things: Things) -> Variables:
    return {"marketId": things.market, "blockId": things.block}


A_WINDOW = {"day": "2026-03-02", "opensAt": "2026-03-02T19:00:00Z", "closesAt": "2026-03-02T21:00:00Z"}

PAY_RATES_INPUT = {
    "baseMinor": 900, "perKmMinor": 180, "perMinuteMinor": 60, "perStopMinor": 250, "waitPerMinuteMinor": 80,
    "waitGraceS": 300, "minimumMinor": 1500,
}  # fmt: skip


def of_shipper(things: Things) -> Variables:
    return {"marketId": things.market, "shipperId": things.shipper}


def of_delivery(things: Things) -> Variables:
    return {"marketId": things.market, "deliveryId": things.delivery}


def of_company(things: Things) -> Variables:
    return {"marketId": things.market, "companyId": things.company}


def of_driver(things: Things) -> Variables:
    return {"marketId": things.market, "driverId": things.driver}


def of_file(things: Things) -> Variables:
    return {"marketId": things.market, "suspensionId": things.suspension}


AMOUNT = {"amountMinor": 1, "currency": "CLP", "reason": "because"}
POINT = {"lat": -29.9, "lon": -71.25}
PAGE = {"first": MOST_ROWS}

LATER = (NOW + timedelta(hours=1)).isoformat()
NEW_WINDOW = {"opens": f"{NOW.date()}T18:00", "closes": f"{NOW.date()}T20:00"}

RULES = {
    # Nobody has to sign in for these
    "clock": Rule(callers=None),
    "requestSignInCode": Rule(callers=None),
    "signIn": Rule(callers=None),
    "refreshSession": Rule(callers=None),
    # Whoever is signed in, about oneself
    "me": Rule(callers=SIGNED_IN),
    "signOut": Rule(callers=SIGNED_IN),
    "eventCursor": Rule(callers=SIGNED_IN, asks=(in_market,)),
    # A contracted company, about its own
    "myCompany": Rule(callers=DISPATCHER),
    "companyDrivers": Rule(callers=DISPATCHER),
    "companyRoutes": Rule(callers=DISPATCHER),
    "companyPay": Rule(callers=DISPATCHER),
    # The way into the fleet
    "applyToDrive": Rule(
        callers=None, asks=(in_market,), more={"name": "Ana", "phone": "+56912345678", "vehicle": "CAR"}
    ),
    "myPapers": Rule(callers=DRIVER),
    "createDocumentUpload": Rule(
        callers=DRIVER,
        more={"kind": "COLD", "goodUntil": "2027-03-02T12:00:00Z", "contentType": "image/png", "sizeBytes": 10},
    ),
    "addVehicle": Rule(callers=DRIVER, more={"kind": "CAR", "label": "the blue one"}),
    "chooseVehicle": Rule(callers=DRIVER, asks=(lambda things: {"vehicleId": things.vehicle},)),
    "setPreferences": Rule(callers=DRIVER, more={"areaCells": []}),
    # Standing and suspensions
    "standingRules": Rule(callers=None),
    "myStanding": Rule(callers=DRIVER),
    "myFairness": Rule(callers=DRIVER, more={"day": "2026-03-02"}),
    "suspensionFile": Rule(callers=DRIVER | OPERATOR, asks=(of_driver,)),
    "askCorrection": Rule(
        callers=DRIVER, asks=(lambda things: {"evidenceId": things.standing_evidence},), more={"text": "not so"}
    ),
    "appealSuspension": Rule(
        callers=DRIVER,
        asks=(lambda things: {"suspensionId": things.suspension},),
        more={"text": "not so", "evidence": ["a photo"]},
    ),
    "driverStanding": Rule(callers=OPERATOR, asks=(of_driver,)),
    "standingAttention": Rule(callers=OPERATOR, asks=(in_market,)),
    "fairness": Rule(callers=OPERATOR, asks=(in_market,), more={"day": "2026-03-02"}),
    "answerCorrection": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "correctionId": things.standing_correction},),
        more={"isUpheld": True, "reason": "seen"},
    ),
    "proposeSuspension": Rule(
        callers=OPERATOR, asks=(of_driver,), more={"safetyReason": "THEFT", "reason": "seen", "evidence": ["a photo"]}
    ),
    "decideSuspension": Rule(
        callers=OPERATOR, asks=(of_file,), more={"isConfirmed": True, "isImmediate": False, "reason": "seen"}
    ),
    "decideAppeal": Rule(callers=OPERATOR, asks=(of_file,), more={"isUpheld": True, "reason": "seen"}),
    "endSuspension": Rule(callers=OPERATOR, asks=(of_file,), more={"ending": "LIFTED", "reason": "seen"}),
    "fleetAttention": Rule(callers=OPERATOR, asks=(in_market,)),
    "companies": Rule(callers=OPERATOR, asks=(in_market,)),
    "checkDocument": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "documentId": things.driver_document},),
        more={"isAccepted": True, "reason": "seen"},
    ),
    "checkVehicle": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "vehicleId": things.vehicle},),
        more={"isPassed": True, "equipment": [], "goodUntil": "2027-03-02T12:00:00Z", "reason": "seen"},
    ),
    "approveDriver": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "driverId": things.driver, "companyId": things.company},),
        more={"contractKind": "CONTRACTED", "reason": "seen"},
    ),
    "activateDriver": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "driverId": things.driver},),
        more={"reason": "seen"},
    ),
    "planShift": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "driverId": things.driver},),
        more={"startsAt": "2026-03-03T12:00:00Z", "endsAt": "2026-03-03T20:00:00Z"},
    ),
    "addCompany": Rule(callers=OPERATOR, asks=(in_market,), more={"name": "Reparto Gama", "routeMinor": 0}),
    "addDispatcher": Rule(callers=OPERATOR, asks=(of_company,), more={"name": "Iris", "email": "iris@example.com"}),
    "setCompanyTerms": Rule(callers=OPERATOR, asks=(of_company,), more={"routeMinor": 1}),
    "endCompany": Rule(callers=OPERATOR, asks=(of_company,), more={"reason": "over"}),
    # Operations of one market
    "markets": Rule(callers=OPERATOR),
    "deadJobs": Rule(callers=OPERATOR, asks=(in_market,)),
    "replayJob": Rule(callers=OPERATOR, asks=(lambda things: {"marketId": things.market, "jobId": things.job},)),
    "heldStatements": Rule(callers=OPERATOR, asks=(in_market,)),
    "releaseStatement": Rule(callers=OPERATOR, asks=(lambda things: {"statementId": things.statement},)),
    "moneyAttention": Rule(callers=OPERATOR, asks=(in_market,)),
    "payOfYear": Rule(callers=OPERATOR, asks=(in_market,), more={"year": 2026, **PAGE}),
    "runPayouts": Rule(callers=OPERATOR, asks=(in_market,)),
    "holdPayout": Rule(callers=OPERATOR, asks=(lambda things: {"payoutId": things.payout},), more={"reason": "odd"}),
    "releasePayout": Rule(callers=OPERATOR, asks=(lambda things: {"payoutId": things.payout},)),
    "reversePayout": Rule(callers=OPERATOR, asks=(lambda things: {"payoutId": things.payout},), more={"reason": "odd"}),
    "adjustDriverPay": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"driverId": things.driver},),
        more={"amountMinor": 100, "reason": "a", "evidence": "b"},
    ),
    "operatorActions": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "reconciliations": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "payPeriods": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "openOperations": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "foreignEvents": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "bookMovement": Rule(callers=OPERATOR, asks=(in_market,), more={"movement": "txn_1", "bookedAs": "UNKNOWN"}),
    # Blocks: a company sees and cancels its own; whose blocks those are is never an argument
    "blocks": Rule(
        callers=OPERATOR | DRIVER | DISPATCHER, asks=(in_market,), more={"begins": NOW.isoformat(), "ends": LATER}
    ),
    "blocksNeeded": Rule(callers=OPERATOR, asks=(at_hub,), more={"day": "2026-03-02"}),
    "publishBlocks": Rule(
        callers=OPERATOR | DISPATCHER,
        asks=(
            lambda things: {
                "marketId": things.market,
                "blocks": [
                    {
                        "hubId": things.hub,
                        "opens": "2026-03-02T18:00",
                        "closes": "2026-03-02T20:00",
                        "places": 1,
                        "floorPerHourMinor": 1,
                    }
                ],
            },
        ),
    ),
    "cancelBlock": Rule(callers=OPERATOR | DISPATCHER, asks=(at_block,), more={"reason": "a storm"}),
    "signUpForBlock": Rule(callers=DRIVER, asks=(lambda things: {"blockId": things.block},)),
    "leaveBlock": Rule(callers=DRIVER, asks=(lambda things: {"blockId": things.block},)),
    "myBlocks": Rule(callers=DRIVER),
    "surge": Rule(callers=OPERATOR | DRIVER | SHIPPER, asks=(in_market,)),
    "surgeDecisions": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "surgeFigures": Rule(callers=OPERATOR, asks=(in_market,), more={"begins": NOW.isoformat(), "ends": LATER}),
    "setSurge": Rule(
        callers=OPERATOR,
        asks=(in_market,),
        more={"cells": ["88b2ddd6edfffff"], "percent": 50, "reason": "a fair", "expiresAt": LATER},
    ),
    "clearSurge": Rule(callers=OPERATOR, asks=(in_market,)),
    "freezeSurge": Rule(callers=OPERATOR, asks=(in_market,), more={"reason": "a storm", "expiresAt": LATER}),
    "market": Rule(callers=OPERATOR, asks=(lambda things: {"id": things.market},)),
    "etaQuality": Rule(callers=OPERATOR, asks=(in_market,), more={"first": "2026-03-02", "last": "2026-03-08"}),
    "liveDrivers": Rule(callers=OPERATOR, asks=(in_market,)),
    "liveRoutes": Rule(callers=OPERATOR, asks=(in_market,)),
    "waitingDeliveries": Rule(callers=OPERATOR, asks=(in_market,)),
    "unassignedDeliveries": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    "dryRun": Rule(
        callers=OPERATOR,
        asks=(in_market,),
        more={
            "input": {
                "deliveries": [{"reference": "a", "pickup": POINT, "dropoff": POINT}],
                "drivers": [{"reference": "b", "point": POINT}],
            }
        },
    ),
    "explainDelivery": Rule(callers=OPERATOR, asks=(lambda things: {"deliveryId": things.delivery},)),
    "explainDriver": Rule(
        callers=OPERATOR, asks=(lambda things: {"driverId": things.driver, "routeId": things.route},)
    ),
    "explainOffer": Rule(callers=OPERATOR | DRIVER, asks=(at_offer,)),
    "setMarketDials": Rule(callers=OPERATOR, asks=(in_market,), more={"dials": {"waveSize": 7}}),
    "payPolicies": Rule(callers=OPERATOR, asks=(in_market,)),
    "payPolicyPacks": Rule(callers=OPERATOR),
    "setPayPolicy": Rule(callers=OPERATOR, asks=(in_market,), more={"rates": PAY_RATES_INPUT, "dropsFloors": False}),
    "adoptPayPolicyPack": Rule(callers=OPERATOR, asks=(in_market,), more={"pack": "seattle_payup_2025"}),
    "payStatement": Rule(callers=OPERATOR | DRIVER, asks=(lambda things: {"id": things.statement},)),
    "marketEvents": Rule(callers=OPERATOR, asks=(in_market,), more={"last": 200}),
    # Shippers; a market is a city and no secret to them
    "hubs": Rule(callers=SHIPPER | OPERATOR, asks=(in_market,)),
    "batch": Rule(callers=SHIPPER, asks=(lambda things: {"id": things.batch},)),
    "batches": Rule(callers=SHIPPER, more=PAGE),
    "delivery": Rule(callers=SHIPPER, asks=(lambda things: {"id": things.delivery},)),
    "deliveries": Rule(callers=SHIPPER, more=PAGE),
    "quoteBatch": Rule(
        callers=SHIPPER, asks=(lambda things: {"marketId": things.market, "deliveries": [row(things)]},)
    ),
    "postBatch": Rule(
        callers=SHIPPER,
        asks=(
            lambda things: {"quoteId": things.quote},
            lambda things: {"marketId": things.market, "deliveries": [row(things)]},
        ),
    ),
    "cancelDelivery": Rule(
        callers=SHIPPER, asks=(lambda things: {"deliveryId": things.delivery},), more={"reason": "OTHER"}
    ),
    "tipDriver": Rule(
        callers=SHIPPER,
        asks=(lambda things: {"deliveryId": things.delivery},),
        more={"amountMinor": 500, "currency": "CLP"},
    ),
    "deliveryEvents": Rule(
        callers=SHIPPER | RECIPIENT,
        asks=(in_market, lambda things: {"marketId": things.market, "deliveryId": things.delivery}),
    ),
    "cancellationFee": Rule(callers=SHIPPER, asks=(lambda things: {"deliveryId": things.delivery},)),
    "myBilling": Rule(callers=SHIPPER),
    "charges": Rule(callers=SHIPPER, more=PAGE),
    "invoices": Rule(callers=SHIPPER, more=PAGE),
    "invoice": Rule(callers=SHIPPER, asks=(lambda things: {"id": things.invoice},)),
    "serviceArea": Rule(callers=SHIPPER, asks=(in_market,)),
    "serviceLevels": Rule(callers=SHIPPER),
    "rateCards": Rule(callers=SHIPPER),
    "setUpCard": Rule(callers=SHIPPER, asks=(lambda things: {"billingId": things.billing},)),
    "authenticateCharge": Rule(callers=SHIPPER, asks=(lambda things: {"chargeId": things.charge},)),
    "topUp": Rule(callers=SHIPPER, asks=(lambda things: {"billingId": things.billing},), more={"amountMinor": 1}),
    "webhooks": Rule(callers=SHIPPER),
    "webhookAttempts": Rule(callers=SHIPPER, asks=(at_webhook,), more=PAGE),
    "webhookAttention": Rule(callers=OPERATOR, asks=(in_market,)),
    "registerWebhook": Rule(
        callers=SHIPPER,
        asks=(in_market,),
        more={"url": "http://127.0.0.1:9/", "events": ["DeliveryDelivered"], "description": ""},
    ),
    "rotateWebhookSecret": Rule(callers=SHIPPER, asks=(at_webhook,), more={"overlapS": 60}),
    "enableWebhook": Rule(callers=SHIPPER, asks=(at_webhook,)),
    "disableWebhook": Rule(callers=SHIPPER, asks=(at_webhook,)),
    "deleteWebhook": Rule(callers=SHIPPER, asks=(at_webhook,)),
    "sendTestEvent": Rule(callers=SHIPPER, asks=(at_webhook,)),
    "replayWebhook": Rule(
        callers=SHIPPER, asks=(lambda things: {"webhookId": things.webhook, "messageId": things.message},)
    ),
    # Shippers' money, for operations of the market
    "shipperBilling": Rule(callers=OPERATOR, asks=(of_shipper,)),
    "shipperCharges": Rule(callers=OPERATOR, asks=(of_shipper,), more=PAGE),
    "shipperInvoices": Rule(callers=OPERATOR, asks=(of_shipper,), more=PAGE),
    "shipperServiceArea": Rule(callers=OPERATOR, asks=(in_market, of_shipper)),
    "shipperServiceLevels": Rule(callers=OPERATOR, asks=(of_shipper,)),
    "shipperRateCards": Rule(callers=OPERATOR, asks=(of_shipper,)),
    "billingAttention": Rule(callers=OPERATOR, asks=(in_market,)),
    "setBillingTerms": Rule(
        callers=OPERATOR,
        asks=(of_shipper,),
        more={
            "terms": "CARD",
            "creditLimitMinor": 1,
            "currency": "CLP",
            "dueDays": 1,
            "collects": "DAY",
            "shortfall": "CARD",
        },
    ),
    "setRateCard": Rule(
        callers=OPERATOR,
        asks=(of_shipper,),
        more={
            "card": {
                "serviceLevel": "STANDARD",
                "currency": "CLP",
                "baseMinor": 1,
                "perKmMinor": 1,
                "perStopMinor": 1,
                "minimumMinor": 1,
            }
        },
    ),
    "setServiceArea": Rule(callers=OPERATOR, asks=(in_market, of_shipper)),
    "setServiceLevel": Rule(callers=OPERATOR, asks=(of_shipper,), more={"level": {"tier": "EXPRESS"}}),
    "refundCharge": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "chargeId": things.charge},),
        more=AMOUNT,
    ),
    "redrawInvoice": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "invoiceId": things.invoice},),
        more={"reason": "a wrong address", "dueDays": 1},
    ),
    "refundDelivery": Rule(callers=OPERATOR, asks=(of_delivery,), more=AMOUNT),
    "issueCreditNote": Rule(callers=OPERATOR, asks=(of_delivery,), more=AMOUNT),
    "grantGoodwill": Rule(callers=OPERATOR, asks=(of_shipper,), more=AMOUNT),
    "eraseRecipient": Rule(
        callers=SHIPPER | OPERATOR,
        asks=(lambda things: {"marketId": things.market, "deliveryId": things.delivery},),
    ),
    # Windows, for shippers and recipients; hubs' terms, for operations
    "deliveryWindows": Rule(callers=SHIPPER | RECIPIENT, asks=(for_delivery, for_wish), more={"day": "2026-03-02"}),
    "holdWindow": Rule(callers=SHIPPER | RECIPIENT, asks=(for_delivery, for_wish), more=A_WINDOW),
    "bookWindow": Rule(
        callers=SHIPPER | RECIPIENT,
        asks=(
            lambda things: {"holdId": things.window_hold},
            lambda things: {"deliveryId": things.delivery} | A_WINDOW,
        ),
    ),
    "revokeWindow": Rule(callers=SHIPPER | RECIPIENT, asks=(lambda things: {"holdId": things.window_hold},)),
    "hubOpening": Rule(callers=OPERATOR, asks=(at_hub,)),
    "hubPromises": Rule(callers=SHIPPER | OPERATOR, asks=(in_market,), more={"place": POINT}),
    "setHubOpening": Rule(
        callers=OPERATOR, asks=(at_hub,), more={"opening": {"hours": [{"day": 1, "opens": "08:00", "closes": "20:00"}]}}
    ),
    # Parcels that nobody takes, and addresses that are not known
    "failureWishes": Rule(callers=SHIPPER),
    "setFailurePolicy": Rule(callers=SHIPPER, more={"policy": "REDELIVER", "maxAttempts": 2}),
    "attemptFigures": Rule(
        callers=SHIPPER | OPERATOR, asks=(in_market,), more={"firstDay": "2026-03-01", "lastDay": "2026-03-31"}
    ),
    "rescheduleDelivery": Rule(
        callers=SHIPPER | OPERATOR,
        asks=(lambda things: {"deliveryId": things.delivery},),
        more={"window": NEW_WINDOW},
    ),
    "returnDelivery": Rule(callers=OPERATOR, asks=(of_delivery,)),
    "chooseRedelivery": Rule(callers=RECIPIENT, more={"window": NEW_WINDOW}),
    "searchStreets": Rule(callers=SHIPPER | OPERATOR, asks=(in_market,), more={"text": "avenida"}),
    "addressesToReview": Rule(callers=OPERATOR, asks=(in_market,)),
    "dropPointsToReview": Rule(callers=OPERATOR, asks=(in_market,)),
    "resolveAddress": Rule(callers=OPERATOR, asks=(of_delivery,), more={"point": POINT}),
    "settleDropPoint": Rule(
        callers=OPERATOR,
        asks=(lambda things: {"marketId": things.market, "dropPointId": things.drop_point},),
        more={"point": POINT},
    ),
    # What people are told
    "alertPolicy": Rule(callers=SHIPPER),
    "setAlertPolicy": Rule(callers=SHIPPER, more={"policy": {"language": "en"}}),
    "notifications": Rule(callers=SHIPPER, asks=(lambda things: {"deliveryId": things.delivery},), more=PAGE),
    "alertLog": Rule(callers=OPERATOR, asks=(in_market,), more=PAGE),
    # Recipients
    "trackedDelivery": Rule(callers=RECIPIENT, more={"language": "EN"}),
    "leaveInstructions": Rule(callers=RECIPIENT, more={"text": "bell", "language": "EN"}),
    "chooseSafePlace": Rule(callers=RECIPIENT, more={"place": "PORCH", "language": "EN"}),
    "giveTip": Rule(callers=RECIPIENT, more={"amountMinor": 300, "currency": "USD", "language": "EN"}),
    "rateDelivery": Rule(callers=RECIPIENT, more={"stars": 5, "language": "EN"}),
    "pushKey": Rule(callers=RECIPIENT),
    "subscribeBrowser": Rule(
        callers=RECIPIENT, more={"endpoint": "https://127.0.0.1/push", "p256dh": "x", "auth": "x"}
    ),
    "unsubscribeBrowser": Rule(callers=RECIPIENT, more={"endpoint": "https://127.0.0.1/push"}),
    # Drivers
    "myProfile": Rule(callers=DRIVER),
    "myOffers": Rule(callers=DRIVER),
    "myRoute": Rule(callers=DRIVER),
    "myEarnings": Rule(callers=DRIVER),
    "myStatements": Rule(callers=DRIVER, more=PAGE),
    "myPayouts": Rule(callers=DRIVER, more=PAGE),
    "goOnline": Rule(callers=DRIVER, more={"point": POINT}),
    "goOffline": Rule(callers=DRIVER),
    "reportPositions": Rule(callers=DRIVER, more={"positions": [{"point": POINT, "occurredAt": NOW.isoformat()}]}),
    "acceptOffer": Rule(callers=DRIVER, asks=(at_offer,)),
    "declineOffer": Rule(callers=DRIVER, asks=(at_offer,)),
    "viewOffer": Rule(callers=DRIVER, asks=(at_offer,)),
    "startRoute": report(lambda things: {"routeId": things.route}),
    "arriveAtStop": report(at_stop),
    "pickUp": report(at_stop),
    "dropOff": report(
        lambda things: {"stopId": things.stop, "proofIds": [things.proof]}, pin="000000", leftAt="RECIPIENT"
    ),
    "failStop": report(at_stop, reason="OTHER"),
    "correctPin": Rule(callers=DRIVER, asks=(at_stop,), more={"point": POINT}),
    "createProofUpload": Rule(
        callers=DRIVER, asks=(at_stop,), more={"kind": "PHOTO", "contentType": "image/jpeg", "sizeBytes": 9}
    ),
    "requestPayout": Rule(
        callers=DRIVER, asks=(lambda things: {"quoteId": things.payout_quote},), more={"method": "STANDARD"}
    ),
    "payoutQuote": Rule(callers=DRIVER, more={"method": "STANDARD"}),
    "myPayoutAccount": Rule(callers=DRIVER),
    "payoutOnboardingLink": Rule(callers=DRIVER, more={"returnUrl": "https://a.test", "refreshUrl": "https://b.test"}),
    "payout": Rule(callers=DRIVER | OPERATOR, asks=(lambda things: {"id": things.payout},)),
    "offerEvents": Rule(callers=DRIVER),
    "routeEvents": Rule(callers=DRIVER),
}
NAMES = sorted(RULES.keys() & FIELDS.keys())
STREAMS = [name for name in NAMES if FIELDS[name][0] == "subscription"]
ANSWERED = [name for name in NAMES if name not in STREAMS]
WITH_IDS = [name for name in ANSWERED if id_arguments(FIELDS[name][1])]
TEXTS = {name: whole_operations(SCHEMA, name) for name in NAMES}
QUERIES = [name for name in ANSWERED if FIELDS[name][0] == "query"]


@pytest.fixture(scope="module")
async def tenants(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tenants]:
    """Two tenants of each kind, in a database that all tests of this file share: none of them changes a thing."""
    name = f"doorstep_tenants_{uuid4().hex[:12]}"
    admin = await connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {AT_ONCE}")
    url = with_database(server_url, name)
    async with (
        open_database(url, pool_size=6) as database,
        open_tenants(url, database, ManualClock(NOW), tmp_path_factory.mktemp("tenants")) as opened,
    ):
        yield opened
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def operations(name: str, things: Things) -> Iterator[tuple[str, Variables]]:
    """The ways to ask for a field and somebody's things, each with all arguments that are not optional."""
    field = FIELDS[name][1]
    for ask in RULES[name].asks:
        for text in TEXTS[name]:
            variables = {**(RULES[name].more or {}), **ask(things)}
            if "idempotencyKey" in field.args:
                variables["idempotencyKey"] = uuid4().hex
            yield text, variables


def refusal(answer: Any, name: str) -> tuple[str, str] | None:
    """Code and message of a refusal, in whichever of the two forms it came."""
    if "errors" in answer:
        (error,) = answer["errors"]
        return error["extensions"]["code"], error["message"]
    value = answer["data"][name]
    if isinstance(value, dict) and value.get("__typename") == "Problem":
        return value["code"], value["message"]
    return None


def leaks(text: str) -> list[str]:
    """What of the first tenants stands in an answer."""
    return [name for name, secret in SECRETS.items() if secret in text]


def leaked_ids(text: str, things: Things, variables: Variables) -> list[str]:
    """Ids of the first tenants' things that stand in an answer and were not asked with; the market is common."""
    return [one for one in things if one in text and one not in str(variables) and not one.startswith("mkt_")]


def test_every_root_field_has_a_rule() -> None:
    assert RULES.keys() == FIELDS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_that_takes_an_id_is_asked_with_one(name: str) -> None:
    marked = Things(**{field.name: f"<{field.name}>" for field in fields(Things)})

    asked = {path for ask in RULES[name].asks for path in marked_paths("", ask(marked))}

    assert asked == id_arguments(FIELDS[name][1])


def marked_paths(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from marked_paths(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from marked_paths(path, inner)
    elif isinstance(value, str) and value.startswith("<"):
        yield path


@pytest.mark.parametrize("name", [name for name in ANSWERED if RULES[name].callers is not None])
async def test_whoever_is_of_the_wrong_kind_is_told_just_that(tenants: Tenants, name: str) -> None:
    allowed = RULES[name].callers
    assert allowed is not None

    for kind in (None, *sorted(set(KINDS) - allowed)):
        credential = tenants.first[kind] if kind else None
        for text, variables in operations(name, tenants.things):
            response = await tenants.ask(text, variables, credential)

            said = refusal(response.json(), name)
            assert said is not None, (kind, response.text)
            assert said[0] == ("NOT_ALLOWED" if kind else "UNAUTHENTICATED"), kind
            assert leaks(response.text) == [], kind


@pytest.mark.parametrize("name", WITH_IDS)
async def test_a_thing_of_somebody_else_looks_like_none(tenants: Tenants, name: str) -> None:
    for kind in sorted(RULES[name].callers or SIGNED_IN):
        theirs, nothing = tenants.things, things_of_nobody()
        if kind != "operator":
            nothing = Things(**{**as_dict(nothing), "market": theirs.market})
        answers: list[list[Any]] = []
        for things in (theirs, nothing):
            answers.append([])
            for text, variables in operations(name, things):
                response = await tenants.ask(text, variables, tenants.second[kind])
                assert leaks(response.text) == leaked_ids(response.text, theirs, variables) == [], kind
                answers[-1].append(without_references(response.json()))

        assert answers[0] == answers[1], kind
        for answer in answers[0]:
            said = refusal(answer, name)
            assert said is None or said[0] == "NOT_FOUND", (kind, said)


def as_dict(things: Things) -> dict[str, str]:
    return {field.name: getattr(things, field.name) for field in fields(Things)}


def without_references(answer: Any) -> Any:
    """An answer without what differs between any two calls: the caller's own references and fresh ids."""
    if isinstance(answer, dict):
        varies = {"externalId", "traceId", "id", "batchId", "expiresAt", "secret"}
        return {key: "…" if key in varies and value else without_references(value) for key, value in answer.items()}
    return [without_references(inner) for inner in answer] if isinstance(answer, list) else answer


OF_A_CITY = {"registerWebhook"}
"""Changes whose only id is that of a market, which all its shippers share."""


@pytest.mark.parametrize("name", [name for name in WITH_IDS if FIELDS[name][0] == "mutation" and name not in OF_A_CITY])
async def test_a_change_of_somebody_elses_thing_is_refused(tenants: Tenants, name: str) -> None:
    for kind in sorted(RULES[name].callers or ()):
        for text, variables in operations(name, tenants.things):
            answer = (await tenants.ask(text, variables, tenants.second[kind])).json()

            value = answer["data"][name]
            problems = [value, *(value.get("problems") or ()), *(row["problem"] for row in value.get("rows") or ())]
            assert {problem["code"] for problem in problems if "code" in problem} <= {"NOT_FOUND", "BAD_DELIVERY"}
            assert any("code" in problem for problem in problems)


@pytest.mark.parametrize("name", QUERIES)
async def test_what_one_reads_of_oneself_holds_nothing_of_others(tenants: Tenants, name: str) -> None:
    own = Things(**{**as_dict(things_of_nobody()), "market": tenants.second_market})
    city = Things(**{**as_dict(own), "market": tenants.things.market})
    for kind in sorted(RULES[name].callers or SIGNED_IN):
        for text, variables in operations(name, city if kind == "shipper" else own):
            response = await tenants.ask(text, variables, tenants.second[kind])

            assert leaks(response.text) == leaked_ids(response.text, tenants.things, variables) == [], kind


@pytest.mark.parametrize(
    ("name", "kind", "seen"),
    [
        ("me", "shipper", {"shipper"}),
        ("hubs", "shipper", {"hub", "hub's address", "latitude of hub"}),
        ("batch", "shipper", {"address", "recipient", "recipient's phone", "pin", "package", "instructions"}),
        ("delivery", "shipper", {"address", "recipient", "pin", "pickup", "latitude of home", "longitude of home"}),
        ("deliveries", "shipper", {"address", "pin"}),
        ("trackedDelivery", "recipient", {"shipper", "address", "pin", "latitude of home", "longitude of home"}),
        ("myProfile", "driver", {"driver"}),
        ("myRoute", "driver", {"address", "recipient", "recipient's phone", "instructions", "latitude of home"}),
        ("liveDrivers", "operator", {"driver", "where the driver is"}),
        ("myCompany", "dispatcher", {"company"}),
        ("companyDrivers", "dispatcher", {"company's driver"}),
        ("companies", "operator", {"company"}),
        ("fleetAttention", "operator", {"paper", "vehicle", "driver"}),
        ("myPapers", "driver", {"vehicle"}),
        ("liveRoutes", "operator", {"latitude of home"}),
        ("unassignedDeliveries", "operator", {"address"}),
        ("market", "operator", {"market"}),
        ("markets", "operator", {"market"}),
        ("deadJobs", "operator", {"job"}),
        ("heldStatements", "operator", {"statement"}),
        ("operatorActions", "operator", {"action"}),
        ("invoice", "shipper", {"invoice line"}),
        ("invoices", "shipper", {"invoice line"}),
        ("charges", "shipper", {"charge"}),
        ("shipperCharges", "operator", {"charge"}),
        ("shipperInvoices", "operator", {"invoice line"}),
        ("myBilling", "shipper", {"credit limit"}),
        ("shipperBilling", "operator", {"credit limit"}),
        ("rateCards", "shipper", {"rate card"}),
        ("webhooks", "shipper", {"webhook"}),
        ("webhookAttempts", "shipper", {"what a receiver said"}),
        ("webhookAttention", "operator", {"webhook"}),
        ("shipperRateCards", "operator", {"rate card"}),
    ],
)
async def test_its_owner_reads_it(tenants: Tenants, name: str, kind: str, seen: set[str]) -> None:
    """Else the tests above would prove nothing."""
    responses = [await tenants.ask(*asked, tenants.first[kind]) for asked in operations(name, tenants.things)]

    assert [response.json().get("errors") for response in responses] == [None] * len(responses)
    assert seen <= set(leaks("".join(response.text for response in responses)))


@pytest.mark.parametrize("name", ["myRoute", "myOffers", "myProfile"])
async def test_a_driver_never_reads_a_pin(tenants: Tenants, name: str) -> None:
    for asked in operations(name, tenants.things):
        response = await tenants.ask(*asked, tenants.first["driver"])

        assert response.json()["data"][name]
        assert "pin" not in leaks(response.text)


async def hear(
    tenants: Tenants, name: str, asked: tuple[str, Variables], credential: str | None
) -> tuple[list[Any], str]:
    """What a subscriber hears of all that has happened, and with what code the stream ends when the server stops."""
    text, variables = asked
    heard: list[Any] = []
    async with EventStreams(tenants.marketplace.works, tenants.marketplace.database_url) as streams:
        edge = tenants.edge_with(streams)
        authorization = f"Bearer {credential}" if credential else None
        principal = await edge.authenticator.principal_of(authorization, address="127.0.0.1")
        operation = edge.documents.prepare(text).select(None)
        context = edge.context(principal=principal, address="127.0.0.1", request_id="test")
        variables["after"] = write_cursor(tenants.market.id, 0)

        async def listen() -> str:
            try:
                async for answer in stream(edge.schema, operation, variables, context):
                    heard.append(orjson.loads(answer)["data"][name])  # noqa: PERF401 - what was heard stays when the stream is cut
            except Refusal as end:
                return end.code
            raise AssertionError("a stream ends with a refusal")

        listening = asyncio.create_task(listen())
        await until(lambda: listening.done() or any(feed._subscribers for feed in streams._feeds.values()))
    return heard, await listening


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_is_for_its_kind_of_caller(tenants: Tenants, name: str) -> None:
    for kind in (None, *sorted(set(KINDS) - (RULES[name].callers or SIGNED_IN))):
        for asked in operations(name, tenants.things):
            heard = await hear(tenants, name, asked, tenants.first[kind] if kind else None)

            assert heard == ([], "NOT_ALLOWED" if kind else "UNAUTHENTICATED"), kind


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("offerEvents", ["OfferSent"]),
        ("routeEvents", ["RouteStarted"]),
        ("deliveryEvents", ["DeliveryPosted"]),
        ("marketEvents", ["DeliveryPosted", "OfferSent", "RouteStarted"]),
    ],
)
async def test_a_stream_tells_its_owner_and_nobody_else(tenants: Tenants, name: str, told: list[str]) -> None:
    for kind in sorted(RULES[name].callers or SIGNED_IN):
        for asked in operations(name, tenants.things):
            own, _ = await hear(tenants, name, asked, tenants.first[kind])
            others = await hear(tenants, name, asked, tenants.second[kind])

            assert [event["name"] for event in own] == told
            # A recipient's stream is the market's own: a cursor of another one is none.
            refused = {"operator": "NOT_FOUND", "recipient": "CURSOR_EXPIRED"}
            assert others == ([], refused.get(kind, "STREAM_ENDED"))
            assert leaks(str(own)) == []
