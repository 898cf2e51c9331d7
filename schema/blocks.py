"""Blocks: operators publish paid availability, drivers sign up, and the forecast says how many are needed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean
from typing import Annotated, Any
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal, PrincipalKind
from marketplace.blocks import (
    BlockPlan,
    BlockState,
    SignUpState,
    blocks_needed,
    blocks_of_driver,
    blocks_of_market,
    blocks_open_to,
    cancel_block,
    leave_block,
    publish_blocks,
    sign_up_for_block,
    some_blocks,
)
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.geo import cell_centre
from marketplace.core.ids import BlockId, CompanyId, MarketId, OperatorId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.fleet import Vehicle, company_of
from schema.access import require_driver, require_one_of, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import Point
from schema.problem import Problem
from schema.scalars import DateTime, LocalDateTime, MoneyMinor

LONGEST_LOOK = timedelta(days=62)
FLOOR = "What an hour that is attended pays at least, minor units; 0: no floor."


@strawberry.type(description="A driver's wish for a place in a block, and what became of it.")
class BlockSignUp:
    """One's own sign-up."""

    id: strawberry.ID = strawberry.field(description="sgn_….")
    state: SignUpState = strawberry.field(description="How it stands.")
    line: int | None = strawberry.field(description="The place in the line that the lot gave, or the order of coming.")
    answer_by: DateTime | None = strawberry.field(description="Until when an ASKED place is held, market time.")
    is_late: bool = strawberry.field(description="Whether it was left too late to be free; no money moves for it.")
    checked_in_at: DateTime | None = strawberry.field(description="When the driver was seen in the area, market time.")
    attended_s: int | None = strawberry.field(description="Seconds that the floor counts, once settled.")
    earned_minor: MoneyMinor | None = strawberry.field(description="What routes of the block paid, minor units.")
    top_up_minor: MoneyMinor | None = strawberry.field(description="What was made up to the floor, minor units.")
    statement_id: strawberry.ID | None = strawberry.field(description="stm_… of what was made up.")


@strawberry.type(description="Paid availability with places, around a hub or in a zone.")
class Block:
    """A block."""

    id: strawberry.ID = strawberry.field(description="blk_….")
    state: BlockState = strawberry.field(description="How it stands.")
    hub_id: strawberry.ID | None = strawberry.field(description="hub_…; null for a zone.")
    company_id: strawberry.ID | None = strawberry.field(description="com_… whose own drivers it is for; null: for all.")
    area_name: str = strawberry.field(description="Name of the hub or zone.")
    area_cells: list[str] = strawberry.field(description="H3 indexes of resolution 7.", metadata=usually(7))
    middle: Point = strawberry.field(description="The middle of those cells: where a map shows it.")
    time_zone: str = strawberry.field(description="IANA zone in which it was published.")
    opens_at: DateTime = strawberry.field(description="Market time.")
    closes_at: DateTime = strawberry.field(description="Market time.")
    places: int = strawberry.field(description="How many drivers.")
    taken: int = strawberry.field(description="Places signed for, or held for an answer.")
    vehicles: list[Vehicle] = strawberry.field(description="What drivers drive; empty: anything.", metadata=usually(2))
    skills: list[str] = strawberry.field(description="Certificates good to its end.", metadata=usually(1))
    floor_per_hour_minor: MoneyMinor = strawberry.field(description=FLOOR)
    currency: str = strawberry.field(description="ISO 4217.")
    free_until_min: int = strawberry.field(description="Minutes before it opens until which leaving is free.")
    answer_s: int = strawberry.field(description="Seconds for which a place that became free is held.")
    signs_from: DateTime = strawberry.field(description="When sign-ups begin; earlier for early access. Market time.")
    draw_s: int = strawberry.field(description="Wishes of the first so many seconds are drawn by lot; 0: as they come.")
    seed_digest: str = strawberry.field(description="SHA-256 of the seed of the lot, before it is drawn.")
    seed: str | None = strawberry.field(description="The seed; served are wishes by SHA-256 of seed:driver. After it.")
    drawn_at: DateTime | None = strawberry.field(description="When the lot was drawn, market time.")
    reason: str | None = strawberry.field(description="Why it was cancelled.")
    waiting: int = strawberry.field(description="Drivers in line; 0 for drivers.")
    attended: int = strawberry.field(description="Drivers who were seen in the area so far; 0 for drivers.")
    kept: int = strawberry.field(description="Drivers who kept it; 0 for drivers.")
    no_shows: int = strawberry.field(description="Drivers who did not come; 0 for drivers.")
    left_late: int = strawberry.field(description="Drivers who left too late; 0 for drivers.")
    top_up_minor: MoneyMinor = strawberry.field(description="What was made up to the floor in all; 0 for drivers.")
    my_sign_up: BlockSignUp | None = strawberry.field(description="The calling driver's own.")


@strawberry.type(description="What an hour at a hub asks for.")
class HourNeed:
    """An hour."""

    slot_start: DateTime = strawberry.field(description="The hour begins.")
    expected_stops: float = strawberry.field(description="Deliveries that are expected to be picked up here.")
    drivers: int = strawberry.field(description="Drivers for them, at the pace measured.")
    shift_drivers: float = strawberry.field(description="The hub's part of the market's drivers on shift.")
    block_places: int = strawberry.field(description="Places of published blocks.")
    blocks_needed: int = strawberry.field(description="Places still to be published.")


@strawberry.type(description="How good the latest forecast was on a week that it had not seen.")
class ForecastRun:
    """A forecast beside its baseline."""

    made_at: DateTime = strawberry.field(description="Market time.")
    model: str = strawberry.field(description="HOLT_WINTERS, or SEASONAL_NAIVE where that was closer.")
    history_hours: int = strawberry.field(description="Hours that it was learnt from.")
    held_out_hours: int = strawberry.field(description="Hours that it was measured on; 0: too little history.")
    model_wmape_percent: float | None = strawberry.field(description="What it missed, in percent of what came.")
    baseline_wmape_percent: float | None = strawberry.field(description="What the same hour of last week missed.")
    model_mase: float | None = strawberry.field(description="Its miss in parts of a week-before guess on the history.")
    baseline_mase: float | None = strawberry.field(description="The same for the baseline.")
    expected_stops: float = strawberry.field(description="All deliveries of the eight days.")


@strawberry.type(description="A hub's local day, hour by hour.")
class BlocksNeeded:
    """What to publish."""

    hub_id: strawberry.ID = strawberry.field(description="hub_….")
    time_zone: str = strawberry.field(description="IANA zone of the hub.")
    stops_per_driver_hour: float = strawberry.field(description="Hand-overs for each hour on a route, as measured.")
    hours: list[HourNeed] = strawberry.field(description="23 to 25 hours.", metadata=usually(24))
    forecast: ForecastRun | None = strawberry.field(description="Null before the first.")


@strawberry.input(description="A block to publish: a hub, or a name and cells.")
class BlockInput:
    """What is published."""

    opens: LocalDateTime = strawberry.field(description="Local time of the hub, without an offset: 2026-03-02T18:00.")
    closes: LocalDateTime = strawberry.field(description="Local time; 30 minutes to 12 hours later by the clock.")
    places: int = strawberry.field(description="1 to 500.")
    hub_id: strawberry.ID | None = strawberry.field(default=None, description="hub_…; its cell and those around it.")
    area_name: str = strawberry.field(default="", description="Name of a zone, at most 80 characters.")
    area_cells: list[str] = strawberry.field(
        default_factory=list, description="H3 indexes of resolution 7 of a zone, 1 to 200."
    )
    vehicles: list[Vehicle] = strawberry.field(default_factory=list, description="What drivers drive; empty: anything.")
    skills: list[str] = strawberry.field(default_factory=list, description="Certificates such as COLD.")
    floor_per_hour_minor: MoneyMinor = strawberry.field(default=MoneyMinor(0), description=FLOOR)
    free_until_min: int = strawberry.field(default=120, description="Minutes, 0 to 10,080.")
    answer_s: int = strawberry.field(default=900, description="Seconds, 60 to 86,400.")
    signs_from: DateTime | None = strawberry.field(default=None, description="When sign-ups begin; now if left out.")
    draw_s: int = strawberry.field(default=600, description="Seconds, 0 to 86,400; 0: served as they come.")

    def plan(self) -> BlockPlan:
        """The block as the marketplace takes it."""
        return BlockPlan(
            opens=self.opens,
            closes=self.closes,
            places=self.places,
            hub_id=from_wire("hub", self.hub_id, field="hubId") if self.hub_id else None,
            area_name=self.area_name,
            area_cells=self.area_cells,
            vehicles=self.vehicles,
            skills=self.skills,
            floor_per_hour_minor=self.floor_per_hour_minor,
            free_until_min=self.free_until_min,
            answer_s=self.answer_s,
            signs_from=self.signs_from,
            draw_s=self.draw_s,
        )


@strawberry.type(description="The blocks are published, and their drivers can sign up when that begins.")
class BlocksPublished:
    """Published."""

    blocks: list[Block] = strawberry.field(description="In order of opening.", metadata=usually(5))


@strawberry.type(description="The block as it is now.")
class BlockChanged:
    """Signed up, left or cancelled."""

    block: Block = strawberry.field(description="The block, with the calling driver's own sign-up.")


BlocksResult = Annotated[BlocksPublished | Problem, strawberry.union("BlocksResult")]
BlockResult = Annotated[BlockChanged | Problem, strawberry.union("BlockResult")]
BlockArgument = Annotated[strawberry.ID, strawberry.argument(description="blk_….")]


@strawberry.type
class Query:
    """Blocks for those who publish them and those who keep them."""

    @query(
        description="Blocks of a market. Operators see all within a span, dispatchers their company's, and drivers what"
        " they may sign up for now; in order of opening, at most 200.",
        usual_rows=20,
    )
    async def blocks(
        self,
        info: Info,
        market_id: MarketArgument,
        begins: Annotated[DateTime | None, strawberry.argument(description="From then; now if left out.")] = None,
        ends: Annotated[
            DateTime | None, strawberry.argument(description="At most 62 days later; a week if left out.")
        ] = None,
    ) -> list[Block]:
        """Reads blocks."""
        caller = require_one_of(info, PrincipalKind.OPERATOR, PrincipalKind.DRIVER, PrincipalKind.DISPATCHER)
        market = from_wire("market", market_id, field="marketId")
        if not caller.may_see_market(market):
            raise NotFound("there is no such market", field="marketId")
        async with info.context.marketplace.works.open() as work:
            if caller.kind is PrincipalKind.DRIVER:
                rows = await blocks_open_to(work.connection, driver_id=caller.id, at=work.now)
            else:
                first = begins or work.now
                last = ends or first + timedelta(days=7)
                if last - first > LONGEST_LOOK:
                    raise Invalid("ask for at most 62 days", field="ends")
                company = await _company(work, caller)
                rows = await blocks_of_market(
                    work.connection, market_id=market, begins=first, ends=last, company_id=company
                )
        return [_block(row) for row in rows]

    @query(description="The calling driver's blocks, latest first, at most 200.", usual_rows=20)
    async def my_blocks(self, info: Info) -> list[Block]:
        """Reads one's own blocks."""
        driver = require_driver(info)
        async with info.context.marketplace.works.read() as connection:
            return [_block(row) for row in await blocks_of_driver(connection, driver_id=driver.id)]

    @query(
        description="How many drivers a hub lacks in each hour of a local day: what is foreseen at the pace measured,"
        " less shifts and published blocks. For operations.",
        own_units=10,
    )
    async def blocks_needed(
        self,
        info: Info,
        market_id: MarketArgument,
        hub_id: Annotated[strawberry.ID, strawberry.argument(description="hub_….")],
        day: Annotated[date, strawberry.argument(description="A day of the hub's calendar: 2026-03-02.")],
    ) -> BlocksNeeded:
        """Reckons."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        hub = from_wire("hub", hub_id, field="hubId")
        async with info.context.marketplace.works.open() as work:
            found = await blocks_needed(work, market_id=market, hub_id=hub, day=day)
        return BlocksNeeded(
            hub_id=strawberry.ID(to_wire("hub", hub)),
            time_zone=found.time_zone,
            stops_per_driver_hour=found.stops_per_driver_hour,
            hours=[HourNeed(**{name: getattr(one, name) for name in one.__slots__}) for one in found.hours],
            forecast=ForecastRun(**found.run) if found.run else None,
        )


@strawberry.type
class Mutation:
    """Publishing, cancelling, signing up and leaving."""

    @mutation(
        description="Publishes 1 to 50 blocks. Operators for all drivers of a market; dispatchers for their own"
        " drivers, without a floor. Drivers are served by lot, not by speed. For operations and companies."
    )
    async def publish_blocks(
        self,
        info: Info,
        market_id: MarketArgument,
        blocks: Annotated[list[BlockInput], strawberry.argument(description="1 to 50.")],
        idempotency_key: IdempotencyKey,
    ) -> BlocksResult:
        """Publishes."""
        caller, market = _publisher(info, market_id)
        plans = [one.plan() for one in blocks]

        async def run(work: Work) -> str:
            ids = await publish_blocks(
                work,
                market_id=market,
                plans=plans,
                operator_id=_operator(caller),
                company_id=await _company(work, caller),
            )
            return ",".join(one.hex for one in ids)

        async def answer(work: Work, reference: str) -> BlocksPublished:
            ids = [UUID(one) for one in reference.split(",")]
            rows = await some_blocks(work.connection, market_id=market, block_ids=ids)
            return BlocksPublished(blocks=[_block(row) for row in rows])

        return await mutate(
            info,
            operation="publishBlocks",
            arguments={"market": market, "blocks": [repr(plan) for plan in plans]},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Cancels a block that has not begun; its drivers are told. For operations, and companies their own."
    )
    async def cancel_block(
        self,
        info: Info,
        market_id: MarketArgument,
        block_id: BlockArgument,
        reason: Annotated[str, strawberry.argument(description="Why, 1 to 200 characters; drivers read it.")],
        idempotency_key: IdempotencyKey,
    ) -> BlockResult:
        """Cancels."""
        caller, market = _publisher(info, market_id)
        block = BlockId(from_wire("block", block_id, field="blockId"))

        async def run(work: Work) -> str:
            await cancel_block(
                work,
                block_id=block,
                market_id=market,
                reason=reason,
                operator_id=_operator(caller),
                company_id=await _company(work, caller),
            )
            return block.hex

        async def answer(work: Work, reference: str) -> BlockChanged:
            [row] = await some_blocks(work.connection, market_id=market, block_ids=[UUID(reference)])
            return BlockChanged(block=_block(row))

        return await mutate(
            info,
            operation="cancelBlock",
            arguments={"market": market, "block": block, "reason": reason},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Signs the calling driver up, or takes a place that is held for them. Wishes of the first seconds"
        " are drawn by lot; without a free place the driver waits in line. For drivers."
    )
    async def sign_up_for_block(
        self, info: Info, block_id: BlockArgument, idempotency_key: IdempotencyKey
    ) -> BlockResult:
        """Signs up."""
        return await _own(info, "signUpForBlock", sign_up_for_block, block_id, idempotency_key)

    @mutation(
        description="Gives the calling driver's place, or wish for one, back. Within `freeUntilMin` of the opening that"
        " is written down as late; it never costs money. For drivers."
    )
    async def leave_block(self, info: Info, block_id: BlockArgument, idempotency_key: IdempotencyKey) -> BlockResult:
        """Leaves."""
        return await _own(info, "leaveBlock", leave_block, block_id, idempotency_key)


async def _own(info: Info, operation: str, verb: Any, block_id: str, idempotency_key: str) -> BlockChanged | Problem:
    driver = require_driver(info)
    block = BlockId(from_wire("block", block_id, field="blockId"))

    async def run(work: Work) -> str:
        await verb(work, block_id=block, driver_id=driver.driver_id)
        return block.hex

    async def answer(work: Work, _reference: str) -> BlockChanged:
        rows = await blocks_of_driver(work.connection, driver_id=driver.id, block_id=block)
        return BlockChanged(block=_block(rows[0]))

    return await mutate(
        info,
        operation=operation,
        arguments={"block": block},
        idempotency_key=idempotency_key,
        run=run,
        answer=answer,
    )


def _publisher(info: Info, market_id: str) -> tuple[Principal, MarketId]:
    caller = require_one_of(info, PrincipalKind.OPERATOR, PrincipalKind.DISPATCHER)
    market = MarketId(from_wire("market", market_id, field="marketId"))
    if not caller.may_see_market(market):
        raise NotFound("there is no such market", field="marketId")
    return caller, market


def _operator(caller: Principal) -> OperatorId | None:
    return caller.operator_id if caller.kind is PrincipalKind.OPERATOR else None


async def _company(work: Work, caller: Principal) -> CompanyId | None:
    """The company of a dispatcher, by who asks and nothing else; None for operations."""
    if caller.kind is not PrincipalKind.DISPATCHER:
        return None
    company = await company_of(work, dispatcher_id=caller.id)
    if company is None:
        raise NotFound("there is no such company")
    return CompanyId(from_wire("company", company["id"]))


SIGN_UP_FIELDS = ("line", "answer_by", "is_late", "checked_in_at", "attended_s", "earned_minor")
BLOCK_FIELDS = (
    "area_name", "area_cells", "time_zone", "opens_at", "closes_at", "places", "taken", "skills",
    "floor_per_hour_minor", "currency", "free_until_min", "answer_s", "signs_from", "draw_s", "seed_digest", "seed",
    "drawn_at", "reason", "waiting", "attended", "kept", "no_shows", "left_late", "top_up_minor",
)  # fmt: skip


def _block(row: Mapping[str, Any]) -> Block:
    return Block(
        id=strawberry.ID(to_wire("block", row["id"])),
        state=BlockState(row["state"]),
        hub_id=_wire("hub", row["hub_id"]),
        company_id=_wire("company", row["company_id"]),
        middle=_middle(row["area_cells"]),
        vehicles=[Vehicle(one) for one in row["vehicles"]],
        my_sign_up=_sign_up(row) if row.get("sign_up_id") else None,
        **{name: row[name] for name in BLOCK_FIELDS},
    )


def _middle(cells: Sequence[str]) -> Point:
    centres = [cell_centre(cell) for cell in cells]
    return Point(lat=fmean(one.lat for one in centres), lon=fmean(one.lon for one in centres))


def _sign_up(row: Mapping[str, Any]) -> BlockSignUp:
    return BlockSignUp(
        id=strawberry.ID(to_wire("sign_up", row["sign_up_id"])),
        state=SignUpState(row["sign_up_state"]),
        top_up_minor=row["my_top_up_minor"],
        statement_id=_wire("statement", row["statement_id"]),
        **{name: row[name] for name in SIGN_UP_FIELDS},
    )


def _wire(noun: str, value: UUID | None) -> strawberry.ID | None:
    return None if value is None else strawberry.ID(to_wire(noun, value))
