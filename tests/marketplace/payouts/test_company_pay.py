"""What a contracted company's people drive is paid to the company, once, whoever they drive for by then."""

from typing import Any
from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, PayoutId, RouteId, StatementId, to_wire
from marketplace.core.work import Work
from marketplace.fleet import ContractKind, add_company, add_dispatcher
from marketplace.fleet.models import Driver
from marketplace.ledger import check_ledger
from marketplace.offers import assign_route
from marketplace.payments import OperationKind
from marketplace.payouts import (
    PROOFS_OF_PAY,
    NoPayoutAccount,
    PayoutMethod,
    PayoutUnderWay,
    QuoteNeeded,
    company_pay,
    company_payouts,
    find_earnings,
    issue_statement,
    open_company_account,
    page_payouts,
    page_statements,
    quote_company_payout,
    request_company_payout,
    schedule_payouts,
    settle_account,
    settle_payout,
)
from marketplace.payouts.models import PayoutAccount
from marketplace.routes.models import Route
from marketplace.routes.states import RouteState
from tests.builders import make_batch, make_delivery, make_driver, make_route
from tests.marketplace.payouts.world import (
    ARRIVE,
    PayWorld,
    end_operation,
    make_pay_world,
    open_account,
    payout_row,
    statement_row,
    wanted,
)

PAY = 4140  # of a route of the pay world, under policy 1 of the builders
BALANCES = """
SELECT substr(a.code, 42) AS name,
       coalesce(sum(CASE a.id WHEN p.credit_id THEN p.amount_minor ELSE -p.amount_minor END), 0)::bigint AS minor
FROM account a JOIN posting p ON a.id IN (p.debit_id, p.credit_id) AND p.state IN ('POSTED', 'POST_PENDING')
WHERE a.market_id = $1 GROUP BY a.id
"""


async def make_company(work: Work, world: PayWorld, name: str = "alfa") -> tuple[UUID, UUID]:
    """A company that has an account which money may go to, and its dispatcher."""
    company_id = await add_company(work, market_id=world.market.id, name=name)
    person = await add_dispatcher(
        work, company_id=company_id, market_id=world.market.id, name="Iris", email=f"{name}@example.com"
    )
    await PayoutAccount.create(
        using_db=work.db,
        payee_id=company_id,
        company_id=company_id,
        market_id=world.market.id,
        account=f"acct_{name}",
        can_receive=True,
        can_pay_out=True,
        is_submitted=True,
        currently_due=[],
        target="bank-of-company",
        created_at=work.now,
        changed_at=work.now,
    )
    return company_id, person


async def make_contracted(work: Work, world: PayWorld, company_id: UUID | None) -> Driver:
    """A contracted driver, who has an own account too."""
    driver = await make_driver(work, world.market, kind=ContractKind.CONTRACTED, company_id=company_id)
    await open_account(work, world, driver.id)
    return driver


async def drive(work: Work, world: PayWorld, driver: Driver) -> StatementId:
    """A route is taken as routes are, then driven, and its statement written."""
    batch = await make_batch(work, world.market, world.shipper)
    deliveries = [await make_delivery(work, world.market, world.shipper, world.hub, batch) for _ in range(2)]
    route, _ = await make_route(work, world.market, deliveries)
    await assign_route(work, route_id=route.id, driver_id=driver.id, pay_minor=PAY, approach_m=1500, approach_s=200)
    return await end(work, route)


async def end(work: Work, route: Route) -> StatementId:
    """The route ends where its driver has it, and is paid."""
    await work.execute(ARRIVE, route.id, work.now, 0)
    await work.execute(
        "UPDATE route SET state = $2, ended_at = $3 WHERE id = $1", route.id, RouteState.COMPLETED.value, work.now
    )
    await work.execute("UPDATE presence SET state = 'AVAILABLE' WHERE market_id = $1", route.market_id)
    return await issue_statement(work, route_id=RouteId(route.id))


async def move(work: Work, driver: Driver, company_id: UUID | None) -> None:
    """The driver drives for another company from now on, or for none."""
    await work.execute("UPDATE driver SET company_id = $2 WHERE id = $1", driver.id, company_id)


async def balances(work: Work, world: PayWorld) -> dict[str, int]:
    """What stands on each account, credits above nothing, without those that are even."""
    return {row["name"]: row["minor"] for row in await work.fetch(BALANCES, world.market.id) if row["minor"]}


async def pay_out(work: Work, world: PayWorld) -> list[PayoutId]:
    """A payout run, and all that follows, to the banks."""
    await work.execute("UPDATE market SET payout_run_wanted_at = $2 WHERE id = $1", world.market.id, work.now)
    reserved = await schedule_payouts(work, market_id=MarketId(world.market.id))
    for payout_id in reserved:
        await end_operation(work, OperationKind.TRANSFER, payout_id)
        await settle_payout(work, payout_id=payout_id)
        minor = (await payout_row(work, payout_id))["amount_minor"]
        await work.execute(
            "UPDATE stripe_operation SET amount_minor = $2 WHERE kind = 'PAYOUT' AND subject_id = $1", payout_id, minor
        )
        await end_operation(work, OperationKind.PAYOUT, payout_id, object_state="paid")
        await settle_payout(work, payout_id=payout_id)
    return reserved


async def test_the_pay_of_a_route_goes_to_the_companys_account_with_exact_postings(work: Work) -> None:
    world = await make_pay_world(work)
    company_id, iris = await make_company(work, world)
    driver = await make_contracted(work, world, company_id)

    statement_id = await drive(work, world, driver)
    total = (await statement_row(work, statement_id))["total_minor"]
    earned = await balances(work, world)
    (payout_id,) = await pay_out(work, world)

    assert earned == {"driver_pay": -total, f"company:{company_id}:wallet": total}
    payout = await payout_row(work, payout_id)
    assert (payout["company_id"], payout["driver_id"], payout["account"]) == (company_id, None, "acct_alfa")
    assert (payout["amount_minor"], payout["state"]) == (total, "PAID")
    assert await balances(work, world) == {"driver_pay": -total, "gateway:available": total}
    assert (await statement_row(work, statement_id))["state"] == "PAID"
    assert (await check_ledger(work, market_id=world.market.id, further=PROOFS_OF_PAY)).is_sound
    assert [row["payout_id"] for row in await company_pay(work, dispatcher_id=iris)] == [to_wire("payout", payout_id)]
    assert [row["amount_minor"] for row in await company_payouts(work, dispatcher_id=iris)] == [total]


async def test_the_drivers_statement_shows_the_work_and_no_payout(work: Work) -> None:
    world = await make_pay_world(work)
    company_id, _ = await make_company(work, world)
    driver = await make_contracted(work, world, company_id)
    await drive(work, world, driver)
    await pay_out(work, world)

    ((_, shown),) = await page_statements(work.connection, driver_id=driver.id, before=None, limit=10)
    earnings = await find_earnings(work.connection, driver_id=driver.id)

    assert (shown["company_id"], shown["payout_id"], shown["state"]) == (to_wire("company", company_id), None, "PAID")
    assert shown["lines"]
    assert await page_payouts(work.connection, driver_id=driver.id, before=None, limit=10) == []
    assert earnings is not None
    assert (earnings["available_minor"], earnings["paid_minor"], earnings["route_count"]) == (0, 0, 1)


async def test_who_leaves_between_work_and_payout_leaves_the_pay_with_the_company(work: Work) -> None:
    world = await make_pay_world(work)
    company_id, iris = await make_company(work, world)
    driver = await make_contracted(work, world, company_id)
    first = await drive(work, world, driver)

    await move(work, driver, None)
    second = await drive(work, world, driver)
    reserved = await pay_out(work, world)

    totals = [(await statement_row(work, statement_id))["total_minor"] for statement_id in (first, second)]
    paid = {row["company_id"] or row["driver_id"]: row["amount_minor"] for row in [
        await payout_row(work, payout_id) for payout_id in reserved
    ]}  # fmt: skip
    assert paid == {company_id: totals[0], driver.id: totals[1]}
    assert await pay_out(work, world) == []
    assert [row["id"] for row in await company_pay(work, dispatcher_id=iris)] == [to_wire("statement", first)]


async def test_who_joins_while_on_a_route_is_paid_for_it_as_it_was_taken(work: Work) -> None:
    world = await make_pay_world(work)
    company_id, iris = await make_company(work, world)
    driver = await make_contracted(work, world, None)
    batch = await make_batch(work, world.market, world.shipper)
    delivery = await make_delivery(work, world.market, world.shipper, world.hub, batch)
    route, _ = await make_route(work, world.market, [delivery])
    await assign_route(work, route_id=route.id, driver_id=driver.id, pay_minor=PAY, approach_m=0, approach_s=0)

    await move(work, driver, company_id)
    statement_id = await end(work, route)
    (payout_id,) = await pay_out(work, world)

    payout = await payout_row(work, payout_id)
    assert (payout["driver_id"], payout["company_id"]) == (driver.id, None)
    assert payout["amount_minor"] == (await statement_row(work, statement_id))["total_minor"]
    assert await company_pay(work, dispatcher_id=iris) == []
    assert await company_payouts(work, dispatcher_id=iris) == []


async def test_another_companys_dispatcher_sees_nothing_of_it(work: Work) -> None:
    world = await make_pay_world(work)
    company_id, _ = await make_company(work, world)
    _, otto = await make_company(work, world, "beta")
    await drive(work, world, await make_contracted(work, world, company_id))
    await pay_out(work, world)

    assert await company_pay(work, dispatcher_id=otto) == []
    assert await company_payouts(work, dispatcher_id=otto) == []


async def test_a_companys_account_is_opened_once_by_its_dispatcher(work: Work) -> None:
    world = await make_pay_world(work)
    company_id = await add_company(work, market_id=world.market.id, name="alfa")
    iris = await add_dispatcher(
        work, company_id=company_id, market_id=world.market.id, name="Iris", email="iris@example.com"
    )

    opened = [await open_company_account(work, dispatcher_id=iris) for _ in range(2)]
    operations = await wanted(work, company_id)
    await end_operation(work, OperationKind.CREATE_ACCOUNT, company_id, transfers="active", payouts_enabled=True)
    account = await settle_account(work, payee_id=company_id)

    assert opened == [None, None]
    assert operations == [("CREATE_ACCOUNT", 1, "READY")]
    assert account is not None
    assert account.is_usable
    assert await open_company_account(work, dispatcher_id=iris) == account.account
    assert await work.fetch_value("SELECT driver_id FROM payout_account WHERE payee_id = $1", company_id) is None


async def test_a_company_is_paid_at_once_for_the_fee_that_it_was_shown(work: Work) -> None:
    world = await make_pay_world(work)
    company_id, iris = await make_company(work, world)
    _, stranger = await make_company(work, world, name="beta")
    await drive(work, world, await make_contracted(work, world, company_id))
    at_once: dict[str, Any] = {"method": PayoutMethod.INSTANT}
    with pytest.raises(NoPayoutAccount):
        await quote_company_payout(work, dispatcher_id=iris, **at_once)
    await work.execute("UPDATE payout_account SET can_pay_at_once = true")

    quote = await quote_company_payout(work, dispatcher_id=iris, **at_once)
    with pytest.raises(QuoteNeeded):
        await request_company_payout(work, dispatcher_id=iris, **at_once)
    with pytest.raises(NotFound):
        await request_company_payout(work, dispatcher_id=stranger, quote_id=quote.id, **at_once)
    payout_id = await request_company_payout(work, dispatcher_id=iris, quote_id=quote.id, **at_once)
    with pytest.raises(PayoutUnderWay):
        await request_company_payout(work, dispatcher_id=iris)

    assert (quote.amount_minor, quote.fee_minor) == (PAY - 41, 41)
    payout = await payout_row(work, payout_id)
    assert (payout["company_id"], payout["driver_id"], payout["amount_minor"], payout["fee_minor"]) == (
        company_id, None, PAY - 41, 41,
    )  # fmt: skip
    await end_operation(work, OperationKind.TRANSFER, payout_id)
    await settle_payout(work, payout_id=payout_id)
    await work.execute(
        "UPDATE stripe_operation SET amount_minor = $2 WHERE kind = 'PAYOUT' AND subject_id = $1", payout_id, PAY - 41
    )
    await end_operation(work, OperationKind.PAYOUT, payout_id, object_state="paid")
    await settle_payout(work, payout_id=payout_id)
    assert await balances(work, world) == {"driver_pay": -PAY, "gateway:available": PAY - 41, "instant_fee_revenue": 41}
    assert (await check_ledger(work, market_id=world.market.id, further=PROOFS_OF_PAY)).is_sound
