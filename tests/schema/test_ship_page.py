"""The page of small shippers in a real browser: a file with bad rows is shown, quoted, posted in part, and followed."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from marketplace.accounts import create_api_key
from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.core.ids import ShipperId
from marketplace.core.work import Works
from tests.schema.browser import Page, find_browser, open_browser
from tests.schema.live import World, open_world

HEAD = "reference,hub,address,lat,lon,opens,closes,weight_g,requirements"
WINDOW = "2026-03-02T15:00,2026-03-02T18:00"
FILE = "\r\n".join(
    [
        HEAD,
        f'order-1,Centro,"Avenida del Mar 1, casa 2",-29.94,-71.28,{WINDOW},1200,PHOTO_AT_DROPOFF|HEAVY',
        f"order-2,Centro,Calle 2,-29.95,-71.29,{WINDOW},a lot,",
        f"order-3,Centro,Calle 3,-29.95,-71.29,{WINDOW},900,",
        f"order-4,Centro,Calle 4,,,{WINDOW},900,",
    ]
)
PROBLEMS = "[...document.querySelectorAll('#rows tr')].map((row) => row.lastElementChild.textContent)"
TOLD = "[...document.querySelectorAll('#rows tr:first-child .told li')].map((one) => one.textContent)"
FOLLOWED = "[...document.querySelectorAll('#deliveries tr')].map((row) => row.textContent)"


@pytest.fixture
async def desk(
    committed_works: Works, fresh_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Page, World, str]]:
    """The page, a market, and the key of a shipper in it."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    city: CityPack = make_grid_city(tmp_path / "city", blocks=6)
    folder = tmp_path_factory.mktemp("browser")
    async with open_world(committed_works, fresh_url, city) as world, world.serving():
        async with committed_works.open() as work:
            shipper_id = await work.fetch_value("SELECT id FROM shipper")
            key = await create_api_key(work, shipper_id=ShipperId(shipper_id))
        async with open_browser(path, folder) as browser, browser.page() as page:
            await page.open(f"{world.url}ship")
            await page.until("!document.getElementById('sign-in').hidden")
            yield page, world, key.secret


async def sign_in(page: Page, key: str) -> None:
    """Signs in with a key."""
    await page.ask(f"document.getElementById('key').value = {orjson.dumps(key).decode()}")
    await page.ask("document.getElementById('key-form').requestSubmit()")


async def upload(page: Page, text: str) -> None:
    """Chooses a file of that text, as the reader would."""
    await page.ask(
        "(() => { const files = new DataTransfer();"
        f" files.items.add(new File([{orjson.dumps(text).decode()}], 'orders.csv'));"
        " const file = document.getElementById('file'); file.files = files.files;"
        " file.dispatchEvent(new Event('change')); })()"
    )


async def test_good_rows_are_posted_when_that_is_chosen_and_bad_ones_say_why(desk: tuple[Page, World, str]) -> None:
    page, world, key = desk
    await sign_in(page, key)
    await page.until("!document.getElementById('desk').hidden")
    await upload(page, FILE)
    await page.until(f"{PROBLEMS}.length === 4")
    before = await page.ask(PROBLEMS)

    await page.ask("document.getElementById('quote').click()")
    await page.until("!document.getElementById('post').hidden")
    quoted = await page.ask(PROBLEMS)
    told = await page.ask(TOLD)
    await page.keep_picture("ship-quoted-desktop")
    async with world.marketplace.works.open() as work:
        posted_before = await work.fetch_value("SELECT count(*) FROM delivery WHERE external_id LIKE 'order-_'")
    await page.ask("document.getElementById('post').click()")
    await page.until(f"{FOLLOWED}.some((row) => row.startsWith('order-1'))")
    await page.keep_picture("ship-followed-desktop")
    await page.resize(width=390, height=844)
    await page.keep_picture("ship-phone")

    assert before == ["", "weight_g is a whole number", "", ""]
    assert quoted[:3] == ["", "weight_g is a whole number", ""]
    assert quoted[3].startswith("dropoff.lat: a quote needs lat and lon")
    assert told[0].startswith("From Centro, ")
    assert told[1:] == ["Heavy: only drivers and vehicles with it.", "Photo at drop-off."]
    assert posted_before == 0
    async with world.marketplace.works.open() as work:
        rows = await work.fetch("SELECT external_id FROM delivery WHERE external_id LIKE 'order-_' ORDER BY 1")
    assert [row["external_id"] for row in rows] == ["order-1", "order-3"]
    assert await page.ask("document.querySelector('#deliveries a').getAttribute('href').startsWith('/t/')")
    assert await page.ask("document.documentElement.scrollWidth") == 390
    await repeat_what_was_posted(page)
    await claim_for_what_failed(page, world)
    assert await page.pale_texts() == {"light": [], "dark": []}
    assert page.complaints == []


async def repeat_what_was_posted(page: Page) -> None:
    """Has the posted rows repeated on two days of the week, leaves a day out, pauses, resumes and ends it."""
    previewed = "[...document.querySelectorAll('#repeat-shown li')].map((one) => one.textContent)"
    said = "document.getElementById('recurring-said').textContent"
    press = (
        "[...document.querySelectorAll('#recurring button')].find((one) => one.textContent.startsWith({!r})).click()"
    )
    await page.ask("document.getElementById('repeat').click()")
    await page.until(f"{previewed}.length === 10")
    for choice in ("CHOSEN", "TH"):
        await page.ask(f"document.querySelector('#repeat-new [value={choice}]').click()")
    await page.until(f"{previewed}[0]?.startsWith('Thu, Mar 5, posted') && {previewed}[1].startsWith('Mon, Mar 9')")
    await page.keep_picture("ship-repeat-phone", is_whole=True)
    assert await page.ask("document.documentElement.scrollWidth") == 390
    assert await page.pale_texts() == {"light": [], "dark": []}
    await page.ask("document.querySelector('.repeat-form').requestSubmit()")
    await page.until(f"{said} === 'orders is set up.'")

    assert await page.ask("document.querySelector('#recurring p').textContent") == (
        "Every Monday and Thursday. 2 deliveries each day."
    )
    for button, told in (
        ("Skip Thu, Mar 5", "orders leaves out Thu, Mar 5."),
        ("Pause", "orders is paused."),
        ("Resume", "orders goes on."),
        ("End", "End orders for good? What was posted goes its way."),
    ):
        await page.ask(press.format(button))
        await page.until(f"{said} === {told!r}")
    await page.keep_picture("ship-recurring-phone", is_whole=True)
    await page.resize(width=1280, height=800)
    await page.keep_picture("ship-recurring-desktop", is_whole=True)
    assert await page.ask("document.querySelector('#recurring .days').lastChild.textContent") == (
        "Last daysThu, Mar 5 Skipped you left it out"
    )
    assert await page.ask("document.activeElement.id.startsWith('recurring-rcb_')") is True
    await page.ask(press.format("End for good"))
    await page.until(f"{said} === 'orders has ended.'")
    assert await page.ask("document.querySelectorAll('#recurring button').length") == 0


async def claim_for_what_failed(page: Page, world: World) -> None:
    """Opens a claim beside a delivery that failed, and sees its file."""
    async with world.marketplace.works.open() as work:
        await work.execute("UPDATE delivery SET state = 'FAILED' WHERE external_id = 'order-1'")
    await page.resize(width=1280, height=800)
    await page.ask("document.getElementById('batch').dispatchEvent(new Event('change'))")
    await page.until("document.querySelector('#deliveries button') !== null")
    await page.ask("document.querySelector('#deliveries button').click()")
    for field, value in (("claim-kind", "MISSING"), ("claim-amount", "9000"), ("claim-text", "It never came")):
        await page.ask(f"document.getElementById({field!r}).value = {value!r}")
    await page.keep_picture("ship-claim-form", is_whole=True)
    await page.ask("document.querySelector('.claim-form button').click()")
    await page.until("document.getElementById('claims-said').textContent === 'Your claim was sent.'")
    await page.ask("document.querySelector('#claims details').open = true")
    await page.keep_picture("ship-claims", is_whole=True)
    assert await page.ask("document.querySelector('#claims summary').textContent") == (
        "order-1. Did not come: the claim is being looked at. $9,000 asked."
    )
    assert await page.ask("document.querySelector('#claims .words').textContent") == "It never came"


async def test_what_is_no_file_of_deliveries_is_said_before_anything_is_sent(desk: tuple[Page, World, str]) -> None:
    page, _world, key = desk
    problem = "document.getElementById('file-problem').textContent"
    await sign_in(page, "sk_live_nothing")
    await page.until("document.getElementById('sign-in-problem').textContent !== ''")
    await sign_in(page, key)
    await page.until("!document.getElementById('desk').hidden")

    await upload(page, "a,b\n1,2")
    await page.until(f"{problem}.startsWith('The first line names the columns; missing: reference')")
    await upload(page, HEAD + "\n" + "x\n" * 1_001)
    await page.until(f"{problem} === 'A file has at most 1000 rows; post it in parts.'")
    await upload(page, "x" * 1_000_001)

    await page.until(f"{problem} === 'The file is larger than 1 MB; post it in parts.'")
    assert await page.ask("document.getElementById('rows-part').hidden") is True
