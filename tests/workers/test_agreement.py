"""Ledger and provider as the command line compares them: read anew, told with amounts, ended with an exit code."""

import json
from pathlib import Path

from marketplace.accounts import add_operator
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.ledger import check_ledger
from marketplace.payments import BookedAs, book_movement
from tests.builders import make_market
from tests.marketplace.payments.test_reconcile import make_charge, make_movement
from tests.payment_worlds import open_payment_world
from tests.test_command import doorstep
from workers.agreement import agreement_lines, book_what_lay_there, compare_now


async def test_the_command_names_each_difference_and_ends_with_one_until_it_is_explained(
    fresh_url: str, committed_works: Works, tmp_path: Path
) -> None:
    async with committed_works.open() as work:
        market = await make_market(work, slug="serena")
        operator_id = await add_operator(work, name="Marta", email="marta@example.com", market_id=MarketId(market.id))
        await make_charge(work, market)
        await make_movement(work, "txn_topup", 500, object_id=None)

    differing = await doorstep(tmp_path, "reconcile", "--market", "serena", "--at-rest", DATABASE_URL=fresh_url)
    async with committed_works.open() as work:
        await book_movement(
            work,
            market_id=MarketId(market.id),
            movement_id="txn_topup",
            booked_as=BookedAs.OWNER_FUNDS,
            operator_id=operator_id,
        )
    clean = await doorstep(tmp_path, "reconcile", "--at-rest", "--json", DATABASE_URL=fresh_url)

    assert (differing.code, differing.answer.splitlines()[-1]) == (1, "Ledger and provider do NOT agree.")
    [finding] = [line for line in differing.answer.splitlines() if "txn_topup" in line]
    assert finding.split() == ["not", "of", "our", "doing", "nothing", "+500", "CLP", "our", "own", "txn_topup"]
    told = json.loads(clean.answer)
    assert (clean.code, told["is_clean"], told["markets"][0]["movement_count"]) == (0, True, 1)
    assert [(run["is_clean"], run["findings"]) for run in told["markets"][0]["last_runs"]] == [(True, 0), (False, 1)]


async def test_what_lay_on_the_account_before_the_first_day_is_the_owners(works: Works) -> None:
    async with open_payment_world(works) as payments:
        await payments.float(90_000)
        await payments.float(7_000)
        async with works.open() as work:
            market = await make_market(work, currency="USD")
            operator_id = await add_operator(
                work, name="Marta", email="marta@example.com", market_id=MarketId(market.id)
            )
        market_id = MarketId(market.id)

        booked = await book_what_lay_there(works, payments.provider, market_id, operator_id=operator_id)

        again = await book_what_lay_there(works, payments.provider, market_id, operator_id=operator_id)
        report = await compare_now(works, payments.provider, market_id, at_rest=True)
    assert (booked, again, report.is_clean) == (2, 0, True)
    async with works.open() as work:
        ledger = await check_ledger(work, market_id=market_id)
    assert (ledger.is_sound, ledger.journals) == (True, 2)


def test_what_agrees_is_said_in_one_line() -> None:
    assert list(agreement_lines({"is_clean": True, "markets": []})) == ["Ledger and provider agree."]
