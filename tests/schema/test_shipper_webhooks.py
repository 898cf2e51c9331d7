"""Shippers set their webhooks up over the API, see how sending goes, and replay what was missed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from marketplace.accounts import Tokens, create_api_key
from marketplace.core.ids import to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.webhooks.test_send import is_signed_by
from tests.marketplace.webhooks.world import WebhookWorld, open_world
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import make_operator

EVENTS = ["DeliveryMoved"]


class Portal:
    """A shipper's portal over the API."""

    def __init__(self, api: Api, world: WebhookWorld, shipper: Caller, operator: Caller) -> None:
        self.api, self.world, self.shipper, self.operator = api, world, shipper, operator

    async def ask(self, name: str, **variables: Any) -> Any:
        """What the portal gets."""
        [value] = (await self.api.ask(load_document("portal", name), variables, self.shipper)).values()
        return value

    async def register(self, path: str = "/good", key: str = "a", **changes: Any) -> Any:
        """Registers a webhook."""
        given = {
            "marketId": to_wire("market", self.world.market.id),
            "url": self.world.receiver.url + path,
            "events": EVENTS,
            "idempotencyKey": key,
        }
        return await self.ask("register_webhook", **given | changes)


@pytest.fixture
async def portal(committed_works: Works) -> AsyncIterator[Portal]:
    """A shipper with an API key, and an operator of its market."""
    settings = Settings()
    tokens = Tokens(settings.secret.get_secret_value())
    async with open_world(committed_works) as world:
        marketplace = TestMarketplace(settings=settings, works=committed_works, webhooks=world.sender)
        async with committed_works.open() as work:
            key = await create_api_key(work, shipper_id=world.shipper_id)
            operator = await make_operator(work, tokens, market_id=world.market.id, name="Marta")
        shipper = Caller(id=world.shipper_id, market_id=world.market.id, credential=key.secret)
        api = Api(build_app(marketplace))
        async with api.http:
            yield Portal(api, world, shipper, operator)


async def test_a_secret_is_shown_once_and_to_the_repetition_of_the_same_call(portal: Portal) -> None:
    made = await portal.register()
    again = await portal.register()
    [listed] = await portal.ask("webhooks")

    assert made["secret"].startswith("whsec_")
    assert again == made
    assert listed == made["webhook"]
    assert made["secret"] not in str(await portal.world.rows("SELECT * FROM webhook"))
    assert made["secret"] not in str(await portal.world.rows("SELECT * FROM idempotency"))


async def test_messages_go_out_signed_by_the_secret_that_was_shown(portal: Portal) -> None:
    made = await portal.register()
    rotated = await portal.ask("rotate_webhook_secret", webhookId=made["webhook"]["id"], idempotencyKey="b")
    repeated = await portal.register()
    await portal.world.happen((0, 1))
    await portal.world.send()

    [heard] = portal.world.receiver.heard
    assert is_signed_by(heard, made["secret"])
    assert is_signed_by(heard, rotated["secret"])
    assert rotated["webhook"]["previousSecretUntil"] is not None
    assert repeated["secret"] is None


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"url": "http://10.0.0.1/"}, "WEBHOOK_URL_REFUSED", "url"),
        ({"url": "nonsense"}, "WEBHOOK_URL_REFUSED", "url"),
        ({"events": []}, "BAD_WEBHOOK", "events"),
        ({"events": ["PayoutFailed"]}, "BAD_WEBHOOK", "events"),
        ({"description": "x" * 201}, "BAD_WEBHOOK", "description"),
        ({"marketId": "mkt_" + "0" * 32}, "NOT_FOUND", "marketId"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_made(
    portal: Portal, changes: dict[str, Any], code: str, field: str
) -> None:
    problem = await portal.register(**changes)

    assert (problem["code"], problem["field"]) == (code, field)
    assert await portal.ask("webhooks") == []


async def test_the_log_tells_how_it_went_and_a_message_is_replayed(portal: Portal) -> None:
    webhook_id = (await portal.register())["webhook"]["id"]
    portal.world.receiver.statuses["/good"] = [500, 200]
    sent = await portal.ask("send_test_event", webhookId=webhook_id, idempotencyKey="b")
    await portal.world.send()
    await portal.world.later(10)
    await portal.world.send()

    page = await portal.ask("webhook_attempts", webhookId=webhook_id, first=1)
    rest = await portal.ask("webhook_attempts", webhookId=webhook_id, first=5, after=page["pageInfo"]["endCursor"])
    replayed = await portal.ask("replay_webhook", webhookId=webhook_id, messageId=sent["messageId"], idempotencyKey="c")
    await portal.world.send()

    latest, first = page["edges"][0]["node"], rest["edges"][0]["node"]
    assert page["pageInfo"]["hasNextPage"]
    assert (latest["number"], latest["status"], latest["failure"]) == (2, 200, None)
    assert (first["number"], first["status"], first["failure"]) == (1, 500, "STATUS")
    assert {latest["messageId"], first["messageId"]} == {sent["messageId"]}
    assert (latest["event"], latest["deliveryId"], latest["messageState"]) == ("TestEvent", None, "DELIVERED")
    assert replayed == {"messageCount": 1}
    assert [each.headers["webhook-id"] for each in portal.world.receiver.heard] == [sent["messageId"]] * 3


async def test_operations_see_what_takes_nothing_any_more(portal: Portal) -> None:
    webhook_id = (await portal.register())["webhook"]["id"]
    portal.world.receiver.statuses["/good"] = [410]
    await portal.world.happen((0, 1))
    await portal.world.send()

    variables = {"marketId": to_wire("market", portal.world.market.id)}
    document = load_document("operations", "webhook_attention")
    [stuck] = (await portal.api.ask(document, variables, portal.operator))["webhookAttention"]
    [own] = await portal.ask("webhooks")

    assert stuck == own
    assert (own["id"], own["state"], own["disabledReason"], own["failedCount"]) == (webhook_id, "DISABLED", "GONE", 1)


async def test_a_webhook_is_disabled_enabled_and_deleted(portal: Portal) -> None:
    webhook_id = (await portal.register())["webhook"]["id"]

    disabled = await portal.ask("disable_webhook", webhookId=webhook_id, idempotencyKey="b")
    refused = await portal.ask("send_test_event", webhookId=webhook_id, idempotencyKey="c")
    enabled = await portal.ask("enable_webhook", webhookId=webhook_id, idempotencyKey="d")
    deleted = await portal.ask("delete_webhook", webhookId=webhook_id, idempotencyKey="e")
    gone = await portal.ask("enable_webhook", webhookId=webhook_id, idempotencyKey="f")

    assert (disabled["webhook"]["state"], disabled["webhook"]["disabledReason"]) == ("DISABLED", "SHIPPER")
    assert refused["code"] == "WEBHOOK_DISABLED"
    assert (enabled["webhook"]["state"], enabled["webhook"]["disabledReason"]) == ("ENABLED", None)
    assert deleted == {"webhookId": webhook_id}
    assert gone["code"] == "NOT_FOUND"
    assert await portal.ask("webhooks") == []
