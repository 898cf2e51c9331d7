"""Careful parcels change hands under a seal, with their temperature and the right papers, and leave a chain behind."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.accounts import Principal, PrincipalKind
from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches.states import AttemptFailure, FailurePolicy, Requirement
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.recipients import erase_recipient
from marketplace.routes import Care, Identity, IdentityKind, IdentityMarker, custody_of, plan_return
from marketplace.routes.care import BadCare, CareMissing, IdentityMismatch, SealBroken
from marketplace.routes.refusals import ClientEventReused
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.test_redelivery import bring_back

MARKER = IdentityMarker("a secret of the tests")
CAREFUL = [Requirement.CHAIN_OF_CUSTODY, Requirement.IDENTITY_CHECK, Requirement.TEMPERATURE_LOG]


def care(drive: Drive, **changes: Any) -> list[Care]:
    """Seal S1 at 4.5 degrees, for the first delivery."""
    values: dict[str, Any] = {"seal": "S1", "temperature_dc": 45} | changes
    return [Care(delivery_id=drive.deliveries[0].id, **values)]


def papers(drive: Drive, *, digits: str = "4321", name_matches: bool = True) -> Identity:
    """A passport that the driver has looked at."""
    return MARKER.see(drive.deliveries[0].id, IdentityKind.PASSPORT, digits, name_matches=name_matches)


async def careful_drive(works: Works, clock: ManualClock, *needs: Requirement, **changes: Any) -> Drive:
    """One parcel on a started route, that asks for everything unless said otherwise."""
    drive = await make_drive(works, clock, count=1, requirements=list(needs or CAREFUL), **changes)
    await drive.start()
    return drive


async def chain(drive: Drive) -> list[dict[str, Any]]:
    """The hands that the parcel went through."""
    async with drive.works.read() as connection:
        links = await custody_of(
            connection, delivery_id=drive.deliveries[0].id, shipper_id=drive.shipper.id, market_id=None
        )
    assert links is not None
    return links


async def test_every_hand_over_is_a_link_of_the_chain(works: Works, clock: ManualClock) -> None:
    drive = await careful_drive(works, clock)

    await drive.pick_up(0, care=care(drive))
    await drive.arrive(1)
    await drive.drop_off(1, care=care(drive, temperature_dc=62, identity=papers(drive)))

    links = [
        (one["number"], one["kind"], one["driver_first_name"], one["seal"], one["temperature_dc"], one["identity_kind"])
        for one in await chain(drive)
    ]
    name = drive.driver.name.split()[0]
    assert links == [
        (1, "PICKED_UP", name, "S1", 45, None),
        (2, "HANDED_OVER", name, "S1", 62, "PASSPORT"),
    ]


@pytest.mark.parametrize("left_out", ["seal", "temperature_dc"])
async def test_nothing_is_picked_up_without_what_it_asks_for(works: Works, clock: ManualClock, left_out: str) -> None:
    drive = await careful_drive(works, clock)
    before = await drive.everything()

    with pytest.raises(CareMissing):
        await drive.pick_up(0, care=care(drive, **{left_out: None}))

    assert await drive.everything() == before
    assert await chain(drive) == []


async def test_a_parcel_under_another_seal_or_with_the_wrong_papers_is_handed_to_nobody(
    works: Works, clock: ManualClock
) -> None:
    drive = await careful_drive(works, clock)
    await drive.pick_up(0, care=care(drive))
    await drive.arrive(1)
    before = await drive.everything()

    for wrong, refusal in (
        (care(drive, seal="S2", identity=papers(drive)), SealBroken),
        (care(drive), CareMissing),
        (care(drive, identity=papers(drive, name_matches=False)), IdentityMismatch),
        ([Care(delivery_id=drive.route.id, seal="S1")], BadCare),
        (care(drive, identity=papers(drive)) * 2, BadCare),
        (care(drive, temperature_dc=1_001), BadCare),
        (care(drive, seal=""), BadCare),
    ):
        with pytest.raises(refusal):
            await drive.drop_off(1, care=wrong)

    assert await drive.everything() == before
    assert [one["kind"] for one in await chain(drive)] == ["PICKED_UP"]


async def test_a_parcel_that_nobody_takes_is_followed_until_it_is_back(works: Works, clock: ManualClock) -> None:
    drive = await careful_drive(
        works, clock, Requirement.CHAIN_OF_CUSTODY, failure_policy=FailurePolicy.REDELIVER.value, max_attempts=3
    )
    await drive.pick_up(0, care=care(drive))
    await drive.arrive(1)
    await drive.fail(1, AttemptFailure.RECIPIENT_UNAVAILABLE)
    await plan_return(works, router=StraightLineRouter(), delivery_id=drive.deliveries[0].id)

    await bring_back(drive)

    assert [one["kind"] for one in await chain(drive)] == ["PICKED_UP", "BROUGHT_BACK"]


async def test_an_ordinary_parcel_leaves_no_chain(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    await drive.drop_off(1)

    assert await chain(drive) == []


async def test_the_same_report_has_one_effect_and_another_seal_is_another_report(
    works: Works, clock: ManualClock
) -> None:
    drive = await careful_drive(works, clock, Requirement.CHAIN_OF_CUSTODY)
    said = {"client_event_id": "once", "occurred_at": clock.now}

    first = await drive.pick_up(0, care=care(drive), **said)
    again = await drive.pick_up(0, care=care(drive), **said)
    with pytest.raises(ClientEventReused):
        await drive.pick_up(0, care=care(drive, seal="S2"), **said)

    assert again == first
    assert [one["seal"] for one in await chain(drive)] == ["S1"]


async def test_papers_leave_a_keyed_mark_which_goes_with_the_recipient(works: Works, clock: ManualClock) -> None:
    drive = await careful_drive(works, clock)
    await drive.pick_up(0, care=care(drive))
    await drive.arrive(1)
    await drive.drop_off(1, care=care(drive, identity=papers(drive)))
    delivery_id = DeliveryId(drive.deliveries[0].id)
    marks = "SELECT identity_mark FROM custody WHERE kind = 'HANDED_OVER'"
    async with works.open() as work:
        assert await work.fetch_value(marks) == papers(drive).mark
        by = Principal(kind=PrincipalKind.SHIPPER, id=drive.shipper.id)

        await erase_recipient(work, by=by, delivery_id=delivery_id)

        assert await work.fetch_value(marks) is None
    assert [one["identity_kind"] for one in await chain(drive)] == [None, "PASSPORT"]


def test_the_same_papers_have_another_mark_for_another_delivery_or_key() -> None:
    one, other = UUID(int=1), UUID(int=2)
    seen = [
        marker.see(delivery, IdentityKind.PASSPORT, "4321", name_matches=True).mark
        for marker, delivery in ((MARKER, one), (MARKER, other), (IdentityMarker("another"), one))
    ]

    assert len(set(seen)) == 3
    for digits in ("1", "1234567", "12 4", "abc"):
        with pytest.raises(BadCare):
            MARKER.see(one, IdentityKind.PASSPORT, digits, name_matches=True)


@pytest.mark.parametrize("edit", ["UPDATE custody SET seal = 'S9'", "DELETE FROM custody"])
async def test_the_chain_is_never_rewritten(works: Works, clock: ManualClock, edit: str) -> None:
    drive = await careful_drive(works, clock)
    await drive.pick_up(0, care=care(drive))

    with pytest.raises(asyncpg.RestrictViolationError):
        async with works.open() as work:
            await work.execute(edit)


async def test_the_chain_of_somebody_elses_parcel_looks_like_none(works: Works, clock: ManualClock) -> None:
    drive = await careful_drive(works, clock)
    own, other = drive.deliveries[0].id, drive.driver.id

    async with works.read() as connection:
        seen = [
            await custody_of(connection, delivery_id=own, shipper_id=shipper, market_id=market)
            for shipper, market in ((drive.shipper.id, None), (None, drive.market.id), (other, None), (None, other))
        ]

    assert seen == [[], [], None, None]
