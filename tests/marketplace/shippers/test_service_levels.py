"""The terms of a tier: dated, never edited, frozen into what is posted, and a line of its own in the price."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.batches import PostBatch, QuoteBatch, QuoteResult
from marketplace.billing import check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.shippers import BadServiceLevel, Miss, ServiceLevel, Tier, service_levels_at, set_service_level
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order

LEVEL = ServiceLevel(
    tier=Tier.SAME_DAY,
    opens=time(14),
    cutoff=time(13),
    uplift_basis_points=1_000,
    uplift_minor=250,
    late_percent=50,
    late_minor=300,
    grace_s=600,
    missed_try_percent=30,
)


class World:
    """A shipper with a hub in a market."""

    def __init__(self, works: Works, market_id: UUID, shipper_id: UUID, hub_id: UUID) -> None:
        self.works, self.market_id, self.shipper_id, self.hub_id = works, market_id, shipper_id, hub_id

    async def set(self, level: ServiceLevel = LEVEL) -> int:
        async with self.works.open() as work:
            return await set_service_level(work, shipper_id=self.shipper_id, market_id=self.market_id, level=level)

    async def quote(self) -> QuoteResult:
        row = replace(order("a", hub_id=self.hub_id), pickup_window=None, dropoff_window=None, tier=Tier.SAME_DAY)
        errand = QuoteBatch(router=ROUTER, shipper_id=self.shipper_id, market_id=self.market_id, requests=[row])
        quoted = await run_errand(self.works, errand)
        assert quoted is not None
        return quoted


@pytest.fixture
async def world(works: Works) -> World:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    return World(works, market.id, shipper.id, hub.id)


async def test_a_later_version_counts_and_a_withdrawn_tier_is_gone(work: Work) -> None:
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    about: dict[str, Any] = {"shipper_id": shipper.id, "market_id": market.id}
    versions = [
        await set_service_level(work, level=LEVEL, **about),
        await set_service_level(work, level=replace(LEVEL, uplift_minor=1), **about),
        await set_service_level(
            work, level=replace(LEVEL, is_offered=False), effective_from=work.now + timedelta(days=1), **about
        ),
    ]

    now = await service_levels_at(work, moment=work.now, **about)
    tomorrow = await service_levels_at(work, moment=work.now + timedelta(days=1), **about)

    assert versions == [1, 2, 3]
    assert now[Tier.SAME_DAY].level == replace(LEVEL, version=2, uplift_minor=1)
    assert tomorrow == {}


async def test_a_tier_is_a_line_of_its_own(world: World) -> None:
    await world.set()
    quoted = await world.quote()

    lines = quoted.rows[0]["lines"]
    plain = sum(line["amount_minor"] for line in lines if line["code"] != "tier")
    tier = [(line["amount_minor"], line["rule"]) for line in lines if line["code"] == "tier"]
    assert tier == [(250, "service_level:SAME_DAY:1:uplift"), ((plain + 5) // 10, "service_level:SAME_DAY:1:uplift")]


async def test_a_quoted_tier_is_posted_as_it_was_promised(world: World, clock: ManualClock) -> None:
    await world.set(replace(LEVEL, cutoff=time(12, 5)))
    quoted = await world.quote()
    clock.advance(seconds=10 * 60)
    await world.set(replace(LEVEL, uplift_minor=9_999, cutoff=time(12, 5)))

    errand = PostBatch(router=ROUTER, gate=check_credit, shipper_id=world.shipper_id, quote_id=quoted.quote_id)
    posted = await run_errand(world.works, errand)
    too_late = await world.quote()

    assert posted is not None
    async with world.works.open() as work:
        [row] = await work.fetch(
            "SELECT d.tier, d.price_minor, s.version, d.dropoff_opens_at, d.dropoff_closes_at"
            " FROM delivery d JOIN service_level s ON s.id = d.service_level_id"
        )
    assert (row["tier"], row["price_minor"], row["version"]) == ("SAME_DAY", quoted.total_minor, 1)
    assert (row["dropoff_opens_at"].hour, row["dropoff_closes_at"].hour) == (17, 21)
    assert [problem.code for problem in too_late.problems] == ["CUT_OFF_PASSED"]


async def test_a_tier_that_the_shipper_has_not_is_a_problem_of_its_row(world: World) -> None:
    quoted = await world.quote()

    assert [(one.code, one.field) for one in quoted.problems] == [("BAD_TIER", "tier")]
    assert quoted.rows == []


@pytest.mark.parametrize(
    ("miss", "late_s", "minor"),
    [(Miss.LATE, 600, 0), (Miss.LATE, 601, 2_300), (Miss.FAILED_TRY, 0, 1_200)],
)
def test_a_penalty_begins_after_the_grace(miss: Miss, late_s: float, minor: int) -> None:
    assert LEVEL.penalty(miss, price_minor=4_000, late_s=late_s) == minor


def test_a_penalty_is_never_more_than_the_price() -> None:
    assert replace(LEVEL, late_percent=100).penalty(Miss.LATE, price_minor=4_000, late_s=9_999) == 4_000


@pytest.mark.parametrize("wrong", [{"window_s": 60}, {"late_percent": 101}, {"cutoff": time(18)}, {"cutoff": None}])
def test_terms_that_could_not_be_kept_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadServiceLevel):
        replace(LEVEL, **wrong)  # type: ignore[arg-type]  # by name
