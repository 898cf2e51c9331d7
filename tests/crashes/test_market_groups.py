"""Two groups of markets in two schemas of one database: each with users, a worker and a queue of its own.

Each user has no right at all in the other's schema, so that a query or a transaction that crossed would fail, and with
it the market. This is what makes a group able to move to a server of its own, by Citus or by backup and restore.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from redis import asyncio as redis

from marketplace.batches import LocalWindow, PostBatch
from marketplace.billing import check_credit
from marketplace.core.clock import DatabaseClock, machine
from marketplace.core.database import connect, open_database, with_database
from marketplace.core.errand import run_errand
from marketplace.core.ids import DriverId, OfferId
from marketplace.core.migrate import check_version, migrate
from marketplace.core.work import Work, Works
from marketplace.offers import accept_offer
from tests.builders import make_shipper
from tests.crashes.towns import Town, make_town
from tests.marketplace.batches.orders import ROUTER, order
from tests.processes import Process, Stage
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)

PATIENCE_S = 90.0
SESSIONS = "notices"
CONNECTIONS = """
SELECT application_name AS door, bool_or(query ~* '^(listen|select pg_notify|select pg_advisory)') AS needs_session
FROM pg_stat_activity WHERE usename = current_user GROUP BY application_name
"""
UNFINISHED = """
SELECT (SELECT count(*) FROM event WHERE position IS NULL)
     + (SELECT count(*) FROM job WHERE state = 'RUNNING' OR state = 'READY' AND run_at <= now())
"""
ADMINISTRATOR_DOES = """
CREATE SCHEMA {group};
CREATE ROLE doorstep_app_{group} NOLOGIN;
CREATE ROLE {group}_owner LOGIN PASSWORD 'change-me';
CREATE ROLE {group}_serve LOGIN PASSWORD 'change-me' IN ROLE doorstep_app_{group};
ALTER SCHEMA {group} OWNER TO {group}_owner;
ALTER ROLE {group}_owner IN DATABASE {database} SET search_path = {group};
ALTER ROLE {group}_serve IN DATABASE {database} SET search_path = {group};
"""
"""What GROWTH.md tells an administrator to run for each group."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of markets: its schema, and the URL of its workers' user."""

    name: str
    url: str

    @property
    def queue(self) -> str:
        return f"doorstep:{self.name}:jobs"


@pytest.fixture
async def groups(server_url: str) -> AsyncIterator[list[Group]]:
    """Two migrated schemas in a database of their own."""
    suffix = uuid4().hex[:8]
    database = f"doorstep_groups_{suffix}"
    names = [f"north_{suffix}", f"south_{suffix}"]
    server = await connect(server_url)
    await server.execute(f"CREATE DATABASE {database}")
    place = urlsplit(with_database(server_url, database))
    host = place.netloc.rpartition("@")[2]

    def url(user: str) -> str:
        return place._replace(netloc=f"{user}:change-me@{host}").geturl()

    admin = await connect(place.geturl())
    for name in names:
        await admin.execute(ADMINISTRATOR_DOES.format(group=name, database=database))
        await migrate(url(f"{name}_owner"))
    await admin.close()
    yield [Group(name, url(f"{name}_serve")) for name in names]
    await server.execute(f"DROP DATABASE {database} WITH (FORCE)")
    for name in names:
        await server.execute(f"DROP ROLE {name}_serve, {name}_owner, doorstep_app_{name}")
    await server.close()


@asynccontextmanager
async def works_of(group: Group) -> AsyncIterator[Works]:
    async with open_database(group.url, pool_size=3) as database:
        yield Works(database, DatabaseClock())


async def start_worker(stage: Stage, group: Group) -> Process:
    """A worker that is bound to the group by its user and by its queue; its notices take a door of their own."""
    settings = {
        "DATABASE_URL": group.url,
        "DATABASE_SESSION_URL": f"{group.url}&application_name={SESSIONS}",
        "DOORSTEP_QUEUE": group.queue,
    }
    return await stage.work(settings=settings)


async def open_town(works: Works) -> Town:
    """A market of the group with a driver and three parcels that were just posted."""
    town = await make_town(works, drivers=1)
    async with works.open() as work:
        shipper = await make_shipper(work, town.market)
    local = machine().astimezone(ZoneInfo(town.market.time_zone)).replace(tzinfo=None, microsecond=0)
    window = LocalWindow(opens=local, closes=local + timedelta(hours=3))
    rows = [
        order(f"p-{number}", hub_id=town.hub.id, pickup_window=window, dropoff_window=window) for number in range(3)
    ]
    errand = PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, market_id=town.market.id, requests=rows)
    assert await run_errand(works, errand) is not None
    return town


async def offers_of(work: Work) -> list[tuple[UUID, UUID]]:
    rows = await work.fetch("SELECT id, driver_id FROM offer WHERE state IN ('SENT', 'VIEWED') ORDER BY id")
    return [(row["id"], row["driver_id"]) for row in rows]


async def has_offers(works: Works) -> bool:
    async with works.open() as work:
        return bool(await offers_of(work))


async def is_at_rest(works: Works) -> bool:
    async with works.open() as work:
        return bool(await work.fetch_value(UNFINISHED) == 0)


async def take_all(works: Works) -> int:
    """The drivers of the group take what they are offered; returns how many routes they have then."""
    async with works.open() as work:
        for offer_id, driver_id in await offers_of(work):
            await accept_offer(work, offer_id=OfferId(offer_id), driver_id=DriverId(driver_id))
        return int(await work.fetch_value("SELECT count(*) FROM route WHERE state = 'ASSIGNED'"))


async def test_two_groups_of_markets_share_a_server_and_nothing_else(stage: Stage, groups: list[Group]) -> None:
    north, south = groups
    workers = [await start_worker(stage, group) for group in groups]
    async with works_of(north) as northern, works_of(south) as southern, redis_of(stage) as queues:
        towns = [await open_town(northern), await open_town(southern)]

        for works in (northern, southern):
            await until(lambda works=works: has_offers(works), patience_s=PATIENCE_S)  # type: ignore[misc]  # bound now
            assert await take_all(works) == 1
            await until(lambda works=works: is_at_rest(works), patience_s=PATIENCE_S)  # type: ignore[misc]  # bound now

        for works, town in zip((northern, southern), towns, strict=True):
            async with works.open() as work:
                await check_version(work.connection)
                doors = {row["door"]: row["needs_session"] for row in await work.fetch(CONNECTIONS)}
                assert doors.keys() == {"doorstep", SESSIONS}
                assert not doors["doorstep"]  # so a pooler may stand before the pool
                assert await work.fetch("SELECT kind, error FROM job WHERE state = 'DEAD'") == []
                for table in ("market", "event", "offer", "route", "delivery"):
                    column = "id" if table == "market" else "market_id"
                    found = await work.fetch(f"SELECT DISTINCT {column} FROM {table}")
                    assert [row[0] for row in found] == [town.market.id], table
        for group in groups:
            assert await queues.exists(f"{group.queue}:health-check")
        assert not await queues.exists("doorstep:jobs:health-check")
    for worker in workers:
        assert worker.is_running
        for word in ("permission denied", "does not exist", "Traceback"):
            assert word not in worker.log
        worker.tell_to_stop()
        assert await worker.ended() == 0


async def test_a_user_of_one_group_can_touch_nothing_of_the_other(groups: list[Group]) -> None:
    north, south = groups
    connection = await connect(north.url)

    assert await connection.fetchval("SELECT current_schema()") == north.name
    for statement in (
        f"SELECT count(*) FROM {south.name}.offer",
        f"UPDATE {south.name}.route SET version = 0",
        f"SELECT id FROM {south.name}.job FOR UPDATE",
        f"CREATE TABLE {south.name}.own (id uuid)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


@asynccontextmanager
async def redis_of(stage: Stage) -> AsyncIterator[redis.Redis]:
    async with aclosing(redis.Redis.from_url(stage.redis_url)) as queues:
        yield queues
