"""Deliveries that end at a hand-over point: which can, what is asked of them there, and that there is a place."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from marketplace.batches.failure_policy import ONLY_IN_PERSON
from marketplace.batches.request import BadDelivery, Checked, DeliveryRequest, Place, problem_of
from marketplace.batches.states import Requirement
from marketplace.core.errors import Invalid
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.points import OpenPoint, open_points

NEVER_AT_A_POINT = ONLY_IN_PERSON | {Requirement.COLD, Requirement.PHARMACY, Requirement.TEMPERATURE_LOG}
"""What asks for its recipient at the door, or cannot lie in a shop for days."""
PHOTO = Requirement.PHOTO_AT_DROPOFF


class NotForAPoint(Invalid):
    """A parcel that asks for something that no hand-over point can do."""

    code = "NOT_FOR_A_POINT"


class NoSuchPoint(Invalid):
    """A hand-over point that is not there, is closed, or is not for this shipper."""

    code = "NO_SUCH_POINT"


class PointClosed(Invalid):
    """A window in which nobody is at the point."""

    code = "POINT_CLOSED"


class NoPlaceLeft(Invalid):
    """Every place of the point is taken or promised."""

    code = "POINT_FULL"


def needs_at_point(needs: Collection[str]) -> list[str]:
    """What a parcel asks for at a point: what it asks for anyway and a photo of where it lies; refuses what cannot."""
    wrong = sorted(str(one) for one in NEVER_AT_A_POINT & set(needs))
    if wrong:
        raise NotForAPoint(f"a parcel with {', '.join(wrong)} is handed over at its door", field="handOverPointId")
    return sorted({*needs, PHOTO} - {Requirement.LEAVE_AT_DOOR})


async def points_of(work: Work, checked: Checked, *, market_id: UUID, shipper_id: UUID) -> Mapping[UUID, OpenPoint]:
    """The points that rows name, as far as the shipper may use them."""
    wanted = {row.hand_over_point_id for row in checked.rows.values() if row.hand_over_point_id is not None}
    return await open_points(work, market_id=market_id, shipper_id=shipper_id, ids=wanted)


def put_at_points(checked: Checked, points: Mapping[UUID, OpenPoint]) -> Checked:
    """The rows with the places of the points that they name; a row whose point takes nothing becomes a problem."""
    rows, problems = dict(checked.rows), dict(checked.problems)
    for i, row in checked.rows.items():
        try:
            rows[i] = _put(row, points)
        except Invalid as refusal:
            problems[i] = problem_of(row, refusal)
            del rows[i]
    return Checked(rows=rows, problems=problems)


def while_open(point: OpenPoint, window: Window) -> Window:
    """The part of a window in which somebody is at the point; refused where there is none."""
    open_then = point.within_hours(window)
    if open_then is None:
        raise PointClosed(f"{point.name} is closed then; choose another window", field="dropoffWindow")
    return open_then


def _put(row: DeliveryRequest, points: Mapping[UUID, OpenPoint]) -> DeliveryRequest:
    if row.hand_over_point_id is None:
        return row
    point = points.get(row.hand_over_point_id)
    if point is None:
        raise NoSuchPoint("there is no such hand-over point for you here", field="handOverPointId")
    if point.places_left < 1:
        raise NoPlaceLeft("this hand-over point is full; choose another", field="handOverPointId")
    if row.items:
        raise BadDelivery("what comes from stock goes to a door", field="handOverPointId")
    dropoff = Place(point=point.place, address=point.stands_at, name=row.dropoff.name, phone=row.dropoff.phone)
    return replace(row, dropoff=dropoff, requirements=[Requirement(one) for one in needs_at_point(row.needs)])
