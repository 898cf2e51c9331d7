"""The dials of a market as a value: what operations set, and what every verb of that market obeys."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from marketplace.core.errors import Invalid
from marketplace.core.window import zone

SHORTEST_ANSWER_IN_PRODUCTION_S = 60
"""Colorado asks for 60 seconds to decide; less is for development only."""
OBJECTIVES = ("expected_cost", "delivery_delay", "travel_time", "fewest_drivers")
"""What a market's matcher makes least, once as many deliveries as possible are served."""
SHIFT_END_COVERS = ("route", "pickups")
"""What a shift must be long enough for: the whole route, or only its pickups."""
ORDERS_OF_CALL = ("by_rule", "by_marginal_cost")
"""Dedicated drivers first, then contracted ones, then the crowd; or whoever costs least, of whatever kind."""
LARGEST_AMOUNT = 10**12
"""Minor units: whatever is added to it is still exact in a JSON number."""
LONGEST_PATIENCE_TTLS = 10_000
"""So many answer times are more than any route has: offers are always sent together."""


COUNTRY = re.compile("[A-Z]{2}")


class BadDial(Invalid):
    """A setting of a market outside its limits."""

    code = "BAD_DIAL"


class Limit(NamedTuple):
    """What a dial may be set to, and what it is in words."""

    low: int
    high: int
    what: str


LIMITS = {
    "offer_ttl_s": Limit(1, 3600, "the seconds a driver gets to answer are"),
    "wave_size": Limit(1, 50, "the drivers of a wave are"),
    "wave_limit": Limit(1, 50, "the waves of a route are"),
    "open_offers_per_driver": Limit(1, 50, "the open offers of a driver are"),
    "broadcast_below_ttls": Limit(
        0, LONGEST_PATIENCE_TTLS, "the answer times of slack below which offers go out together are"
    ),
    "broadcast_fill_percent": Limit(1, 100, "the cases of a hundred in which a broadcast finds a driver are"),
    "waiting_cost_per_hour_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "raise_step_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "raise_cap_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "raise_budget_per_hour_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "route_fixed_cost_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "payout_minimum_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "replan_after_s": Limit(1, 86_400, "the seconds until what waits is planned again are"),
    "plan_ahead_s": Limit(0, 604_800, "the seconds that are planned ahead are"),
    "look_ahead_s": Limit(0, 14_400, "the seconds within which busy drivers are counted as free are"),
    "match_time_limit_ms": Limit(50, 10_000, "the milliseconds of a plan are"),
    "zone_limit": Limit(20, 1000, "the open deliveries of a zone are"),
    "pickup_service_s": Limit(0, 3600, "the seconds of a pickup are"),
    "dropoff_service_s": Limit(0, 3600, "the seconds of a hand-over are"),
    "two_person_service_s": Limit(0, 7200, "the seconds of a hand-over by two people are"),
    "head_start_waves": Limit(0, 50, "the answer times by which a route is offered ahead are"),
    "contracted_head_start_s": Limit(0, 3600, "the seconds for which contracted drivers are asked alone are"),
    "delivery_target_s": Limit(0, 604_800, "the seconds from posting to door are"),
    "late_risk_percent": Limit(1, 100, "the percents of risk from which a delivery counts as in danger are"),
    "route_max_stops": Limit(2, 200, "the stops of a route are"),
    "unavailable_after_s": Limit(0, 3600, "the seconds at a door until nobody is there are"),
    "redelivery_answer_s": Limit(60, 1_209_600, "the seconds in which another try can be chosen are"),
    "geocode_confidence_percent": Limit(0, 100, "the percents of confidence that an address needs are"),
    "payout_every_s": Limit(60, 2_678_400, "the seconds between payouts are"),
    "payout_hold_s": Limit(0, 2_678_400, "the seconds that pay waits before it can be paid out are"),
    "instant_fee_basis_points": Limit(0, 1_000, "the hundredths of a percent that an instant payout costs are"),
    "instant_fee_minimum_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "debt_repay_percent": Limit(0, 100, "the percents of pay that repay a debt are"),
    "driver_shown_stops": Limit(0, 50, "the stops before a recipient's within which the driver is shown are"),
    "tracking_link_s": Limit(0, 31_536_000, "the seconds that a tracking link outlives its delivery are"),
    "recipient_data_s": Limit(0, 31_536_000, "the seconds that drivers see a recipient after the end are"),
    "tip_limit_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "tip_within_s": Limit(0, 2_678_400, "the seconds after an arrival in which a recipient can tip are"),
    "places_per_day": Limit(0, 1_000_000, "the deliveries that are promised for one day are"),
    "claim_within_s": Limit(0, 31_536_000, "the seconds after the end in which a claim can be opened are"),
    "claim_limit_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "claim_hearing_s": Limit(0, 2_678_400, "the seconds that a driver has to answer a claim are"),
    "support_action_s": Limit(0, 3_600, "the seconds that an operator takes for an action are"),
    "support_hour_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "grid_co2_g_per_kwh": Limit(0, 2_000, "the grams of CO2 of a kilowatt-hour are"),
    "position_kept_days": Limit(1, 90, "the days for which drivers' positions are kept are"),
    "surge_every_s": Limit(10, 3_600, "the seconds between two looks at how busy it is are"),
    "surge_starts_at_percent": Limit(0, 900, "the stops for each hundred that can be carried where surge begins are"),
    "surge_full_after_percent": Limit(1, 1_000, "the percents above where surge begins at which it is full are"),
    "surge_max_step_percent": Limit(10, 100, "the percents by which surge changes at once are"),
    "surge_half_life_s": Limit(0, 86_400, "the seconds in which a change has half its effect are"),
    "surge_minimum_population": Limit(0, 10_000, "the stops and drivers that surge needs around a place are"),
    "surge_stops_per_driver": Limit(1, 200, "the stops that an idle driver can carry are"),
    "surge_bonus_cap_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "surge_surcharge_cap_percent": Limit(0, 100, "the percents that a busy hour costs shippers more are"),
    "surge_budget_minor": Limit(0, LARGEST_AMOUNT, "minor units are"),
    "surge_window_s": Limit(60, 604_800, "the seconds for which a budget of bonuses is are"),
}
"""Every dial that is a number; the shortest answer is longer in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """Settings of one market: seconds of market time, minor units of `currency`.

    `look_ahead_s`: drivers who are through with their route within it are planned for already, where free ones are few
    or the objective is `delivery_delay`. `match_time_limit_ms` is the most processor time that the plan of one zone may
    take, `zone_limit` the open deliveries that a zone holds until it is cut. `one_origin_per_route` suits markets that
    deliver on demand, where what is ready at one kitchen does not wait for another.

    `pickup_service_s` is planned for finding and loading, for each parcel, or for each visit where a route has one
    origin; `dropoff_service_s` for parking, the door and the hand-over, and `two_person_service_s` where two people
    carry. `delivery_target_s` is from posting to door:
    with the objective `delivery_delay` what is later counts twice, and 0 means no target.

    `order_of_call` by rule gives a route to a dedicated driver on shift, while there is one, and asks contracted
    drivers alone for the first `contracted_head_start_s` of its search, while there is one to ask; by marginal cost a
    dedicated driver gets it where that costs less than asking others.

    A hand-over fails because nobody is there at the earliest `unavailable_after_s` after the arrival. From then on the
    recipient or the shipper has `redelivery_answer_s` to choose a window for another try. An address that the geocoder
    is less sure of than `geocode_confidence_percent` is looked at by operations.

    A delivery that will miss its promised window with `late_risk_percent` or more is told to be in danger, once.

    Pay waits `payout_hold_s` before it can be paid out, tips do not. Only an instant payout has a fee; what a driver
    owes is repaid by at most `debt_repay_percent` of later pay. Drivers' accounts are opened in `payout_country`.

    A recipient sees where the driver is once at most `driver_shown_stops` stops come before theirs. Their tracking link
    ends `tracking_link_s` after the delivery has ended, and their driver's sight of them `recipient_data_s` after it.
    For `tip_within_s` after it they can tip the driver, `tip_limit_minor` in all; 0 takes no tips.
    For `claim_within_s` after the end a parcel that is damaged, missing or another can be claimed; what is accepted is
    at most `claim_limit_minor` for each delivery, and its driver has `claim_hearing_s` to be heard before that.
    At most `places_per_day` deliveries are promised for one local day in all the market; 0 is as many as drivers take.
    `position_kept_days` is how long it can be told where drivers were; traffic is learnt from their positions before.

    In the figures each audited action of an operator counts as `support_action_s` of work at `support_hour_minor` an
    hour; 0 reckons with a published wage. `grid_co2_g_per_kwh` is what the electricity of vehicles emits: 436 was the
    world's mean in 2022 (Ember, Global Electricity Review 2023). A market does better to say its own, such as 177 in
    the United Kingdom (DESNZ 2025), or 98 in Brazil, 260 in Colombia and 291 in Chile (Ember, of 2023).

    Surge is looked at `surge_every_s`. It begins at `surge_starts_at_percent` stops for each hundred that the idle
    drivers around can carry, `surge_stops_per_driver` each, and is full `surge_full_after_percent` above. Then a
    drop-off pays `surge_bonus_cap_minor` more and costs `surge_surcharge_cap_percent` more. With 0 and 0, as at first,
    there is none. What is promised to drivers within `surge_window_s` is at most `surge_budget_minor`.
    """

    market_id: UUID
    time_zone: str
    currency: str
    offer_ttl_s: int = 60
    wave_size: int = 3
    wave_limit: int = 6
    broadcast_below_ttls: int = 2
    broadcast_fill_percent: int = 95
    waiting_cost_per_hour_minor: int = 1500
    open_offers_per_driver: int = 3
    raise_step_minor: int = 0
    raise_cap_minor: int = 0
    raise_budget_per_hour_minor: int = 0
    replan_after_s: int = 120
    plan_ahead_s: int = 3600
    route_max_stops: int = 12
    route_fixed_cost_minor: int = 0
    matching_objective: str = "expected_cost"
    one_origin_per_route: bool = False
    look_ahead_s: int = 900
    match_time_limit_ms: int = 1000
    zone_limit: int = 120
    pickup_service_s: int = 60
    dropoff_service_s: int = 120
    two_person_service_s: int = 600
    head_start_waves: int = 3
    shift_end_covers: str = "route"
    order_of_call: str = "by_rule"
    contracted_head_start_s: int = 0
    delivery_target_s: int = 0
    unavailable_after_s: int = 0
    redelivery_answer_s: int = 86_400
    geocode_confidence_percent: int = 70
    late_risk_percent: int = 40
    payout_every_s: int = 604_800
    payout_minimum_minor: int = 0
    payout_country: str = "US"
    payout_hold_s: int = 0
    instant_fee_basis_points: int = 100
    instant_fee_minimum_minor: int = 0
    debt_repay_percent: int = 25
    driver_shown_stops: int = 2
    tracking_link_s: int = 604_800
    recipient_data_s: int = 86_400
    position_kept_days: int = 7
    tip_limit_minor: int = 10_000
    tip_within_s: int = 604_800
    places_per_day: int = 0
    claim_within_s: int = 1_209_600
    claim_limit_minor: int = 50_000
    claim_hearing_s: int = 259_200
    support_action_s: int = 300
    support_hour_minor: int = 0
    grid_co2_g_per_kwh: int = 436
    surge_every_s: int = 60
    surge_starts_at_percent: int = 100
    surge_full_after_percent: int = 200
    surge_max_step_percent: int = 30
    surge_half_life_s: int = 180
    surge_minimum_population: int = 5
    surge_stops_per_driver: int = 3
    surge_bonus_cap_minor: int = 0
    surge_surcharge_cap_percent: int = 0
    surge_budget_minor: int = 0
    surge_window_s: int = 3600

    def door_service_s(self, needs: Collection[str]) -> int:
        """Seconds planned for a hand-over: what two people carry in takes longer than what one hands over."""
        return max(self.dropoff_service_s, self.two_person_service_s if "TWO_PERSON" in needs else 0)

    @property
    def head_start(self) -> timedelta:
        """How long before its departure a route is offered: so many waves may pass without a yes."""
        return self.head_start_waves * self.offer_ttl

    @property
    def offer_ttl(self) -> timedelta:
        """How long a driver has to answer."""
        return timedelta(seconds=self.offer_ttl_s)

    def check(self, *, is_production: bool) -> None:
        """Refuses dials that would break a law or the market."""
        zone(self.time_zone)
        if self.matching_objective not in OBJECTIVES:
            raise BadDial(f"the matcher's objective is one of {', '.join(OBJECTIVES)}", field="matchingObjective")
        if self.shift_end_covers not in SHIFT_END_COVERS:
            raise BadDial(f"a shift covers one of {', '.join(SHIFT_END_COVERS)}", field="shiftEndCovers")
        if self.order_of_call not in ORDERS_OF_CALL:
            raise BadDial(f"drivers are called in one of {', '.join(ORDERS_OF_CALL)}", field="orderOfCall")
        if not COUNTRY.fullmatch(self.payout_country):
            raise BadDial("a country is two capital letters, as in ISO 3166", field="payoutCountry")
        shortest_answer = SHORTEST_ANSWER_IN_PRODUCTION_S if is_production else 1
        for name, limit in LIMITS.items():
            low = shortest_answer if name == "offer_ttl_s" else limit.low
            if not low <= getattr(self, name) <= limit.high:
                raise BadDial(f"{limit.what} between {low:,} and {limit.high:,}", field=_as_sent(name))


def _as_sent(name: str) -> str:
    """A dial's name as clients write it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
