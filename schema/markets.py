"""A market as operations see it: its figures, its hubs, what is live, and what waits."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind, note_action
from marketplace.analytics import headline, markets_overview
from marketplace.batches import UnassignedReason, unassigned_deliveries
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.hubs import hubs_of_market
from marketplace.markets import describe_market, set_dials
from marketplace.routes import RouteState, StopKind, StopState
from marketplace.tracking import head_cursor, live_routes, waiting_deliveries
from schema.access import require_one_of, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.batches import Delivery
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, First, rows_to_read
from schema.problem import Problem
from schema.scalars import Cursor, DateTime, MoneyMinor


@strawberry.type(description="The streets of a market: where they come from and whom to credit.")
class City:
    """A city pack."""

    name: str = strawberry.field(description="Name of the city pack.")
    attribution: str = strawberry.field(description="To be shown with the map.")
    is_generated: bool = strawberry.field(description="Whether it is a made-up grid instead of a real city.")
    south: float = strawberry.field(description="Degrees.")
    west: float = strawberry.field(description="Degrees.")
    north: float = strawberry.field(description="Degrees.")
    east: float = strawberry.field(description="Degrees.")


@strawberry.type(description="Figures of a market's local day, and what is under way now.")
class Headline:
    """Counts; money in minor units."""

    day: date = strawberry.field(description="Local day of the market.")
    currency: str = strawberry.field(description="ISO 4217.")
    posted: int = strawberry.field(description="Deliveries posted.")
    delivered: int = strawberry.field(description="Deliveries handed over.")
    on_time: int = strawberry.field(description="Of those, within their window.")
    attempted: int = strawberry.field(description="Hand-overs that did not happen.")
    failed: int = strawberry.field(description="Deliveries lost, damaged or without a driver in time.")
    returned: int = strawberry.field(description="Parcels back where they came from.")
    cancelled: int = strawberry.field(description="Deliveries called off.")
    offers_sent: int = strawberry.field(description="Offers sent.")
    offers_accepted: int = strawberry.field(description="Offers accepted.")
    offers_declined: int = strawberry.field(description="Offers declined.")
    offers_expired: int = strawberry.field(description="Offers nobody answered.")
    routes_assigned: int = strawberry.field(description="Routes that got a driver.")
    routes_completed: int = strawberry.field(description="Routes completed.")
    earned_minor: MoneyMinor = strawberry.field(description="Pay of completed routes, minor units.")
    paid_minor: MoneyMinor = strawberry.field(description="Paid out, minor units.")
    waiting: int = strawberry.field(description="Deliveries that wait for a route now.")
    offering: int = strawberry.field(description="Deliveries on offer now.")
    assigned: int = strawberry.field(description="Deliveries with a driver, before pickup, now.")
    on_the_way: int = strawberry.field(description="Parcels in vehicles now.")
    returning: int = strawberry.field(description="Parcels on their way back now.")
    routes_offered: int = strawberry.field(description="Routes that look for a driver now.")
    routes_driven: int = strawberry.field(description="Routes being driven now.")
    drivers_available: int = strawberry.field(description="Drivers who could be asked now.")
    drivers_engaged: int = strawberry.field(description="Drivers on a route now.")


@strawberry.type(description="A hub.")
class Hub:
    """A place where parcels wait for a driver."""

    id: strawberry.ID = strawberry.field(description="hub_….")
    name: str = strawberry.field(description="Name.")
    address: str = strawberry.field(description="Street and number.")
    time_zone: str = strawberry.field(description="IANA zone; windows of its deliveries are in it.")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")


@strawberry.type(description="A stop on the live map.")
class LiveStop:
    """Where a route goes."""

    id: strawberry.ID = strawberry.field(description="stp_….")
    place: int = strawberry.field(description="Position on the route, from 0.")
    kind: StopKind = strawberry.field(description="What is done there.")
    state: StopState = strawberry.field(description="Where in its life it is.")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    planned_arrival: DateTime = strawberry.field(description="Market time.")
    delivery_count: int = strawberry.field(description="Deliveries handled there.")
    earliest_at: DateTime | None = strawberry.field(
        description="One arrival in ten is before it. Market time; null where unknown, or the stop is over."
    )
    expected_at: DateTime | None = strawberry.field(
        description="When the driver is expected: as many arrivals are before as after it. Market time."
    )
    latest_at: DateTime | None = strawberry.field(description="One arrival in ten is after it. Market time.")
    late_probability: float | None = strawberry.field(
        description="The chance, 0 to 1, that a delivery of this stop misses its promised window; of several the worst."
    )
    path: str | None = strawberry.field(
        description="The way to this stop along streets, from the stop before, or for the first stop from where the"
        " driver was at acceptance: an encoded polyline of 5 decimals (about 1 m), at most 100 points and 1,200"
        " characters, within 5 m of the streets where that many points are enough. Null where no streets are known"
        " or it is not drawn yet: then a straight line is all there is."
    )


@strawberry.type(description="A route on the live map.")
class LiveRoute:
    """A route that is not over."""

    id: strawberry.ID = strawberry.field(description="rte_….")
    state: RouteState = strawberry.field(description="Where in its life it is.")
    driver_id: strawberry.ID | None = strawberry.field(description="drv_… of its driver.")
    starts_at: DateTime = strawberry.field(description="Market time.")
    guarantee_minor: MoneyMinor | None = strawberry.field(description="What its driver was promised, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    approach_m: int = strawberry.field(
        description="Road metres from where the driver was at acceptance to the first stop; 0 before that."
    )
    approach_s: int = strawberry.field(description="Driving seconds of that way.")
    stops: list[LiveStop] = strawberry.field(description="In driving order.", metadata=usually(10))


@strawberry.type(description="A drop-off that waits for a route.")
class WaitingDelivery:
    """A waiting delivery on the live map."""

    id: strawberry.ID = strawberry.field(description="dlv_….")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    unassigned_reason: UnassignedReason | None = strawberry.field(description="Why it waits.")
    dropoff_closes_at: DateTime = strawberry.field(description="End of its window, market time.")


@strawberry.type(description="The dials of a market. Seconds are of market time, amounts in minor units.")
class MarketDials:
    """How a market is set."""

    offer_ttl_s: int = strawberry.field(description="Seconds to answer an offer, at least 60 in production.")
    wave_size: int = strawberry.field(description="Most offers sent together, 1 to 50.")
    wave_limit: int = strawberry.field(description="Waves before a route dissolves, 1 to 50.")
    broadcast_below_ttls: int = strawberry.field(
        description="One driver is asked at a time while a route can wait longer than so many answer times, and several"
        " together when it cannot; 0 is one until it is late, 10,000 always together."
    )
    broadcast_fill_percent: int = strawberry.field(
        description="Together so many are asked that one of them takes the route in so many cases of 100."
    )
    waiting_cost_per_hour_minor: MoneyMinor = strawberry.field(
        description="What an hour of waiting of one delivery is worth: weighs raises and near drivers, paid to nobody."
    )
    open_offers_per_driver: int = strawberry.field(description="Open offers one driver may have, 1 to 50.")
    raise_step_minor: MoneyMinor = strawberry.field(description="What the next wave pays on top.")
    raise_cap_minor: MoneyMinor = strawberry.field(description="Most a route pays on top.")
    raise_budget_per_hour_minor: MoneyMinor = strawberry.field(description="Most raises of an hour together.")
    replan_after_s: int = strawberry.field(description="Pause before a delivery nobody took is planned again.")
    matching_objective: str = strawberry.field(
        description="What plans make least: expected_cost, delivery_delay, travel_time or fewest_drivers."
    )
    one_origin_per_route: bool = strawberry.field(description="Whether a route picks up at one place only.")
    look_ahead_s: int = strawberry.field(
        description="Busy drivers who are free within this are planned for, where free ones are few or with"
        " delivery_delay: seconds, 0 to 14,400."
    )
    match_time_limit_ms: int = strawberry.field(description="Most processor time of one plan, 50 to 10,000 ms.")
    zone_limit: int = strawberry.field(description="Open deliveries that are planned together, 20 to 1,000.")
    pickup_service_s: int = strawberry.field(
        description="Seconds planned for loading, 0 to 3,600: for each parcel, or once where a route has one origin."
    )
    dropoff_service_s: int = strawberry.field(description="Seconds planned for each hand-over, 0 to 3,600.")
    two_person_service_s: int = strawberry.field(
        description="Seconds planned for a hand-over that takes two people, 0 to 7,200."
    )
    head_start_waves: int = strawberry.field(
        description="A route is offered so many answer times before its driver must leave, 0 to 50."
    )
    order_of_call: str = strawberry.field(
        description="by_rule: dedicated drivers on shift, then contracted ones, then the crowd; by_marginal_cost:"
        " whoever costs least."
    )
    contracted_head_start_s: int = strawberry.field(
        description="By rule, the seconds of a route's search in which contracted drivers are asked alone, while there"
        " is one to ask."
    )
    shift_end_covers: str = strawberry.field(
        description="What must be over when a shift ends: the route, or only its pickups."
    )
    delivery_target_s: int = strawberry.field(
        description="Seconds from posting to door that plans aim at with delivery_delay, 0 for none, to 604,800."
    )
    payout_every_s: int = strawberry.field(description="Seconds between payouts to everybody, 60 to 2,678,400.")
    payout_minimum_minor: MoneyMinor = strawberry.field(description="Least amount of a payout; less is carried on.")
    payout_country: str = strawberry.field(description="Where drivers' own accounts are opened, ISO 3166: CL, US …")
    payout_hold_s: int = strawberry.field(
        description="Seconds that pay waits before it can be paid out, 0 to 2,678,400; tips do not wait."
    )
    instant_fee_basis_points: int = strawberry.field(
        description="What an instant payout costs, in hundredths of a percent, 0 to 1,000. A standard one is free."
    )
    instant_fee_minimum_minor: MoneyMinor = strawberry.field(description="What an instant payout costs at least.")
    debt_repay_percent: int = strawberry.field(
        description="How much of later pay a driver's debt takes at most, 0 to 100; nothing of tips or legal floors."
    )
    unavailable_after_s: int = strawberry.field(
        description="Seconds after the arrival at a door from which RECIPIENT_UNAVAILABLE can be reported, 0 to 3,600."
    )
    redelivery_answer_s: int = strawberry.field(
        description="Seconds after a failed attempt in which another window can be chosen, 60 to 1,209,600."
    )
    geocode_confidence_percent: int = strawberry.field(
        description="An address found with less confidence is looked at by operations, 0 to 100."
    )
    late_risk_percent: int = strawberry.field(
        description="How probable a miss of the promised window is when the delivery is told to be in danger, 1 to 100."
    )
    driver_shown_stops: int = strawberry.field(
        description="A recipient sees where the driver is once at most so many stops come before theirs, 0 to 50."
    )
    tracking_link_s: int = strawberry.field(
        description="Seconds that a tracking link is good after its delivery has ended, 0 to 31,536,000."
    )
    recipient_data_s: int = strawberry.field(
        description="Seconds that a driver sees name, phone and address after the end, 0 to 31,536,000."
    )
    position_kept_days: int = strawberry.field(
        description="Days after which nobody can tell any more where drivers were, 1 to 90."
    )
    tip_limit_minor: MoneyMinor = strawberry.field(
        description="What the recipient of a delivery may give as tips in all, minor units; 0 takes no tips."
    )
    tip_within_s: int = strawberry.field(
        description="Seconds after an arrival in which its recipient can tip, 0 to 2,678,400."
    )
    places_per_day: int = strawberry.field(
        description="Deliveries that are promised for one local day in all the market; 0 for as many as drivers take."
    )
    claim_within_s: int = strawberry.field(
        description="Seconds after the end of a delivery in which a claim can be opened, 0 to 31,536,000."
    )
    claim_limit_minor: MoneyMinor = strawberry.field(
        description="The most that is given back for the goods of one delivery, minor units."
    )
    claim_hearing_s: int = strawberry.field(
        description="Seconds that a driver has to answer a claim before it can be accepted, 0 to 2,678,400."
    )
    support_action_s: int = strawberry.field(
        description="Seconds of an operator's work that an action counts as in the figures, 0 to 3,600."
    )
    support_hour_minor: MoneyMinor = strawberry.field(
        description="What an hour of an operator costs, minor units; 0 reckons with a published wage."
    )
    grid_co2_g_per_kwh: int = strawberry.field(
        description="Grams of CO2 equivalent of a kilowatt-hour that vehicles are charged with, 0 to 2,000; at first"
        " 436, the world's mean of 2022 by Ember."
    )
    surge_every_s: int = strawberry.field(
        description="Market seconds between two looks at how busy each cell is, 10 to 3,600."
    )
    surge_starts_at_percent: int = strawberry.field(
        description="Stops for each hundred that idle drivers around can carry where surge begins, 0 to 900."
    )
    surge_full_after_percent: int = strawberry.field(
        description="Surge is full at so many stops more for each hundred, 1 to 1,000."
    )
    surge_max_step_percent: int = strawberry.field(
        description="Most that surge changes at once, in percent of what it is when full, 10 to 100."
    )
    surge_half_life_s: int = strawberry.field(
        description="Seconds after which a change has half its effect, 0 to 86,400."
    )
    surge_minimum_population: int = strawberry.field(
        description="Stops and drivers around a place that surge needs, 0 to 10,000."
    )
    surge_stops_per_driver: int = strawberry.field(description="Stops that an idle driver is taken to carry, 1 to 200.")
    surge_bonus_cap_minor: MoneyMinor = strawberry.field(
        description="What a drop-off pays a driver more when surge is full, minor units; 0: none."
    )
    surge_surcharge_cap_percent: int = strawberry.field(
        description="What a delivery costs more when surge is full, 0 to 100 percent; 0: none."
    )
    surge_budget_minor: MoneyMinor = strawberry.field(
        description="Most that is promised to drivers as bonus within one window, minor units."
    )
    surge_window_s: int = strawberry.field(description="Seconds of a window of that budget, 60 to 604,800.")


@strawberry.input(description="Dials to change; those left out stay as they are.")
class MarketDialsInput:
    """New values."""

    offer_ttl_s: int | None = strawberry.field(default=None, description="Seconds to answer an offer.")
    wave_size: int | None = strawberry.field(default=None, description="1 to 50.")
    wave_limit: int | None = strawberry.field(default=None, description="1 to 50.")
    broadcast_below_ttls: int | None = strawberry.field(default=None, description="Answer times, 0 to 10,000.")
    broadcast_fill_percent: int | None = strawberry.field(default=None, description="1 to 100.")
    waiting_cost_per_hour_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    open_offers_per_driver: int | None = strawberry.field(default=None, description="1 to 50.")
    raise_step_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    raise_cap_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    raise_budget_per_hour_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    replan_after_s: int | None = strawberry.field(default=None, description="Seconds, 1 to 86,400.")
    matching_objective: str | None = strawberry.field(
        default=None, description="expected_cost, delivery_delay, travel_time or fewest_drivers."
    )
    one_origin_per_route: bool | None = strawberry.field(default=None, description="One pickup place for each route.")
    look_ahead_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 14,400.")
    match_time_limit_ms: int | None = strawberry.field(default=None, description="50 to 10,000.")
    zone_limit: int | None = strawberry.field(default=None, description="20 to 1,000.")
    pickup_service_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 3,600.")
    dropoff_service_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 3,600.")
    two_person_service_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 7,200.")
    head_start_waves: int | None = strawberry.field(default=None, description="Answer times, 0 to 50.")
    order_of_call: str | None = strawberry.field(default=None, description="by_rule or by_marginal_cost.")
    contracted_head_start_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 3,600.")
    shift_end_covers: str | None = strawberry.field(default=None, description="route or pickups.")
    delivery_target_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 604,800; 0 for none.")
    payout_every_s: int | None = strawberry.field(default=None, description="Seconds, 60 to 2,678,400.")
    payout_minimum_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    payout_country: str | None = strawberry.field(default=None, description="Two capital letters.")
    payout_hold_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 2,678,400.")
    instant_fee_basis_points: int | None = strawberry.field(default=None, description="0 to 1,000.")
    instant_fee_minimum_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    debt_repay_percent: int | None = strawberry.field(default=None, description="0 to 100.")
    unavailable_after_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 3,600.")
    redelivery_answer_s: int | None = strawberry.field(default=None, description="Seconds, 60 to 1,209,600.")
    geocode_confidence_percent: int | None = strawberry.field(default=None, description="0 to 100.")
    late_risk_percent: int | None = strawberry.field(default=None, description="1 to 100.")
    driver_shown_stops: int | None = strawberry.field(default=None, description="0 to 50.")
    tracking_link_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 31,536,000.")
    recipient_data_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 31,536,000.")
    position_kept_days: int | None = strawberry.field(default=None, description="Days, 1 to 90.")
    tip_limit_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units; 0 for no tips.")
    tip_within_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 2,678,400.")
    places_per_day: int | None = strawberry.field(default=None, description="Deliveries, 0 to 1,000,000; 0: no bound.")
    claim_within_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 31,536,000.")
    claim_limit_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units, up to 10^12.")
    claim_hearing_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 2,678,400.")
    support_action_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 3,600.")
    support_hour_minor: MoneyMinor | None = strawberry.field(
        default=None, description="Minor units, up to 10^12; 0 for a published wage."
    )
    grid_co2_g_per_kwh: int | None = strawberry.field(default=None, description="Grams, 0 to 2,000.")
    surge_every_s: int | None = strawberry.field(default=None, description="Seconds, 10 to 3,600.")
    surge_starts_at_percent: int | None = strawberry.field(default=None, description="0 to 900.")
    surge_full_after_percent: int | None = strawberry.field(default=None, description="1 to 1,000.")
    surge_max_step_percent: int | None = strawberry.field(default=None, description="10 to 100.")
    surge_half_life_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 86,400.")
    surge_minimum_population: int | None = strawberry.field(default=None, description="0 to 10,000.")
    surge_stops_per_driver: int | None = strawberry.field(default=None, description="1 to 200.")
    surge_bonus_cap_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    surge_surcharge_cap_percent: int | None = strawberry.field(default=None, description="0 to 100.")
    surge_budget_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    surge_window_s: int | None = strawberry.field(default=None, description="Seconds, 60 to 604,800.")


@strawberry.type(description="A city that is operated as one.")
class Market:
    """A market for operations."""

    id: strawberry.ID = strawberry.field(description="mkt_….")
    name: str = strawberry.field(description="Name.")
    time_zone: str = strawberry.field(description="IANA zone.")
    currency: str = strawberry.field(description="ISO 4217.")
    market_time: DateTime = strawberry.field(description="What time it is in the market.")
    time_factor: float = strawberry.field(description="How fast market time runs; 1 outside demos.")
    city: City = strawberry.field(description="Its streets.")
    headline: Headline = strawberry.field(description="Figures of the day and of this moment.")
    dials: MarketDials = strawberry.field(description="How it is set.")
    cursor: Cursor = strawberry.field(
        description="Where its events stood just before this was read: subscribe to `marketEvents` with it as `after`"
        " and nothing is missed or told twice."
    )


@strawberry.type(description="A market that an operator may open, and how busy it is now.")
class MarketSummary:
    """A market in a list."""

    id: strawberry.ID = strawberry.field(description="mkt_….")
    name: str = strawberry.field(description="Name.")
    time_zone: str = strawberry.field(description="IANA zone.")
    currency: str = strawberry.field(description="ISO 4217.")
    waiting: int = strawberry.field(description="Deliveries that wait for a route now.")
    routes_offered: int = strawberry.field(description="Routes that look for a driver now.")
    routes_driven: int = strawberry.field(description="Routes with a driver now.")
    drivers_available: int = strawberry.field(description="Drivers who could be asked now.")
    drivers_engaged: int = strawberry.field(description="Drivers on a route now.")


@strawberry.type(description="The dials are set from now on.")
class MarketDialsSet:
    """New dials."""

    dials: MarketDials = strawberry.field(description="All dials as they are now.")


SetMarketDialsResult = Annotated[MarketDialsSet | Problem, strawberry.union("SetMarketDialsResult")]


@strawberry.type
class Query:
    """Markets, for operations; hubs for shippers too."""

    @query(
        description="The markets that you may open, by name, at most 200: all of them, or the one that you look after."
        " For operations.",
        usual_rows=10,
    )
    async def markets(self, info: Info) -> list[MarketSummary]:
        """Reads markets."""
        operator = require_operator(info)
        async with info.context.marketplace.works.read() as connection:
            found = await markets_overview(connection, market_id=cast("MarketId | None", operator.market_id))
        return cast("list[MarketSummary]", found)

    @query(description="A market with the figures of its day. For operations.")
    async def market(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="mkt_….")],  # noqa: A002 - its name in the API
    ) -> Market:
        """Reads a market."""
        market_id = MarketId(from_wire("market", id, field="id"))
        require_operator(info, market_id)
        pack = info.context.marketplace.city.meta
        async with info.context.marketplace.works.open() as work:
            # Before the rest: what is committed later than this comes with the stream.
            cursor = await head_cursor(work.connection, market_id=market_id)
            found = await describe_market(work, market_id=market_id)
            figures = await headline(work, market_id=market_id)
            now = work.now
        return Market(
            id=strawberry.ID(to_wire("market", market_id)),
            name=found["name"],
            time_zone=found["time_zone"],
            currency=found["currency"],
            market_time=now,
            time_factor=found["time_factor"],
            city=cast("City", pack),
            headline=cast("Headline", asdict(figures)),
            dials=cast("MarketDials", found),
            cursor=Cursor(cursor),
        )

    @query(
        description="Hubs of a market: all for operations, those open to it for a shipper. At most 500.", usual_rows=20
    )
    async def hubs(self, info: Info, market_id: MarketArgument) -> list[Hub]:
        """Reads hubs."""
        principal = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        market = from_wire("market", market_id, field="marketId")
        if principal.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        shipper_id = principal.id if principal.kind is PrincipalKind.SHIPPER else None
        async with info.context.marketplace.works.open() as work:
            return cast("list[Hub]", await hubs_of_market(work, market_id=market, shipper_id=shipper_id))

    @query(description="Routes that are not over, at most 500. For operations.", usual_rows=50)
    async def live_routes(self, info: Info, market_id: MarketArgument) -> list[LiveRoute]:
        """Reads live routes."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[LiveRoute]", await live_routes(connection, market_id=market))

    @query(
        description="Drop-offs that wait for a route, most urgent first, at most 1,000. For operations.",
        usual_rows=200,
    )
    async def waiting_deliveries(self, info: Info, market_id: MarketArgument) -> list[WaitingDelivery]:
        """Reads waiting drop-offs."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[WaitingDelivery]", await waiting_deliveries(connection, market_id=market))

    @query(description="Deliveries that wait, each with its reason, most urgent first. For operations.")
    async def unassigned_deliveries(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE
    ) -> list[Delivery]:
        """Reads unassigned deliveries."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        limit = rows_to_read(first) - 1
        async with info.context.marketplace.works.open() as work:
            return cast("list[Delivery]", await unassigned_deliveries(work, market_id=market, limit=limit))


@strawberry.type
class Mutation:
    """Steering a market."""

    @mutation(description="Changes how a market is set, from now on. For operations.")
    async def set_market_dials(
        self,
        info: Info,
        market_id: MarketArgument,
        dials: Annotated[MarketDialsInput, strawberry.argument(description="What to change.")],
        idempotency_key: IdempotencyKey,
    ) -> SetMarketDialsResult:
        """Sets dials."""
        market = from_wire("market", market_id, field="marketId")
        operator = require_operator(info, market)
        changes = {name: value for name, value in vars(dials).items() if value is not None}
        is_production = info.context.marketplace.settings.is_production

        async def run(work: Work) -> str:
            await set_dials(work, market_id=market, changes=changes, is_production=is_production)
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=MarketId(market),
                verb="setMarketDials",
                subject_id=market,
                details=changes,
            )
            return market.hex

        async def answer(work: Work, reference: str) -> MarketDialsSet:
            found = await describe_market(work, market_id=UUID(hex=reference))
            return MarketDialsSet(dials=cast("MarketDials", found))

        return await mutate(
            info,
            operation="setMarketDials",
            arguments={"market": market, "changes": changes},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
