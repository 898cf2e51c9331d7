"""Whatever order an app sends its reports in, and however often, the drive ends as it was driven."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.batches.states import STEPS, AttemptFailure, DeliveryState
from marketplace.core.clock import ManualClock
from marketplace.core.errors import Conflict
from marketplace.core.work import Works
from marketplace.routes.states import STOP_STEPS, StopState
from tests.marketplace.routes.drives import Drive, make_drive

REFUSALS = {"ROUTE_NOT_STARTED", "STOP_NOT_NEXT", "STOP_ENDED", "ROUTE_ENDED"}


@dataclass(frozen=True, slots=True)
class Said:
    """One report of an app: the name of the verb, the stop, and its number in the series."""

    verb: str
    stop: int
    number: int


@st.composite
def driven(draw: st.DrawFn) -> tuple[int, list[Said]]:
    """A valid series of reports about a route with some deliveries, from its start to its end."""
    count = draw(st.integers(1, 3))
    verbs = [("start", 0)]
    for stop in range(count + 1):
        if draw(st.booleans()):
            verbs.append(("arrive", stop))
        verbs.append((draw(st.sampled_from(["do", "do", "fail"])) if stop else "do", stop))
    return count, [Said(verb, stop, number) for number, (verb, stop) in enumerate(verbs)]


async def send(drive: Drive, said: Said) -> str:
    """Sends one report as the app would, and tells `done` or the code of the refusal."""
    words: dict[str, Any] = {
        "client_event_id": f"event-{said.number}",
        "occurred_at": drive.accepted_at + timedelta(minutes=1 + said.number),
    }
    try:
        match said.verb:
            case "start":
                await drive.start(**words)
            case "arrive":
                await drive.arrive(said.stop, **words)
            case "fail":
                await drive.fail(said.stop, AttemptFailure.RECIPIENT_UNAVAILABLE, **words)
            case _ if said.stop == 0:
                await drive.pick_up(said.stop, **words)
            case _:
                assert (await drive.drop_off(said.stop, **words)).refusal is None
    except Conflict as refusal:
        return refusal.code
    return "done"


async def outcome(drive: Drive) -> dict[str, object]:
    """All that counts in the end; not the arrival times, since an arrival can get lost behind its hand-over."""
    route, presence = await drive.the_route(), await drive.presence()
    deliveries = [await drive.delivery(number) for number in range(len(drive.deliveries))]
    stops = [await drive.stop(place) for place in range(len(drive.stops))]
    return {
        "route": (route["state"], route["started_at"], route["ended_at"], route["is_flagged"]),
        "presence": presence["state"],
        "deliveries": [(row["state"], row["sequence"], row["failure_reason"]) for row in deliveries],
        "stops": [(row["state"], row["ended_at"], row["failure_reason"]) for row in stops],
    }


async def steps_told(drive: Drive, subject: str, key: object) -> list[str]:
    """The states that the events tell of one delivery or stop, in the order of the events."""
    async with drive.works.open() as work:
        rows = await work.fetch(
            f"SELECT payload->>'state' AS state, payload->>'sequence' AS sequence FROM event"
            f" WHERE payload->>'{subject}' = $1 AND payload ? 'state' ORDER BY ordinal",
            str(key),
        )
    if subject == "delivery_id":
        assert [int(row["sequence"]) for row in rows] == list(range(1, len(rows) + 1))
    return [row["state"] for row in rows]


async def check_steps(drive: Drive) -> None:
    """Every step that was told is allowed, and what was told is what stands."""
    for number, delivery in enumerate(drive.deliveries):
        told = ["ASSIGNED", *await steps_told(drive, "delivery_id", delivery.id)]
        assert all(DeliveryState(then) in STEPS[DeliveryState(now)] for now, then in pairwise(told))
        assert told[-1] == (await drive.delivery(number))["state"]
    for place, stop in enumerate(drive.stops):
        told = ["PENDING", *await steps_told(drive, "stop_id", stop.id)]
        assert all(StopState(then) in STOP_STEPS[StopState(now)] for now, then in pairwise(told))
        assert told[-1] == (await drive.stop(place))["state"]


@given(series=driven(), shuffle=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_reports_in_any_order_and_number_end_as_the_drive_did(
    works: Works, series: tuple[int, list[Said]], shuffle: st.DataObject
) -> None:
    count, reports = series
    clock = works.clock
    assert isinstance(clock, ManualClock)
    straight, shuffled = (
        await make_drive(works, clock, count=count),
        await make_drive(works, clock, count=count),
    )
    clock.advance(seconds=7200)
    for said in reports:
        assert await send(straight, said) == "done"
    sent = shuffle.draw(st.lists(st.sampled_from(reports), max_size=2 * len(reports)))

    for said in sent:
        assert await send(shuffled, said) in {"done"} | REFUSALS
    for said in reports:
        answer = await send(shuffled, said)
        assert answer == "done" or (said.verb == "arrive" and answer in {"STOP_ENDED", "ROUTE_ENDED"})

    assert await outcome(shuffled) == await outcome(straight)
    await check_steps(straight)
    await check_steps(shuffled)
