"""Tables of what drivers get: a pay statement for each route, and the payouts that pay them."""

from tortoise import fields
from tortoise.models import Model


class PayStatement(Model):
    """The itemised pay of one completed route under one policy version; frozen when it is issued."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    policy_version = fields.IntField()
    facts = fields.JSONField[dict[str, object]]()
    lines = fields.JSONField[list[dict[str, object]]]()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    digest = fields.BinaryField()
    state = fields.CharField(max_length=10)
    journal_id = fields.UUIDField(null=True)
    payout_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "pay_statement"


class Payout(Model):
    """Money on its way to one driver: reserved on the wallet, sent once under a stable key, then settled."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    state = fields.CharField(max_length=10)
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    hold_id = fields.UUIDField(null=True)
    gateway_reference = fields.CharField(max_length=120, null=True)
    attempts = fields.SmallIntField(db_default=0)
    lease_until = fields.DatetimeField(null=True)
    error = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "payout"
