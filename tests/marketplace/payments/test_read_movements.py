"""What moved at the provider is taken in whole, once, and each movement is tied to what it is of."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from marketplace.core.ids import MarketId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    CONNECTED_FUNDS,
    GATEWAY_AVAILABLE,
    AccountKind,
    Entry,
    LedgerAccount,
    driver_connected,
    post_journal,
)
from marketplace.payments import (
    Difference,
    OperationKind,
    ReconciliationReport,
    read_all_movements,
    reconcile,
    want_operation,
)
from tests.builders import make_market
from tests.payment_worlds import PaymentWorld, open_payment_world

AMOUNT = Money(1_300, "USD")
SOURCE = LedgerAccount("test:source", AccountKind.LIABILITY)
"""Any account that money can leave from without a floor."""


async def post(work: Work, market_id: MarketId, subject_id: UUID, debit: LedgerAccount, credit: LedgerAccount) -> None:
    await post_journal(
        work,
        market_id=market_id,
        key=f"test:{uuid4()}",
        kind="PAYOUT",
        subject_id=subject_id,
        entries=[Entry(debit=debit, credit=credit, amount=AMOUNT)],
    )


@pytest.fixture
async def payments(committed_works: Works) -> AsyncIterator[PaymentWorld]:
    """With real commits: how far was read is the moment of a transaction, which must be after what moved before it."""
    async with open_payment_world(committed_works) as world:
        yield world


async def compare(payments: PaymentWorld, market_id: MarketId) -> ReconciliationReport:
    """Reads all that moved, and compares an hour later."""
    await read_all_movements(payments.works, provider=payments.provider, market_id=market_id)
    async with payments.works.open() as work:
        work.machine_now += timedelta(hours=1)
        await work.execute("UPDATE stripe_reading SET began_in_market_at = $1", work.now + timedelta(hours=1))
        report = await reconcile(work, market_id=market_id)
    assert report is not None
    return report


async def test_a_transfer_is_found_on_both_accounts_and_a_stranger_on_ours(payments: PaymentWorld) -> None:
    await payments.float(5_000)
    payout_id, driver_id = uuid4(), uuid4()
    async with payments.works.open() as work:
        market_id = MarketId((await make_market(work, currency="USD")).id)
        await want_operation(
            work,
            market_id=market_id,
            kind=OperationKind.TRANSFER,
            subject_id=payout_id,
            params={"destination": await payments.driver()},
            amount=AMOUNT,
        )
    await payments.send_all()

    before = await compare(payments, market_id)
    async with payments.works.open() as work:
        await post(work, market_id, payout_id, SOURCE, GATEWAY_AVAILABLE)
        await post(work, market_id, payout_id, driver_connected(driver_id), CONNECTED_FUNDS)
    after = await compare(payments, market_id)

    [float_fee] = [one["fee"] for one in payments.rows("balance_transaction") if one["type"] == "charge"]
    foreign = (Difference.FOREIGN_MOVEMENT, False, None, 5_000 - float_fee)
    said = [(one.code, one.is_connected, one.ledger_minor, one.provider_minor) for one in before.disagreements]
    assert said == [
        (Difference.MISSING_POSTING, False, None, -1_300),
        (Difference.MISSING_POSTING, True, None, 1_300),
        foreign,
    ]
    assert (before.movement_count, before.subject_count) == (2, 1)
    assert [(one.code, one.is_connected, one.ledger_minor, one.provider_minor) for one in after.disagreements] == [
        foreign
    ]


async def test_reading_again_takes_nothing_in_twice(payments: PaymentWorld) -> None:
    await payments.float(5_000)
    async with payments.works.open() as work:
        market_id = MarketId((await make_market(work, currency="USD")).id)

    for _ in range(2):
        await read_all_movements(payments.works, provider=payments.provider, market_id=market_id)

    async with payments.works.open() as work:
        kept = await work.fetch("SELECT id, net_minor, currency FROM stripe_movement")
    assert [(row["id"], row["net_minor"]) for row in kept] == [
        (one["id"], one["net"]) for one in payments.rows("balance_transaction")
    ]
