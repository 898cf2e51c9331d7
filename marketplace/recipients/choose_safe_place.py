"""A recipient says where the parcel may be left when nobody answers the door."""

from marketplace.core.errors import NotAllowed
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.recipients.events import SafePlaceChosen
from marketplace.recipients.states import IN_PERSON, SafePlace
from marketplace.recipients.wishes import lock_for_wish, tell

SAVE = "UPDATE delivery SET safe_place = $2 WHERE id = $1"


class HandOverInPerson(NotAllowed):
    """The parcel asks for somebody at the door: a PIN, a signature or a check of age."""

    code = "HAND_OVER_IN_PERSON"


async def choose_safe_place(work: Work, *, delivery_id: DeliveryId, place: SafePlace | None) -> None:
    """Keeps the place where the parcel may be left; None takes the permission back."""
    delivery = await lock_for_wish(work, delivery_id)
    if place is not None and delivery.requirements & IN_PERSON:
        raise HandOverInPerson("this parcel is handed over in person; it is not left anywhere", field="place")
    await work.execute(SAVE, delivery.id, place.value if place else None)
    await tell(work, delivery, SafePlaceChosen)
