"""A driver's day: online, asked, answered once, driven, paid, offline."""

import asyncio
import time
from typing import Any

from tests.workers.simulator.small_api import PROBLEM, SmallApi, eventually
from tests.workers.simulator.small_road import ACCEPTED_AT, SmallRoad, make_stop
from workers.simulator.chance import chance
from workers.simulator.client import ApiClient
from workers.simulator.clock import MarketClock
from workers.simulator.driver_app import DriverApp
from workers.simulator.personality import Mind, draw_personality
from workers.simulator.recipients import Recipients
from workers.simulator.tally import Tally

DRIVER = {"id": "drv_1", "lat": -29.9, "lon": -71.25}


def make_app(driver: ApiClient, tally: Tally, *, decline_rate: float = 0.0, ignore_rate: float = 0.0) -> DriverApp:
    """A driver whose rates are certainties."""
    traits = draw_personality(
        chance(1), decline_rate=decline_rate, ignore_rate=ignore_rate, mistype_rate=0.0, gathering_s=0.0
    )
    return DriverApp(
        driver,
        DRIVER,
        clock=MarketClock(market_time=ACCEPTED_AT, taken_at_s=time.monotonic(), factor=3_000.0),
        mind=Mind(traits, chance(5)),
        recipients=Recipients(seed=1, fail_rate=0.0),
        tally=tally,
    )


def be_open(api: SmallApi, *, offers: list[str]) -> None:
    """A market with these open offers, and nothing earned yet."""
    api.answers["myOffers"] = lambda _: [{"id": offer} for offer in offers]
    api.answers["myRoute"] = lambda _: None
    api.answers["myEarnings"] = lambda _: {"routeCount": 0}
    api.answers["requestPayout"] = lambda _: PROBLEM | {"code": "NOTHING_TO_PAY"}
    api.answers["myPayoutAccount"] = lambda _: {"state": "READY"}


async def live(app: DriverApp, api: SmallApi, last: str) -> None:
    """The day until something was asked for the first time."""

    working = asyncio.create_task(app.work())
    await eventually(lambda: api.requests_for(last))
    app.end_day()
    await working


async def test_an_offer_is_accepted_driven_and_paid(api: SmallApi, driver: ApiClient) -> None:
    be_open(api, offers=["off_1"])
    road = SmallRoad([make_stop("stp_hub", 0, "PICKUP"), make_stop("stp_a", 1, "DROPOFF")])
    road.join(api)
    present = api.answers["myRoute"]
    api.answers["myRoute"] = lambda variables: present(variables) if api.requests_for("acceptOffer") else None

    def accept(_: dict[str, Any]) -> dict[str, Any]:
        api.answers["myEarnings"] = lambda _: {"routeCount": 1}
        return {"offerId": "off_1", "route": road.route}

    api.answers["acceptOffer"] = accept
    api.answers["requestPayout"] = lambda _: {"payout": {"id": "pay_1", "state": "SCHEDULED", "amountMinor": 4_200}}
    paid = {"id": "pay_1", "state": "PAID", "amountMinor": 4_200}
    api.answers["myPayouts"] = lambda _: {"edges": [{"node": paid}]}

    await live(make_app(driver, tally := Tally()), api, "dropOff")

    assert road.taken[-1] == ("drop off", "stp_a")
    assert (tally.offers_seen, tally.offers_accepted, tally.routes_driven) == (1, 1, 1)
    assert (tally.payouts_asked, tally.drivers_paid, tally.paid_minor) == (1, 1, 4_200)
    assert api.asked[-1].field == "goOffline"


async def test_an_offer_is_answered_once_and_under_its_own_key(api: SmallApi, driver: ApiClient) -> None:
    be_open(api, offers=["off_1"])
    app = make_app(driver, tally := Tally(), decline_rate=1.0)

    working = asyncio.create_task(app.work())
    await eventually(lambda: api.requests_for("declineOffer"))
    looks = len(api.requests_for("myOffers"))
    await api.happen("OfferSent", offerId="off_1")
    await eventually(lambda: len(api.requests_for("myOffers")) > looks)
    app.end_day()
    await working

    (declined,) = api.requests_for("declineOffer")
    assert declined.variables["idempotencyKey"] == "decline-off_1"
    assert (tally.offers_seen, tally.offers_declined) == (1, 1)


async def test_an_offer_that_is_ignored_is_not_answered(api: SmallApi, driver: ApiClient) -> None:
    be_open(api, offers=["off_1"])

    await live(make_app(driver, tally := Tally(), ignore_rate=1.0), api, "viewOffer")

    assert not api.requests_for("acceptOffer")
    assert not api.requests_for("declineOffer")
    assert tally.offers_ignored == 1


async def test_a_driver_who_was_slower_counts_the_loss_and_goes_on(api: SmallApi, driver: ApiClient) -> None:
    be_open(api, offers=["off_1"])
    api.answers["acceptOffer"] = lambda _: PROBLEM

    await live(make_app(driver, tally := Tally()), api, "acceptOffer")

    assert tally.offers_accepted == 0
    assert tally.offers_lost == {"OFFER_TAKEN": 1}


async def test_a_driver_before_the_shift_tries_again(api: SmallApi, driver: ApiClient) -> None:
    be_open(api, offers=[])
    answers = iter([PROBLEM | {"code": "NO_SHIFT"}, {"driver": {}}])
    api.answers["goOnline"] = lambda _: next(answers)

    await live(make_app(driver, Tally()), api, "myOffers")

    assert len(api.requests_for("goOnline")) == 2
