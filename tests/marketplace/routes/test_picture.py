"""Pictures from outside: only pixels get in."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from marketplace.routes.picture import LARGEST_BYTES, BadPicture, PictureTooLarge, draw_anew, orientation_of
from tests.marketplace.routes.pictures import SECRET_PLACE, archive, jpeg_with_metadata, picture, png_that_claims


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("format_", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_each_kind_becomes_a_jpeg_of_our_own(format_: str, content_type: str) -> None:
    drawn = draw_anew(picture(format_, size=(640, 480)), content_type)

    image = opened(drawn.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (640, 480))
    assert (drawn.width_px, drawn.height_px) == (640, 480)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_mode_of_a_png_is_drawn(mode: str) -> None:
    pixels = Image.new("I;16", (20, 10)) if mode == "I;16" else Image.new("RGBA", (20, 10), (9, 9, 9, 0)).convert(mode)
    body = BytesIO()
    pixels.save(body, "PNG")

    assert opened(draw_anew(body.getvalue(), "image/png").content).size == (20, 10)


def test_what_is_transparent_becomes_white() -> None:
    body = BytesIO()
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(body, "PNG")

    assert opened(draw_anew(body.getvalue(), "image/png").content).getpixel((8, 8)) == (255, 255, 255)


def test_nothing_that_tells_where_or_with_what_it_was_taken_survives() -> None:
    body = jpeg_with_metadata()
    assert body.count(SECRET_PLACE.encode()) == 3

    drawn = draw_anew(body, "image/jpeg")

    assert SECRET_PLACE.encode() not in drawn.content
    assert (b"Exif" in drawn.content, b"ICC_PROFILE" in drawn.content) == (False, False)
    assert len(opened(drawn.content).getexif()) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("format_", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_picture_that_lies_on_its_side_is_turned_upright(format_: str, content_type: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    body = picture(format_, exif=exif.tobytes())
    reference = ImageOps.exif_transpose(opened(body))

    drawn = draw_anew(body, content_type)

    image = opened(drawn.content).convert("L")
    assert image.size == reference.size
    difference = ImageChops.difference(image, reference.convert("L"))
    assert max(difference.tobytes()) <= 12


@pytest.mark.parametrize(
    ("exif", "orientation"),
    [
        (b"", 1),
        (b"Exif\0\0", 1),
        (b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 6),
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 8),
        (b"II*\0\xff\xff\xff\xff", 1),
        (b"II*\0\x08\0\0\0\xff\xff\x12", 1),
        (b"XX*\0\x08\0\0\0", 1),
    ],
)
def test_a_damaged_note_of_the_orientation_counts_as_upright(exif: bytes, orientation: int) -> None:
    assert orientation_of(exif) == orientation


def test_a_large_picture_is_made_smaller() -> None:
    drawn = draw_anew(picture(size=(4000, 3000)), "image/jpeg")

    assert (drawn.width_px, drawn.height_px) == (2048, 1536)


def test_the_bound_is_25_megapixels() -> None:
    assert draw_anew(picture("JPEG", size=(5000, 5000), mode="L"), "image/jpeg").width_px == 2048
    with pytest.raises(PictureTooLarge) as refused:
        draw_anew(png_that_claims(5001, 5000), "image/png")

    assert refused.value.code == "PICTURE_TOO_LARGE"


@pytest.mark.parametrize("side", [10_000, 15_000, 60_000])
def test_a_small_file_that_claims_enormous_sides_is_refused_before_it_is_unpacked(side: int) -> None:
    with pytest.raises(PictureTooLarge):
        draw_anew(png_that_claims(side, side), "image/png")


def test_a_file_of_more_than_ten_mebibytes_is_refused() -> None:
    with pytest.raises(PictureTooLarge):
        draw_anew(picture() + bytes(LARGEST_BYTES), "image/jpeg")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xd8\xff",
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        archive(),
        b"%PDF-1.7\n" + picture(),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + picture(),
        b"../../etc/passwd",
    ],
)
@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp"])
def test_what_is_no_jpeg_png_or_webp_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(BadPicture) as refused:
        draw_anew(body, content_type)

    assert refused.value.code == "BAD_PICTURE"


def test_a_picture_of_another_kind_than_announced_is_refused() -> None:
    with pytest.raises(BadPicture):
        draw_anew(picture("PNG"), "image/jpeg")


@pytest.mark.parametrize(
    ("format_", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
@pytest.mark.parametrize(
    "guest", [archive(), b"<script>alert(1)</script>", b"<html><body>", b"\n%PDF-1.4\n%%EOF", b"<?php echo 1;"]
)
def test_a_file_that_is_two_things_is_refused(format_: str, content_type: str, guest: bytes) -> None:
    with pytest.raises(BadPicture):
        draw_anew(picture(format_) + guest, content_type)


def test_a_page_in_the_comment_of_a_picture_is_refused() -> None:
    with pytest.raises(BadPicture):
        draw_anew(picture(comment="<HTML><Script>alert(1)</Script>"), "image/jpeg")


def test_what_a_phone_hangs_behind_a_photo_is_dropped() -> None:
    drawn = draw_anew(picture() + b"\x00\x00\x00\x18ftypmp42" + b"a film" * 1000, "image/jpeg")

    assert b"a film" not in drawn.content


@pytest.mark.parametrize(
    ("format_", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_picture_that_is_cut_off_is_refused(format_: str, content_type: str, share: float) -> None:
    whole = picture(format_, size=(300, 300))

    with pytest.raises(BadPicture):
        draw_anew(whole[: int(len(whole) * share)], content_type)


@given(
    kind=st.sampled_from([("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]),
    wounds=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=30),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_picture_is_drawn_or_refused_and_nothing_else(
    kind: tuple[str, str], wounds: list[tuple[int, int]]
) -> None:
    body = bytearray(picture(kind[0]))
    for place, value in wounds:
        body[place % len(body)] = value

    try:
        drawn = draw_anew(bytes(body), kind[1])
    except (BadPicture, PictureTooLarge):
        return
    assert opened(drawn.content).format == "JPEG"
