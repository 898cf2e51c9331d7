"""A recipient leaves word for the driver, who reads it beside the shipper's own instructions."""

from marketplace.batches import is_storable
from marketplace.core.errors import Invalid
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.recipients.events import InstructionsLeft
from marketplace.recipients.wishes import lock_for_wish, tell

LONGEST = 300
SAVE = "UPDATE delivery SET recipient_instructions = nullif($2, '') WHERE id = $1"


class BadInstructions(Invalid):
    """A text that is too long, or holds what cannot be stored."""

    code = "BAD_INSTRUCTIONS"


async def leave_instructions(work: Work, *, delivery_id: DeliveryId, text: str) -> None:
    """Keeps the recipient's words for the driver in place of earlier ones; an empty text takes them back."""
    words = text.strip()
    if len(words) > LONGEST or not is_storable(words):
        raise BadInstructions(f"instructions have at most {LONGEST} characters", field="text")
    delivery = await lock_for_wish(work, delivery_id)
    await work.execute(SAVE, delivery.id, words)
    await tell(work, delivery, InstructionsLeft)
