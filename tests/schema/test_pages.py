"""The live map in a real browser: it shows the market, hears its events, and keeps tokens and markup in their place."""

import math
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from uuid import UUID

import pytest

import marketplace
from marketplace.accounts import PrincipalKind, Tokens, add_operator, open_session
from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import Links, notify
from marketplace.batches.events import DeliveryChanged, DeliveryDelivered, DeliveryExpired
from marketplace.core.clock import ManualClock
from marketplace.core.events import Event
from marketplace.core.ids import to_wire
from marketplace.core.settings import Mode, Settings
from marketplace.core.work import Works
from marketplace.offers.events import OfferSent
from marketplace.routes.line import write_line
from schema.asgi import build_app
from schema.site import PAGES
from tests.builders import make_market
from tests.schema.browser import Browser, Page, find_browser, open_browser
from tests.schema.conftest import Api, TestMarketplace
from tests.schema.live import EMAIL, EVIL_NAME, IS_LIVE, World, open_world
from tests.waiting import until

FEED = "[...document.querySelectorAll('#feed .told')].map((row) => row.textContent)"
FIGURES = (
    "Object.fromEntries([...document.querySelectorAll('#figures .figure')].map("
    "(one) => [one.querySelector('dt').textContent, one.querySelector('.value').textContent]))"
)


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
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that knows nothing yet."""
    async with browser.page() as page:
        yield page


@pytest.fixture
async def world(committed_works: Works, fresh_url: str, city: CityPack) -> AsyncIterator[World]:
    """A market with a little of everything, and its streams."""
    async with open_world(committed_works, fresh_url, city) as world:
        yield world


@pytest.fixture
async def served(world: World) -> AsyncIterator[World]:
    """The market, answered for on loopback."""
    async with world.serving():
        yield world


@pytest.fixture
async def live(page: Page, served: World) -> Page:
    """The map of the market, open and live."""
    await page.open(served.signed_in_url)
    await page.until(IS_LIVE)
    return page


async def test_the_map_shows_figures_drivers_and_what_waits(live: Page) -> None:
    await live.until("document.querySelectorAll('#drivers-list li').length === 3")

    figures = await live.ask(FIGURES)
    assert {name: figures[name] for name in ("Waiting", "Drivers available", "Drivers engaged", "Earned")} == {
        "Waiting": "2",
        "Drivers available": "2",
        "Drivers engaged": "1",
        "Earned": "$0",
    }
    assert await live.ask("document.getElementById('waiting-tally').textContent") == "2"
    assert await live.ask("document.getElementById('market-name').textContent") == "La Serena"
    assert await live.ask("document.getElementById('clock').textContent.slice(0, 5)") == "12:00"
    assert await live.ask("document.querySelector('.credit').textContent") == (
        "Generated grid, no real streets. Generated city, no real streets"
    )


async def test_the_page_complains_of_nothing_and_asks_nobody_else(live: Page, served: World) -> None:
    await live.until("document.querySelectorAll('canvas.leaflet-tile-loaded').length > 0")

    assert live.complaints == []
    assert live.hosts == {f"127.0.0.1:{served.port}"}


async def test_the_token_leaves_the_address_bar_and_never_enters_an_address(live: Page, served: World) -> None:
    # The browser tells the address that the reader opened with its fragment, which is sent to nobody.
    sent = [address.partition("#")[0] for address in live.addresses]

    assert await live.ask("location.href") == f"{served.url}ops"
    assert not any(served.session.access_token in address for address in sent)


async def test_names_are_text_whatever_they_contain(live: Page, served: World) -> None:
    await served.publish(served.came_online(EVIL_NAME))
    await live.until(f"{FEED}.length === 1")
    await live.until("document.querySelectorAll('#drivers-list li').length === 3")
    await live.ask("[...document.querySelectorAll('#drivers-list button')].at(0).click()")
    await live.until("document.querySelector('.card h3') !== null")

    assert await live.ask("document.querySelector('.card h3').textContent") == EVIL_NAME
    assert await live.ask(FEED) == [f"{EVIL_NAME} came online"]
    assert await live.ask("document.querySelectorAll('#panel img, .card img').length") == 0
    assert await live.ask("document.title") == "La Serena, operations, Doorstep"


async def test_events_are_told_in_plain_words_and_those_of_one_moment_together(live: Page, served: World) -> None:
    market_id, drivers = served.market_id, served.driver_ids
    offers = [
        OfferSent(
            market_id=market_id,
            offer_id=UUID(int=number),
            route_id=served.route_id,
            driver_id=driver_id,
            wave_number=1,
            pay_minor=5_200,
            currency="CLP",
            expires_at=served.now,
        )
        for number, driver_id in enumerate(drivers.values(), start=1)
    ]
    await served.publish(*offers)
    await served.publish(delivered(served, is_on_time=True), delivered(served, is_on_time=False))

    await live.until(f"{FEED}.length === 3")

    assert await live.ask(FEED) == [
        "Ana Rojas delivered late",
        "Ana Rojas delivered on time",
        "Route offered to 3 drivers for $5,200",
    ]


def delivered(world: World, *, is_on_time: bool) -> DeliveryDelivered:
    return DeliveryDelivered(
        market_id=world.market_id,
        shipper_id=UUID(int=1),
        delivery_id=UUID(int=2),
        batch_id=UUID(int=3),
        sequence=9,
        state="DELIVERED",
        route_id=world.route_id,
        driver_id=world.driver_ids["Ana Rojas"],
        occurred_at=world.now,
        is_on_time=is_on_time,
    )


async def test_an_event_brings_the_figures_up_to_date(live: Page, served: World) -> None:
    async with served.marketplace.works.open() as work:
        await work.execute("UPDATE presence SET state = 'PAUSED' WHERE driver_id = $1", served.driver_ids[EVIL_NAME])

    await served.publish(served.came_online("Bruno Araya"))

    await live.until(f"({FIGURES})['Drivers available'] === '1'")


async def test_a_paused_feed_keeps_what_happens_until_it_goes_on(live: Page, served: World) -> None:
    await live.ask("document.getElementById('pause').click()")
    await served.publish(served.came_online("Ana Rojas"))
    await live.until("document.getElementById('feed-note').textContent === 'Paused, 1 new event'")

    while_paused = await live.ask(FEED)
    await live.ask("document.getElementById('pause').click()")

    assert while_paused == []
    assert await live.ask(FEED) == ["Ana Rojas came online"]


async def test_what_happened_while_the_server_was_away_is_told_once(
    page: Page, world: World, clock: ManualClock
) -> None:
    async with world.serving():
        await page.open(world.signed_in_url)
        await page.until(IS_LIVE)
        await world.publish(world.came_online("Ana Rojas"))
        await page.until(f"{FEED}.length === 1")
    await page.until("document.getElementById('connection-text').textContent === 'Reconnecting'")
    clock.advance(seconds=60)
    await world.publish(world.came_online("Bruno Araya"))

    async with world.serving():
        await page.until(IS_LIVE)
        await page.until(f"{FEED}.length === 2")
        await world.publish(delivered(world, is_on_time=True))
        await page.until(f"{FEED}.length === 3")

    assert await page.ask(FEED) == ["Ana Rojas delivered on time", "Bruno Araya came online", "Ana Rojas came online"]


async def test_an_operator_signs_in_by_mail_and_signs_out(page: Page, served: World) -> None:
    inbox = served.marketplace.notifier
    assert isinstance(inbox, InboxNotifier)
    await page.open(served.url)
    await page.until("!document.getElementById('sign-in').hidden")
    await page.keep_picture("sign-in", after_s=1.0)
    await submit(page, "ask-code", "address", EMAIL)
    await page.until("!document.getElementById('send-code').hidden")
    await until(lambda: len(inbox.messages) == 1)
    [code] = re.findall(r"\b\d{6}\b", inbox.messages[0].text)

    await submit(page, "send-code", "code", code)
    await page.until(IS_LIVE)
    await page.ask("document.getElementById('sign-out').click()")
    await page.until("document.getElementById('sign-in-problem')?.textContent === 'You have signed out.'")

    assert await page.ask("sessionStorage.getItem('doorstep.session')") is None
    assert await page.ask("document.getElementById('panel').hidden") is True
    assert page.complaints == []


async def test_an_operator_of_all_markets_picks_one_from_a_list(page: Page, served: World) -> None:
    works = served.marketplace.works
    tokens = Tokens(served.marketplace.settings.secret.get_secret_value())
    async with works.open() as work:
        elsewhere = await make_market(work, name="Ovalle")
        chief = await add_operator(work, name="Clara", email="clara@example.com", market_id=None)
        session = await open_session(work, kind=PrincipalKind.OPERATOR, principal_id=chief, tokens=tokens)
    await page.open(f"{served.url}#token={session.access_token}")
    await page.until("!document.getElementById('choose-market').hidden")

    offered = await page.ask("[...document.querySelectorAll('#market-id option')].map((one) => one.textContent)")
    await submit(page, "choose-market", "market-id", to_wire("market", elsewhere.id))
    await page.until(IS_LIVE)

    assert offered == [
        "La Serena: 1 route driven, 2 deliveries wait",
        "Ovalle: 0 routes driven, 0 deliveries wait",
    ]
    assert await page.ask("document.getElementById('market-name').textContent") == "Ovalle"


async def test_the_feed_begins_with_what_happened_before(page: Page, served: World) -> None:
    await served.publish(served.came_online("Ana Rojas"))

    await page.open(served.signed_in_url)
    await page.until(IS_LIVE)
    await page.until(f"{FEED}.length === 1")

    assert await page.ask(FEED) == ["Ana Rojas came online"]


LINES = """
(async () => {
  const { drawRoute } = await import("/static/lines.js");
  const strokes = [];
  let dashes = [], points = [];
  const pen = {
    setLineDash: (given) => { dashes = given; },
    beginPath: () => { points = []; },
    lineTo: (x, y) => points.push([Math.round(x), Math.round(y)]),
    stroke: () => strokes.push({ dashes, points, width: pen.lineWidth }),
    ...Object.fromEntries(["save", "restore", "translate", "rotate", "moveTo"].map((name) => [name, () => {}])),
  };
  const place = (lat, lon) => ({ x: lon * 10, y: -lat * 10 });
  const onCanvas = (x, y) => place(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180 / Math.PI, (x - 0.5) * 360);
  const stop = (lat, lon, path, state = "PENDING") => ({ lat, lon, path, state });
  const route = { state: "STARTED", stops: [ROUTE] };
  drawRoute(pen, route, { place, onCanvas, scale: 1, driverAt: { x: 2, y: 10 }, isChosen: false, isFaint: false });
  return strokes.filter(({ points }) => points.length > 1);
})()
"""


async def test_a_route_is_drawn_along_streets_and_dashed_where_none_are_known(live: Page) -> None:
    first, second = write_line(((0, 0), (-1, 0), (-1, 1))), write_line(((-1, 1), (-3, 1), (-3, 3)))
    known = f'stop(0, 0, null, "COMPLETED"), stop(-1, 1, "{first}", "EN_ROUTE"), stop(-3, 3, "{second}")'
    unknown = 'stop(0, 0, null, "COMPLETED"), stop(-1, 1, null, "EN_ROUTE"), stop(-3, 3, null)'

    along_streets = await live.ask(LINES.replace("ROUTE", known))
    straight = await live.ask(LINES.replace("ROUTE", unknown))

    # What comes after the next stop is thin; what is left of the way to it begins at the driver, and is bold.
    ahead, casing, bold = along_streets
    assert (ahead["points"], ahead["dashes"]) == ([[10, 10], [10, 30], [30, 30]], [])
    assert bold["points"] == casing["points"] == [[2, 10], [2, 10], [10, 10]]
    assert (bold["dashes"], bold["width"] > ahead["width"]) == ([], True)
    assert [line["points"] for line in straight] == [[[10, 10], [30, 30]], [[2, 10], [10, 10]]]
    assert all(line["dashes"] for line in straight)


async def test_the_page_reads_lines_as_they_are_written(live: Page) -> None:
    shape = ((-29.90453, -71.24894), (-29.9051, -71.2521), (-29.94, -71.28))
    read = "import('/static/ways.js').then(({ pointsOf }) => [...pointsOf('LINE')])"

    points = await live.ask(read.replace("LINE", write_line(shape).replace("\\", "\\\\")))

    assert [x * 360 - 180 for x in points[::2]] == pytest.approx([lon for _, lon in shape], abs=1e-6)
    lats = [math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y)))) for y in points[1::2]]
    assert lats == pytest.approx([lat for lat, _ in shape], abs=1e-6)


async def test_a_wrong_code_is_said_and_can_be_tried_again(page: Page, served: World) -> None:
    await page.open(served.url)
    await page.until("!document.getElementById('sign-in').hidden")
    await submit(page, "ask-code", "address", EMAIL)
    await page.until("!document.getElementById('send-code').hidden")

    await submit(page, "send-code", "code", "000000")
    await page.until("document.getElementById('sign-in-problem').textContent !== ''")

    assert await page.ask("document.getElementById('send-code').hidden") is False


async def submit(page: Page, form: str, field: str, value: str) -> None:
    await page.ask(f"document.getElementById('{field}').value = '{value}'")
    await page.ask(f"document.getElementById('{form}').requestSubmit()")


async def test_an_access_token_that_has_ended_is_renewed(page: Page, served: World) -> None:
    parts = (
        f"{{marketId: '{to_wire('market', served.market_id)}', accessToken: 'ended',"
        f" refreshToken: '{served.session.refresh_token}'}}"
    )
    await page.open(f"{served.url}static/icon.svg")
    await page.until("document.documentElement.nodeName === 'svg'")
    await page.ask(f"sessionStorage.setItem('doorstep.session', JSON.stringify({parts}))")

    await page.open(served.url)

    await page.until(IS_LIVE)
    await page.until("document.querySelectorAll('#drivers-list li').length === 3")


async def test_everything_on_the_map_is_reached_by_keyboard(live: Page) -> None:
    await live.until("document.querySelectorAll('#drivers-list li').length === 3")
    await live.ask("document.getElementById('events-tab').focus()")
    await live.press("ArrowRight")
    on_tab = await live.ask("document.activeElement.id")
    await live.ask("document.querySelectorAll('#drivers-list button')[1].focus()")
    await live.ask("document.activeElement.click()")
    on_card = await live.ask("document.activeElement.querySelector('h3').textContent")
    await live.press("Escape")
    await live.until("document.querySelector('.card') === null")

    assert (on_tab, on_card) == ("drivers-tab", "Ana Rojas")
    assert await live.ask("document.activeElement.querySelector('.title')?.textContent") == "Ana Rojas"


async def test_a_narrow_phone_shows_map_figures_and_a_drawer(page: Page, served: World) -> None:
    await page.resize(width=360, height=640)
    await page.open(served.signed_in_url)
    await page.until(IS_LIVE)
    closed = await page.ask("document.getElementById('map').clientHeight")

    await page.ask("document.getElementById('handle').click()")
    await page.until(f"document.getElementById('map').clientHeight < {closed}")

    assert await page.ask("document.documentElement.scrollWidth") == 360
    assert closed > 640 / 2
    assert await page.ask("document.getElementById('handle').getAttribute('aria-expanded')") == "true"


async def test_the_inbox_shows_what_was_said_and_why_newest_first_and_by_reader(
    page: Page, served: World, clock: ManualClock
) -> None:
    external_id = await tells_of_a_delivery(served, clock)

    await page.open(served.signed_in_url.replace("/ops#", "/inbox#"))
    await page.until(IS_LIVE)
    await page.until("document.querySelectorAll('.message').length === 3")
    texts = await page.ask("[...document.querySelectorAll('.message .text')].map((text) => text.textContent)")
    link = await page.ask("document.querySelector('.message a').getAttribute('href')")
    await page.call("Page.bringToFront")
    await page.ask("document.querySelector('[value=recipient]').click()")
    shown = "[...document.querySelectorAll('.message:not([hidden]) .to b')].map((reader) => reader.textContent)"

    assert [text.partition(" ")[0] for text in texts].count("Delivery") == 2
    assert texts[0].startswith(f"Delivery {external_id} ")
    assert "handed over" in texts[2]
    assert re.fullmatch(r"/t/trk_[\w-]{22,}", link)
    assert await page.ask(shown) == ["Recipient"]
    assert await page.ask("document.getElementById('tally').textContent") == "1 message"
    assert page.complaints == []
    assert page.hosts == {f"127.0.0.1:{served.port}"}
    await page.ask("document.querySelector('[name=audience]').click()")
    for name, width in (("wide", 1280), ("phone", 390)):
        await page.resize(width=width, height=760)
        await page.keep_picture(f"inbox-{name}")


async def test_a_phone_reads_the_inbox_without_scrolling_sideways(
    page: Page, served: World, clock: ManualClock
) -> None:
    await tells_of_a_delivery(served, clock)
    await page.resize(width=360, height=640)

    await page.open(served.signed_in_url.replace("/ops#", "/inbox#"))
    await page.until("document.querySelectorAll('.message').length === 3")

    assert await page.ask("document.documentElement.scrollWidth") == 360
    assert await page.ask("document.getElementById('inbox').scrollWidth") <= 360


async def tells_of_a_delivery(world: World, clock: ManualClock) -> str:
    """Says of a delivery that it was handed over, to its recipient, and then to others that it found no driver."""
    works = world.marketplace.works
    async with works.read() as connection:
        row = await connection.fetchrow(
            "SELECT * FROM delivery WHERE market_id = $1 ORDER BY id LIMIT 1", world.market_id
        )
    assert row is not None
    about = {
        "market_id": world.market_id,
        "shipper_id": row["shipper_id"],
        "delivery_id": row["id"],
        "batch_id": row["batch_id"],
    }
    async with works.open() as work:
        phones = "UPDATE delivery SET recipient_phone = '+56911111111', pickup_phone = '+56922222222' WHERE id = $1"
        await work.execute(phones, row["id"])
        handed_over = replace(delivered(world, is_on_time=True), **about, sequence=2)
        work.emit(handed_over)
        work.emit(DeliveryExpired(**about, sequence=3, state="EXPIRED", reason="NO_SUPPLY"))
    async with works.read() as connection:
        events = await connection.fetch(
            "SELECT id FROM event WHERE delivery_id = $1 AND name LIKE 'Delivery%' ORDER BY name", row["id"]
        )
    links = Links(tokens=Tokens(world.marketplace.settings.secret.get_secret_value()), public_url="http://elsewhere")
    for event in events:
        clock.advance(seconds=60)
        await notify(works, notifier=InboxNotifier(), links=links, event_id=event["id"])
    return str(row["external_id"])


async def test_production_has_no_inbox_and_its_map_leads_to_none(works: Works) -> None:
    answers = {}
    for mode in Mode:
        http = Api(build_app(TestMarketplace(settings=Settings(mode=mode), works=works))).http
        answers[mode] = ((await http.get("/inbox")).status_code, 'href="/inbox"' in (await http.get("/ops")).text)

    assert answers == {Mode.PRODUCTION: (404, False), Mode.DEVELOPMENT: (200, True)}


async def test_only_ready_made_operations_of_operations_are_handed_out(marketplace: TestMarketplace) -> None:
    api = Api(build_app(marketplace))

    found = await api.http.get("/static/documents/live_drivers.graphql")
    answers = [
        (await api.http.get(f"/static/documents/{name}.graphql")).status_code
        for name in ("accept_offer", "nothing", "..%2f..%2fschema", "%2e%2e")
    ]

    assert found.text.startswith("query LiveDrivers(")
    assert found.headers["cache-control"] == "no-cache"
    assert (await api.http.get("/static/main.js")).headers["cache-control"] == "no-cache"
    assert answers == [404] * 4


def test_every_event_has_its_words_or_is_left_out_on_purpose() -> None:
    words = (PAGES / "words.js").read_text(encoding="utf-8")
    named = re.findall(r"^  ([A-Z]\w+): (?:null|\{)", words, re.MULTILINE)
    told = [
        name
        for path in Path(marketplace.__file__).parent.glob("*/events.py")
        for name, event in vars(import_module(f"marketplace.{path.parent.name}.events")).items()
        if isinstance(event, type) and issubclass(event, Event) and event not in {Event, DeliveryChanged}
    ]

    assert sorted(named) == sorted(told)


FILES = sorted(str(path.relative_to(PAGES)) for path in PAGES.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", FILES)
def test_a_page_file_names_no_other_host_and_writes_no_markup(name: str) -> None:
    text = (PAGES / name).read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert not re.search(r"https?://|//[a-z]+\.", text)
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|style=", text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_reads_on_what_is_behind_it(scheme: str) -> None:
    light, _, dark = (PAGES / "look.css").read_text(encoding="utf-8").partition("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))
    tones = ("good", "wait", "move", "stay", "bad", "quiet")

    pairs = [(text, behind) for text in ("ink", "ink-soft", "brand", *tones) for behind in ("surface", "sunken")]
    pairs += [("on-tone", tone) for tone in (*tones, "brand")]
    pairs += [(text, "ground") for text in ("ink", "ink-soft", "brand", "road-name")]
    unreadable = {pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5}
    # Badges are written in their tone on a breath of it, rows that are wrong in red on less.
    badges = {tone for tone in tones if contrast(colours[tone], mixed(colours[tone], colours["surface"], 0.12)) < 4.5}
    # What is no text, such as the line of a chart or the ring around what has the focus, needs less.
    pale = {line for line in ("focus", *tones) if contrast(colours[line], colours["surface"]) < 3}

    assert (unreadable, badges, pale) == (set(), set(), set())


def mixed(one: str, other: str, share: float) -> str:
    """A share of one colour in another, as `color-mix(in srgb, …)` makes it."""
    parts = ((int(one[start : start + 2], 16), int(other[start : start + 2], 16)) for start in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in parts)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines."""
    dim, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
