"""Blocks are published where most is asked for that nobody has been found for yet."""

from workers.simulation.block_need import Ask, BlockHours, hours_of_need


def asks(hub: int, *minutes: int) -> list[Ask]:
    return [Ask(at_s=60.0 * minute, hub=hub) for minute in minutes]


def test_places_follow_what_is_asked_for_until_it_is_taken() -> None:
    # A place takes six stops in its two hours: the busy hub, with fifteen, gets two of three places.
    day = [*asks(0, *range(135, 255, 8)), *asks(1, *range(375, 495, 15))]

    found = hours_of_need(day, hubs=2, hours=10.0, places=3)

    assert found == [
        BlockHours(hub=0, opens_s=135 * 60, closes_s=255 * 60, places=2),
        BlockHours(hub=1, opens_s=375 * 60, closes_s=495 * 60, places=1),
    ]


def test_a_short_day_has_one_block_that_opens_after_its_draw() -> None:
    day = asks(1, 2, 2, 20)

    assert hours_of_need(day, hubs=2, hours=0.5, places=2) == [BlockHours(hub=1, opens_s=900, closes_s=2_700, places=2)]
