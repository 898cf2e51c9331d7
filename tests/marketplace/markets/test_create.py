"""A market opens with checked dials, and dates how its drivers are paid without ever editing what it dated."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from tortoise.exceptions import IntegrityError

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.window import BadWindow
from marketplace.core.work import Work, Works
from marketplace.markets import (
    BadPayPolicy,
    Dials,
    PayPolicy,
    create_market,
    describe_market,
    dials,
    market_by_slug,
    market_ids,
    pay_policy_at,
    set_pay_policy,
)
from marketplace.markets.dials import BadDial
from tests.builders import PAY_RATES
from tests.marketplace.ledger.world import refused_by_database
from tests.races.together import at_once, codes

NOBODY = UUID(int=404)
WANTED = Dials(market_id=UUID(int=0), time_zone="America/Santiago", currency="CLP", offer_ttl_s=45, wave_size=5)
AT_ONCE = 6
DEARER = PAY_RATES | {"base_minor": 950}
KEEP_POLICY = "INSERT INTO pay_policy (id, market_id, version, effective_from, rates) VALUES ($1, $2, 1, $3, $4::jsonb)"


async def open_market(
    work: Work, wanted: Dials = WANTED, *, slug: str = "serena", is_production: bool = False
) -> Dials:
    return await create_market(
        work, slug=slug, name="La Serena", city_pack="coquimbo", dials=wanted, is_production=is_production
    )


async def test_a_market_opens_with_its_dials_and_an_empty_stream(work: Work) -> None:
    opened = await open_market(work)

    assert opened == replace(WANTED, market_id=opened.market_id)
    assert await dials(work, market_id=opened.market_id) == opened
    assert await market_by_slug(work, slug="serena") == opened.market_id
    assert opened.market_id in await market_ids(work)
    described = await describe_market(work, market_id=opened.market_id)
    assert (described["name"], described["city_pack"], described["time_factor"]) == ("La Serena", "coquimbo", 1.0)
    head = "SELECT position FROM stream_head WHERE market_id = $1"
    assert await work.fetch_value(head, opened.market_id) == 0


async def test_a_market_that_is_not_there_is_not_found(work: Work) -> None:
    assert await market_by_slug(work, slug="nowhere") is None
    for ask in (dials, describe_market):
        with pytest.raises(NotFound, match="no such market"):
            await ask(work, market_id=NOBODY)


@pytest.mark.parametrize(
    ("wanted", "is_production", "refusal"),
    [
        (replace(WANTED, time_zone="Chile/Nowhere"), False, BadWindow),
        (replace(WANTED, wave_size=0), False, BadDial),
        (replace(WANTED, offer_ttl_s=59), True, BadDial),
    ],
)
async def test_a_market_with_bad_dials_does_not_open(
    work: Work, wanted: Dials, is_production: bool, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await open_market(work, wanted, is_production=is_production)

    assert await market_by_slug(work, slug="serena") is None


async def test_a_short_name_belongs_to_one_market(works: Works) -> None:
    async with works.open() as work:
        first = await open_market(work)

    with pytest.raises(IntegrityError, match="market_slug"):
        async with works.open() as work:
            await open_market(work)

    async with works.open() as work:
        assert await market_by_slug(work, slug="serena") == first.market_id


async def test_a_pay_policy_is_in_force_from_its_moment_until_the_next(works: Works, clock: ManualClock) -> None:
    began = clock.now
    async with works.open() as work:
        market_id = (await open_market(work)).market_id
        assert await set_pay_policy(work, market_id=market_id, rates=PAY_RATES) == 1
    clock.advance(seconds=3600)
    async with works.open() as work:
        assert await set_pay_policy(work, market_id=market_id, rates=DEARER) == 2

    async with works.open() as work:
        in_force = {
            minutes: await pay_policy_at(work, market_id=market_id, moment=began + timedelta(minutes=minutes))
            for minutes in (0, 59, 60, 9999)
        }
        with pytest.raises(NotFound, match="no pay policy yet"):
            await pay_policy_at(work, market_id=market_id, moment=began - timedelta(seconds=1))

    first, second = PayPolicy.of(1, PAY_RATES), PayPolicy.of(2, DEARER)
    assert in_force == {0: first, 59: first, 60: second, 9999: second}


async def test_of_two_policies_of_one_moment_the_later_version_counts(work: Work) -> None:
    market_id = (await open_market(work)).market_id
    for rates in (PAY_RATES, DEARER):
        await set_pay_policy(work, market_id=market_id, rates=rates)

    assert await pay_policy_at(work, market_id=market_id, moment=work.now) == PayPolicy.of(2, DEARER)


async def test_policies_that_are_set_at_the_same_moment_all_get_a_version(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market_id = (await open_market(work)).market_id

    async def set_rates(work: Work) -> int:
        return await set_pay_policy(work, market_id=market_id, rates=PAY_RATES)

    answers = await at_once(*[(committed_works, set_rates)] * AT_ONCE)

    assert codes(answers) == {"done": AT_ONCE}
    assert sorted(answers) == list(range(1, AT_ONCE + 1))


async def test_a_market_that_is_not_there_has_no_pay_policy(work: Work) -> None:
    with pytest.raises(NotFound, match="no such market"):
        await set_pay_policy(work, market_id=NOBODY, rates={})


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        ({name: rate for name, rate in PAY_RATES.items() if name != "wait_grace_s"}, "wait_grace_s"),
        (PAY_RATES | {"per_parsec_minor": 9}, "per_parsec_minor"),
        (PAY_RATES | {"per_km_minor": -1}, "per_km_minor"),
        (PAY_RATES | {"per_km_minor": 1.5}, "per_km_minor"),
        ({}, "base_minor"),
    ],
    ids=["missing", "unknown", "negative", "not whole", "none"],
)
async def test_a_policy_that_nobody_could_be_paid_by_is_refused(work: Work, rates: Any, field: str) -> None:
    market_id = (await open_market(work)).market_id

    with pytest.raises(BadPayPolicy) as refused:
        await set_pay_policy(work, market_id=market_id, rates=rates)

    assert (refused.value.code, refused.value.field) == ("BAD_PAY_POLICY", field)
    assert await work.fetch_value("SELECT count(*) FROM pay_policy WHERE market_id = $1", market_id) == 0


@pytest.mark.parametrize(
    ("name", "rate"),
    [*((name, None) for name in PAY_RATES), ("per_parsec_minor", 9), ("per_km_minor", -1), ("per_km_minor", 1.5),
     ("per_km_minor", 180.0), ("per_km_minor", "180"), ("per_km_minor", True), ("per_km_minor", 2**53)],
)  # fmt: skip
async def test_the_database_keeps_no_such_policy_either(work: Work, name: str, rate: Any) -> None:
    market_id = (await open_market(work)).market_id
    rates: dict[str, Any] = {key: value for key, value in (PAY_RATES | {name: rate}).items() if value is not None}

    async with refused_by_database(work, asyncpg.CheckViolationError, match="pay_policy_rates"):
        await work.execute(KEEP_POLICY, work.new_id(), market_id, work.now, orjson.dumps(rates).decode())


async def test_the_database_keeps_the_largest_and_the_smallest_rates(work: Work) -> None:
    market_id = (await open_market(work)).market_id
    rates = dict.fromkeys(PAY_RATES, 0) | {"base_minor": 2**53 - 1}

    assert await set_pay_policy(work, market_id=market_id, rates=rates) == 1

    assert await pay_policy_at(work, market_id=market_id, moment=work.now) == PayPolicy.of(1, rates)
