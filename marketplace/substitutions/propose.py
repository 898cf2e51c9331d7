"""Whoever picks an order finds a shelf short, and says what could go in its place."""

from datetime import timedelta
from uuid import UUID

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work
from marketplace.hubs.skus import sku_of
from marketplace.substitutions.events import SubstituteProposed
from marketplace.substitutions.states import SubstitutionRule, SubstitutionState
from marketplace.substitutions.swap import LOCK_LINE, settle

ANSWER_WITHIN = timedelta(minutes=15)
AT_THE_HUB = frozenset({"SCHEDULED", "OFFERING", "ASSIGNED", "EN_ROUTE_TO_PICKUP", "ARRIVED_AT_PICKUP"})
"""States of a delivery whose things are still being picked."""

LOCK_DELIVERY = "SELECT state, shipper_id FROM delivery WHERE id = $1 AND market_id = $2 FOR NO KEY UPDATE"
HAS_IT = "SELECT EXISTS (SELECT FROM stock_reservation WHERE delivery_id = $1 AND sku_id = $2)"
PROPOSE = """
UPDATE substitution SET state = 'PROPOSED', by_sku_id = $2, proposed_by = $3, answer_due_at = $4 WHERE id = $1
"""


class NoSubstitute(Conflict):
    """The line lets nothing of the kind be sent, it is settled already, or the parcel has left the hub."""

    code = "NO_SUBSTITUTE"


async def propose_substitute(
    work: Work, *, market_id: UUID, operator_id: UUID, delivery_id: UUID, code: str, by_code: str
) -> SubstitutionState:
    """Sends what the line names without asking anybody; anything else the recipient is asked about, if that is so."""
    # Closes the race against pickup, which ships what is promised under this lock.
    delivery = await work.fetch_row(LOCK_DELIVERY, delivery_id, market_id)
    if delivery is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    if delivery["state"] not in AT_THE_HUB:
        raise NoSubstitute("this delivery is not at its hub any more, or has ended", field="deliveryId")
    line = await work.fetch_row(LOCK_LINE, delivery_id, code)
    if line is None:
        raise NoSubstitute("nothing else may be sent for this; leave it out or call the delivery off", field="sku")
    if line["state"] != SubstitutionState.OPEN:
        raise NoSubstitute(f"this line is {line['state']} already", field="sku")
    by_sku_id = await sku_of(work, market_id=market_id, shipper_id=delivery["shipper_id"], code=by_code)
    if await work.fetch_value(HAS_IT, delivery_id, by_sku_id):
        raise NoSubstitute("this is in the delivery as it is; choose something else", field="substitute")
    if by_sku_id in line["similar"]:
        is_taken = await settle(work, line, by_sku_id, by_code, is_wanted=True)
        return SubstitutionState.TAKEN if is_taken else SubstitutionState.LEFT_OUT
    if line["rule"] != SubstitutionRule.ASK:
        raise NoSubstitute("only what the line names may be sent for it", field="substitute")
    due_at = work.now + ANSWER_WITHIN
    await work.execute(PROPOSE, line["id"], by_sku_id, operator_id, due_at)
    work.emit(
        SubstituteProposed(
            market_id=market_id,
            shipper_id=line["shipper_id"],
            delivery_id=delivery_id,
            sku=code,
            substitute=by_code,
            quantity=line["quantity"],
            answer_due_at=due_at,
        )
    )
    return SubstitutionState.PROPOSED
