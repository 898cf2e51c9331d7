"""A shipper asks what a list of deliveries would cost, and gets a price that holds until it expires."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from marketplace.batches.price import Placed, Priced, PricedRow, place_rows, price_rows
from marketplace.batches.request import (
    DeliveryRequest,
    ItemRequest,
    LocalWindow,
    PackageRequest,
    Place,
    RowProblem,
)
from marketplace.batches.sectors import Sector
from marketplace.batches.states import FailurePolicy, Requirement
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routing import Router
from marketplace.rural import local_day
from marketplace.shippers import Tier

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
    """The errand of quoting: rows are checked and placed, the router is asked, the price is kept."""

    router: Router
    shipper_id: UUID
    market_id: UUID
    requests: Sequence[DeliveryRequest]

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
        )

    async def call(self, found: Placed) -> Priced:
        """Asks the router for the distances."""
        return await price_rows(self.router, found)

    async def record(self, work: Work, found: Placed, answer: Priced) -> QuoteResult:
        """Keeps the quote with what was asked, so that it can be posted by its id alone."""
        quote_id = work.new_id()
        problems = [answer.problems[i] for i in sorted(answer.problems)]
        await work.execute(
            INSERT_QUOTE,
            quote_id,
            self.market_id,
            self.shipper_id,
            orjson.dumps([answer.rows[i].placed.asked for i in sorted(answer.rows)], default=str).decode(),
            orjson.dumps(quote_lines(answer)).decode(),
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


def quote_lines(priced: Priced) -> list[dict[str, Any]]:
    """For each priced row its distance and its lines, as they are kept and shown."""
    return [
        {
            "external_id": row.placed.request.external_id,
            "distance_m": row.distance_m,
            "price_minor": row.price_minor,
            "lines": [asdict(line) for line in row.lines],
        }
        | _rural_of(row)
        | _surge_of(row)
        for _, row in sorted(priced.rows.items())
    ]


def _rural_of(row: PricedRow) -> dict[str, Any]:
    rural, window = row.placed.rural, row.placed.dropoff_window
    if rural is None:
        return {"rural": None}
    return {
        "zone_minor": row.zone_minor,
        "rural": {
            "code": rural.terms.code,
            "name": rural.terms.name,
            "rule": rural.terms.rule,
            "day": local_day(window.opens_at, row.placed.time_zone).isoformat(),
            "window": {"opens_at": window.opens_at, "closes_at": window.closes_at},
            "surcharge_minor": row.zone_minor,
        },
    }


def _surge_of(row: PricedRow) -> dict[str, Any]:
    if row.surge_decision_id is None:
        return {}
    return {"surge_minor": row.surge_minor, "surge_decision_id": str(row.surge_decision_id)}


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
class KeptQuote:
    """A stored quote, ready to be posted."""

    quote_id: UUID
    market_id: UUID
    requests: Sequence[DeliveryRequest]
    prices: dict[str, int]
    distances_m: dict[str, int]
    zones_minor: dict[str, int]
    surges: dict[str, tuple[int, UUID]]
    rate_cards: dict[str, int]
    asked_at: datetime
    currency: str
    is_degraded: bool


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
        prices={line["external_id"]: line["price_minor"] for line in lines},
        distances_m={line["external_id"]: line["distance_m"] for line in lines},
        zones_minor={line["external_id"]: line.get("zone_minor", 0) for line in lines},
        surges={
            line["external_id"]: (line["surge_minor"], UUID(line["surge_decision_id"]))
            for line in lines
            if "surge_minor" in line
        },
        rate_cards=orjson.loads(row["rate_cards"] or "{}"),
        asked_at=row["created_at"],
        currency=row["currency"],
        is_degraded=row["is_degraded"],
    )


def inputs_digest(placed: Placed) -> bytes:
    """A digest of everything that the price was asked with: the rows and the versions of cards, tiers and zones."""
    rows = [
        (
            row.request.external_id,
            row.asked.digest.hex(),
            row.card.version,
            row.level.level.version if row.level else 0,
            row.rural.terms.rule if row.rural else "",
        )
        for row in placed.rows.values()
    ]
    return sha256(orjson.dumps([str(placed.market_id), placed.currency, sorted(rows)])).digest()


def request_from_json(values: dict[str, Any]) -> DeliveryRequest:
    """A row as it was kept with its quote."""
    return DeliveryRequest(
        **{
            **values,
            "hub_id": UUID(values["hub_id"]) if values["hub_id"] else None,
            "pickup": _place(values["pickup"]) if values["pickup"] else None,
            "dropoff": _place(values["dropoff"]),
            "items": [ItemRequest(**item) for item in values["items"]],
            "packages": [PackageRequest(**package) for package in values["packages"]],
            "pickup_window": _window(values["pickup_window"]),
            "dropoff_window": _window(values["dropoff_window"]),
            "tier": Tier(values["tier"]) if values["tier"] else None,
            "requirements": [Requirement(name) for name in values["requirements"]],
            "sector": Sector(values["sector"]) if values["sector"] else None,
            "waived": [Requirement(name) for name in values["waived"]],
            "failure_policy": FailurePolicy(values["failure_policy"]) if values["failure_policy"] else None,
            "hand_over_point_id": UUID(values["hand_over_point_id"]) if values["hand_over_point_id"] else None,
        }
    )


def _place(values: dict[str, Any]) -> Place:
    return replace(Place(**values), point=Point(**values["point"]) if values["point"] else None)


def _window(values: dict[str, str] | None) -> LocalWindow | None:
    if values is None:
        return None
    return LocalWindow(opens=datetime.fromisoformat(values["opens"]), closes=datetime.fromisoformat(values["closes"]))
