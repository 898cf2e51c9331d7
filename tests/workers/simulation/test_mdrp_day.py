"""A meal-delivery day through the marketplace keeps the rules of the published set, to the minute."""

from datetime import timedelta
from pathlib import Path

from marketplace.core.database import connect
from tests.workers.simulation.conftest import settings_for
from tests.workers.simulation.towns import write_instance
from workers.simulation import play_meal_day, read_instance
from workers.simulation.mdrp_day import MIDNIGHT

OFFERS = "SELECT sent_at, state FROM offer ORDER BY sent_at"


async def test_a_small_day_takes_the_minutes_that_its_rules_give(empty_urls: list[str], tmp_path: Path) -> None:
    """One courier, a hundred metres a minute, four minutes at each stop, half of them before what counts.

    The first meal: sent at once at 10, ten minutes' drive, in hand at 22, at the door at 22 + 2 + 5 + 2 = 31.
    The second: ready at 50, five minutes away from where the first ended; sent at 43, at the door at 50 + 2 + 10 + 2.
    Two for one door: sent together at 100, in hand at 112, at the door at 121 and four minutes later.
    The last is ready when the shift is over.
    """
    folder = write_instance(
        tmp_path / "small",
        meals=[
            ("o1", 300, 400, 10, "r1", 20),
            ("o2", 0, -1000, 30, "r1", 50),
            ("o3", 300, 400, 100, "r1", 110),
            ("o4", 300, 400, 100, "r1", 110),
            ("o5", 300, 400, 290, "r1", 320),
        ],
        couriers=[("c1", 1000, 0, 0, 300)],
    )

    played = await play_meal_day(settings_for(empty_urls[0], tmp_path), read_instance(folder))

    meals = played.meals
    assert meals.click_to_door_min == ((31 - 10) + (64 - 30) + (121 - 100) + (125 - 100)) / 4
    assert meals.ready_to_pickup_min == (2 + 0 + 2 + 2) / 4
    assert (meals.orders, meals.undelivered_pct, meals.orders_per_route) == (5, 20.0, 1.33)
    assert (played.played.figures.expired, played.played.ledger_sum_minor) == (1, 0)
    connection = await connect(empty_urls[0])
    offers = [(row["sent_at"], row["state"]) for row in await connection.fetch(OFFERS)]
    await connection.close()
    assert offers == [(MIDNIGHT + timedelta(minutes=minute), "ACCEPTED") for minute in (10, 43, 100)]


async def test_a_courier_who_is_free_soon_and_near_is_waited_for(empty_urls: list[str], tmp_path: Path) -> None:
    """The second meal is ready at 40; the near courier is free at 19 + 2, the far one would take half an hour."""
    folder = write_instance(
        tmp_path / "two",
        meals=[("o1", 100, 0, 0, "r1", 10), ("o2", 0, 500, 11, "r1", 40)],
        couriers=[("near", 0, 300, 0, 300), ("far", 0, 6000, 0, 300)],
    )

    played = await play_meal_day(settings_for(empty_urls[0], tmp_path), read_instance(folder))

    assert played.meals.click_to_door_min == ((10 + 2 + 1 + 2) + (40 - 11 + 2 + 5 + 2)) / 2
    assert played.meals.ready_to_pickup_min == 0
    assert played.played.figures.drivers_paid == 1
