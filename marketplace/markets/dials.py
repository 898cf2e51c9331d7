"""The dials of a market as a value: what operations set, and what every verb of that market obeys."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.errors import Invalid
from marketplace.core.window import zone

SHORTEST_ANSWER_IN_PRODUCTION_S = 60
"""Colorado asks for 60 seconds to decide; less is for development only."""
OBJECTIVES = ("expected_cost", "delivery_delay", "travel_time", "fewest_drivers")
SHIFT_END_COVERS = ("route", "pickups")
LARGEST_AMOUNT = 10**12
"""Minor units: whatever is added to it is still exact in a JSON number."""


class BadDial(Invalid):
    """A setting of a market outside its limits."""

    code = "BAD_DIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """Settings of one market: seconds of market time, minor units of `currency`."""

    market_id: UUID
    time_zone: str
    currency: str
    offer_ttl_s: int = 60
    wave_size: int = 3
    wave_limit: int = 6
    open_offers_per_driver: int = 3
    raise_step_minor: int = 0
    raise_cap_minor: int = 0
    raise_budget_per_hour_minor: int = 0
    replan_after_s: int = 120
    plan_ahead_s: int = 3600
    route_max_stops: int = 12
    route_fixed_cost_minor: int = 0
    payout_every_s: int = 604_800
    payout_minimum_minor: int = 0
    matching_objective: str = "expected_cost"
    """What the matcher makes least: `expected_cost`, or `delivery_delay` where speed is what is sold."""
    one_origin_per_route: bool = False
    """Whether a driver picks up at one place only before handing over."""
    driver_ahead_s: int = 900
    """With `delivery_delay`, drivers who will be free within this time are planned with, and asked when they are."""
    pickup_service_s: int = 60
    """Planned for finding and loading at a pickup: for each parcel, or for each visit where a route has one origin."""
    dropoff_service_s: int = 120
    """Planned for parking, the door and the hand-over."""
    head_start_waves: int = 3
    """So many waves can pass without a yes before the next driver would have to leave at once."""
    shift_end_covers: str = "route"
    """What a shift must be long enough for: the whole `route`, or only its `pickups`."""
    delivery_target_s: int = 0
    """From posting to door; with the objective `delivery_delay` what is later counts twice. 0 means no target."""

    @property
    def head_start(self) -> timedelta:
        """How long before its departure a route is offered."""
        return self.head_start_waves * self.offer_ttl

    @property
    def offer_ttl(self) -> timedelta:
        """How long a driver has to answer."""
        return timedelta(seconds=self.offer_ttl_s)

    def check(self, *, is_production: bool) -> None:
        """Refuses dials that would break a law or the market."""
        zone(self.time_zone)
        shortest = SHORTEST_ANSWER_IN_PRODUCTION_S if is_production else 1
        if not shortest <= self.offer_ttl_s <= 3600:
            raise BadDial(f"drivers get {shortest} to 3600 seconds to answer", field="offerTtlS")
        if not (1 <= self.wave_size <= 50 and 1 <= self.wave_limit <= 50 and 1 <= self.open_offers_per_driver <= 50):
            raise BadDial("wave size, waves and open offers per driver are between 1 and 50", field="waveSize")
        money = (self.raise_step_minor, self.raise_cap_minor, self.raise_budget_per_hour_minor)
        amounts = (*money, self.payout_minimum_minor, self.route_fixed_cost_minor)
        if min(amounts) < 0 or max(amounts) > LARGEST_AMOUNT:
            raise BadDial(f"amounts are between 0 and {LARGEST_AMOUNT:,} minor units", field="raiseStepMinor")
        if not (1 <= self.replan_after_s <= 86_400 and 0 <= self.plan_ahead_s <= 604_800):
            raise BadDial("a pause is 1 second to a day, looking ahead at most a week", field="replanAfterS")
        if not 60 <= self.payout_every_s <= 2_678_400:
            raise BadDial("everybody is paid at most every minute and at least every 31 days", field="payoutEveryS")
        if not 2 <= self.route_max_stops <= 200:
            raise BadDial("a route has 2 to 200 stops", field="routeMaxStops")
        self._check_planning()

    def _check_planning(self) -> None:
        if self.matching_objective not in OBJECTIVES:
            raise BadDial(f"the objective is one of {', '.join(OBJECTIVES)}", field="matchingObjective")
        if self.shift_end_covers not in SHIFT_END_COVERS:
            raise BadDial(f"a shift covers one of {', '.join(SHIFT_END_COVERS)}", field="shiftEndCovers")
        if self.one_origin_per_route not in {True, False}:
            raise BadDial("a route has one origin or any number: true or false", field="oneOriginPerRoute")
        if not (0 <= self.driver_ahead_s <= 14_400 and 0 <= self.delivery_target_s <= 604_800):
            raise BadDial(
                "drivers are looked for at most 4 hours ahead, a target is at most a week", field="driverAheadS"
            )
        if not (0 <= self.pickup_service_s <= 3_600 and 0 <= self.dropoff_service_s <= 3_600):
            raise BadDial("a stop takes at most an hour", field="pickupServiceS")
        if not 0 <= self.head_start_waves <= 50:
            raise BadDial("a route is offered at most 50 waves before its departure", field="headStartWaves")
