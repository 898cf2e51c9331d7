"""A recipient follows a parcel by link, and is forgotten: no column of any table holds a trace, and the money stays."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from marketplace.core.ids import from_wire
from tests.contracts.push_double import BrowserDouble
from tests.flows.api import Caller
from tests.flows.test_post_to_pay import Story, books_balance, drive, go_online
from tests.flows.test_post_to_pay import story as _story
from tests.marketplace.routes.pictures import picture

story = _story

NAME, PHONE, ADDRESS = "Esmeralda Huidobro", "+56987654321", "Pasaje Quillay 4711"
BROWSER = BrowserDouble(place="127.0.0.1:9")
CLAIMED, ANSWERED = "un frasco llegó roto", "lo dejé entero en la puerta verde"
ASKED, SAID, GOODS = "timbre de la izquierda", "cuidado con el gato azul", "seis frascos de insulina"
COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
  AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'double precision')
"""
MONEY = ("journal", "posting", "bill_line", "pay_statement", "event", "batch", "rating", "claim", "claim_entry")


def order(story: Story, **changes: Any) -> dict[str, Any]:
    """A delivery to somebody who will want to be forgotten."""
    row = story.row(0, requirements=["PHOTO_AT_DROPOFF", "PIN_AT_DROPOFF"], instructions=ASKED)
    hub = story.seeded.hubs[0]
    place = {"lat": round(hub["lat"] + 0.002, 4) + 0.0000321, "lon": round(hub["lon"], 4) + 0.0000321}
    row["dropoff"] |= {"name": NAME, "phone": PHONE, "address": ADDRESS, **place}
    row["packages"][0]["description"] = GOODS
    return row | changes


async def traces_in(story: Story, *secrets: str) -> dict[str, list[str]]:
    """Where in the whole database the secrets stand: secrets by table and column."""
    found: dict[str, list[str]] = {}
    async with story.marketplace.works.read() as connection:
        for table, column in await connection.fetch(COLUMNS):
            rows = await connection.fetch(f'SELECT "{column}"::text AS text FROM "{table}"')
            text = "\n".join(row["text"] or "" for row in rows)
            if seen := [one for one in secrets if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text)]:
                found[f"{table}.{column}"] = seen
    return found


async def count_money(story: Story) -> dict[str, int]:
    async with story.marketplace.works.read() as connection:
        return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in MONEY}


def stored_pictures(story: Story) -> Iterator[str]:
    return (str(path) for path in story.marketplace.settings.state_folder.rglob("*.jpg"))


async def delivered(story: Story) -> tuple[dict[str, Any], Caller, str]:
    """A delivery that was quoted, posted, followed, driven, proved and rated; its row, its recipient, and its PIN."""
    shipper, ana = story.shipper, story.drivers[0]
    await go_online(story)
    quote = await shipper(
        "quote_batch", marketId=story.seeded.market_id, deliveries=[order(story)], idempotencyKey=shipper.key()
    )
    assert quote["problems"] == []
    posted = await shipper("post_batch", quoteId=quote["id"], idempotencyKey=shipper.key())
    await story.background()
    [row] = posted["rows"]
    recipient = Caller(story.http, "recipient", urlsplit(row["trackingUrl"]).path.removeprefix("/t/"))
    await recipient("leave_instructions", text=SAID, idempotencyKey="1")
    keys = {"endpoint": BROWSER.endpoint, "p256dh": BROWSER.p256dh, "auth": BROWSER.auth}
    assert (await recipient("subscribe_browser", **keys, idempotencyKey="3")) == {"isTold": True}
    [offer] = await ana("my_offers")
    accepted = await ana("accept_offer", offerId=offer["id"], idempotencyKey=ana.key())
    assert ADDRESS in str(accepted)
    assert f"{ASKED}\n{SAID}" in str(accepted).replace("\\n", "\n")
    delivery = await shipper("delivery", id=row["deliveryId"])
    await drive(story, ana, accepted["route"], {row["deliveryId"]: delivery["pin"]})
    await story.background()
    await recipient("rate_delivery", stars=5, reasons=["FRIENDLY"], idempotencyKey="2")
    await shipper(
        "tip_driver", deliveryId=row["deliveryId"], amountMinor=500, currency="CLP", idempotencyKey=shipper.key()
    )
    await story.background()
    return row, recipient, delivery["pin"]


async def claim_damage(story: Story, recipient: Caller) -> str:
    """A claim of the recipient with a picture, which the driver answers and an operator accepts; the picture's URL."""
    ana, body = story.drivers[0], picture()
    upload = await recipient("create_claim_upload", contentType="image/jpeg", sizeBytes=len(body))
    path = urlsplit(upload["url"]).path
    assert (await story.http.put(path, content=body, headers={"content-type": "image/jpeg"})).status_code == 201
    asked = {"kind": "DAMAGED", "askedMinor": 3_000, "text": CLAIMED, "proofIds": [upload["proofId"]]}
    opened = await recipient("open_claim", **asked, idempotencyKey="4")
    assert await recipient("open_claim", **asked, idempotencyKey="4") == opened
    claim_id = opened["claim"]["id"]
    [about] = await ana("claims")
    assert (about["id"], about["state"], about["entries"][0]["text"]) == (claim_id, "OPEN", CLAIMED)
    await ana("answer_claim", claimId=claim_id, text=ANSWERED, idempotencyKey=ana.key())
    decided = {"marketId": story.seeded.market_id, "claimId": claim_id, "acceptedMinor": 2_000, "reason": "seen"}
    for _ in range(2):
        accepted = await story.operator("accept_claim", **decided, idempotencyKey="accepted")
        assert accepted["claim"]["acceptedMinor"] == 2_000
    [claim] = await story.shipper("claims")
    assert [entry["kind"] for entry in claim["entries"]] == ["OPENED", "ANSWER", "ACCEPTED"]
    url: str = claim["entries"][0]["pictures"][0]
    assert (await story.http.get(url)).headers["content-type"] == "image/jpeg"
    return url


async def test_a_recipient_is_forgotten_everywhere_and_the_money_stays(story: Story) -> None:
    row, recipient, pin = await delivered(story)
    [proved] = (await recipient("tracked_delivery"))["pictures"]
    assert (await story.http.get(proved)).headers["content-type"] == "image/jpeg"
    shown = await claim_damage(story, recipient)
    async with story.marketplace.works.open() as work:
        await work.execute(
            "INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)"
            " VALUES ($1, $2, 'notify', $3, 'DEAD', $4, $4, 8, $5)",
            *(work.new_id(), from_wire("market", story.seeded.market_id), str(work.new_id()), work.machine_now),
            f"no way to {PHONE}",
        )
    door = order(story)["dropoff"]
    secrets = (
        NAME,
        PHONE,
        ADDRESS,
        ASKED,
        SAID,
        CLAIMED,
        ANSWERED,
        GOODS,
        pin,
        repr(door["lat"]),
        repr(door["lon"]),
        BROWSER.endpoint,
        BROWSER.p256dh,
        BROWSER.auth,
    )
    assert {
        "browser.endpoint",
        "browser.p256dh",
        "browser.auth",
        "delivery.recipient_name",
        "quote.request",
        "notification.address",
        "job.error",
        "stop.lat",
    } <= {*(await traces_in(story, *secrets))}
    money = await count_money(story)

    erased = await story.shipper("erase_recipient", deliveryId=row["deliveryId"], idempotencyKey=story.shipper.key())
    await story.background()

    assert erased == {"erasedCount": 1, "underWayCount": 0}
    assert await traces_in(story, *secrets) == {}
    assert list(stored_pictures(story)) == []
    for gone in (proved, shown):
        assert (await story.http.get(gone)).json()["errors"][0]["extensions"]["code"] == "NO_SUCH_PICTURE"
    ended = await story.http.post("/graphql", json={"query": "{ trackedDelivery { id } }"}, headers=recipient.headers)
    money["event"] += 1
    assert await count_money(story) == money
    await books_balance(story)
    async with story.marketplace.works.read() as connection:
        kept = await connection.fetchrow("SELECT delivery_id, erased_by_kind, erased_by FROM erasure")
    assert kept is not None
    shipper_id = from_wire("shipper", story.seeded.shippers[0]["id"])
    assert tuple(kept) == (from_wire("delivery", row["deliveryId"]), "shipper", shipper_id)
    assert ended.status_code in {200, 401}  # believed for some seconds at most, and there is nothing left to read
    for edit in ("UPDATE erasure SET erased_by_kind = 'operator'", "DELETE FROM erasure", "DELETE FROM rating"):
        with pytest.raises(asyncpg.RestrictViolationError):
            async with story.marketplace.works.open() as work:
                await work.execute(edit)


async def test_operations_erase_by_phone_and_are_written_down(story: Story) -> None:
    await delivered(story)
    open_row = order(story, externalId="order-2")
    await story.post(open_row)

    erased = await story.operator(
        "erase_recipient", phone=PHONE, marketId=story.seeded.market_id, idempotencyKey=story.operator.key()
    )

    assert erased == {"erasedCount": 1, "underWayCount": 1}
    actions = await story.operator("operator_actions", marketId=story.seeded.market_id)
    [action] = [edge["node"] for edge in actions["edges"]]
    assert (action["verb"], action["details"]) == ("eraseRecipient", "{}")
    found = await traces_in(story, PHONE)
    assert found.keys() == {"delivery.recipient_phone"}


async def test_what_is_under_way_or_not_named_is_not_erased(story: Story) -> None:
    posted = await story.post(order(story))
    delivery_id = posted["rows"][0]["deliveryId"]

    refused = [
        await story.shipper("erase_recipient", **names, idempotencyKey=story.shipper.key())
        for names in ({"deliveryId": delivery_id}, {}, {"phone": PHONE, "deliveryId": delivery_id}, {"phone": "123"})
    ]

    assert [one["code"] for one in refused] == ["STILL_UNDER_WAY", "BAD_ERASURE", "BAD_ERASURE", "BAD_ERASURE"]
    assert "delivery.recipient_name" in await traces_in(story, NAME)
