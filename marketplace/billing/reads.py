"""What shippers read of their own money, and operators of their market's, each in one statement."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.billing.queries import (
    ATTENTION,
    ATTENTION_AT_MOST,
    BILLINGS,
    CHARGED,
    CHARGES,
    INVOICES,
    LATEST_ID,
    ONE_CHARGE,
    ONE_INVOICE,
    ONE_INVOICE_OF_MARKET,
    PROFILES_AT_MOST,
)
from marketplace.core.work import Work

PAGE_AT_MOST = 101


async def list_billings(
    connection: asyncpg.Connection, *, shipper_id: UUID, market_id: UUID | None = None
) -> list[dict[str, Any]]:
    """A shipper's terms in each of its markets, or in one: what is open, and what is left of its credit."""
    rows = await connection.fetch(BILLINGS, shipper_id, market_id, PROFILES_AT_MOST)
    return [orjson.loads(row["tree"]) for row in rows]


async def page_charges(
    connection: asyncpg.Connection,
    *,
    shipper_id: UUID,
    before: UUID | None,
    limit: int,
    market_id: UUID | None = None,
) -> list[tuple[UUID, dict[str, Any]]]:
    """A shipper's charges, in one market or all, newest first, older than `before`."""
    return await _page(connection, CHARGES, shipper_id, market_id, before, limit)


async def page_invoices(
    connection: asyncpg.Connection,
    *,
    shipper_id: UUID,
    before: UUID | None,
    limit: int,
    market_id: UUID | None = None,
) -> list[tuple[UUID, dict[str, Any]]]:
    """A shipper's invoices with their lines, in one market or all, newest first, older than `before`."""
    return await _page(connection, INVOICES, shipper_id, market_id, before, limit)


async def find_charge(connection: asyncpg.Connection, *, charge_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """A shipper's charge."""
    text = await connection.fetchval(ONE_CHARGE, charge_id, shipper_id)
    return orjson.loads(text) if text else None


async def find_invoice(connection: asyncpg.Connection, *, invoice_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """A shipper's invoice with its lines."""
    text = await connection.fetchval(ONE_INVOICE, invoice_id, shipper_id)
    return orjson.loads(text) if text else None


async def find_invoice_in(
    connection: asyncpg.Connection, *, invoice_id: UUID, market_id: UUID
) -> dict[str, Any] | None:
    """An invoice of a market with its lines, for its operators."""
    text = await connection.fetchval(ONE_INVOICE_OF_MARKET, invoice_id, market_id)
    return orjson.loads(text) if text else None


async def billing_attention(work: Work, *, market_id: UUID) -> list[dict[str, Any]]:
    """What of a market's billing waits for a person, oldest first."""
    found: list[dict[str, Any]] = orjson.loads(
        await work.fetch_value(ATTENTION, market_id, work.now, ATTENTION_AT_MOST)
    )
    return found


async def charged_so_far(work: Work, *, market_id: UUID) -> tuple[int, int]:
    """How many charges of a market were paid, and how much was taken with them in minor units."""
    row = await work.fetch_row(CHARGED, market_id)
    assert row is not None, "sums always answer"
    return row["count"], row["total_minor"]


async def _page(
    connection: asyncpg.Connection,
    question: str,
    shipper_id: UUID,
    market_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> list[tuple[UUID, dict[str, Any]]]:
    latest = before or UUID(LATEST_ID)
    rows = await connection.fetch(question, shipper_id, market_id, latest, min(limit, PAGE_AT_MOST))
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]
