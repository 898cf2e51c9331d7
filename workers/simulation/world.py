"""What all people of a simulated day share: the marketplace, the stage, the doors they go to, and the record."""

from collections.abc import Callable
from dataclasses import dataclass, field

from marketplace.adapters.stripe import SimulatedStripe
from marketplace.app import Marketplace
from marketplace.core.ids import MarketId
from workers.simulation.record import Record
from workers.simulation.stage import Stage
from workers.traffic import HiddenTraffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The people at the doors: whether they are there, and the PINs that their shippers have passed on to them."""

    failure_at: Callable[[str], str | None] = lambda _: None
    """Why a parcel cannot be handed over, by its shipper's reference; None when it can."""
    takes_s: Callable[[str, str], float | None] = lambda *_: None
    """How long a parcel took at a kind of stop, by its shipper's reference; None where nobody knows."""
    pins: dict[str, str] = field(default_factory=dict)
    """By the wire id of the delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Handed to everybody who acts."""

    marketplace: Marketplace
    stripe: SimulatedStripe
    stage: Stage
    market_id: MarketId
    doors: Doors
    record: Record
    traffic: HiddenTraffic | None = None
    """How the streets really are; without it every drive takes what the plan says, give or take a driver's mood."""

    def goes_on(self) -> bool:
        """Whether anybody has something to do, or anything is still on its way."""
        return self.stage.has_acts or self.record.open_deliveries > 0 or self.record.is_on_the_road
