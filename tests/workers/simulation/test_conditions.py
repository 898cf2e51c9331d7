"""What a day is played under is read from words, and changes the dials that it names."""

import pytest

from marketplace.core.geo import Point
from workers.simulation import BadVariant, Conditions, Waves, read_switches, read_variants

FIRST = Conditions(has_surge=True, peak=2.0)
OWN = {"wave_size": 4, "surge_bonus_cap_minor": 70}


def test_a_variant_keeps_what_its_words_do_not_change() -> None:
    baseline, variant = read_variants(["all other: --surge off --crowd off --waves one --blocks +10"], FIRST)

    assert (baseline.name, baseline.conditions) == ("baseline", FIRST)
    assert (variant.name, variant.words) == ("all other", "--surge off --crowd off --waves one --blocks +10")
    assert variant.conditions == Conditions(has_surge=False, has_crowd=False, waves=Waves.ONE, blocks=10, peak=2.0)


def test_a_hub_may_lie_in_the_south() -> None:
    assert read_switches("--hub=-29.9,-71.25 --peak 1.5", FIRST) == Conditions(
        has_surge=True, hub=Point(lat=-29.9, lon=-71.25), peak=1.5
    )


@pytest.mark.parametrize(
    "words",
    [
        "no colon", ": --surge off", "nothing:", "x: --surge maybe", "x: --waves some", "x: --blocks -1",
        "x: --blocks 2.5", "x: --peak 0", "x: --peak many", "x: --hub=91,0", "x: --hub=here", "x: --rain on",
        "x: 'open",
    ],
)  # fmt: skip
def test_words_that_say_nothing_playable_are_refused(words: str) -> None:
    with pytest.raises(BadVariant):
        read_variants([words], FIRST)


@pytest.mark.parametrize(
    ("texts", "why"),
    [(["a: --surge off", "a: --crowd off"], "name of its own"), ([f"{n}: --surge off" for n in range(8)], "at most 7")],
)
def test_variants_are_few_and_have_names_of_their_own(texts: list[str], why: str) -> None:
    with pytest.raises(BadVariant, match=why):
        read_variants(texts, FIRST)


def test_conditions_change_the_dials_that_they_name_and_leave_a_markets_own_surge() -> None:
    off = {"surge_bonus_cap_minor": 0, "surge_surcharge_cap_percent": 0}

    assert Conditions().dials(OWN) == {"wave_size": 4, **off}
    assert Conditions(has_surge=True).dials(OWN)["surge_bonus_cap_minor"] == 500
    assert Conditions(has_surge=True).dials(OWN, has_own_surge=True) == OWN
    assert Conditions(waves=Waves.ONE).dials(OWN) == {"wave_size": 1, "broadcast_below_ttls": 0, **off}
    assert Conditions(waves=Waves.BROADCAST).dials(OWN) == {
        "wave_size": 10, "broadcast_below_ttls": 10_000, "broadcast_fill_percent": 100, **off
    }  # fmt: skip


def test_the_order_of_call_is_a_dial_and_stays_the_markets_own_where_it_is_not_told() -> None:
    own = {"order_of_call": "by_rule"}

    told = [read_switches(f"--order-of-call {word}", Conditions()).dials(own) for word in ("rule", "marginal_cost")]

    assert [dials["order_of_call"] for dials in told] == ["by_rule", "by_marginal_cost"]
    assert Conditions().dials({"order_of_call": "by_marginal_cost"})["order_of_call"] == "by_marginal_cost"
