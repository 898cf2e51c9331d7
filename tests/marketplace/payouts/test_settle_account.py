"""A driver's account in our books is what the provider last told, and a change of bank holds payouts for 72 hours."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId
from marketplace.core.work import Work, Works
from marketplace.payments import OperationKind
from marketplace.payouts import (
    AccountStage,
    NoPayoutAccount,
    PayoutsOnHold,
    find_payout_account,
    open_payout_account,
    request_payout,
    schedule_payouts,
    settle_account,
    sweep_accounts,
)
from marketplace.payouts.events import PayoutAccountChanged, PayoutAccountReady, PayoutAccountStopped
from tests.conftest import NOW
from tests.marketplace.payouts.world import (
    PayWorld,
    end_operation,
    make_paid_driver,
    make_pay_world,
    wallet_minor,
    wanted,
)

READY: dict[str, Any] = {
    "transfers": "active",
    "payouts_enabled": True,
    "details_submitted": True,
    "currently_due": [],
    "external_accounts": ["ba_1"],
    "external_statuses": ["new"],
    "instant_payouts": False,
}


async def told(work: Work, driver_id: DriverId, **facts: Any) -> None:
    """The provider tells of the account, and we settle."""
    await end_operation(work, OperationKind.CREATE_ACCOUNT, driver_id, object_state="enabled", **READY | facts)
    await settle_account(work, payee_id=driver_id)


async def a_driver(work: Work) -> tuple[PayWorld, DriverId]:
    """A driver with 4140 and no account."""
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world, has_account=False)
    return world, driver_id


async def state(work: Work, driver_id: DriverId) -> AccountStage:
    """How far the account is, as the driver sees it."""
    found: AccountStage = (await find_payout_account(work.connection, payee_id=driver_id, now=work.now))["state"]
    return found


async def test_an_account_is_opened_once_and_told_in_words_until_it_is_ready(work: Work) -> None:
    world, driver_id = await a_driver(work)
    assert await state(work, driver_id) is AccountStage.MISSING

    for _ in range(2):
        assert await open_payout_account(work, driver_id=driver_id) is None
    assert await wanted(work, driver_id) == [("CREATE_ACCOUNT", 1, "READY")]
    assert await state(work, driver_id) is AccountStage.OPENING
    missing = {"transfers": "inactive", "payouts_enabled": False, "details_submitted": False}
    facts = READY | missing | {"external_accounts": [], "currently_due": ["dob"]}
    await end_operation(work, OperationKind.CREATE_ACCOUNT, driver_id, **facts)
    assert await sweep_accounts(work, market_id=world.market_id) == [driver_id]
    await settle_account(work, payee_id=driver_id)
    assert await sweep_accounts(work, market_id=world.market_id) == []
    account = await find_payout_account(work.connection, payee_id=driver_id, now=work.now)
    assert (account["state"], account["currently_due"]) == (AccountStage.UNVERIFIED, ["dob"])
    assert await open_payout_account(work, driver_id=driver_id) is not None

    await told(work, driver_id)

    assert await state(work, driver_id) is AccountStage.READY
    assert [event for event in work.events if isinstance(event, PayoutAccountReady)] == [
        PayoutAccountReady(market_id=world.market.id, driver_id=driver_id)
    ]


async def test_whoever_has_no_account_earns_but_nothing_is_transferred(work: Work) -> None:
    world, driver_id = await a_driver(work)

    assert await schedule_payouts(work, market_id=world.market_id) == []
    with pytest.raises(NoPayoutAccount) as refusal:
        await request_payout(work, driver_id=driver_id)

    assert refusal.value.code == "NO_PAYOUT_ACCOUNT"
    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    assert await work.fetch_value("SELECT count(*) FROM payout") == 0


async def test_another_bank_holds_payouts_for_72_hours_and_the_driver_hears_of_it(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world, driver_id = await a_driver(work)
        await open_payout_account(work, driver_id=driver_id)
        await told(work, driver_id)
        assert await state(work, driver_id) is AccountStage.READY
        await told(work, driver_id, external_accounts=["ba_2"])
        await told(work, driver_id, external_accounts=["ba_2"])

        assert [event for event in work.events if isinstance(event, PayoutAccountChanged)] == [
            PayoutAccountChanged(market_id=world.market.id, driver_id=driver_id, held_until=NOW + timedelta(hours=72))
        ]
        assert await state(work, driver_id) is AccountStage.ON_HOLD
        assert await schedule_payouts(work, market_id=world.market_id) == []
        with pytest.raises(PayoutsOnHold, match="2026-03-05 15:00 UTC"):
            await request_payout(work, driver_id=driver_id)
    clock.advance(seconds=72 * 3600)
    async with works.open() as work:
        assert await state(work, driver_id) is AccountStage.READY
        await request_payout(work, driver_id=driver_id)


async def test_the_same_bank_entered_again_is_no_change(work: Work) -> None:
    _, driver_id = await a_driver(work)
    await open_payout_account(work, driver_id=driver_id)
    await told(work, driver_id, external_fingerprints=["same"])
    await told(work, driver_id, external_accounts=[], payouts_enabled=False)
    await told(work, driver_id, external_fingerprints=["same"], external_accounts=["ba_2"])

    assert [event.name for event in work.events if event.name.startswith("PayoutAccount")] == [
        "PayoutAccountReady",
        "PayoutAccountStopped",
        "PayoutAccountReady",
    ]
    assert await state(work, driver_id) is AccountStage.READY


async def test_an_account_that_is_stopped_says_what_is_asked_and_until_when(work: Work) -> None:
    _, driver_id = await a_driver(work)
    await open_payout_account(work, driver_id=driver_id)
    await told(work, driver_id)
    due = {"currently_due": ["individual.verification.document"], "current_deadline": 1_772_600_000}

    await told(work, driver_id, payouts_enabled=False, disabled_reason="requirements.past_due", **due)

    account = await find_payout_account(work.connection, payee_id=driver_id, now=work.now)
    assert account["state"] is AccountStage.RESTRICTED
    assert account["currently_due"] == ["individual.verification.document"]
    assert account["deadline"].timestamp() == 1_772_600_000
    assert [event.reason for event in work.events if isinstance(event, PayoutAccountStopped)] == [
        "requirements.past_due"
    ]


async def test_a_bank_that_has_sent_a_payout_back_cannot_be_paid_until_it_is_named_anew(work: Work) -> None:
    _, driver_id = await a_driver(work)
    await open_payout_account(work, driver_id=driver_id)

    await told(work, driver_id, external_statuses=["errored"])

    assert await state(work, driver_id) is AccountStage.RESTRICTED
    with pytest.raises(NoPayoutAccount):
        await request_payout(work, driver_id=driver_id)


async def test_an_unknown_driver_has_no_account(work: Work) -> None:
    with pytest.raises(NotFound):
        await open_payout_account(work, driver_id=DriverId(work.new_id()))
    assert await settle_account(work, payee_id=work.new_id()) is None
