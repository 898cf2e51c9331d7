"""The seed fixes what kind of driver everybody is, and a driver's answers follow from nothing but that."""

from collections import Counter
from dataclasses import replace

from workers.simulator.chance import chance
from workers.simulator.personality import Answer, Mind, Personality, draw_personality


def personality(seed: int, driver: int, *, decline_rate: float = 0.2, ignore_rate: float = 0.1) -> Personality:
    """The driver of that number in the fleet of that seed."""
    return draw_personality(
        chance(seed, "driver", driver),
        decline_rate=decline_rate,
        ignore_rate=ignore_rate,
        mistype_rate=0.1,
        gathering_s=60.0,
    )


def answers(seed: int, driver: int, count: int) -> list[object]:
    """A driver's first decisions."""
    mind = Mind(personality(seed, driver), chance(seed, "driver", driver, "mind"))
    return [mind.decide() for _ in range(count)]


def test_the_same_seed_makes_the_same_driver_with_the_same_answers() -> None:
    assert personality(1, 7) == personality(1, 7)
    assert answers(1, 7, 50) == answers(1, 7, 50)


def test_other_drivers_and_other_seeds_are_different_people() -> None:
    people = {personality(seed, driver) for seed in (1, 2) for driver in range(20)}

    assert len(people) == 40


def test_a_reserve_comes_for_a_bonus_and_is_otherwise_as_it_was() -> None:
    def drawn(driver: int, reserve_rate: float) -> Personality:
        rates = {"decline_rate": 0.2, "ignore_rate": 0.1, "mistype_rate": 0.1, "gathering_s": 60.0}
        return draw_personality(chance(5, "driver", driver), reserve_rate=reserve_rate, **rates)

    fleet = [(drawn(driver, 0.0), drawn(driver, 0.4)) for driver in range(500)]

    waiting = [one.comes_for_minor for _, one in fleet if one.comes_for_minor]
    assert 160 < len(waiting) < 240
    assert 50 <= min(waiting) <= max(waiting) <= 350
    assert all(replace(one, comes_for_minor=0) == plain for plain, one in fleet)


def test_a_fleet_declines_and_ignores_at_the_rates_of_its_plan() -> None:
    decisions = Counter(
        Mind(personality(3, driver), chance(3, "mind", driver)).decide().answer for driver in range(4_000)
    )

    assert 0.18 < decisions[Answer.DECLINE] / 4_000 < 0.22
    assert 0.08 < decisions[Answer.IGNORE] / 4_000 < 0.12


def test_nobody_declines_or_ignores_in_a_plan_without_it() -> None:
    minds = [Mind(personality(1, i, decline_rate=0.0, ignore_rate=0.0), chance(1, i)) for i in range(200)]

    assert {mind.decide().answer for mind in minds} == {Answer.ACCEPT}


def test_everybody_thinks_shorter_than_the_shortest_offer_of_production_is_open() -> None:
    minds = [Mind(personality(1, i), chance(1, i)) for i in range(200)]

    assert max(mind.decide().after_s for mind in minds) < 60.0
