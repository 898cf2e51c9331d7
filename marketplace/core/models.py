"""Tables that belong to no noun: the event log, jobs, idempotency keys, the demo's clock."""

from tortoise import fields
from tortoise.models import Model


class MarketClock(Model):
    """One row at most: from where and how fast market time runs in a demo. Absent in production."""

    id = fields.CharField(max_length=6, primary_key=True)
    machine_origin = fields.DatetimeField()
    market_origin = fields.DatetimeField()
    factor = fields.FloatField()

    class Meta:
        table = "market_clock"


class EventRecord(Model):
    """A fact of a market. `position` is null until the relay has given it its place in the market's stream."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    position = fields.BigIntField(null=True)
    name = fields.CharField(max_length=64)
    payload = fields.JSONField[dict[str, object]]()
    occurred_at = fields.DatetimeField()
    shipper_id = fields.UUIDField(null=True)
    driver_id = fields.UUIDField(null=True)
    delivery_id = fields.UUIDField(null=True)
    route_id = fields.UUIDField(null=True)

    class Meta:
        table = "event"


class StreamHead(Model):
    """The last position given out in each market's stream; its row lock makes one relay the writer."""

    market_id = fields.UUIDField(primary_key=True)
    position = fields.BigIntField(db_default=0)

    class Meta:
        table = "stream_head"


class Job(Model):
    """Work that follows from an event. The row is the truth; the queue only wakes a worker for it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    kind = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=64)
    state = fields.CharField(max_length=10)
    run_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    enqueued_at = fields.DatetimeField(null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.SmallIntField(db_default=0)
    error = fields.TextField(null=True)

    class Meta:
        table = "job"


class IdempotencyRecord(Model):
    """A key that a caller has used, with the digest of what it asked and the answer it got.

    The id is a digest of caller and key, so that one key of one caller is one row.
    """

    id = fields.UUIDField(primary_key=True)
    principal_id = fields.UUIDField()
    digest = fields.BinaryField()
    reply = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency"
