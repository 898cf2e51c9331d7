"""The dials of a market as a value: what operations set, and what every verb of that market obeys."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.errors import Invalid
from marketplace.core.window import zone

SHORTEST_ANSWER_IN_PRODUCTION_S = 60
"""Colorado asks for 60 seconds to decide; less is for development only."""
LARGEST_AMOUNT = 10**12
"""Minor units: whatever is added to it is still exact in a JSON number."""
LONGEST_PATIENCE_TTLS = 10_000
"""So many answer times are more than any route has: offers are always sent together."""


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
        if not 0 <= self.broadcast_below_ttls <= LONGEST_PATIENCE_TTLS:
            raise BadDial(
                f"offers go out together below 0 to {LONGEST_PATIENCE_TTLS} answer times of slack",
                field="broadcastBelowTtls",
            )
        if not 1 <= self.broadcast_fill_percent <= 100:
            raise BadDial("a broadcast finds a driver in 1 to 100 cases of 100", field="broadcastFillPercent")
        money = (self.raise_step_minor, self.raise_cap_minor, self.raise_budget_per_hour_minor)
        amounts = (*money, self.payout_minimum_minor, self.route_fixed_cost_minor, self.waiting_cost_per_hour_minor)
        if min(amounts) < 0 or max(amounts) > LARGEST_AMOUNT:
            raise BadDial(f"amounts are between 0 and {LARGEST_AMOUNT:,} minor units", field="raiseStepMinor")
        if not (1 <= self.replan_after_s <= 86_400 and 0 <= self.plan_ahead_s <= 604_800):
            raise BadDial("a pause is 1 second to a day, looking ahead at most a week", field="replanAfterS")
        if not 60 <= self.payout_every_s <= 2_678_400:
            raise BadDial("everybody is paid at most every minute and at least every 31 days", field="payoutEveryS")
        if not 2 <= self.route_max_stops <= 200:
            raise BadDial("a route has 2 to 200 stops", field="routeMaxStops")
