"""An address without coordinates is posted at once, found afterwards, and never guessed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from marketplace.addresses import Candidate, Precision, add_visit
from marketplace.batches import (
    AlreadyPlaced,
    DeliveryState,
    Place,
    PlaceAddress,
    PostBatch,
    QuoteBatch,
    addresses_to_review,
    expire_due,
)
from marketplace.batches.place import OutOfArea
from marketplace.billing import check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.markets.models import Market
from marketplace.shippers import ServiceLevel, Tier, set_service_area, set_service_level
from tests.builders import HOME_PLACE, make_driver, make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order

ADDRESS = "Avenida Costanera 1200"


@dataclass
class SureGeocoder:
    """A geocoder that knows one place, as surely as it is told to be."""

    percent: int = 95
    precision: Precision = Precision.STREET
    name: str = "sure"
    asked: list[str] = field(default_factory=list)

    async def forward(self, text: str, *, near: Point) -> Sequence[Candidate]:
        assert near != HOME_PLACE
        self.asked.append(text)
        if self.percent == 0:
            return []
        return [Candidate(point=HOME_PLACE, label=text, confidence_percent=self.percent, precision=self.precision)]

    async def aclose(self) -> None:
        self.asked.clear()


@dataclass
class Posted:
    """A delivery that was posted with an address alone."""

    works: Works
    market: Market
    delivery_id: UUID

    async def row(self) -> asyncpg.Record:
        async with self.works.open() as work:
            row = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", self.delivery_id)
        assert row is not None
        return row

    async def place(self, geocoder: SureGeocoder) -> DeliveryState | None:
        errand = PlaceAddress(router=ROUTER, gate=check_credit, delivery_id=self.delivery_id, geocoder=geocoder)
        return await run_errand(self.works, errand)


async def post_address(works: Works, *, has_geocoder: bool = True, level: ServiceLevel | None = None) -> Posted:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        if level is not None:
            await set_service_level(work, shipper_id=shipper.id, market_id=market.id, level=level)
    row = order("a-1", hub_id=hub.id, dropoff=Place(point=None, address=ADDRESS, name="Luz"))
    if level is not None:
        row = replace(row, tier=level.tier, pickup_window=None, dropoff_window=None)
    errand = PostBatch(
        router=ROUTER,
        gate=check_credit,
        shipper_id=shipper.id,
        market_id=market.id,
        requests=[row],
        has_geocoder=has_geocoder,
    )
    result = await run_errand(works, errand)
    assert result is not None
    [answer] = result.rows
    if answer.problem is not None:
        raise AssertionError(answer.problem.code)
    assert answer.delivery_id is not None
    return Posted(works, market, answer.delivery_id)


async def test_an_address_is_posted_without_place_and_price(works: Works) -> None:
    posted = await post_address(works)

    row = await posted.row()
    assert (row["state"], row["dropoff_lat"], row["price_minor"], row["needs_review"]) == ("CREATED", None, 0, False)


async def test_without_a_geocoder_the_row_is_a_problem(works: Works) -> None:
    with pytest.raises(AssertionError, match="NO_GEOCODER"):
        await post_address(works, has_geocoder=False)


async def test_an_address_has_no_quote(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    row = order("a-1", hub_id=hub.id, dropoff=Place(point=None, address=ADDRESS))

    quote = await run_errand(
        works, QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=market.id, requests=[row])
    )

    assert quote is not None
    assert [problem.code for problem in quote.problems] == ["ADDRESS_NOT_QUOTED"]


async def test_an_address_that_is_found_surely_is_priced_and_waits_to_be_planned(works: Works) -> None:
    posted, geocoder = await post_address(works), SureGeocoder()

    assert await posted.place(geocoder) is DeliveryState.SCHEDULED
    assert await posted.place(geocoder) is None

    row = await posted.row()
    assert (row["dropoff_lat"], row["dropoff_lon"], row["sequence"]) == (HOME_PLACE.lat, HOME_PLACE.lon, 2)
    assert row["price_minor"] >= 2500
    assert geocoder.asked == [ADDRESS]


async def test_an_address_that_is_found_costs_what_its_tier_adds(works: Works) -> None:
    plain, tiered = (
        await post_address(works),
        await post_address(works, level=ServiceLevel(tier=Tier.EXPRESS, uplift_minor=777)),
    )

    for posted in (plain, tiered):
        await posted.place(SureGeocoder())

    assert (await tiered.row())["price_minor"] == (await plain.row())["price_minor"] + 777


async def test_an_address_outside_the_area_waits_for_operations_who_cannot_put_it_there(works: Works) -> None:
    posted = await post_address(works)
    far = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    async with works.open() as work:
        await set_service_area(work, market_id=posted.market.id, shipper_id=None, area=far)

    state = await posted.place(SureGeocoder())

    assert (state, (await posted.row())["needs_review"]) == (DeliveryState.CREATED, True)
    with pytest.raises(OutOfArea):
        await run_errand(
            works, PlaceAddress(router=ROUTER, gate=check_credit, delivery_id=posted.delivery_id, said=HOME_PLACE)
        )


async def test_the_same_address_is_asked_for_once(works: Works, clock: ManualClock) -> None:
    posted, geocoder = await post_address(works), SureGeocoder(percent=10)
    await posted.place(geocoder)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET needs_review = false")

    await posted.place(geocoder)
    assert len(geocoder.asked) == 1

    clock.advance(seconds=timedelta(days=31).total_seconds())
    async with works.open() as work:
        await work.execute("UPDATE delivery SET needs_review = false")
    await posted.place(geocoder)
    assert len(geocoder.asked) == 2


@pytest.mark.parametrize(
    ("geocoder", "reason"),
    [
        (SureGeocoder(percent=0), "NOT_FOUND"),
        (SureGeocoder(percent=69), "UNSURE"),
        (SureGeocoder(percent=99, precision=Precision.LOCALITY), "UNSURE"),
    ],
)
async def test_what_is_not_sure_waits_for_operations(works: Works, geocoder: SureGeocoder, reason: str) -> None:
    posted = await post_address(works)

    assert await posted.place(geocoder) is DeliveryState.CREATED

    row = await posted.row()
    assert (row["state"], row["needs_review"], row["dropoff_lat"]) == ("CREATED", True, None)
    async with works.open() as work:
        [doubted] = await addresses_to_review(work, market_id=posted.market.id, geocoder=geocoder.name, limit=10)
        told = await work.fetch_value("SELECT payload->>'reason' FROM event WHERE name = 'AddressDoubted'")
    assert (doubted.address, len(doubted.candidates), told) == (ADDRESS, 1 if geocoder.percent else 0, reason)


async def test_a_person_says_where_it_is_and_that_is_written_down(works: Works) -> None:
    posted = await post_address(works)
    await posted.place(SureGeocoder(percent=0))
    errand = PlaceAddress(
        router=ROUTER,
        gate=check_credit,
        delivery_id=posted.delivery_id,
        said=HOME_PLACE,
        market_id=posted.market.id,
    )

    assert await run_errand(works, errand) is DeliveryState.SCHEDULED

    row = await posted.row()
    assert (row["needs_review"], row["dropoff_lat"]) == (False, HOME_PLACE.lat)
    with pytest.raises(AlreadyPlaced):
        await run_errand(works, errand)


async def test_a_delivery_of_another_market_looks_like_none(works: Works) -> None:
    posted = await post_address(works)
    async with works.open() as work:
        other = await make_market(work)

    with pytest.raises(NotFound):
        await run_errand(
            works,
            PlaceAddress(
                router=ROUTER,
                gate=check_credit,
                delivery_id=posted.delivery_id,
                said=HOME_PLACE,
                market_id=other.id,
            ),
        )


async def test_an_address_that_nobody_finds_in_time_expires(works: Works, clock: ManualClock) -> None:
    posted = await post_address(works)
    await posted.place(SureGeocoder(percent=0))
    clock.advance(seconds=4 * 3600)

    async with works.open() as work:
        assert await expire_due(work) == 1

    row = await posted.row()
    assert (row["state"], row["needs_review"]) == ("EXPIRED", False)


async def test_the_next_route_leads_to_the_learned_door(works: Works) -> None:
    posted = await post_address(works)
    door = Point(lat=HOME_PLACE.lat + 0.0005, lon=HOME_PLACE.lon)
    async with works.open() as work:
        driver = await make_driver(work, posted.market)
        await work.execute("ALTER TABLE drop_visit DROP CONSTRAINT drop_visit_stop_id_reference")
        learned = await add_visit(
            work,
            market_id=posted.market.id,
            address=ADDRESS,
            given=HOME_PLACE,
            stop_id=work.new_id(),
            driver_id=driver.id,
            place=door,
            weight=3,
            occurred_at=work.now,
        )
        assert learned == door

    await posted.place(SureGeocoder())

    row = await posted.row()
    assert (row["dropoff_lat"], row["given_lat"]) == (door.lat, HOME_PLACE.lat)
