"""The recipient's page in a real browser: four states, on a phone and a desk, in two languages, for eyes and ears.

With `DOORSTEP_PICTURES=folder` each state is also kept there as a picture, to be looked at.
"""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image

from marketplace.accounts import Tokens, create_tracking_link, revoke_tracking_links
from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.adapters.routers import StraightLineRouter
from marketplace.adapters.stripe_sandbox.server import running
from marketplace.app import open_pushes
from marketplace.collecting import settle_collection
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import DeliveryId, MarketId
from marketplace.core.notices import PUBLISHED, Notices
from marketplace.core.outbox import publish_events
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.hubs import DayHours, Opening, StockLine, reserve_stock
from marketplace.hubs.models import Hub
from marketplace.hubs.stock import Shelf
from marketplace.points import promise_places
from marketplace.routes import ObjectKey
from marketplace.routes.models import Proof
from marketplace.substitutions import Rule, SubstitutionRule, keep_rules, propose_substitute
from marketplace.tips import settle_tip
from marketplace.tracking import EventStreams
from schema.asgi import build_app
from schema.site import preferred_language
from tests.builders import make_driver
from tests.contracts.push_double import BrowserDouble
from tests.marketplace.collecting.world import make_store
from tests.marketplace.hubs.stock import keep
from tests.marketplace.payouts.world import make_operator
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.pictures import picture
from tests.payment_worlds import PaymentWorld, payment_world_at
from tests.schema.browser import Browser, Page, find_browser, open_browser
from tests.schema.conftest import Api, TestMarketplace
from tests.schema.live import LiveMarketplace
from tests.waiting import until

PIN = "481516"
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
HEADLINE = "document.getElementById('headline').textContent"
UNTRANSLATED = (
    "import('/static/claims.js').then(({ CLAIM_WORDS: { en, es } }) => Object.keys(en).filter((key) => !(key in es)))"
)
CLAIM_STATE = "document.getElementById('claim-state').textContent"
SHOW = """
(() => {
  const files = new DataTransfer();
  const picture = Uint8Array.from(atob("%s"), (one) => one.charCodeAt(0));
  files.items.add(new File([picture], "it.jpg", { type: "image/jpeg" }));
  document.getElementById("claim-pictures").files = files.files;
})()
"""
POINTS_STATE = "document.getElementById('points-state').textContent"
TIP_STATE = "document.getElementById('tip-state')?.textContent"
CONTROLS = {"button", "link", "textbox", "combobox", "radio", "checkbox", "application", "image", "img"}
TOO_SMALL = """
[...document.querySelectorAll("button, a[href], select, textarea, .stars label, .chips label")]
  .filter((node) => node.checkVisibility() && !node.matches(".skip"))
  .map((node) => [node.outerHTML.slice(0, 60), node.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44).map(([text]) => text)
"""
HEADINGS = (
    "[...document.querySelectorAll('h1, h2, h3')].filter((one) => one.checkVisibility()).map((one) => one.tagName)"
)


@dataclass(slots=True, kw_only=True)
class DoorMarketplace(LiveMarketplace):
    """The parts of a marketplace that the page needs."""

    router: StraightLineRouter


@dataclass(slots=True, kw_only=True)
class Door:
    """A recipient's delivery on a route of several, served on loopback, and what moves it."""

    marketplace: DoorMarketplace
    notices: Notices
    drive: Drive
    token: str
    url: str = ""

    @property
    def delivery_id(self) -> DeliveryId:
        return DeliveryId(self.drive.deliveries[1].id)

    async def publish(self) -> None:
        """Lets readers hear what has happened."""
        async with self.marketplace.works.open() as work:
            await publish_events(work, MarketId(self.drive.market.id))
        await self.notices.send(PUBLISHED, str(self.drive.market.id))

    async def ask_for_pin(self) -> None:
        """Has the recipient prove who they are."""
        async with self.marketplace.works.open() as work:
            await work.execute(
                "UPDATE delivery SET pin = $2, requirements = '{PIN_AT_DROPOFF}' WHERE id = $1", self.delivery_id, PIN
            )

    async def wait_at_point(self) -> str:
        """Has the parcel lie at a village store; the code with which it is collected."""
        async with self.marketplace.works.open() as work:
            point_id = await make_store(work, self.drive.market)
            whose = {"market_id": self.drive.market.id, "shipper_id": self.drive.shipper.id}
            made = await promise_places(work, **whose, point_of={self.delivery_id: point_id})
            await work.execute(
                "UPDATE delivery SET state = 'DELIVERED', point_id = $2 WHERE id = $1", self.delivery_id, point_id
            )
            await settle_collection(work, delivery_id=self.delivery_id)
        tokens = Tokens(self.marketplace.settings.secret.get_secret_value())
        return tokens.collection_code(made[self.delivery_id])

    async def take_picture(self) -> None:
        """Has a picture uploaded and named at the recipient's stop."""
        drawn = io.BytesIO()
        Image.new("RGB", (320, 240), "seagreen").save(drawn, "JPEG")
        key = ObjectKey.build("proofs", random_hex="0" * 32, digest_hex="1" * 32)
        await self.marketplace.object_store.put(key, drawn.getvalue())
        async with self.marketplace.works.open() as work:
            await Proof.create(
                using_db=work.db,
                id=work.new_id(),
                market_id=self.drive.market.id,
                stop_id=self.drive.stops[2].id,
                driver_id=self.drive.driver.id,
                kind="PHOTO",
                state="UPLOADED",
                object_key=key.text,
                created_at=work.now,
                named_at=work.now,
            )

    async def driver_at(self, lat: float, lon: float) -> None:
        """Puts the driver somewhere."""
        async with self.marketplace.works.open() as work:
            await work.execute(
                "UPDATE presence SET lat = $2, lon = $3, position_at = $4 WHERE driver_id = $1",
                *(self.drive.driver.id, lat, lon, work.now),
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
async def door(committed_works: Works, fresh_url: str, city: CityPack, clock: ManualClock) -> AsyncIterator[Door]:
    """A route with three doors, of which the second is the recipient's."""
    settings = Settings()
    tokens = Tokens(settings.secret.get_secret_value())
    drive = await make_drive(committed_works, clock, count=3)
    async with committed_works.open() as work:
        delivery_id = DeliveryId(drive.deliveries[1].id)
        await work.execute("UPDATE delivery SET dropoff_lat = -29.95, dropoff_lon = -71.29 WHERE id = $1", delivery_id)
        token = await create_tracking_link(work, delivery_id=delivery_id, tokens=tokens)
    async with EventStreams(committed_works, fresh_url) as streams, Notices(fresh_url) as notices:
        await streams.until_connected()
        await notices.until_connected()
        marketplace = DoorMarketplace(
            settings=settings,
            works=committed_works,
            city=city,
            streams=streams,
            object_store=MemoryObjectStore(),
            router=StraightLineRouter(),
        )
        door = Door(marketplace=marketplace, notices=notices, drive=drive, token=token)
        async with served(door):
            yield door


@asynccontextmanager
async def served(door: Door) -> AsyncIterator[None]:
    config = uvicorn.Config(
        build_app(door.marketplace),
        host="127.0.0.1",
        port=0,
        lifespan="off",
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    door.url = f"http://127.0.0.1:{port}/t/{door.token}"
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def fill_in(page: Page, field: str, value: str) -> None:
    """Fills a field in as a person does, whose words no news may take away."""
    await page.ask(
        f"Object.assign(document.getElementById({field!r}), {{value: {value!r}}})"
        ".dispatchEvent(new Event('input', {bubbles: true}))"
    )


async def shows(page: Page, headline: str) -> None:
    await page.until(f"{HEADLINE} === {headline!r}")


async def keep_picture(page: Page, name: str) -> None:
    """A picture of the whole page once its streets are drawn, where somebody wants to look at it."""
    is_drawn = "[...document.querySelectorAll('.map canvas.leaflet-tile')].every((one) => one.style.opacity)"
    await page.keep_picture(name, when=is_drawn, after_s=1.0, is_whole=True)


async def check_access(page: Page) -> None:
    """What everybody needs: names for ears, contrast for eyes, room for thumbs, and no sideways scrolling."""
    await page.call("Accessibility.enable")
    nodes = (await page.call("Accessibility.getFullAXTree"))["nodes"]
    seen = [node for node in nodes if not node["ignored"]]
    roles = {node["role"]["value"] for node in seen}
    nameless = [node["role"]["value"] for node in seen if node["role"]["value"] in CONTROLS and not name_of(node)]
    assert nameless == []
    assert {"main", "banner", "contentinfo", "heading", "status"} <= roles
    assert await page.ask("document.documentElement.scrollWidth <= innerWidth")
    assert await page.ask(TOO_SMALL) == []
    headings = await page.ask(HEADINGS)
    assert headings[0] == "H1"
    assert headings.count("H1") == 1
    assert await page.pale_texts() == {"light": [], "dark": []}
    assert page.complaints == []


def name_of(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()


@pytest.mark.parametrize("size", SIZES)
async def test_a_parcel_at_a_hand_over_point_shows_where_it_is_and_what_to_say(
    page: Page, door: Door, size: str
) -> None:
    width, height = SIZES[size]
    await page.resize(width=width, height=height)
    await door.drive.start()
    code = await door.wait_at_point()
    await page.open(door.url)

    await shows(page, "Your parcel is ready to be collected")
    assert await page.ask("document.getElementById('collection-code').textContent") == code
    assert await page.ask("document.getElementById('collection-place').textContent") == "Almacén Rosa, Ruta 41 km 30"
    assert (await page.ask("document.getElementById('when').textContent")).startswith("There since Mon")
    last = await page.ask("document.querySelector('#timeline li:last-child span').textContent")
    assert last == "Ready to be collected at Almacén Rosa"
    await check_access(page)
    await keep_picture(page, f"tracking-{size}-point")


@pytest.mark.parametrize("size", SIZES)
async def test_a_parcel_is_followed_from_waiting_to_the_door(page: Page, door: Door, size: str) -> None:
    width, height = SIZES[size]
    await page.resize(width=width, height=height)
    await door.ask_for_pin()
    await page.open(door.url)

    await shows(page, "A driver will collect your parcel")
    assert await page.ask("document.getElementById('pin').textContent") == PIN
    assert await page.ask("document.getElementById('place-form').hidden")
    assert await page.ask("document.querySelectorAll('.pin-home').length") == 1
    await check_access(page)
    await keep_picture(page, f"tracking-{size}-1-waiting")

    await door.drive.start()
    await door.drive.pick_up(0)
    await door.driver_at(-29.942, -71.279)
    await door.publish()
    await shows(page, "Your parcel is on its way")
    await page.until("document.getElementById('near').textContent.startsWith('One stop before yours. The driver is')")
    assert await page.ask("document.querySelectorAll('.pin-driver').length") == 1
    await check_access(page)
    await keep_picture(page, f"tracking-{size}-2-on-the-way")

    await door.drive.arrive(1)
    await door.drive.drop_off(1)
    await door.driver_at(-29.948, -71.287)
    await door.publish()
    await shows(page, "You are the next stop")
    await page.until("document.getElementById('near').textContent.startsWith('No other stops before yours.')")
    await check_access(page)
    await keep_picture(page, f"tracking-{size}-3-next")

    await door.take_picture()
    await door.drive.arrive(2)
    await door.drive.drop_off(2, pin=PIN)
    await door.driver_at(-29.96, -71.29)
    await door.publish()
    await shows(page, "Delivered")
    await page.until("document.querySelector('#pictures img')?.naturalWidth === 320")
    assert await page.ask("document.getElementById('pin-section').hidden")
    assert await page.ask("document.querySelectorAll('#map .driver-area').length") == 1
    assert await page.ask("document.querySelectorAll('#map .pin-driver').length") == 0
    assert await page.ask("document.querySelectorAll('#timeline li').length") == 5
    await check_access(page)
    await keep_picture(page, f"tracking-{size}-4-delivered")
    assert page.hosts == {door.url.split("/")[2]}


async def test_wishes_a_rating_and_a_claim_are_sent_and_said_aloud(page: Page, door: Door) -> None:
    await page.resize(width=360, height=740)
    await page.open(door.url)
    await shows(page, "A driver will collect your parcel")

    await fill_in(page, "instructions", "Ring <b>twice</b>")
    await page.ask("document.querySelector('#instructions-form button').click()")
    await page.until("document.getElementById('said').textContent === 'Saved.'")
    await fill_in(page, "place", "PORCH")
    await page.ask("document.querySelector('#place-form button').click()")
    await until(lambda: wishes(door, ("Ring <b>twice</b>", "PORCH")))
    await run_short(door)
    await page.until("!document.getElementById('swap-section').hidden")
    await keep_picture(page, "short")
    await check_access(page)
    await page.ask("document.querySelector('[name=swap][value=yes]').click()")
    await page.ask("document.querySelector('#swap-form button').click()")
    await page.until("document.getElementById('facts').textContent.includes('Instead of A tea2 × A mate')")
    assert await page.ask("document.getElementById('swap-section').hidden")

    await door.drive.start()
    await door.drive.pick_up(0)
    await door.drive.drop_off(1)
    await door.drive.drop_off(2)
    await door.publish()
    await shows(page, "Delivered")
    await page.ask("document.querySelector('#rate-form button').click()")
    await page.until("document.getElementById('said').textContent === 'Choose 1 to 5 stars first.'")
    await page.ask("document.querySelectorAll('[name=stars]')[3].click()")
    await page.ask("document.querySelector('[value=FRIENDLY]').click()")
    await page.ask("document.querySelector('#rate-form button').click()")
    await page.until("document.getElementById('rated').textContent === '4 stars · Friendly'")
    assert await page.ask("document.getElementById('rate-section').hidden")
    await claim(page, door)
    await check_access(page)


async def claim(page: Page, door: Door) -> None:
    """Opens a claim with a picture, and takes it back."""
    await page.ask("document.querySelector('#claim-form details').open = true")
    await fill_in(page, "claim-amount", "4500")
    await fill_in(page, "claim-text", "The bottle is broken")
    await page.ask(SHOW % base64.b64encode(picture(comment="broken")).decode())
    await keep_picture(page, "tracking-phone-9-claim-form")
    await page.ask("document.querySelector('.claim-form button').click()")
    await page.until(f"{CLAIM_STATE} === 'Came damaged: the claim is being looked at.'")
    await page.until("document.querySelector('#claim-file img')?.naturalWidth > 0")
    await page.until("document.getElementById('said').textContent === 'Your claim was sent.'")
    await keep_picture(page, "tracking-phone-10-claim")
    async with door.marketplace.works.open() as work:
        row = await work.fetch_row("SELECT asked_minor, state, opened_by_kind FROM claim")
    assert tuple(row or ()) == (4500, "OPEN", "recipient")
    await page.ask("document.getElementById('claim-back').click()")
    await page.until(f"{CLAIM_STATE} === 'Came damaged: the claim was taken back.'")
    assert await page.ask("document.getElementById('claim-back').hidden")
    assert await page.ask(UNTRANSLATED) == []


async def test_a_tip_is_chosen_paid_at_the_provider_and_thanked_for(page: Page, door: Door) -> None:
    await bring(door)
    async with running() as stand_in, payment_world_at(door.marketplace.works, stand_in) as payments:
        await page.resize(width=360, height=740)
        await page.open(door.url)
        await shows(page, "Delivered")
        await page.until("document.querySelectorAll('[name=tip]').length === 3")
        await check_access(page)
        await keep_picture(page, "tracking-phone-6-tip-offered")

        await page.ask("document.querySelector('#tip-form button').click()")
        await page.until("document.getElementById('said').textContent.startsWith('Choose an amount first')")
        await page.ask("document.querySelectorAll('[name=tip]')[1].click()")
        await page.ask("document.querySelector('#tip-form button').click()")
        await page.until(f"{TIP_STATE}.startsWith('We are preparing')")
        await settle_tips(door, payments)
        await page.until("document.title === 'Stand-in checkout'")
        await page.ask("document.getElementById('back').click()")
        await page.until(f"{TIP_STATE}?.startsWith('You have not paid.')")
        await check_access(page)
        await keep_picture(page, "tracking-phone-7-tip-waiting")

        await page.ask("document.getElementById('tip-link').click()")
        await page.until("document.title === 'Stand-in checkout'")
        await page.ask("document.querySelector('[value=pay]').click()")
        await page.until(f"{TIP_STATE}?.startsWith('We are waiting for word')")
        await settle_tips(door, payments)
        await page.until(f"{TIP_STATE}.startsWith('Thank you! Your driver has your tip')")
        await check_access(page)
        await keep_picture(page, "tracking-phone-8-tip-thanked")

    assert door.token not in str(payments.rows("checkout.session"))


async def bring(door: Door) -> None:
    """The recipient's parcel arrives, in a market whose page lies here."""
    origin = door.url.removesuffix(f"/t/{door.token}")
    door.marketplace.settings = door.marketplace.settings.model_copy(update={"public_url": origin})
    await door.drive.start()
    await door.drive.pick_up(0)
    await door.drive.drop_off(1)
    await door.drive.drop_off(2)
    await door.publish()


async def run_short(door: Door) -> None:
    """The hub finds no tea for the recipient, and asks whether maté will do."""
    drive = door.drive
    async with door.marketplace.works.open() as work:
        mine: dict[str, Any] = {"market_id": drive.market.id, "shipper_id": drive.shipper.id}
        hub = await Hub.get(id=drive.deliveries[1].hub_id, using_db=work.db)
        tea, _ = [await keep(work, drive.market, drive.shipper, code, [(hub, 2)]) for code in ("tea", "mate")]
        key = drive.deliveries[1].id
        lines = {key: [StockLine(shelf=Shelf(tea, hub.id), code="tea", quantity=2)]}
        await reserve_stock(work, market_id=drive.market.id, lines=lines)
        rules = {key: [Rule(sku="tea", rule=SubstitutionRule.ASK)]}
        await keep_rules(work, **mine, rules=rules, lines=lines)
        await propose_substitute(
            work,
            market_id=drive.market.id,
            operator_id=await make_operator(work, drive.market.id),
            delivery_id=door.delivery_id,
            code="tea",
            by_code="mate",
        )
    await door.publish()


async def settle_tips(door: Door, payments: PaymentWorld) -> None:
    """What the workers do."""
    await payments.settle()
    async with door.marketplace.works.open() as work:
        for row in await work.fetch("SELECT id FROM tip"):
            await settle_tip(work, tip_id=row["id"])
    await door.publish()


async def wishes(door: Door, wanted: tuple[str, str]) -> bool:
    row = await door.drive.delivery(1)
    return (row["recipient_instructions"], row["safe_place"]) == wanted


async def test_another_time_is_chosen_among_those_that_can_be_kept(page: Page, door: Door) -> None:
    async with door.marketplace.works.open() as work:
        await make_driver(work, door.drive.market)
        before = await work.fetch_value("SELECT dropoff_opens_at FROM delivery WHERE id = $1", door.delivery_id)
    await page.resize(width=360, height=740)
    await page.open(door.url)
    await shows(page, "A driver will collect your parcel")

    assert await page.ask("document.querySelectorAll('#day option').length") == 7
    await page.ask("document.querySelector('#day-form button').click()")
    await page.until("document.querySelectorAll('#windows input').length > 1")
    await check_access(page)
    await keep_picture(page, "tracking-phone-5-another-time")
    await page.ask("document.querySelector('#window-form button').click()")
    await page.until("document.getElementById('said').textContent === 'Choose a time first.'")
    await page.ask("[...document.querySelectorAll('#windows input')].at(-1).click()")
    await page.ask("document.querySelector('#window-form button').click()")
    await page.until("document.getElementById('said').textContent === 'Your new time is booked.'")

    assert (await door.drive.delivery(1))["dropoff_opens_at"] > before
    await collect_it_instead(page, door)


async def collect_it_instead(page: Page, door: Door) -> None:
    """Looks at the points nearby, is refused at two of them, and takes the third."""
    sundays = Opening(hours=[DayHours(day=7, opens=time(9), closes=time(14))])
    async with door.marketplace.works.open() as work:
        store = await make_store(work, door.drive.market)
        await make_store(work, door.drive.market, name="Feria", address="Plaza 3", opening=sundays)
        full = await make_store(work, door.drive.market, name="Botillería", place=Point(lat=-29.951, lon=-71.29))
    assert not any("nearby_points" in address for address in page.addresses)
    await page.ask("document.querySelector('#points summary').click()")
    await page.until(f"{POINTS_STATE} === '3 points nearby.'")
    first = await page.ask("document.querySelector('#points-near label').innerText.trim().split('\\n')")
    assert first == ["Botillería", "Ruta 41 km 30", "100 m as the crow flies", "Mon to Sat: 10:00 to 19:00"]
    await check_access(page)
    await keep_picture(page, "tracking-phone-11-points")
    await page.ask("document.querySelector('[data-language=es]').click()")
    await page.until(f"{POINTS_STATE} === '3 puntos cerca.'")
    hours = await page.ask("document.querySelector('#points-near label').innerText.trim().split('\\n').at(-1)")
    assert hours == "lun a sáb: de 10:00 a 19:00"
    await keep_picture(page, "tracking-phone-11-points-es")
    await page.ask("document.querySelector('[data-language=en]').click()")
    await page.until(f"{POINTS_STATE} === '3 points nearby.'")

    await choose_point(page, "Feria")
    await page.until(f"{POINTS_STATE}.startsWith('Feria is closed when your parcel comes.')")
    await page.until(f"{POINTS_STATE}.endsWith('points nearby.')")  # the list has been read anew
    async with door.marketplace.works.open() as work:
        await work.execute("UPDATE hand_over_point SET taken = places WHERE id = $1", full)
    await choose_point(page, "Botillería")
    await page.until(f"{POINTS_STATE}.startsWith('Botillería is full by now.')")
    await page.until(f"{POINTS_STATE}.endsWith('points nearby.')")  # the list has been read anew
    assert await page.ask("document.querySelector('[name=point]').disabled")
    await check_access(page)
    await keep_picture(page, "tracking-phone-12-point-full")

    await choose_point(page, "Almacén Rosa", picture="tracking-phone-13-point-sure")
    await page.until("document.getElementById('said').textContent === 'Your parcel goes to Almacén Rosa.'")
    assert await page.ask("document.getElementById('points-title').textContent") == "Collect it at another point"
    assert await page.ask("document.activeElement.tagName") == "SUMMARY"
    assert (await door.drive.delivery(1))["point_id"] == store


async def choose_point(page: Page, name: str, *, picture: str | None = None) -> None:
    """Chooses a point by its name, and says once more that it is meant."""
    await page.ask(
        "[...document.querySelectorAll('#points-near label')]"
        f".find((one) => one.textContent.startsWith({name!r})).click()"
    )
    await page.ask("document.querySelector('#points-form button').click()")
    await page.until("document.activeElement.id === 'points-question'")
    assert f"to {name}," in await page.ask("document.activeElement.textContent")
    if picture is not None:
        await check_access(page)
        await keep_picture(page, picture)
    await page.ask("document.querySelector('#points-sure .loud').click()")


async def test_the_page_speaks_the_language_of_the_browser_and_the_one_that_is_chosen(page: Page, door: Door) -> None:
    await page.call("Network.setExtraHTTPHeaders", headers={"accept-language": "es-CL,es;q=0.9,en;q=0.5"})
    await page.open(door.url)

    await shows(page, "Un repartidor recogerá tu paquete")
    assert await page.ask("document.documentElement.lang") == "es"
    assert await page.ask("document.getElementById('wishes-title').textContent") == "Para el repartidor"
    await check_access(page)

    await page.ask("document.querySelector('[data-language=en]').click()")
    await shows(page, "A driver will collect your parcel")
    assert await page.ask("document.documentElement.lang") == "en"
    await page.open(door.url)
    await shows(page, "A driver will collect your parcel")


async def let_notify(page: Page, door: Door, setting: str) -> None:
    """What the person says when the browser asks, or has said before."""
    origin = door.url.partition("/t/")[0]
    permission = {"name": "notifications"}
    await page.call("Browser.setPermission", permission=permission, setting=setting, origin=origin)


async def push_state(page: Page) -> list[Any]:
    """What the page says of notices in this browser, and on its button where it has one."""
    await page.until("!document.getElementById('push-section').hidden")
    state = "document.getElementById('push-state').textContent"
    button = "document.getElementById('push-button')"
    return [await page.ask(state), await page.ask(f"{button}.hidden ? null : {button}.textContent")]


@pytest.mark.parametrize("size", SIZES)
async def test_a_browser_that_may_not_tell_says_so_and_how_to_let_it(
    page: Page, door: Door, size: str, tmp_path: Path
) -> None:
    width, height = SIZES[size]
    await page.resize(width=width, height=height)
    door.marketplace.pushes = open_pushes(Settings(state_folder=tmp_path))
    await let_notify(page, door, "prompt")
    await page.open(door.url)

    assert await push_state(page) == [
        "This browser can tell you what happens, even while this page is closed.",
        "Tell me in this browser",
    ]
    await check_access(page)
    await keep_picture(page, f"push-{size}-1-asked")

    await let_notify(page, door, "denied")
    await page.ask("document.getElementById('push-button').click()")
    await page.until("document.getElementById('push-button').hidden")
    assert await push_state(page) == [
        "This browser blocks notifications of this site. Allow them in its settings, then open this page again.",
        None,
    ]
    await page.ask("document.querySelector('[data-language=es]').click()")
    await page.until(
        "document.getElementById('push-state').textContent.startsWith('Este navegador bloquea los avisos')"
    )
    await check_access(page)
    await keep_picture(page, f"push-{size}-2-denied")
    await door.marketplace.pushes.aclose()


ALLOWED = """
Object.defineProperty(Notification, "permission", { get: () => "granted" });
Notification.requestPermission = async () => "granted";
let current = null;
PushManager.prototype.getSubscription = async () => current;
PushManager.prototype.subscribe = async (options) => {
  if (window.noService) throw new DOMException("Registration failed - push service not available", "AbortError");
  window.asked = options;
  const told = { endpoint: "%s", keys: { p256dh: "%s", auth: "%s" } };
  current = { endpoint: told.endpoint, toJSON: () => told, unsubscribe: async () => (current = null) === null };
  return current;
};
"""
"""A browser whose person has agreed, and its maker's push service; a headless one has neither."""


async def test_a_browser_is_told_from_one_press_to_the_next(page: Page, door: Door, tmp_path: Path) -> None:
    browser = BrowserDouble(place="127.0.0.1:9")
    pushes = open_pushes(Settings(state_folder=tmp_path, webhooks_on_this_machine=True))
    door.marketplace.pushes = pushes
    script = ALLOWED % (browser.endpoint, browser.p256dh, browser.auth)
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    await page.open(door.url)
    await push_state(page)
    press = "document.getElementById('push-button').click()"
    kept = "SELECT delivery_id, endpoint, p256dh, auth FROM browser"

    await page.ask("window.noService = true")
    await page.ask(press)
    await page.until("document.getElementById('push-state').textContent.startsWith('That did not work')")
    await page.ask("window.noService = false")
    await page.ask(press)
    await page.until("document.getElementById('push-button').textContent === 'Stop telling me here'")

    assert (await push_state(page))[0] == "This browser tells you what happens to your delivery."
    assert await page.ask("window.asked") == {"userVisibleOnly": True, "applicationServerKey": pushes.public_key}
    scope = "navigator.serviceWorker.getRegistration(location.pathname).then(({ scope }) => scope)"
    assert await page.ask(scope) == door.url
    await check_access(page)
    await keep_picture(page, "push-desktop-3-told")
    async with door.marketplace.works.open() as work:
        [row] = await work.fetch(kept)
    assert tuple(row) == (door.delivery_id, browser.endpoint, browser.p256dh, browser.auth)

    await page.ask(press)
    await page.until("document.getElementById('push-button').textContent === 'Tell me in this browser'")
    async with door.marketplace.works.open() as work:
        assert await work.fetch(kept) == []
    await pushes.aclose()


async def test_a_browser_that_cannot_and_a_market_that_does_not_are_told_apart(
    page: Page, door: Door, tmp_path: Path
) -> None:
    await page.open(door.url)
    await shows(page, "A driver will collect your parcel")
    assert await page.ask("document.getElementById('push-section').hidden")

    door.marketplace.pushes = open_pushes(Settings(state_folder=tmp_path))
    await page.call("Page.addScriptToEvaluateOnNewDocument", source="delete window.PushManager")
    await page.open(door.url)

    assert await push_state(page) == [
        "This browser cannot tell you. On an iPhone, add this page to the home screen first.",
        None,
    ]
    await door.marketplace.pushes.aclose()


async def test_the_worker_may_speak_for_tracking_pages_and_nothing_else(marketplace: TestMarketplace) -> None:
    api = Api(build_app(marketplace))

    worker = await api.http.get("/static/track/worker.js")

    assert (worker.status_code, worker.headers["service-worker-allowed"]) == (200, "/t/")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert "default-src 'none'" in worker.headers["content-security-policy"]


async def test_a_link_that_ended_shows_nothing_and_one_that_never_was_looks_the_same(page: Page, door: Door) -> None:
    async with door.marketplace.works.open() as work:
        await revoke_tracking_links(work, delivery_ids=[door.delivery_id])
    said = []
    for token in (door.token, "trk_" + "A" * 32, "nothing"):
        await page.open(door.url.replace(door.token, token))
        await page.until("!document.getElementById('ended').hidden")
        said.append(await page.ask("document.getElementById('main').innerText"))

    assert said[0].startswith("This link is not good")
    assert said[1:] == said[:1] * 2


async def test_the_page_is_the_same_for_every_token_and_is_kept_nowhere(marketplace: TestMarketplace) -> None:
    api = Api(build_app(marketplace))

    one, other = [await api.http.get(f"/t/{token}") for token in ("trk_one", "trk_other")]

    assert (one.status_code, one.text) == (200, other.text)
    assert "trk_" not in one.text
    assert one.headers["cache-control"] == "no-store"
    assert one.headers["referrer-policy"] == "no-referrer"
    assert one.headers["x-robots-tag"] == "noindex, nofollow"
    assert "script-src 'self'" in one.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-CL,es;q=0.9,en;q=0.8", "es"),
        ("de,en;q=0.5,es;q=0.4", "en"),
        ("fr;q=1,es;q=0.1", "es"),
        ("es;q=much,en", "en"),
        ("*", "en"),
    ],
)
def test_a_browser_gets_the_language_that_it_likes_best(accepted: str, language: str) -> None:
    assert preferred_language(accepted) == language
