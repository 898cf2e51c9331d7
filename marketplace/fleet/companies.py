"""Contracted companies and their dispatchers: each sees the company's own drivers and routes, and nothing else.

Every read begins with the dispatcher who asks: whose drivers they are is in the condition, never in an argument.
"""

from typing import Any
from uuid import UUID

from marketplace.accounts.addresses import mailbox_of
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.work import Work
from marketplace.fleet.models import Company, Dispatcher
from marketplace.fleet.states import CompanyState

DRIVERS_AT_MOST = 500
ROUTES_AT_MOST = 200
COMPANIES_AT_MOST = 500
LONGEST_NAME = 80
LARGEST_PRICE = 10**9

COMPANY = """
SELECT 'com_' || replace(c.id::text, '-', '') AS id, c.name, c.state, c.route_minor, m.currency,
       (SELECT count(*) FROM driver d WHERE d.company_id = c.id)::int AS driver_count
FROM company c JOIN market m ON m.id = c.market_id JOIN dispatcher s ON s.company_id = c.id WHERE s.id = $1
"""
OF_MARKET = """
SELECT 'com_' || replace(c.id::text, '-', '') AS id, c.name, c.state, c.route_minor, m.currency,
       (SELECT count(*) FROM driver d WHERE d.company_id = c.id)::int AS driver_count
FROM company c JOIN market m ON m.id = c.market_id WHERE c.market_id = $1 ORDER BY c.name, c.id LIMIT $2
"""
DRIVERS = """
SELECT 'drv_' || replace(d.id::text, '-', '') AS id, d.name, d.vehicle, d.account_state,
       skills_at(d.skills, d.skills_until, $2) AS skills, d.documents_until, d.vehicle_until, p.state AS presence,
       p.online_until,
       (SELECT 'rte_' || replace(r.id::text, '-', '') FROM route r
         WHERE r.driver_id = d.id AND r.state IN ('ASSIGNED', 'STARTED')) AS route_id
FROM driver d JOIN presence p ON p.driver_id = d.id
WHERE d.company_id = (SELECT company_id FROM dispatcher WHERE id = $1)
ORDER BY d.name, d.id LIMIT $3
"""
# What the company's people drive and what it pays; never whose parcels they are or where they live.
ROUTES = """
SELECT 'rte_' || replace(r.id::text, '-', '') AS id, 'drv_' || replace(r.driver_id::text, '-', '') AS driver_id,
       r.state, r.distance_m, r.duration_s, r.accepted_at, r.guarantee_minor AS pay_minor, r.currency,
       (SELECT count(*) FROM stop s WHERE s.route_id = r.id)::int AS stop_count,
       (SELECT count(*) FROM stop s WHERE s.route_id = r.id AND s.ended_at IS NOT NULL)::int AS stops_ended
FROM route r JOIN driver d ON d.id = r.driver_id
WHERE d.company_id = (SELECT company_id FROM dispatcher WHERE id = $1) AND r.accepted_at IS NOT NULL
ORDER BY r.accepted_at DESC, r.id LIMIT $2
"""
TERMS = "UPDATE company SET route_minor = $3 WHERE id = $1 AND market_id = $2"
END = "UPDATE company SET state = 'ENDED' WHERE id = $1 AND market_id = $2"


class DispatcherExists(Conflict):
    """Somebody already signs in with that e-mail address."""

    code = "DISPATCHER_EXISTS"


async def add_company(work: Work, *, market_id: UUID, name: str, route_minor: int = 0) -> UUID:
    """Takes in a company whose drivers drive for a market, each route for `route_minor` at least."""
    _check_terms(route_minor)
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise Invalid(f"a company's name has 1 to {LONGEST_NAME} characters", field="name")
    company = await Company.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        name=name.strip(),
        state=CompanyState.ACTIVE.value,
        route_minor=route_minor,
        created_at=work.now,
    )
    return company.id


async def add_dispatcher(work: Work, *, company_id: UUID, market_id: UUID, name: str, email: str) -> UUID:
    """Lets a person see a company's drivers, routes and pay; they sign in by e-mail."""
    mailbox = mailbox_of(email)
    await _check_company(work, company_id, market_id)
    if await work.fetch_value("SELECT true FROM dispatcher WHERE email = $1", mailbox):
        raise DispatcherExists("a dispatcher with this e-mail address exists", field="email")
    dispatcher = await Dispatcher.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        company_id=company_id,
        name=name[:LONGEST_NAME],
        email=mailbox,
        created_at=work.now,
    )
    return dispatcher.id


async def set_company_terms(work: Work, *, company_id: UUID, market_id: UUID, route_minor: int) -> None:
    """Agrees what each route pays the company's drivers at least, in offers from now on."""
    _check_terms(route_minor)
    await _check_company(work, company_id, market_id)
    await work.execute(TERMS, company_id, market_id, route_minor)


async def end_company(work: Work, *, company_id: UUID, market_id: UUID) -> None:
    """Ends the work with a company: its drivers are not asked from now on; what they have they finish."""
    await _check_company(work, company_id, market_id)
    await work.execute(END, company_id, market_id)


async def company_of(work: Work, *, dispatcher_id: UUID) -> dict[str, Any] | None:
    """The company of the dispatcher who asks."""
    row = await work.fetch_row(COMPANY, dispatcher_id)
    return None if row is None else dict(row)


async def companies_of_market(work: Work, *, market_id: UUID) -> list[dict[str, Any]]:
    """The companies of a market, for its operators, at most 500."""
    return [dict(row) for row in await work.fetch(OF_MARKET, market_id, COMPANIES_AT_MOST)]


async def company_drivers(work: Work, *, dispatcher_id: UUID) -> list[dict[str, Any]]:
    """The drivers of the company of the dispatcher who asks, at most 500."""
    return [dict(row) for row in await work.fetch(DRIVERS, dispatcher_id, work.now, DRIVERS_AT_MOST)]


async def company_routes(work: Work, *, dispatcher_id: UUID) -> list[dict[str, Any]]:
    """The latest routes of the company's drivers, at most 200."""
    return [dict(row) for row in await work.fetch(ROUTES, dispatcher_id, ROUTES_AT_MOST)]


def _check_terms(route_minor: int) -> None:
    if not 0 <= route_minor <= LARGEST_PRICE:
        raise Invalid(f"a route's price is 0 to {LARGEST_PRICE:,} minor units", field="routeMinor")


async def _check_company(work: Work, company_id: UUID, market_id: UUID) -> None:
    if not await work.fetch_value("SELECT true FROM company WHERE id = $1 AND market_id = $2", company_id, market_id):
        raise NotFound("there is no such company", field="companyId")
