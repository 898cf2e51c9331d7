"""Small real pictures, as a phone would take them at a door: a photo of a parcel, a signature on glass."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

CONTENT_TYPE = "image/jpeg"
SIZE = (240, 320)
DOOR = (40, 30, 200, 290)
PAPER, INK = (250, 250, 246), (30, 34, 60)


def draw_photo(source: Random) -> bytes:
    """A parcel in front of a door, in colours of its own."""
    image = Image.new("RGB", SIZE, _colour(source, 150, 230))
    pen = ImageDraw.Draw(image)
    pen.rectangle(DOOR, fill=_colour(source, 40, 140), outline=INK, width=3)
    left, top = source.randint(60, 110), source.randint(200, 230)
    box = (left, top, left + source.randint(50, 80), top + source.randint(35, 55))
    pen.rectangle(box, fill=(190, 150, 100), outline=INK, width=2)
    pen.line((box[0], (box[1] + box[3]) // 2, box[2], (box[1] + box[3]) // 2), fill=INK)
    return _as_jpeg(image)


def draw_signature(source: Random) -> bytes:
    """A line that might be a name."""
    image = Image.new("RGB", (SIZE[1], SIZE[0] // 2), PAPER)
    points = [(20 + 14 * i, 60 + source.randint(-35, 35)) for i in range(20)]
    ImageDraw.Draw(image).line(points, fill=INK, width=3, joint="curve")
    return _as_jpeg(image)


def _colour(source: Random, darkest: int, brightest: int) -> tuple[int, int, int]:
    red, green, blue = (source.randint(darkest, brightest) for _ in range(3))
    return red, green, blue


def _as_jpeg(image: Image.Image) -> bytes:
    content = BytesIO()
    image.save(content, "JPEG", quality=70)
    return content.getvalue()
