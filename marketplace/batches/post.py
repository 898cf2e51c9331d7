"""A shipper posts a batch: every row is answered, and nothing is posted twice.

A row whose `external_id` was posted before with the same content answers with the first delivery; with other content it
is a conflict of that row alone. The unique (shipper, external_id) of the database decides between two at once.

A row that names things of the shipper's stock has them promised in the same commit, or becomes a problem where somebody
else has taken the last of them meanwhile.

A row with an address and no coordinates is posted without a price: it waits, CREATED, until its address is found.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from marketplace.accounts import Tokens, make_tracking_links
from marketplace.addresses import NoGeocoder, drop_point_id, learned_points
from marketplace.batches.at_point import NoPlaceLeft
from marketplace.batches.events import BatchPosted, DeliveryPosted
from marketplace.batches.price import Placed, PlacedRow, Priced, PricedRow, place_rows, price_rows
from marketplace.batches.quote import KeptQuote, open_quote
from marketplace.batches.request import DeliveryRequest, RowProblem, is_storable, load_of, problem_of
from marketplace.batches.states import DeliveryState, Requirement
from marketplace.core.geo import Point
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.hubs import OutOfStock, StockLine, pick_enough, reserve_stock
from marketplace.points import lock_places, promise_places
from marketplace.routing import Router
from marketplace.shippers import FailureWishes, failure_wishes

NO_GEOCODER = NoGeocoder("nothing here finds coordinates for an address; send lat and lon with it", field="dropoff.lat")
POINT_IS_FULL = NoPlaceLeft("somebody else has taken the last place there; choose another", field="handOverPointId")
SOLD_OUT = OutOfStock("somebody else has taken the last of it; post again, another hub may have it", field="items")
INSERT_DELIVERIES = """
INSERT INTO delivery SELECT * FROM jsonb_populate_recordset(NULL::delivery, $1::jsonb)
ON CONFLICT (shipper_id, external_id) DO NOTHING RETURNING id
"""
INSERT_PACKAGES = """
INSERT INTO package SELECT * FROM jsonb_populate_recordset(NULL::package, $1::jsonb)
"""
INSERT_BATCH = """
INSERT INTO batch (id, market_id, shipper_id, quote_id, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (quote_id) WHERE quote_id IS NOT NULL DO NOTHING RETURNING id
"""
FIND_POSTED = """
SELECT d.external_id, d.id, d.batch_id, d.digest, l.id AS link_id,
       ARRAY(SELECT p.id FROM delivery p WHERE p.part_of = d.id ORDER BY p.id) AS part_ids
FROM delivery d
LEFT JOIN tracking_link l ON l.delivery_id = d.id AND l.revoked_at IS NULL
WHERE d.shipper_id = $1 AND d.external_id = ANY($2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedRow:
    """The answer to one row: a delivery, new or posted before, or a problem; parts are what comes from further hubs."""

    external_id: str
    delivery_id: UUID | None = None
    batch_id: UUID | None = None
    is_new: bool = False
    link_id: UUID | None = None
    part_ids: Sequence[UUID] = ()
    problem: RowProblem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    """The answer to a posting: a batch where at least one row was new, and an answer for each row in order."""

    batch_id: UUID | None
    rows: Sequence[PostedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPost:
    """What is left to post once repeats are answered."""

    requests: Sequence[DeliveryRequest]
    known: Mapping[int, PostedRow]
    placed: Placed
    quote: KeptQuote | None
    wishes: FailureWishes
    learned: Mapping[UUID, Point]


class CreditGate(Protocol):
    """Decides, in the Work that posts, whether the shipper may owe so much more; a refusal undoes the posting."""

    async def __call__(self, work: Work, *, shipper_id: UUID, market_id: UUID, wanted: Money) -> None:
        """Returns where the shipper may, and raises where not; until the Work ends no other posting is let in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PostBatch:
    """The errand of posting, by a list of deliveries or by a quote.

    With `tokens` each delivery gets its recipient's tracking link; simulated days, which nobody follows, have none.
    """

    router: Router
    gate: CreditGate
    tokens: Tokens | None = None
    shipper_id: UUID
    market_id: UUID | None = None
    requests: Sequence[DeliveryRequest] = ()
    quote_id: UUID | None = None
    has_geocoder: bool = False
    may_split: bool = False

    async def read(self, work: Work) -> ToPost:
        """Answers repeats, checks and places the other rows."""
        quote = None
        requests, market_id = self.requests, self.market_id
        if self.quote_id is not None:
            quote = await open_quote(work, quote_id=self.quote_id, shipper_id=self.shipper_id)
            requests, market_id = quote.requests, quote.market_id
        assert market_id is not None, "a posting names a market or a quote"
        known = await posted_before(work, self.shipper_id, requests)
        placed = await place_rows(
            work,
            shipper_id=self.shipper_id,
            market_id=market_id,
            requests=requests,
            leave_out=known,
            refuse_addresses=None if self.has_geocoder else NO_GEOCODER,
            may_split=self.may_split and quote is None,
            asked_at=quote.asked_at if quote is not None else None,
        )
        keys = [_drop_point(market_id, row) for row in placed.rows.values()]
        return ToPost(
            requests=requests,
            known=known,
            placed=placed,
            quote=quote,
            wishes=await failure_wishes(work, shipper_id=self.shipper_id),
            learned=await learned_points(work, market_id=market_id, ids=keys),
        )

    async def call(self, found: ToPost) -> Priced:
        """Takes the prices of the quote, or asks the router."""
        if found.quote is None:
            return await price_rows(self.router, found.placed)
        prices, distances = found.quote.prices, found.quote.distances_m
        rows = {}
        for i, row in found.placed.rows.items():
            surge_minor, decision_id = found.quote.surges.get(row.request.external_id, (0, None))
            rows[i] = PricedRow(
                placed=row,
                distance_m=distances[row.request.external_id],
                lines=(),
                price_minor=prices[row.request.external_id],
                zone_minor=found.quote.zones_minor[row.request.external_id],
                surge_minor=surge_minor,
                surge_decision_id=decision_id,
            )
        return Priced(rows=rows, problems=found.placed.problems, is_degraded=found.quote.is_degraded)

    async def record(self, work: Work, found: ToPost, answer: Priced) -> PostResult:
        """Writes batch, deliveries, packages and what is promised of stock, and answers each row."""
        answer, short = await _take_stock(work, found.placed.market_id, answer)
        answer = await _take_places(work, answer)
        full = [i for i, problem in answer.problems.items() if problem.code == NoPlaceLeft.code]
        batch_id = await self._insert_batch(work, found, answer)
        fresh = await _insert_deliveries(work, self.shipper_id, batch_id, found, answer) if batch_id else {}
        links: Mapping[UUID, UUID] = {}
        if self.tokens is not None:
            links = await make_tracking_links(
                work, market_id=found.placed.market_id, delivery_ids=fresh.values(), tokens=self.tokens
            )
        if batch_id is not None:
            _tell(work, self.shipper_id, batch_id, found, answer, fresh)
        # Rows that lost a race against another posting are found now, after that posting has committed; it may have
        # taken what was left of their things, too.
        lost = {
            i: found.requests[i] for i in (*_firsts(answer), *found.placed.unplaced, *short, *full) if i not in fresh
        }
        raced = await posted_before(work, self.shipper_id, list(lost.values()))
        by_reference = {row.external_id: row for row in raced.values()}
        rows = []
        for i, request in enumerate(found.requests):
            if i in found.known:
                rows.append(found.known[i])
            elif i in fresh:
                rows.append(
                    PostedRow(
                        external_id=request.external_id,
                        delivery_id=fresh[i],
                        batch_id=batch_id,
                        is_new=True,
                        link_id=links.get(fresh[i]),
                        part_ids=[fresh[n] for n, row in answer.rows.items() if row.placed.part_of == i and n in fresh],
                    )
                )
            elif i in lost and request.external_id in by_reference:
                rows.append(by_reference[request.external_id])
            else:
                rows.append(PostedRow(external_id=request.external_id, problem=answer.problems[i]))
        return PostResult(batch_id=batch_id or _one_batch(rows), rows=rows)

    async def _insert_batch(self, work: Work, found: ToPost, answer: Priced) -> UUID | None:
        if not answer.rows and not found.placed.unplaced:
            return None
        wanted = Money(answer.total_minor, found.placed.currency)
        await self.gate(work, shipper_id=self.shipper_id, market_id=found.placed.market_id, wanted=wanted)
        batch_id: UUID | None = await work.fetch_value(
            INSERT_BATCH, work.new_id(), found.placed.market_id, self.shipper_id, self.quote_id, work.now
        )
        return batch_id


async def posted_before(work: Work, shipper_id: UUID, requests: Sequence[DeliveryRequest]) -> dict[int, PostedRow]:
    """Rows whose reference this shipper has used, by position: the first delivery, or a conflict."""
    references = [request.external_id for request in requests if is_storable(request.external_id)]
    found = {row["external_id"]: row for row in await work.fetch(FIND_POSTED, shipper_id, references)}
    answers: dict[int, PostedRow] = {}
    for i, request in enumerate(requests):
        row = found.get(request.external_id)
        if row is None:
            continue
        if row["digest"] == request.digest:
            answers[i] = PostedRow(
                external_id=request.external_id,
                delivery_id=row["id"],
                batch_id=row["batch_id"],
                link_id=row["link_id"],
                part_ids=row["part_ids"],
                is_new=False,
            )
        else:
            answers[i] = PostedRow(external_id=request.external_id, problem=_reused(request))
    return answers


def _reused(request: DeliveryRequest) -> RowProblem:
    return RowProblem(
        external_id=request.external_id,
        code="EXTERNAL_ID_REUSED",
        message="this externalId was posted before with other content; change the reference or the content",
        field="externalId",
    )


def _one_batch(rows: Sequence[PostedRow]) -> UUID | None:
    """The batch of a pure repeat: the one that all its rows were first posted in."""
    batches = {row.batch_id for row in rows if row.batch_id is not None}
    return batches.pop() if len(batches) == 1 else None


async def _take_stock(work: Work, market_id: UUID, answer: Priced) -> tuple[Priced, frozenset[int]]:
    """Locks the stock that rows want, and makes problems of those for which somebody else has left too little.

    A row that comes from several hubs comes from all of them or is not posted. Returns the positions of those rows too.
    """
    rows = {i: row for i, row in answer.rows.items() if row.placed.part_of is None or row.placed.part_of in answer.rows}
    wishes: dict[int, list[StockLine]] = defaultdict(list)
    for i, row in rows.items():
        if row.placed.lines:
            wishes[_first(i, row)].extend(row.placed.lines)
    if not wishes:
        return answer, frozenset()
    kept = await pick_enough(work, market_id=market_id, wishes=wishes)
    short = frozenset(wishes.keys() - kept)
    problems = dict(answer.problems) | {i: problem_of(rows[i].placed.request, SOLD_OUT) for i in short}
    rows = {i: row for i, row in rows.items() if _first(i, row) not in short}
    return replace(answer, rows=rows, problems=problems), short


async def _take_places(work: Work, answer: Priced) -> Priced:
    """Locks the hand-over points that rows end at, and makes problems of those that find no place there any more."""
    wanted = {i: row.placed.request.hand_over_point_id for i, row in answer.rows.items()}
    at_points = {i: point_id for i, point_id in wanted.items() if point_id is not None}
    if not at_points:
        return answer
    free = await lock_places(work, set(at_points.values()))
    rows, problems = dict(answer.rows), dict(answer.problems)
    for i, point_id in at_points.items():
        if free.get(point_id, 0) < 1:
            problems[i] = problem_of(rows.pop(i).placed.request, POINT_IS_FULL)
        else:
            free[point_id] -= 1
    return replace(answer, rows=rows, problems=problems)


def _first(i: int, row: PricedRow) -> int:
    return i if row.placed.part_of is None else row.placed.part_of


def _firsts(answer: Priced) -> list[int]:
    return [i for i, row in answer.rows.items() if row.placed.part_of is None]


async def _insert_deliveries(
    work: Work, shipper_id: UUID, batch_id: UUID, found: ToPost, answer: Priced
) -> dict[int, UUID]:
    """Writes what is new, with its packages and what is promised to it; what was posted meanwhile stays as it is."""
    records = {i: _priced_record(work, shipper_id, batch_id, found, answer.rows[i]) for i in _firsts(answer)}
    records |= {i: _record(work, shipper_id, batch_id, found, row) for i, row in found.placed.unplaced.items()}
    fresh = await _insert(work, records)
    parts = {}
    for i, row in answer.rows.items():
        if row.placed.part_of is not None and row.placed.part_of in fresh:
            record = _priced_record(work, shipper_id, batch_id, found, row)
            reference = f"{row.placed.request.external_id}/{record['id'].hex[-12:]}"
            parts[i] = record | {"part_of": fresh[row.placed.part_of], "external_id": reference}
    fresh |= await _insert(work, parts)
    placed = {i: answer.rows[i].placed if i in answer.rows else found.placed.unplaced[i] for i in fresh}
    packages = [
        {
            "id": work.new_id(),
            "market_id": found.placed.market_id,
            "delivery_id": fresh[i],
            "description": package.description,
            "weight_g": package.weight_g,
            "length_mm": package.length_mm,
            "width_mm": package.width_mm,
            "height_mm": package.height_mm,
            "declared_minor": package.declared_minor,
        }
        for i, row in placed.items()
        for package in row.packages
    ]
    await work.execute(INSERT_PACKAGES, orjson.dumps(packages, default=str).decode())
    lines = {fresh[i]: row.lines for i, row in placed.items() if row.lines}
    await reserve_stock(work, market_id=found.placed.market_id, lines=lines)
    point_of = {fresh[i]: point for i, row in placed.items() if (point := row.request.hand_over_point_id) is not None}
    await promise_places(work, market_id=found.placed.market_id, shipper_id=shipper_id, point_of=point_of)
    return fresh


async def _insert(work: Work, records: Mapping[int, dict[str, Any]]) -> dict[int, UUID]:
    """Writes deliveries, and returns those that nobody had posted before, by position."""
    if not records:
        return {}
    inserted = await work.fetch(INSERT_DELIVERIES, orjson.dumps(list(records.values()), default=str).decode())
    taken = {row["id"] for row in inserted}
    return {i: record["id"] for i, record in records.items() if record["id"] in taken}


def _priced_record(work: Work, shipper_id: UUID, batch_id: UUID, found: ToPost, row: PricedRow) -> dict[str, Any]:
    """The row of a delivery that can be planned; it leads to where drivers have found the door, if they have."""
    given = row.placed.request.dropoff.point
    assert given is not None, "priced rows have coordinates"
    point = found.learned.get(_drop_point(found.placed.market_id, row.placed), given)
    return _record(work, shipper_id, batch_id, found, row.placed) | {
        "state": DeliveryState.SCHEDULED,
        "dropoff_lat": point.lat,
        "dropoff_lon": point.lon,
        "given_lat": given.lat if point != given else None,
        "given_lon": given.lon if point != given else None,
        "price_minor": row.price_minor,
        "zone_minor": row.zone_minor,
        "surge_minor": row.surge_minor,
        "surge_decision_id": row.surge_decision_id,
    }


def _drop_point(market_id: UUID, row: PlacedRow) -> UUID:
    assert row.request.dropoff.point is not None, "placed rows have coordinates"
    return drop_point_id(market_id, row.request.dropoff.address, row.request.dropoff.point)


def _record(work: Work, shipper_id: UUID, batch_id: UUID, found: ToPost, spot: PlacedRow) -> dict[str, Any]:
    """The row of the delivery table, by column name, of a delivery whose place and price are not known yet."""
    placed, request = found.placed, spot.request
    version = found.quote.rate_cards.get(request.service_level) if found.quote else spot.card.version
    needs_pin = Requirement.PIN_AT_DROPOFF in request.needs
    return {
        "id": work.new_id(),
        "market_id": placed.market_id,
        "shipper_id": shipper_id,
        "batch_id": batch_id,
        "external_id": request.external_id,
        "digest": "\\x" + spot.asked.digest.hex(),
        "state": DeliveryState.CREATED,
        "sequence": 1,
        "service_level": request.service_level,
        "tier": request.tier,
        "service_level_id": spot.level.id if spot.level is not None else None,
        "rural_zone_id": spot.rural.id if spot.rural is not None else None,
        "zone_minor": 0,
        "point_id": request.hand_over_point_id,
        "hub_id": spot.hub_id,
        "pickup_lat": spot.origin.lat,
        "pickup_lon": spot.origin.lon,
        "pickup_address": spot.pickup_address,
        "pickup_name": spot.pickup_name,
        "pickup_phone": spot.pickup_phone,
        "pickup_opens_at": spot.pickup_window.opens_at,
        "pickup_closes_at": spot.pickup_window.closes_at,
        "needs_review": False,
        "failure_policy": request.failure_policy or found.wishes.policy,
        "max_attempts": request.max_attempts or found.wishes.max_attempts,
        "attempts": 0,
        "redelivery_minor": 0,
        "dropoff_address": request.dropoff.address,
        "recipient_name": request.dropoff.name,
        "recipient_phone": request.dropoff.phone,
        "instructions": request.instructions,
        "dropoff_opens_at": spot.dropoff_window.opens_at,
        "dropoff_closes_at": spot.dropoff_window.closes_at,
        "time_zone": spot.time_zone,
        "load": load_of(spot.packages),
        "requirements": sorted(request.needs),
        "sector": request.sector,
        "pin": f"{work.random.randrange(10**6):06d}" if needs_pin else None,
        "pin_attempts": 0,
        "price_minor": 0,
        "surge_minor": 0,
        "rate_card_version": version,
        "currency": placed.currency,
        "priority": request.priority,
        "plan_after": _planned_from(work.now, spot, placed),
        "created_at": work.now,
        "changed_at": work.now,
    }


def _planned_from(now: datetime, spot: PlacedRow, placed: Placed) -> datetime:
    """From when it is planned: a little before it can be fetched, or with all that goes to its zone that day."""
    sets_out = spot.pickup_window.opens_at - placed.plan_ahead
    if spot.rural is not None:
        sets_out = spot.rural.terms.gathers_until(spot.dropoff_window, spot.time_zone, plan_ahead=placed.plan_ahead)
    return max(now, sets_out)


def _tell(
    work: Work, shipper_id: UUID, batch_id: UUID, found: ToPost, answer: Priced, fresh: Mapping[int, UUID]
) -> None:
    market_id = found.placed.market_id
    for i, delivery_id in fresh.items():
        state = DeliveryState.CREATED if i in found.placed.unplaced else DeliveryState.SCHEDULED
        work.emit(
            DeliveryPosted(
                market_id=market_id,
                shipper_id=shipper_id,
                delivery_id=delivery_id,
                batch_id=batch_id,
                sequence=1,
                state=state,
            )
        )
    work.emit(
        BatchPosted(
            market_id=market_id,
            shipper_id=shipper_id,
            batch_id=batch_id,
            delivery_count=len(fresh),
            price_minor=sum(answer.rows[i].price_minor for i in fresh if i in answer.rows),
            currency=found.placed.currency,
        )
    )
