"""What a driver reports is sent in order and once, with the time at which it happened, however long it had to wait."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.core.geo import Point
from tests.workers.simulator.small_api import PROBLEM, SmallApi
from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable
from workers.simulator.reports import Picture, Report, Reports, make_report
from workers.simulator.tally import Tally

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = Point(lat=-29.9, lon=-71.25)


@pytest.fixture
def tally() -> Tally:
    """What is counted."""
    return Tally()


@pytest.fixture
def reports(api: SmallApi, driver: ApiClient, tally: Tally) -> Reports:
    """A driver's reports, which the API takes."""
    for name in ("arriveAtStop", "pickUp", "dropOff"):
        api.answers[name] = lambda _: {"route": {"id": "rte_1"}}
    return Reports(driver, tally)


def report(name: str, minutes: int, pictures: list[Picture] | None = None, **more: Any) -> Report:
    """Something that happened so many minutes after noon."""
    moment = NOON + timedelta(minutes=minutes)
    return make_report(name, occurred_at=moment, place=HERE, pictures=pictures, stopId="stp_1", **more)


async def test_a_report_says_when_and_where_it_happened(api: SmallApi, reports: Reports) -> None:
    route = await reports.say(report("arrive_at_stop", 5))

    assert route == {"id": "rte_1"}
    (asked,) = api.asked
    assert asked.variables["occurredAt"] == "2026-03-02T12:05:00Z"
    assert asked.variables["point"] == {"lat": -29.9, "lon": -71.25}
    assert asked.variables["stopId"] == "stp_1"


async def test_reports_kept_without_network_are_replayed_in_order_with_their_own_times(
    api: SmallApi, driver: ApiClient, reports: Reports, tally: Tally
) -> None:
    kept = [report("arrive_at_stop", 1), report("pick_up", 3), report("arrive_at_stop", 20)]
    driver.network.lose()
    for each in kept:
        with pytest.raises(Unreachable):
            await reports.say(each)
    ids = [each.variables["clientEventId"] for each in kept]

    driver.network.restore()
    await reports.say(report("drop_off", 40))

    assert [asked.field for asked in api.asked] == ["arriveAtStop", "pickUp", "arriveAtStop", "dropOff"]
    assert [asked.variables["occurredAt"][11:16] for asked in api.asked] == ["12:01", "12:03", "12:20", "12:40"]
    assert [asked.variables["clientEventId"] for asked in api.asked][:3] == ids
    assert (tally.reports_sent, tally.reports_replayed) == (4, 3)
    assert not reports.are_waiting


async def test_a_report_whose_answer_was_lost_is_sent_again_as_the_same_report(api: SmallApi, reports: Reports) -> None:
    api.faults.append("lost answer")

    await reports.say(report("pick_up", 3))

    assert len(api.asked) == 2
    assert len(api.effects) == 1


async def test_a_refused_report_is_said_to_the_driver_who_is_still_there(
    api: SmallApi, reports: Reports, tally: Tally
) -> None:
    api.answers["dropOff"] = lambda _: PROBLEM | {"code": "PIN_WRONG"}

    with pytest.raises(Refused, match="PIN_WRONG"):
        await reports.say(report("drop_off", 3, pin="0000"))

    assert not reports.are_waiting
    assert tally.reports_refused == {"PIN_WRONG": 1}


async def test_a_kept_report_that_is_refused_does_not_hold_up_the_others(
    api: SmallApi, driver: ApiClient, reports: Reports, tally: Tally
) -> None:
    api.answers["pickUp"] = lambda _: PROBLEM | {"code": "STOP_ENDED"}
    driver.network.lose()
    for name in ("pick_up", "arrive_at_stop"):
        with pytest.raises(Unreachable):
            await reports.say(report(name, 3))

    driver.network.restore()
    route = await reports.flush()

    assert route == {"id": "rte_1"}
    assert (tally.reports_refused, tally.reports_sent) == ({"STOP_ENDED": 1}, 1)


async def test_pictures_go_ahead_of_the_hand_over_that_names_them(
    api: SmallApi, api_url: str, reports: Reports, tally: Tally
) -> None:
    api.answers["createProofUpload"] = lambda _: {"proofId": "prf_1", "url": f"{api_url}/uploads/signed"}

    await reports.say(report("drop_off", 3, [Picture("PHOTO", b"jpeg")]))

    announced, dropped = api.asked
    assert announced.variables == {
        "stopId": "stp_1",
        "kind": "PHOTO",
        "contentType": "image/jpeg",
        "sizeBytes": 4,
    }
    assert dropped.variables["proofIds"] == ["prf_1"]
    assert api.uploads == [b"jpeg"]
    assert tally.pictures_sent == 1


async def test_a_picture_that_was_announced_is_not_announced_again_on_a_replay(
    api: SmallApi, api_url: str, driver: ApiClient, reports: Reports
) -> None:
    picture = Picture("PHOTO", b"jpeg", proof_id="prf_1", url=f"{api_url}/uploads/signed")
    driver.network.lose()
    with pytest.raises(Unreachable):
        await reports.say(report("drop_off", 3, [picture]))

    driver.network.restore()
    await reports.flush()

    assert [asked.field for asked in api.asked] == ["dropOff"]
    assert api.uploads == [b"jpeg"]
