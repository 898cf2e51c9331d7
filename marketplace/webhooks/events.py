"""Facts about webhooks."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookDisabled(Event):
    """A webhook gets nothing any more, by its owner's wish or because its receiver has failed for too long."""

    shipper_id: UUID
    webhook_id: UUID
    reason: str
