"""A recipient says whether something else will do."""

from marketplace.core.errors import Conflict
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.substitutions.states import SubstitutionState
from marketplace.substitutions.swap import LOCK_LINE, settle

LOCK_DELIVERY = "SELECT id FROM delivery WHERE id = $1 FOR NO KEY UPDATE"


class NothingToAnswer(Conflict):
    """Nobody has asked about this, it was answered, or the time for an answer is over."""

    code = "NOTHING_TO_ANSWER"


async def answer_substitution(work: Work, *, delivery_id: DeliveryId, code: str, is_accepted: bool) -> None:
    """Has the other thing sent, or nothing; where it is gone by now, nothing is."""
    await work.execute(LOCK_DELIVERY, delivery_id)
    line = await work.fetch_row(LOCK_LINE, delivery_id, code)
    if line is None or line["state"] != SubstitutionState.PROPOSED or line["answer_due_at"] <= work.now:
        raise NothingToAnswer("there is nothing to answer about this now", field="sku")
    await settle(work, line, line["by_sku_id"], line["by_code"], is_wanted=is_accepted)
