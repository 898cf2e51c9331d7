"""The figures of a day counted slowly and plainly, from events and ledger, one row at a time; shares no SQL with them.

Whole tables are read, and everything else is loops: what happened is told by events, money by postings, and how far
somebody drove by the stops of the route.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from marketplace.core.work import Work

PENCE = {"CAR": (12, 45), "VAN": (13, 45), "MOTORCYCLE": (0, 24), "BICYCLE": (0, 20)}
PESOS_PER_PENNY = 12.34065
PESOS_PER_ACTION = 1_256
TABLES = (
    "event", "delivery", "route", "stop", "task", "driver", "offer", "arrival_prediction", "operator_action",
    "journal", "posting", "account",
)  # fmt: skip
Place = tuple[UUID | None, UUID | None]
NOWHERE: Place = (None, None)


@dataclass(frozen=True, slots=True)
class World:
    """All rows of a market, table by table."""

    rows: dict[str, list[dict[str, Any]]]
    begins: datetime
    ends: datetime
    now: datetime

    def events(self, *names: str) -> Iterator[dict[str, Any]]:
        """The events of these names on the day, in order."""
        for event in self.rows["event"]:
            if event["name"] in names and self.begins <= event["occurred_at"] < self.ends:
                yield event

    def one(self, table: str, key: Any) -> dict[str, Any]:
        """The row of that id."""
        return next(row for row in self.rows[table] if row["id"] == key)


async def read_world(work: Work, *, market_id: UUID, day: date, time_zone: str) -> World:
    """Reads everything."""
    rows = {
        table: [dict(row) for row in await work.fetch(f"SELECT * FROM {table} WHERE market_id = $1", market_id)]
        for table in TABLES
    }
    for event in rows["event"]:
        event["payload"] = orjson.loads(event["payload"])
    rows["event"].sort(key=lambda event: event["ordinal"])
    begins, ends = (datetime.combine(one, time(), ZoneInfo(time_zone)) for one in (day, day + timedelta(days=1)))
    return World(rows, begins, ends, work.now)


def recount(world: World) -> dict[Place, Counter[str]]:
    """The figures by shipper and hub that are not zero."""
    told: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    count_deliveries(world, told)
    for event in world.events("RouteCompleted"):
        count_route(world, world.one("route", UUID(event["payload"]["route_id"])), told)
    count_money(world, told)
    count_market(world, told[NOWHERE])
    plain = {place: Counter({key: value for key, value in each.items() if value}) for place, each in told.items()}
    return {place: each for place, each in plain.items() if each}


def place_of(world: World, delivery: dict[str, Any]) -> Place:
    """Whose it is, and of which hub: a return belongs to the hub of what it returns."""
    origin = world.one("delivery", delivery["return_of"]) if delivery["return_of"] else delivery
    return (delivery["shipper_id"], origin["hub_id"])


SIMPLE = {
    "DeliveryPosted": "posted",
    "DeliveryFailed": "failed",
    "DeliveryExpired": "failed",
    "DeliveryCancelled": "cancelled",
}


def count_deliveries(world: World, told: defaultdict[Place, Counter[str]]) -> None:
    """What became of each."""
    for delivery in world.rows["delivery"]:
        place, before = place_of(world, delivery), Counter[str]()
        for event in world.rows["event"]:
            if event["delivery_id"] != delivery["id"]:
                continue
            before[event["name"]] += 1
            if world.begins <= event["occurred_at"] < world.ends:
                count_anywhere(event, before, told[place], has_hub=place[1] is not None)
                if delivery["return_of"] is None:
                    count_outward(event, told[place], has_hub=place[1] is not None)
                    count_assigned(event, before, told[place], delivery)
                    count_delivered(world, event, before, told[place], delivery)


def count_anywhere(event: dict[str, Any], before: Counter[str], told: Counter[str], *, has_hub: bool) -> None:
    """What returns have too: failed attempts, and parcels that came back."""
    if event["name"] == "DeliveryAttempted":
        told["attempts"] += 1
        told["attempted_first"] += before["DeliveryAttempted"] == 1
    if event["name"] == "DeliveryReturned":
        told["returned"] += 1
    if event["name"] in {"DeliveryReturned", "DeliveryBroughtBack"}:
        told["hub_in"] += has_hub


def count_outward(event: dict[str, Any], told: Counter[str], *, has_hub: bool) -> None:
    """What a delivery goes through that is no return."""
    if event["name"] in SIMPLE:
        told[SIMPLE[event["name"]]] += 1
    if event["name"] == "DeliveryMoved" and event["payload"]["state"] == "PICKED_UP":
        told["hub_out"] += has_hub


def count_assigned(event: dict[str, Any], before: Counter[str], told: Counter[str], delivery: dict[str, Any]) -> None:
    """How long it took until somebody first had it."""
    if event["name"] == "DeliveryAssigned" and before["DeliveryAssigned"] == 1:
        told["filled"] += 1
        told["fill_s"] += (event["occurred_at"] - delivery["created_at"]) // timedelta(seconds=1)


def count_delivered(
    world: World, event: dict[str, Any], before: Counter[str], told: Counter[str], delivery: dict[str, Any]
) -> None:
    """A hand-over: by whom, in time or not, and within how wide a window."""
    if event["name"] != "DeliveryDelivered":
        return
    hours = (delivery["dropoff_closes_at"] - delivery["dropoff_opens_at"]) / timedelta(hours=1)
    width = "_2h" if hours <= 2 else "_4h" if hours <= 4 else None
    for suffix in {"", width} - {None}:
        told[f"delivered{suffix}"] += 1
        told[f"on_time{suffix}"] += event["payload"]["is_on_time"]
    vehicle = world.one("driver", UUID(event["payload"]["driver_id"]))["vehicle"].lower()
    told[f"{vehicle}_delivered"] += 1
    told["delivered_first"] += before["DeliveryAttempted"] == 0


def count_route(world: World, route: dict[str, Any], told: defaultdict[Place, Counter[str]]) -> None:
    """Drives a route again from stop to stop, and shares it among its deliveries."""
    driver = world.one("driver", route["driver_id"])
    stops = [row for row in world.rows["stop"] if row["route_id"] == route["id"] and row["arrived_at"] is not None]
    about = [event for event in world.rows["event"] if event["route_id"] == route["id"]]
    picked = {e["delivery_id"] for e in about if e["name"] == "DeliveryMoved" and e["payload"]["state"] == "PICKED_UP"}
    handed = {e["delivery_id"] for e in about if e["name"] == "DeliveryDelivered"}
    aboard: set[UUID] = set()
    seen: dict[UUID, dict[str, Any]] = {}
    metres, empty = route["approach_m"], route["approach_m"]
    for stop in sorted(stops, key=lambda stop: stop["place"]):
        metres += stop["leg_m"]
        empty += 0 if aboard else stop["leg_m"]
        for task in world.rows["task"]:
            if task["stop_id"] != stop["id"]:
                continue
            delivery = world.one("delivery", task["delivery_id"])
            seen[delivery["id"]] = delivery
            if stop["kind"] == "PICKUP" and delivery["id"] in picked:
                aboard.add(delivery["id"])
            if stop["kind"] == "DROPOFF" and delivery["id"] in handed:
                aboard.discard(delivery["id"])
            if stop["kind"] == "RETURN" and stop["state"] == "COMPLETED":
                aboard.discard(delivery["return_of"] or delivery["id"])
    pay = sum(e["payload"]["total_minor"] for e in about if e["name"] == "PayStatementIssued")
    kind = driver["vehicle"]
    fuel, whole = (round(pence * PESOS_PER_PENNY * 1_000_000 / 1609.344) for pence in PENCE[kind])
    is_provided = driver["contract_kind"] == "DEDICATED"
    totals = {
        "stops": len(stops),
        f"{kind.lower()}_m": metres,
        "empty_m": empty,
        "driven_s": (route["ended_at"] - route["started_at"]) // timedelta(seconds=1),
        "capacity_l": driver["capacity"][2],
        "fuel_minor": (metres * fuel + 500_000) // 1_000_000 if is_provided else 0,
        "vehicle_minor": (metres * (whole - fuel) + 500_000) // 1_000_000 if is_provided else 0,
        "pay": pay,
    }
    told[NOWHERE]["routes"] += 1
    failed = {e["delivery_id"] for e in about if e["name"] == "DeliveryAttempted"}
    ids = sorted(seen)
    for number, key in enumerate(ids):
        delivery = seen[key]
        place = place_of(world, delivery)
        share = "return_minor" if delivery["return_of"] else "attempt_minor" if key in failed else "driver_minor"
        for name, total in totals.items():
            part = total * (number + 1) // len(ids) - total * number // len(ids)
            told[place][share if name == "pay" else name] += part
        if key in picked and not delivery["return_of"]:
            told[place]["load_l"] += delivery["load"][2]


def count_money(world: World, told: defaultdict[Place, Counter[str]]) -> None:
    """What shippers owe and were given, by the postings on their receivables; what drivers got besides routes."""
    codes = {row["id"]: row["code"].split(":", 2)[2] for row in world.rows["account"]}
    for posting in world.rows["posting"]:
        journal = world.one("journal", posting["journal_id"])
        if not world.begins <= journal["effective_at"] < world.ends:
            continue
        debit, credit, amount = codes[posting["debit_id"]], codes[posting["credit_id"]], posting["amount_minor"]
        about = next((row for row in world.rows["delivery"] if row["id"] == journal["subject_id"]), None)
        for account, other, figure in ((debit, credit, "billed_minor"), (credit, debit, "credited_minor")):
            if (
                account.startswith("shipper:")
                and account.endswith(":receivable")
                and (other in {"delivery_revenue", "cancellation_revenue", "goodwill", "sla_credit"})
            ):
                shipper_id = UUID(account.split(":")[1])
                told[place_of(world, about) if about else (shipper_id, None)][figure] += amount
        if debit == "goodwill" and credit.startswith("driver:"):
            told[NOWHERE]["driver_minor"] += amount


def count_market(world: World, told: Counter[str]) -> None:
    """Offers, operators' actions, arrivals and the drivers' time, second by second."""
    for event in world.events("OfferSent", "OfferAccepted", "OfferDeclined", "OfferExpired"):
        told[f"offers_{event['name'].removeprefix('Offer').lower()}"] += 1
    for action in world.rows["operator_action"]:
        if world.begins <= action["happened_at"] < world.ends:
            told["actions"] += 1
            told["support_minor"] += PESOS_PER_ACTION
    for event in world.rows["event"]:
        if event["name"] != "StopChanged" or event["payload"]["state"] != "ARRIVED":
            continue
        arrived_at = world.one("stop", UUID(event["payload"]["stop_id"]))["arrived_at"]
        if not world.begins <= arrived_at < world.ends:
            continue
        for guess in world.rows["arrival_prediction"]:
            if guess["stop_id"] == UUID(event["payload"]["stop_id"]) and guess["predicted_at"] < arrived_at:
                told["eta_arrivals"] += 1
                told["eta_covered"] += guess["p10"] <= arrived_at <= guess["p90"]
    count_drivers(world, told)


def count_drivers(world: World, told: Counter[str]) -> None:
    """How long each driver was online and had a route, and how evenly offers fell."""
    rates = []
    until = min(world.ends, world.now)
    for driver in world.rows["driver"]:
        moments = [
            (event["occurred_at"], event["name"] == "DriverWentOnline")
            for event in world.rows["event"]
            if event["driver_id"] == driver["id"] and event["name"] in {"DriverWentOnline", "DriverWentOffline"}
        ]
        routes = [
            (route["accepted_at"], route["ended_at"] or until)
            for route in world.rows["route"]
            if route["driver_id"] == driver["id"] and route["state"] in {"ASSIGNED", "STARTED", "COMPLETED"}
        ]
        online = engaged = 0
        # Nobody was anywhere before the first of these moments
        second = min([at for at, _ in moments] + [begin for begin, _ in routes], default=until)
        second = max(second, world.begins)
        while second < until:
            has_route = any(begin <= second < end for begin, end in routes)
            is_on = next((on for at, on in reversed(moments) if at <= second), False)
            engaged += has_route
            online += is_on or has_route
            second += timedelta(seconds=1)
        offers = sum(
            offer["driver_id"] == driver["id"] and world.begins <= offer["sent_at"] < until
            for offer in world.rows["offer"]
        )
        told["online_s"] += online
        told["engaged_s"] += engaged
        told["drivers"] += bool(online or offers)
        if online:
            rates.append(offers * 3_600 / online)
    told["gini_days"] = int(bool(rates))
    if sum(rates):
        # The mean difference of every two, over twice the mean
        apart = sum(abs(one - other) for one in rates for other in rates)
        told["gini_ppm"] = round(1_000_000 * apart / (2 * len(rates) * sum(rates)))


def recount_experience(world: World) -> dict[tuple[UUID, str], tuple[float | None, int]]:
    """What the recipients of each shipper experienced on the day: each figure, and out of how many."""
    tries: dict[UUID, list[bool]] = {row["shipper_id"]: [] for row in world.rows["delivery"]}
    widths, kept, errors = ({shipper: list[float]() for shipper in tries} for _ in range(3))
    for event in world.events("DeliveryDelivered", "DeliveryAttempted"):
        delivery = world.one("delivery", event["delivery_id"])
        if delivery["return_of"] is not None:
            continue
        shipper = delivery["shipper_id"]
        if event["name"] == "DeliveryAttempted":
            tries[shipper] += [False] if event["payload"]["number"] == 1 else []
            continue
        tries[shipper] += [True] if delivery["attempts"] == 0 else []
        widths[shipper].append((delivery["dropoff_closes_at"] - delivery["dropoff_opens_at"]) / timedelta(minutes=1))
        kept[shipper].append(event["payload"]["is_on_time"])
    for guess in world.rows["arrival_prediction"]:
        arrived_at = world.one("stop", guess["stop_id"])["arrived_at"]
        delivery = world.one("delivery", guess["delivery_id"])
        if guess["moment"] != "PICKUP" or arrived_at is None or not guess["predicted_at"] < arrived_at:
            continue
        if world.begins <= arrived_at < world.ends and delivery["return_of"] is None:
            errors[delivery["shipper_id"]].append(abs(arrived_at - guess["p50"]) / timedelta(minutes=1))
    found: dict[tuple[UUID, str], tuple[float | None, int]] = {}
    for shipper, first in tries.items():
        for metric, values in (
            ("FIRST_ATTEMPT", [100.0 * one for one in first]),
            ("ON_TIME", [100.0 * one for one in kept[shipper]]),
            ("WINDOW_WIDTH", widths[shipper]),
            ("ETA_ERROR", errors[shipper]),
        ):
            figure = round(sum(values) / len(values), 2) if values else None
            found[shipper, metric] = (figure, len(values))
    return found
