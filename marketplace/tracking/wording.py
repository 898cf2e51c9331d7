"""What is said to whom about a delivery: a pure rule from what happened to short texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.batches.states import DeliveryState as D
from marketplace.core.window import zone

RECIPIENT = "recipient"
SHIPPER = "shipper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of a delivery with what a text about it needs; `state` is the delivery's state by now."""

    name: str
    payload: Mapping[str, Any]
    state: D
    is_return: bool
    shipper_name: str
    external_id: str
    recipient_phone: str
    pickup_phone: str
    time_zone: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Words:
    """A text for one reader."""

    audience: str
    address: str
    text: str


def words_about(happened: Happened) -> Sequence[Words]:
    """The texts that follow from an event; none for a return, since its original tells of it.

    A word about what is still to come is left out when the delivery has moved on meanwhile.
    """
    if happened.is_return:
        return []
    still = STILL_TRUE.get(happened.name)
    if still is not None and happened.state not in still:
        return []
    addresses = {RECIPIENT: happened.recipient_phone, SHIPPER: happened.pickup_phone}
    return [
        Words(audience, addresses[audience], text(happened))
        for audience, text in TEXTS.get(happened.name, {}).items()
        if addresses[audience]
    ]


def _assigned(happened: Happened) -> str:
    opens, closes = _local(happened.opens_at, happened), _local(happened.closes_at, happened)
    return f"{happened.shipper_name}: your parcel has a driver and arrives between {opens:%H:%M} and {closes:%H:%M}."


def _on_the_way(happened: Happened) -> str:
    return f"{happened.shipper_name}: the driver is on the way to you with your parcel."


def _delivered(happened: Happened) -> str:
    at = _local(datetime.fromisoformat(happened.payload["occurred_at"]), happened)
    return f"{happened.shipper_name}: your parcel was handed over at {at:%H:%M}."


def _attempted(happened: Happened) -> str:
    return f"{happened.shipper_name}: we could not hand your parcel over ({_reason(happened)}). Please ask the sender."


def _attempted_for_shipper(happened: Happened) -> str:
    return f"Delivery {happened.external_id} could not be handed over ({_reason(happened)})."


def _returned(happened: Happened) -> str:
    return f"Delivery {happened.external_id} is back."


def _expired(happened: Happened) -> str:
    return f"Delivery {happened.external_id} found no driver in time ({_reason(happened)}); nothing is charged."


def _failed(happened: Happened) -> str:
    return f"Delivery {happened.external_id} failed ({_reason(happened)})."


def _reason(happened: Happened) -> str:
    return str(happened.payload["reason"]).lower().replace("_", " ")


def _local(instant: datetime, happened: Happened) -> datetime:
    return instant.astimezone(zone(happened.time_zone))


TEXTS: Mapping[str, Mapping[str, Callable[[Happened], str]]] = {
    "DeliveryAssigned": {RECIPIENT: _assigned},
    "DeliveryMoved": {RECIPIENT: _on_the_way},
    "DeliveryDelivered": {RECIPIENT: _delivered},
    "DeliveryAttempted": {RECIPIENT: _attempted, SHIPPER: _attempted_for_shipper},
    "DeliveryReturned": {SHIPPER: _returned},
    "DeliveryExpired": {SHIPPER: _expired},
    "DeliveryFailed": {SHIPPER: _failed},
}

STILL_TRUE: Mapping[str, frozenset[D]] = {
    "DeliveryAssigned": frozenset({D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP, D.PICKED_UP}),
    "DeliveryMoved": frozenset({D.EN_ROUTE_TO_DROPOFF}),
}
