"""Many commits share one notice, which is sent apart from them and survives a cut connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.database import connect
from marketplace.core.notices import EVENTS, Notices
from marketplace.core.nudge import Nudger
from marketplace.core.work import Works
from marketplace.fleet.events import DriverWentOnline
from tests.waiting import until


@pytest.fixture
async def heard(fresh_url: str) -> AsyncIterator[list[str]]:
    heard: list[str] = []
    async with Notices(fresh_url, heard={EVENTS: heard.append}) as notices:
        await notices.until_connected()
        yield heard


async def test_a_commit_with_events_is_heard_of_and_one_without_is_not(
    committed_works: Works, clock: ManualClock, fresh_url: str, heard: list[str]
) -> None:
    async with Nudger(fresh_url) as nudger:
        await nudger.until_connected()
        works = Works(committed_works.database, clock, after_commit=nudger.nudge)

        async with works.open() as work:
            await work.execute("SELECT 1")
        await asyncio.sleep(0.2)
        assert heard == []
        async with works.open() as work:
            work.emit(DriverWentOnline(market_id=work.new_id(), driver_id=work.new_id()))
        await until(lambda: heard == [""])


async def test_many_commits_at_once_share_a_notice(fresh_url: str, heard: list[str]) -> None:
    async with Nudger(fresh_url) as nudger:
        await nudger.until_connected()

        for _ in range(1_000):
            nudger.nudge()
        await until(lambda: bool(heard))
        await asyncio.sleep(0.2)

    assert len(heard) <= 2


async def test_a_cut_connection_is_made_again(fresh_url: str) -> None:
    heard: list[str] = []
    connections: list[int] = []
    notices = Notices(fresh_url, heard={EVENTS: heard.append}, on_connect=lambda: connections.append(1))
    async with notices, Nudger(fresh_url) as nudger:
        await notices.until_connected()
        await nudger.until_connected()

        other = await connect(fresh_url)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await other.close()
        await until(lambda: len(connections) == 2)

        def nudged_and_heard() -> bool:
            nudger.nudge()
            return bool(heard)

        await until(nudged_and_heard)


async def test_a_notice_that_cannot_be_sent_is_dropped(fresh_url: str) -> None:
    assert not await Notices(fresh_url).send(EVENTS)
