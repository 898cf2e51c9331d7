"""A shipper asks what a list of deliveries would cost, and gets a price that holds until it expires."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from marketplace.batches.arrange import price_rows
from marketplace.batches.asked import what_is_asked
from marketplace.batches.place import Placed, PlacedRow, Spot, place_rows
from marketplace.batches.price import Drive, Priced, PricedRow, price_row
from marketplace.batches.request import (
    DeliveryRequest,
    ItemRequest,
    LocalWindow,
    PackageRequest,
    Place,
    RowProblem,
)
from marketplace.batches.sectors import Sector
from marketplace.batches.source import Agreed
from marketplace.batches.states import FailurePolicy, Requirement
from marketplace.batches.take_places import take_places
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import Dials, dials
from marketplace.routing import Router
from marketplace.rural import local_day
from marketplace.shippers import Tier
from marketplace.substitutions import SubstitutionRule

QUOTE_HOLDS = timedelta(minutes=15)

INSERT_QUOTE = """
INSERT INTO quote (id, market_id, shipper_id, request, lines, problems, total_minor, currency, is_degraded, created_at,
                   expires_at, digest, rate_cards)
VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6::jsonb, $7, $8, $9, $10, $11, $12, $13::jsonb)
"""
FIND_QUOTE = """
SELECT id, market_id, request, lines, problems, total_minor, currency, is_degraded, created_at, expires_at, rate_cards,
       (SELECT id FROM batch WHERE quote_id = quote.id) AS batch_id
FROM quote WHERE id = $1 AND shipper_id = $2
"""


class AddressNotQuoted(Invalid):
    """An address without coordinates has no price yet."""

    code = "ADDRESS_NOT_QUOTED"


class QuoteExpired(Conflict):
    """The price no longer holds; ask for a new one."""

    code = "QUOTE_EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteResult:
    """A priced promise: the total covers the rows that can be delivered, `problems` names the others."""

    quote_id: UUID
    total_minor: int
    currency: str
    expires_at: datetime
    is_degraded: bool
    rows: Sequence[dict[str, Any]]
    problems: Sequence[RowProblem]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteBatch:
    """The errand of quoting: rows are checked and placed, the router is asked, the price is kept.

    Hubs are chosen, but nothing is promised of what they have. With `may_split` what no hub has all of may come from
    several, for one price.
    """

    router: Router
    shipper_id: UUID
    market_id: UUID
    requests: Sequence[DeliveryRequest]
    may_split: bool = False

    async def read(self, work: Work) -> Placed:
        """Checks the rows and finds hubs and rate cards."""
        return await place_rows(
            work,
            shipper_id=self.shipper_id,
            market_id=self.market_id,
            requests=self.requests,
            refuse_addresses=AddressNotQuoted(
                "a quote needs lat and lon; post an address without them, and it is priced once it is found",
                field="dropoff.lat",
            ),
            may_split=self.may_split,
        )

    async def call(self, found: Placed) -> Priced:
        """Asks the router for the distances."""
        return await price_rows(self.router, found)

    async def record(self, work: Work, found: Placed, answer: Priced) -> QuoteResult:
        """Keeps the quote with what was asked, so that it can be posted by its id alone."""
        answer = await take_places(
            work, shipper_id=self.shipper_id, placed=found, answer=answer, pricing=price_row, lock=False
        )
        quote_id = work.new_id()
        problems = [answer.problems[i] for i in sorted(answer.problems)]
        await work.execute(
            INSERT_QUOTE,
            quote_id,
            self.market_id,
            self.shipper_id,
            orjson.dumps([row.placed.asked for row in firsts(answer).values()], default=str).decode(),
            orjson.dumps(quote_lines(answer, await dials(work, market_id=self.market_id))).decode(),
            orjson.dumps(problems).decode(),
            answer.total_minor,
            found.currency,
            answer.is_degraded,
            work.now,
            work.now + QUOTE_HOLDS,
            inputs_digest(found),
            orjson.dumps({row.card.service_level: row.card.version for row in found.rows.values()}).decode(),
        )
        return await find_quote(work, quote_id=quote_id, shipper_id=self.shipper_id)


def firsts(priced: Priced) -> dict[int, PricedRow]:
    """The priced rows of the request, by position, without further parts of them."""
    return {i: row for i, row in sorted(priced.rows.items()) if row.placed.part_of is None}


def quote_lines(priced: Priced, settings: Dials) -> list[dict[str, Any]]:
    """For each priced row what it costs, its parts by hub, its rural day and what it asks for, as kept and shown."""
    quoted = []
    for i, first in firsts(priced).items():
        rows = [first, *(row for row in priced.rows.values() if row.placed.part_of == i)]
        quoted.append(
            {
                "external_id": first.placed.request.external_id,
                "distance_m": sum(row.distance_m for row in rows),
                "price_minor": sum(row.price_minor for row in rows),
                "lines": [asdict(line) for row in rows for line in row.lines],
                "parts": [_part(row) for row in rows],
                "rural": _rural_of(first.placed, sum(row.zone_minor for row in rows)),
            }
            | what_is_asked(rows, settings)
        )
    return quoted


def _part(row: PricedRow) -> dict[str, Any]:
    return {
        "hub_id": str(row.placed.hub_id) if row.placed.hub_id is not None else None,
        "items": [{"sku": line.code, "quantity": line.quantity} for line in row.placed.lines],
        "distance_m": row.distance_m,
        "price_minor": row.price_minor,
        "zone_minor": row.zone_minor,
        "surge_minor": row.surge_minor,
        "surge_decision_id": str(row.surge_decision_id) if row.surge_decision_id is not None else None,
    }


def _rural_of(row: PlacedRow, surcharge_minor: int) -> dict[str, Any] | None:
    rural, window = row.rural, row.dropoff_window
    if rural is None:
        return None
    return {
        "code": rural.terms.code,
        "name": rural.terms.name,
        "rule": rural.terms.rule,
        "day": local_day(window.opens_at, row.time_zone).isoformat(),
        "window": {"opens_at": window.opens_at, "closes_at": window.closes_at},
        "surcharge_minor": surcharge_minor,
    }


async def find_quote(work: Work, *, quote_id: UUID, shipper_id: UUID) -> QuoteResult:
    """The shipper's quote as it was answered."""
    row = await work.fetch_row(FIND_QUOTE, quote_id, shipper_id)
    if row is None:
        raise NotFound("there is no such quote", field="quoteId")
    return QuoteResult(
        quote_id=row["id"],
        total_minor=row["total_minor"],
        currency=row["currency"],
        expires_at=row["expires_at"],
        is_degraded=row["is_degraded"],
        rows=orjson.loads(row["lines"]),
        problems=[RowProblem(**problem) for problem in orjson.loads(row["problems"])],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPart:
    """What was quoted for what comes from one hub, or from a place."""

    hub_id: UUID | None
    units: Mapping[str, int]
    distance_m: int
    price_minor: int
    zone_minor: int
    surge_minor: int
    surge_decision_id: UUID | None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "KeptPart":
        """A part as it was kept with its quote."""
        return cls(
            hub_id=UUID(kept["hub_id"]) if kept["hub_id"] else None,
            units={item["sku"]: item["quantity"] for item in kept["items"]},
            distance_m=kept["distance_m"],
            price_minor=kept["price_minor"],
            zone_minor=kept["zone_minor"],
            surge_minor=kept["surge_minor"],
            surge_decision_id=UUID(kept["surge_decision_id"]) if kept["surge_decision_id"] else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptQuote:
    """A stored quote, ready to be posted: by reference the parts that each row was quoted as."""

    quote_id: UUID
    market_id: UUID
    requests: Sequence[DeliveryRequest]
    parts: Mapping[str, Sequence[KeptPart]]
    rate_cards: dict[str, int]
    asked_at: datetime
    currency: str
    is_degraded: bool

    @property
    def agreed(self) -> dict[str, Agreed]:
        """The hubs that rows come from, and how much from each."""
        return {
            reference: [(part.hub_id, part.units) for part in parts if part.hub_id is not None]
            for reference, parts in self.parts.items()
        }

    def drives(self, placed: Placed) -> dict[Spot, Drive]:
        """The drives as they were when it was quoted; how long they took then decides nothing now."""
        return {
            spot: Drive(distance_m=self._part_of(row).distance_m, duration_s=0) for spot, row in placed.rows.items()
        }

    def priced(self, row: PlacedRow, drive: Drive) -> PricedRow:
        """A row at the price that was quoted."""
        part = self._part_of(row)
        return PricedRow(
            placed=row,
            distance_m=drive.distance_m,
            lines=(),
            price_minor=part.price_minor,
            zone_minor=part.zone_minor,
            surge_minor=part.surge_minor,
            surge_decision_id=part.surge_decision_id,
        )

    def _part_of(self, row: PlacedRow) -> KeptPart:
        return next(part for part in self.parts[row.request.external_id] if part.hub_id == row.hub_id)


async def open_quote(work: Work, *, quote_id: UUID, shipper_id: UUID) -> KeptQuote:
    """The shipper's quote, or a refusal when it has expired; one that was posted in time stays open to repeats."""
    row = await work.fetch_row(FIND_QUOTE, quote_id, shipper_id)
    if row is None:
        raise NotFound("there is no such quote", field="quoteId")
    if row["batch_id"] is None and row["expires_at"] <= work.now:
        raise QuoteExpired("this quote has expired; ask for a new one", field="quoteId")
    lines = orjson.loads(row["lines"])
    return KeptQuote(
        quote_id=row["id"],
        market_id=row["market_id"],
        requests=[request_from_json(values) for values in orjson.loads(row["request"])],
        parts={line["external_id"]: [KeptPart.of(part) for part in line["parts"]] for line in lines},
        rate_cards=orjson.loads(row["rate_cards"] or "{}"),
        asked_at=row["created_at"],
        currency=row["currency"],
        is_degraded=row["is_degraded"],
    )


def inputs_digest(placed: Placed) -> bytes:
    """A digest of everything that the price was asked with: the rows and the versions of cards, tiers and zones."""
    rows = {
        (
            row.request.external_id,
            row.asked.digest.hex(),
            row.card.version,
            row.level.level.version if row.level else 0,
            row.rural.terms.rule if row.rural else "",
        )
        for row in placed.rows.values()
    }
    return sha256(orjson.dumps([str(placed.market_id), placed.currency, sorted(rows)])).digest()


def request_from_json(values: dict[str, Any]) -> DeliveryRequest:
    """A row as it was kept with its quote."""
    return DeliveryRequest(
        **{
            **values,
            "hub_id": _id(values["hub_id"]),
            "pickup": _place(values["pickup"]) if values["pickup"] else None,
            "dropoff": _place(values["dropoff"]),
            "items": [_item(item) for item in values["items"]],
            "packages": [PackageRequest(**package) for package in values["packages"]],
            "pickup_window": _window(values["pickup_window"]),
            "dropoff_window": _window(values["dropoff_window"]),
            "tier": Tier(values["tier"]) if values["tier"] else None,
            "requirements": [Requirement(name) for name in values["requirements"]],
            "pickup_appointment_id": _id(values["pickup_appointment_id"]),
            "dropoff_appointment_id": _id(values["dropoff_appointment_id"]),
            "sector": Sector(values["sector"]) if values["sector"] else None,
            "waived": [Requirement(name) for name in values["waived"]],
            "failure_policy": FailurePolicy(values["failure_policy"]) if values["failure_policy"] else None,
            "hand_over_point_id": UUID(values["hand_over_point_id"]) if values["hand_over_point_id"] else None,
        }
    )


def _item(values: dict[str, Any]) -> ItemRequest:
    return ItemRequest(**{**values, "substitution": SubstitutionRule(values["substitution"])})


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _place(values: dict[str, Any]) -> Place:
    return replace(Place(**values), point=Point(**values["point"]) if values["point"] else None)


def _window(values: dict[str, str] | None) -> LocalWindow | None:
    if values is None:
        return None
    return LocalWindow(opens=datetime.fromisoformat(values["opens"]), closes=datetime.fromisoformat(values["closes"]))
