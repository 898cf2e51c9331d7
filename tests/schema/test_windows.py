"""Windows over the API: operators set what a hub serves, shippers and recipients ask, hold, book and give back."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from marketplace.accounts import (
    PrincipalKind,
    Tokens,
    add_operator,
    create_api_key,
    create_tracking_link,
    open_session,
)
from marketplace.core.ids import DeliveryId, MarketId, ShipperId, to_wire
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.windows.world import WindowWorld, make_world
from tests.schema.conftest import Api, Caller, TestMarketplace

TODAY = "2026-03-02"
SEVEN = {"opensAt": "2026-03-02T19:00:00Z", "closesAt": "2026-03-02T21:00:00Z"}
DAILY = [{"day": day, "opens": "08:00", "closes": "20:00"} for day in range(1, 8)]


class Counter:
    """Everybody who speaks about windows, over the API."""

    def __init__(self, api: Api, world: WindowWorld, callers: dict[str, Caller]) -> None:
        self.api, self.world, self.callers, self._keys = api, world, callers, 0

    async def __call__(self, client: str, name: str, **variables: Any) -> Any:
        text = load_document(client, name)
        if "$idempotencyKey" in text:
            self._keys += 1
            variables = {"idempotencyKey": str(self._keys), **variables}
        [value] = (await self.api.ask(text, variables, self.callers[client])).values()
        return value

    @property
    def delivery_id(self) -> str:
        return to_wire("delivery", self.world.delivery.id)

    @property
    def hub(self) -> dict[str, str]:
        return {"marketId": to_wire("market", self.world.market.id), "hubId": to_wire("hub", self.world.hub.id)}


@pytest.fixture
async def counter(works: Works, marketplace: TestMarketplace, tokens: Tokens) -> AsyncIterator[Counter]:
    """A shipper, an operator, and the recipient of a delivery that waits at a hub."""
    async with works.open() as work:
        world = await make_world(work)
        market = MarketId(world.market.id)
        key = await create_api_key(work, shipper_id=ShipperId(world.shipper.id))
        operator_id = await add_operator(work, name="Marta", email="marta@example.com", market_id=market)
        session = await open_session(work, kind=PrincipalKind.OPERATOR, principal_id=operator_id, tokens=tokens)
        link = await create_tracking_link(work, delivery_id=DeliveryId(world.delivery.id), tokens=tokens)
    known = {
        "portal": (world.shipper.id, key.secret),
        "operations": (operator_id, session.access_token),
        "recipient": (world.delivery.id, link),
    }
    callers = {
        client: Caller(id=one, market_id=market, credential=credential) for client, (one, credential) in known.items()
    }
    app = build_app(SimpleNamespace(**{**_parts(marketplace), "router": world.router}))
    api = Api(app)
    async with api.http:
        yield Counter(api, world, callers)


def _parts(marketplace: TestMarketplace) -> dict[str, Any]:
    return {name: getattr(marketplace, name) for name in marketplace.__dataclass_fields__}


async def test_a_recipient_books_by_the_link_and_the_shipper_sees_the_promise(counter: Counter) -> None:
    day = await counter("recipient", "delivery_windows", day=TODAY)

    assert (day["timeZone"], day["closedReason"], len(day["windows"])) == ("America/Santiago", None, 3)
    assert SEVEN in [one["window"] for one in day["windows"]]

    booked = await counter("recipient", "book_window", day=TODAY, **SEVEN)

    assert (booked["hold"]["state"], booked["hold"]["window"], booked["hold"]["expiresAt"]) == ("BOOKED", SEVEN, None)
    assert booked["hold"]["deliveryId"] == counter.delivery_id
    delivery = await counter("portal", "delivery", id=counter.delivery_id)
    assert delivery["dropoffWindow"] == SEVEN

    given_back = await counter("recipient", "revoke_window", holdId=booked["hold"]["id"])

    assert given_back["hold"]["state"] == "REVOKED"
    delivery = await counter("portal", "delivery", id=counter.delivery_id)
    assert delivery["dropoffWindow"]["opensAt"] == "2026-03-02T15:00:00Z"


async def test_a_shipper_holds_first_and_one_key_has_one_effect(counter: Counter) -> None:
    wanted = {"day": TODAY, "deliveryId": counter.delivery_id, **SEVEN, "idempotencyKey": "mine"}

    held, again = [await counter("portal", "hold_window", **wanted) for _ in range(2)]

    assert held == again
    assert held["hold"]["state"] == "HELD"
    booked = await counter("portal", "book_window", holdId=held["hold"]["id"])
    assert (booked["hold"]["id"], booked["hold"]["state"]) == (held["hold"]["id"], "BOOKED")


async def test_a_window_is_held_before_anything_is_posted(counter: Counter) -> None:
    wish = {
        "hubId": counter.hub["hubId"],
        "place": {"lat": -29.96, "lon": -71.335},
        "packages": [{"weightG": 500, "lengthMm": 100, "widthMm": 100, "heightMm": 100}],
    }

    day = await counter("portal", "delivery_windows", day=TODAY, wish=wish)
    held = await counter("portal", "hold_window", day=TODAY, wish=wish, **SEVEN)
    elsewhere = await counter("portal", "book_window", holdId=held["hold"]["id"], deliveryId=counter.delivery_id)

    assert len(day["windows"]) == 3
    assert held["hold"]["deliveryId"] is None
    assert elsewhere["hold"]["deliveryId"] == counter.delivery_id


async def test_refusals_are_typed(counter: Counter) -> None:
    no_window = {"opensAt": SEVEN["opensAt"], "closesAt": "2026-03-02T20:00:00Z"}

    said = [
        (await counter("recipient", "book_window", day=TODAY, **no_window))["code"],
        (await counter("recipient", "book_window", day=TODAY))["code"],
        (await counter("recipient", "hold_window", day="2026-03-20", **SEVEN))["code"],
    ]
    await counter("portal", "cancel_delivery", deliveryId=counter.delivery_id, reason="OTHER")
    said.append((await counter("portal", "hold_window", day=TODAY, deliveryId=counter.delivery_id, **SEVEN))["code"])

    assert said == ["NOT_A_WINDOW", "BAD_WISH", "INVALID", "TOO_LATE_TO_CHANGE"]


async def test_an_operator_sets_what_a_hub_serves_and_it_is_written_down(counter: Counter) -> None:
    opening = {
        "hours": DAILY,
        "holidays": ["2026-12-25"],
        "cutoffs": [{"serviceLevel": "SAME_DAY", "until": "11:00"}],
        "placesPerHour": 1,
        "windowS": 3600,
    }

    answer = await counter("operations", "set_hub_opening", **counter.hub, opening=opening)

    now = await counter("operations", "hub_opening", **counter.hub)
    assert answer["opening"] == now
    assert now == {
        "hubId": counter.hub["hubId"], "hours": DAILY, "holidays": ["2026-12-25"],
        "cutoffs": [{"serviceLevel": "SAME_DAY", "until": "11:00"}], "noticeS": 3600, "windowS": 3600,
        "placesPerHour": 1, "placesPerDay": None, "docks": None, "dockS": 600, "reachS": None,
            "reachedAt": None, "cells": 0,
    }  # fmt: skip
    actions = await counter("operations", "operator_actions", marketId=counter.hub["marketId"])
    [action] = [edge["node"] for edge in actions["edges"]]
    assert (action["verb"], action["subjectId"]) == ("setHubOpening", counter.hub["hubId"])

    place = {"lat": -29.91, "lon": -71.25}
    promises = await counter("portal", "hub_promises", marketId=counter.hub["marketId"], place=place)
    assert [(one["serviceLevel"], one["day"]) for one in promises] == [
        ("STANDARD", TODAY),
        ("EXPRESS", TODAY),
        ("NEXT_DAY", "2026-03-03"),
    ]

    bad = {"hours": [{"day": 8, "opens": "08:00", "closes": "20:00"}]}
    refused = await counter("operations", "set_hub_opening", **counter.hub, opening=bad)
    assert refused["code"] == "BAD_OPENING"
