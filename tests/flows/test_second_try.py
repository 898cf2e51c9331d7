"""Nobody is there, the recipient chooses another window by the link, and the parcel arrives; addresses are found."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from marketplace.adapters.geocoders import StreetGeocoder
from tests.flows.api import Caller
from tests.flows.test_post_to_pay import Story, books_balance, drive, go_online
from tests.flows.test_post_to_pay import story as _story

story = _story
SANTIAGO = ZoneInfo("America/Santiago")


async def take(story: Story) -> tuple[Caller, dict[str, Any]]:
    """The first driver with an open offer takes it; the driver and the route."""
    for driver in story.drivers:
        if offers := await driver("my_offers"):
            accepted = await driver("accept_offer", offerId=offers[0]["id"], idempotencyKey=driver.key())
            return driver, accepted["route"]
    raise AssertionError("nobody was asked")


async def fail_at_door(story: Story, driver: Caller, route: dict[str, Any]) -> None:
    """Drives to the door, finds nobody, and brings the parcel back."""

    async def report(operation: str, stop: dict[str, Any] | None, **arguments: Any) -> Any:
        story.clock.advance(seconds=120)
        about = {"stopId": stop["id"], "point": {"lat": stop["lat"], "lon": stop["lon"]}} if stop else {}
        taken = await driver(
            operation, clientEventId=f"second-{story.clock.now}", occurredAt=story.now(), **about, **arguments
        )
        assert "code" not in taken, taken
        await story.background()
        return taken

    pickup, door = sorted(route["stops"], key=lambda stop: int(stop["place"]))
    await report("start_route", None, routeId=route["id"])
    await report("pick_up", pickup)
    await report("arrive_at_stop", door)
    await report("fail_stop", door, reason="RECIPIENT_UNAVAILABLE")
    current = await driver("my_route")
    back = next(stop for stop in current["stops"] if stop["kind"] == "RETURN")
    assert [task["delivery"]["state"] for task in back["tasks"]] == ["ATTEMPTED"]
    await report("arrive_at_stop", back)
    await report("drop_off", back)


async def test_a_recipient_chooses_a_window_by_link_and_gets_the_parcel(story: Story) -> None:
    await go_online(story)
    posted = await story.post(story.row(0, failurePolicy="REDELIVER", requirements=["PHOTO_AT_DROPOFF"]))
    [row] = posted["rows"]
    recipient = Caller(story.http, "recipient", urlsplit(row["trackingUrl"]).path.removeprefix("/t/"))
    driver, route = await take(story)
    await fail_at_door(story, driver, route)
    delivery = await story.shipper("delivery", id=row["deliveryId"])
    assert (delivery["state"], delivery["attempts"], delivery["failurePolicy"]) == ("ATTEMPTED", 1, "REDELIVER")
    assert delivery["answerDueAt"] is not None

    opens = story.clock.now.astimezone(SANTIAGO).replace(tzinfo=None)
    chosen = {"opens": opens.isoformat(), "closes": (opens + timedelta(hours=2)).isoformat()}
    settled = await recipient("choose_redelivery", window=chosen, idempotencyKey="1")
    assert settled == {"state": "SCHEDULED"}
    assert await recipient("choose_redelivery", window=chosen, idempotencyKey="1") == settled
    assert (await recipient("choose_redelivery", window=chosen, idempotencyKey="2"))["code"] == "NOT_WAITING_FOR_WINDOW"
    await story.background()
    driver, route = await take(story)
    await drive(story, driver, route, {})
    await story.background()

    delivery = await story.shipper("delivery", id=row["deliveryId"])
    assert (delivery["state"], delivery["attempts"], delivery["answerDueAt"]) == ("DELIVERED", 1, None)
    today = story.clock.now.astimezone(SANTIAGO).date().isoformat()
    [day] = await story.shipper("attempt_figures", marketId=story.seeded.market_id, firstDay=today, lastDay=today)
    assert (day["attemptedFirst"], day["redelivered"], day["returned"], day["firstAttemptPercent"]) == (1, 1, 0, 0.0)
    assert [reason["reason"] for reason in day["reasons"]] == ["RECIPIENT_UNAVAILABLE"]
    await books_balance(story)


async def test_operations_send_back_what_nobody_answers_for(story: Story) -> None:
    await go_online(story)
    wishes = await story.shipper("set_failure_policy", policy="REDELIVER", maxAttempts=3, idempotencyKey="wish")
    assert wishes == await story.shipper("failure_wishes") == {"policy": "REDELIVER", "maxAttempts": 3}
    [row] = (await story.post(story.row(0)))["rows"]
    driver, route = await take(story)
    await fail_at_door(story, driver, route)

    about = {"marketId": story.seeded.market_id, "deliveryId": row["deliveryId"]}
    settled = await story.operator("return_delivery", **about, idempotencyKey=story.operator.key())
    await story.background()

    assert settled == {"state": "RETURNED"}
    delivery = await story.shipper("delivery", id=row["deliveryId"])
    assert (delivery["state"], delivery["maxAttempts"]) == ("RETURNED", 3)
    await books_balance(story)


async def test_an_address_without_coordinates_is_found_or_looked_at(story: Story) -> None:
    geocoder = StreetGeocoder(story.marketplace.city)
    story.marketplace.geocoder = geocoder
    street = min(geocoder.streets, key=lambda each: each.reach_m)
    dials = {"geocodeConfidencePercent": 30}
    await story.operator(
        "set_market_dials", marketId=story.seeded.market_id, dials=dials, idempotencyKey=story.operator.key()
    )
    people = {"name": "Luz", "phone": ""}
    rows = [
        story.row(0, dropoff={"address": f"{street.name} 120", **people}),
        story.row(1, dropoff={"address": "Pasaje que nadie conoce 7", **people}),
    ]

    posted = await story.post(*rows)

    ids = {row["externalId"]: row["deliveryId"] for row in posted["rows"]}
    known = await story.shipper("delivery", id=ids["order-0"])
    doubted = await story.shipper("delivery", id=ids["order-1"])
    assert (known["state"] in {"SCHEDULED", "OFFERING"}, known["dropoff"]["lat"]) == (True, street.middle.lat)
    assert (doubted["state"], doubted["needsReview"], doubted["dropoff"]["lat"]) == ("CREATED", True, None)
    market = {"marketId": story.seeded.market_id}
    [to_review] = await story.operator("addresses_to_review", **market)
    assert (to_review["deliveryId"], to_review["address"]) == (doubted["id"], "Pasaje que nadie conoce 7")
    hub = story.seeded.hubs[0]
    resolved = await story.operator(
        "resolve_address",
        **market,
        deliveryId=doubted["id"],
        point={"lat": hub["lat"] + 0.004, "lon": hub["lon"]},
        idempotencyKey=story.operator.key(),
    )
    assert resolved == {"state": "SCHEDULED"}
    assert await story.operator("addresses_to_review", **market) == []
    candidates = await story.shipper("search_streets", **market, text=street.name)
    found = next(one for one in candidates if one["label"] == street.name)
    assert found["precision"] == "STREET"
