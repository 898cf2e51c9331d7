"""A route with a hub and a few doors, driven against the small API: it changes by reports as the marketplace's do."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.workers.simulator.small_api import PROBLEM, SmallApi

ACCEPTED_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENDED = ("COMPLETED", "FAILED", "SKIPPED")
WINDOW = {"opensAt": "2026-03-02T11:00:00Z", "closesAt": "2026-03-02T18:00:00Z"}
PIN = "4711"


@dataclass(slots=True)
class SmallRoad:
    """One route of one driver, and the reports that were taken, as (operation, stop)."""

    stops: list[dict[str, Any]]
    state: str = "ASSIGNED"
    wrong_pins: int = 0
    taken: list[tuple[str, str]] = field(default_factory=list)
    times: list[str] = field(default_factory=list)

    def join(self, api: SmallApi) -> None:
        """Has the API answer by this road."""
        api.answers["myRoute"] = lambda _: self.route
        api.answers["startRoute"] = self._start
        api.answers["arriveAtStop"] = lambda variables: self._report("arrive", variables, "ARRIVED")
        api.answers["pickUp"] = lambda variables: self._report("pick up", variables, "COMPLETED")
        api.answers["dropOff"] = self._drop_off
        api.answers["failStop"] = self._fail

    @property
    def route(self) -> dict[str, Any] | None:
        """The route as the API tells it; None once it is over."""
        if all(stop["state"] in ENDED for stop in self.stops):
            return None
        accepted_at, starts_at = "2026-03-02T12:00:00Z", "2026-03-02T11:00:00Z"
        known = {"id": "rte_1", "state": self.state, "version": 1, "startsAt": starts_at, "acceptedAt": accepted_at}
        return known | {"stops": deepcopy(self.stops)}

    def _start(self, variables: dict[str, Any]) -> dict[str, Any]:
        self.state = "STARTED"
        self._note("start", variables | {"stopId": variables["routeId"]})
        return {"route": self.route}

    def _drop_off(self, variables: dict[str, Any]) -> dict[str, Any]:
        stop = self._stop(variables)
        if "PIN_AT_DROPOFF" in stop["tasks"][0]["delivery"]["requirements"] and variables["pin"] != PIN:
            self.wrong_pins += 1
            return PROBLEM | {"code": "PIN_WRONG"}
        return self._report("drop off", variables, "COMPLETED")

    def _fail(self, variables: dict[str, Any]) -> dict[str, Any]:
        answer = self._report(f"fail {variables['reason']}", variables, "FAILED")
        self.stops.append(make_stop("stp_back", len(self.stops), "RETURN"))
        # The way back is planned after the answer, so the driver sees a route with nothing left to do at first.
        return answer if answer["route"] else {"route": {**(self.route or {}), "stops": []}}

    def _report(self, what: str, variables: dict[str, Any], state: str) -> dict[str, Any]:
        stop = self._stop(variables)
        if stop["state"] in ENDED:
            return PROBLEM | {"code": "STOP_ENDED"}
        stop["state"] = state
        self._note(what, variables)
        return {"route": self.route}

    def _stop(self, variables: dict[str, Any]) -> dict[str, Any]:
        return next(stop for stop in self.stops if stop["id"] == variables["stopId"])

    def _note(self, what: str, variables: dict[str, Any]) -> None:
        self.taken.append((what, variables["stopId"]))
        self.times.append(variables["occurredAt"])


def make_stop(stop_id: str, place: int, kind: str, *needs: str) -> dict[str, Any]:
    """A stop some hundred metres from the one before, with one delivery named after it."""
    delivery = {
        "id": f"dlv_{stop_id}",
        "externalId": f"run-{stop_id}-0",
        "state": "ASSIGNED",
        "requirements": list(needs),
        "pickupWindow": WINDOW,
        "dropoffWindow": WINDOW,
    }
    return {
        "id": stop_id,
        "place": place,
        "kind": kind,
        "state": "PENDING",
        "lat": -29.9 - place / 1_000,
        "lon": -71.25,
        "legM": 200,
        "legS": 60,
        "tasks": [{"kind": kind, "delivery": delivery}],
    }
