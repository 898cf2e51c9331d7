"""The books as the command line asks for them: proved with an exit code, explained as lines."""

import json
from pathlib import Path

import pytest

from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.ledger import CONNECTED_FUNDS, GATEWAY_AVAILABLE, SUSPENSE, TIPS_CLEARING, Entry
from tests.builders import make_driver, make_market
from tests.marketplace.ledger.world import earn, pesos, post
from tests.test_command import doorstep


@pytest.fixture
async def wallet(committed_works: Works) -> str:
    """The wallet of a driver who has earned 1000, in a market called serena; another market is called coquimbo."""
    async with committed_works.open() as work:
        market = await make_market(work, slug="serena")
        await make_market(work, slug="coquimbo")
        driver = await make_driver(work, market)
        await post(work, market, "route-1", earn(driver.id, 1000), kind="DRIVER_PAY", subject_id=driver.id)
    return f"driver:{to_wire('driver', driver.id)}:wallet"


async def test_a_sound_ledger_ends_well_and_an_unsound_one_does_not(
    fresh_url: str, committed_works: Works, wallet: str, tmp_path: Path
) -> None:
    sound = await doorstep(tmp_path, "ledger", "check", DATABASE_URL=fresh_url)
    async with committed_works.open() as work:
        market = await make_market(work, slug="odd")
        odd = Entry(debit=SUSPENSE, credit=GATEWAY_AVAILABLE, amount=pesos(77))
        tip = Entry(debit=GATEWAY_AVAILABLE, credit=TIPS_CLEARING, amount=pesos(5))
        await post(work, market, "odd", odd, tip, Entry(debit=SUSPENSE, credit=CONNECTED_FUNDS, amount=pesos(1)))

    unsound = await doorstep(tmp_path, "ledger", "check", "--json", DATABASE_URL=fresh_url)
    resting = await doorstep(
        tmp_path, "ledger", "check", "--market", "odd", "--at-rest", "--json", DATABASE_URL=fresh_url
    )
    elsewhere = await doorstep(tmp_path, "ledger", "check", "--market", "serena", DATABASE_URL=fresh_url)

    assert (sound.code, sound.answer.splitlines()[-1]) == (0, "The ledger is sound.")
    assert sound.answer.splitlines()[0].endswith("1 journals, 1 postings, 0 open holds; all postings together: 0 CLP")
    assert unsound.said == ""
    told = json.loads(unsound.answer)
    assert (unsound.code, told["is_sound"], len(told["markets"])) == (1, False, 3)
    assert [finding["code"] for finding in told["markets"][2]["findings"]] == ["CONNECTED_DRIFT", "SUSPENSE"]
    codes = [finding["code"] for finding in json.loads(resting.answer)["markets"][0]["findings"]]
    assert (resting.code, codes) == (1, ["CLEARING", "CONNECTED_DRIFT", "SUSPENSE"])
    assert elsewhere.code == 0


async def test_a_wallet_is_explained_in_words_and_as_json(fresh_url: str, wallet: str, tmp_path: Path) -> None:
    words = await doorstep(tmp_path, "ledger", "explain", wallet, DATABASE_URL=fresh_url)
    told = await doorstep(tmp_path, "ledger", "explain", wallet, "--json", DATABASE_URL=fresh_url)

    lines = words.answer.splitlines()
    driver = wallet.split(":")[1]
    assert lines[0].startswith(f"{wallet} of mkt_")
    assert lines[1].split()[2:] == ["DRIVER_PAY", driver, "driver_pay", "+1,000", "1,000"]
    assert lines[2] == "It stands at 1,000 CLP."
    account = json.loads(told.answer)
    assert (account["account"], account["balance_minor"], account["on_hold_minor"]) == (wallet, 1000, 0)
    assert [(line["subject"], line["amount_minor"]) for line in account["lines"]] == [(driver, 1000)]


async def test_what_cannot_be_found_is_said_in_one_sentence(fresh_url: str, wallet: str, tmp_path: Path) -> None:
    nowhere = await doorstep(tmp_path, "ledger", "check", "--market", "atlantis", DATABASE_URL=fresh_url)
    nothing = await doorstep(tmp_path, "ledger", "explain", "suspense", DATABASE_URL=fresh_url)

    assert (nowhere.code, nowhere.said) == (1, "doorstep: there is no market atlantis\n")
    assert (nothing.code, nothing.said) == (1, "doorstep: nothing was ever posted to an account suspense there\n")
