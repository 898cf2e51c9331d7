"""Lines to draw: the way of a leg along streets, simplified to what one sees on a map and written as a short text.

The text is an encoded polyline of five decimals (about a metre): the form that map libraries of browsers and phones
read. A line has at most `MOST_POINTS` points and so at most `LONGEST_LINE` characters, however long the leg is.
"""

import math
from itertools import chain

from marketplace.routing import Shape

MOST_POINTS = 100
LONGEST_LINE = 12 * MOST_POINTS
"""A point takes two to twelve characters."""
TOLERANCE_M = 5.0
"""A drawn line is this far from the streets at most, unless it would have too many points."""
SCALE = 10**5
METRES_PER_DEGREE = 111_195.0


def write_line(shape: Shape) -> str:
    """The simplified line as text."""
    points = simplify(shape)
    rounded = [(round(lat * SCALE), round(lon * SCALE)) for lat, lon in points]
    before = [(0, 0), *rounded]
    steps = (
        (lat - last_lat, lon - last_lon) for (lat, lon), (last_lat, last_lon) in zip(rounded, before, strict=False)
    )
    return "".join(_written(number) for number in chain.from_iterable(steps))


def read_line(text: str) -> Shape:
    """The points of a written line, in degrees."""
    numbers: list[int] = []
    value = shift = 0
    for character in text:
        group = ord(character) - 63
        value |= (group & 31) << shift
        shift += 5
        if group < 32:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    points: list[tuple[float, float]] = []
    lat = lon = 0
    for step_lat, step_lon in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + step_lat, lon + step_lon
        points.append((lat / SCALE, lon / SCALE))
    return tuple(points)


def simplify(shape: Shape, tolerance_m: float = TOLERANCE_M) -> Shape:
    """The line without points that one would not miss; coarser by doubles until it has few enough."""
    kept = _without_the_missable(shape, tolerance_m)
    while len(kept) > MOST_POINTS:
        tolerance_m *= 2
        kept = _without_the_missable(kept, tolerance_m)
    return kept


def _without_the_missable(shape: Shape, tolerance_m: float) -> Shape:
    """Keeps, between two kept points, the one furthest from their straight line where that is far enough."""
    kept = {0, len(shape) - 1}
    open_parts = [(0, len(shape) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        away_m, furthest = max(
            ((_away_m(shape[i], shape[first], shape[last]), i) for i in range(first + 1, last)), default=(0.0, first)
        )
        if away_m > tolerance_m:
            kept.add(furthest)
            open_parts += [(first, furthest), (furthest, last)]
    return tuple(shape[i] for i in sorted(kept))


def _away_m(point: tuple[float, float], begin: tuple[float, float], end: tuple[float, float]) -> float:
    """Metres from a point to the straight piece between two others, on a plane: good for legs within a city."""
    shrink = math.cos(math.radians(begin[0]))
    x, y = (point[1] - begin[1]) * shrink, point[0] - begin[0]
    dx, dy = (end[1] - begin[1]) * shrink, end[0] - begin[0]
    length = dx * dx + dy * dy
    along = min(1.0, max(0.0, (x * dx + y * dy) / length)) if length else 0.0
    return math.hypot(x - along * dx, y - along * dy) * METRES_PER_DEGREE


def _written(number: int) -> str:
    value = ~(number << 1) if number < 0 else number << 1
    text = ""
    while value >= 32:
        text += chr((32 | value & 31) + 63)
        value >>= 5
    return text + chr(value + 63)
