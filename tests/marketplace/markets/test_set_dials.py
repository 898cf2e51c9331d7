"""Operations turn single dials within their limits; production keeps the time that drivers have by law."""

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.work import Work, Works
from marketplace.markets import Dials, dials, set_dials
from marketplace.markets.dials import OBJECTIVES, SHORTEST_ANSWER_IN_PRODUCTION_S, BadDial
from tests.builders import make_market
from tests.races.together import at_once, codes

LIMITS = {
    "offer_ttl_s": (1, 3600),
    "wave_size": (1, 50),
    "wave_limit": (1, 50),
    "broadcast_below_ttls": (0, 10_000),
    "broadcast_fill_percent": (1, 100),
    "waiting_cost_per_hour_minor": (0, 10**12),
    "open_offers_per_driver": (1, 50),
    "raise_step_minor": (0, 10**12),
    "raise_cap_minor": (0, 10**12),
    "raise_budget_per_hour_minor": (0, 10**12),
    "replan_after_s": (1, 86_400),
    "plan_ahead_s": (0, 604_800),
    "route_max_stops": (2, 200),
    "route_fixed_cost_minor": (0, 10**12),
    "look_ahead_s": (0, 14_400),
    "match_time_limit_ms": (50, 10_000),
    "zone_limit": (20, 1000),
    "payout_every_s": (60, 2_678_400),
    "payout_minimum_minor": (0, 10**12),
    "pickup_service_s": (0, 3_600),
    "dropoff_service_s": (0, 3_600),
    "two_person_service_s": (0, 7_200),
    "head_start_waves": (0, 50),
    "contracted_head_start_s": (0, 3_600),
    "delivery_target_s": (0, 604_800),
    "late_risk_percent": (1, 100),
    "payout_hold_s": (0, 2_678_400),
    "instant_fee_basis_points": (0, 1_000),
    "instant_fee_minimum_minor": (0, 10**12),
    "debt_repay_percent": (0, 100),
    "unavailable_after_s": (0, 3_600),
    "redelivery_answer_s": (60, 1_209_600),
    "geocode_confidence_percent": (0, 100),
    "driver_shown_stops": (0, 50),
    "tracking_link_s": (0, 31_536_000),
    "recipient_data_s": (0, 31_536_000),
    "position_kept_days": (1, 90),
    "tip_limit_minor": (0, 10**12),
    "tip_within_s": (0, 2_678_400),
    "places_per_day": (0, 1_000_000),
    "claim_within_s": (0, 31_536_000),
    "claim_limit_minor": (0, 10**12),
    "claim_hearing_s": (0, 2_678_400),
    "support_action_s": (0, 3_600),
    "support_hour_minor": (0, 10**12),
    "grid_co2_g_per_kwh": (0, 2_000),
    "surge_every_s": (10, 3_600),
    "surge_starts_at_percent": (0, 900),
    "surge_full_after_percent": (1, 1_000),
    "surge_max_step_percent": (10, 100),
    "surge_half_life_s": (0, 86_400),
    "surge_minimum_population": (0, 10_000),
    "surge_stops_per_driver": (1, 200),
    "surge_bonus_cap_minor": (0, 10**12),
    "surge_surcharge_cap_percent": (0, 100),
    "surge_budget_minor": (0, 10**12),
    "surge_window_s": (60, 604_800),
}


async def turn(work: Work, market_id: UUID, /, *, is_production: bool = False, **changes: Any) -> Dials:
    return await set_dials(work, market_id=market_id, changes=changes, is_production=is_production)


async def turn_one(work: Work, market_id: UUID, name: str, value: int) -> Dials:
    return await set_dials(work, market_id=market_id, changes={name: value}, is_production=False)


def test_every_dial_has_limits() -> None:
    assert LIMITS.keys() == asdict(Dials(market_id=UUID(int=1), time_zone="UTC", currency="CLP")).keys() - {
        "market_id",
        "time_zone",
        "currency",
        "matching_objective",
        "one_origin_per_route",
        "order_of_call",
        "shift_end_covers",
        "payout_country",
    }


async def test_some_dials_are_turned_and_the_others_stay(work: Work) -> None:
    market = await make_market(work)
    before = await dials(work, market_id=market.id)

    turned = await turn(work, market.id, wave_size=7, raise_step_minor=250)

    assert turned == replace(before, wave_size=7, raise_step_minor=250)
    assert await dials(work, market_id=market.id) == turned


async def test_another_market_keeps_its_dials(work: Work) -> None:
    market, other = await make_market(work), await make_market(work)
    before = await dials(work, market_id=other.id)

    await turn(work, market.id, wave_size=7)

    assert await dials(work, market_id=other.id) == before


async def test_no_change_is_no_change(work: Work) -> None:
    market = await make_market(work)

    assert await turn(work, market.id) == await dials(work, market_id=market.id)


@pytest.mark.parametrize("name", LIMITS)
async def test_a_dial_turns_as_far_as_its_limits_and_no_further(work: Work, name: str) -> None:
    market = await make_market(work)
    lowest, highest = LIMITS[name]

    for value in (lowest, highest):
        assert getattr(await turn_one(work, market.id, name, value), name) == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(BadDial) as refused:
            await turn_one(work, market.id, name, value)
        assert refused.value.code == "BAD_DIAL"
        assert refused.value.field is not None

    assert getattr(await dials(work, market_id=market.id), name) == highest


async def test_a_market_says_what_its_plans_make_least(work: Work) -> None:
    market = await make_market(work)
    assert (await dials(work, market_id=market.id)).matching_objective == "expected_cost"

    for objective in OBJECTIVES:
        turned = await turn(work, market.id, matching_objective=objective, one_origin_per_route=True)
        assert (turned.matching_objective, turned.one_origin_per_route) == (objective, True)

    with pytest.raises(BadDial, match="one of expected_cost, delivery_delay"):
        await turn(work, market.id, matching_objective="luck")
    assert (await dials(work, market_id=market.id)).matching_objective == OBJECTIVES[-1]


async def test_a_market_says_what_a_shift_must_be_long_enough_for(work: Work) -> None:
    market = await make_market(work)
    assert (await dials(work, market_id=market.id)).shift_end_covers == "route"

    assert (await turn(work, market.id, shift_end_covers="pickups")).shift_end_covers == "pickups"

    with pytest.raises(BadDial, match="one of route, pickups") as refused:
        await turn(work, market.id, shift_end_covers="lunch")
    assert refused.value.field == "shiftEndCovers"
    assert (await dials(work, market_id=market.id)).shift_end_covers == "pickups"


async def test_in_production_a_driver_has_a_minute_to_answer(work: Work) -> None:
    market = await make_market(work, offer_ttl_s=90)

    with pytest.raises(BadDial, match="to answer are between 60 and 3,600"):
        await turn(work, market.id, offer_ttl_s=59, is_production=True)

    assert SHORTEST_ANSWER_IN_PRODUCTION_S == 60
    assert (await turn(work, market.id, offer_ttl_s=60, is_production=True)).offer_ttl_s == 60
    assert (await turn(work, market.id, offer_ttl_s=1)).offer_ttl_s == 1


async def test_in_production_a_market_that_was_set_for_a_demo_must_be_mended_first(work: Work) -> None:
    market = await make_market(work, offer_ttl_s=5)

    with pytest.raises(BadDial, match="to answer"):
        await turn(work, market.id, wave_size=2, is_production=True)

    assert (await turn(work, market.id, wave_size=2, offer_ttl_s=60, is_production=True)).wave_size == 2


@pytest.mark.parametrize("name", ["market_id", "time_zone", "currency", "slug", "next_payout_at", ""])
async def test_what_is_no_dial_cannot_be_turned(work: Work, name: str) -> None:
    market = await make_market(work)
    before = await dials(work, market_id=market.id)

    with pytest.raises(BadDial, match=f"there is no dial {name}"):
        await set_dials(work, market_id=market.id, changes={"wave_size": 7, name: 1}, is_production=False)

    assert await dials(work, market_id=market.id) == before


async def test_a_market_that_is_not_there_has_no_dials(work: Work) -> None:
    with pytest.raises(NotFound, match="no such market"):
        await turn(work, UUID(int=404), wave_size=7)


async def test_two_operators_at_once_do_not_undo_one_another(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)

    answers = await at_once(
        (committed_works, lambda work: turn(work, market.id, wave_size=7)),
        (committed_works, lambda work: turn(work, market.id, wave_limit=9)),
    )

    assert codes(answers) == {"done": 2}
    async with committed_works.open() as work:
        now = await dials(work, market_id=market.id)
    assert (now.wave_size, now.wave_limit) == (7, 9)
