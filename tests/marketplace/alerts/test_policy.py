"""Shippers say how people are told; nobody is woken for what can wait."""

from datetime import UTC, datetime
from typing import Any

import pytest

from marketplace.alerts import Audience, BadAlertPolicy, BadTemplate, Cause, alert_policy_of, set_alert_policy
from marketplace.alerts.compose import Happened, alerts_about
from marketplace.alerts.policy import AlertPolicy
from marketplace.batches import DeliveryState
from marketplace.core.ids import ShipperId
from marketplace.core.notifier import Channel
from marketplace.core.work import Work
from tests.builders import make_market, make_shipper

SANTIAGO = "America/Santiago"
NIGHT = datetime(2026, 6, 2, 3, 0, tzinfo=UTC)
"""Eleven at night in Santiago."""
MORNING = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
"""Eight in the morning there."""
USUAL: dict[str, Any] = {"language": "en", "quiet_from_minute": 1_290, "quiet_to_minute": 480}


def happened(cause: Cause = Cause.DELIVERED, **changes: Any) -> Happened:
    values: dict[str, Any] = {
        "cause": cause,
        "state": DeliveryState.DELIVERED,
        "is_return": False,
        "shipper_name": "Farmacia Norte",
        "external_id": "A-17",
        "recipient_phone": "+56911111111",
        "pickup_phone": "+56922222222",
        "time_zone": SANTIAGO,
        "opens_at": datetime(2026, 6, 2, 16, 0, tzinfo=UTC),
        "closes_at": datetime(2026, 6, 2, 18, 0, tzinfo=UTC),
        "sequence": 9,
        "at": NIGHT,
    }
    return Happened(**(values | changes))


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        (NIGHT, MORNING),
        (datetime(2026, 6, 2, 1, 29, tzinfo=UTC), datetime(2026, 6, 2, 1, 29, tzinfo=UTC)),
        (datetime(2026, 6, 2, 1, 30, tzinfo=UTC), MORNING),
        (datetime(2026, 6, 2, 11, 59, tzinfo=UTC), MORNING),
        (MORNING, MORNING),
    ],
)
def test_what_can_wait_waits_for_the_end_of_quiet_hours(now: datetime, earliest: datetime) -> None:
    assert AlertPolicy().earliest(Cause.DELIVERED, Audience.RECIPIENT, now, SANTIAGO) == earliest


def test_quiet_hours_end_by_the_clock_on_the_wall_when_clocks_change() -> None:
    # In the night to the 6th of September 2026 Santiago goes from UTC-4 to UTC-3.
    now = datetime(2026, 9, 6, 2, 0, tzinfo=UTC)

    earliest = AlertPolicy().earliest(Cause.DELIVERED, Audience.RECIPIENT, now, SANTIAGO)

    assert earliest == datetime(2026, 9, 6, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("cause", [Cause.ON_THE_WAY, Cause.ARRIVING_SOON, Cause.ATTEMPTED])
def test_what_is_of_no_use_later_is_told_at_night(cause: Cause) -> None:
    assert AlertPolicy().earliest(cause, Audience.RECIPIENT, NIGHT, SANTIAGO) == NIGHT


def test_dispatchers_are_awake_and_equal_hours_are_never_quiet() -> None:
    assert AlertPolicy().earliest(Cause.LATE, Audience.DISPATCHER, NIGHT, SANTIAGO) == NIGHT
    always = AlertPolicy(quiet_from_minute=0, quiet_to_minute=0)
    assert always.earliest(Cause.DELIVERED, Audience.RECIPIENT, NIGHT, SANTIAGO) == NIGHT


def test_a_shipper_has_its_language_its_words_and_what_it_leaves_out() -> None:
    policy = AlertPolicy(
        language="es",
        email="envios@farmacia.example",
        muted=frozenset({"ATTEMPTED:recipient"}),
        templates={"es": {"DELIVERED:recipient": "¡Listo! {external_id} a las {at}. {link}"}},
    )

    [delivered] = alerts_about(happened(), policy, MORNING)
    [attempted] = alerts_about(happened(Cause.ATTEMPTED, reason="RECIPIENT_UNAVAILABLE"), policy, MORNING)

    assert delivered.text == "¡Listo! A-17 a las 23:00. {link}"
    assert (attempted.audience, attempted.channel, attempted.address) == (
        Audience.SHIPPER, Channel.EMAIL, "envios@farmacia.example",
    )  # fmt: skip
    assert attempted.text == "La entrega A-17 no se pudo realizar (no había nadie)."


def test_a_late_risk_is_told_to_recipient_shipper_and_dispatcher() -> None:
    late = happened(Cause.LATE, state=DeliveryState.PICKED_UP, at=datetime(2026, 6, 2, 18, 20, tzinfo=UTC))

    told = {alert.audience: alert.text for alert in alerts_about(late, AlertPolicy(), MORNING)}

    assert told == {
        Audience.RECIPIENT: "Farmacia Norte: your parcel is running late and is expected about 14:20. {link}",
        Audience.SHIPPER: "Delivery A-17 will probably be late: expected 14:20, promised by 14:00.",
        Audience.DISPATCHER: "Delivery A-17 of Farmacia Norte will probably be late: expected 14:20,"
        " promised by 14:00.",
    }


async def test_a_policy_is_replaced_as_a_whole_and_read_back(work: Work) -> None:
    shipper = await make_shipper(work, await make_market(work))

    assert await alert_policy_of(work, shipper_id=ShipperId(shipper.id)) == AlertPolicy()
    await set_alert_policy(work, shipper_id=ShipperId(shipper.id), **USUAL | {"muted": ["DELIVERED:recipient"]})
    set_now = await set_alert_policy(
        work,
        shipper_id=ShipperId(shipper.id),
        language="es",
        quiet_from_minute=0,
        quiet_to_minute=0,
        email="a@b.example",
        templates={"es": {"LATE:recipient": "Tarde: {at}"}},
    )

    assert await alert_policy_of(work, shipper_id=ShipperId(shipper.id)) == set_now
    assert set_now.muted == frozenset()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"language": "fr"}, "language"),
        ({"quiet_from_minute": 1_440}, "quietFromMinute"),
        ({"quiet_to_minute": -1}, "quietToMinute"),
        ({"email": "no address"}, "email"),
        ({"muted": ["DELIVERED:everybody"]}, "muted"),
    ],
)
async def test_a_policy_that_cannot_be_is_refused(work: Work, changes: dict[str, Any], field: str) -> None:
    shipper = await make_shipper(work, await make_market(work))

    with pytest.raises(BadAlertPolicy) as refused:
        await set_alert_policy(work, shipper_id=ShipperId(shipper.id), **USUAL | changes)

    assert refused.value.field == field


@pytest.mark.parametrize(
    "text",
    ["", "x" * 301, "{phone}", "{link!r}", "{at:>99999999}", "{", "{shipper.__class__}", "{0}", "{}"],
)
async def test_words_of_ones_own_hold_only_known_places(work: Work, text: str) -> None:
    shipper = await make_shipper(work, await make_market(work))

    with pytest.raises(BadTemplate):
        await set_alert_policy(
            work, shipper_id=ShipperId(shipper.id), **USUAL, templates={"en": {"DELIVERED:recipient": text}}
        )  # fmt: skip
