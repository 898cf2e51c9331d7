"""The console in a real browser, driven by keys alone: a route changes hands, surge is set and taken back."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.core.work import Works
from marketplace.reassignments import accept_reassignment, give_parcels, take_parcels
from tests.schema.browser import Browser, Page, find_browser, open_browser
from tests.schema.consoles import make_claim_and_blocks, make_days, make_peak
from tests.schema.live import IS_LIVE, World, open_world

QUEUE = "[...document.querySelectorAll('#queue-list .row .told')].map((row) => row.textContent)"
CHOSEN = "document.querySelector('#queue-list [aria-expanded=true] .title')?.textContent"
TOASTS = "[...document.querySelectorAll('.toast p')].map((toast) => toast.textContent)"
NEXT_READING_S = 2.5
"""What was just done comes to the map with the next reading."""
HEADS = "[...document.querySelectorAll('.kpi .head')].map((head) => head.textContent)"
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
    await page.keep_picture("ops-question-desktop", after_s=NEXT_READING_S)
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
    await page.keep_picture("ops-paused-desktop", after_s=NEXT_READING_S)
    await page.press("u")
    await page.until(f"{TOASTS}.includes('The zone goes on')")
    await page.press("a")
    await page.until(IS_ASKED)
    await choose(page, "driverId", f"drv_{world.driver_ids['Bruno Araya'].hex}")
    await page.keep_picture("ops-assign-desktop")
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
    await page.keep_picture("ops-keys-desktop", after_s=NEXT_READING_S)
    await page.ask("document.getElementById('keys-shut').click()")
    await page.press("j")
    await page.press("m")
    await page.until(IS_ASKED)
    await write(page, "text", "j")
    await page.press("k")
    await send(page)
    await page.until(f"{TOASTS}.includes('Ana Rojas is told')")

    assert keys == ["j", "k", "u", "g", "v", "?", "Escape", *"arxmbldcspzfo"]
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


async def test_a_peak_is_listed_by_urgency_counted_whole_and_fits_a_phone(console: tuple[Page, World]) -> None:
    page, world = console
    await page.keep_picture("ops-calm-desktop", after_s=NEXT_READING_S)
    await page.resize(width=390, height=844)
    await page.keep_picture("ops-calm-phone", after_s=NEXT_READING_S)
    await page.press("j")
    await page.until("document.getElementById('panel').dataset.drawer === 'open'")
    await page.keep_picture("ops-queue-phone", after_s=NEXT_READING_S)
    await make_peak(world)
    await world.publish(world.came_online("Bruno Araya"))

    await page.until("document.getElementById('queue-tally').textContent === '65'")

    assert await page.ask(f"{QUEUE}.length") == 53
    assert await page.ask("document.getElementById('queue-note').textContent") == "The most urgent 53 of 65"
    assert await page.ask("document.documentElement.scrollWidth") == 390
    assert await page.ask("document.getElementById('queue-panel').scrollWidth") <= 390
    await page.press("j")
    await page.keep_picture("ops-peak-phone", after_s=NEXT_READING_S)
    await page.resize(width=1280, height=800)
    await page.keep_picture("ops-peak-desktop", after_s=NEXT_READING_S)


async def test_a_claim_is_decided_by_keys_with_its_file_in_sight(console: tuple[Page, World]) -> None:
    page, world = console
    await make_claim_and_blocks(world)
    await world.publish(world.came_online("Bruno Araya"))
    await page.until(f"{QUEUE}.length === 4")
    for _ in range(4):
        await page.press("j")
    await page.until(f"{CHOSEN} === 'Claim to decide'")

    await page.press("d")
    await page.until(IS_ASKED)
    await page.keep_picture("ops-claim-desktop")
    file = await page.ask("[...document.querySelectorAll('.claim-file .words')].map((said) => said.textContent)")
    await write(page, "amount", "40")
    await write(page, "reason", "The picture shows it")
    await send(page)
    await page.until(f"{TOASTS}.includes('The shipper is credited $40')")
    await page.until(f"{QUEUE}.length === 3")

    assert file == ["The bottle is broken", "It was wet when I got it"]
    async with world.marketplace.works.open() as work:
        claim = await work.fetch_row("SELECT state, accepted_minor FROM claim")
    assert tuple(claim or ()) == ("ACCEPTED", 40)
    assert await audit(world) == ["acceptClaim"]
    await page.ask("document.getElementById('blocks-tab').click()")
    assert await page.ask("[...document.querySelectorAll('#blocks-list .told')].map((row) => row.innerText)") == [
        "Centro, 11:00 to 15:00\n2 of 2 places taken, 1 driver waits, 1 of 2 came",
        "Centro, 18:00 to 22:00\n1 of 4 places taken, 3 open",
        "Old town, Tue, Mar 3 11:00 to 14:00\n0 of 3 places taken, 3 open",
    ]
    await page.ask("document.querySelector('#blocks-list li:last-child button').click()")
    await page.until("document.querySelector('.leaflet-popup .card h3')?.textContent === 'Old town'")
    await page.keep_picture("ops-zone-block", after_s=NEXT_READING_S)
    await page.ask("document.querySelector('#blocks-list button').click()")
    await page.until("document.querySelector('.leaflet-popup .card h3')?.textContent === 'Centro'")
    await page.keep_picture("ops-blocks-desktop", after_s=NEXT_READING_S)
    await page.resize(width=390, height=844)
    await page.ask("document.getElementById('blocks-tab').click()")
    await page.keep_picture("ops-blocks-phone", after_s=NEXT_READING_S)
    assert page.complaints == []


async def test_an_area_is_drawn_paused_and_taken_back(console: tuple[Page, World]) -> None:
    page, world = console

    await page.press("z")
    await page.until("!document.getElementById('drawing').hidden")
    await page.press("j")
    await page.press(" ")
    for x, y in ((520, 420), (560, 560), (640, 600)):
        await click(page, x, y)
    await page.press("Backspace")
    await page.keep_picture("ops-drawing-desktop")
    await page.press("Enter")
    await page.until(IS_ASKED)
    await write(page, "reason", "a procession")
    await page.keep_picture("ops-drawn-desktop")
    await send(page)
    await page.until(f"{TOASTS}.some((told) => told.endsWith('paused'))")
    await page.until("document.querySelectorAll('.drawn-area').length === 0")
    await page.press("u")
    await page.until(f"{TOASTS}.includes('The zone goes on')")
    await page.press("z")
    await page.press("Escape")
    hidden = await page.ask("document.getElementById('drawing').hidden")
    await page.press("z")
    for x, y in ((300, 300), (700, 300), (700, 700)):
        await click(page, x, y)
    await page.press("Enter")
    await page.until(IS_ASKED)
    await page.ask(change("ask-use", "AREA"))
    await send(page)
    await page.until(f"{TOASTS}.includes('The market serves within the area that you drew')")
    await page.press("u")
    await page.until(f"{TOASTS}.includes('The market serves as it did before')")

    assert hidden is True
    assert await page.ask(f"{CHOSEN} ?? null") is None
    assert await audit(world) == ["pauseZone", "resumeZone", "setServiceArea", "setServiceArea"]
    assert page.complaints == []


async def click(page: Page, x: int, y: int) -> None:
    """Clicks somewhere."""
    for kind in ("mousePressed", "mouseReleased"):
        await page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


async def test_figures_over_days_are_drawn_told_and_saved(console: tuple[Page, World]) -> None:
    page, world = console
    await page.press("v")
    await page.until("document.getElementById('charts-note').textContent.startsWith('Nothing was counted')")
    await page.keep_picture("ops-figures-empty")
    await make_days(world)

    await page.ask(change("charts-span", "7"))
    await page.until(f"{HEADS}.length === 12")

    heads = await page.ask(f"{HEADS}.slice(0, 4)")
    assert await page.pale_texts() == {"light": [], "dark": []}
    assert heads == ["150 delivered", "$2,407 a delivery", "89.3 % on time", "82 % within the spread"]
    assert await page.ask("document.querySelectorAll('.kpi .chart[aria-label*=\"The table below\"]').length") == 12
    assert await page.ask("document.querySelectorAll('#charts-rows tr').length") == 3
    assert await page.ask("document.querySelector('.chart .hint title').textContent") == "Feb 24: nothing counted"
    for name, width, height in (("desktop", 1280, 800), ("phone", 390, 844)):
        await page.resize(width=width, height=height)
        await page.keep_picture(f"ops-figures-{name}")
        assert await page.ask("document.querySelector('.charts-body').scrollWidth") <= width
    await page.resize(width=1280, height=800)
    await page.ask("document.getElementById('charts-table-part').open = true")
    await page.ask("document.getElementById('charts-table-part').scrollIntoView()")
    await page.keep_picture("ops-figures-table")
    await page.ask(change("charts-by", "HUB"))
    await page.until("document.querySelectorAll('.name-bars').length === 10")
    await page.keep_picture("ops-figures-hubs")
    assert await page.ask("document.querySelector('.name-bars').innerText") == "Centro\n103\nPuerto\n53"
    await page.ask("document.getElementById('charts-file').click()")
    await page.until("performance.getEntriesByType('resource').some(({name}) => name.includes('.csv?from=2026-02-24'))")
    assert page.complaints == []


def change(field: str, value: str) -> str:
    """What chooses an option, as the reader does."""
    chosen = f"Object.assign(document.getElementById('{field}'), {{value: '{value}'}})"
    return f"{chosen}.dispatchEvent(new Event('change', {{bubbles: true}}))"
