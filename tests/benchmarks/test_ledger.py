"""The ledger's throughput beside a raw SQL script that makes the same postings, over the same number of connections.

A journal has three postings: a driver's pay, the shipper's charge, and a tip; every platform account in it is hot. The
script knows the ids of its accounts and asks no questions; both keep the floors, the triggers and the unique keys.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from statistics import median
from time import perf_counter
from uuid import UUID

import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.core.clock import DatabaseClock
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.ledger import (
    DELIVERY_REVENUE,
    DRIVER_PAY,
    Entry,
    check_ledger,
    driver_wallet,
    post_journal,
    shipper_receivable,
)
from tests.builders import make_market

CONNECTIONS = 8
JOURNALS = 50
"""Of each connection in each round."""
ROUNDS = 5
DRIVERS = [UUID(int=number) for number in range(1, 201)]
SHIPPER = shipper_receivable(UUID(int=1000))

LOCK = """
SELECT credits_posted - debits_posted - debits_pending FROM account WHERE id = $1 AND is_floored FOR NO KEY UPDATE
"""
WRITE = """
WITH written AS (
    INSERT INTO journal (id, market_id, key, kind, subject_id, effective_at, created_at)
    VALUES (gen_random_uuid(), $1, $2, 'PAY', $1, now(), now()) RETURNING id
)
INSERT INTO posting (id, market_id, journal_id, debit_id, credit_id, amount_minor, currency, state, created_at)
SELECT gen_random_uuid(), $1, written.id, debit_id, credit_id, amount_minor, 'CLP', 'POSTED', now()
FROM written, unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS line(debit_id, credit_id, amount_minor)
"""
Post = Callable[[int], Awaitable[None]]


@pytest.mark.bench
async def test_journals_of_three_postings(fresh_database: AsyncpgDBClient) -> None:
    works = Works(fresh_database, DatabaseClock())
    async with works.open() as work:
        market_id = (await make_market(work)).id
    numbers = count()

    async def ours(driver: int) -> None:
        async with works.open() as work:
            await post_journal(
                work,
                market_id=market_id,
                key=f"ours-{next(numbers)}",
                kind="PAY",
                subject_id=market_id,
                entries=_entries(DRIVERS[driver]),
            )

    for driver in range(len(DRIVERS)):
        await ours(driver)
    async with works.read() as connection:
        accounts = {row["code"]: row["id"] for row in await connection.fetch("SELECT code, id FROM account")}

    async def script(driver: int) -> None:
        entries = _entries(DRIVERS[driver])
        debits = [accounts[entry.debit.code(market_id, "CLP")] for entry in entries]
        credits_ = [accounts[entry.credit.code(market_id, "CLP")] for entry in entries]
        async with works.read() as connection, connection.transaction():
            await connection.fetchval(LOCK, accounts[driver_wallet(DRIVERS[driver]).code(market_id, "CLP")])
            amounts = [entry.amount.minor for entry in entries]
            await connection.execute(WRITE, market_id, f"script-{next(numbers)}", debits, credits_, amounts)

    rates: dict[str, list[float]] = {"raw SQL script": [], "post_journal in a Work": []}
    for number in range(ROUNDS + 1):
        for name, post in (("raw SQL script", script), ("post_journal in a Work", ours)):
            rate = await _rate(post)
            if number:
                rates[name].append(rate)

    _report({name: median(each) for name, each in rates.items()})
    async with works.open() as work:
        report = await check_ledger(work, market_id=market_id)
    journals = 2 * (ROUNDS + 1) * CONNECTIONS * JOURNALS + len(DRIVERS)
    assert (report.is_sound, report.journals, report.postings) == (True, journals, 3 * journals)


def _entries(driver_id: UUID) -> list[Entry]:
    wallet = driver_wallet(driver_id)
    return [
        Entry(debit=DRIVER_PAY, credit=wallet, amount=Money(2500, "CLP")),
        Entry(debit=SHIPPER, credit=DELIVERY_REVENUE, amount=Money(4200, "CLP")),
        Entry(debit=SHIPPER, credit=wallet, amount=Money(500, "CLP")),
    ]


async def _rate(post: Post) -> float:
    """Journals a second, with every connection at work on drivers all over the town."""

    async def connection(place: int) -> None:
        for number in range(JOURNALS):
            await post((place * 37 + number * 11) % len(DRIVERS))

    began = perf_counter()
    await asyncio.gather(*(connection(place) for place in range(CONNECTIONS)))
    return CONNECTIONS * JOURNALS / (perf_counter() - began)


def _report(rates: dict[str, float]) -> None:
    bare = rates["raw SQL script"]
    title = f"ledger: journals of 3 postings, {CONNECTIONS} connections"
    lines = ["", title, f"{'':28}{'journals/s':>12}{'postings/s':>12}{'x script':>10}"]
    lines += [f"{name:28}{rate:12,.0f}{3 * rate:12,.0f}{rate / bare:10.2f}" for name, rate in rates.items()]
    figures = {name: {"per_s": round(rate), "speed_ratio": round(rate / bare, 3)} for name, rate in rates.items()}
    lines.append(json.dumps({"benchmark": title, "unit": "journals", "figures": figures}))
    sys.stdout.write("\n".join(lines) + "\n")
