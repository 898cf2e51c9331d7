"""The dials of a market as a value: what operations set, and what every verb of that market obeys."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.errors import Invalid
from marketplace.core.window import zone

SHORTEST_ANSWER_IN_PRODUCTION_S = 60
"""Colorado asks for 60 seconds to decide; less is for development only."""
OBJECTIVES = ("expected_cost", "delivery_delay", "travel_time", "fewest_drivers")
"""What a market's matcher makes least, once as many deliveries as possible are served."""
LARGEST_AMOUNT = 10**12
"""Minor units: whatever is added to it is still exact in a JSON number."""


class BadDial(Invalid):
    """A setting of a market outside its limits."""

    code = "BAD_DIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """Settings of one market: seconds of market time, minor units of `currency`.

    `look_ahead_s`: drivers who are through with their route within it are planned for already. `match_time_limit_ms` is
    the most processor time that the plan of one zone may take, `zone_limit` the open deliveries that a zone holds
    until it is cut. `one_origin_per_route` suits markets that deliver on demand, where what is ready at one kitchen
    does not wait for another.
    """

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
    matching_objective: str = "expected_cost"
    one_origin_per_route: bool = False
    look_ahead_s: int = 900
    match_time_limit_ms: int = 1000
    zone_limit: int = 120
    payout_every_s: int = 604_800
    payout_minimum_minor: int = 0

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
        if self.matching_objective not in OBJECTIVES:
            raise BadDial(f"the matcher's objective is one of {', '.join(OBJECTIVES)}", field="matchingObjective")
        if not (0 <= self.look_ahead_s <= 3600 and 50 <= self.match_time_limit_ms <= 10_000):
            raise BadDial("looking ahead takes at most an hour, a plan 50 to 10,000 ms", field="lookAheadS")
        if not 20 <= self.zone_limit <= 1000:
            raise BadDial("a zone holds at most 20 to 1,000 open deliveries", field="zoneLimit")
        if not 60 <= self.payout_every_s <= 2_678_400:
            raise BadDial("everybody is paid at most every minute and at least every 31 days", field="payoutEveryS")
        if not 2 <= self.route_max_stops <= 200:
            raise BadDial("a route has 2 to 200 stops", field="routeMaxStops")
