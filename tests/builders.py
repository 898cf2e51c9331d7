"""Small worlds for tests: each function writes one thing with sensible values and returns its record."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from marketplace.accounts import add_operator
from marketplace.batches.models import Batch, Delivery
from marketplace.batches.states import DeliveryState
from marketplace.billing.models import BillingProfile
from marketplace.billing.profile import next_due
from marketplace.billing.states import Terms
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.fleet.models import Driver, Presence, Shift
from marketplace.fleet.states import AccountState, ContractKind, PresenceState, Vehicle
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market, PayPolicyRecord
from marketplace.routes.models import Route, Stop, Task
from marketplace.routes.states import RouteState, StopKind, StopState
from marketplace.shippers.models import RateCardRecord, Shipper
from marketplace.standing.models import Suspension

HUB_PLACE = Point(lat=-29.9045, lon=-71.2489)
HOME_PLACE = Point(lat=-29.9600, lon=-71.3350)

PAY_RATES = {
    "base_minor": 900,
    "per_km_minor": 180,
    "per_minute_minor": 60,
    "per_stop_minor": 250,
    "wait_per_minute_minor": 80,
    "wait_grace_s": 300,
    "minimum_minor": 1500,
}


async def make_market(work: Work, **changes: Any) -> Market:
    """A market in Chilean pesos (no decimals) with pay policy 1."""
    values: dict[str, Any] = {
        "id": work.new_id(),
        "slug": f"market-{work.random.getrandbits(32):08x}",
        "name": "La Serena",
        "time_zone": "America/Santiago",
        "currency": "CLP",
        "city_pack": "grid",
        "created_at": work.now,
        "offer_ttl_s": 60,
        "wave_size": 3,
        "wave_limit": 6,
        # Waves of as many as may be: what is tested with several drivers is mostly what happens between them.
        "broadcast_below_ttls": 10_000,
        "broadcast_fill_percent": 100,
        "waiting_cost_per_hour_minor": 1500,
        "open_offers_per_driver": 3,
        "raise_step_minor": 200,
        "raise_cap_minor": 1000,
        "raise_budget_per_hour_minor": 50_000,
        # The few deliveries of a test are planned as well in a tenth of the work.
        "match_time_limit_ms": 100,
        "replan_after_s": 120,
        "plan_ahead_s": 3600,
        "route_max_stops": 12,
        "route_fixed_cost_minor": 900,
        "payout_every_s": 604_800,
        "payout_minimum_minor": 0,
    }
    market = await Market.create(using_db=work.db, **values | changes)
    await PayPolicyRecord.create(
        using_db=work.db, id=work.new_id(), market_id=market.id, version=1, effective_from=work.now, rates=PAY_RATES
    )
    return market


async def make_shipper(work: Work, market: Market, **changes: Any) -> Shipper:
    """A shipper with a standard rate card."""
    shipper = await Shipper.create(
        using_db=work.db, **{"id": work.new_id(), "name": "Farmacia Norte", "created_at": work.now} | changes
    )
    await RateCardRecord.create(
        using_db=work.db,
        id=work.new_id(),
        shipper_id=shipper.id,
        market_id=market.id,
        service_level="STANDARD",
        version=1,
        currency=market.currency,
        base_minor=1500,
        per_km_minor=300,
        per_stop_minor=500,
        minimum_minor=2500,
        effective_from=work.now,
    )
    await make_profile(work, market, shipper)
    return shipper


async def make_profile(work: Work, market: Market, shipper: Shipper, **changes: Any) -> BillingProfile:
    """Billing by invoice with a credit that no test uses up, unless it says otherwise."""
    values: dict[str, Any] = {
        "id": uuid4(),  # draws nothing from the random source that other records of a test come from
        "market_id": market.id,
        "shipper_id": shipper.id,
        "terms": "INVOICE",
        "collects": "BATCH",
        "state": "GOOD",
        "currency": market.currency,
        "credit_limit_minor": 10**12,
        "due_days": 30,
        "setup_ids": [],
        "next_due_at": next_due(work.now, Terms.INVOICE, market.time_zone),
        "created_at": work.now,
        "changed_at": work.now,
    }
    return await BillingProfile.create(using_db=work.db, **values | changes)


async def make_hub(work: Work, market: Market, **changes: Any) -> Hub:
    """A hub in the middle of La Serena."""
    values: dict[str, Any] = {
        "id": work.new_id(),
        "market_id": market.id,
        "name": "Centro",
        "address": "Calle Balmaceda 300",
        "time_zone": market.time_zone,
        "lat": HUB_PLACE.lat,
        "lon": HUB_PLACE.lon,
        "created_at": work.now,
    }
    return await Hub.create(using_db=work.db, **values | changes)


async def make_driver(
    work: Work,
    market: Market,
    *,
    kind: ContractKind = ContractKind.CROWDSOURCED,
    state: PresenceState = PresenceState.AVAILABLE,
    place: Point = HUB_PLACE,
    **changes: Any,
) -> Driver:
    """An active driver with a car who is online at `place`; dedicated and contracted ones have a shift around now."""
    values: dict[str, Any] = {
        "id": work.new_id(),
        "market_id": market.id,
        "name": "Ana Rojas",
        "phone": f"+569{work.random.randrange(10**8):08d}",
        "contract_kind": kind.value,
        "account_state": AccountState.ACTIVE.value,
        "vehicle": Vehicle.CAR.value,
        "capacity": [30, 200_000, 800],
        "skills": [],
        "max_stops": 12,
        "created_at": work.now,
    }
    values |= changes
    wanted = values["account_state"]
    is_suspended = wanted in {AccountState.SUSPENDED.value, AccountState.DEACTIVATED.value}
    if is_suspended:
        values["account_state"] = AccountState.ACTIVE.value
    driver = await Driver.create(using_db=work.db, **values)
    if is_suspended:
        await suspend_driver(work, driver, wanted)
    await Presence.create(
        using_db=work.db,
        driver_id=driver.id,
        market_id=market.id,
        state=state.value,
        lat=place.lat,
        lon=place.lon,
        cell=place.cell,
        position_at=work.now,
        online_until=work.now + timedelta(hours=8),
        changed_at=work.now,
    )
    if kind is not ContractKind.CROWDSOURCED:
        await Shift.create(
            using_db=work.db,
            id=work.new_id(),
            market_id=market.id,
            driver_id=driver.id,
            starts_at=work.now - timedelta(hours=1),
            ends_at=work.now + timedelta(hours=7),
        )
    return driver


async def suspend_driver(work: Work, driver: Driver, account_state: str = "SUSPENDED") -> UUID:
    """A suspension of the driver that an operator confirmed and that is in force; returns it."""
    marta = await add_operator(
        work, name="Marta", email=f"{driver.id.hex}@example.com", market_id=MarketId(driver.market_id)
    )
    is_over = account_state == "DEACTIVATED"
    suspension = await Suspension.create(
        using_db=work.db,
        id=uuid4(),
        market_id=driver.market_id,
        driver_id=driver.id,
        state="DEACTIVATED" if is_over else "CONFIRMED",
        rule="SAFETY",
        rules_version=1,
        reason="seen",
        evidence=[{"text": "seen"}],
        safety_reason="THEFT",
        proposed_by=marta,
        proposed_at=work.now,
        decided_by=marta,
        decided_at=work.now,
        decision_reason="seen",
        notice_law="DEFAULT",
        notice_s=0,
        effective_at=work.now,
        ended_by=marta if is_over else None,
        ended_at=work.now if is_over else None,
        end_reason="seen" if is_over else None,
    )
    await work.execute(
        "UPDATE driver SET suspension_id = $2, suspended_by = $3, suspended_from = $4, account_state = $5"
        " WHERE id = $1",
        driver.id,
        suspension.id,
        marta,
        work.now,
        account_state,
    )
    return suspension.id


async def make_batch(work: Work, market: Market, shipper: Shipper) -> Batch:
    """An empty batch."""
    return await Batch.create(
        using_db=work.db, id=work.new_id(), market_id=market.id, shipper_id=shipper.id, created_at=work.now
    )


async def make_delivery(
    work: Work, market: Market, shipper: Shipper, hub: Hub, batch: Batch, **changes: Any
) -> Delivery:
    """A delivery from the hub to a home, wanted within three hours."""
    identity = work.new_id()
    values: dict[str, Any] = {
        "id": identity,
        "market_id": market.id,
        "shipper_id": shipper.id,
        "batch_id": batch.id,
        "external_id": f"order-{identity.hex}",
        "digest": identity.bytes,
        "state": DeliveryState.SCHEDULED.value,
        "service_level": "STANDARD",
        "hub_id": hub.id,
        "pickup_lat": hub.lat,
        "pickup_lon": hub.lon,
        "pickup_address": hub.address,
        "pickup_name": hub.name,
        "pickup_phone": "",
        "pickup_opens_at": work.now,
        "pickup_closes_at": work.now + timedelta(hours=3),
        "dropoff_lat": HOME_PLACE.lat,
        "dropoff_lon": HOME_PLACE.lon,
        "dropoff_address": "Avenida Costanera 1200",
        "recipient_name": "Luz Pizarro",
        "recipient_phone": "+56911111111",
        "instructions": "",
        "dropoff_opens_at": work.now,
        "dropoff_closes_at": work.now + timedelta(hours=3),
        "time_zone": market.time_zone,
        "load": [1, 1200, 8],
        "requirements": [],
        "price_minor": 4200,
        "currency": market.currency,
        "plan_after": work.now,
        "created_at": work.now,
        "changed_at": work.now,
    }
    return await Delivery.create(using_db=work.db, **values | changes)


async def make_route(
    work: Work,
    market: Market,
    deliveries: Sequence[Delivery],
    *,
    driver: Driver | None = None,
    state: RouteState = RouteState.PLANNED,
    guarantee_minor: int = 5000,
    **changes: Any,
) -> tuple[Route, list[Stop]]:
    """A route with one pickup stop for all deliveries and one drop-off stop for each, 5 min and 2 km apart.

    With a driver it is ASSIGNED or later, and the driver is ENGAGED.
    """
    is_taken = state in {RouteState.ASSIGNED, RouteState.STARTED, RouteState.COMPLETED}
    values: dict[str, Any] = {
        "id": work.new_id(),
        "market_id": market.id,
        "state": state.value,
        "driver_id": driver.id if driver and is_taken else None,
        "planned_driver_id": driver.id if driver else None,
        "distance_m": 2000 * len(deliveries),
        "duration_s": 600 + 420 * len(deliveries),
        "starts_at": work.now,
        "is_degraded": False,
        "currency": market.currency,
        "policy_version": 1,
        "guarantee_minor": guarantee_minor if is_taken else None,
        "accepted_at": work.now if is_taken else None,
        "created_at": work.now,
    }
    route = await Route.create(using_db=work.db, **values | changes)
    first = deliveries[0]
    stops = [await make_stop(work, route, 0, StopKind.PICKUP, (first.pickup_lat, first.pickup_lon), deliveries)]
    for place, delivery in enumerate(deliveries, start=1):
        assert delivery.dropoff_lat is not None, "what is on a route has a place"
        assert delivery.dropoff_lon is not None
        where = (delivery.dropoff_lat, delivery.dropoff_lon)
        stops.append(await make_stop(work, route, place, StopKind.DROPOFF, where, [delivery]))
    then = DeliveryState.ASSIGNED if is_taken else DeliveryState.OFFERING
    await _put_on_route(work, route.id, [delivery.id for delivery in deliveries], then)
    if driver and is_taken:
        await work.execute("UPDATE presence SET state = 'ENGAGED' WHERE driver_id = $1", driver.id)
    return route, stops


async def make_stop(
    work: Work,
    route: Route,
    place: int,
    kind: StopKind,
    where: tuple[float, float],
    deliveries: Sequence[Delivery],
) -> Stop:
    """One stop with a task for each delivery."""
    arrival = work.now + timedelta(minutes=10 + 7 * place)
    stop = await Stop.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=route.market_id,
        route_id=route.id,
        place=place,
        kind=kind.value,
        state=StopState.PENDING.value,
        lat=where[0],
        lon=where[1],
        leg_m=0 if place == 0 else 2000,
        leg_s=0 if place == 0 else 300,
        planned_arrival=arrival,
        planned_departure=arrival + timedelta(minutes=2),
    )
    for delivery in deliveries:
        await Task.create(
            using_db=work.db,
            id=work.new_id(),
            market_id=route.market_id,
            stop_id=stop.id,
            delivery_id=delivery.id,
        )
    return stop


async def _put_on_route(work: Work, route_id: UUID, deliveries: list[UUID], state: DeliveryState) -> None:
    await work.execute(
        "UPDATE delivery SET route_id = $1, state = $2 WHERE id = ANY($3)", route_id, state.value, deliveries
    )
