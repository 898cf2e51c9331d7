"""Facts about what recipients say. They carry no words of theirs: whoever may read those reads the delivery."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.batches.events import DeliveryChanged
from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class InstructionsLeft(DeliveryChanged):
    """A recipient left word for the driver, changed it or took it back."""

    route_id: UUID | None
    driver_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SafePlaceChosen(DeliveryChanged):
    """A recipient said where the parcel may be left, or that it may not be left."""

    route_id: UUID | None
    driver_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRated(Event):
    """A recipient rated a delivery."""

    shipper_id: UUID
    delivery_id: UUID
    driver_id: UUID
    stars: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipientErased(Event):
    """What the market knew of a delivery's recipient is gone."""

    shipper_id: UUID
    delivery_id: UUID
