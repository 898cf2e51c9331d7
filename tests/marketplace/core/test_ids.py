"""Ids sort by market time, carry their noun on the wire, and tell nothing about things of another noun."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.errors import NotFound
from marketplace.core.ids import PREFIXES, BadId, from_wire, to_wire, uuid7

MOMENT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ONE = UUID("019cb000-0000-7000-8000-00000000002a")
NOUNS = sorted(PREFIXES)

moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC))


class Same(random.Random):
    """Draws the same bits each time: the least or the greatest number."""

    def __init__(self, bit: int) -> None:
        super().__init__()
        self.bit = bit

    def getrandbits(self, k: int, /) -> int:
        return self.bit * ((1 << k) - 1)


@given(moments, st.integers(0, 2**32))
def test_an_id_is_a_uuid_of_version_7_of_its_millisecond(moment: datetime, number: int) -> None:
    made = uuid7(moment, random.Random(number))

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(moment.timestamp() * 1000)


@pytest.mark.parametrize("bit", [0, 1])
def test_the_other_74_bits_are_all_drawn(bit: int) -> None:
    fixed = 0xF << 76 | 0x3 << 62

    drawn = uuid7(MOMENT, Same(bit)).int & (2**80 - 1) & ~fixed

    assert drawn.bit_count() == 74 * bit


@given(moments, st.integers(1, 10**9))
def test_ids_of_a_later_millisecond_sort_after_those_of_an_earlier_one(moment: datetime, later_ms: int) -> None:
    earlier = uuid7(moment, Same(1))

    later = uuid7(moment + timedelta(milliseconds=later_ms + 1), Same(0))

    assert earlier < later
    assert to_wire("offer", earlier) < to_wire("offer", later)


def test_the_same_source_makes_the_same_ids() -> None:
    assert [uuid7(MOMENT, random.Random(5)) for _ in range(2)] == [uuid7(MOMENT, random.Random(5))] * 2


@pytest.mark.parametrize("noun", NOUNS)
def test_an_id_comes_back_from_the_wire(noun: str) -> None:
    wire = to_wire(noun, ONE)

    assert wire == f"{PREFIXES[noun]}_019cb00000007000800000000000002a"
    assert from_wire(noun, wire) == from_wire(noun, wire[:4] + wire[4:].upper()) == ONE


def test_every_noun_has_a_prefix_of_its_own() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    assert all(len(prefix) == 3 and prefix.isalpha() and prefix.islower() for prefix in PREFIXES.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "_",
        "dlv",
        "dlv_",
        ONE.hex,
        str(ONE),
        f"dlv-{ONE.hex}",
        f"DLV_{ONE.hex}",
        f"xyz_{ONE.hex}",
        f"dlv_{ONE.hex[:-1]}",
        f"dlv_{ONE.hex}0",
        f"dlv_{ONE}",
        f"dlv_{ONE.hex[:-1]}g",
        f"dlv_0x{ONE.hex[2:]}",
        f"dlv_{ONE.hex[:-1]}\u0662",
        f" dlv_{ONE.hex}",
        f"dlv_{ONE.hex}\n",
        f"dlv__{ONE.hex[1:]}",
    ],
)
def test_a_text_without_the_form_of_an_id_is_refused_with_the_form_and_the_field(text: str) -> None:
    with pytest.raises(BadId, match="looks like dlv_ and 32 hexadecimal digits") as refused:
        from_wire("delivery", text, field="deliveryId")

    assert refused.value.field == "deliveryId"


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun != "delivery"])
def test_an_id_of_another_noun_is_not_found(noun: str) -> None:
    with pytest.raises(NotFound, match="no such delivery") as refused:
        from_wire("delivery", to_wire(noun, ONE), field="deliveryId")

    assert (refused.value.code, refused.value.field) == ("NOT_FOUND", "deliveryId")
