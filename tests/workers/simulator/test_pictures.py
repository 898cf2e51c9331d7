"""Proofs are real pictures, small enough for a phone on the road."""

from io import BytesIO

from PIL import Image

from workers.simulator.chance import chance
from workers.simulator.pictures import draw_photo, draw_signature


def test_a_photo_and_a_signature_are_small_jpegs() -> None:
    for content in (draw_photo(chance(1)), draw_signature(chance(1))):
        picture = Image.open(BytesIO(content))

        assert picture.format == "JPEG"
        assert len(content) < 20_000


def test_two_hand_overs_have_two_pictures() -> None:
    assert draw_photo(chance(1, "stp_1")) != draw_photo(chance(1, "stp_2"))
    assert draw_photo(chance(1, "stp_1")) == draw_photo(chance(1, "stp_1"))
