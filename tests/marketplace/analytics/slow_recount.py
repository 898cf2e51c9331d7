"""The figures of a day counted slowly and plainly, from events and ledger, one row at a time; shares no SQL with them.

Whole tables are read, and everything else is loops: what happened is told by events, money by postings, and how far
somebody drove by the stops of the route.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from marketplace.core.work import Work

PENCE = {"CAR": (12, 45), "VAN": (13, 45), "MOTORCYCLE": (0, 24), "BICYCLE": (0, 20)}
PESOS_PER_PENNY = 12.34065
KWH_PER_KM = {"CAR": 0.173, "VAN": 0.2, "MOTORCYCLE": 0.044, "BICYCLE": 0.012}
PENCE_PER_KWH = 27.04
PESOS_PER_ACTION = 1_256
TABLES = (
    "event", "delivery", "route", "stop", "task", "driver", "vehicle", "offer", "arrival_prediction", "operator_action",
    "journal", "posting", "account", "stock_transfer", "reassignment", "sign_up", "claim",
)  # fmt: skip
MILLION = 1_000_000
BILLED = dict.fromkeys(("delivery_revenue", "cancellation_revenue", "reservation_revenue"), "billed_minor")
GIVEN_BACK = {
    "goodwill": "credited_minor", "delivery_revenue": "credited_minor", "cancellation_revenue": "credited_minor",
    "sla_credit": "penalty_minor", "claim_loss": "claim_minor",
}  # fmt: skip
"""What stands on the other side of a shipper's account, and the figure that it is."""
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
    count_blocks(world, told[NOWHERE])
    count_predictions(world, told)
    count_market(world, told)
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
    "DeliveryReturned": "returned",
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
                count_at_hubs(world, event, delivery, told)
                told[place]["attempts"] += event["name"] == "DeliveryAttempted"
                if delivery["return_of"] is None and transfer_of(world, delivery) is None:
                    count_own(event, before, told[place])
                    count_assigned(event, before, told[place], delivery)
                    count_delivered(world, event, before, told[place], delivery)


def transfer_of(world: World, delivery: dict[str, Any]) -> dict[str, Any] | None:
    """The transfer between hubs that a delivery is."""
    return next((row for row in world.rows["stock_transfer"] if row["delivery_id"] == delivery["id"]), None)


def count_at_hubs(
    world: World, event: dict[str, Any], delivery: dict[str, Any], told: defaultdict[Place, Counter[str]]
) -> None:
    """What went out of hubs and came into them."""
    shipper_id, hub_id = place = place_of(world, delivery)
    transfer = transfer_of(world, delivery)
    if transfer and event["name"] == "DeliveryDelivered":
        told[place]["transfers"] += 1
        told[shipper_id, transfer["to_hub_id"]]["hub_in"] += 1
    if hub_id is None:
        return
    if event["name"] in {"DeliveryReturned", "DeliveryBroughtBack"}:
        told[place]["hub_in"] += 1
    if event["name"] == "DeliveryMoved" and event["payload"]["state"] == "PICKED_UP":
        told[place]["hub_out"] += delivery["return_of"] is None


def count_own(event: dict[str, Any], before: Counter[str], told: Counter[str]) -> None:
    """What a delivery goes through that is neither a return nor a transfer."""
    if event["name"] in SIMPLE:
        told[SIMPLE[event["name"]]] += 1
    if event["name"] == "DeliveryAttempted":
        told["attempted_first"] += before["DeliveryAttempted"] == 1


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
    told[f"{drivetrain_of(world, world.one('driver', UUID(event['payload']['driver_id'])))}_delivered"] += 1
    told["delivered_first"] += before["DeliveryAttempted"] == 0


def drivetrain_of(world: World, driver: dict[str, Any]) -> str:
    """What a driver drives, as the columns call it."""
    is_electric = any(
        row["id"] == driver["vehicle_id"] and "ELECTRIC_DRIVE" in row["equipment"] for row in world.rows["vehicle"]
    )
    kind: str = driver["vehicle"].lower()
    return f"electric_{kind}" if is_electric else kind


def count_route(world: World, route: dict[str, Any], told: defaultdict[Place, Counter[str]]) -> None:
    """Drives a route again from stop to stop, and shares it among its deliveries."""
    about = [event for event in world.rows["event"] if event["route_id"] == route["id"]]
    totals, seen, loaded = drive_again(world, route, about)
    failed = {e["delivery_id"] for e in about if e["name"] == "DeliveryAttempted"}
    for key, parts in divided(totals, seen):
        place = place_of(world, seen[key]) if key else NOWHERE
        share = "driver_minor"
        if key and (seen[key]["return_of"] or transfer_of(world, seen[key])):
            share = "return_minor" if seen[key]["return_of"] else "transfer_minor"
        elif key in failed:
            share = "attempt_minor"
        told[place].update({share if name == "pay" else name: part for name, part in parts.items()})
        if key in loaded and not seen[key]["return_of"]:
            told[place]["load_l"] += seen[key]["load"][2]


def drive_again(
    world: World, route: dict[str, Any], about: list[dict[str, Any]]
) -> tuple[dict[str, int], dict[UUID, dict[str, Any]], set[UUID]]:
    """What a route came to, the deliveries it visited, and those whose parcels were in the vehicle at some time."""
    stops = [row for row in world.rows["stop"] if row["route_id"] == route["id"] and row["arrived_at"] is not None]
    passed = [row for row in world.rows["reassignment"] if row["state"] == "DONE"]
    aboard = {one for row in passed if row["next_route_id"] == route["id"] for one in row["given"] or ()}
    loaded = set(aboard)
    seen: dict[UUID, dict[str, Any]] = {}
    metres, empty = route["approach_m"], route["approach_m"]
    for stop in sorted(stops, key=lambda stop: stop["place"]):
        metres += stop["leg_m"]
        empty += 0 if aboard else stop["leg_m"]
        for task in world.rows["task"]:
            if task["stop_id"] == stop["id"]:
                delivery = seen[task["delivery_id"]] = world.one("delivery", task["delivery_id"])
                change_load(stop, delivery, about, aboard)
        loaded |= aboard
    metres += sum(row["way_m"] for row in passed if row["route_id"] == route["id"])
    return totals_of(world, route, metres, empty, len(stops), about), seen, loaded


def change_load(stop: dict[str, Any], delivery: dict[str, Any], about: list[dict[str, Any]], aboard: set[UUID]) -> None:
    """Puts a parcel into the vehicle at a stop, or takes it out."""
    mine = [event for event in about if event["delivery_id"] == delivery["id"]]
    is_picked = any(e["name"] == "DeliveryMoved" and e["payload"]["state"] == "PICKED_UP" for e in mine)
    if stop["kind"] == "PICKUP" and is_picked:
        aboard.add(delivery["id"])
    if stop["kind"] == "DROPOFF" and any(event["name"] == "DeliveryDelivered" for event in mine):
        aboard.discard(delivery["id"])
    if stop["kind"] == "RETURN" and stop["state"] == "COMPLETED":
        aboard -= {delivery["return_of"], delivery["id"]}


def totals_of(
    world: World, route: dict[str, Any], metres: int, empty: int, stops: int, about: list[dict[str, Any]]
) -> dict[str, int]:
    """What a route came to as a whole."""
    driver = world.one("driver", route["driver_id"])
    kind, drivetrain = driver["vehicle"], drivetrain_of(world, driver)
    fuel, whole = (round(pence * PESOS_PER_PENNY * MILLION / 1609.344) for pence in PENCE[kind])
    if drivetrain.startswith("electric"):
        fuel = round(KWH_PER_KM[kind] * PENCE_PER_KWH * PESOS_PER_PENNY * 1_000)
    is_provided = driver["contract_kind"] == "DEDICATED"
    return {
        "routes_ppm": MILLION,
        "stops": stops,
        f"{drivetrain}_m": metres,
        "empty_m": empty,
        "driven_s": (route["ended_at"] - route["started_at"]) // timedelta(seconds=1),
        "capacity_l": driver["capacity"][2],
        "fuel_minor": (metres * fuel + 500_000) // MILLION if is_provided else 0,
        "vehicle_minor": (metres * (whole - fuel) + 500_000) // MILLION if is_provided else 0,
        "pay": sum(e["payload"]["total_minor"] for e in about if e["name"] == "PayStatementIssued"),
    }


def divided(totals: dict[str, int], keys: Iterable[UUID]) -> Iterator[tuple[UUID | None, dict[str, int]]]:
    """Whole units for each, which add up; all of it for nobody where there is none."""
    ids: list[UUID | None] = [*sorted(keys)] or [None]
    for number, key in enumerate(ids):
        yield (
            key,
            {name: total * (number + 1) // len(ids) - total * number // len(ids) for name, total in totals.items()},
        )


def count_money(world: World, told: defaultdict[Place, Counter[str]]) -> None:
    """What shippers owe and were given, by the postings on their receivables; what drivers got besides routes."""
    codes = {row["id"]: row["code"].split(":", 2)[2] for row in world.rows["account"]}
    for posting in world.rows["posting"]:
        journal = world.one("journal", posting["journal_id"])
        if not world.begins <= journal["effective_at"] < world.ends:
            continue
        debit, credit, amount = codes[posting["debit_id"]], codes[posting["credit_id"]], posting["amount_minor"]
        claim = next((row for row in world.rows["claim"] if row["id"] == journal["subject_id"]), None)
        key = claim["delivery_id"] if claim else journal["subject_id"]
        about = next((row for row in world.rows["delivery"] if row["id"] == key), None)
        for account, other, figures in ((debit, credit, BILLED), (credit, debit, GIVEN_BACK)):
            if account.startswith("shipper:") and account.endswith(":receivable") and other in figures:
                shipper_id = UUID(account.split(":")[1])
                told[place_of(world, about) if about else (shipper_id, None)][figures[other]] += amount
        if debit in {"goodwill", "pay_true_up"} and credit.startswith("driver:"):
            told[NOWHERE]["driver_minor"] += amount


def count_blocks(world: World, told: Counter[str]) -> None:
    """What was made up to the floor of the blocks that began on the day, as their sign-ups say."""
    for row in world.rows["sign_up"]:
        if world.begins <= row["opens_at"] < world.ends:
            told["driver_minor"] += row["top_up_minor"] or 0


def count_predictions(world: World, told: defaultdict[Place, Counter[str]]) -> None:
    """How many predictions held, for whoever had the delivery brought."""
    for event in world.rows["event"]:
        if event["name"] != "StopChanged" or event["payload"]["state"] != "ARRIVED":
            continue
        arrived_at = world.one("stop", UUID(event["payload"]["stop_id"]))["arrived_at"]
        if not world.begins <= arrived_at < world.ends:
            continue
        for guess in world.rows["arrival_prediction"]:
            if guess["stop_id"] == UUID(event["payload"]["stop_id"]) and guess["predicted_at"] < arrived_at:
                place = place_of(world, world.one("delivery", guess["delivery_id"]))
                told[place]["eta_arrivals"] += 1
                told[place]["eta_covered"] += guess["p10"] <= arrived_at <= guess["p90"]


def count_market(world: World, told: defaultdict[Place, Counter[str]]) -> None:
    """Offers among the deliveries they were of, operators' actions, and how many drivers there were."""
    for event in world.events("OfferSent", "OfferAccepted", "OfferDeclined", "OfferExpired"):
        figure = f"offers_{event['name'].removeprefix('Offer').lower()}_ppm"
        stops = {row["id"] for row in world.rows["stop"] if row["route_id"] == event["route_id"]}
        offered = {task["delivery_id"] for task in world.rows["task"] if task["stop_id"] in stops}
        for key, parts in divided({figure: MILLION}, offered):
            told[place_of(world, world.one("delivery", key)) if key else NOWHERE].update(parts)
    for action in world.rows["operator_action"]:
        if world.begins <= action["happened_at"] < world.ends:
            about = next((row for row in world.rows["delivery"] if row["id"] == action["subject_id"]), None)
            told[place_of(world, about) if about else NOWHERE]["actions"] += 1
            told[place_of(world, about) if about else NOWHERE]["support_minor"] += PESOS_PER_ACTION
    told[NOWHERE]["drivers"] += share_among(world, world.rows["driver"])["drivers"]


def recount_drivers(world: World) -> dict[str | None, Counter[str]]:
    """How work was shared, second by second: among all drivers, and those of each contract kind that was there."""
    kinds: dict[str | None, Counter[str]] = {None: share_among(world, world.rows["driver"])}
    for kind in ("DEDICATED", "CONTRACTED", "CROWDSOURCED"):
        kinds[kind] = share_among(world, [row for row in world.rows["driver"] if row["contract_kind"] == kind])
    return {kind: told for kind, told in kinds.items() if told["drivers"]}


def share_among(world: World, drivers: list[dict[str, Any]]) -> Counter[str]:
    """How long these were online and had a route, what it paid, and how evenly offers fell."""
    rates = []
    told = Counter[str]()
    until = min(world.ends, world.now)
    for driver in drivers:
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
        ended = {
            UUID(event["payload"]["route_id"])
            for event in world.events("RouteCompleted")
            if UUID(event["payload"]["driver_id"]) == driver["id"]
        }
        paid = sum(
            event["payload"]["total_minor"]
            for event in world.rows["event"]
            if event["name"] == "PayStatementIssued" and event["route_id"] in ended
        )
        offers = sum(
            offer["driver_id"] == driver["id"] and world.begins <= offer["sent_at"] < until
            for offer in world.rows["offer"]
        )
        told["online_s"] += online
        told["engaged_s"] += engaged
        told["offers"] += offers
        told["pay_minor"] += paid
        told["drivers"] += bool(online or offers or paid)
        if online:
            rates.append(offers * 3_600 / online)
    told["gini_days"] = int(bool(rates))
    if sum(rates):
        # The mean difference of every two, over twice the mean
        apart = sum(abs(one - other) for one in rates for other in rates)
        told["gini_ppm"] = round(MILLION * apart / (2 * len(rates) * sum(rates)))
    return told


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
