"""Pay policies are dated: none begins in the past, none overlaps another, and a law is not lost by changing a rate."""

from datetime import timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Work, Works
from marketplace.markets import (
    BadPayFloor,
    BadPayPolicy,
    PayPolicy,
    adopt_pay_policy_pack,
    pay_pack,
    pay_policies,
    pay_policy_at,
    pay_policy_version,
    set_pay_policy,
)
from tests.builders import PAY_RATES, make_market

DEARER = PAY_RATES | {"base_minor": 1200}
SEATTLE = pay_pack("seattle_payup_2025").floors({})
WEEK = timedelta(days=7)


async def test_a_policy_of_later_begins_at_its_moment_and_ends_the_one_before(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        begins_at = work.now + WEEK
        assert await set_pay_policy(work, market_id=market.id, rates=DEARER, effective_from=begins_at) == 2

        before = await pay_policy_at(work, market_id=market.id, moment=begins_at - timedelta(microseconds=1))
        after = await pay_policy_at(work, market_id=market.id, moment=begins_at)
        dated = await pay_policies(work, market_id=market.id)

    assert (before.version, after.version) == (1, 2)
    assert [(one.policy.version, one.effective_from, one.effective_until) for one in dated] == [
        (2, begins_at, None),
        (1, clock.now, begins_at),
    ]


async def test_a_policy_set_meanwhile_holds_until_the_planned_one(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        planned_at = work.now + WEEK
        await set_pay_policy(work, market_id=market.id, rates=DEARER, effective_from=planned_at)
    clock.advance(seconds=60)
    async with works.open() as work:
        assert await set_pay_policy(work, market_id=market.id, rates=PAY_RATES | {"base_minor": 1}) == 3

        in_force = [
            (await pay_policy_at(work, market_id=market.id, moment=moment)).version
            for moment in (work.now - timedelta(seconds=1), work.now, planned_at - timedelta(seconds=1), planned_at)
        ]

    assert in_force == [1, 3, 3, 2]


async def test_a_planned_policy_is_replaced_by_another_of_its_moment(work: Work) -> None:
    market = await make_market(work)
    for base in (1, 2):
        rates = PAY_RATES | {"base_minor": base}
        await set_pay_policy(work, market_id=market.id, rates=rates, effective_from=work.now + WEEK)

    policy = await pay_policy_at(work, market_id=market.id, moment=work.now + WEEK)

    assert (policy.version, policy.base_minor) == (3, 2)


async def test_the_past_is_not_paid_anew(work: Work) -> None:
    market = await make_market(work)

    with pytest.raises(BadPayPolicy, match="begins now or later"):
        await set_pay_policy(work, market_id=market.id, rates=DEARER, effective_from=work.now - timedelta(seconds=1))

    assert await work.fetch_value("SELECT count(*) FROM pay_policy") == 1


async def test_floors_stay_when_only_rates_change_and_go_when_somebody_says_so(work: Work) -> None:
    market = await make_market(work)
    await set_pay_policy(work, market_id=market.id, rates=PAY_RATES, floors=SEATTLE)

    kept = await set_pay_policy(work, market_id=market.id, rates=DEARER)
    dropped = await set_pay_policy(work, market_id=market.id, rates=DEARER, keeps_floors=False)

    assert (await pay_policy_version(work, market_id=market.id, version=kept)).floors == SEATTLE
    assert await pay_policy_version(work, market_id=market.id, version=dropped) == PayPolicy.of(dropped, DEARER)


async def test_a_pack_is_adopted_from_a_date_on_with_the_markets_own_rates(work: Work) -> None:
    market = await make_market(work, currency="USD")
    begins_at = work.now + WEEK

    version = await adopt_pay_policy_pack(
        work, market_id=market.id, pack="seattle_payup_2025", parameters={}, effective_from=begins_at
    )

    assert (await pay_policy_at(work, market_id=market.id, moment=work.now)).floors is None
    adopted = await pay_policy_at(work, market_id=market.id, moment=begins_at)
    assert (adopted.version, adopted.rates(), adopted.floors) == (version, PAY_RATES, SEATTLE)


async def test_a_pack_may_bring_other_rates_and_another_calendar(work: Work) -> None:
    market = await make_market(work, currency="USD")
    weekly = pay_pack("new_york_city_2025").floors({}).period
    assert weekly is not None

    version = await adopt_pay_policy_pack(
        work,
        market_id=market.id,
        pack="california_prop_22_2025",
        parameters={"local_minimum_wage_minor": 1650},
        rates=DEARER,
        calendar=weekly.calendar,
    )

    policy = await pay_policy_version(work, market_id=market.id, version=version)
    assert policy.rates() == DEARER
    assert policy.floors is not None
    assert policy.floors.period is not None
    assert policy.floors.period.calendar == weekly.calendar
    assert policy.floors.period.time.minor == 1650


async def test_a_pack_of_another_currency_is_refused(work: Work) -> None:
    market = await make_market(work)

    with pytest.raises(BadPayFloor, match="in USD and the market in CLP"):
        await adopt_pay_policy_pack(work, market_id=market.id, pack="seattle_payup_2025", parameters={})

    assert await work.fetch_value("SELECT count(*) FROM pay_policy") == 1


async def test_a_market_without_rates_sends_some_with_the_pack(work: Work) -> None:
    market = await make_market(work, currency="USD")
    await work.execute("ALTER TABLE pay_policy DISABLE TRIGGER USER")
    await work.execute("DELETE FROM pay_policy")

    with pytest.raises(NotFound, match="send some with the pack"):
        await adopt_pay_policy_pack(work, market_id=market.id, pack="seattle_payup_2025", parameters={})
