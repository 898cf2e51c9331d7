"""Switches change in a day what they say, and plays side by side are each what they are alone."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from marketplace.core.database import connect
from marketplace.core.geo import Point
from tests.workers.simulation.conftest import settings_for
from workers.simulation import (
    CityDay,
    Conditions,
    OneDatabase,
    Waves,
    compare,
    play_city_day,
    play_in_process,
    quiet_day,
    read_variants,
)

DAY = CityDay(plan=quiet_day(deliveries=10, hours=0.5), drivers=6, hubs=2, has_arrivals=False)
"""Two of its six drivers are contracted or dedicated, the others are the crowd."""
BETWEEN_HOMES = Point(lat=-29.9346, lon=-71.2743)
"""In the middle of this day's homes, away from its hubs."""
BUSY = replace(
    DAY,
    plan=replace(quiet_day(deliveries=16, hours=0.5), reserve_rate=0.9),
    conditions=Conditions(has_surge=True, peak=2.0),
)
KINDS = """
SELECT d.contract_kind, d.name LIKE 'Block%' AS holds_block, count(*)::int AS drivers
FROM event e JOIN driver d ON d.id = e.driver_id WHERE e.name = 'DriverWentOnline' GROUP BY 1, 2 ORDER BY 1, 2
"""
PLACES = "SELECT sum(taken)::int, (SELECT count(*)::int FROM sign_up) FROM block"
TOP_UPS = "SELECT sum(total_minor)::bigint FROM pay_statement WHERE kind = 'BLOCK'"
LARGEST_WAVE = "SELECT coalesce(max(n), 0)::int AS n FROM (SELECT count(*) AS n FROM offer GROUP BY wave_id) waves"
OTHER_HUB = """
SELECT d.dropoff_lat, h.lat AS lat, h.name = 'What if' AS is_other FROM delivery d JOIN hub h ON h.id = d.hub_id
WHERE d.return_of IS NULL
"""


async def rows(url: str, sql: str) -> list[Any]:
    connection = await connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_without_the_crowd_only_those_come_who_have_hours_or_a_place_in_a_block(
    empty_urls: list[str], tmp_path: Path
) -> None:
    without = Conditions(has_crowd=False, blocks=2, waves=Waves.ONE)

    first, second = [
        await play_city_day(settings_for(url, tmp_path), replace(DAY, conditions=without)) for url in empty_urls
    ]

    url = empty_urls[0]
    assert await rows(url, KINDS) == [("CONTRACTED", False, 2), ("CROWDSOURCED", True, 2), ("DEDICATED", False, 1)]
    assert await rows(url, LARGEST_WAVE) == [(1,)]
    # Places are given by the market's own lot to those who signed up; the statement makes up what routes lacked.
    ((places, wishes),) = await rows(url, PLACES)
    assert (places, wishes > places) == (2, True)
    assert (first.blocks["kept"], first.blocks["no_shows"]) == (2, 0)
    assert first.blocks["top_up_minor"] > 0
    assert await rows(url, TOP_UPS) == [(first.blocks["top_up_minor"],)]
    assert first.figures.paid_minor == first.figures.earned_minor
    assert [one.contract_kind for one in first.fairness] == [None, "DEDICATED", "CONTRACTED", "CROWDSOURCED"]
    assert second.event_hash == first.event_hash


async def test_what_lives_nearer_to_another_hub_comes_from_there(empty_urls: list[str], tmp_path: Path) -> None:
    played = await play_city_day(
        settings_for(empty_urls[0], tmp_path), replace(DAY, conditions=Conditions(hub=BETWEEN_HOMES))
    )

    names = [is_other for _, _, is_other in await rows(empty_urls[0], OTHER_HUB)]
    assert (len(names), played.figures.posted) == (10, 10)
    assert 0 < sum(names) < 10


async def test_a_bonus_brings_drivers_out_and_without_surge_they_stay_at_home(
    empty_urls: list[str], tmp_path: Path
) -> None:
    with_surge, without = [
        await play_city_day(settings_for(url, tmp_path), replace(BUSY, conditions=conditions))
        for url, conditions in zip(empty_urls, (BUSY.conditions, Conditions(peak=2.0)), strict=True)
    ]

    assert with_surge.figures.posted == without.figures.posted > 16
    assert with_surge.came_for_bonus > 0
    assert with_surge.surge.paid_minor > 0
    assert (without.came_for_bonus, without.surge.paid_minor, without.surge.surcharges_minor) == (0, 0, 0)


async def test_plays_side_by_side_give_what_they_give_alone_and_tell_how_far_they_are(
    empty_urls: list[str], tmp_path: Path
) -> None:
    variants = read_variants(["the same: --surge off"], DAY.conditions)
    settings = [settings_for(url, tmp_path) for url in empty_urls]
    told: dict[str, tuple[int, int]] = {}

    comparison = await compare(
        settings, variants, partial(play_in_process, DAY), lambda thing, done, of: told.update({thing: (done, of)})
    )

    first, second = comparison.as_dict()["variants"]
    assert (first["name"], second["name"], second["words"]) == ("baseline", "the same", "--surge off")
    assert first["figures"]["event_hash"] == second["figures"]["event_hash"]
    assert first["kpis"] == second["kpis"]
    assert told["the same: deliveries at their end"] == (10, 10)


async def test_plays_do_not_share_a_database(tmp_path: Path) -> None:
    settings = settings_for("postgres://somewhere/one", tmp_path)

    with pytest.raises(OneDatabase, match="wants its own"):
        await compare([settings, settings], read_variants(["a: --crowd off"], Conditions()), _never)


def _never(*_: object) -> Any:
    raise AssertionError("nothing is played")
