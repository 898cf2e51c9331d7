"""Rate cards: what a shipper pays, from when, with surcharges and with what is promised beyond the price."""

from dataclasses import asdict
from typing import Annotated, cast

import strawberry

from marketplace.accounts import note_action
from marketplace.core.ids import MarketId, ShipperId, from_wire
from marketplace.core.money import BadMoney
from marketplace.core.work import Work
from marketplace.pricing import Promises, RateCard, Surcharge, read_surcharges
from marketplace.shippers import list_rate_cards, set_rate_card
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

ShipperArgument = Annotated[strawberry.ID, strawberry.argument(description="shp_….")]
WEEKDAYS = "Days on which it applies, 1 is Monday; none is every day."
PROMISED = {
    "cancel_free_s": "Seconds before the pickup window until which calling off is free while no driver has it.",
    "cancel_late_percent": "Percent of the price when it is called off after that.",
    "cancel_taken_percent": "Percent of the price when a driver has it.",
    "cancel_at_pickup_percent": "Percent of the price when the driver stands at the pickup.",
    "no_show_percent": "Percent of the price when there is nothing to pick up.",
    "sla_grace_s": "Seconds after the hand-over window that still count as in time.",
    "sla_credit_percent": "Percent of the price that a later hand-over gives back.",
    "window_swing_percent": (
        "Percent of the price by which a booked window may cost more or less, as it burdens the plan; 0 shows the"
        " difference without charging it."
    ),
    "redelivery_percent": "Percent of the price that each further try after a failed hand-over costs.",
}


@strawberry.type(description="What a delivery costs more, where all conditions hold.")
class RateSurcharge:
    """A surcharge."""

    code: str = strawberry.field(description="Its name on the lines of a price, 1 to 30 characters.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units; 0 where it is a percentage.")
    percent: int = strawberry.field(description="Percent of base, distance and stop; 0 where it is an amount.")
    weekdays: list[int] = strawberry.field(description=WEEKDAYS, metadata=usually(2))
    from_minute: int = strawberry.field(description="Minutes after local midnight at which the window opens, or later.")
    to_minute: int = strawberry.field(
        description="Up to but not including; at or before fromMinute it is the next day's."
    )
    requirement: str | None = strawberry.field(description="What the delivery asks of driver or vehicle.")
    over_weight_g: int | None = strawberry.field(description="Heavier than so many grams.")
    over_volume_dm3: int | None = strawberry.field(description="Larger than so many cubic decimetres.")


@strawberry.input(description="What a delivery costs more, where all conditions hold.")
class RateSurchargeInput:
    """A surcharge that is to be set."""

    code: str = strawberry.field(description="Its name on the lines of a price, 1 to 30 characters.")
    amount_minor: MoneyMinor = strawberry.field(default=MoneyMinor(0), description="Minor units; or a percentage.")
    percent: int = strawberry.field(default=0, description="Percent of base, distance and stop, at most 500.")
    weekdays: list[int] = strawberry.field(default_factory=list, description=WEEKDAYS)
    from_minute: int = strawberry.field(default=0, description="Minutes after local midnight, 0 to 1,439.")
    to_minute: int = strawberry.field(default=1_440, description="Up to but not including, 0 to 1,440.")
    requirement: str | None = strawberry.field(default=None, description="What the delivery asks, such as COLD.")
    over_weight_g: int | None = strawberry.field(default=None, description="Heavier than so many grams.")
    over_volume_dm3: int | None = strawberry.field(default=None, description="Larger than so many cubic decimetres.")


@strawberry.type(description="What holds beyond the price. Percentages are of the delivery's price.")
class RatePromises:
    """Promises of a rate card."""

    cancel_free_s: int = strawberry.field(description=PROMISED["cancel_free_s"])
    cancel_late_percent: int = strawberry.field(description=PROMISED["cancel_late_percent"])
    cancel_taken_percent: int = strawberry.field(description=PROMISED["cancel_taken_percent"])
    cancel_at_pickup_percent: int = strawberry.field(description=PROMISED["cancel_at_pickup_percent"])
    no_show_percent: int = strawberry.field(description=PROMISED["no_show_percent"])
    sla_grace_s: int = strawberry.field(description=PROMISED["sla_grace_s"])
    sla_credit_percent: int = strawberry.field(description=PROMISED["sla_credit_percent"])
    window_swing_percent: int = strawberry.field(description=PROMISED["window_swing_percent"])
    redelivery_percent: int = strawberry.field(description=PROMISED["redelivery_percent"])


@strawberry.input(description="What holds beyond the price. Percentages are of the delivery's price, 0 to 100.")
class RatePromisesInput:
    """Promises that are to be set."""

    cancel_free_s: int = strawberry.field(default=0, description=PROMISED["cancel_free_s"])
    cancel_late_percent: int = strawberry.field(default=0, description=PROMISED["cancel_late_percent"])
    cancel_taken_percent: int = strawberry.field(default=0, description=PROMISED["cancel_taken_percent"])
    cancel_at_pickup_percent: int = strawberry.field(default=0, description=PROMISED["cancel_at_pickup_percent"])
    no_show_percent: int = strawberry.field(default=0, description=PROMISED["no_show_percent"])
    sla_grace_s: int = strawberry.field(default=0, description=PROMISED["sla_grace_s"])
    sla_credit_percent: int = strawberry.field(default=0, description=PROMISED["sla_credit_percent"])
    window_swing_percent: int = strawberry.field(default=0, description=PROMISED["window_swing_percent"])
    redelivery_percent: int = strawberry.field(default=0, description=PROMISED["redelivery_percent"])


@strawberry.type(description="One version of what a shipper pays in a market at a service level; never edited.")
class ShipperRateCard:
    """A rate card."""

    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    service_level: str = strawberry.field(description="STANDARD, EXPRESS, SAME_DAY or NEXT_DAY.")
    version: int = strawberry.field(description="Counts from 1.")
    currency: str = strawberry.field(description="ISO 4217.")
    base_minor: MoneyMinor = strawberry.field(description="For each delivery, minor units.")
    per_km_minor: MoneyMinor = strawberry.field(description="For each kilometre of road, minor units.")
    per_stop_minor: MoneyMinor = strawberry.field(description="For the stop at the door, minor units.")
    minimum_minor: MoneyMinor = strawberry.field(description="The least that a delivery costs, minor units.")
    surcharges: list[RateSurcharge] = strawberry.field(description="At most 20.", metadata=usually(3))
    promises: RatePromises = strawberry.field(description="What holds beyond the price.")
    effective_from: DateTime = strawberry.field(description="From when it is in force, market time.")
    effective_to: DateTime | None = strawberry.field(description="When the next version began or begins, market time.")


@strawberry.input(description="A version of a rate card that is to be set. Amounts are minor units of the market.")
class RateCardInput:
    """A rate card that is to be set."""

    service_level: str = strawberry.field(description="STANDARD, EXPRESS, SAME_DAY or NEXT_DAY.")
    currency: str = strawberry.field(description="ISO 4217; the market's own.")
    base_minor: MoneyMinor = strawberry.field(description="For each delivery.")
    per_km_minor: MoneyMinor = strawberry.field(description="For each kilometre of road.")
    per_stop_minor: MoneyMinor = strawberry.field(description="For the stop at the door.")
    minimum_minor: MoneyMinor = strawberry.field(description="The least that a delivery costs.")
    surcharges: list[RateSurchargeInput] = strawberry.field(default_factory=list, description="At most 20.")
    promises: RatePromisesInput | None = strawberry.field(default=None, description="None promises nothing.")
    effective_from: DateTime | None = strawberry.field(default=None, description="Now where it is left out.")

    def value(self) -> RateCard:
        """The card as the marketplace takes it; a wrong amount or condition is refused here."""
        promises = asdict(cast("RatePromises", self.promises)) if self.promises else {}
        return RateCard(
            version=0,
            service_level=self.service_level,
            currency=self.currency,
            base_minor=self.base_minor,
            per_km_minor=self.per_km_minor,
            per_stop_minor=self.per_stop_minor,
            minimum_minor=self.minimum_minor,
            surcharges=_surcharges(self.surcharges),
            promises=Promises.of(promises),
        )


@strawberry.type(description="A new version was set; it is never edited, only followed by another.")
class RateCardSet:
    """A rate card that was set."""

    version: int = strawberry.field(description="Its number among the shipper's cards of this level.")


SetRateCardResult = Annotated[RateCardSet | Problem, strawberry.union("SetRateCardResult")]


@strawberry.type
class Query:
    """Rate cards for those who pay by them, and for those who set them."""

    @query(description="Your rate cards, every version, latest first; at most 200.", usual_rows=4)
    async def rate_cards(self, info: Info) -> list[ShipperRateCard]:
        """Reads one's own cards."""
        shipper = require_shipper(info)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[ShipperRateCard]", _whole(await list_rate_cards(connection, shipper_id=shipper.id)))

    @query(description="A shipper's rate cards in a market, latest first; at most 200. For operations.", usual_rows=4)
    async def shipper_rate_cards(
        self, info: Info, market_id: MarketArgument, shipper_id: ShipperArgument
    ) -> list[ShipperRateCard]:
        """Reads a shipper's cards."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId")
        async with info.context.marketplace.works.read() as connection:
            cards = await list_rate_cards(connection, shipper_id=shipper, market_id=market)
        return cast("list[ShipperRateCard]", _whole(cards))


@strawberry.type
class Mutation:
    """Setting rate cards."""

    @mutation(description="Sets the next version of a shipper's rate card, from now or later on. For operations.")
    async def set_rate_card(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        card: Annotated[RateCardInput, strawberry.argument(description="The whole card.")],
        idempotency_key: IdempotencyKey,
    ) -> SetRateCardResult:
        """Sets a rate card."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        shipper, value = ShipperId(from_wire("shipper", shipper_id, field="shipperId")), card.value()
        kept = {
            "service_level": value.service_level,
            "currency": value.currency,
            "base_minor": value.base_minor,
            "per_km_minor": value.per_km_minor,
            "per_stop_minor": value.per_stop_minor,
            "minimum_minor": value.minimum_minor,
            "surcharges": [one.as_json() for one in value.surcharges],
            "promises": value.promises.as_json(),
        }

        async def run(work: Work) -> str:
            version = await set_rate_card(
                work,
                shipper_id=shipper,
                market_id=market,
                effective_from=card.effective_from,
                **kept,  # type: ignore[arg-type]  # the same names
            )
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="setRateCard",
                subject_id=shipper,
                details={"version": version, **kept},
            )
            return str(version)

        async def answer(_work: Work, reference: str) -> RateCardSet:
            return RateCardSet(version=int(reference))

        return await mutate(
            info,
            operation="setRateCard",
            arguments={"market": market, "shipper": shipper, "card": kept, "from": str(card.effective_from)},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _surcharges(wanted: list[RateSurchargeInput]) -> tuple[Surcharge, ...]:
    try:
        return read_surcharges(asdict(cast("RateSurcharge", one)) for one in wanted)
    except BadMoney as refusal:
        raise type(refusal)(refusal.message, field=f"surcharges.{refusal.field}") from None


def _whole(cards: list[dict[str, object]]) -> list[dict[str, object]]:
    """Cards with every promise named, also those that a card of an earlier day left out."""
    return [
        card
        | {
            "promises": Promises.of(cast("dict[str, int]", card["promises"])).as_json(),
            "surcharges": [
                one.as_json() for one in read_surcharges(cast("list[dict[str, object]]", card["surcharges"]))
            ],
        }
        for card in cards
    ]
