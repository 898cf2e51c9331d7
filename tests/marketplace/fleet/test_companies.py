"""A contracted company's dispatcher sees its own drivers and routes; another company's look like none."""

from uuid import UUID

import asyncpg
import pytest

from marketplace.accounts import PrincipalKind, Tokens, authenticate, open_session
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import to_wire
from marketplace.core.work import Work
from marketplace.fleet import (
    ContractKind,
    DispatcherExists,
    Vehicle,
    add_company,
    add_dispatcher,
    company_drivers,
    company_of,
    company_routes,
    create_driver,
    end_company,
)
from marketplace.fleet.models import Driver
from marketplace.markets.models import Market
from marketplace.routes.states import RouteState
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

TOKENS = Tokens("a secret of tests that is long enough")


async def make_company(work: Work, market: Market, name: str) -> tuple[UUID, UUID, Driver]:
    """A company, its dispatcher and its one driver."""
    company_id = await add_company(work, market_id=market.id, name=name)
    email = f"{name}@example.com"
    person = await add_dispatcher(work, company_id=company_id, market_id=market.id, name="Iris", email=email)
    driver = await make_driver(work, market, kind=ContractKind.CONTRACTED, name=f"of {name}", company_id=company_id)
    return company_id, person, driver


async def test_each_dispatcher_sees_the_drivers_of_the_own_company_alone(work: Work) -> None:
    market = await make_market(work)
    _, iris, ours = await make_company(work, market, "alfa")
    _, otto, theirs = await make_company(work, market, "beta")
    await make_driver(work, market, kind=ContractKind.CONTRACTED)

    seen = [await company_drivers(work, dispatcher_id=person) for person in (iris, otto)]

    assert [[row["id"] for row in rows] for rows in seen] == [
        [to_wire("driver", ours.id)],
        [to_wire("driver", theirs.id)],
    ]
    assert await company_drivers(work, dispatcher_id=work.new_id()) == []
    assert (await company_of(work, dispatcher_id=iris) or {})["driver_count"] == 1


async def test_each_dispatcher_sees_the_routes_of_the_own_drivers_alone(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    (_, iris, ours), (_, otto, theirs) = [await make_company(work, market, name) for name in ("alfa", "beta")]
    routes = []
    for driver in (ours, theirs):
        delivery = await make_delivery(work, market, shipper, hub, batch)
        routes.append((await make_route(work, market, [delivery], driver=driver, state=RouteState.STARTED))[0])

    seen = [await company_routes(work, dispatcher_id=person) for person in (iris, otto)]

    assert [[row["id"] for row in rows] for rows in seen] == [[to_wire("route", route.id)] for route in routes]


async def test_a_dispatcher_signs_in_and_is_known_by_the_session(work: Work) -> None:
    market = await make_market(work)
    _, iris, _ = await make_company(work, market, "alfa")

    opened = await open_session(work, kind=PrincipalKind.DISPATCHER, principal_id=iris, tokens=TOKENS)
    principal = await authenticate(work.connection, credential=opened.access_token, tokens=TOKENS)

    assert (principal.kind, principal.id, principal.market_id) == (PrincipalKind.DISPATCHER, iris, market.id)


async def test_an_address_signs_in_for_one_company(work: Work) -> None:
    market = await make_market(work)
    await make_company(work, market, "alfa")
    other = await add_company(work, market_id=market.id, name="beta")

    with pytest.raises(DispatcherExists):
        await add_dispatcher(work, company_id=other, market_id=market.id, name="Iris", email="Alfa@example.com")


async def test_a_company_of_another_market_looks_like_none(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    company_id, _, _ = await make_company(work, market, "alfa")

    with pytest.raises(NotFound, match="no such company"):
        await end_company(work, company_id=company_id, market_id=elsewhere.id)
    with pytest.raises(NotFound, match="no such company"):
        await add_dispatcher(work, company_id=company_id, market_id=elsewhere.id, name="Eve", email="eve@example.com")

    assert await work.fetch_value("SELECT state FROM company WHERE id = $1", company_id) == "ACTIVE"


async def test_only_contracted_drivers_are_a_companys(work: Work) -> None:
    market = await make_market(work)
    company_id, _, _ = await make_company(work, market, "alfa")

    with pytest.raises(Invalid, match="contracted"):
        await create_driver(
            work,
            market_id=market.id,
            name="Ana",
            phone="+56912345678",
            contract_kind=ContractKind.CROWDSOURCED,
            vehicle=Vehicle.CAR,
            company_id=company_id,
        )


async def test_the_database_keeps_a_company_within_its_market(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    _, _, driver = await make_company(work, market, "alfa")
    foreign = await add_company(work, market_id=elsewhere.id, name="far")

    with pytest.raises(asyncpg.ForeignKeyViolationError):  # within a savepoint, so that the rest can be rolled back
        async with work.connection.transaction():
            await work.connection.execute("UPDATE driver SET company_id = $2 WHERE id = $1", driver.id, foreign)
