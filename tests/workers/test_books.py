"""The books as the command line asks for them: proved with an exit code, explained as lines."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from marketplace.billing.line import NewLine, write_line
from marketplace.billing.states import LineKind
from marketplace.core.errors import CannotStart
from marketplace.core.ids import to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Work, Works
from marketplace.ledger import CONNECTED_FUNDS, GATEWAY_AVAILABLE, SUSPENSE, TIPS_CLEARING, Entry, check_ledger
from marketplace.payouts import request_payout
from tests.builders import make_driver, make_market
from tests.marketplace.ledger.world import earn, pesos, post
from tests.marketplace.payouts.world import make_paid_driver, make_pay_world
from tests.test_command import NOWHERE, doorstep
from workers.books import PROOFS, account_lines, check_books, check_lines, explain_book


@pytest.fixture
def settings(fresh_url: str, tmp_path: Path) -> Settings:
    """Settings of a command that uses the test's database."""
    return Settings(database_url=fresh_url, redis_url=NOWHERE, state_folder=tmp_path)


@pytest.fixture
async def driver_id(committed_works: Works) -> UUID:
    """A driver who has earned 1000, in a market called serena; another market is called coquimbo."""
    async with committed_works.open() as work:
        market = await make_market(work, slug="serena")
        await make_market(work, slug="coquimbo")
        driver = await make_driver(work, market)
        await post(work, market, "route-1", earn(driver.id, 1000), kind="DRIVER_PAY", subject_id=driver.id)
    return driver.id


async def make_odd_market(works: Works) -> None:
    """A market called odd, where something lies in suspense, a tip is on its way, and connected funds are short."""
    async with works.open() as work:
        market = await make_market(work, slug="odd")
        await post(
            work,
            market,
            "odd",
            Entry(debit=SUSPENSE, credit=GATEWAY_AVAILABLE, amount=pesos(77)),
            Entry(debit=GATEWAY_AVAILABLE, credit=TIPS_CLEARING, amount=pesos(5)),
            Entry(debit=SUSPENSE, credit=CONNECTED_FUNDS, amount=pesos(1)),
        )


async def test_the_command_ends_with_one_where_something_is_wrong(
    fresh_url: str, committed_works: Works, driver_id: UUID, tmp_path: Path
) -> None:
    sound = await doorstep(tmp_path, "ledger", "check", DATABASE_URL=fresh_url)
    await make_odd_market(committed_works)

    unsound = await doorstep(tmp_path, "ledger", "check", "--json", DATABASE_URL=fresh_url)

    assert (sound.code, sound.answer.splitlines()[-1]) == (0, "The ledger is sound.")
    assert (unsound.code, json.loads(unsound.answer)["is_sound"]) == (1, False)


async def test_each_market_is_checked_for_itself(settings: Settings, committed_works: Works, driver_id: UUID) -> None:
    await make_odd_market(committed_works)

    everywhere = await check_books(settings, None, at_rest=False)
    serena = await check_books(settings, "serena", at_rest=True)
    resting = await check_books(settings, "odd", at_rest=True)

    [odd] = [each for each in everywhere["markets"] if not each["is_sound"]]
    assert len(everywhere["markets"]) == 3
    assert [finding["code"] for finding in odd["findings"]] == ["CONNECTED_DRIFT", "SUSPENSE"]
    assert [finding["code"] for finding in resting["markets"][0]["findings"]] == [
        "CLEARING",
        "CONNECTED_DRIFT",
        "SUSPENSE",
    ]
    assert list(check_lines(serena)) == [
        f"{serena['markets'][0]['market_id']}: 1 journals, 1 postings, 0 open holds; all postings together: 0 CLP",
        "The ledger is sound.",
    ]
    assert list(check_lines(resting))[-1] == "The ledger is NOT sound."


async def test_a_wallet_is_explained_in_words(settings: Settings, driver_id: UUID) -> None:
    driver = to_wire("driver", driver_id)

    told = await explain_book(settings, f"driver:{driver}:wallet", market="serena", currency="CLP", first=100)

    lines = list(account_lines(told))
    assert lines[0] == f"driver:{driver}:wallet of {told['market_id']}, liability, minor units of CLP"
    assert lines[1].split()[2:] == ["DRIVER_PAY", driver, "driver_pay", "+1,000", "1,000"]
    assert lines[2] == "It stands at 1,000 CLP."


async def test_a_market_that_is_not_there_is_said(settings: Settings, driver_id: UUID) -> None:
    with pytest.raises(CannotStart, match="there is no market atlantis"):
        await check_books(settings, "atlantis", at_rest=False)


@pytest.mark.parametrize(
    ("question", "harm"),
    [
        ("LINE_NOT_BOOKED", "UPDATE bill_line SET amount_minor = amount_minor + 1"),
        ("STATEMENT_NOT_ON_WALLET", "UPDATE pay_statement SET total_minor = total_minor + 1"),
        ("PAYOUT_NOT_ITS_ENTRIES", "UPDATE payout_entry SET amount_minor = amount_minor + 1"),
    ],
)
async def test_a_bill_a_statement_and_a_payout_that_do_not_match_the_ledger_are_found(
    work: Work, question: str, harm: str
) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    await request_payout(work, driver_id=driver_id)
    owed = NewLine(
        key="owed",
        kind=LineKind.NO_SHOW,
        market_id=world.market.id,
        shipper_id=world.shipper.id,
        amount=pesos(7),
        subject_id=world.shipper.id,
    )
    await write_line(work, owed)
    before = await check_ledger(work, market_id=world.market.id, further=PROOFS)
    for table in ("bill_line", "pay_statement", "payout_entry"):
        await work.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await work.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    await work.execute(harm)

    after = await check_ledger(work, market_id=world.market.id, further=PROOFS)
    assert (before.is_sound, [finding.code for finding in after.findings]) == (True, [question])
