"""A driver drives what is on the route, whatever happens to it, and reports what was done, when it was done."""

import asyncio
import time
from datetime import timedelta

import pytest

from marketplace.core.geo import Point
from tests.workers.simulator.small_api import SmallApi
from tests.workers.simulator.small_road import ACCEPTED_AT, PIN, SmallRoad, make_stop
from workers.simulator.chance import chance
from workers.simulator.client import ApiClient
from workers.simulator.clock import MarketClock
from workers.simulator.drive import Drive
from workers.simulator.network import Tunnel
from workers.simulator.news import News
from workers.simulator.personality import Mind, draw_personality
from workers.simulator.recipients import Recipients
from workers.simulator.tally import Tally

FACTOR = 3_000.0
"""Market seconds in one of the machine: a stop takes a twentieth of a second."""


class Scene:
    """One driver before a route."""

    def __init__(
        self,
        driver: ApiClient,
        *,
        fail_rate: float = 0.0,
        mistype_rate: float = 0.0,
        tunnel: Tunnel | None = None,
        ahead_s: float = 30.0,
    ) -> None:
        """`ahead_s` is how long ago, by this app's clock, the driver has accepted."""
        self.tally = Tally()
        self.news = News()
        self.recipients = Recipients(seed=1, fail_rate=fail_rate)
        traits = draw_personality(
            chance(1), decline_rate=0.0, ignore_rate=0.0, mistype_rate=mistype_rate, gathering_s=0.0
        )
        self.drive = Drive(
            driver,
            clock=MarketClock(
                market_time=ACCEPTED_AT + timedelta(seconds=ahead_s), taken_at_s=time.monotonic(), factor=FACTOR
            ),
            mind=Mind(traits, chance(2)),
            recipients=self.recipients,
            news=self.news,
            tally=self.tally,
            here=Point(lat=-29.9, lon=-71.25),
            tunnel=tunnel,
        )
        self.news.route_changed = False


def two_doors(api: SmallApi, *needs: str) -> SmallRoad:
    """A hub and two doors."""
    road = SmallRoad(
        [
            make_stop("stp_hub", 0, "PICKUP"),
            make_stop("stp_a", 1, "DROPOFF", *needs),
            make_stop("stp_b", 2, "DROPOFF"),
        ]
    )
    road.join(api)
    return road


WHOLE_WAY = [
    ("start", "rte_1"),
    ("arrive", "stp_hub"),
    ("pick up", "stp_hub"),
    ("arrive", "stp_a"),
    ("drop off", "stp_a"),
    ("arrive", "stp_b"),
    ("drop off", "stp_b"),
]


async def test_a_route_is_driven_stop_by_stop(api: SmallApi, driver: ApiClient) -> None:
    road, scene = two_doors(api), Scene(driver)

    await scene.drive.along(road.route)

    assert road.taken == WHOLE_WAY
    assert road.times == sorted(road.times)
    assert (scene.drive.here.lat, scene.drive.here.lon) == pytest.approx((-29.902, -71.25))
    assert (scene.tally.routes_driven, scene.tally.stops_served) == (1, 3)
    assert api.requests_for("reportPositions")


async def test_an_app_whose_clock_is_behind_reports_nothing_before_the_acceptance(
    api: SmallApi, driver: ApiClient
) -> None:
    road, scene = two_doors(api), Scene(driver, ahead_s=-60.0)

    await scene.drive.along(road.route)

    assert road.times[0] == "2026-03-02T12:00:01Z"


async def test_a_pin_is_asked_at_the_door_and_typed_again_when_it_was_wrong(api: SmallApi, driver: ApiClient) -> None:
    road, scene = two_doors(api, "PIN_AT_DROPOFF"), Scene(driver, mistype_rate=1.0)
    scene.recipients.tell_pin("dlv_stp_a", PIN)

    await scene.drive.along(road.route)

    assert road.taken == WHOLE_WAY
    assert road.wrong_pins == scene.tally.pins_mistyped == 1


async def test_what_is_asked_as_proof_is_photographed(api: SmallApi, api_url: str, driver: ApiClient) -> None:
    road, scene = two_doors(api, "PHOTO_AT_DROPOFF", "SIGNATURE_AT_DROPOFF"), Scene(driver)
    api.answers["createProofUpload"] = lambda variables: {
        "proofId": f"prf_{variables['kind']}",
        "url": f"{api_url}/uploads/signed",
    }

    await scene.drive.along(road.route)

    proofs = [asked.variables.get("proofIds") for asked in api.requests_for("dropOff")]
    assert proofs == [["prf_PHOTO", "prf_SIGNATURE"], None]
    sizes = [asked.variables["sizeBytes"] for asked in api.requests_for("createProofUpload")]
    assert [len(content) for content in api.uploads] == sizes


async def test_a_parcel_nobody_takes_goes_back(api: SmallApi, driver: ApiClient) -> None:
    road = SmallRoad([make_stop("stp_hub", 0, "PICKUP"), make_stop("stp_a", 1, "DROPOFF")])
    road.join(api)
    scene = Scene(driver, fail_rate=1.0)

    await scene.drive.along(road.route)

    assert [what.partition(" ")[0] for what, _ in road.taken] == [
        "start",
        "arrive",
        "pick",
        "arrive",
        "fail",
        "arrive",
        "drop",
    ]
    assert road.taken[-1] == ("drop off", "stp_back")
    assert scene.tally.hand_overs_failed == 1


async def test_a_driver_without_network_drives_on_and_reports_later(api: SmallApi, driver: ApiClient) -> None:
    tunnel = Tunnel(driver.network, after_stops=1, lasts_s=0.4)
    road, scene = two_doors(api), Scene(driver, tunnel=tunnel)

    await scene.drive.along(road.route)

    assert road.taken == WHOLE_WAY
    assert road.times == sorted(road.times)
    assert scene.tally.reports_replayed >= 1
    assert not scene.drive.reports.are_waiting


async def test_a_stop_that_is_called_off_on_the_way_is_left_out(api: SmallApi, driver: ApiClient) -> None:
    road, scene = two_doors(api), Scene(driver)
    road.state = "STARTED"
    road.stops[0]["state"] = "COMPLETED"
    driving = asyncio.create_task(scene.drive.along(road.route))
    await asyncio.sleep(0)

    road.stops[1]["state"] = "SKIPPED"
    scene.news.hear({"name": "StopChanged", "state": "SKIPPED"})
    await driving

    assert road.taken == [("arrive", "stp_b"), ("drop off", "stp_b")]
    assert scene.tally.reports_refused == {}


async def test_a_marketplace_that_refuses_for_ever_is_not_asked_for_ever(api: SmallApi, driver: ApiClient) -> None:
    road, scene = two_doors(api), Scene(driver)
    refusal = {"code": "PROOF_MISSING", "message": "no", "field": None, "retryable": False}
    api.answers["dropOff"] = api.answers["failStop"] = lambda _: refusal

    with pytest.raises(Exception, match="PROOF_MISSING"):
        await scene.drive.along(road.route)

    assert scene.tally.reports_refused == {"PROOF_MISSING": 9}
