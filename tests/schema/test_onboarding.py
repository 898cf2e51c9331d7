"""The way into the fleet as an applicant and an operator walk it, over GraphQL alone."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.fleet import ContractKind, add_company, add_dispatcher
from marketplace.markets.models import Market
from marketplace.onboarding import DocumentSigner, NoSuchDocumentPicture, sweep_papers
from marketplace.routes.states import RouteState
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.schema.conftest import Api, Caller, TestMarketplace, sign_in_driver

PHONE = "+56912345678"


@pytest.fixture
async def whole(marketplace: TestMarketplace) -> AsyncIterator[Api]:
    """A client of the whole schema, with a place for pictures."""
    marketplace.object_store = MemoryObjectStore()
    api = Api(build_app(marketplace))
    async with api.http:
        yield api


async def send(api: Api, document: str, caller: Caller | None = None, **variables: Any) -> Any:
    """The answer of a ready-made operation's one field."""
    client, name = document.split("/")
    data = await api.ask(load_document(client, name), variables, caller)
    return next(iter(data.values()))


def picture() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), (200, 20, 20)).save(drawn, "PNG")
    return drawn.getvalue()


async def test_an_applicant_becomes_a_driver(
    whole: Api, marketplace: TestMarketplace, operator: Caller, works: Works, tokens: Tokens, clock: ManualClock
) -> None:
    market = to_wire("market", operator.market_id)
    good_until = (clock.now + timedelta(days=300)).isoformat()

    applied = await send(
        whole, "driver/apply_to_drive", marketId=market, name="Ana Rojas", phone=PHONE, vehicle="BICYCLE"
    )
    await send(whole, "driver/request_sign_in_code", address=PHONE)
    sent = marketplace.notifier.messages[-1].text
    session = await send(whole, "driver/sign_in", address=PHONE, code=re.findall(r"\d{6}", sent)[0])
    ana = Caller(id=operator.id, market_id=operator.market_id, credential=session["accessToken"])
    body = picture()
    upload = await send(
        whole,
        "driver/create_document_upload",
        ana,
        kind="IDENTITY",
        goodUntil=good_until,
        contentType="image/png",
        sizeBytes=len(body),
    )
    stored = await whole.http.put(httpx.URL(upload["url"]).path, content=body, headers={"content-type": "image/png"})
    await send(whole, "driver/add_vehicle", ana, kind="BICYCLE", label="red", equipment=[], idempotencyKey="v")

    waits = await send(whole, "operations/fleet_attention", operator, marketId=market)
    (applicant,), (paper,), (bicycle,) = waits["applicants"], waits["documents"], waits["vehicles"]
    decide = {"marketId": market, "reason": "seen"}
    await send(
        whole, "operations/check_document", operator, **decide, documentId=paper["id"], isAccepted=True,
        idempotencyKey="1",
    )  # fmt: skip
    await send(
        whole, "operations/check_vehicle", operator, **decide, vehicleId=bicycle["id"], isPassed=True, equipment=[],
        goodUntil=good_until, idempotencyKey="2",
    )  # fmt: skip
    await send(whole, "operations/approve_driver", operator, **decide, driverId=applicant["id"],
               contractKind="CROWDSOURCED", idempotencyKey="3")  # fmt: skip
    early = await send(whole, "driver/go_online", ana, point={"lat": -29.9, "lon": -71.25}, idempotencyKey="early")
    chosen = await send(whole, "driver/choose_vehicle", ana, vehicleId=bicycle["id"], idempotencyKey="4")
    await send(whole, "operations/activate_driver", operator, **decide, driverId=applicant["id"], idempotencyKey="5")
    online = await send(whole, "driver/go_online", ana, point={"lat": -29.9, "lon": -71.25}, idempotencyKey="now")

    assert applied == {"isReceived": True}
    assert (stored.status_code, stored.json()) == (201, {"documentId": upload["documentId"]})
    assert (applicant["accountState"], paper["kind"]) == ("APPLIED", "IDENTITY")
    assert early["code"] == "NOT_ALLOWED"
    assert chosen["papers"]["vehicles"][0]["isChosen"]
    assert online["driver"]["presence"] == "AVAILABLE"
    actions = await send(whole, "operations/operator_actions", operator, marketId=market)
    # All of one moment of a clock that stands, so their order says nothing.
    assert sorted(edge["node"]["verb"] for edge in actions["edges"]) == [
        "activateDriver", "approveDriver", "checkDocument", "checkVehicle",
    ]  # fmt: skip


async def test_dispatchers_of_two_companies_see_their_own(whole: Api, works: Works, tokens: Tokens) -> None:
    callers, drivers, routes = [], [], []
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        for name in ("alfa", "beta"):
            company = await add_company(work, market_id=market.id, name=name)
            person = await add_dispatcher(
                work, company_id=company, market_id=market.id, name="Iris", email=f"{name}@example.com"
            )
            driver = await make_driver(work, market, kind=ContractKind.CONTRACTED, company_id=company)
            delivery = await make_delivery(work, market, shipper, hub, batch)
            route, _ = await make_route(work, market, [delivery], driver=driver, state=RouteState.STARTED)
            opened = await open_session(work, kind=PrincipalKind.DISPATCHER, principal_id=person, tokens=tokens)
            callers.append(Caller(id=person, market_id=market.id, credential=opened.access_token))
            drivers.append(to_wire("driver", driver.id))
            routes.append(to_wire("route", route.id))

    for place, caller in enumerate(callers):
        seen = await send(whole, "company/company_drivers", caller)
        driven = await send(whole, "company/company_routes", caller)

        assert [row["id"] for row in seen] == [drivers[place]]
        assert [(row["id"], row["driverId"]) for row in driven] == [(routes[place], drivers[place])]
        assert await send(whole, "company/company_pay", caller) == []
        assert (await send(whole, "company/my_company", caller))["driverCount"] == 1


async def test_a_paper_is_looked_at_by_its_checker_for_two_minutes_and_goes_with_the_paper(
    whole: Api, marketplace: TestMarketplace, operator: Caller, works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        driver = await make_driver(work, await Market.get(id=operator.market_id, using_db=work.db))
    body, market = picture(), {"marketId": to_wire("market", operator.market_id)}
    made = await send(
        whole, "operations/enter_document", operator, **market, kind="IDENTITY", reason="seen at the desk",
        driverId=to_wire("driver", driver.id), goodUntil=(clock.now + timedelta(days=9)).isoformat(),
        idempotencyKey="1",
    )  # fmt: skip
    paper = market | {"documentId": made["subjectId"]}
    before = await send(whole, "operations/open_document", operator, **paper, idempotencyKey="2")
    sizes = {"contentType": "image/png", "sizeBytes": len(body)}
    upload = await send(whole, "operations/add_document_picture", operator, **paper, **sizes, idempotencyKey="3")
    put = await whole.http.put(httpx.URL(upload["url"]).path, content=body, headers={"content-type": "image/png"})
    again = await send(whole, "operations/add_document_picture", operator, **paper, **sizes, idempotencyKey="4")

    opened = await send(whole, "operations/open_document", operator, **paper, idempotencyKey="5")
    path = httpx.URL(opened["url"]).path
    seen = await whole.http.get(path)

    assert (before["code"], again["code"], put.status_code) == ("NO_PICTURE", "PICTURE_NOT_WANTED", 201)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert seen.headers["cache-control"] == "private, no-store"
    assert Image.open(BytesIO(seen.content)).size == (40, 30)
    async with works.open() as work:
        verbs = [row["verb"] for row in await work.fetch("SELECT verb FROM operator_action ORDER BY verb")]
        state = await work.fetch_value("SELECT state FROM driver_document")
    assert verbs == ["addDocumentPicture", "enterDocument", "openDocument"]
    assert state == "ACCEPTED"
    for spoiled in (path[:-1] + ("A" if path[-1] != "A" else "B"), path.replace("/documents/", "/proofs/")):
        assert (await whole.http.get(spoiled)).status_code == 404
    clock.advance(seconds=timedelta(days=40).total_seconds())
    assert await sweep_papers(works, store=marketplace.object_store) == 1
    assert (await whole.http.get(path)).status_code == 404


def test_the_address_of_a_paper_is_over_after_two_minutes_and_made_for_one_operator() -> None:
    signer, now = DocumentSigner("a secret of the installation"), datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    paper, marta = UUID(int=7), UUID(int=8)
    token = signer.sign(paper, marta, now=now).url_path.removeprefix("/documents/")

    assert signer.read(token, now=now + timedelta(seconds=119)) == (paper, marta)
    with pytest.raises(NoSuchDocumentPicture):
        signer.read(token, now=now + timedelta(seconds=120))
    with pytest.raises(NoSuchDocumentPicture):
        DocumentSigner("another secret").read(token, now=now)


async def test_a_driver_chooses_the_language_of_messages(whole: Api, works: Works, tokens: Tokens) -> None:
    ana = await sign_in_driver(works, tokens)
    before = await send(whole, "driver/my_papers", ana)

    changed = await send(whole, "driver/set_language", ana, language="ES", idempotencyKey="1")

    assert (before["language"], changed["papers"]["language"]) == ("EN", "ES")
    assert (await send(whole, "driver/my_papers", ana))["language"] == "ES"
