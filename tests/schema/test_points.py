"""A hand-over point over the API: opened by operations, chosen, kept with a key, its parcels collected with a code."""

from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import Tokens, create_tracking_link
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import Links, notify
from marketplace.batches.models import Delivery
from marketplace.collecting import settle_collection
from marketplace.core.ids import DeliveryId, from_wire, to_wire
from marketplace.routes import RouteState
from schema.documents import load_document
from tests.builders import HOME_PLACE, make_driver, make_route
from tests.marketplace.batches.orders import ROUTER
from tests.payment_worlds import payments
from tests.schema.conftest import Caller, TestMarketplace
from tests.schema.test_billing import Office, office

__all__ = ["office", "payments"]

DOOR = {"lat": HOME_PLACE.lat, "lon": HOME_PLACE.lon}
POINT = {
    "name": "Almacén Rosa",
    "address": "Ruta 41 km 30",
    "place": DOOR,
    "hours": [{"day": day, "opens": "09:00", "closes": "21:00"} for day in range(1, 8)],
    "places": 2,
    "keptDays": 3,
}


INVOICED = """
UPDATE billing_profile SET terms = 'INVOICE', due_days = 30, credit_limit_minor = 1000000, next_due_at = created_at
"""


@pytest.fixture(autouse=True)
async def streets(marketplace: TestMarketplace, office: Office) -> None:
    """A quote needs to know how far the drive is, and a posting that its shipper pays."""
    marketplace.router = ROUTER
    async with office.billing.works.open() as work:
        await work.execute(INVOICED)


async def ask(office: Office, client: str, name: str, credential: str, **variables: Any) -> Any:
    caller = Caller(id=office.billing.shipper.id, market_id=office.billing.market.id, credential=credential)
    [value] = (await office.api.ask(load_document(client, name), variables, caller)).values()
    return value


def row(office: Office, **changes: Any) -> dict[str, Any]:
    window = {"opens": "2026-03-02T18:00", "closes": "2026-03-02T20:00"}
    return {
        "externalId": "a",
        "hubId": to_wire("hub", office.billing.hub.id),
        "dropoff": DOOR | {"address": "Avenida Costanera 1200", "phone": "+56911111111"},
        "packages": [{"weightG": 1, "lengthMm": 1, "widthMm": 1, "heightMm": 1}],
        "pickupWindow": window,
        "dropoffWindow": window,
    } | changes


async def test_a_parcel_is_chosen_for_a_point_told_and_collected_there(office: Office, tokens: Tokens) -> None:
    works = office.billing.works
    opened = await office.desk("set_hand_over_point", facts=POINT, idempotencyKey="a")
    about = {"pointId": opened["pointId"], "idempotencyKey": "b"}
    key, again = [(await office.desk("give_keeper_key", **about))["key"] for _ in range(2)]
    delivery_id = await post(office)
    async with works.open() as work:
        link = await create_tracking_link(work, delivery_id=DeliveryId(delivery_id), tokens=tokens)

    [near] = await ask(office, "recipient", "nearby_points", link)
    chosen = await ask(office, "recipient", "choose_hand_over_point", link, pointId=near["id"], idempotencyKey="c")
    await drop_at_point(office, delivery_id)
    tracked = await ask(office, "recipient", "tracked_delivery", link)
    inbox = await told(office, tokens)
    [parcel] = await ask(office, "keeper", "my_parcels", key)
    wrong, right = [
        await ask(office, "keeper", "collect_parcel", key, collectionId=parcel["id"], code=code, idempotencyKey=code)
        for code in ("no", tracked["collection"]["code"])
    ]
    seen = await office.portal("delivery", id=to_wire("delivery", delivery_id))
    over = await ask(office, "recipient", "tracked_delivery", link, language="ES")

    assert (key, key[:4], chosen) == (again, "hpk_", {"pointId": opened["pointId"]})
    assert (near["distanceM"], near["placesLeft"]) == (0, 2)
    assert (tracked["status"], tracked["headline"]) == ("READY_TO_COLLECT", "Your parcel is ready to be collected")
    assert tracked["timeline"][-1]["headline"] == "Ready to be collected at Almacén Rosa"
    assert (over["status"], over["headline"], over["collection"]["code"]) == ("DELIVERED", "Retirado", None)
    told_of = [(step["status"], step["headline"]) for step in over["timeline"]][-2:]
    assert told_of == [("READY_TO_COLLECT", "Listo para retirar en Almacén Rosa"), ("DELIVERED", "Retirado")]
    code = tracked["collection"]["code"]
    [text] = [text for text in inbox if code in text]
    assert f"your parcel waits at Almacén Rosa, Ruta 41 km 30 until 05.03. Say this code there: {code}. http" in text
    assert (parcel["state"], parcel["externalId"]) == ("WAITING", "a")
    assert (wrong["code"], right) == ("WRONG_CODE", {"collectionId": parcel["id"]})
    assert (seen["state"], seen["collection"]["state"]) == ("DELIVERED", "COLLECTED")
    assert await ask(office, "keeper", "my_parcels", key) == []
    async with works.open() as work:
        kept = await work.fetch_value("SELECT count(*) FROM notification WHERE strpos(text, $1) > 0", code)
        notes = await work.fetch_value("SELECT count(*) FROM idempotency WHERE strpos(reply, $1) > 0", key)
    assert (kept, notes) == (0, 0)


async def post(office: Office) -> UUID:
    posted = await office.portal("post_batch", marketId=office.market, deliveries=[row(office)], idempotencyKey="post")
    [answer] = posted["rows"]
    assert answer["problem"] is None
    return from_wire("delivery", answer["deliveryId"])


async def drop_at_point(office: Office, delivery_id: UUID) -> None:
    """Has a driver drop the parcel."""
    async with office.billing.works.open() as work:
        market, delivery = office.billing.market, await Delivery.get(id=delivery_id, using_db=work.db)
        driver = await make_driver(work, market)
        await make_route(work, market, [delivery], driver=driver, state=RouteState.COMPLETED)
        await work.execute(
            "UPDATE delivery SET state = 'DELIVERED', changed_at = $2 WHERE id = $1", delivery_id, work.now
        )
        await settle_collection(work, delivery_id=delivery_id)


async def told(office: Office, tokens: Tokens) -> list[str]:
    """What the recipient was told of the parcel that waits."""
    inbox = InboxNotifier()
    async with office.billing.works.open() as work:
        event_id = await work.fetch_value("SELECT id FROM event WHERE name = 'ParcelWaits'")
    links = Links(tokens=tokens, public_url="https://market.example")
    await notify(office.billing.works, notifier=inbox, links=links, event_id=event_id)
    return [message.text for message in inbox.messages]


async def test_a_row_may_name_its_point_and_a_new_key_ends_the_old_one(office: Office) -> None:
    opened = await office.desk("set_hand_over_point", facts=POINT, idempotencyKey="a")
    keys = [
        (await office.desk("give_keeper_key", pointId=opened["pointId"], idempotencyKey=one))["key"] for one in "bc"
    ]
    named = row(office, handOverPointId=opened["pointId"])

    quoted = await office.portal("quote_batch", marketId=office.market, deliveries=[named], idempotencyKey="d")
    posted = await office.portal("post_batch", quoteId=quoted["id"], idempotencyKey="e")
    repeated = await office.portal("post_batch", marketId=office.market, deliveries=[named], idempotencyKey="f")

    [first], [second] = posted["rows"], repeated["rows"]
    assert (first["isNew"], second["isNew"], first["deliveryId"]) == (True, False, second["deliveryId"])
    [parcel] = await ask(office, "keeper", "my_parcels", keys[1])
    assert [parcel] == await office.desk("point_parcels", pointId=opened["pointId"])
    assert parcel["state"] == "PROMISED"
    [point] = await office.portal("hand_over_points", marketId=office.market)
    assert point["placesLeft"] == 1
    with pytest.raises(AssertionError, match="UNAUTHENTICATED"):
        await ask(office, "keeper", "my_parcels", keys[0])
    actions = [edge["node"] for edge in (await office.desk("operator_actions"))["edges"]]
    assert sorted({one["verb"] for one in actions}) == ["giveKeeperKey", "setHandOverPoint"]
