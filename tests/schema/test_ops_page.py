"""The console in a real browser, driven by keys alone: a route changes hands, surge is set and taken back."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.hubs.models import Hub
from marketplace.markets import cells_around, pause_zone
from marketplace.markets.models import Market
from marketplace.reassignments import accept_reassignment, give_parcels, take_parcels
from marketplace.shippers.models import Shipper
from marketplace.standing.models import Suspension
from marketplace.surge import set_surge
from tests.builders import make_batch, make_delivery, make_driver
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
        await asyncio.sleep(2.5)  # what was just done comes to the map with the next reading
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


async def test_surge_and_a_pause_are_set_and_taken_back_and_a_driver_is_asked_by_keys(
    console: tuple[Page, World],
) -> None:
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
    await page.press("a")
    await page.until(IS_ASKED)
    await choose(page, "driverId", f"drv_{world.driver_ids['Bruno Araya'].hex}")
    await take_picture(page, "ops-assign-desktop.png")
    await send(page)
    await page.until(f"{TOASTS}.includes('Bruno Araya is asked')")

    assert await audit(world) == ["clearSurge", "offerDelivery", "pauseZone", "resumeZone", "setSurge"]
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
    await take_picture(page, "ops-queue-phone.png")

    assert await page.ask("document.documentElement.scrollWidth") == 390
    assert await page.ask("document.getElementById('queue-panel').scrollWidth") <= 390


async def test_a_peak_is_listed_by_urgency_and_counted_whole(console: tuple[Page, World]) -> None:
    page, world = console
    await make_peak(world)
    await world.publish(world.came_online("Bruno Araya"))

    await page.until("document.getElementById('queue-tally').textContent === '65'")

    assert await page.ask(f"{QUEUE}.length") == 53
    assert await page.ask("document.getElementById('queue-note').textContent") == "The most urgent 53 of 65"
    await page.press("j")
    await page.press("j")
    await take_picture(page, "ops-peak-desktop.png")
    await page.resize(width=390, height=844)
    await take_picture(page, "ops-peak-phone.png")


async def make_peak(world: World) -> None:
    """Sixty more deliveries that find no driver, a suspension to decide, work that stands still, and surge."""
    async with world.marketplace.works.open() as work:
        market = await Market.get(id=world.market_id, using_db=work.db)
        hub = await Hub.first(using_db=work.db)
        shipper = await Shipper.first(using_db=work.db)
        assert hub is not None
        assert shipper is not None
        batch = await make_batch(work, market, shipper)
        for number in range(60):
            lat, lon = CENTRE.lat - number % 8 / 300, CENTRE.lon + number // 8 / 300 - 0.012
            reason = ("NO_DRIVER", "NOBODY_ACCEPTED", "NO_CAPACITY")[number % 3]
            await make_delivery(
                work, market, shipper, hub, batch, external_id=f"order-{2000 + number}", unassigned_reason=reason,
                dropoff_closes_at=work.now + timedelta(minutes=20 + number), dropoff_lat=lat, dropoff_lon=lon,
            )  # fmt: skip
        for number in range(9):
            spot = Point(lat=CENTRE.lat + number % 3 / 250, lon=CENTRE.lon + number // 3 / 250 - 0.008)
            kind = list(ContractKind)[number % 3]
            await make_driver(work, market, name=f"Driver {number + 4}", kind=kind, place=spot)
        ana = world.driver_ids["Ana Rojas"]
        await Suspension.create(
            using_db=work.db, id=work.new_id(), market_id=market.id, driver_id=ana, state="PROPOSED",
            rule="BAD_RATINGS", rules_version=1, evidence=[{"text": "x"}], reason="four of ten", proposed_at=work.now,
        )  # fmt: skip
        await work.execute(
            "INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)"
            " VALUES ($1, $2, 'issue_statement', 'x', 'DEAD', $3, $3, 8, 'no answer')",
            *(work.new_id(), market.id, work.now),
        )
        operator_id = await work.fetch_value("SELECT id FROM operator LIMIT 1")
        await work.execute("UPDATE market SET surge_bonus_cap_minor = 600, surge_budget_minor = 100000")
        await set_surge(
            work, market_id=MarketId(market.id), cells=cells_around(CENTRE, 1), percent=80, reason="rain",
            expires_at=work.now + timedelta(hours=1), operator_id=operator_id,
        )  # fmt: skip
        beyond = Point(lat=CENTRE.lat + 0.02, lon=CENTRE.lon)
        await pause_zone(
            work, market_id=market.id, cells=cells_around(beyond, 0), reason="flood", operator_id=operator_id,
            expires_at=work.now + timedelta(hours=1),
        )  # fmt: skip
