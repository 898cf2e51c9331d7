"""Drivers are taken in with a vehicle and what it holds, offline at first, and agree hours where they need them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError

from marketplace.core.errors import Invalid
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, Vehicle, create_driver, driver_profile, live_drivers, plan_shift
from marketplace.fleet.create import CAPACITY
from marketplace.markets.models import Market
from tests.builders import make_driver, make_market

DRIVER = "SELECT account_state, capacity, skills, max_stops FROM driver WHERE id = $1"


async def take_in(work: Work, market: Market, **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "name": "Ana Rojas",
        "phone": "+56912345678",
        "contract_kind": ContractKind.CROWDSOURCED,
        "vehicle": Vehicle.CAR,
    }
    return await create_driver(work, market_id=market.id, **values | changes)


async def test_a_driver_is_active_and_offline_at_first(work: Work) -> None:
    market = await make_market(work)

    driver_id = await take_in(work, market, skills=["PHARMACY", "COLD", "COLD"], max_stops=9)

    row = await work.fetch_row(DRIVER, driver_id)
    assert row is not None
    assert tuple(row) == ("ACTIVE", [25, 200_000, 600], ["COLD", "PHARMACY"], 9)
    profile = await driver_profile(work, driver_id=driver_id)
    assert profile is not None
    assert (profile["name"], profile["presence"], profile["online_until"]) == ("Ana Rojas", "OFFLINE", None)
    assert await live_drivers(work, market_id=market.id) == []
    assert work.events == []


@pytest.mark.parametrize("vehicle", list(Vehicle))
async def test_a_vehicle_holds_what_its_kind_holds_unless_agreed_otherwise(work: Work, vehicle: Vehicle) -> None:
    market = await make_market(work)

    usual = await take_in(work, market, vehicle=vehicle)
    agreed = await take_in(work, market, vehicle=vehicle, capacity=[1, 2, 3], phone="+56987654321")

    assert await work.fetch_value("SELECT capacity FROM driver WHERE id = $1", usual) == list(CAPACITY[vehicle])
    assert await work.fetch_value("SELECT capacity FROM driver WHERE id = $1", agreed) == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"capacity": [1, 2]}, "capacity"),
        ({"capacity": [1, 2, 3, 4]}, "capacity"),
        ({"capacity": [1, 2, 0]}, "capacity"),
        ({"max_stops": 0}, "maxStops"),
        ({"max_stops": 201}, "maxStops"),
    ],
)
async def test_a_driver_who_could_carry_nothing_is_not_taken_in(
    work: Work, changes: dict[str, Any], field: str
) -> None:
    market = await make_market(work)

    with pytest.raises(Invalid) as refused:
        await take_in(work, market, **changes)

    assert refused.value.field == field
    assert await work.fetch_value("SELECT count(*) FROM driver WHERE market_id = $1", market.id) == 0


async def test_a_phone_signs_in_as_one_driver(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        await take_in(work, market)

    with pytest.raises(IntegrityError, match="driver_phone"):
        async with works.open() as work:
            await take_in(work, market, name="Bruno Vega")


async def test_hours_are_agreed_with_a_beginning_and_an_end(work: Work) -> None:
    market = await make_market(work)
    driver = await make_driver(work, market)
    ends_at = work.now + timedelta(hours=8)

    shift_id = await plan_shift(work, driver_id=driver.id, market_id=market.id, starts_at=work.now, ends_at=ends_at)

    row = await work.fetch_row("SELECT driver_id, starts_at, ends_at FROM shift WHERE id = $1", shift_id)
    assert row is not None
    assert tuple(row) == (driver.id, work.now, ends_at)


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(hours=-1)])
async def test_hours_that_end_before_they_begin_are_refused(work: Work, lasts: timedelta) -> None:
    market = await make_market(work)
    driver = await make_driver(work, market)

    with pytest.raises(Invalid, match="ends after it starts") as refused:
        await plan_shift(work, driver_id=driver.id, market_id=market.id, starts_at=work.now, ends_at=work.now + lasts)

    assert refused.value.field == "endsAt"
    assert await work.fetch_value("SELECT count(*) FROM shift WHERE driver_id = $1", driver.id) == 0
