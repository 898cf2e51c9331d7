"""Tables of what passes between us and the payment provider: operations going out, events coming in, objects known."""

from tortoise import fields
from tortoise.models import Model


class StripeOperation(Model):
    """One thing that the provider shall do, once, whatever happens; the outbox of payments.

    `body` is frozen when the row is written: a request that is built again might differ and break its key. Leases,
    waits and sendings are machine time; `key_used_at` is when the key of this epoch was first used. `fence` grows with
    every claim, so that a late worker cannot write over its successor.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    kind = fields.CharField(max_length=20)
    subject_id = fields.UUIDField()
    number = fields.SmallIntField()
    account = fields.CharField(max_length=80, null=True)
    body = fields.BinaryField()
    wanted_digest = fields.BinaryField()
    amount_minor = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3, null=True)
    state = fields.CharField(max_length=10)
    epoch = fields.SmallIntField(db_default=0)
    attempts = fields.IntField(db_default=0)
    fence = fields.IntField(db_default=0)
    not_before = fields.DatetimeField(null=True)
    lease_until = fields.DatetimeField(null=True)
    first_sent_at = fields.DatetimeField(null=True)
    key_used_at = fields.DatetimeField(null=True)
    object_id = fields.CharField(max_length=80, null=True)
    error_code = fields.CharField(max_length=80, null=True)
    error = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "stripe_operation"


class StripeObject(Model):
    """The latest that we know of one object at the provider, by rank of its state: it never goes back.

    `subject_id` is what the operation that made it was about; a dispute or a reversal has that of its `parent_id`.
    `reading` counts what was written here, so that a reading that was overtaken is seen to be. `facts` hold a few plain
    values and nothing personal.
    """

    id = fields.CharField(max_length=80, primary_key=True)
    market_id = fields.UUIDField()
    kind = fields.CharField(max_length=20)
    account = fields.CharField(max_length=80, null=True)
    parent_id = fields.CharField(max_length=80, null=True)
    operation_id = fields.UUIDField(null=True)
    subject_id = fields.UUIDField()
    state = fields.CharField(max_length=40)
    rank = fields.SmallIntField()
    amount_minor = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3, null=True)
    facts = fields.JSONField[dict[str, object]]()
    reading = fields.IntField(db_default=1)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "stripe_object"


class StripeEvent(Model):
    """The inbox: an event that the provider has sent us, kept before it is answered. The payload is only a hint."""

    id = fields.CharField(max_length=80, primary_key=True)
    endpoint = fields.CharField(max_length=10)
    account = fields.CharField(max_length=80, null=True)
    type = fields.CharField(max_length=80)
    api_version = fields.CharField(max_length=40, null=True)
    object_kind = fields.CharField(max_length=40)
    object_id = fields.CharField(max_length=80)
    created_at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    not_before = fields.DatetimeField(null=True)
    lease_until = fields.DatetimeField(null=True)
    processed_at = fields.DatetimeField(null=True)
    attempts = fields.IntField(db_default=0)
    error = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "stripe_event"
