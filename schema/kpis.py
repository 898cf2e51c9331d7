"""The figures that a market is steered by: for operations, and for each shipper its own."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.analytics import CostKind, KpiGroup, kpis
from marketplace.analytics import KpiRow as Row
from marketplace.core.ids import from_wire, to_wire
from marketplace.fleet import ContractKind, Vehicle
from schema.access import require_principal, whose_figures
from schema.arguments import MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.scalars import MoneyMinor


@strawberry.type(description="What one kind of vehicle drove, delivered and emitted.")
class KpiVehicle:
    """A kind of vehicle."""

    vehicle: Vehicle = strawberry.field(description="The kind of vehicle, as it is on the driver's record now.")
    is_electric: bool = strawberry.field(description="Whether the check of the driver's vehicle found ELECTRIC_DRIVE.")
    distance_m: int = strawberry.field(description="Metres of completed routes, with the way to the first stop.")
    delivered: int = strawberry.field(description="Deliveries handed over.")
    co2_g: int = strawberry.field(
        description="Grams of CO2 equivalent: at the tailpipe by published factors, or of the electricity, by published"
        " consumption and the market's gridCo2GPerKwh as it is now."
    )
    co2_per_delivery_g: float | None = strawberry.field(description="Grams for each delivery; null without any.")


@strawberry.type(description="How work and pay of the days were shared among drivers of a kind, or among all of them.")
class KpiFairness:
    """Drivers of a contract kind."""

    contract_kind: ContractKind | None = strawberry.field(description="The kind; null for all drivers together.")
    driver_days: int = strawberry.field(description="Drivers of each day who were online, asked or paid, added up.")
    idle_minutes: float = strawberry.field(description="Minutes online without a route, all together.")
    utilisation_percent: float | None = strawberry.field(description="Time with a route, of a hundred online.")
    offers_per_online_hour: float | None = strawberry.field(description="Offers for each hour that one was online.")
    gini: float | None = strawberry.field(
        description="How unevenly offers for each online hour fell to drivers, 0 to 1; the mean of the days."
    )
    pay_per_engaged_hour_minor: float | None = strawberry.field(
        description="Pay of finished routes for each hour with a route, minor units; without tips and top-ups."
    )
    pay_per_online_hour_minor: float | None = strawberry.field(description="The same for each hour online.")


@strawberry.type(description="A part of what a row cost.")
class KpiCostPart:
    """A part of the cost."""

    kind: CostKind = strawberry.field(description="Which part it is.")
    minor: MoneyMinor = strawberry.field(description="The whole, in minor units.")
    per_delivery_minor: float | None = strawberry.field(description="Minor units for each delivery handed over.")
    per_stop_minor: float | None = strawberry.field(description="Minor units for each stop visited.")


@strawberry.type(
    description="Figures of a market, hub, shipper or day. Ratios are of sums, and null where nothing is divided by."
    " What a route had as a whole is shared evenly among its deliveries, and so are offers and routes themselves, which"
    " therefore are fractions in rows of hubs and shippers. Costs, offers and margin are null for shippers. Utilisation"
    " and fairness are null in rows of hubs and shippers: drivers wait for all of them alike."
)
class KpiRow:
    """Figures of some days."""

    day: date | None = strawberry.field(description="The local day, in rows of days.")
    hub_id: strawberry.ID | None = strawberry.field(
        description="hub_…, in rows of hubs; null in that of deliveries from no hub."
    )
    shipper_id: strawberry.ID | None = strawberry.field(description="shp_…, in rows of shippers.")
    name: str | None = strawberry.field(description="What the hub or shipper is called.")
    currency: str = strawberry.field(description="ISO 4217, of all amounts of the row.")
    posted: int = strawberry.field(description="Deliveries posted, without returns.")
    delivered: int = strawberry.field(description="Deliveries handed over, without returns.")
    failed: int = strawberry.field(description="Deliveries that failed or found no driver in time.")
    returned: int = strawberry.field(description="Deliveries that came back.")
    cancelled: int = strawberry.field(description="Deliveries called off.")
    transfers: int = strawberry.field(
        description="Transfers that arrived at another hub: no deliveries, and counted for the hub that they left."
    )
    on_time_percent: float | None = strawberry.field(description="Deliveries handed over in time, of a hundred.")
    on_time_2h_percent: float | None = strawberry.field(description="The same of windows of at most two hours.")
    on_time_4h_percent: float | None = strawberry.field(
        description="The same of windows of more than two hours and at most four."
    )
    on_time_wider_percent: float | None = strawberry.field(description="The same of windows of more than four hours.")
    promise_kept_percent: float | None = strawberry.field(
        description="Deliveries handed over in time, of a hundred that were handed over, failed or returned."
    )
    attempts: int = strawberry.field(description="Hand-overs that failed.")
    first_attempt_percent: float | None = strawberry.field(description="First attempts that succeeded, of a hundred.")
    mean_fill_s: float | None = strawberry.field(description="Mean seconds from the posting to the first driver.")
    eta_covered_percent: float | None = strawberry.field(
        description="Predictions whose spread held the arrival, of a hundred; it should hold eighty."
    )
    hub_in: int = strawberry.field(description="Parcels brought back to hubs, and transfers that came into them.")
    hub_out: int = strawberry.field(description="Parcels picked up at hubs, transfers too.")
    stops: int = strawberry.field(description="Stops visited on completed routes.")
    distance_m: int = strawberry.field(description="Metres of completed routes, with the way to the first stop.")
    empty_m: int = strawberry.field(description="Metres of them without a parcel on board.")
    empty_percent: float | None = strawberry.field(description="Metres without a parcel, of a hundred.")
    stops_per_km: float | None = strawberry.field(description="Stops for each kilometre.")
    stops_per_hour: float | None = strawberry.field(description="Stops for each hour from the start to the end.")
    load_percent: float | None = strawberry.field(
        description="Litres picked up, of a hundred that the vehicles of the routes hold; above it where filled again."
    )
    co2_g: int = strawberry.field(description="Grams of CO2 equivalent at the tailpipe, or of the electricity.")
    co2_per_delivery_g: float | None = strawberry.field(description="Grams for each delivery handed over.")
    vehicles: list[KpiVehicle] = strawberry.field(description="The same by kind of vehicle.", metadata=usually(2))
    routes: float | None = strawberry.field(
        description="Routes completed, each by the share of its deliveries; one that passed on under way is two."
    )
    offers_sent: float | None = strawberry.field(
        description="Offers sent, each by the share of the deliveries of the route that was offered."
    )
    offers_accepted: float | None = strawberry.field(description="Offers accepted, likewise.")
    acceptance_percent: float | None = strawberry.field(
        description="Offers accepted, of a hundred accepted, declined or expired."
    )
    utilisation_percent: float | None = strawberry.field(
        description="Time with a route, of a hundred online; null by hub and shipper, for whom nobody waits alone."
    )
    offer_gini: float | None = strawberry.field(
        description="How unevenly offers for each online hour fell to drivers, 0 to 1; the mean of the days. Null by"
        " hub and shipper: offers are shared among all drivers of a market."
    )
    fairness: list[KpiFairness] = strawberry.field(
        description="The same for all drivers and by contract kind; none by hub and shipper.", metadata=usually(3)
    )
    billed_minor: MoneyMinor = strawberry.field(
        description="What deliveries and cancellations cost the shippers. Money counts on the day it was booked."
    )
    credited_minor: MoneyMinor = strawberry.field(description="Goodwill and credit notes.")
    penalty_minor: MoneyMinor = strawberry.field(description="Credits for promises of service levels that were broken.")
    claim_minor: MoneyMinor = strawberry.field(description="Credits for goods that came damaged, or not at all.")
    refunded_minor: MoneyMinor = strawberry.field(description="Refunds that did not fail.")
    driver_minor: MoneyMinor | None = strawberry.field(
        description="Pay of drivers besides that of failed attempts, returns and transfers: routes on the day they"
        " ended, what was made up to the floor of a block on the day it began, what a pay period lacked and adjustments"
        " on the day they were booked. Tips are no cost."
    )
    attempt_minor: MoneyMinor | None = strawberry.field(description="Pay for the part of routes that failed attempts.")
    return_minor: MoneyMinor | None = strawberry.field(description="Pay for the part of routes that were returns.")
    transfer_minor: MoneyMinor | None = strawberry.field(
        description="Pay for the part of routes that took stock from hub to hub, for the hub that it left."
    )
    fuel_minor: MoneyMinor | None = strawberry.field(
        description="Fuel or electricity of the market's own vehicles by published rates; whoever brings a vehicle has"
        " it inside pay."
    )
    vehicle_minor: MoneyMinor | None = strawberry.field(description="Wear of the market's own vehicles, likewise.")
    support_minor: MoneyMinor | None = strawberry.field(
        description="Actions of operators at the market's supportActionS and supportHourMinor, or a published wage: an"
        " estimate of the work behind what is audited, not measured time."
    )
    actions: int | None = strawberry.field(description="Actions of operators in the audit trail.")
    cost_minor: MoneyMinor | None = strawberry.field(
        description="All costs together; null in a currency without published rates."
    )
    cost_per_delivery_minor: float | None = strawberry.field(description="Minor units for each delivery handed over.")
    cost_per_stop_minor: float | None = strawberry.field(description="Minor units for each stop visited.")
    cost_parts: list[KpiCostPart] = strawberry.field(
        description="What it is split into, each part for each delivery and stop as well.", metadata=usually(7)
    )
    margin_minor: MoneyMinor | None = strawberry.field(
        description="What was billed, without credits, penalties, claims, refunds and costs."
    )


@strawberry.type
class Query:
    """Figures to steer by."""

    @query(
        description="The figures of a market's local days: for operations all of them, for shippers their own without"
        " what drivers got. At most 1,000 rows; days are counted within some minutes."
    )
    async def kpis(
        self,
        info: Info,
        market_id: MarketArgument,
        first: Annotated[date, strawberry.argument(name="from", description="First local day.")],
        last: Annotated[date, strawberry.argument(name="to", description="Last local day, at most 365 days later.")],
        group_by: Annotated[KpiGroup, strawberry.argument(description="What the rows are of.")] = KpiGroup.MARKET,
    ) -> list[KpiRow]:
        """Reads figures."""
        market = from_wire("market", market_id, field="marketId")
        shipper_id = whose_figures(require_principal(info), market)
        async with info.context.marketplace.works.open() as work:
            rows = await kpis(work, market_id=market, first=first, last=last, group_by=group_by, shipper_id=shipper_id)
        return cast("list[KpiRow]", [as_wire(row) for row in rows])


def as_wire(row: Row) -> dict[str, Any]:
    """A row with its ids as they are on the wire."""
    ids = {"hub_id": row.hub_id and to_wire("hub", row.hub_id)}
    return asdict(row) | ids | {"shipper_id": row.shipper_id and to_wire("shipper", row.shipper_id)}
