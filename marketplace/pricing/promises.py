"""What a rate card says beyond its price: what calling off and a no-show cost, and what lateness gives back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from marketplace.core.money import BadMoney, check_whole, rate_times

WAITING = frozenset({"CREATED", "SCHEDULED", "OFFERING"})
TAKEN = frozenset({"ASSIGNED", "EN_ROUTE_TO_PICKUP"})
AT_PICKUP = frozenset({"ARRIVED_AT_PICKUP"})
WHOLE = 100


class BadPromises(BadMoney):
    """Percentages or seconds that are not whole, negative, above a hundred or of an unknown name."""

    code = "BAD_PROMISES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Percentages of the delivery's price. All are nothing unless the card says otherwise.

    Calling off is free until `cancel_free_s` before the pickup window opens, as long as no driver has it. After that it
    costs by how far it has come: nobody has it, a driver has it, the driver stands at the pickup. A hand-over later
    than `sla_grace_s` after the end of its window gives `sla_credit_percent` back. A booked window costs at most
    `window_swing_percent` more or less than another, by what it adds to the plan; at 0 that is shown and not charged.
    Another try after a failed hand-over costs `redelivery_percent`.
    """

    cancel_free_s: int = 0
    cancel_late_percent: int = 0
    cancel_taken_percent: int = 0
    cancel_at_pickup_percent: int = 0
    no_show_percent: int = 0
    sla_grace_s: int = 0
    sla_credit_percent: int = 0
    window_swing_percent: int = 0
    redelivery_percent: int = 0

    def __post_init__(self) -> None:
        check_whole(asdict(self), refusal=BadPromises, thing="a rate card")
        for name, value in asdict(self).items():
            if name.endswith("_percent") and value > WHOLE:
                raise BadPromises(f"{name} is at most {WHOLE}", field=name)

    @classmethod
    def of(cls, kept: Mapping[str, int]) -> "Promises":
        """The promises of a kept rate card; what it does not name is nothing."""
        if wrong := kept.keys() - {field.name for field in fields(cls)}:
            raise BadPromises(f"a rate card promises no {min(wrong)}", field=min(wrong))
        return cls(**kept)

    def as_json(self) -> dict[str, int]:
        """The promises as a rate card keeps them."""
        return asdict(self)

    def cancellation_fee(self, *, price_minor: int, state: str, until_pickup_s: float) -> int:
        """What calling a delivery off costs now: its state, and the seconds until its pickup window opens, decide."""
        if state in WAITING:
            percent = 0 if until_pickup_s >= self.cancel_free_s else self.cancel_late_percent
        elif state in TAKEN:
            percent = self.cancel_taken_percent
        elif state in AT_PICKUP:
            percent = self.cancel_at_pickup_percent
        else:
            percent = 0
        return rate_times(price_minor, percent, WHOLE)

    def no_show_fee(self, *, price_minor: int) -> int:
        """What it costs when the driver stood at the pickup and there was nothing to take."""
        return rate_times(price_minor, self.no_show_percent, WHOLE)

    def sla_credit(self, *, price_minor: int, late_s: float) -> int:
        """What a hand-over so many seconds after the end of its window gives back; nothing within the grace."""
        return rate_times(price_minor, self.sla_credit_percent, WHOLE) if late_s > self.sla_grace_s else 0

    def redelivery_fee(self, *, price_minor: int) -> int:
        """What another try after a failed hand-over costs."""
        return rate_times(price_minor, self.redelivery_percent, WHOLE)
