"""The console in a real browser, driven by keys alone: a route changes hands, surge is set, and what can be is undone."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.core.work import Works
from marketplace.reassignments import accept_reassignment, give_parcels, take_parcels
from tests.schema.browser import Browser, Page, find_browser, open_browser
from tests.schema.live import CENTRE, IS_LIVE, World, open_world

QUEUE = "[...document.querySelectorAll('#queue-list .row .told')].map((row) => row.textContent)"
CHOSEN = "document.querySelector('#queue-list [aria-expanded=true] .title')?.textContent"
TOASTS = "[...document.querySelectorAll('.toast p')].map((toast) => toast.textContent)"
IS_ASKED = "document.getElementById('ask').open"
LATE = """
INSERT INTO arrival (delivery_id, market_id, route_id, stop_id, p10, p50, p90, shown_opens_at, shown_closes_at,
                     late_probability, computed_at)
SELECT d.id, d.market_id, d.route_id, s.id, $2::timestamptz, $2::timestamptz + interval '5 minutes',
       $2::timestamptz + interval '9 minutes', $2::timestamptz, $2::timestamptz + interval '10 minutes', 0.9, $2
FROM delivery d JOIN stop s ON s.route_id = d.route_id AND s.place = 1 WHERE d.route_id = $1 ORDER BY d.id LIMIT 1
"""
ABOARD = "UPDATE delivery SET state = 'EN_ROUTE_TO_DROPOFF' WHERE route_id = $1"
LOADED = "UPDATE stop SET state = 'COMPLETED', arrived_at = $2, ended_at = $2 WHERE route_id = $1 AND place = 0"
TOWARDS = "UPDATE stop SET state = 'EN_ROUTE' WHERE route_id = $1 AND place = 1"
WAITS = "UPDATE delivery SET unassigned_reason = 'NO_CAPACITY' WHERE market_id = $1 AND state = 'SCHEDULED'"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    """A small city of straight streets."""
    return make_grid_city(Path(tmp_path_factory.mktemp("city")), blocks=20)


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A browser for all tests of this file."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    async with open_browser(path, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
async def console(
    browser: Browser, committed_works: Works, fresh_url: str, city: CityPack
) -> AsyncIterator[tuple[Page, World]]:
    """The console of a market in which Ana has two parcels aboard and will be late, and two deliveries wait."""
    async with open_world(committed_works, fresh_url, city) as world, world.serving(), browser.page() as page:
        async with committed_works.open() as work:
            await work.execute(ABOARD, world.route_id)
            await work.execute(LOADED, world.route_id, work.now)
            await work.execute(TOWARDS, world.route_id)
            await work.execute(LATE, world.route_id, work.now)
            await work.execute(WAITS, world.market_id)
        await page.open(world.signed_in_url)
        await page.until(IS_LIVE)
        await page.until(f"{QUEUE}.length === 3")
        yield page, world


async def take_picture(page: Page, name: str) -> None:
    """Keeps what is seen, where somebody wants to look at it."""
    if folder := os.environ.get("DOORSTEP_PICTURES"):
        picture = await page.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread((Path(folder) / name).write_bytes, base64.b64decode(picture["data"]))


async def write(page: Page, field: str, text: str) -> None:
    """Types into a field of the question that is asked."""
    await page.ask(f"document.getElementById('ask-{field}').focus()")
    await page.ask(f"document.getElementById('ask-{field}').select?.()")
    await page.call("Input.insertText", text=text)


async def choose(page: Page, field: str, key: str) -> None:
    """Chooses an option, as the arrow keys do."""
    await page.ask(f"document.getElementById('ask-{field}').value = {orjson.dumps(key).decode()}")


async def send(page: Page) -> None:
    """Answers the question."""
    await page.ask("document.getElementById('ask-send').click()")
    await page.until(f"!{IS_ASKED}")


async def audit(world: World) -> list[str]:
    """What was written down of what operators did, by name."""
    async with world.marketplace.works.open() as work:
        rows = await work.fetch("SELECT verb FROM operator_action ORDER BY verb")
    return [row["verb"] for row in rows]


async def test_a_route_passes_to_another_driver_by_keys_alone(console: tuple[Page, World]) -> None:
    page, world = console
    await page.press("j")
    await page.until(f"{CHOSEN} === 'Will probably be late'")

    await page.press("r")
    await page.until(IS_ASKED)
    await choose(page, "toDriverId", f"drv_{world.driver_ids['Bruno Araya'].hex}")
    await write(page, "reason", "Ana has a flat tyre")
    await take_picture(page, "ops-question-desktop.png")
    await send(page)
    await page.until(f"{TOASTS}.includes('Bruno Araya is asked to take the route over')")
    await hand_over(world)
    await page.press("j")
    await page.until(f"!{QUEUE}.some((row) => row.includes('Will probably be late'))")

    async with world.marketplace.works.open() as work:
        routes = await work.fetch("SELECT driver_id, state FROM route ORDER BY created_at, state")
        where = await work.fetch("SELECT DISTINCT route_id FROM delivery WHERE state = 'EN_ROUTE_TO_DROPOFF'")
    assert {(row["driver_id"], row["state"]) for row in routes} == {
        (world.driver_ids["Ana Rojas"], "COMPLETED"),
        (world.driver_ids["Bruno Araya"], "STARTED"),
    }
    assert len(where) == 1
    assert await audit(world) == ["reassignRoute"]
    assert page.complaints == []


async def hand_over(world: World) -> None:
    """What the two drivers' apps do: the second says yes, both scan, the second says the code."""
    works, ana, bruno = world.marketplace.works, world.driver_ids["Ana Rojas"], world.driver_ids["Bruno Araya"]
    async with works.open() as work:
        key: UUID = await work.fetch_value("SELECT id FROM reassignment")
        await accept_reassignment(work, reassignment_id=key, driver_id=bruno)
        rows = await work.fetch("SELECT id FROM delivery WHERE route_id = $1", world.route_id)
        parcels = [row["id"] for row in rows]
        await give_parcels(work, reassignment_id=key, driver_id=ana, parcels=parcels)
        code = await work.fetch_value("SELECT code FROM reassignment")
        await take_parcels(work, reassignment_id=key, driver_id=bruno, code=code, parcels=parcels)


async def test_surge_and_a_pause_are_set_and_taken_back_by_keys(console: tuple[Page, World]) -> None:
    page, world = console
    await page.press("j")
    await page.press("j")
    await page.until(f"{CHOSEN} === 'Has no driver'")

    await page.press("s")
    await page.until(IS_ASKED)
    await write(page, "percent", "80")
    await write(page, "reason", "a football match")
    await send(page)
    await page.until(f"{TOASTS}.includes('Surge is 80 % in 7 cells')")
    await page.press("u")
    await page.until(f"{TOASTS}.includes('Surge goes by the market again')")
    await page.press("p")
    await page.until(IS_ASKED)
    await write(page, "reason", "the river is high")
    await send(page)
    await page.until(f"{TOASTS}.includes('7 cells paused')")
    await take_picture(page, "ops-paused-desktop.png")
    await page.press("u")
    await page.until(f"{TOASTS}.includes('The zone goes on')")

    assert await audit(world) == ["clearSurge", "pauseZone", "resumeZone", "setSurge"]
    async with world.marketplace.works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM surge_override WHERE cleared_at IS NULL") == 0
        assert await work.fetch_value("SELECT count(*) FROM zone_pause WHERE ended_at IS NULL") == 0
    assert page.complaints == []


async def test_keys_are_shown_and_mean_nothing_while_somebody_writes(console: tuple[Page, World]) -> None:
    page, world = console

    await page.press("?")
    await page.until("document.getElementById('keys').open")
    keys = await page.ask("[...document.querySelectorAll('#keys-list kbd')].map((key) => key.textContent)")
    await take_picture(page, "ops-keys-desktop.png")
    await page.ask("document.getElementById('keys-shut').click()")
    await page.press("j")
    await page.press("m")
    await page.until(IS_ASKED)
    await write(page, "text", "j")
    await page.press("k")
    await send(page)
    await page.until(f"{TOASTS}.includes('Ana Rojas is told')")

    assert keys == ["j", "k", "u", "g", "?", "Escape", *"arxmbldcspfo"]
    async with world.marketplace.works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM driver_message") == 1
    assert await audit(world) == ["messageDriver"]


async def test_a_refusal_is_told_in_its_own_words(console: tuple[Page, World]) -> None:
    page, world = console
    await page.press("j")

    await page.press("x")
    await page.until(IS_ASKED)
    await send(page)

    await page.until(f"{TOASTS}.includes('parcels are aboard: reassignRoute has them handed over')")
    assert await audit(world) == []


async def test_a_phone_shows_the_queue_without_scrolling_sideways(console: tuple[Page, World]) -> None:
    page, _world = console
    await take_picture(page, "ops-calm-desktop.png")
    await page.resize(width=390, height=844)
    await take_picture(page, "ops-calm-phone.png")
    await page.press("j")
    await page.until("document.getElementById('panel').dataset.drawer === 'open'")
    await asyncio.sleep(0.4)
    await take_picture(page, "ops-queue-phone.png")

    assert await page.ask("document.documentElement.scrollWidth") == 390
    assert await page.ask("document.getElementById('queue-panel').scrollWidth") <= 390
    assert CENTRE.lat < 0
