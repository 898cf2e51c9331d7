"""The check finds every broken rule and names it; a sound ledger has no findings."""

from uuid import UUID

import pytest

from marketplace.core.work import Work
from marketplace.ledger import (
    DRIVER_PAY,
    GATEWAY_AVAILABLE,
    SUSPENSE,
    Entry,
    check_ledger,
    hold_money,
    settle_hold,
    void_hold,
)
from marketplace.markets.models import Market
from tests.builders import make_market
from tests.marketplace.ledger.world import earn, pay_out, pesos, post

ANA = UUID(int=1)
LUZ = UUID(int=2)
OTHER_CURRENCY = "UPDATE account SET currency = 'USD' WHERE code LIKE '%driver_pay'"
RESOLVE_ONE_HOLD_TWICE = """
UPDATE posting SET pending_id = (SELECT id FROM posting WHERE state = 'PENDING' ORDER BY id LIMIT 1)
WHERE pending_id IS NOT NULL
"""
EMPTY_JOURNAL = """
INSERT INTO journal
SELECT gen_random_uuid(), market_id, 'empty', kind, subject_id, null, effective_at, created_at FROM journal LIMIT 1
"""


async def make_busy_ledger(work: Work) -> Market:
    """A ledger with pay, an open hold, a settled and a voided one."""
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))
    await post(work, market, "route-2", earn(LUZ, 500))
    holds = [
        await hold_money(
            work, market_id=market.id, key=f"hold-{n}", kind="HOLD", subject_id=market.id, entry=pay_out(ANA, 100 + n)
        )
        for n in range(3)
    ]
    await settle_hold(work, hold_id=holds[0], kind="PAID")
    await void_hold(work, hold_id=holds[1], kind="FAILED")
    return market


async def test_a_busy_ledger_is_sound(work: Work) -> None:
    market = await make_busy_ledger(work)

    report = await check_ledger(work, market_id=market.id)

    assert report.is_sound
    assert (report.sums_minor, report.journals, report.postings, report.open_holds) == ({"CLP": 0}, 7, 7, 1)


async def test_an_empty_ledger_is_sound(work: Work) -> None:
    market = await make_market(work)

    report = await check_ledger(work, market_id=market.id)

    assert (report.is_sound, report.sums_minor, report.journals) == (True, {}, 0)


async def test_a_market_answers_for_itself_only(work: Work) -> None:
    market = await make_busy_ledger(work)
    other = await make_market(work)
    await work.execute("UPDATE account SET credits_posted = credits_posted + 1 WHERE is_floored")

    assert (await check_ledger(work, market_id=other.id)).is_sound
    assert not (await check_ledger(work, market_id=market.id)).is_sound


@pytest.mark.parametrize(
    ("fault", "code", "count"),
    [
        ("UPDATE account SET credits_posted = credits_posted + 1 WHERE is_floored", "BALANCE_DRIFT", 2),
        ("UPDATE account SET debits_pending = 0 WHERE is_floored", "BALANCE_DRIFT", 1),
        ("UPDATE posting SET amount_minor = 99 WHERE state = 'POST_PENDING'", "HOLD_CHANGED", 1),
        (RESOLVE_ONE_HOLD_TWICE, "HOLD_RESOLVED_TWICE", 1),
        (OTHER_CURRENCY, "CROSSING", 2),
        (EMPTY_JOURNAL, "EMPTY_JOURNAL", 1),
    ],
)
async def test_a_broken_rule_is_named(work: Work, fault: str, code: str, count: int) -> None:
    market = await make_busy_ledger(work)
    await work.execute("ALTER TABLE posting DISABLE TRIGGER USER")
    await work.execute("DROP INDEX posting_resolved_once")

    await work.execute(fault)

    report = await check_ledger(work, market_id=market.id)
    assert [finding.code for finding in report.findings].count(code) == count
    assert not report.is_sound


async def test_a_wallet_below_its_floor_is_named(work: Work) -> None:
    market = await make_busy_ledger(work)
    await work.execute("ALTER TABLE account DROP CONSTRAINT account_floor")

    await work.execute("UPDATE account SET debits_posted = 5000 WHERE code LIKE $1", f"%{LUZ}:wallet")

    report = await check_ledger(work, market_id=market.id)
    assert {finding.code for finding in report.findings} == {"BELOW_FLOOR", "BALANCE_DRIFT"}
    assert "stands at -4500" in next(f.detail for f in report.findings if f.code == "BELOW_FLOOR")


async def test_money_that_was_made_shows_in_the_sum(work: Work) -> None:
    market = await make_busy_ledger(work)
    await work.execute("ALTER TABLE posting DISABLE TRIGGER USER")

    await work.execute(OTHER_CURRENCY)

    report = await check_ledger(work, market_id=market.id)
    assert report.sums_minor == {"CLP": 1500, "USD": -1500}


async def test_money_in_suspense_is_a_finding_until_it_is_cleared(work: Work) -> None:
    market = await make_busy_ledger(work)
    await post(work, market, "odd", Entry(debit=SUSPENSE, credit=GATEWAY_AVAILABLE, amount=pesos(77)))

    report = await check_ledger(work, market_id=market.id)
    await post(work, market, "cleared", Entry(debit=DRIVER_PAY, credit=SUSPENSE, amount=pesos(77)))

    assert [(finding.code, finding.detail) for finding in report.findings] == [
        ("SUSPENSE", f"{market.id}:CLP:suspense holds 77")
    ]
    assert (await check_ledger(work, market_id=market.id)).is_sound
