"""Draws a plan as a map: zones in tints, routes as lines, pickups and drop-offs as dots, with a legend and a scale."""

import colorsys
import math
from collections import Counter
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from marketplace.matching.refusals import BadRequest
from marketplace.matching.reply import Plan, PlannedRoute
from marketplace.matching.request import PlanRequest, StepKind
from marketplace.matching.travel import read_travel
from marketplace.matching.zones import split_into_zones

WIDTH, HEIGHT = 1600, 1200
MARGIN, TOP, BOTTOM = 48, 96, 84
FINE = 2
"""Everything is drawn so many times larger and scaled down: lines without steps."""
REACH_KM = 0.9
"""A zone's tint reaches so far around its pickups and drop-offs."""
KILOMETRES_PER_DEGREE = 111.195
COLOURS = 256

PAPER, INK, FAINT = (250, 249, 246), (38, 42, 48), (120, 124, 130)
WAITING = (200, 40, 40)
GOLDEN = 0.61803398875
Colour = tuple[int, int, int]
Pixels = npt.NDArray[np.float64]


def draw_plan(request: PlanRequest, plan: Plan) -> bytes:
    """A PNG of 1600 × 1200 pixels; refuses requests that say how far apart places are but not where they are."""
    if request.points is None:
        raise BadRequest("points", "a picture needs points: a matrix does not say where places are")
    return _Map(request, plan).png()


class _Map:
    """One picture while it is drawn, in layers from the ground up."""

    def __init__(self, request: PlanRequest, plan: Plan) -> None:
        self.request, self.plan = request, plan
        self.at = _Paper(np.asarray(request.points, dtype=np.float64))
        self.zones = [zone.deliveries for zone in split_into_zones(request, read_travel(request)) if zone.deliveries]
        self.zone_of = {request.deliveries[i].id: n for n, zone in enumerate(self.zones) for i in zone}
        self.image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def png(self) -> bytes:
        """Draws all layers and packs them."""
        self._tint_zones()
        self._draw_idle_drivers()
        for number, route in enumerate(self.plan.routes):
            self._draw_route(number, route)
        self._draw_stops()
        self._write_title()
        self._write_legend()
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        packed = BytesIO()
        small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            packed, "PNG", optimize=True
        )
        return packed.getvalue()

    def _tint_zones(self) -> None:
        """Colours the ground by the zone of the nearest pickup or drop-off, as far as a zone reaches."""
        ends = [
            (n, self.at.xy[place])
            for n, zone in enumerate(self.zones)
            for i in zone
            for place in (self.request.deliveries[i].pickup.location, self.request.deliveries[i].dropoff.location)
        ]
        if not ends:
            return
        step, owner = 4, np.array([n for n, _ in ends])
        places = np.array([place for _, place in ends])
        rows, columns = HEIGHT // step, WIDTH // step
        tint = np.full((rows, columns, 3), PAPER, dtype=np.uint8)
        colours = np.array([_tint(n) for n in range(len(self.zones))], dtype=np.uint8)
        reach = max(30.0, REACH_KM * self.at.pixels_per_km)
        across = (np.arange(columns) + 0.5) * step
        for row in range(rows):
            away = (places[:, 0, None] - across) ** 2 + (places[:, 1, None] - (row + 0.5) * step) ** 2
            nearest = away.argmin(axis=0)
            inside = away[nearest, np.arange(columns)] < reach**2
            tint[row, inside] = colours[owner[nearest[inside]]]
        soft = Image.fromarray(tint).filter(ImageFilter.GaussianBlur(1.2))
        ground = soft.resize(self.image.size, Image.Resampling.BICUBIC)
        self.image.paste(ground)

    def _draw_idle_drivers(self) -> None:
        busy = {route.driver_id for route in self.plan.routes}
        for driver in self.request.drivers:
            if driver.id not in busy:
                self._triangle(self._spot(driver.location), 4, FAINT)

    def _draw_route(self, number: int, route: PlannedRoute) -> None:
        colour = _strong(self.zone_of.get(route.steps[0].delivery_id, 0), number)
        home = next(driver.location for driver in self.request.drivers if driver.id == route.driver_id)
        line = [self._spot(place) for place in (home, *(step.location for step in route.steps))]
        self.draw.line(line[:2], fill=_pale(colour), width=FINE)
        self.draw.line(line[1:], fill=colour, width=round(2.2 * FINE), joint="curve")
        self._triangle(line[0], 5, colour)
        for step in route.steps:
            if step.kind is StepKind.DROPOFF:
                self._dot(self._spot(step.location), 3.2, colour, PAPER)

    def _draw_stops(self) -> None:
        pickups = Counter(delivery.pickup.location for delivery in self.request.deliveries)
        for place, count in sorted(pickups.items()):
            self._square(self._spot(place), min(9.0, 3.6 + math.sqrt(count)))
        served = {step.delivery_id for route in self.plan.routes for step in route.steps}
        for delivery in self.request.deliveries:
            if delivery.id not in served:
                self._dot(self._spot(delivery.dropoff.location), 4, PAPER, WAITING)

    def _write_title(self) -> None:
        carried = len({step.delivery_id for route in self.plan.routes for step in route.steps})
        words = f"{_many(len(self.request.deliveries), 'delivery', 'deliveries')} in {_many(len(self.zones), 'zone')}"
        detail = (
            f"{carried:,} on {_many(len(self.plan.routes), 'route')}"
            f" · {_many(len(self.request.drivers), 'driver')} online · {len(self.plan.unassigned):,} waiting"
        )
        self.draw.text((MARGIN * FINE, 26 * FINE), words, INK, ImageFont.load_default(30 * FINE))
        self.draw.text((MARGIN * FINE, 63 * FINE), detail, FAINT, ImageFont.load_default(18 * FINE))

    def _write_legend(self) -> None:
        y, font = (HEIGHT - 40) * FINE, ImageFont.load_default(18 * FINE)
        x = float(MARGIN * FINE)
        for mark, words in (("square", "pickup"), ("dot", "drop-off"), ("driver", "driver"), ("ring", "waiting")):
            spot = (x + 8 * FINE, y)
            if mark == "square":
                self._square(spot, 7)
            elif mark == "driver":
                self._triangle(spot, 7, _strong(0, 0))
            else:
                self._dot(spot, 5, *((_strong(0, 0), PAPER) if mark == "dot" else (PAPER, WAITING)))
            self.draw.text((x + 22 * FINE, y), words, INK, font, anchor="lm")
            x += 22 * FINE + self.draw.textlength(words, font) + 30 * FINE
        self.draw.line([(x, y), (x + 34 * FINE, y)], fill=_strong(0, 0), width=3 * FINE)
        self.draw.text((x + 44 * FINE, y), "route", INK, font, anchor="lm")
        x += 44 * FINE + self.draw.textlength("route", font) + 30 * FINE
        self.draw.rectangle([x, y - 9 * FINE, x + 30 * FINE, y + 9 * FINE], fill=_tint(0), outline=_pale(_strong(0, 0)))
        self.draw.text((x + 40 * FINE, y), "zone", INK, font, anchor="lm")
        self._draw_scale(y, font)

    def _draw_scale(self, y: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> None:
        metres = _round_metres(1_000 * 260 / self.at.pixels_per_km)
        length = metres / 1_000 * self.at.pixels_per_km * FINE
        right = (WIDTH - MARGIN) * FINE
        self.draw.line([(right - length, y), (right, y)], fill=INK, width=2 * FINE)
        for x in (right - length, right):
            self.draw.line([(x, y - 6 * FINE), (x, y + 6 * FINE)], fill=INK, width=2 * FINE)
        words = f"{metres // 1_000} km" if metres >= 1_000 else f"{metres} m"
        self.draw.text((right - length / 2, y - 16 * FINE), words, INK, font, anchor="mm")

    def _spot(self, place: int) -> tuple[float, float]:
        x, y = self.at.xy[place]
        return float(x) * FINE, float(y) * FINE

    def _dot(self, spot: tuple[float, float], radius: float, fill: Colour, edge: Colour) -> None:
        (x, y), r = spot, radius * FINE
        self.draw.ellipse([x - r, y - r, x + r, y + r], fill=fill, outline=edge, width=FINE)

    def _square(self, spot: tuple[float, float], radius: float) -> None:
        (x, y), r = spot, radius * FINE
        self.draw.rounded_rectangle([x - r, y - r, x + r, y + r], 2 * FINE, fill=INK, outline=PAPER, width=FINE)

    def _triangle(self, spot: tuple[float, float], radius: float, fill: Colour) -> None:
        (x, y), r = spot, radius * FINE
        self.draw.polygon([(x, y - r), (x + r, y + r), (x - r, y + r)], fill=fill, outline=PAPER)


class _Paper:
    """Where each place lies in the picture, north up and the same scale both ways."""

    def __init__(self, points: Pixels) -> None:
        narrower = math.cos(math.radians(float(points[:, 0].mean())))
        km = KILOMETRES_PER_DEGREE * np.array([narrower, 1.0])
        flat = np.column_stack([points[:, 1], -points[:, 0]]) * km
        low, high = flat.min(axis=0), flat.max(axis=0)
        room = np.array([WIDTH - 2 * MARGIN, HEIGHT - TOP - BOTTOM - 12])
        self.pixels_per_km = float((room / np.maximum(high - low, 0.1)).min())
        middle = np.array([WIDTH / 2, TOP + (HEIGHT - TOP - BOTTOM) / 2])
        self.xy: Pixels = (flat - (low + high) / 2) * self.pixels_per_km + middle


def _tint(zone: int) -> Colour:
    return _colour(zone * GOLDEN, 0.88, 0.62)


def _strong(zone: int, route: int) -> Colour:
    """A colour of the zone's family, a little different for each route."""
    turn = (route * GOLDEN) % 1.0
    return _colour(zone * GOLDEN + (turn - 0.5) * 0.16, 0.30 + 0.22 * ((route * 0.37) % 1.0), 0.72)


def _pale(colour: Colour) -> Colour:
    red, green, blue = (round(part + (255 - part) * 0.45) for part in colour)
    return red, green, blue


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue % 1.0, lightness, saturation))
    return red, green, blue


def _round_metres(longest: float) -> int:
    """The longest of 1, 2 or 5 times a power of ten that is not longer."""
    power = 10 ** max(1, math.floor(math.log10(max(longest, 10))))
    return int(max(step * power for step in (1, 2, 5) if step * power <= max(longest, 10)))


def _many(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
