"""The ledger and the provider are held against each other; each difference is named with its amount."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from marketplace.core.ids import MarketId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    CONNECTED_FUNDS,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    Entry,
    LedgerAccount,
    driver_connected,
    post_journal,
    shipper_receivable,
)
from marketplace.markets.models import Market
from marketplace.payments import Difference, ReconciliationReport, reconcile
from marketplace.payments.events import LedgerDiffers
from marketplace.payments.models import Reconciliation, StripeMovement, StripeObject, StripeReading
from tests.builders import make_market

DAY = timedelta(days=1)


async def make_reading(work: Work, *, late: timedelta = DAY) -> datetime:
    """Everything that the provider had was read `late` after this moment of the market; returns how far."""
    moments = {"read_until": work.now, "began_at": work.machine_now, "began_in_market_at": work.now + late}
    await StripeReading.create(using_db=work.db, account="", **moments)
    return work.now


async def make_object(
    work: Work, market: Market, object_id: str, subject_id: UUID, *, state: str = "succeeded"
) -> None:
    await StripeObject.create(
        using_db=work.db,
        id=object_id,
        market_id=market.id,
        kind="payment_intent",
        subject_id=subject_id,
        state=state,
        rank=1,
        facts={},
        seen_at=work.now,
    )


async def make_movement(
    work: Work,
    movement_id: str,
    net_minor: int,
    *,
    object_id: str | None,
    fee_minor: int = 0,
    account: str | None = None,
) -> None:
    await StripeMovement.create(
        using_db=work.db,
        id=movement_id,
        account=account,
        type="charge",
        object_id=object_id,
        gross_minor=net_minor + fee_minor,
        fee_minor=fee_minor,
        net_minor=net_minor,
        currency="CLP",
        created_at=work.now,
        available_at=work.now,
        seen_at=work.machine_now - DAY,
    )


async def post(work: Work, market: Market, subject_id: UUID, *sides: tuple[LedgerAccount, LedgerAccount, int]) -> None:
    await post_journal(
        work,
        market_id=market.id,
        key=f"test:{subject_id}:{work.new_id()}",
        kind="CHARGE_PAID",
        subject_id=subject_id,
        entries=[Entry(debit=debit, credit=credit, amount=Money(minor, "CLP")) for debit, credit, minor in sides],
    )


def said(report: ReconciliationReport | None) -> Sequence[tuple[Difference, str, int | None, int | None]]:
    assert report is not None
    return [(one.code, one.subject, one.ledger_minor, one.provider_minor) for one in report.disagreements]


async def make_charge(work: Work, market: Market, *, posted: int = 4200, moved: int = 4074) -> UUID:
    """A charge of 4200 whose provider kept 126, posted and moved as the test wants."""
    subject_id, shipper = work.new_id(), shipper_receivable(work.new_id())
    await make_object(work, market, f"pi_{subject_id.hex}", subject_id)
    if posted:
        fee = (GATEWAY_FEE, GATEWAY_PENDING, 126)
        await post(work, market, subject_id, (GATEWAY_PENDING, shipper, posted), fee)
    if moved:
        await make_movement(work, f"txn_{subject_id.hex}", moved, object_id=f"pi_{subject_id.hex}", fee_minor=126)
    return subject_id


async def test_nothing_is_said_before_anything_was_read(work: Work) -> None:
    market = await make_market(work)

    assert await reconcile(work, market_id=MarketId(market.id)) is None


async def test_a_charge_that_stands_on_both_sides_with_its_fee_is_no_difference(work: Work) -> None:
    market = await make_market(work)
    subject_id = await make_charge(work, market)
    await post(work, market, subject_id, (GATEWAY_AVAILABLE, GATEWAY_PENDING, 4074))
    read_until = await make_reading(work)

    report = await reconcile(work, market_id=MarketId(market.id))

    assert report is not None
    assert (report.is_clean, report.movement_count, report.subject_count) == (True, 1, 1)
    kept = await Reconciliation.get(market_id=market.id, using_db=work.db)
    assert (kept.is_clean, kept.findings, kept.read_until) == (True, [], read_until)
    assert not [event for event in work.events if isinstance(event, LedgerDiffers)]


@pytest.mark.parametrize(
    ("posted", "moved", "code", "sums"),
    [
        (4200, 0, Difference.MISSING_MOVEMENT, (4074, None)),
        (0, 4074, Difference.MISSING_POSTING, (None, 4074)),
        (4200, 4073, Difference.AMOUNT_DIFFERS, (4074, 4073)),
    ],
    ids=["missing movement", "missing posting", "amount"],
)
async def test_each_difference_is_named_with_its_amounts(
    work: Work, posted: int, moved: int, code: Difference, sums: tuple[int | None, int | None]
) -> None:
    market = await make_market(work)
    await make_charge(work, market)
    subject_id = await make_charge(work, market, posted=posted, moved=moved)
    await make_reading(work)

    report = await reconcile(work, market_id=MarketId(market.id))

    assert said(report) == [(code, str(subject_id), *sums)]
    told = [event for event in work.events if isinstance(event, LedgerDiffers)]
    assert [event.finding_count for event in told] == [1]


async def test_a_movement_that_is_nobodys_is_foreign(work: Work) -> None:
    market = await make_market(work)
    await make_movement(work, "txn_topup", 500_000, object_id=None)
    await make_reading(work)

    assert said(await reconcile(work, market_id=MarketId(market.id))) == [
        (Difference.FOREIGN_MOVEMENT, "txn_topup", None, 500_000)
    ]


async def test_what_is_still_on_its_way_is_no_difference(work: Work) -> None:
    market = await make_market(work)
    fresh = await make_charge(work, market, moved=0)
    await make_reading(work, late=timedelta(minutes=9))

    assert said(await reconcile(work, market_id=MarketId(market.id))) == []

    await work.execute("UPDATE stripe_reading SET began_in_market_at = began_in_market_at + $1", DAY)
    await work.execute("UPDATE stripe_object SET state = 'processing'")
    assert said(await reconcile(work, market_id=MarketId(market.id))) == []

    await work.execute("UPDATE stripe_object SET state = 'succeeded'")
    assert said(await reconcile(work, market_id=MarketId(market.id))) == [
        (Difference.MISSING_MOVEMENT, str(fresh), 4074, None)
    ]


async def test_a_drivers_own_account_is_compared_apart_from_ours(work: Work) -> None:
    market = await make_market(work)
    payout_id, driver_id = work.new_id(), work.new_id()
    await make_object(work, market, "tr_1", payout_id)
    await make_object(work, market, "acct_1", driver_id)
    await post(work, market, payout_id, (driver_connected(driver_id), CONNECTED_FUNDS, 900))
    await make_movement(work, "txn_in", 900, object_id="tr_1", account="acct_1")
    await make_movement(work, "txn_theirs", -50, object_id=None, account="acct_1")
    await make_reading(work)

    report = await reconcile(work, market_id=MarketId(market.id))

    assert said(report) == [(Difference.FOREIGN_MOVEMENT, "txn_theirs", None, -50)]
    assert report is not None
    assert [one.is_connected for one in report.disagreements] == [True]


async def test_one_market_never_hears_of_another(work: Work) -> None:
    market, other = await make_market(work), await make_market(work, slug="other")
    await make_charge(work, other, moved=0)
    await make_reading(work)

    assert said(await reconcile(work, market_id=MarketId(market.id))) == []
    assert len(said(await reconcile(work, market_id=MarketId(other.id)))) == 1
