"""What a driver's report can be refused for; nothing has changed then, except that a wrong PIN is counted."""

from marketplace.core.errors import Conflict, Invalid


class BadReport(Invalid):
    """A report without a usable event id or time."""

    code = "BAD_REPORT"


class ClientEventReused(Conflict):
    """A client event id came back with another report."""

    code = "CLIENT_EVENT_REUSED"


class RouteNotStarted(Conflict):
    """A stop was reported before the route was started."""

    code = "ROUTE_NOT_STARTED"


class RouteAlreadyStarted(Conflict):
    """The route was started before, by another report."""

    code = "ROUTE_ALREADY_STARTED"


class RouteEnded(Conflict):
    """The route is over: completed, cancelled or given up."""

    code = "ROUTE_ENDED"


class StopEnded(Conflict):
    """The stop is over: completed, failed, skipped or cancelled."""

    code = "STOP_ENDED"


class StopNotNext(Conflict):
    """Another stop comes first."""

    code = "STOP_NOT_NEXT"


class WrongKindOfStop(Conflict):
    """Parcels are picked up at pickups, and handed over at drop-offs and returns."""

    code = "WRONG_KIND_OF_STOP"


class ReasonDoesNotFit(Invalid):
    """A reason that cannot happen at this kind of stop."""

    code = "REASON_DOES_NOT_FIT"


class WaitLonger(Conflict):
    """It is too early to say that nobody is there."""

    code = "WAIT_LONGER"


class MayNotBeLeft(Conflict):
    """The parcel goes to its recipient only, or may be left elsewhere than where the driver wants to leave it."""

    code = "MAY_NOT_BE_LEFT"


class ProofMissing(Conflict):
    """The delivery asks for a proof that has not come."""

    code = "PROOF_MISSING"


class PinRefused(Conflict):
    """A hand-over was not proven by the recipient's PIN."""

    code = "PIN_REFUSED"


class PinWrong(PinRefused):
    """The PIN is not the recipient's; the try was counted."""

    code = "PIN_WRONG"


class PinLocked(PinRefused):
    """All tries at this PIN are used up."""

    code = "PIN_LOCKED"
