"""Pictures from outside: checked, decoded within bounds, and drawn anew, so that nothing but the pixels is kept.

What is stored is always a JPEG that we have made: without EXIF (which tells where and with what it was taken), colour
profile, comment, or anything that another reader could take the same bytes for.
"""

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from zipfile import is_zipfile

from PIL import Image

from marketplace.core.errors import Invalid

LARGEST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 25_000_000
LONGEST_SIDE_PX = 2048
QUALITY = 85
SNIFFED_BYTES = 1024
"""How far into a file, and before its end, other readers look for what it is."""

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
PICTURE_TYPES = tuple(FORMATS)
"""Content types that are taken. Signed addresses hold positions in this tuple: add at the end only."""

FOREIGN_MARKS = (b"%pdf-", b"<script", b"<html", b"<svg", b"<!doctype", b"<?php", b"<iframe")
BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, TypeError, struct.error, zlib.error,
    UserWarning,
)  # fmt: skip
"""What decoders raise on files that are cut off or made to hurt; and what they warn of, where warnings are errors."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation that its EXIF gives."""
ORIENTATION_TAG = 0x0112


class BadPicture(Invalid):
    """Not a JPEG, PNG or WebP, or not the one that was announced, or one that cannot be read to its end."""

    code = "BAD_PICTURE"


class PictureTooLarge(Invalid):
    """More bytes or pixels than a picture may have."""

    code = "PICTURE_TOO_LARGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG made by us."""

    content: bytes
    width_px: int
    height_px: int


def draw_anew(body: bytes, content_type: str) -> Picture:
    """The picture in a file of that type as a JPEG of our own, at most 2048 pixels wide or high.

    Blocking and heavy: up to a second of processor time. Refuses with BadPicture or PictureTooLarge.
    """
    if len(body) > LARGEST_BYTES:
        raise PictureTooLarge(f"a picture has at most {LARGEST_BYTES} bytes")
    if kind_of(body) != content_type:
        raise BadPicture("this is not the kind of picture that was announced; send a JPEG, PNG or WebP")
    if is_ambiguous(body, content_type):
        raise BadPicture("this file is more than a picture; send the picture alone")
    try:
        pixels = _decode(body, FORMATS[content_type])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureTooLarge(f"a picture has at most {MOST_PIXELS} pixels") from None
    except BROKEN:
        raise BadPicture("this picture cannot be read to its end; take it again") from None
    drawn = BytesIO()
    pixels.save(drawn, "JPEG", quality=QUALITY)
    return Picture(content=drawn.getvalue(), width_px=pixels.width, height_px=pixels.height)


def kind_of(body: bytes) -> str | None:
    """The content type by the first bytes of a file, if it is one that is taken."""
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return None


def is_ambiguous(body: bytes, content_type: str) -> bool:
    """Whether another reader could take the file for an archive, a document or a page.

    JPEGs may be followed by something, since many phones hang depth maps and films behind them; drawing drops it.
    """
    edges = (body[:SNIFFED_BYTES] + body[-SNIFFED_BYTES:]).lower()
    if any(mark in edges for mark in FOREIGN_MARKS) or is_zipfile(BytesIO(body)):
        return True
    if content_type == "image/png":
        return body[-8:-4] != b"IEND"
    if content_type == "image/webp":
        return len(body) != 8 + int.from_bytes(body[4:8], "little")
    return False


def orientation_of(exif: bytes) -> int:
    """The orientation that EXIF gives, 1 to 8; 1, upright, where it gives none or is damaged.

    Read here in a dozen lines, since a full reader follows every pointer of a block that a stranger has written.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * entry)
            if tag == ORIENTATION_TAG:
                return int(value)
    except struct.error:
        return 1
    return 1


def _decode(body: bytes, expected_format: str) -> Image.Image:
    with Image.open(BytesIO(body), formats=(expected_format,)) as image:
        if image.width * image.height > MOST_PIXELS:
            raise PictureTooLarge(f"a picture has at most {MOST_PIXELS} pixels")
        # Scaled first, because a JPEG is then decoded at the smaller size at once, and turned upright after.
        turn = TURNS.get(orientation_of(image.info.get("exif", b"")))
        image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), reducing_gap=1.0)
        upright = image.transpose(turn) if turn is not None else image
        # A new image takes the pixels and no more; what was transparent becomes white.
        clean = Image.new("RGB", upright.size, "white")
        if upright.has_transparency_data:
            upright = upright.convert("RGBA")
            clean.paste(upright, mask=upright.getchannel("A"))
        else:
            clean.paste(upright.convert("RGB"))
        return clean
