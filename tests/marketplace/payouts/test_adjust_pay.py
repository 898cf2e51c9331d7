"""Operations add to pay, or write down a debt that later pay repays in part; wallets are never lowered."""

from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, OperatorId, RouteId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    TIPS_CLEARING,
    Entry,
    balance_of,
    check_ledger,
    driver_debt,
    driver_wallet,
    post_journal,
    shipper_receivable,
)
from marketplace.payments import OperationKind
from marketplace.payouts import BadAdjustment, adjust_driver_pay, issue_statement, request_payout, settle_payout
from tests.builders import make_driver
from tests.marketplace.payouts.world import (
    PayWorld,
    end_operation,
    make_driven_route,
    make_operator,
    make_paid_driver,
    make_pay_world,
    payout_row,
    wallet_minor,
)


async def adjust(work: Work, driver_id: DriverId, operator_id: OperatorId, minor: int, reason: str = "ticket") -> UUID:
    """An adjustment with evidence."""
    return await adjust_driver_pay(
        work, driver_id=driver_id, operator_id=operator_id, amount_minor=minor, reason=reason, evidence="ticket 7"
    )


async def tip(work: Work, world: PayWorld, driver_id: DriverId, minor: int) -> None:
    """A recipient's tip, which passes through to the wallet as a whole."""
    amount = Money(minor, "CLP")
    came = Entry(debit=shipper_receivable(driver_id), credit=TIPS_CLEARING, amount=amount)
    went = Entry(debit=TIPS_CLEARING, credit=driver_wallet(driver_id), amount=amount)
    await post_journal(
        work, market_id=world.market.id, key="tip:1", kind="TIP", subject_id=driver_id, entries=[came, went]
    )


async def owed(work: Work, world: PayWorld, driver_id: DriverId) -> int:
    """What the driver owes."""
    return (await balance_of(work, market_id=world.market.id, account=driver_debt(driver_id), currency="CLP")).minor


async def test_more_pay_is_on_the_wallet_and_in_writing(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    operator_id = await make_operator(work, world.market.id)

    await adjust(work, driver_id, operator_id, 500)

    assert await wallet_minor(work, world, driver_id) == (4640, 0)
    assert (
        await work.fetch_value("SELECT verb FROM operator_action WHERE subject_id = $1", driver_id) == "adjustDriverPay"
    )
    payout_id = await request_payout(work, driver_id=driver_id)
    assert (await payout_row(work, payout_id))["amount_minor"] == 4640


async def test_a_debt_leaves_the_wallet_alone_and_is_repaid_by_a_quarter_of_pay_and_never_of_tips(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    operator_id = await make_operator(work, world.market.id)
    await tip(work, world, driver_id, 1000)

    await adjust(work, driver_id, operator_id, -3000)

    assert await wallet_minor(work, world, driver_id) == (5140, 0)
    assert await owed(work, world, driver_id) == 3000
    payout_id = await request_payout(work, driver_id=driver_id)
    payout = await payout_row(work, payout_id)
    assert (payout["debt_minor"], payout["amount_minor"]) == (4140 // 4, 5140 - 4140 // 4)
    assert await owed(work, world, driver_id) == 3000
    await end_operation(work, OperationKind.TRANSFER, payout_id)
    await settle_payout(work, payout_id=payout_id)
    assert await owed(work, world, driver_id) == 3000 - 4140 // 4
    assert (await check_ledger(work, market_id=world.market.id)).is_sound


async def test_pay_that_a_law_has_lifted_repays_nothing(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, [statement_id] = await make_paid_driver(work, world)
    await work.execute("""UPDATE pay_statement SET lines = '[{"code": "legal_floor"}]' WHERE id = $1""", statement_id)
    await adjust(work, driver_id, await make_operator(work, None), -3000)

    payout_id = await request_payout(work, driver_id=driver_id)

    payout = await payout_row(work, payout_id)
    assert (payout["debt_minor"], payout["amount_minor"]) == (0, 4140)


async def test_what_was_earned_waits_for_the_hold_of_the_market_and_tips_do_not(work: Work) -> None:
    world = await make_pay_world(work, payout_hold_s=3600)
    driver = await make_driver(work, world.market)
    await issue_statement(work, route_id=RouteId((await make_driven_route(work, world, driver)).id))
    driver_id, _ = await make_paid_driver(work, world)
    await tip(work, world, driver_id, 1000)

    payout_id = await request_payout(work, driver_id=driver_id)

    assert (await payout_row(work, payout_id))["amount_minor"] == 1000
    assert await wallet_minor(work, world, driver_id) == (4140, 1000)


@pytest.mark.parametrize(("minor", "reason"), [(0, "why"), (10**9 + 1, "why"), (100, " ")])
async def test_nothing_too_much_and_no_reason_are_refused(work: Work, minor: int, reason: str) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)

    with pytest.raises(BadAdjustment):
        await adjust(work, driver_id, await make_operator(work, None), minor, reason)

    assert await wallet_minor(work, world, driver_id) == (4140, 0)


async def test_an_operator_of_another_market_finds_no_driver(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)

    with pytest.raises(NotFound):
        await adjust(work, driver_id, await make_operator(work, (await make_pay_world(work)).market.id), 100)
