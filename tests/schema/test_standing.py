"""Standing and a suspension over GraphQL, with the ready-made documents of the driver's app and of operations."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.core.clock import ManualClock
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Work, Works
from marketplace.payouts import tell_driver
from marketplace.standing import begin_suspensions, compute_standing, propose_suspensions
from schema.asgi import build_app
from tests.flows.api import Caller
from tests.marketplace.standing.driven import make_bad_driver, make_named, make_place
from tests.schema.conftest import TestMarketplace


@dataclass(slots=True, kw_only=True)
class Desk:
    """A late driver, two operators of the market and one of another, each with the API."""

    works: Works
    market: str
    driver_id: UUID
    driver: Caller
    marta: Caller
    iris: Caller
    stranger: Caller


@pytest.fixture
async def desk(works: Works, clock: ManualClock) -> AsyncIterator[Desk]:
    settings = Settings()
    marketplace: Any = TestMarketplace(settings=settings, works=works)
    transport = httpx.ASGITransport(build_app(marketplace))
    http = httpx.AsyncClient(transport=transport, base_url="http://doorstep.test")
    tokens = Tokens(settings.secret.get_secret_value())

    async def caller(work: Work, kind: PrincipalKind, principal_id: UUID) -> Caller:
        lasts = timedelta(days=100)
        opened = await open_session(work, kind=kind, principal_id=principal_id, tokens=tokens, access_lasts=lasts)
        return Caller(http, "driver" if kind is PrincipalKind.DRIVER else "operations", opened.access_token)

    async with works.open() as work:
        place, elsewhere = await make_place(work), await make_place(work)
        driver = await make_bad_driver(work, place)
        people = [await make_named(work, place[0], name) for name in ("Marta", "Iris")]
        people.append(await make_named(work, elsewhere[0], "Eva"))
        marta, iris, stranger = [await caller(work, PrincipalKind.OPERATOR, person) for person in people]
        app = await caller(work, PrincipalKind.DRIVER, driver.id)
    clock.advance(seconds=86_400)
    async with http:
        yield Desk(
            works=works,
            market=to_wire("market", place[0].id),
            driver_id=driver.id,
            driver=app,
            marta=marta,
            iris=iris,
            stranger=stranger,
        )


async def judge(desk: Desk) -> str:
    """What the nightly job does; returns the proposal."""
    async with desk.works.open() as work:
        market_id = from_wire("market", desk.market)
        await compute_standing(work, market_id=market_id)
        [suspension_id] = await propose_suspensions(work, market_id=market_id)
        return to_wire("suspension", suspension_id)


async def told(desk: Desk) -> list[str]:
    """What the driver was told so far, in the order of the events."""
    inbox = InboxNotifier()
    async with desk.works.open() as work:
        rows = await work.fetch(
            "SELECT id FROM event WHERE driver_id = $1 AND name LIKE ANY(ARRAY['Suspension%', 'Appeal%', 'Evidence%'])"
            " AND name <> 'SuspensionAppealed' ORDER BY ordinal",
            desk.driver_id,
        )
    for row in rows:
        await tell_driver(desk.works, notifier=inbox, event_id=row["id"])
    return [message.text for message in inbox.messages]


async def test_the_rules_are_published_in_two_languages_and_for_machines(desk: Desk) -> None:
    rules = await desk.driver("standing_rules")

    assert (rules["version"], rules["windowDays"], len(rules["wordsEn"])) == (1, 28, len(rules["wordsEs"]))
    assert rules["wordsEn"][0].startswith("Declining an offer, or letting it pass, never counts")
    assert rules["wordsEs"][0].startswith("Rechazar una oferta, o dejarla pasar, no cuenta nunca")
    assert [level["earlyAccessMinutes"] for level in rules["levels"]] == [0, 15, 30]
    assert orjson.loads(rules["asJson"])["minimum_evidence"] == {"ARRIVAL": 20, "HAND_OVER": 20, "RATING": 5}


async def test_a_driver_contests_a_row_and_a_person_puts_it_right(desk: Desk) -> None:
    standing = await desk.driver("my_standing")
    figures = {figure["code"]: figure for figure in standing["figures"]}
    assert {code: (figure["value"], figure["of"]) for code, figure in figures.items()} == {
        "COMPLETED": (44, 4), "ARRIVAL": (0, 44), "HAND_OVER": (44, 44), "RATING": (0, 0),
    }  # fmt: skip
    assert standing["missing"] == [{"code": "ARRIVAL", "needed": 85, "now": 0}]
    row = figures["ARRIVAL"]["evidence"][0]
    assert "own part" in row["words"]

    asked = await desk.driver(
        "ask_correction", evidenceId=row["id"], text="the bridge was shut", idempotencyKey=desk.driver.key()
    )
    [waiting] = (await desk.marta("standing_attention", marketId=desk.market))["corrections"]
    assert (waiting["id"], waiting["text"]) == (asked["correctionId"], "the bridge was shut")
    answer = {"marketId": desk.market, "correctionId": waiting["id"], "isUpheld": True, "reason": "it was"}
    refused = await desk.stranger("answer_correction", **answer, idempotencyKey="x")
    assert refused["code"] == "NOT_FOUND"
    await desk.marta("answer_correction", **answer, idempotencyKey=desk.marta.key())

    after = await desk.driver("my_standing")
    assert after == await desk.marta(
        "driver_standing", marketId=desk.market, driverId=to_wire("driver", desk.driver_id)
    ) | {"computedAt": after["computedAt"]}
    arrivals = next(figure for figure in after["figures"] if figure["code"] == "ARRIVAL")
    put_right = next(one for one in arrivals["evidence"] if one["id"] == row["id"])
    assert arrivals["of"] == 43
    assert (put_right["counts"], put_right["correction"], put_right["answer"], put_right["answeredBy"]) == (
        False, "UPHELD", "it was", "Marta",
    )  # fmt: skip
    assert await told(desk) == ["What you said against a row of your standing was upheld: the row counts no more."]


async def test_both_sides_read_the_same_file_from_proposal_to_appeal(desk: Desk, clock: ManualClock) -> None:
    suspension = await judge(desk)
    [proposed] = await desk.driver("suspension_file")
    assert (proposed["id"], proposed["state"], proposed["decidedBy"]) == (suspension, "PROPOSED", None)
    about = {"marketId": desk.market, "suspensionId": suspension}
    [waiting] = (await desk.marta("standing_attention", marketId=desk.market))["suspensions"]
    assert waiting == proposed

    early = {"isConfirmed": True, "isImmediate": True, "reason": "late"}
    refused = await desk.marta("decide_suspension", **about, **early, idempotencyKey="a")
    assert refused["code"] == "NOT_ALLOWED"
    decision = {"isConfirmed": True, "reason": "late at 44 doors"}
    await desk.marta("decide_suspension", **about, **decision, idempotencyKey="b")
    await desk.marta("decide_suspension", **about, **decision, idempotencyKey="b")
    clock.advance(seconds=14 * 86_400)
    async with desk.works.open() as work:
        assert await begin_suspensions(work) == 1

    # Suspended, the driver still reads pay and the own file, and appeals
    assert (await desk.driver("my_statements", first=1))["edges"] == []
    appealed = await desk.driver(
        "appeal_suspension", suspensionId=suspension, text="The bridge was shut.", evidence=["a photo"],
        idempotencyKey=desk.driver.key(),
    )  # fmt: skip
    assert appealed["file"]["appealText"] == "The bridge was shut."
    answer = {"isUpheld": True, "reason": "it was"}
    refused = await desk.marta("decide_appeal", **about, **answer, idempotencyKey="c")
    assert refused["code"] == "SAME_PERSON"
    await desk.iris("decide_appeal", **about, **answer, idempotencyKey="d")

    [file] = await desk.driver("suspension_file")
    whose = {"marketId": desk.market, "driverId": to_wire("driver", desk.driver_id)}
    assert await desk.marta("suspension_file", **whose) == [file]
    assert [(step["what"], step["who"]) for step in file["steps"]] == [
        ("PROPOSED", "rule LATE_BY_OWN_PART, version 1"), ("CONFIRMED", "Marta"), ("IN_FORCE", "Marta"),
        ("APPEALED", "the driver"), ("APPEAL_UPHELD", "Iris"), ("REVERSED", "Iris"),
    ]  # fmt: skip
    messages = await told(desk)
    assert [text.partition(".")[0] for text in messages] == [
        "A suspension of your account was proposed",
        "Your account is suspended from 17",
        "Your suspension is in force: you get no new offers",
        "Your appeal was upheld",
    ]
    audit = await desk.marta("operator_actions", marketId=desk.market, first=10)
    assert [edge["node"]["verb"] for edge in audit["edges"]] == ["decideAppeal", "decideSuspension"]


async def test_fairness_is_told_to_operations_and_the_own_day_to_the_driver(desk: Desk) -> None:
    told_to_all = await desk.marta("fairness", marketId=desk.market, day="2026-03-02")
    own = await desk.driver("my_fairness", day="2026-03-02")

    assert [one["contractKind"] for one in told_to_all["figures"]] == [None, "CROWDSOURCED"]
    assert told_to_all["figures"][0]["drivers"] == 1
    assert (own["contractKind"], own["median"]) == ("CROWDSOURCED", None)
