"""A route under way passes from one driver to another, such as when a driver falls ill or a vehicle breaks down.

Operations ask a driver, who says yes or no and knows before what it pays; a dedicated driver on shift is given it. With
parcels aboard the two drivers meet: the first scans every parcel and shows a code, the second scans the same parcels
and says the code. Until then the first has the parcels and the route, and operations can take everything back. Then,
in one transaction, what is left becomes the second driver's route with a pay of its own, and the first one's is
completed: that driver is paid by the rules for what was driven.

In order of life: `ReassignRoute`, `accept_reassignment`, `decline_reassignment`, `give_parcels`, `take_parcels`,
`cancel_reassignment`, `end_with_route`; `expire_due` ends what nobody answered in time.
"""

from marketplace.reassignments.agree import accept_reassignment, decline_reassignment
from marketplace.reassignments.end import cancel_reassignment, end_with_route
from marketplace.reassignments.expire import expire_due, next_expiry
from marketplace.reassignments.parcels import Taken, give_parcels, take_parcels
from marketplace.reassignments.queries import how_far, reassignments_of_driver, reassignments_of_market
from marketplace.reassignments.reassign import ReassignRoute
from marketplace.reassignments.states import ReassignmentState

__all__ = [
    "ReassignRoute",
    "ReassignmentState",
    "Taken",
    "accept_reassignment",
    "cancel_reassignment",
    "decline_reassignment",
    "end_with_route",
    "expire_due",
    "give_parcels",
    "how_far",
    "next_expiry",
    "reassignments_of_driver",
    "reassignments_of_market",
    "take_parcels",
]
