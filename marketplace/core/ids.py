"""Identifiers: UUIDv7 made by us from market time, typed by noun, prefixed on the wire."""

import random
from datetime import datetime
from string import hexdigits
from typing import NewType
from uuid import UUID

from marketplace.core.errors import Invalid, NotFound

MarketId = NewType("MarketId", UUID)
ShipperId = NewType("ShipperId", UUID)
HubId = NewType("HubId", UUID)
DriverId = NewType("DriverId", UUID)
OperatorId = NewType("OperatorId", UUID)
CompanyId = NewType("CompanyId", UUID)
DispatcherId = NewType("DispatcherId", UUID)
QuoteId = NewType("QuoteId", UUID)
BatchId = NewType("BatchId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
RouteId = NewType("RouteId", UUID)
StopId = NewType("StopId", UUID)
WaveId = NewType("WaveId", UUID)
OfferId = NewType("OfferId", UUID)
ProofId = NewType("ProofId", UUID)
StatementId = NewType("StatementId", UUID)
PayoutId = NewType("PayoutId", UUID)
BillingId = NewType("BillingId", UUID)
ChargeId = NewType("ChargeId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
OperationId = NewType("OperationId", UUID)
WebhookId = NewType("WebhookId", UUID)
MessageId = NewType("MessageId", UUID)
BlockId = NewType("BlockId", UUID)
SignUpId = NewType("SignUpId", UUID)
JobId = NewType("JobId", UUID)

PREFIXES = {
    "market": "mkt",
    "shipper": "shp",
    "hub": "hub",
    "driver": "drv",
    "company": "com",
    "dispatcher": "dsp",
    "driver_document": "doc",
    "standing_evidence": "evd",
    "standing_correction": "cor",
    "suspension": "sus",
    "vehicle": "vhc",
    "operator": "opr",
    "reservation": "rsv",
    "goal": "gol",
    "goal_miss": "gms",
    "quote": "qot",
    "batch": "bat",
    "recurring_batch": "rcb",
    "delivery": "dlv",
    "package": "pkg",
    "drop_point": "drp",
    "pause": "pse",
    "rural_zone": "rzn",
    "driver_message": "dms",
    "dock_appointment": "apt",
    "route": "rte",
    "stop": "stp",
    "reassignment": "ras",
    "wave": "wav",
    "offer": "off",
    "proof": "prf",
    "statement": "stm",
    "payout": "pay",
    "tip": "tip",
    "claim": "clm",
    "billing": "bil",
    "charge": "chg",
    "refund": "rfd",
    "credit": "crd",
    "invoice": "inv",
    "operation": "opn",
    "event": "evt",
    "job": "job",
    "action": "act",
    "reconciliation": "rcn",
    "movement": "mov",
    "adjustment": "adj",
    "payout_quote": "pqt",
    "pay_period": "ppd",
    "window_hold": "whd",
    "webhook": "whk",
    "message": "msg",
    "notification": "ntf",
    "surge": "sgd",
    "block": "blk",
    "sign_up": "sgn",
}
"""What an id starts with on the wire, by noun. SQL writes the same form: prefix, underscore, 32 hexadecimal digits."""

DIGITS = frozenset(hexdigits)


class BadId(Invalid):
    """A text that has not the form of an id."""

    code = "BAD_ID"


def uuid7(moment: datetime, source: random.Random) -> UUID:
    """A UUIDv7 (RFC 9562) of that moment, whose other 74 bits come from `source`."""
    value = int(moment.timestamp() * 1000) << 80 | source.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def first_id(moment: datetime) -> UUID:
    """An id before all that are made from that moment on, and after all that were made before it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def to_wire(noun: str, value: UUID) -> str:
    """The id as outside clients see it, such as `dlv_0198c0de…`."""
    return f"{PREFIXES[noun]}_{value.hex}"


def from_wire(noun: str, text: str, *, field: str | None = None) -> UUID:
    """Reads an id of that noun; a well-formed id of another noun is simply not found."""
    prefix, _, digits = text.partition("_")
    if prefix not in PREFIXES.values() or len(digits) != 32 or not DIGITS.issuperset(digits):
        raise BadId(f"such an id looks like {PREFIXES[noun]}_ and 32 hexadecimal digits", field=field)
    if prefix != PREFIXES[noun]:
        raise NotFound(f"there is no such {noun}", field=field)
    return UUID(hex=digits)
