"""A shipper is taken in, and its rate cards follow one another without a gap or an overlap."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work, Works
from marketplace.markets.models import Market
from marketplace.shippers import BadRateCardDate, create_shipper, list_rate_cards, rate_card_row, set_rate_card
from tests.builders import make_market
from tests.races.together import at_once, codes

AT_ONCE = 6
CARDS = "SELECT version, effective_from FROM rate_card WHERE shipper_id = $1 ORDER BY version"


async def set_card(work: Work, shipper_id: UUID, market: Market, **changes: Any) -> int:
    values: dict[str, Any] = {
        "service_level": "STANDARD",
        "currency": market.currency,
        "base_minor": 1500,
        "per_km_minor": 300,
        "per_stop_minor": 500,
        "minimum_minor": 2500,
    }
    return await set_rate_card(work, shipper_id=shipper_id, market_id=market.id, **values | changes)


async def base_at(work: Work, shipper_id: UUID, market: Market, moment: Any, level: str = "STANDARD") -> int | None:
    row = await rate_card_row(work, shipper_id=shipper_id, market_id=market.id, service_level=level, moment=moment)
    return row["base_minor"] if row else None


async def test_a_shipper_is_taken_in_under_its_name(work: Work) -> None:
    shipper_id = await create_shipper(work, name="  Farmacia Norte ", is_test=True)

    row = await work.fetch_row("SELECT name, is_test, created_at FROM shipper WHERE id = $1", shipper_id)
    assert row is not None
    assert tuple(row) == ("Farmacia Norte", True, work.now)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
async def test_a_shipper_has_a_name(work: Work, name: str) -> None:
    before = await work.fetch_value("SELECT count(*) FROM shipper")

    with pytest.raises(Invalid, match="1 to 120 characters") as refused:
        await create_shipper(work, name=name)

    assert refused.value.field == "name"
    assert await work.fetch_value("SELECT count(*) FROM shipper") == before


async def test_a_rate_card_is_in_force_from_its_moment_until_the_next(works: Works, clock: ManualClock) -> None:
    began = clock.now
    async with works.open() as work:
        market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
        assert await set_card(work, shipper_id, market) == 1
    clock.advance(seconds=3600)
    async with works.open() as work:
        assert await set_card(work, shipper_id, market, base_minor=1700) == 2

    async with works.open() as work:
        in_force = [
            await base_at(work, shipper_id, market, began + timedelta(minutes=minutes))
            for minutes in (-1, 0, 59, 60, 99)
        ]
        cards = [tuple(row) for row in await work.fetch(CARDS, shipper_id)]
    assert in_force == [None, 1500, 1500, 1700, 1700]
    assert cards == [(1, began), (2, clock.now)]


async def test_each_level_and_market_and_shipper_has_cards_of_its_own(work: Work) -> None:
    market, other = await make_market(work), await make_market(work)
    shipper_id, rival = await create_shipper(work, name="A"), await create_shipper(work, name="B")
    await set_card(work, shipper_id, market)

    versions = [
        await set_card(work, shipper_id, market, service_level="EXPRESS", base_minor=2600),
        await set_card(work, shipper_id, other, base_minor=1600),
        await set_card(work, rival, market, base_minor=1400),
    ]

    assert versions == [1, 1, 1]
    assert await base_at(work, shipper_id, market, work.now) == 1500
    assert await base_at(work, shipper_id, market, work.now, "EXPRESS") == 2600
    assert await base_at(work, shipper_id, other, work.now) == 1600
    assert await base_at(work, rival, market, work.now) == 1400
    assert await base_at(work, rival, other, work.now) is None


async def test_of_two_cards_of_one_moment_the_later_counts(work: Work) -> None:
    market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
    for base in (1500, 1700):
        await set_card(work, shipper_id, market, base_minor=base)

    assert await base_at(work, shipper_id, market, work.now) == 1700


async def test_cards_that_are_set_at_the_same_moment_leave_one_open(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
        await set_card(work, shipper_id, market)

    answers = await at_once(*[(committed_works, lambda work: set_card(work, shipper_id, market))] * AT_ONCE)

    assert codes(answers) == {"done": AT_ONCE}
    assert sorted(answers) == list(range(2, AT_ONCE + 2))
    async with committed_works.open() as work:
        cards = await work.fetch(CARDS, shipper_id)
    assert [row["version"] for row in cards] == list(range(1, AT_ONCE + 2))


async def test_a_shipper_that_is_not_there_gets_no_card(work: Work) -> None:
    with pytest.raises(NotFound, match="no such shipper"):
        await set_card(work, UUID(int=404), await make_market(work))


@pytest.mark.parametrize("amount", ["base_minor", "per_km_minor", "per_stop_minor", "minimum_minor"])
async def test_no_amount_of_a_card_is_negative(works: Works, amount: str) -> None:
    async with works.open() as work:
        market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
        await set_card(work, shipper_id, market)

    with pytest.raises(Exception, match="rate_card_amounts"):
        async with works.open() as work:
            await set_card(work, shipper_id, market, **{amount: -1})

    async with works.open() as work:
        assert [row["version"] for row in await work.fetch(CARDS, shipper_id)] == [1]


async def test_a_card_may_be_set_ahead_and_begins_in_its_time(works: Works, clock: ManualClock) -> None:
    began = clock.now
    async with works.open() as work:
        market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
        await set_card(work, shipper_id, market)
        await set_card(work, shipper_id, market, base_minor=1900, effective_from=began + timedelta(days=7))
        await set_card(work, shipper_id, market, base_minor=1600)  # from now on, until the one that was set ahead

    async with works.open() as work:
        in_force = [await base_at(work, shipper_id, market, began + timedelta(days=days)) for days in (0, 6, 7, 30)]
    assert in_force == [1600, 1600, 1900, 1900]


async def test_a_card_never_begins_in_the_past(work: Work) -> None:
    market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")

    with pytest.raises(BadRateCardDate):
        await set_card(work, shipper_id, market, effective_from=work.now - timedelta(seconds=1))

    assert await base_at(work, shipper_id, market, work.now) is None


async def test_a_card_is_in_its_market_s_currency(work: Work) -> None:
    market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")

    with pytest.raises(Invalid, match="currency of its market"):
        await set_card(work, shipper_id, market, currency="USD")


async def test_a_shipper_reads_until_when_each_version_was_in_force(works: Works, clock: ManualClock) -> None:
    began = clock.now
    async with works.open() as work:
        market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
        await set_card(work, shipper_id, market)
    clock.advance(seconds=3600)
    async with works.open() as work:
        await set_card(work, shipper_id, market, surcharges=[{"code": "night", "percent": 10}])
        cards = await list_rate_cards(work.connection, shipper_id=shipper_id)

    told = [(card["version"], card["effective_to"] is None, card["surcharges"]) for card in cards]
    assert told == [(2, True, [{"code": "night", "percent": 10}]), (1, False, [])]
    assert datetime.fromisoformat(cards[1]["effective_to"]) == began + timedelta(hours=1)


@pytest.mark.parametrize("edit", ["UPDATE rate_card SET base_minor = 1", "DELETE FROM rate_card", "TRUNCATE rate_card"])
async def test_a_version_is_never_edited(works: Works, edit: str) -> None:
    async with works.open() as work:
        market, shipper_id = await make_market(work), await create_shipper(work, name="Farmacia Norte")
        await set_card(work, shipper_id, market)

    with pytest.raises(asyncpg.RestrictViolationError, match="rate_card is history"):
        async with works.open() as work:
            await work.execute(edit)
