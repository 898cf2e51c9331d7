"""The check finds every broken rule and names it; a sound ledger has no findings."""

from uuid import UUID

import pytest

from marketplace.core.work import Work
from marketplace.ledger import (
    CONNECTED_FUNDS,
    DELIVERY_REVENUE,
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    DRIVER_PAY,
    GATEWAY_AVAILABLE,
    SUSPENSE,
    TIPS_CLEARING,
    AccountKind,
    Entry,
    LedgerAccount,
    check_ledger,
    driver_connected,
    driver_wallet,
    hold_money,
    settle_hold,
    shipper_receivable,
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


async def allow_foreign_money(work: Work) -> None:
    """Takes away what keeps accounts as they are, and a posting within its market and currency."""
    await work.execute("ALTER TABLE account DISABLE TRIGGER USER")
    for side in ("debit_id", "credit_id"):
        await work.execute(f"ALTER TABLE posting DROP CONSTRAINT posting_{side}_within")


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
    await work.execute("ALTER TABLE account DISABLE TRIGGER USER")
    await work.execute("UPDATE account SET credits_posted = credits_posted + 1 WHERE is_floored")

    assert (await check_ledger(work, market_id=other.id)).is_sound
    assert not (await check_ledger(work, market_id=market.id)).is_sound


@pytest.mark.parametrize(
    ("fault", "code", "count"),
    [
        ("UPDATE account SET credits_posted = credits_posted + 1 WHERE is_floored", "BALANCE_DRIFT", 2),
        ("UPDATE account SET debits_pending = 0 WHERE is_floored", "BALANCE_DRIFT", 1),
        ("UPDATE posting SET amount_minor = 101 WHERE state = 'POST_PENDING'", "HOLD_CHANGED", 1),
        ("UPDATE posting SET amount_minor = 99 WHERE state = 'VOID_PENDING'", "HOLD_CHANGED", 1),
        (RESOLVE_ONE_HOLD_TWICE, "HOLD_RESOLVED_TWICE", 1),
        (OTHER_CURRENCY, "CROSSING", 2),
        (EMPTY_JOURNAL, "EMPTY_JOURNAL", 1),
    ],
)
async def test_a_broken_rule_is_named(work: Work, fault: str, code: str, count: int) -> None:
    market = await make_busy_ledger(work)
    await work.execute("ALTER TABLE posting DISABLE TRIGGER USER")
    await allow_foreign_money(work)
    await work.execute("DROP INDEX posting_resolved_once")

    await work.execute(fault)

    report = await check_ledger(work, market_id=market.id)
    assert [finding.code for finding in report.findings].count(code) == count
    assert not report.is_sound


async def test_a_wallet_below_its_floor_is_named(work: Work) -> None:
    market = await make_busy_ledger(work)
    await work.execute("ALTER TABLE account DROP CONSTRAINT account_floor")
    await work.execute("ALTER TABLE account DISABLE TRIGGER USER")

    await work.execute("UPDATE account SET debits_posted = 5000 WHERE code LIKE $1", f"%{LUZ}:wallet")

    report = await check_ledger(work, market_id=market.id)
    assert {finding.code for finding in report.findings} == {"BELOW_FLOOR", "BALANCE_DRIFT"}
    assert "stands at -4500" in next(f.detail for f in report.findings if f.code == "BELOW_FLOOR")


async def test_money_that_was_made_shows_in_the_sum(work: Work) -> None:
    market = await make_busy_ledger(work)
    await allow_foreign_money(work)

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


async def test_clearing_accounts_are_empty_at_rest(work: Work) -> None:
    market = await make_busy_ledger(work)
    await post(work, market, "tip-in", Entry(debit=shipper_receivable(LUZ), credit=TIPS_CLEARING, amount=pesos(300)))
    await post(work, market, "dispute", Entry(debit=DISPUTES_CLEARING, credit=GATEWAY_AVAILABLE, amount=pesos(40)))

    under_way = await check_ledger(work, market_id=market.id)
    at_rest = await check_ledger(work, market_id=market.id, at_rest=True)
    await post(work, market, "tip-out", Entry(debit=TIPS_CLEARING, credit=driver_wallet(ANA), amount=pesos(300)))
    await post(work, market, "lost", Entry(debit=DISPUTE_LOSS, credit=DISPUTES_CLEARING, amount=pesos(40)))

    assert under_way.is_sound
    assert {(finding.code, finding.detail) for finding in at_rest.findings} == {
        ("CLEARING", f"{market.id}:CLP:clearing:tips holds 300"),
        ("CLEARING", f"{market.id}:CLP:clearing:disputes holds 40"),
    }
    assert (await check_ledger(work, market_id=market.id, at_rest=True)).is_sound


async def test_more_cannot_leave_a_clearing_account_than_came(work: Work) -> None:
    market = await make_busy_ledger(work)
    await post(work, market, "tip-out", Entry(debit=TIPS_CLEARING, credit=driver_wallet(ANA), amount=pesos(300)))

    report = await check_ledger(work, market_id=market.id)

    assert [(finding.code, finding.detail) for finding in report.findings] == [
        ("CLEARING_OVERDRAWN", f"{market.id}:CLP:clearing:tips gave 300 more than came")
    ]


async def test_a_tip_of_which_something_is_kept_is_named_and_one_that_goes_back_is_not(work: Work) -> None:
    market = await make_busy_ledger(work)
    payer = shipper_receivable(LUZ)
    await post(work, market, "tip-in", Entry(debit=payer, credit=TIPS_CLEARING, amount=pesos(300)))

    await post(work, market, "cut", Entry(debit=TIPS_CLEARING, credit=DELIVERY_REVENUE, amount=pesos(30)))
    await post(work, market, "back", Entry(debit=TIPS_CLEARING, credit=payer, amount=pesos(270)))

    report = await check_ledger(work, market_id=market.id)
    assert [(finding.code, finding.detail) for finding in report.findings] == [
        ("TIP_DIVERTED", "30 of tips went to delivery_revenue")
    ]


async def test_what_lies_on_drivers_own_accounts_is_what_connected_funds_says(work: Work) -> None:
    market = await make_busy_ledger(work)
    await post(work, market, "on", Entry(debit=driver_connected(ANA), credit=CONNECTED_FUNDS, amount=pesos(500)))
    sound = await check_ledger(work, market_id=market.id)

    await post(work, market, "odd", Entry(debit=driver_connected(ANA), credit=GATEWAY_AVAILABLE, amount=pesos(20)))

    report = await check_ledger(work, market_id=market.id)
    assert sound.is_sound
    assert [(finding.code, finding.detail) for finding in report.findings] == [
        ("CONNECTED_DRIFT", "payees' own accounts hold 520 CLP, connected_funds says 500")
    ]


async def test_a_floor_that_is_missing_is_named(work: Work) -> None:
    market = await make_market(work)
    await work.execute("ALTER TABLE account DROP CONSTRAINT account_floored_names")
    unprotected = LedgerAccount(f"driver:{ANA}:wallet", AccountKind.LIABILITY)

    await post(work, market, "earn", Entry(debit=DRIVER_PAY, credit=unprotected, amount=pesos(5)))

    report = await check_ledger(work, market_id=market.id)
    assert [(finding.code, finding.detail) for finding in report.findings] == [
        ("FLOOR_MISPLACED", f"{market.id}:CLP:driver:{ANA}:wallet lacks a floor")
    ]


async def test_later_packages_ask_their_own_questions(work: Work) -> None:
    market = await make_busy_ledger(work)
    question = "SELECT id, 'a market of ' || currency AS detail FROM market WHERE id = $1 LIMIT $2"

    report = await check_ledger(work, market_id=market.id, further={"ODD_MARKET": question})

    assert [(finding.code, finding.subject_id, finding.detail) for finding in report.findings] == [
        ("ODD_MARKET", market.id, "a market of CLP")
    ]
