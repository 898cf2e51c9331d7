"""Somebody applies, hands in papers and a vehicle, is approved and activated; what runs out carries no more."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from marketplace.accounts import add_operator
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.core.clock import ManualClock
from marketplace.core.errors import Invalid, NotAllowed, NotFound
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, DocumentKind, DocumentState, Vehicle, add_company, go_online
from marketplace.markets.models import Market
from marketplace.onboarding import (
    CheckedBefore,
    DocumentStored,
    PapersMissing,
    VehicleNotReady,
    WrongStage,
    activate_driver,
    add_company_vehicle,
    add_vehicle,
    announce_document,
    apply_to_drive,
    approve_driver,
    check_document,
    check_vehicle,
    choose_vehicle,
    documents_of,
    documents_to_check,
    is_document,
    needed_papers,
    receive_document,
    remind_of_documents,
    retire_vehicle,
    vehicles_of,
    vehicles_to_check,
)
from marketplace.routes import UploadSigner
from tests.builders import HUB_PLACE, make_driver, make_market

YEAR = timedelta(days=365)
SIGNER = UploadSigner("a secret of tests")


async def make_operator(work: Work, market: Market) -> UUID:
    return await add_operator(work, name="Marta", email=f"{market.slug}@example.com", market_id=MarketId(market.id))


async def hand_in(work: Work, driver_id: UUID, kind: DocumentKind, until: datetime) -> UUID:
    """A paper whose picture is there."""
    upload = await announce_document(
        work,
        driver_id=driver_id,
        kind=kind,
        content_type="image/jpeg",
        size_bytes=10,
        good_until=until,
        signer=SIGNER,
    )
    await work.execute(
        "UPDATE driver_document SET state = 'UPLOADED', uploaded_at = $2 WHERE id = $1", upload.document_id, work.now
    )
    return upload.document_id


async def accept(
    work: Work, market: Market, document_id: UUID, operator_id: UUID, *, yes: bool = True
) -> DocumentState:
    return await check_document(
        work,
        document_id=document_id,
        market_id=market.id,
        operator_id=operator_id,
        is_accepted=yes,
        reason="looked at",
    )


async def ends(work: Work, driver_id: UUID) -> tuple[list[str], list[datetime | None] | None, datetime | None]:
    row = await work.fetch_row("SELECT skills, skills_until, documents_until FROM driver WHERE id = $1", driver_id)
    assert row is not None
    return row["skills"], row["skills_until"], row["documents_until"]


async def test_from_application_to_the_first_minute_online(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        marta = await make_operator(work, market)
        driver_id = await apply_to_drive(
            work, market_id=market.id, name="Ana Rojas", phone="+56 9 1234 5678", vehicle=Vehicle.CAR
        )
        assert driver_id is not None
        with pytest.raises(PapersMissing, match="IDENTITY, DRIVING_LICENCE, INSURANCE, REGISTRATION"):
            await approve_driver(work, driver_id=driver_id, market_id=market.id)
        for kind in needed_papers(Vehicle.CAR):
            until = work.now + YEAR + timedelta(days=len(kind.value))
            await accept(work, market, await hand_in(work, driver_id, kind, until), marta)
        assert (await ends(work, driver_id))[2] == work.now + YEAR + timedelta(days=len("IDENTITY"))
        await approve_driver(work, driver_id=driver_id, market_id=market.id)
        with pytest.raises(PapersMissing, match="no vehicle"):
            await activate_driver(work, driver_id=driver_id, market_id=market.id)
        van = await add_vehicle(work, driver_id=driver_id, kind=Vehicle.VAN, label="the white one")
        with pytest.raises(VehicleNotReady):
            await choose_vehicle(work, driver_id=driver_id, vehicle_id=van)
        assert len(await vehicles_to_check(work, market_id=market.id)) == 1
        await check_vehicle(
            work,
            vehicle_id=van,
            market_id=market.id,
            operator_id=marta,
            is_passed=True,
            reason="tyres and lights are good",
            good_until=work.now + timedelta(days=30),
            equipment=["STRAPS"],
        )
        await choose_vehicle(work, driver_id=driver_id, vehicle_id=van)
        with pytest.raises(NotAllowed):
            await go_online(work, driver_id=driver_id, place=HUB_PLACE)
        await activate_driver(work, driver_id=driver_id, market_id=market.id)
        with pytest.raises(WrongStage):
            await activate_driver(work, driver_id=driver_id, market_id=market.id)
        await go_online(work, driver_id=driver_id, place=HUB_PLACE)
        row = await work.fetch_row("SELECT vehicle, capacity FROM driver WHERE id = $1", driver_id)
        assert row is not None
        assert (row["vehicle"], row["capacity"][0]) == ("VAN", 80)
    clock.advance(seconds=30 * 86_400)

    async with works.open() as work:
        with pytest.raises(NotAllowed, match="run out"):
            await go_online(work, driver_id=driver_id, place=HUB_PLACE)


async def test_a_known_phone_changes_nothing_and_is_not_told(work: Work) -> None:
    market = await make_market(work)
    driver = await make_driver(work, market)

    again = await apply_to_drive(work, market_id=market.id, name="Eve", phone=driver.phone, vehicle=Vehicle.CAR)

    nowhere = await apply_to_drive(work, market_id=work.new_id(), name="Eve", phone="+56987654321", vehicle=Vehicle.CAR)

    assert (again, nowhere) == (None, None)
    assert await work.fetch_value("SELECT count(*) FROM driver") == 1


async def test_a_certificate_gives_its_skill_until_its_end(work: Work) -> None:
    market = await make_market(work)
    marta, driver = await make_operator(work, market), await make_driver(work, market, skills=["HEAVY"])
    until = work.now + YEAR

    await accept(work, market, await hand_in(work, driver.id, DocumentKind.COLD, until), marta)

    assert await ends(work, driver.id) == (["COLD", "HEAVY"], [until, None], None)


async def test_what_was_accepted_can_be_taken_back_and_carries_no_more(work: Work) -> None:
    market = await make_market(work)
    marta, driver = await make_operator(work, market), await make_driver(work, market)
    papers = [
        await hand_in(work, driver.id, kind, work.now + YEAR) for kind in (DocumentKind.COLD, DocumentKind.IDENTITY)
    ]
    for paper in papers:
        await accept(work, market, paper, marta)

    states = [await accept(work, market, paper, marta, yes=False) for paper in papers]

    assert states == [DocumentState.REVOKED] * 2
    assert await ends(work, driver.id) == (["COLD"], [work.now], work.now)
    with pytest.raises(CheckedBefore):
        await accept(work, market, papers[0], marta)


async def test_what_was_refused_changes_nothing(work: Work) -> None:
    market = await make_market(work)
    marta, driver = await make_operator(work, market), await make_driver(work, market)

    state = await accept(
        work, market, await hand_in(work, driver.id, DocumentKind.COLD, work.now + YEAR), marta, yes=False
    )

    assert state is DocumentState.REFUSED
    assert await ends(work, driver.id) == ([], None, None)
    assert [row["reason"] for row in await documents_of(work, driver_id=driver.id)] == ["looked at"]


async def test_a_check_says_why_and_stays_in_its_market(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    marta, driver = await make_operator(work, market), await make_driver(work, market)
    paper = await hand_in(work, driver.id, DocumentKind.COLD, work.now + YEAR)

    with pytest.raises(NotFound, match="no such document"):
        await accept(work, elsewhere, paper, marta)
    with pytest.raises(Invalid, match="say why"):
        await check_document(
            work, document_id=paper, market_id=market.id, operator_id=marta, is_accepted=True, reason=" "
        )

    assert len(await documents_to_check(work, market_id=market.id)) == 1
    assert await documents_to_check(work, market_id=elsewhere.id) == []


async def test_cold_goods_need_a_box_in_the_vehicle_of_the_day(work: Work) -> None:
    market = await make_market(work)
    marta, driver = await make_operator(work, market), await make_driver(work, market, skills=["COLD", "PHARMACY"])
    found = []
    for equipment in ([], ["COLD_BOX"]):
        car = await add_vehicle(work, driver_id=driver.id, kind=Vehicle.CAR, label="a car")
        await check_vehicle(
            work,
            vehicle_id=car,
            market_id=market.id,
            operator_id=marta,
            is_passed=True,
            reason="fine",
            good_until=work.now + YEAR,
            equipment=equipment,
        )
        await choose_vehicle(work, driver_id=driver.id, vehicle_id=car)
        found.append((await ends(work, driver.id))[1])

    assert found == [[work.now, None], None]


async def test_a_tail_lift_and_pallet_places_are_of_the_vehicle_of_the_day(work: Work) -> None:
    market = await make_market(work)
    marta, driver = await make_operator(work, market), await make_driver(work, market)
    checked: dict[str, Any] = {"market_id": market.id, "operator_id": marta, "is_passed": True, "reason": "seen"}
    checked |= {"good_until": work.now + YEAR, "equipment": ["TAIL_LIFT"]}
    lorry = await add_vehicle(work, driver_id=driver.id, kind=Vehicle.VAN, label="lorry")
    await check_vehicle(work, vehicle_id=lorry, pallet_places=6, **checked)
    before = await ends(work, driver.id)

    await choose_vehicle(work, driver_id=driver.id, vehicle_id=lorry)
    chosen = await ends(work, driver.id)
    await check_vehicle(work, vehicle_id=lorry, pallet_places=4, **(checked | {"equipment": []}))

    assert (before[0], chosen[:2]) == ([], (["TAIL_LIFT"], None))
    assert (await ends(work, driver.id))[:2] == (["TAIL_LIFT"], [work.now])
    assert await work.fetch_value("SELECT pallet_places FROM driver WHERE id = $1", driver.id) == 4
    with pytest.raises(Invalid):
        await check_vehicle(work, vehicle_id=lorry, pallet_places=41, **checked)


async def test_another_drivers_vehicle_looks_like_none_and_a_companys_is_its_drivers(work: Work) -> None:
    market = await make_market(work)
    company_id = await add_company(work, market_id=market.id, name="Reparto")
    ours = await make_driver(work, market, kind=ContractKind.CONTRACTED, company_id=company_id)
    other = await make_driver(work, market)
    mine = await add_vehicle(work, driver_id=ours.id, kind=Vehicle.CAR, label="mine")
    await work.execute(
        "UPDATE vehicle SET state = 'PASSED', checked_until = $2, checked_at = $3, checked_by = $4, reason = 'ok'"
        " WHERE id = $1",
        mine,
        work.now + YEAR,
        work.now,
        await make_operator(work, market),
    )

    with pytest.raises(NotFound, match="no such vehicle"):
        await choose_vehicle(work, driver_id=other.id, vehicle_id=mine)
    await work.execute("UPDATE vehicle SET driver_id = NULL, company_id = $2 WHERE id = $1", mine, company_id)
    with pytest.raises(NotFound, match="no such vehicle"):
        await choose_vehicle(work, driver_id=other.id, vehicle_id=mine)
    await choose_vehicle(work, driver_id=ours.id, vehicle_id=mine)

    assert await work.fetch_value("SELECT vehicle_id FROM driver WHERE id = $1", ours.id) == mine


async def test_a_driver_is_reminded_once_two_weeks_before_unless_the_next_paper_is_there(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        market = await make_market(work)
        marta = await make_operator(work, market)
        late, early = await make_driver(work, market), await make_driver(work, market)
        until = work.now + timedelta(days=15)
        papers = [await hand_in(work, one.id, DocumentKind.INSURANCE, until) for one in (late, early)]
        for paper in papers:
            await accept(work, market, paper, marta)
        await hand_in(work, early.id, DocumentKind.INSURANCE, until + YEAR)
        assert await remind_of_documents(work) == 0
    clock.advance(seconds=86_400)

    async with works.open() as work:
        counts = [await remind_of_documents(work), await remind_of_documents(work)]

        assert counts == [2, 0]
        assert [(event.name, event.payload()["document_id"]) for event in work.events] == [
            ("DocumentExpiring", str(papers[0]))
        ]


async def test_the_picture_of_a_paper_comes_in_at_its_signed_address(works: Works) -> None:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), (200, 20, 20)).save(drawn, "PNG")
    body, store = drawn.getvalue(), MemoryObjectStore()
    async with works.open() as work:
        driver = await make_driver(work, await make_market(work))
        upload = await announce_document(
            work,
            driver_id=driver.id,
            kind=DocumentKind.IDENTITY,
            content_type="image/png",
            size_bytes=len(body),
            good_until=work.now + YEAR,
            signer=SIGNER,
        )
    token = upload.url_path.removeprefix("/uploads/")

    assert await is_document(works, upload.document_id)
    for _ in range(2):
        assert await receive_document(works, store, SIGNER, token, body, "image/png") == upload.document_id
    other = BytesIO()
    Image.new("RGB", (40, 30), (20, 20, 200)).save(other, "PNG")
    if len(other.getvalue()) == len(body):
        with pytest.raises(DocumentStored):
            await receive_document(works, store, SIGNER, token, other.getvalue(), "image/png")

    async with works.open() as work:
        row = await work.fetch_row("SELECT state, object_key FROM driver_document")
        assert row is not None
        assert (row["state"], row["object_key"].split("/")[0]) == ("UPLOADED", "documents")


async def test_a_companys_vehicle_is_chosen_by_its_drivers_until_it_is_retired(work: Work) -> None:
    market = await make_market(work)
    marta = await make_operator(work, market)
    company = await add_company(work, market_id=market.id, name="alfa")
    ours = await make_driver(work, market, kind=ContractKind.CONTRACTED, company_id=company)
    theirs = await make_driver(work, market, kind=ContractKind.CONTRACTED)
    checked: dict[str, Any] = {
        "market_id": market.id,
        "operator_id": marta,
        "is_passed": True,
        "reason": "seen",
        "equipment": [],
        "good_until": work.now + YEAR,
    }
    van = await add_company_vehicle(work, company_id=company, market_id=market.id, kind=Vehicle.VAN, label="white")
    await check_vehicle(work, vehicle_id=van, **checked)

    await choose_vehicle(work, driver_id=ours.id, vehicle_id=van)
    with pytest.raises(NotFound):
        await choose_vehicle(work, driver_id=theirs.id, vehicle_id=van)
    for _ in range(2):
        await retire_vehicle(work, vehicle_id=van, market_id=market.id, operator_id=marta, reason="sold")

    until = await work.fetch_value("SELECT vehicle_until FROM driver WHERE id = $1", ours.id)
    assert until == work.now
    assert await vehicles_of(work, driver_id=ours.id) == []
    with pytest.raises(VehicleNotReady, match="retired"):
        await check_vehicle(work, vehicle_id=van, **checked)
    with pytest.raises(NotFound, match="no such company"):
        await add_company_vehicle(work, company_id=van, market_id=market.id, kind=Vehicle.VAN, label="white")
