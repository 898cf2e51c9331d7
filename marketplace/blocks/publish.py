"""Publishes blocks: paid availability around a hub or in a zone, in local hours, with places that are not raced for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import h3

from marketplace.accounts import note_action
from marketplace.blocks.events import BlockPublished
from marketplace.blocks.lot import seed_digest
from marketplace.blocks.models import Block
from marketplace.blocks.refusals import BadBlock
from marketplace.blocks.states import BlockState
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import BlockId, CompanyId, MarketId, OperatorId
from marketplace.core.window import local_window, zone
from marketplace.core.work import Work
from marketplace.fleet import AREA_RESOLUTION, SKILLS, Vehicle, area_of

BLOCKS_AT_ONCE = 50
PLACES_AT_MOST = 500
CELLS_AT_MOST = 200
SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=12)
AHEAD_AT_MOST = timedelta(days=60)
LARGEST_FLOOR = 10**9
LONGEST_DRAW_S = 86_400
RINGS_AROUND_HUB = 1
"""A hub's area is the cell that it lies in and those around it: about 36 km²."""

MARKET = "SELECT time_zone, currency FROM market WHERE id = $1"
HUB = "SELECT name, time_zone, lat, lon FROM hub WHERE id = $1 AND market_id = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """What is published: a hub or named cells, local hours without an offset, places, what it asks and what it pays.

    A place can be given back for free until `free_until_min` before it opens. Somebody of the waiting line has
    `answer_s` to take a place that became free. Sign-ups begin at `signs_from`, or now; those of the first `draw_s`
    are drawn by lot, and with 0 served as they come.
    """

    opens: datetime
    closes: datetime
    places: int
    hub_id: UUID | None = None
    area_name: str = ""
    area_cells: Sequence[str] = ()
    vehicles: Sequence[Vehicle] = ()
    skills: Sequence[str] = ()
    floor_per_hour_minor: int = 0
    free_until_min: int = 120
    answer_s: int = 900
    signs_from: datetime | None = None
    draw_s: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where a block is."""

    name: str
    cells: Sequence[str]
    time_zone: str


async def publish_blocks(
    work: Work,
    *,
    market_id: MarketId,
    plans: Sequence[BlockPlan],
    operator_id: OperatorId | None = None,
    company_id: CompanyId | None = None,
) -> list[BlockId]:
    """Publishes blocks for a market's drivers, or for one company's own, and returns their ids in order.

    Hours are those of the hub's clock: on the day of a clock change a block is an hour shorter or longer, and pays so.
    """
    if not 1 <= len(plans) <= BLOCKS_AT_ONCE:
        raise BadBlock(f"publish 1 to {BLOCKS_AT_ONCE} blocks at once", field="blocks")
    market = await work.fetch_row(MARKET, market_id)
    if market is None:
        raise NotFound("there is no such market", field="marketId")
    ids = [await _publish(work, market_id, market, plan, company_id) for plan in plans]
    if operator_id is not None:
        await note_action(
            work,
            operator_id=operator_id,
            market_id=market_id,
            verb="publishBlocks",
            subject_id=market_id,
            details={"blocks": [str(one) for one in ids], "places": sum(plan.places for plan in plans)},
        )
    return ids


async def _publish(
    work: Work, market_id: MarketId, market: asyncpg.Record, plan: BlockPlan, company_id: CompanyId | None
) -> BlockId:
    if company_id is not None and plan.hub_id is not None:
        # Hubs are shippers' and the market's; their names are no company's business.
        raise NotFound("there is no such hub in this market", field="hubId")
    area = await _area(work, market_id, market, plan)
    hours = local_window(plan.opens, plan.closes, area.time_zone)
    signs_from = max(plan.signs_from or work.now, work.now)
    _check(work, plan, hours.opens_at, hours.closes_at, signs_from)
    if company_id is not None and plan.floor_per_hour_minor:
        raise BadBlock("what a company guarantees its own drivers is its own affair; no floor here", field="blocks")
    seed = f"{work.random.getrandbits(256):064x}"
    block = await Block.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        company_id=company_id,
        hub_id=plan.hub_id,
        area_name=area.name,
        area_cells=list(area.cells),
        time_zone=area.time_zone,
        opens_at=hours.opens_at,
        closes_at=hours.closes_at,
        places=plan.places,
        vehicles=[vehicle.value for vehicle in plan.vehicles],
        skills=sorted(set(plan.skills)),
        floor_per_hour_minor=plan.floor_per_hour_minor,
        currency=market["currency"],
        free_until_min=plan.free_until_min,
        answer_s=plan.answer_s,
        signs_from=signs_from,
        draw_s=plan.draw_s,
        seed=seed,
        seed_digest=seed_digest(seed),
        drawn_at=None if plan.draw_s else work.now,
        state=BlockState.PUBLISHED.value,
        created_at=work.now,
    )
    work.emit(
        BlockPublished(
            market_id=market_id,
            block_id=block.id,
            opens_at=hours.opens_at,
            closes_at=hours.closes_at,
            places=plan.places,
            signs_from=signs_from,
        )
    )
    return BlockId(block.id)


async def _area(work: Work, market_id: MarketId, market: asyncpg.Record, plan: BlockPlan) -> Area:
    if plan.hub_id is None:
        cells = sorted(set(plan.area_cells))
        if not plan.area_name.strip() or not 1 <= len(cells) <= CELLS_AT_MOST:
            raise BadBlock(f"name a hub, or a zone with 1 to {CELLS_AT_MOST} cells", field="hubId")
        if any(not h3.is_valid_cell(cell) or h3.get_resolution(cell) != AREA_RESOLUTION for cell in cells):
            raise BadBlock(f"an area is an H3 cell of resolution {AREA_RESOLUTION}", field="areaCells")
        return Area(name=plan.area_name.strip()[:80], cells=cells, time_zone=market["time_zone"])
    hub = await work.fetch_row(HUB, plan.hub_id, market_id)
    if hub is None:
        raise NotFound("there is no such hub in this market", field="hubId")
    cells = hub_area(Point(lat=hub["lat"], lon=hub["lon"]))
    return Area(name=hub["name"], cells=cells, time_zone=zone(hub["time_zone"]).key)


def hub_area(place: Point) -> list[str]:
    """The cells around a hub in which its blocks are."""
    return sorted(h3.grid_disk(area_of(place), RINGS_AROUND_HUB))


def _check(work: Work, plan: BlockPlan, opens_at: datetime, closes_at: datetime, signs_from: datetime) -> None:
    if not SHORTEST <= closes_at - opens_at <= LONGEST:
        raise BadBlock("a block has between 30 minutes and 12 hours", field="closes")
    if not 0 <= plan.draw_s <= LONGEST_DRAW_S:
        raise BadBlock("sign-ups are drawn after at most a day", field="drawS")
    if not work.now < opens_at <= work.now + AHEAD_AT_MOST:
        raise BadBlock("a block opens after this moment and within 60 days", field="opens")
    if signs_from + timedelta(seconds=plan.draw_s) > opens_at:
        raise BadBlock("the lot is drawn before the block opens", field="drawS")
    if not 1 <= plan.places <= PLACES_AT_MOST:
        raise BadBlock(f"a block has 1 to {PLACES_AT_MOST} places", field="places")
    if not 0 <= plan.floor_per_hour_minor <= LARGEST_FLOOR:
        raise BadBlock("the floor of an hour is not below nothing", field="floorPerHourMinor")
    if not 0 <= plan.free_until_min <= 10_080 or not 60 <= plan.answer_s <= 86_400:
        raise BadBlock("leaving is free until at most a week before; an answer has 60 to 86,400 s", field="answerS")
    if not set(plan.skills) <= SKILLS:
        raise BadBlock(f"a skill is one of {', '.join(sorted(SKILLS))}", field="skills")
