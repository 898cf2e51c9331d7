"""A hold reserves money, and is settled, whole or in part, or voided, once."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.core.errors import NotFound
from marketplace.core.money import BadMoney, Money
from marketplace.core.work import Work
from marketplace.ledger import (
    DRIVER_PAY,
    GATEWAY_AVAILABLE,
    Entry,
    HoldId,
    HoldResolved,
    Overdrawn,
    balance_of,
    check_ledger,
    driver_wallet,
    hold_money,
    settle_hold,
    void_hold,
    wallet_available,
)
from marketplace.markets.models import Market
from tests.builders import make_market
from tests.marketplace.ledger.world import count_rows, earn, pay_out, pesos, post, refused_by_database

ANA = UUID(int=1)


async def make_funded_market(work: Work) -> Market:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))
    return market


async def hold(work: Work, market: Market, minor: int, key: str = "hold-1") -> HoldId:
    return await hold_money(
        work, market_id=market.id, key=key, kind="HOLD", subject_id=market.id, entry=pay_out(ANA, minor)
    )


async def left(work: Work, market: Market) -> tuple[int, int]:
    """What is available on the wallet, and what still stands there."""
    available = await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP")
    balance = await balance_of(work, market_id=market.id, account=driver_wallet(ANA), currency="CLP")
    return available.minor, balance.minor


async def test_held_money_cannot_be_taken_twice(work: Work) -> None:
    market = await make_funded_market(work)

    await hold(work, market, 700)

    assert await left(work, market) == (300, 1000)
    with pytest.raises(Overdrawn):
        await hold(work, market, 301, key="hold-2")
    with pytest.raises(Overdrawn):
        await post(work, market, "out", pay_out(ANA, 301))


async def test_a_settled_hold_has_moved_its_money(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)

    await settle_hold(work, hold_id=hold_id, kind="PAID")

    assert await left(work, market) == (300, 300)
    assert await balance_of(work, market_id=market.id, account=GATEWAY_AVAILABLE, currency="CLP") == pesos(-700)
    assert (await check_ledger(work, market_id=market.id)).is_sound


async def test_a_hold_is_settled_in_part_and_the_rest_comes_free(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)

    await settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(450))

    assert await left(work, market) == (550, 550)
    assert await balance_of(work, market_id=market.id, account=GATEWAY_AVAILABLE, currency="CLP") == pesos(-450)
    report = await check_ledger(work, market_id=market.id)
    assert (report.is_sound, report.open_holds) == (True, 0)


async def test_settling_the_same_part_again_returns_the_first_journal_and_another_part_is_refused(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)
    first = await settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(450))
    before = await count_rows(work)

    assert await settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(450)) == first

    for amount in (pesos(451), pesos(250), None):
        with pytest.raises(HoldResolved):
            await settle_hold(work, hold_id=hold_id, kind="PAID", amount=amount)
    with pytest.raises(HoldResolved):
        await void_hold(work, hold_id=hold_id, kind="FAILED")
    assert await count_rows(work) == before
    assert await left(work, market) == (550, 550)


async def test_the_whole_said_in_words_is_the_whole(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)

    first = await settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(700))

    assert await settle_hold(work, hold_id=hold_id, kind="PAID") == first


@pytest.mark.parametrize("amount", [pesos(701), pesos(0), pesos(-1), Money(700, "USD"), 700, 700.0])
async def test_no_more_than_is_held_nothing_below_one_and_nothing_foreign_is_settled(work: Work, amount: Any) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)
    before = await count_rows(work)

    with pytest.raises(BadMoney):
        await settle_hold(work, hold_id=hold_id, kind="PAID", amount=amount)

    assert await count_rows(work) == before
    assert await left(work, market) == (300, 1000)


async def test_a_voided_hold_gives_its_money_back(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)

    await void_hold(work, hold_id=hold_id, kind="FAILED")

    assert await left(work, market) == (1000, 1000)
    assert await balance_of(work, market_id=market.id, account=GATEWAY_AVAILABLE, currency="CLP") == pesos(0)
    assert (await check_ledger(work, market_id=market.id)).is_sound


async def test_the_same_key_holds_once(work: Work) -> None:
    market = await make_funded_market(work)

    assert await hold(work, market, 700) == await hold(work, market, 700)

    assert await left(work, market) == (300, 1000)


async def test_resolving_again_returns_the_first_journal(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)
    first = await settle_hold(work, hold_id=hold_id, kind="PAID")
    before = await count_rows(work)

    assert await settle_hold(work, hold_id=hold_id, kind="PAID") == first

    assert await count_rows(work) == before


async def test_a_settled_hold_cannot_be_voided(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)
    await settle_hold(work, hold_id=hold_id, kind="PAID")

    with pytest.raises(HoldResolved):
        await void_hold(work, hold_id=hold_id, kind="FAILED")

    assert await left(work, market) == (300, 300)


async def test_a_voided_hold_cannot_be_settled(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)
    await void_hold(work, hold_id=hold_id, kind="FAILED")

    with pytest.raises(HoldResolved):
        await settle_hold(work, hold_id=hold_id, kind="PAID")

    assert await left(work, market) == (1000, 1000)


async def test_only_a_hold_can_be_resolved(work: Work) -> None:
    market = await make_funded_market(work)
    posted = await work.fetch_value("SELECT id FROM posting")

    with pytest.raises(NotFound):
        await settle_hold(work, hold_id=posted, kind="PAID")
    with pytest.raises(NotFound):
        await void_hold(work, hold_id=market.id, kind="FAILED")


async def test_money_is_held_only_where_a_floor_protects_it(work: Work) -> None:
    market = await make_funded_market(work)

    with pytest.raises(BadMoney):
        await hold_money(
            work,
            market_id=market.id,
            key="hold",
            kind="HOLD",
            subject_id=market.id,
            entry=Entry(debit=DRIVER_PAY, credit=GATEWAY_AVAILABLE, amount=pesos(1)),
        )


@pytest.mark.parametrize(
    "changed",
    [
        "amount_minor = amount_minor + 1",
        "amount_minor = amount_minor - 1, state = 'VOID_PENDING'",
        "debit_id = credit_id, credit_id = debit_id",
        "state = 'POSTED'",
    ],
)
async def test_the_database_settles_at_most_what_is_held_voids_the_whole_and_keeps_to_the_accounts_of_a_hold(
    work: Work, changed: str
) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 700)
    await work.execute("CREATE TEMP TABLE wrong ON COMMIT DROP AS SELECT * FROM posting WHERE id = $1", hold_id)
    await work.execute("UPDATE wrong SET id = $1, pending_id = id, state = 'POST_PENDING'", UUID(int=5))
    await work.execute(f"UPDATE wrong SET {changed}")

    async with refused_by_database(work, asyncpg.CheckViolationError):
        await work.execute("INSERT INTO posting SELECT * FROM wrong")


async def test_the_database_resolves_a_hold_once(work: Work) -> None:
    market = await make_funded_market(work)
    hold_id = await hold(work, market, 400)
    await settle_hold(work, hold_id=hold_id, kind="PAID")
    await hold(work, market, 500, key="hold-2")
    await work.execute("CREATE TEMP TABLE again ON COMMIT DROP AS SELECT * FROM posting WHERE pending_id = $1", hold_id)
    await work.execute("UPDATE again SET id = $1, state = 'VOID_PENDING'", UUID(int=5))

    async with refused_by_database(work, asyncpg.UniqueViolationError, match="posting_resolved_once"):
        await work.execute("INSERT INTO posting SELECT * FROM again")
