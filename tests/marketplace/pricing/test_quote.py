"""A delivery costs the sum of its lines, and never less than the card's minimum."""

from dataclasses import replace

import pytest

from marketplace.pricing import BadDistance, BadRateCard, RateCard, price_delivery, total_minor

CARD = RateCard(
    version=3,
    service_level="STANDARD",
    currency="CLP",
    base_minor=1500,
    per_km_minor=300,
    per_stop_minor=500,
    minimum_minor=2500,
)


def test_a_delivery_costs_base_distance_and_its_stop() -> None:
    lines = price_delivery(CARD, distance_m=5_301)

    assert [(line.code, line.quantity, line.unit, line.rate_minor, line.per, line.amount_minor) for line in lines] == [
        ("base", 1, "delivery", 1500, 1, 1500),
        ("distance", 5_301, "m", 300, 1000, 1590),
        ("stop", 1, "stop", 500, 1, 500),
    ]
    assert total_minor(lines) == 3590


def test_every_line_names_the_card_its_version_and_its_rounding() -> None:
    lines = price_delivery(CARD, distance_m=5_301)

    assert [line.rule for line in lines] == [
        "rate_card:STANDARD:3:base_minor",
        "rate_card:STANDARD:3:per_km_minor",
        "rate_card:STANDARD:3:per_stop_minor",
    ]
    assert {line.rounding for line in lines} == {"HALF_UP"}


def test_a_short_delivery_is_lifted_to_the_minimum_by_a_line_of_its_own() -> None:
    lines = price_delivery(CARD, distance_m=1_000)

    assert [(line.code, line.amount_minor) for line in lines] == [
        ("base", 1500),
        ("distance", 300),
        ("stop", 500),
        ("minimum", 200),
    ]
    assert total_minor(lines) == 2500


def test_a_delivery_that_costs_exactly_the_minimum_has_no_top_up() -> None:
    lines = price_delivery(replace(CARD, minimum_minor=2300), distance_m=1_000)

    assert [line.code for line in lines] == ["base", "distance", "stop"]


@pytest.mark.parametrize(("distance_m", "amount_minor"), [(4, 1), (5, 2), (1, 0), (2, 1), (3, 1)])
def test_a_half_minor_unit_is_rounded_up(distance_m: int, amount_minor: int) -> None:
    lines = price_delivery(replace(CARD, per_km_minor=300, base_minor=9_000), distance_m=distance_m)

    assert sum(line.amount_minor for line in lines if line.code == "distance") == amount_minor


def test_lines_that_come_to_nothing_are_left_out() -> None:
    free = replace(CARD, base_minor=0, per_km_minor=0, per_stop_minor=0, minimum_minor=0)

    assert price_delivery(free, distance_m=9_000) == []


@pytest.mark.parametrize("distance_m", [-1, 1.5, True])
def test_a_distance_is_whole_metres_from_nothing_up(distance_m: int) -> None:
    with pytest.raises(BadDistance):
        price_delivery(CARD, distance_m=distance_m)


def test_a_rate_card_holds_whole_amounts_only() -> None:
    with pytest.raises(BadRateCard, match="per_km_minor"):
        replace(CARD, per_km_minor=-1)
    with pytest.raises(BadRateCard, match="base_minor"):
        replace(CARD, base_minor=12.5)  # type: ignore[arg-type] # what is refused is exactly the wrong type
