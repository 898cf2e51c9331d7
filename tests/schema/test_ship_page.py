"""The page of small shippers in a real browser: a file with bad rows is shown, quoted, posted in part, and followed."""

from collections.abc import AsyncIterator
from datetime import date, time
from pathlib import Path

import orjson
import pytest

from marketplace.accounts import create_api_key
from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.core.ids import ShipperId
from marketplace.core.work import Works
from marketplace.goals import Goal, Metric, set_experience_goal
from marketplace.hubs import Opening, set_hub_opening
from marketplace.reservations import Terms, reserve_capacity
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


RULES = {
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "Every weekday, Monday to Friday",
    "FREQ=WEEKLY;COUNT=3": "Every Tuesday, 3 times in all",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU": "Every 2 weeks on Saturday and Sunday",
    "FREQ=DAILY;UNTIL=20260405T120000": "Every day, until Sun, Apr 5",
    "FREQ=MONTHLY;BYMONTHDAY=15,-1": "Every month on day 15 and its last day",
    "FREQ=MONTHLY;BYDAY=2TU": "By the rule FREQ=MONTHLY;BYDAY=2TU",
}
QUOTED = {
    "parts": [
        {"hubId": "hub_1", "items": [{"sku": "milk", "quantity": 2}], "distanceM": 1_250, "priceMinor": 900},
        {"hubId": "hub_2", "items": [{"sku": "bread", "quantity": 1}], "distanceM": 400, "priceMinor": 700},
    ],
    "rural": {
        "name": "Valle",
        "window": {"opensAt": "2026-03-05T13:00:00Z", "closesAt": "2026-03-05T17:00:00Z"},
        "surchargeMinor": 1_500,
    },
    "requirements": [
        {"requirement": "COLD", "isOfSector": True, "choosesDriver": True, "serviceS": 180, "surchargeMinor": 250}
    ],
    "outOfColdLimitS": 1_800,
    "palletPlaces": 2,
}


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
            mine = {"market_id": world.market_id, "shipper_id": shipper_id}
            kept = Terms(
                first_day=date(2026, 3, 3), weekdays=frozenset({2, 4}), places=3, opens=time(8), closes=time(12)
            )
            hub_id = await work.fetch_value("SELECT id FROM hub")
            opening = Opening(places_per_day=100, notice_s=0)
            await set_hub_opening(work, market_id=world.market_id, hub_id=hub_id, opening=opening)
            await reserve_capacity(work, hub_id=hub_id, terms=kept, **mine)
            await set_experience_goal(work, goal=Goal(metric=Metric.ON_TIME, target=95), **mine)
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
    assert await page.ask("[...document.querySelectorAll('#places tr')].map((row) => row.textContent)") == [
        f"{day}Centro, 08:00 to 12:00303" for day in ("Tue, Mar 3", "Thu, Mar 5", "Tue, Mar 10", "Thu, Mar 12")
    ]
    assert await page.ask("document.getElementById('goals').textContent") == (
        "Delivered on time over 28 daysFewer than 50at least 95%–0"
    )
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


async def test_rules_and_quoted_rows_are_said_in_words(desk: tuple[Page, World, str]) -> None:
    page, _world, _key = desk
    rules = await page.ask(
        "import('/static/ship/recurrence.js').then(({ ruleInWords }) =>"
        f" {orjson.dumps(list(RULES)).decode()}.map((rule) => ruleInWords(rule, '2026-03-03T09:00:00')))"
    )
    told = await page.ask(
        "Promise.all([import('/static/ship/quoted.js'), import('/static/wording.js')])"
        f".then(([{{ toldOf }}, {{ marketWording }}]) => toldOf({orjson.dumps(QUOTED).decode()}, {{"
        " wording: marketWording({ currency: 'CLP', timeZone: 'UTC' }),"
        " hubs: [{ id: 'hub_1', name: 'Centro' }, { id: 'hub_2', name: 'Norte' }] }))"
    )

    assert dict(zip(RULES, rules, strict=True)) == RULES
    assert told == [
        "From Centro, 2 × milk, 1.3 km, $900.",
        "From Norte, 1 × bread, 0.4 km, $700.",
        "Valle is served on Thu, Mar 5, 13:00 to 17:00: $1,500 of the price.",
        (
            "Cold: asked for by its sector, only drivers and vehicles with it, 3 minutes more at the door,"
            " $250 of the price."
        ),
        "At most 30 minutes out of the cold.",
        "Takes 2 pallet places.",
    ]
