"""Reports of one driver, in order and each with one effect: sent at once, or kept while there is no network.

A report is made once, with its own id and the market time at which it happened. Whether it is sent a second later or an
hour later, once or five times, changes neither; the marketplace sorts out the rest.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from marketplace.core.geo import Point
from workers.simulator import wire
from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable
from workers.simulator.pictures import CONTENT_TYPE
from workers.simulator.tally import Tally

PATIENCE_S = 3.0
"""Machine seconds for which a driver waits for an answer before driving on without one."""
PATIENCE_OFFLINE_S = 0.3
"""The same once the network is known to be gone."""

Route = dict[str, Any]


@dataclass(slots=True)
class Picture:
    """A proof that is still on the phone; `proof_id` is known once it is announced."""

    kind: str
    content: bytes
    proof_id: str | None = None
    is_sent: bool = False
    url: str = ""


@dataclass(slots=True)
class Report:
    """One thing that a driver did, ready to be sent; `name` is the operation."""

    name: str
    variables: dict[str, Any]
    pictures: list[Picture] = field(default_factory=list)
    was_kept: bool = False


def make_report(
    name: str,
    *,
    occurred_at: datetime,
    place: Point,
    pictures: list[Picture] | None = None,
    **more: Any,
) -> Report:
    """A report with an id of its own; `more` are the other variables of its operation, such as `stopId`."""
    known = {"clientEventId": uuid4().hex, "occurredAt": wire.instant(occurred_at), "point": wire.point(place)}
    return Report(name, known | more, pictures or [])


class Reports:
    """The reports that a driver has still to send."""

    def __init__(self, api: ApiClient, tally: Tally) -> None:
        self._api = api
        self._tally = tally
        self._waiting: deque[Report] = deque()

    @property
    def are_waiting(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._waiting)

    async def say(self, report: Report) -> Route | None:
        """Sends what waits and then this report; returns the route as it is now, None when it is over.

        Raises Unreachable when there is no network: the report is kept and sent with the next one. Raises Refused when
        this very report is refused; kept ones that are refused are counted and dropped, since their moment is gone.
        """
        self._waiting.append(report)
        return await self.flush()

    async def flush(self) -> Route | None:
        """Sends what waits, in order; the route after the last of it."""
        route = None
        while self._waiting:
            report = self._waiting[0]
            try:
                route = await self._send(report)
            except Unreachable:
                for kept in self._waiting:
                    kept.was_kept = True
                raise
            except Refused as refusal:
                self._waiting.popleft()
                self._tally.reports_refused[refusal.code] += 1
                if not report.was_kept:
                    raise
            else:
                self._waiting.popleft()
                self._tally.reports_sent += 1
                self._tally.reports_replayed += report.was_kept
        return route

    async def _send(self, report: Report) -> Route | None:
        patience_s = PATIENCE_OFFLINE_S if report.was_kept else PATIENCE_S
        for picture in report.pictures:
            await self._send_picture(report.variables["stopId"], picture, patience_s)
        if report.pictures:
            report.variables["proofIds"] = [picture.proof_id for picture in report.pictures]
        taken = await self._api.ask(report.name, report.variables, patience_s=patience_s)
        route: Route | None = taken["route"]
        return route

    async def _send_picture(self, stop_id: str, picture: Picture, patience_s: float) -> None:
        """Announces and sends a picture; what was done in an earlier try is not done again."""
        if picture.proof_id is None:
            announced = {"kind": picture.kind, "contentType": CONTENT_TYPE, "sizeBytes": len(picture.content)}
            upload = await self._api.ask("create_proof_upload", {"stopId": stop_id} | announced, patience_s=patience_s)
            picture.proof_id, picture.url = upload["proofId"], upload["url"]
        if not picture.is_sent:
            await self._api.put(picture.url, picture.content, CONTENT_TYPE, patience_s=patience_s)
            picture.is_sent = True
            self._tally.pictures_sent += 1
