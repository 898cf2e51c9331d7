"""The table names events that exist, jobs that exist, and subjects that these events have."""

from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from uuid import UUID

import pytest

from marketplace.core.events import Event
from marketplace.core.jobs import WantedJob
from marketplace.core.outbox import PublishedEvent
from workers.jobs import BOUNDS, JOBS
from workers.reactions import AFTER_EVERY_EVENT, REACTIONS, jobs_after
from workers.schedule import MADE_BY_TIME

for late in ("matching.events", "recipients", "windows"):
    import_module(f"marketplace.{late}")  # their events are in the table, and nothing above loads them

MARKET, ROUTE, DELIVERY, EVENT, DRIVER, ZONE = (UUID(int=number) for number in range(1, 7))


def published(name: str, **payload: object) -> PublishedEvent:
    return PublishedEvent(
        id=EVENT,
        market_id=MARKET,
        position=1,
        name=name,
        occurred_at=datetime(2026, 3, 2, tzinfo=UTC),
        payload=dict(payload),
        shipper_id=None,
        driver_id=DRIVER,
        delivery_id=DELIVERY,
        route_id=ROUTE,
    )


def wanted(name: str, **payload: object) -> list[tuple[str, str]]:
    return [(job.kind, job.subject) for job in jobs_after([published(name, **payload)])]


@pytest.mark.parametrize("name", REACTIONS)
def test_an_event_of_the_table_exists_and_has_what_its_jobs_are_about(name: str) -> None:
    has = {field.name for field in fields(Event.registry[name])}
    needed = {
        "zone": "zone_id",
        "route": "route_id",
        "delivery": "delivery_id",
        "driver": "driver_id",
        "hub": "hub_id",
        "payout": "payout_id",
        "subject": "subject_id",
        "invoice": "invoice_id",
        "operation": "operation_id",
    }

    for reaction in REACTIONS[name]:
        assert needed.get(reaction.about.__name__, "market_id") in has


def test_every_job_of_the_table_exists_and_every_job_is_in_the_table() -> None:
    kinds = {reaction.kind for reactions in [*REACTIONS.values(), AFTER_EVERY_EVENT] for reaction in reactions}

    assert kinds | MADE_BY_TIME == set(JOBS)
    assert set(BOUNDS) <= set(JOBS)


def test_jobs_are_about_what_the_table_says() -> None:
    counted = ("roll_up", str(MARKET))

    timed = ("retime_route", str(ROUTE))

    assert wanted("RoutePlanned") == [("send_wave", str(ROUTE)), ("draw_route", str(ROUTE)), timed, counted]
    assert wanted("DeliveryAttempted", next_step="RETURN") == [
        ("plan_return", str(DELIVERY)),
        ("notify", str(EVENT)),
        counted,
    ]
    assert wanted("RouteCompleted") == [
        ("issue_statement", str(ROUTE)),
        ("match_market", str(MARKET)),
        ("match_near_driver", str(DRIVER)),
        timed,
        ("learn_arrivals", str(MARKET)),
        ("end_reassignment", str(ROUTE)),
        counted,
    ]
    assert wanted("OperationWanted", operation_id="76", kind="TRANSFER") == [("send_operation", "76"), counted]
    for kind in ("TRANSFER", "PAYOUT"):
        assert wanted("OperationEnded", subject_id="77", kind=kind) == [("settle_payout", "77"), counted]
    assert wanted("OperationEnded", subject_id="78", kind="CREATE_ACCOUNT") == [("settle_account", "78"), counted]
    assert wanted("ProviderObjectChanged", subject_id="77", kind="payout") == [("settle_payout", "77"), counted]
    assert wanted("OperationEnded", subject_id="79", kind="CHARGE") == [("settle_charge", "79"), counted]
    assert wanted("RouteAssigned") == wanted("RouteExtended") == [("draw_route", str(ROUTE)), timed, counted]
    assert wanted("RouteStarted") == wanted("StopChanged", state="ARRIVED") == [timed, counted]
    assert wanted("PayStatementIssued") == [counted]


def test_what_is_due_is_looked_at_in_its_zone_across_its_borders_or_in_the_whole_market() -> None:
    counted = ("roll_up", str(MARKET))

    assert wanted("PlanningDue", zone_id=None, is_border=False) == [("match_market", str(MARKET)), counted]
    assert wanted("PlanningDue", zone_id=str(ZONE), is_border=False) == [("match_zone", str(ZONE)), counted]
    assert wanted("PlanningDue", zone_id=str(ZONE), is_border=True) == [("match_border", str(ZONE)), counted]


def test_the_way_back_of_a_parcel_that_changed_hands_is_planned_on_its_new_route() -> None:
    assert wanted("DeliveryReassigned", state="ATTEMPTED")[0] == ("plan_return", str(DELIVERY))
    assert wanted("DeliveryReassigned", state="EN_ROUTE_TO_DROPOFF") == [("roll_up", str(MARKET))]
    assert wanted("ReassignmentEnded", state="CANCELLED")[0][0] == "tell_driver"
    assert wanted("ReassignmentEnded", state="DECLINED") == [("roll_up", str(MARKET))]


def test_only_the_way_to_the_recipient_is_told() -> None:
    assert wanted("DeliveryMoved", state="EN_ROUTE_TO_DROPOFF")[0] == ("notify", str(EVENT))
    assert wanted("DeliveryMoved", state="EN_ROUTE_TO_PICKUP") == [("roll_up", str(MARKET))]


def test_a_route_is_drawn_anew_when_a_stop_of_it_is_driven_past() -> None:
    assert wanted("StopChanged", state="SKIPPED")[0] == ("draw_route", str(ROUTE))
    assert wanted("StopChanged", state="EN_ROUTE") == [("roll_up", str(MARKET))]


def test_figures_gather_for_a_while() -> None:
    assert list(jobs_after([published("OfferSent")])) == [
        WantedJob(market_id=MARKET, kind="roll_up", subject=str(MARKET), delay_s=1.0)
    ]
