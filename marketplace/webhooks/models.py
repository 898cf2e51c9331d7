"""Tables of webhooks: where shippers want to hear, what waits to be told, and how each attempt went."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Webhook(Model):
    """An address of a shipper that is told of its deliveries in one market.

    `position` is how far its market's stream was read for it. `next_at` is when its queue has something to do; while a
    lease runs, one sender works on it, and `fence` grows with every claim. Secrets are sealed. `failing_since`, leases
    and waits are machine time. `is_slow` keeps it to the slow part of the senders.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    url = fields.CharField(max_length=500)
    description = fields.CharField(max_length=200)
    events = ArrayField(element_type="text", null=False)
    state = fields.CharField(max_length=8)
    disabled_reason = fields.CharField(max_length=8, null=True)
    secret = fields.TextField()
    secret_version = fields.IntField(db_default=1)
    previous_secret = fields.TextField(null=True)
    previous_until = fields.DatetimeField(null=True)
    position = fields.BigIntField()
    next_at = fields.DatetimeField(null=True)
    paused_until = fields.DatetimeField(null=True)
    lease_until = fields.DatetimeField(null=True)
    fence = fields.IntField(db_default=0)
    failures = fields.IntField(db_default=0)
    failing_since = fields.DatetimeField(null=True)
    is_slow = fields.BooleanField(db_default=False)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "webhook"


class WebhookMessage(Model):
    """One event as one webhook is told of it; the same id and body however often it is sent.

    Messages of one line, which is a delivery, go one after the other by `position`: only the first that is READY has a
    `next_at`. `attempts` counts all, `attempts_before` those before it was last replayed. All times are machine time.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    webhook_id = fields.UUIDField()
    event_id = fields.UUIDField(null=True)
    line_id = fields.UUIDField()
    position = fields.BigIntField()
    kind = fields.CharField(max_length=40)
    delivery_id = fields.UUIDField(null=True)
    body = fields.TextField()
    state = fields.CharField(max_length=9)
    attempts = fields.IntField(db_default=0)
    attempts_before = fields.IntField(db_default=0)
    next_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_message"


class WebhookAttempt(Model):
    """One try to hand a message over, and what came back; machine time."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    webhook_id = fields.UUIDField()
    message_id = fields.UUIDField()
    number = fields.IntField()
    status = fields.SmallIntField(null=True)
    failure = fields.CharField(max_length=20, null=True)
    latency_ms = fields.IntField()
    answer = fields.CharField(max_length=500)
    happened_at = fields.DatetimeField()

    class Meta:
        table = "webhook_attempt"
