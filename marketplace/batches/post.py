"""A shipper posts a batch: every row is answered, and nothing is posted twice.

A row whose `external_id` was posted before with the same content answers with the first delivery; with other content it
is a conflict of that row alone. The unique (shipper, external_id) of the database decides between two at once.

A row that leaves from a hub gets its place there, and what it wants of the shipper's stock, in the same commit. Where
somebody else has taken the last of it meanwhile it comes from the next hub, and becomes a problem where there is none.

A row with an address and no coordinates is posted without a price: it waits, CREATED, until its address is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from marketplace.accounts import Tokens, make_tracking_links
from marketplace.addresses import NoGeocoder, drop_point_id, learned_points
from marketplace.batches.arrange import Pricing, arrange, price_rows
from marketplace.batches.events import BatchPosted, DeliveryPosted
from marketplace.batches.place import Placed, PlacedRow, place_rows
from marketplace.batches.price import Drive, Priced, PricedRow, price_row
from marketplace.batches.quote import KeptQuote, firsts, open_quote
from marketplace.batches.request import DeliveryRequest, RowProblem, is_storable, load_of, pallet_places_of
from marketplace.batches.source import rules_of
from marketplace.batches.states import DeliveryState, Requirement
from marketplace.batches.take_places import take_places
from marketplace.batches.take_points import without_full
from marketplace.batches.take_slots import book_slots, without_gone
from marketplace.core.geo import Point
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.hubs import reserve_stock
from marketplace.points import promise_places
from marketplace.routing import Router
from marketplace.shippers import FailureWishes, failure_wishes
from marketplace.substitutions import keep_rules

NO_GEOCODER = NoGeocoder("nothing here finds coordinates for an address; send lat and lon with it", field="dropoff.lat")
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
    A transfer goes from hub to hub, and what `is_free` costs its shipper nothing.
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
    is_transfer: bool = False
    is_free: bool = False

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
            may_split=self.may_split,
            is_transfer=self.is_transfer,
            agreed=quote.agreed if quote is not None else None,
            asked_at=quote.asked_at if quote is not None else None,
        )
        keys = {_drop_point(market_id, row) for row in placed.rows.values()}
        return ToPost(
            requests=requests,
            known=known,
            placed=placed,
            quote=quote,
            wishes=await failure_wishes(work, shipper_id=self.shipper_id),
            learned=await learned_points(work, market_id=market_id, ids=keys),
        )

    async def call(self, found: ToPost) -> Priced:
        """Takes the drives and prices of the quote, or asks the router."""
        if found.quote is None:
            return await price_rows(self.router, found.placed, pricing=self._pricing(found))
        return arrange(
            found.placed,
            found.quote.drives(found.placed),
            pricing=self._pricing(found),
            is_degraded=found.quote.is_degraded,
        )

    async def record(self, work: Work, found: ToPost, answer: Priced) -> PostResult:
        """Writes batch, deliveries, packages and what is promised of stock, and answers each row."""
        market_id = found.placed.market_id
        seen, answer = answer, await self._under_lock(work, found, answer)
        answer = await without_gone(work, shipper_id=self.shipper_id, market_id=market_id, answer=answer)
        answer = await without_full(work, answer)
        batch_id = await self._insert_batch(work, found, answer)
        fresh = await _insert_deliveries(work, self.shipper_id, batch_id, found, answer) if batch_id else {}
        await book_slots(work, answer, fresh)
        links: Mapping[UUID, UUID] = {}
        if self.tokens is not None:
            links = await make_tracking_links(
                work, market_id=found.placed.market_id, delivery_ids=fresh.values(), tokens=self.tokens
            )
        if batch_id is not None:
            _tell(work, self.shipper_id, batch_id, found, answer, fresh)
        # Rows that lost a race against another posting are found now, after that posting has committed; it may have
        # taken what was left of their things, too.
        lost = {i: found.requests[i] for i in (*firsts(seen), *seen.unplaced) if i not in fresh}
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

    def _pricing(self, found: ToPost) -> Pricing:
        if found.quote is not None:
            return found.quote.priced
        return _price_nothing if self.is_free else price_row

    async def _under_lock(self, work: Work, found: ToPost, answer: Priced) -> Priced:
        """Chooses hubs once more with what they have now, which nobody else can take until the Work ends."""
        assert found.placed.search is not None, "placed rows have been searched for"
        placed = replace(found.placed, search=await found.placed.search.under_lock(work))
        pricing = self._pricing(found)
        answer = arrange(placed, answer.drives, pricing=pricing, is_degraded=answer.is_degraded)
        return await take_places(
            work, shipper_id=self.shipper_id, placed=placed, answer=answer, pricing=pricing, lock=True
        )

    async def _insert_batch(self, work: Work, found: ToPost, answer: Priced) -> UUID | None:
        if not answer.rows and not answer.unplaced:
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


def _price_nothing(row: PlacedRow, drive: Drive) -> PricedRow:
    return PricedRow(placed=row, distance_m=drive.distance_m, lines=(), price_minor=0)


async def _insert_deliveries(
    work: Work, shipper_id: UUID, batch_id: UUID, found: ToPost, answer: Priced
) -> dict[int, UUID]:
    """Writes what is new, with its packages and what is promised to it; what was posted meanwhile stays as it is."""
    records = {i: _priced_record(work, shipper_id, batch_id, found, row) for i, row in firsts(answer).items()}
    records |= {i: _record(work, shipper_id, batch_id, found, row) for i, row in answer.unplaced.items()}
    fresh = await _insert(work, records)
    parts = {}
    for i, row in answer.rows.items():
        if row.placed.part_of is not None and row.placed.part_of in fresh:
            record = _priced_record(work, shipper_id, batch_id, found, row)
            reference = f"{row.placed.request.external_id}/{record['id'].hex[-12:]}"
            parts[i] = record | {"part_of": fresh[row.placed.part_of], "external_id": reference}
    fresh |= await _insert(work, parts)
    placed = {i: answer.rows[i].placed if i in answer.rows else answer.unplaced[i] for i in fresh}
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
    rules = {fresh[i]: rules_of(row.request) for i, row in placed.items() if row.lines}
    await keep_rules(work, market_id=found.placed.market_id, shipper_id=shipper_id, rules=rules, lines=lines)
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
        "pallet_places": pallet_places_of(spot.packages),
        "requirements": sorted(request.needs),
        "sector": request.sector,
        "out_of_cold_limit_s": request.out_of_cold_limit_s,
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
        state = DeliveryState.CREATED if i in answer.unplaced else DeliveryState.SCHEDULED
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
