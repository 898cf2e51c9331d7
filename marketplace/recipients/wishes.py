"""The delivery that a recipient's wish is about, locked, and how a wish is written and told."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.batches import DeliveryState, Requirement
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.recipients.events import InstructionsLeft, SafePlaceChosen
from marketplace.recipients.states import WISHES_HEARD

# Closes the race against the driver's reports and against a second wish: all of them change this row under its lock.
LOCK = """
SELECT id, market_id, shipper_id, batch_id, state, requirements, route_id FROM delivery WHERE id = $1 FOR NO KEY UPDATE
"""
WHO_DRIVES = "SELECT driver_id FROM route WHERE id = $1 AND state IN ('ASSIGNED', 'STARTED')"
COUNT_ON = "UPDATE delivery SET sequence = sequence + 1, changed_at = $2 WHERE id = $1 RETURNING sequence"


class TooLateForWishes(Conflict):
    """The driver is at the door already, or the delivery has ended."""

    code = "TOO_LATE_FOR_WISHES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """A delivery for which a wish can still be heard."""

    id: DeliveryId
    market_id: UUID
    shipper_id: UUID
    batch_id: UUID
    state: DeliveryState
    requirements: frozenset[Requirement]
    route_id: UUID | None


async def lock_for_wish(work: Work, delivery_id: DeliveryId) -> Wished:
    """The locked delivery; refuses once nobody can act on a wish any more."""
    row = await work.fetch_row(LOCK, delivery_id)
    if row is None:
        raise NotFound("there is no such delivery")
    state = DeliveryState(row["state"])
    if state not in WISHES_HEARD:
        raise TooLateForWishes("the driver can no longer act on this; talk to the driver or to the sender")
    values: dict[str, Any] = {**row, "state": state, "requirements": frozenset(map(Requirement, row["requirements"]))}
    return Wished(**values)


async def tell(work: Work, delivery: Wished, kind: type[InstructionsLeft | SafePlaceChosen]) -> None:
    """Counts the change and tells shipper and driver that there is one, not what it says."""
    sequence = await work.fetch_value(COUNT_ON, delivery.id, work.now)
    driver_id = await work.fetch_value(WHO_DRIVES, delivery.route_id)
    work.emit(
        kind(
            market_id=delivery.market_id,
            shipper_id=delivery.shipper_id,
            delivery_id=delivery.id,
            batch_id=delivery.batch_id,
            sequence=sequence,
            state=delivery.state,
            route_id=delivery.route_id if driver_id else None,
            driver_id=driver_id,
        )
    )
