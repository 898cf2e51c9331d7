"""What a recipient's browsers are pushed for a message: to each its own, enciphered later, of use for so long."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from marketplace.alerts.browsers import browsers_of
from marketplace.alerts.states import URGENT, Audience, Cause
from marketplace.core.notifier import Channel, Message, Push
from marketplace.core.work import Work

TOPIC_BYTES = 24
"""Make 32 characters, which is what a topic may have."""
DAY_S = 86_400
KEEPS_S: Mapping[Cause, int] = {
    Cause.ARRIVING_SOON: 600,
    Cause.ON_THE_WAY: 1_800,
    Cause.LATE: 3_600,
    Cause.DRIVER_FOUND: 14_400,
}
"""How long a message waits for a browser that is asleep; others wait for a day."""
AGAIN_AFTER = timedelta(seconds=60)
TRIES = 5
"""A push service that takes no message is asked again so often and no more: the same was said by another way."""


async def pushes_of(work: Work, *, delivery_id: UUID, cause: Cause, text: str) -> Sequence[Message]:
    """One message for each browser that hears of the delivery."""
    return [
        Message(
            audience=Audience.RECIPIENT.value,
            address=str(row["id"]),
            text=text,
            channel=Channel.PUSH,
            push=Push(
                browser_id=row["id"],
                endpoint=row["endpoint"],
                p256dh=row["p256dh"],
                auth=row["auth"],
                title=row["shipper_name"],
                topic=topic_of(delivery_id, cause),
                is_urgent=cause in URGENT,
                keeps_s=KEEPS_S.get(cause, DAY_S),
            ),
        )
        for row in await browsers_of(work, delivery_id=delivery_id)
    ]


def topic_of(delivery_id: UUID, cause: Cause) -> str:
    """One name for each delivery and cause, that tells a push service nothing of either."""
    digest = hashlib.sha256(delivery_id.bytes + cause.value.encode()).digest()[:TOPIC_BYTES]
    return urlsafe_b64encode(digest).decode()
