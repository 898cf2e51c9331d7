"""What shippers read of their own money: one statement each, in the shape of the API."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.billing.credit import credit_of
from marketplace.billing.profile import find_profile
from marketplace.billing.queries import BILLING, CHARGES, INVOICES, LATEST_ID, ONE_CHARGE, ONE_INVOICE
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import balance_of, shipper_receivable

PAGE_AT_MOST = 101


async def find_billing(work: Work, *, shipper_id: UUID, market_id: UUID) -> dict[str, Any] | None:
    """A shipper's terms in a market, what is open, and what is left of its credit."""
    text = await work.fetch_value(BILLING, shipper_id, market_id)
    profile = await find_profile(work, shipper_id=shipper_id, market_id=market_id)
    if text is None or profile is None:
        return None
    credit = await credit_of(work, profile)
    owed: Money = await balance_of(
        work, market_id=market_id, account=shipper_receivable(shipper_id), currency=profile.currency
    )
    tree: dict[str, Any] = orjson.loads(text)
    return tree | {
        "owed_minor": owed.minor,
        "credit_left_minor": credit.left_minor,
        "posted_minor": credit.posted_minor,
        "unbilled_minor": credit.unbilled_minor,
        "charging_minor": credit.charging_minor,
        "invoiced_minor": credit.invoiced_minor,
    }


async def page_charges(
    connection: asyncpg.Connection, *, shipper_id: UUID, market_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A shipper's charges in a market, newest first, older than `before`."""
    return await _page(connection, CHARGES, shipper_id, market_id, before, limit)


async def page_invoices(
    connection: asyncpg.Connection, *, shipper_id: UUID, market_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A shipper's invoices in a market with their lines, newest first, older than `before`."""
    return await _page(connection, INVOICES, shipper_id, market_id, before, limit)


async def find_charge(connection: asyncpg.Connection, *, charge_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """A shipper's charge."""
    text = await connection.fetchval(ONE_CHARGE, charge_id, shipper_id)
    return orjson.loads(text) if text else None


async def find_invoice(connection: asyncpg.Connection, *, invoice_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """A shipper's invoice with its lines."""
    text = await connection.fetchval(ONE_INVOICE, invoice_id, shipper_id)
    return orjson.loads(text) if text else None


async def _page(
    connection: asyncpg.Connection, question: str, shipper_id: UUID, market_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    latest = before or UUID(LATEST_ID)
    rows = await connection.fetch(question, shipper_id, market_id, latest, min(limit, PAGE_AT_MOST))
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]
