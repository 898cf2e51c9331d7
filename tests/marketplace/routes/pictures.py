"""Pictures for tests, honest and hostile."""

import struct
import zlib
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from PIL import Image

SECRET_PLACE = "Casa de Luz"
"""A text that is hidden in metadata and must not survive."""


def picture(format_: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A picture of a colour gradient."""
    pixels = Image.linear_gradient("L").resize(size).convert(mode)
    body = BytesIO()
    pixels.save(body, format_, **options)
    return body.getvalue()


def jpeg_with_metadata(orientation: int = 1) -> bytes:
    """A JPEG that says where, when and with what it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET_PLACE
    exif.get_ifd(0x8825)[2] = (29.0, 54.0, 16.2)
    return picture(exif=exif.tobytes(), icc_profile=b"profile " + SECRET_PLACE.encode(), comment=SECRET_PLACE)


def png_that_claims(width: int, height: int) -> bytes:
    """A small PNG file whose header promises that many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def archive() -> bytes:
    """A zip archive with a text in it."""
    body = BytesIO()
    with ZipFile(body, "w") as zipped:
        zipped.writestr("parcels.txt", "nothing that looks like a page " * 200)
    return body.getvalue()
