"""Facts about waves and offers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferSent(Event):
    """A driver was asked."""

    offer_id: UUID
    route_id: UUID
    driver_id: UUID
    wave_number: int
    pay_minor: int
    currency: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferAccepted(Event):
    """A driver said yes first."""

    offer_id: UUID
    route_id: UUID
    driver_id: UUID
    pay_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferDeclined(Event):
    """A driver said no, which never counts against the driver."""

    offer_id: UUID
    route_id: UUID
    driver_id: UUID
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferExpired(Event):
    """The time to answer ran out, which never counts against the driver."""

    offer_id: UUID
    route_id: UUID
    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferWithdrawn(Event):
    """An offer was taken back: somebody else was first, or the route changed."""

    offer_id: UUID
    route_id: UUID
    driver_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WaveExhausted(Event):
    """Nobody of a wave took the route."""

    route_id: UUID
    wave_id: UUID
    number: int
