"""The pay laws that come with the program say where they are from and what nobody has checked."""

import pytest

from marketplace.core.errors import NotFound
from marketplace.markets import BadPayFloor, PayFloors, PayPolicy, pay_pack, pay_packs
from tests.builders import PAY_RATES

NAMES = [
    "british_columbia_2024",
    "california_prop_22_2025",
    "new_york_city_2025",
    "new_york_city_2026",
    "seattle_payup_2024",
    "seattle_payup_2025",
]


def test_all_packs_are_listed_by_name_with_source_and_doubts() -> None:
    packs = pay_packs()

    assert [pack.name for pack in packs] == NAMES
    assert all(pack.source and pack.law and pack.title and "Not legal advice" in pack.notice for pack in packs)
    assert all(pack.unverified for pack in packs)


@pytest.mark.parametrize("name", NAMES)
def test_a_packs_floors_come_back_from_what_is_kept_of_them(name: str) -> None:
    pack = pay_pack(name)

    floors = pack.floors(dict.fromkeys(pack.parameters, 1650))

    assert PayFloors.from_json(floors.as_json()) == floors
    assert floors.pack == name
    assert PayPolicy.of(3, PAY_RATES, floors.as_json()).floors == floors


def test_a_pack_takes_exactly_its_parameters() -> None:
    with pytest.raises(BadPayFloor, match="takes local_minimum_wage_minor"):
        pay_pack("california_prop_22_2025").floors({})
    with pytest.raises(BadPayFloor, match="takes no parameters"):
        pay_pack("seattle_payup_2025").floors({"local_minimum_wage_minor": 1})


def test_a_pack_without_periods_takes_no_calendar() -> None:
    calendar = pay_pack("new_york_city_2025").floors({}).period
    assert calendar is not None

    with pytest.raises(BadPayFloor, match="no pay periods"):
        pay_pack("seattle_payup_2025").floors({}, calendar=calendar.calendar)


def test_there_is_no_pack_of_another_name() -> None:
    with pytest.raises(NotFound, match="there are british_columbia_2024"):
        pay_pack("atlantis_2026")


def test_filling_in_a_parameter_leaves_the_pack_as_it_was() -> None:
    pack = pay_pack("california_prop_22_2025")

    cheap, dear = (pack.floors({"local_minimum_wage_minor": wage}) for wage in (1000, 2000))

    assert cheap.period
    assert dear.period
    assert (cheap.period.time.minor, dear.period.time.minor) == (1000, 2000)
