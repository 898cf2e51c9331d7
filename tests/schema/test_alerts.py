"""Shippers say how their people are told; shippers and operations read what was said to whom, and why."""

from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from marketplace.accounts import PrincipalKind, Tokens, add_operator, create_tracking_link, open_session
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import Links, notify
from marketplace.batches.events import DeliveryExpired
from marketplace.batches.models import Delivery
from marketplace.core.ids import DeliveryId, MarketId, to_wire
from marketplace.core.settings import Mode
from marketplace.core.work import Works
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import make_batch, make_delivery, make_hub, make_shipper
from tests.schema.conftest import Api, Caller, TestMarketplace

USUAL = {
    "language": "en", "quietFromMinute": 1_290, "quietToMinute": 480, "email": "", "muted": [], "templates": []
}  # fmt: skip
SPANISH = {
    "language": "es",
    "quietFromMinute": 0,
    "quietToMinute": 0,
    "email": "turno@example.com",
    "muted": ["DRIVER_FOUND:recipient"],
    "templates": [{"language": "es", "message": "EXPIRED:shipper", "text": "{external_id} sin conductor: {reason}"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A shipper with one delivery that found no driver, and the operations of its market."""

    api: Api
    works: Works
    tokens: Tokens
    shipper: Caller
    operator: Caller
    delivery: Delivery

    async def ask(self, name: str, caller: Caller | None = None, **variables: Any) -> Any:
        """The one field of an operation, asked by the shipper where nobody else is named."""
        folder = "operations" if caller is self.operator else "portal"
        found = await self.api.ask(load_document(folder, name), variables, caller or self.shipper)
        [value] = found.values()
        return value

    async def set(self, **changes: Any) -> Any:
        return await self.ask("set_alert_policy", policy=SPANISH | changes, idempotencyKey="policy-of-test-1")

    async def finds_no_driver(self) -> None:
        """The delivery expires, and people are told."""
        async with self.works.open() as work:
            work.emit(
                DeliveryExpired(
                    market_id=self.delivery.market_id,
                    shipper_id=self.delivery.shipper_id,
                    delivery_id=self.delivery.id,
                    batch_id=self.delivery.batch_id,
                    sequence=2,
                    state="EXPIRED",
                    reason="NO_SUPPLY",
                )
            )
        async with self.works.open() as work:
            event_id = await work.fetch_value("SELECT id FROM event WHERE name = 'DeliveryExpired'")
        links = Links(tokens=self.tokens, public_url="https://doorstep.test")
        await notify(self.works, notifier=InboxNotifier(), links=links, event_id=event_id)

    async def log(self) -> list[dict[str, Any]]:
        """What operations read, latest first."""
        page = await self.ask("alert_log", self.operator, marketId=to_wire("market", self.delivery.market_id))
        return [edge["node"] for edge in page["edges"]]


@pytest.fixture
async def desk(works: Works, marketplace: TestMarketplace, tokens: Tokens, shipper: Caller) -> Desk:
    """The desk of a shipper."""
    async with works.open() as work:
        market = await Market.get(id=shipper.market_id, using_db=work.db)
        record = await Shipper.get(id=shipper.id, using_db=work.db)
        batch = await make_batch(work, market, record)
        delivery = await make_delivery(
            work, market, record, await make_hub(work, market), batch, external_id="A-17", pickup_phone="+56922222222"
        )
        operator_id = await add_operator(work, name="Marta", email="marta@example.com", market_id=MarketId(market.id))
        session = await open_session(work, kind=PrincipalKind.OPERATOR, principal_id=operator_id, tokens=tokens)
    operator = Caller(id=operator_id, market_id=market.id, credential=session.access_token)
    return Desk(
        api=Api(build_app(marketplace)),
        works=works,
        tokens=tokens,
        shipper=shipper,
        operator=operator,
        delivery=delivery,
    )


async def test_whoever_has_set_nothing_has_what_is_usual(desk: Desk) -> None:
    assert await desk.ask("alert_policy") == USUAL


async def test_a_policy_is_read_back_as_it_was_set(desk: Desk) -> None:
    answer = await desk.set()

    assert answer == {"__typename": "AlertPolicy", **SPANISH}
    assert await desk.ask("alert_policy") == SPANISH


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"language": "de"}, "BAD_ALERT_POLICY", "language"),
        ({"quietToMinute": 1_440}, "BAD_ALERT_POLICY", "quietToMinute"),
        ({"email": "nobody"}, "BAD_ALERT_POLICY", "email"),
        ({"muted": ["LATE:driver"]}, "BAD_ALERT_POLICY", "muted"),
        (
            {"templates": [{"language": "es", "message": "LATE:recipient", "text": "{shipper.secret}"}]},
            "BAD_TEMPLATE",
            "templates.es.LATE:recipient",
        ),
        (
            {"templates": [{"language": "en", "message": "LATE:recipient", "text": "{"}]},
            "BAD_TEMPLATE",
            "templates.en.LATE:recipient",
        ),
    ],
    ids=["language", "hour", "email", "muted", "place", "brace"],
)
async def test_what_cannot_be_used_is_refused_and_changes_nothing(
    desk: Desk, changes: dict[str, Any], code: str, field: str
) -> None:
    problem = await desk.set(**changes)

    assert (problem["__typename"], problem["code"], problem["field"]) == ("Problem", code, field)
    assert problem["retryable"] is False
    assert await desk.ask("alert_policy") == USUAL


async def test_operations_read_what_was_said_to_whom_by_which_way_and_why(desk: Desk) -> None:
    await desk.set()
    await desk.finds_no_driver()

    told = {line["audience"]: line for line in await desk.log()}

    assert set(told) == {"shipper", "dispatcher"}
    line = told["shipper"]
    assert line["text"].startswith("A-17 sin conductor: ")
    assert (line["cause"], line["channel"], line["state"]) == ("EXPIRED", "EMAIL", "SENT")
    assert (line["externalId"], line["deliveryId"]) == ("A-17", to_wire("delivery", desk.delivery.id))
    assert line["eventId"].startswith("evt_")
    assert told["dispatcher"]["channel"] == "OPERATORS"


async def test_a_shipper_reads_what_was_said_of_its_delivery_but_not_to_dispatchers(desk: Desk) -> None:
    await desk.finds_no_driver()

    page = await desk.ask("notifications", deliveryId=to_wire("delivery", desk.delivery.id))

    assert [(edge["node"]["audience"], edge["node"]["channel"]) for edge in page["edges"]] == [("shipper", "SMS")]


async def test_another_shipper_has_no_such_delivery(desk: Desk) -> None:
    async with desk.works.open() as work:
        market = await Market.get(id=desk.shipper.market_id, using_db=work.db)
        other = await make_shipper(work, market, name="Another")
        batch = await make_batch(work, market, other)
        theirs = await make_delivery(work, market, other, await make_hub(work, market), batch)

    answer = await desk.api.send(
        load_document("portal", "notifications"), {"deliveryId": to_wire("delivery", theirs.id)}, desk.shipper
    )

    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def say(desk: Desk, *texts: str) -> None:
    """Messages to the recipient, all of one moment."""
    async with desk.works.open() as work:
        for text in texts:
            await work.execute(
                "INSERT INTO notification (id, market_id, delivery_id, audience, channel, address, text, state,"
                " created_at) VALUES ($1, $2, $3, 'recipient', 'SMS', '+56911111111', $4, 'SENT', $5)",
                *(work.new_id(), desk.delivery.market_id, desk.delivery.id, text, work.now),
            )


async def count_links(desk: Desk) -> int:
    async with desk.works.open() as work:
        count: int = await work.fetch_value("SELECT count(*) FROM tracking_link")
    return count


async def test_messages_of_one_moment_are_read_as_they_were_written_page_by_page(desk: Desk) -> None:
    texts = [str(number) for number in range(8)]
    await say(desk, *texts)
    market_id = to_wire("market", desk.delivery.market_id)

    read, after = [], None
    for _ in range(3):
        page = await desk.ask("alert_log", desk.operator, marketId=market_id, first=3, after=after)
        read += [edge["node"]["text"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]

    assert read == texts[::-1]
    assert [line["text"] for line in await desk.log()] == texts[::-1]


async def test_reading_shows_the_link_that_is_there_and_makes_none(desk: Desk) -> None:
    await say(desk, "see {link}")

    assert [line["text"] for line in await desk.log()] == ["see {link}"]
    assert await count_links(desk) == 0

    async with desk.works.open() as work:
        token = await create_tracking_link(work, delivery_id=DeliveryId(desk.delivery.id), tokens=desk.tokens)
    [line] = await desk.log()
    assert line["text"].endswith(f"/t/{token}")

    async with desk.works.open() as work:
        await work.execute(
            "UPDATE delivery SET state = 'EXPIRED', changed_at = changed_at - interval '30 days' WHERE id = $1",
            desk.delivery.id,
        )
    assert [line["text"] for line in await desk.log()] == ["see {link}"]
    assert await count_links(desk) == 1


async def test_in_production_no_log_leads_to_a_delivery(desk: Desk, marketplace: TestMarketplace) -> None:
    await say(desk, "see {link}")
    async with desk.works.open() as work:
        token = await create_tracking_link(work, delivery_id=DeliveryId(desk.delivery.id), tokens=desk.tokens)
    assert token in str(await desk.log())
    marketplace.settings = marketplace.settings.model_copy(update={"mode": Mode.PRODUCTION})

    with capture_logs() as lines:
        read = [line["text"] for line in await desk.log()]
        page = await desk.ask("notifications", deliveryId=to_wire("delivery", desk.delivery.id))

    assert read == [edge["node"]["text"] for edge in page["edges"]] == ["see {link}"]
    assert token not in str(lines)
    async with desk.works.open() as work:
        assert token not in str([dict(row) for row in await work.fetch("SELECT * FROM notification")])
