"""A market learns from yes, no and silence; a lost race says nothing, and every version stays."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind
from marketplace.matching.acceptance import PRIOR, PRIOR_WEIGHTS, OfferFacts
from marketplace.matching.learned import acceptance_of, usual_chances
from marketplace.offers import LearnAcceptance
from marketplace.offers.learn_acceptance import NEW_ANSWERS
from tests.marketplace.ledger.world import refused_by_database
from tests.marketplace.offers.worlds import World, make_model, make_world, send_wave

FACTS = OfferFacts(
    kind=ContractKind.CROWDSOURCED, pay_ratio=1.0, approach_s=300, stop_count=4, local_hour=12.0
).as_json()


async def make_answers(works: Works, world: World, answers: dict[str, int]) -> None:
    """Ended offers of the world's route, so many in each state."""
    async with works.open() as work:
        for state, count in answers.items():
            await work.execute(
                "INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor,"
                " currency, lines, approach_m, approach_s, rank, sent_at, expires_at, ended_at, facts, accept_prob,"
                " model_version) SELECT gen_random_uuid(), market_id, route_id, 1, wave_id, driver_id, $2, pay_minor,"
                " currency, lines, 0, 0, 1, sent_at, expires_at, $3, $4::jsonb, 0.5, 0"
                " FROM offer, generate_series(1, $5) WHERE offer.id = $1",
                await work.fetch_value("SELECT id FROM offer WHERE state = 'SENT' LIMIT 1"),
                state,
                work.now,
                orjson.dumps(FACTS).decode(),
                count,
            )


async def learn(works: Works, market_id: UUID) -> int | None:
    return await run_errand(works, LearnAcceptance(market_id=market_id))


@pytest.fixture
async def world(works: Works) -> World:
    """A market with one open offer."""
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    return world


async def test_answers_become_a_law_and_a_lost_race_says_nothing(works: Works, world: World) -> None:
    await make_answers(works, world, {"DECLINED": 60, "EXPIRED": 30, "WITHDRAWN": 500})

    assert await learn(works, world.market.id) == 1

    async with works.open() as work:
        row = await work.fetch_row("SELECT version, accepted, declined, expired, fitted_at FROM acceptance_model")
        assert row is not None
        assert tuple(row) == (1, 0, 60, 30, work.now)
        model = await acceptance_of(work, market_id=world.market.id)
        assert model.version == 1
        assert model.usual(ContractKind.CROWDSOURCED, 12.0) < 0.25
        chances = await usual_chances(work, market_id=world.market.id, time_zone="America/Santiago")
        assert chances[ContractKind.DEDICATED] == 1.0
        assert chances[ContractKind.CROWDSOURCED] < 0.25


async def test_a_market_without_answers_goes_by_the_prior(works: Works, world: World) -> None:
    assert await learn(works, world.market.id) is None

    async with works.open() as work:
        assert await acceptance_of(work, market_id=world.market.id) is PRIOR
        assert await usual_chances(work, market_id=world.market.id, time_zone="America/Santiago") == {
            ContractKind.DEDICATED: 1.0,
            ContractKind.CONTRACTED: 0.8,
            ContractKind.CROWDSOURCED: 0.6,
        }


async def test_a_market_learns_anew_when_enough_new_answers_have_come(
    works: Works, world: World, clock: ManualClock
) -> None:
    await make_answers(works, world, {"DECLINED": NEW_ANSWERS})
    assert await learn(works, world.market.id) == 1
    assert await learn(works, world.market.id) is None
    clock.advance(seconds=60)
    await make_answers(works, world, {"DECLINED": NEW_ANSWERS - 1})
    assert await learn(works, world.market.id) is None
    await make_answers(works, world, {"DECLINED": 1})

    assert await learn(works, world.market.id) == 2


async def test_one_market_does_not_learn_from_another(works: Works, world: World) -> None:
    async with works.open() as work:
        other = await make_world(work)
    await make_answers(works, world, {"DECLINED": 100})

    assert await learn(works, other.market.id) is None


async def test_what_was_learnt_before_a_weight_was_known_leaves_it_at_the_prior(work: Work) -> None:
    world = await make_world(work)
    await make_model(work, world.market.id)
    await work.execute(
        "INSERT INTO acceptance_model SELECT gen_random_uuid(), market_id, 2, '{\"crowd\": 0.1}', accepted, declined,"
        " expired, answered_until, fitted_at FROM acceptance_model"
    )

    model = await acceptance_of(work, market_id=world.market.id)

    assert (model.version, model.weights) == (2, dict(PRIOR_WEIGHTS) | {"crowd": 0.1})


@pytest.mark.parametrize("edit", ["UPDATE acceptance_model SET accepted = 1", "DELETE FROM acceptance_model"])
async def test_a_law_is_followed_by_another_and_never_edited(work: Work, edit: str) -> None:
    world = await make_world(work)
    await make_model(work, world.market.id)

    async with refused_by_database(work, asyncpg.RestrictViolationError, match="acceptance_model is history"):
        await work.execute(edit)


async def test_two_who_learn_at_once_keep_one_version(works: Works, world: World) -> None:
    await make_answers(works, world, {"DECLINED": 40})
    errand = LearnAcceptance(market_id=world.market.id)
    async with works.open() as work:
        found = await errand.read(work)
    assert found is not None
    weights = await errand.call(found)

    for _ in range(2):
        async with works.open() as work:
            assert await errand.record(work, found, weights) == 1

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM acceptance_model") == 1
        assert found.until <= work.now + timedelta(0)
