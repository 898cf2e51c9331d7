"""Tables of what people are told: the messages, what each shipper wishes of them, and browsers that are told."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Notification(Model):
    """A message and why it was sent: because of an event, or of a cause that was seen coming.

    One event tells each reader at most once, and so does each occasion of a cause of a delivery.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    event_id = fields.UUIDField(null=True)
    delivery_id = fields.UUIDField(null=True)
    cause = fields.CharField(max_length=20, null=True)
    occasion = fields.CharField(max_length=40, null=True)
    audience = fields.CharField(max_length=10)
    channel = fields.CharField(max_length=10, db_default="SMS")
    address = fields.CharField(max_length=254)
    text = fields.CharField(max_length=500)
    state = fields.CharField(max_length=8)
    tries = fields.SmallIntField(db_default=0)
    created_at = fields.DatetimeField()
    not_before = fields.DatetimeField(null=True)
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"


class AlertPolicyRecord(Model):
    """How a shipper wants people told: language, quiet hours, what is left out, and words of its own.

    Quiet hours are minutes after midnight where the delivery goes. `muted` holds causes with their readers, such as
    `DELIVERED:shipper`; `templates` holds words by language and then by the same names.
    """

    shipper_id = fields.UUIDField(primary_key=True)
    language = fields.CharField(max_length=2)
    quiet_from_minute = fields.SmallIntField()
    quiet_to_minute = fields.SmallIntField()
    email = fields.CharField(max_length=254)
    muted = ArrayField(element_type="text", null=False)
    templates = fields.JSONField[dict[str, dict[str, str]]]()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "alert_policy"


class Browser(Model):
    """A browser that a recipient lets us tell of a delivery; it ends with the tracking link that allowed it.

    The keys are the browser's own: what is sent is enciphered for it, and the service in between reads nothing.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    link_id = fields.UUIDField()
    endpoint = fields.CharField(max_length=1000)
    p256dh = fields.CharField(max_length=90)
    auth = fields.CharField(max_length=24)
    created_at = fields.DatetimeField()

    class Meta:
        table = "browser"
