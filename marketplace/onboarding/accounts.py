"""The way into the fleet: somebody applies, is approved with papers in order, and drives with a vehicle that is.

Each step but the first is a person's, and an audit line says whose and why.
"""

from typing import Any
from uuid import UUID

from marketplace.accounts.addresses import phone_of
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.work import Work
from marketplace.fleet.create import create_driver
from marketplace.fleet.events import DriverActivated, DriverApplied, DriverApproved
from marketplace.fleet.states import AccountState, ContractKind, Vehicle
from marketplace.onboarding.papers import needed_papers

LONGEST_NAME = 80
LISTED_AT_MOST = 200

KNOWN = "SELECT true FROM driver WHERE phone = $1"
# Two who apply with one phone at once: the second waits here, and then finds the first.
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('application of ' || $1, 0))"
LOCK = """
SELECT account_state, vehicle, vehicle_until, documents_until FROM driver WHERE id = $1 AND market_id = $2 FOR UPDATE
"""
SHOWN = """
SELECT DISTINCT kind FROM driver_document WHERE driver_id = $1 AND state = 'ACCEPTED' AND expires_at > $2
"""
APPROVE = "UPDATE driver SET account_state = 'APPROVED', contract_kind = $2, company_id = $3 WHERE id = $1"
ACTIVATE = "UPDATE driver SET account_state = 'ACTIVE' WHERE id = $1"
APPLICANTS = """
SELECT 'drv_' || replace(d.id::text, '-', '') AS id, d.name, d.vehicle, d.account_state, d.created_at,
       ARRAY(SELECT DISTINCT kind FROM driver_document c
             WHERE c.driver_id = d.id AND c.state = 'ACCEPTED' AND c.expires_at > $2 ORDER BY kind) AS accepted_papers,
       d.vehicle_until
FROM driver d WHERE d.market_id = $1 AND d.account_state IN ('APPLIED', 'APPROVED') ORDER BY d.created_at, d.id LIMIT $3
"""


class PapersMissing(Conflict):
    """A paper that every driver of this vehicle needs is missing, unchecked or over."""

    code = "PAPERS_MISSING"


class WrongStage(Conflict):
    """The account is not at the stage that this step begins from."""

    code = "WRONG_STAGE"


async def apply_to_drive(
    work: Work, *, market_id: UUID, name: str, phone: str, vehicle: Vehicle, language: str = "en"
) -> UUID | None:
    """Takes in somebody who wants to drive; None where the phone is known or the market is not.

    Anybody may ask, so the answer tells neither.
    """
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise Invalid(f"a name has 1 to {LONGEST_NAME} characters", field="name")
    number = phone_of(phone)
    if not await work.fetch_value("SELECT true FROM market WHERE id = $1", market_id):
        return None
    await work.execute(ALONE, number)
    if await work.fetch_value(KNOWN, number):
        return None
    driver_id = await create_driver(
        work,
        market_id=market_id,
        name=name.strip(),
        phone=number,
        contract_kind=ContractKind.CROWDSOURCED,
        vehicle=vehicle,
        account_state=AccountState.APPLIED,
        language=language,
    )
    work.emit(DriverApplied(market_id=market_id, driver_id=driver_id))
    return driver_id


async def approve_driver(
    work: Work,
    *,
    driver_id: UUID,
    market_id: UUID,
    contract_kind: ContractKind = ContractKind.CROWDSOURCED,
    company_id: UUID | None = None,
) -> None:
    """An operator takes an applicant on, whose papers are all accepted, on these terms."""
    row = await _at_stage(work, driver_id, market_id, AccountState.APPLIED)
    shown = {paper["kind"] for paper in await work.fetch(SHOWN, driver_id, work.now)}
    if missing := [kind for kind in needed_papers(Vehicle(row["vehicle"])) if kind.value not in shown]:
        raise PapersMissing(f"not accepted yet: {', '.join(missing)}", field="driverId")
    if (company_id is not None) and contract_kind is not ContractKind.CONTRACTED:
        raise Invalid("a company's drivers are contracted", field="contractKind")
    of_market = "SELECT true FROM company WHERE id = $1 AND market_id = $2"
    if company_id is not None and not await work.fetch_value(of_market, company_id, market_id):
        raise NotFound("there is no such company", field="companyId")
    await work.execute(APPROVE, driver_id, contract_kind.value, company_id)
    work.emit(DriverApproved(market_id=market_id, driver_id=driver_id))


async def activate_driver(work: Work, *, driver_id: UUID, market_id: UUID) -> None:
    """An operator lets an approved driver go online, once a vehicle that has passed its check is chosen."""
    row = await _at_stage(work, driver_id, market_id, AccountState.APPROVED)
    if row["vehicle_until"] is None or row["vehicle_until"] <= work.now:
        raise PapersMissing("the driver has chosen no vehicle that has passed its check", field="driverId")
    if row["documents_until"] is None or row["documents_until"] <= work.now:
        raise PapersMissing("a paper has run out meanwhile", field="driverId")
    await work.execute(ACTIVATE, driver_id)
    work.emit(DriverActivated(market_id=market_id, driver_id=driver_id))


async def applicants(work: Work, *, market_id: UUID) -> list[dict[str, Any]]:
    """Who is on the way into a market's fleet, longest waiting first."""
    return [dict(row) for row in await work.fetch(APPLICANTS, market_id, work.now, LISTED_AT_MOST)]


async def _at_stage(work: Work, driver_id: UUID, market_id: UUID, stage: AccountState) -> Any:
    # Two operators at once: the second waits here and finds the first's decision.
    row = await work.fetch_row(LOCK, driver_id, market_id)
    if row is None:
        raise NotFound("there is no such driver", field="driverId")
    if row["account_state"] != stage.value:
        raise WrongStage(f"this account is {row['account_state']}, not {stage}", field="driverId")
    return row
