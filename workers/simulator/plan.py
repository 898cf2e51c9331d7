"""What kind of day is simulated: how much is posted, and how often something goes another way."""

from dataclasses import dataclass

LARGEST_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """A day of the demo's market. Rates are shares from 0 to 1, times are of the market.

    The seed fixes what is posted and how everybody behaves; which driver gets what still depends on timing.
    """

    seed: int = 1
    deliveries: int = 150
    hours: float = 1.0
    """How long shippers post; the last parcels are at their doors about an hour later."""
    limit_hours: float = 5.0
    """When the day ends even if something is still on its way."""
    smallest_batch: int = 4
    largest_batch: int = 12
    decline_rate: float = 0.22
    expire_rate: float = 0.14
    """Offers that a driver leaves unanswered."""
    fail_rate: float = 0.06
    """Parcels that cannot be handed over and go back."""
    cancel_rate: float = 0.03
    mistype_rate: float = 0.1
    """Hand-overs by PIN at which it is typed wrong the first time."""
    quote_rate: float = 0.4
    """Batches that are posted by a quote."""
    repeat_rate: float = 0.25
    """Batches that are posted a second time, as an app does after a lost answer."""
    address_rate: float = 0.04
    """Parcels that are picked up at an address instead of a hub."""
    offline_drivers: int = 1
    offline_s: float = 900.0
    """How long a driver without network stays without."""
    gathering_s: float = 180.0
    """Until all drivers are online."""
    peak: tuple[float, float] | None = None
    """From which to which share of the posting time twice as much is asked for, most of it from one hub."""
    reserve_rate: float = 0.0
    """Drivers of the crowd who stay at home until a bonus is worth their while."""

    sku: str | None = None
    """What every shipper keeps at all hubs; then some batches come from there."""

    def __post_init__(self) -> None:
        if not 1 <= self.smallest_batch <= self.largest_batch <= LARGEST_BATCH:
            raise ValueError(f"a batch of the simulator has 1 to {LARGEST_BATCH} deliveries")
        rates = {name: getattr(self, name) for name in self.__dataclass_fields__ if name.endswith("_rate")}
        if wrong := [name for name, rate in rates.items() if not 0 <= rate <= 1]:
            raise ValueError(f"{', '.join(wrong)}: a rate is between 0 and 1")
