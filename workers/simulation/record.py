"""The record of a simulated day: hears every event of the market and adds up the figures.

It counts what the market says has happened, by the moments at which it happened. Only distances are noted by the people
themselves, since no event tells them.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.outbox import PublishedEvent
from marketplace.core.window import Window

ENDS = {
    "DeliveryDelivered": "delivered",
    "DeliveryReturned": "returned",
    "DeliveryCancelled": "cancelled",
    "DeliveryFailed": "failed",
    "DeliveryExpired": "expired",
}
AT_DOOR = {"DeliveryDelivered", "DeliveryAttempted"}
OFFERS = {"OfferSent": "sent", "OfferAccepted": "accepted", "OfferDeclined": "declined", "OfferExpired": "expired"}
AN_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(slots=True)
class Fate:
    """What became of one delivery, and when."""

    posted_at: datetime
    at_door_at: datetime | None = None
    """When somebody was at the door first, whoever was at home."""
    assigned_at: datetime | None = None
    picked_up_at: datetime | None = None
    delivered_at: datetime | None = None
    is_on_time: bool | None = None
    end: str | None = None


@dataclass(slots=True)
class Record:
    """All that is known of a day; `fates` are by the delivery's id, without returns, and `ready_at` by the same id."""

    fates: dict[UUID, Fate] = field(default_factory=dict)
    ready_at: dict[UUID, datetime] = field(default_factory=dict)
    promised: dict[UUID, Window] = field(default_factory=dict)
    """For each delivery the window at its door, as it was posted or changed later."""
    offers: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    routes_completed: int = 0
    earned_minor: int = 0
    paid_minor: int = 0
    came_for_bonus: int = 0
    drivers_paid: set[UUID | None] = field(default_factory=set)
    engaged_s: float = 0.0
    shifts: dict[UUID, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    driven_m: int = 0
    empty_m: int = 0
    events: int = 0
    ended: int = 0
    last_end_at: datetime | None = None
    """When the last delivery or route came to its end."""
    _engaged_since: dict[UUID | None, datetime] = field(default_factory=dict)
    _hash: Any = field(default_factory=sha256)
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def open_deliveries(self) -> int:
        """Deliveries that have not come to their end."""
        return len(self.fates) - self.ended

    @property
    def delivered(self) -> int:
        """Deliveries that were handed over."""
        return sum(fate.end == "delivered" for fate in self.fates.values())

    @property
    def is_on_the_road(self) -> bool:
        """Whether anybody is on a route."""
        return bool(self._engaged_since)

    @property
    def event_hash(self) -> str:
        """The same for two days on which the same happened: a digest of the stream, with ids told apart by order."""
        digest: str = self._hash.hexdigest()
        return digest

    def online(self, driver_id: UUID, since: datetime, until: datetime) -> None:
        """A driver has come online, or says again until when."""
        spans = self.shifts.setdefault(driver_id, [])
        if spans and since < spans[-1][1]:
            since, _ = spans.pop()
        spans.append((since, until))

    def offline(self, driver_id: UUID, moment: datetime) -> None:
        """A driver has gone home."""
        since, until = self.shifts[driver_id].pop()
        self.shifts[driver_id].append((since, min(until, moment)))

    def promise(self, delivery_id: UUID, window: Window, ready_at: datetime) -> None:
        """What a shipper was promised for a delivery, and from when it could be picked up."""
        self.ready_at[delivery_id] = ready_at
        self.promised[delivery_id] = window

    def drove(self, metres: int, *, is_empty: bool) -> None:
        """Somebody drives a leg."""
        self.driven_m += metres
        self.empty_m += metres if is_empty else 0

    def refused(self, code: str) -> None:
        """Somebody was too late."""
        self.refusals[code] += 1

    def hear(self, event: PublishedEvent) -> None:
        """Adds an event to the figures and to the digest of the day."""
        self.events += 1
        self._digest(event)
        name, payload = event.name, event.payload
        happened_at = datetime.fromisoformat(payload["occurred_at"]) if "occurred_at" in payload else event.occurred_at
        if name == "DeliveryPosted" and event.delivery_id is not None:
            self.fates[event.delivery_id] = Fate(posted_at=event.occurred_at)
        elif name in OFFERS:
            self.offers[OFFERS[name]] += 1
        elif name == "RouteAssigned":
            self._engaged_since[event.driver_id] = event.occurred_at
        elif name == "RouteCompleted":
            self.routes_completed += 1
            self.last_end_at = happened_at
            self.engaged_s += (happened_at - self._engaged_since.pop(event.driver_id)).total_seconds()
        elif name == "PayStatementIssued":
            self.earned_minor += payload["total_minor"]
        elif name == "BlockKept":
            self.earned_minor += payload["top_up_minor"]
        elif name == "PayoutPaid":
            self.paid_minor += payload["amount_minor"]
            self.drivers_paid.add(event.driver_id)
        elif event.delivery_id is not None and event.delivery_id in self.fates:
            self._note_delivery(self.fates[event.delivery_id], name, payload, happened_at)

    def _note_delivery(self, fate: Fate, name: str, payload: dict[str, Any], moment: datetime) -> None:
        if name in AT_DOOR:
            fate.at_door_at = fate.at_door_at or moment
        if name == "DeliveryAssigned":
            fate.assigned_at = fate.assigned_at or moment
        elif name == "DeliveryMoved" and payload["state"] == "PICKED_UP":
            fate.picked_up_at = moment
        elif name == "WindowChanged":
            self.promised[UUID(payload["delivery_id"])] = _window(payload)
        elif name in ENDS:
            self.ended += fate.end is None
            fate.end = ENDS[name]
            self.last_end_at = moment
            if name == "DeliveryDelivered":
                fate.delivered_at, fate.is_on_time = moment, payload["is_on_time"]

    def _digest(self, event: PublishedEvent) -> None:
        told = orjson.dumps([event.name, event.occurred_at, event.payload], option=orjson.OPT_SORT_KEYS).decode()
        self._hash.update(AN_ID.sub(self._number_of, told).encode())

    def _number_of(self, found: re.Match[str]) -> str:
        return f"#{self._numbers.setdefault(found[0], len(self._numbers))}"


def _window(payload: dict[str, Any]) -> Window:
    return Window(
        opens_at=datetime.fromisoformat(payload["opens_at"]), closes_at=datetime.fromisoformat(payload["closes_at"])
    )
