"""A tracking link at the edge: guesses are refused alike and soon not at all, and no token enters a log."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from marketplace.accounts import Tokens, create_tracking_link
from marketplace.app import open_pushes
from marketplace.batches.models import Delivery
from marketplace.core.ids import DeliveryId, to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.contracts.push_double import BrowserDouble
from tests.schema.conftest import Api, Caller, TestMarketplace

TRACKED = load_document("recipient", "tracked_delivery")
INSTRUCTIONS = load_document("recipient", "leave_instructions")


@pytest.fixture
def edge(marketplace: TestMarketplace) -> Api:
    """A client of the whole schema."""
    return Api(build_app(marketplace))


@pytest.fixture
async def recipient(works: Works, tokens: Tokens) -> Caller:
    """Somebody with a tracking link."""
    async with works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market)
        batch = await make_batch(work, market, shipper)
        delivery: Delivery = await make_delivery(work, market, shipper, await make_hub(work, market), batch)
        token = await create_tracking_link(work, delivery_id=DeliveryId(delivery.id), tokens=tokens)
    return Caller(id=delivery.id, market_id=market.id, credential=token)


async def test_a_link_shows_its_delivery_and_says_who_asks(edge: Api, recipient: Caller) -> None:
    tracked = (await edge.ask(TRACKED, {"language": "ES"}, recipient))["trackedDelivery"]
    me = (await edge.ask("{ me { kind id marketId } }", None, recipient))["me"]

    assert (tracked["id"], tracked["headline"]) == (to_wire("delivery", recipient.id), "Estamos preparando tu entrega")
    assert me == {
        "kind": "recipient",
        "id": to_wire("delivery", recipient.id),
        "marketId": to_wire("market", recipient.market_id),
    }


async def test_the_same_key_leaves_instructions_once(edge: Api, recipient: Caller, works: Works) -> None:
    async def leave(text: str, key: str) -> Any:
        variables = {"text": text, "idempotencyKey": key}
        return (await edge.ask(INSTRUCTIONS, variables, recipient))["leaveInstructions"]

    first, again, other = await leave("one", "a"), await leave("one", "a"), await leave("two", "a")

    assert [one["delivery"]["instructions"] for one in (first, again)] == ["one", "one"]
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event WHERE name = 'InstructionsLeft'") == 1
        # What is kept beside the key is no copy of what was said.
        assert await work.fetch_value("SELECT reply FROM idempotency") == "leaveInstructions"


async def test_guesses_are_refused_alike_and_then_not_looked_at(edge: Api, recipient: Caller) -> None:
    answers = []
    for number in range(120):
        guess = Caller(id=recipient.id, market_id=recipient.market_id, credential=f"trk_{number:032d}")
        answers.append(await edge.send(TRACKED, {}, guess))

    statuses = [answer.status_code for answer in answers]
    refused = {answer.text for answer in answers if answer.status_code == 401}
    assert set(statuses) == {401, 429}
    assert statuses.count(401) < 115
    assert len(refused) == 1
    assert "LINK_ENDED" in refused.pop()


async def test_no_log_line_holds_a_token(
    edge: Api, recipient: Caller, marketplace: TestMarketplace, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as lines:
        await edge.send(TRACKED, {}, recipient)
        await edge.http.get(f"/t/{recipient.credential}")
        await edge.http.get(f"/proofs/{recipient.credential}")
        marketplace.works = None  # type: ignore[assignment]  # everything fails from now on
        failed = await edge.send(TRACKED, {}, recipient)

    assert failed.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert lines != []
    printed = capfd.readouterr()
    assert recipient.credential not in str(lines) + printed.out + printed.err


async def test_a_browser_that_leads_into_the_house_is_refused_and_nothing_is_kept(
    edge: Api, recipient: Caller, marketplace: TestMarketplace, works: Works, tmp_path: Path
) -> None:
    browser = BrowserDouble(place="127.0.0.1:9")
    text, keys = load_document("recipient", "subscribe_browser"), {"p256dh": browser.p256dh, "auth": browser.auth}
    variables = {"endpoint": "https://127.0.0.1/push", **keys, "idempotencyKey": "a"}

    nobody = (await edge.ask(text, variables, recipient))["subscribeBrowser"]
    marketplace.pushes = pushes = open_pushes(Settings(state_folder=tmp_path))
    refused = (await edge.ask(text, variables, recipient))["subscribeBrowser"]

    assert (nobody["code"], refused["code"], refused["field"]) == ("NO_PUSH", "PUSH_ENDPOINT_REFUSED", "endpoint")
    assert (await edge.ask("{ pushKey }", None, recipient))["pushKey"] == pushes.public_key
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM browser") == 0
    await pushes.aclose()
