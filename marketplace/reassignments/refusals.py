"""What a step of a reassignment can be refused for; nothing has changed then, except that a wrong code is counted."""

from marketplace.core.errors import Conflict, Invalid


class RouteNotToReassign(Conflict):
    """Only a route that a driver has can be given to another one."""

    code = "ROUTE_NOT_TO_REASSIGN"


class ReassignmentOpen(Conflict):
    """The route is being reassigned already."""

    code = "REASSIGNMENT_OPEN"


class ReassignmentOver(Conflict):
    """The reassignment has ended, or its time to answer is over."""

    code = "REASSIGNMENT_OVER"


class NotAgreed(Conflict):
    """Parcels change hands after the second driver has agreed, and after the first one has scanned them."""

    code = "REASSIGNMENT_NOT_AGREED"


class DriverCannotTake(Conflict):
    """A rule keeps this driver from taking the route."""

    code = "DRIVER_CANNOT_TAKE"


class MeetingPointNeeded(Invalid):
    """With parcels aboard the drivers need a place to meet."""

    code = "MEETING_POINT_NEEDED"


class BadReason(Invalid):
    """A reason that says nothing, or too much."""

    code = "BAD_REASON"


class ParcelsDiffer(Conflict):
    """The scanned parcels are not those aboard."""

    code = "PARCELS_DIFFER"


class CodeRefused(Conflict):
    """The code is not the first driver's."""

    code = "CODE_REFUSED"
