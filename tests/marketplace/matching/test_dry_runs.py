"""A dry run plans what does not exist as the market would, and writes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.matching import DryDelivery, DryDriver, DryProblem, SolverPool, dry_run
from marketplace.matching.dry_runs import DELIVERIES_AT_MOST, DRIVERS_AT_MOST, BadDryRun
from tests.builders import HOME_PLACE, HUB_PLACE, make_market
from tests.marketplace.offers.worlds import make_model

ROUTER = StraightLineRouter()
TEA = DryDelivery(reference="tea", pickup=HUB_PLACE, dropoff=HOME_PLACE)
ANA = DryDriver(reference="ana", place=HUB_PLACE)
COUNTS = "SELECT (SELECT count(*) FROM route) + (SELECT count(*) FROM choice) + (SELECT count(*) FROM event) AS rows"


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that has time, whatever else this machine does."""
    with SolverPool(1, grace_s=60) as pool:
        yield pool


async def test_a_plan_with_offers_pay_and_reasons_and_nothing_written(works: Works, solver: SolverPool) -> None:
    async with works.open() as work:
        market = await make_market(work)
    chilled = replace(TEA, reference="vaccine", skills=["COLD"])

    told = await dry_run(
        works,
        router=ROUTER,
        solver=solver,
        market_id=market.id,
        problem=DryProblem(deliveries=[TEA, chilled], drivers=[ANA]),
    )

    (route,) = told["routes"]
    assert (route["driver"], route["kind"], route["accept_prob"]) == ("ana", "CROWDSOURCED", 0.6)
    assert [(step["delivery"], step["kind"]) for step in route["steps"]] == [("tea", "PICKUP"), ("tea", "DROPOFF")]
    assert route["steps"][1]["point"] == {"lat": HOME_PLACE.lat, "lon": HOME_PLACE.lon}
    assert route["offer_at"] == told["planned_at"]
    assert route["payout_minor"] == told["payout_minor"] > 0
    assert route["expected_cost_minor"] > route["payout_minor"]
    (waiting,) = told["unassigned"]
    assert (waiting["delivery"], waiting["code"], waiting["drivers_able"]) == ("vaccine", "NO_SKILL", 0)
    assert waiting["failed_rules"] == [
        {"code": "NO_SKILL", "drivers": 1, "words": "1 driver without a skill that it asks for."}
    ]
    assert told["is_degraded"] is True
    async with works.open() as work:
        assert await work.fetch_value(COUNTS) == 0


async def test_it_goes_by_what_the_market_has_learnt(works: Works, solver: SolverPool) -> None:
    async with works.open() as work:
        market = await make_market(work)
        await make_model(work, market.id, crowd=-2.0)
    partner = replace(ANA, reference="bea", kind=ContractKind.CONTRACTED)

    told = await dry_run(
        works,
        router=ROUTER,
        solver=solver,
        market_id=market.id,
        problem=DryProblem(deliveries=[TEA], drivers=[ANA, partner]),
    )

    assert [route["driver"] for route in told["routes"]] == ["bea"]


async def test_without_drivers_everything_waits_for_one(works: Works, solver: SolverPool) -> None:
    async with works.open() as work:
        market = await make_market(work)

    told = await dry_run(
        works, router=ROUTER, solver=solver, market_id=market.id, problem=DryProblem(deliveries=[TEA], drivers=[])
    )

    assert [(one["delivery"], one["code"]) for one in told["unassigned"]] == [("tea", "NO_DRIVER")]
    assert told["routes"] == []


async def test_a_window_that_nobody_can_keep_is_the_reason(
    works: Works, solver: SolverPool, clock: ManualClock
) -> None:
    async with works.open() as work:
        market = await make_market(work)
    soon = replace(TEA, dropoff_window=(clock.now, clock.now + timedelta(minutes=1)))

    told = await dry_run(
        works, router=ROUTER, solver=solver, market_id=market.id, problem=DryProblem(deliveries=[soon], drivers=[ANA])
    )

    assert [one["code"] for one in told["unassigned"]] == ["WINDOW"]


NOWHERE = UUID(int=404)
NORTH = Point(lat=-29.8, lon=-71.2)
MANY = [replace(TEA, reference=str(number)) for number in range(DELIVERIES_AT_MOST + 1)]
CROWD = [replace(ANA, reference=str(number)) for number in range(DRIVERS_AT_MOST + 1)]


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (DryProblem(deliveries=[], drivers=[ANA]), "deliveries"),
        (DryProblem(deliveries=MANY, drivers=[ANA]), "deliveries"),
        (DryProblem(deliveries=[TEA], drivers=CROWD), "drivers"),
        (DryProblem(deliveries=[TEA, replace(TEA, dropoff=NORTH)], drivers=[ANA]), "deliveries"),
        (DryProblem(deliveries=[TEA], drivers=[ANA, ANA]), "drivers"),
        (DryProblem(deliveries=[replace(TEA, load=(-1, 0, 0))], drivers=[ANA]), "load"),
        (DryProblem(deliveries=[replace(TEA, priority=101)], drivers=[ANA]), "priority"),
        (DryProblem(deliveries=[TEA], drivers=[replace(ANA, max_stops=1)]), "maxStops"),
    ],
)
async def test_what_is_too_large_or_makes_no_sense_is_refused(
    works: Works, solver: SolverPool, problem: DryProblem, field: str
) -> None:
    with pytest.raises(BadDryRun) as refused:
        await dry_run(works, router=ROUTER, solver=solver, market_id=NOWHERE, problem=problem)

    assert refused.value.field == field


async def test_a_market_that_is_not_there_plans_nothing(works: Works, solver: SolverPool) -> None:
    with pytest.raises(NotFound):
        await dry_run(
            works,
            router=ROUTER,
            solver=solver,
            market_id=NOWHERE,
            problem=DryProblem(deliveries=[TEA], drivers=[ANA]),
        )
