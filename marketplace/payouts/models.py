"""Tables of what drivers get: statements of routes, true-ups and tips, closed pay periods, and payouts."""

from tortoise import fields
from tortoise.models import Model


class PayStatement(Model):
    """What one driver gets for one reason, itemised and frozen: a route's pay, a period's true-up, a tip.

    A route's statement under a law of pay periods names its period; the true-up that counted it is written beside it.
    A true-up is counted by the closing of its period. `number` tells adjustments from the first true-up, 0.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    kind = fields.CharField(max_length=10, db_default="ROUTE")
    route_id = fields.UUIDField(null=True)
    delivery_id = fields.UUIDField(null=True)
    driver_id = fields.UUIDField()
    policy_version = fields.IntField(null=True)
    facts = fields.JSONField[dict[str, object]]()
    lines = fields.JSONField[list[dict[str, object]]]()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    digest = fields.BinaryField()
    state = fields.CharField(max_length=10)
    journal_id = fields.UUIDField(null=True)
    payout_id = fields.UUIDField(null=True)
    jurisdiction = fields.CharField(max_length=40, null=True)
    period_starts_at = fields.DatetimeField(null=True)
    period_ends_at = fields.DatetimeField(null=True)
    settles_at = fields.DatetimeField(null=True)
    number = fields.SmallIntField(null=True)
    true_up_id = fields.UUIDField(null=True)
    pay_period_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "pay_statement"


class PayPeriodRecord(Model):
    """A closed pay period of a market: what all its drivers were paid, and what a pooled floor shares among them.

    Closed once, and closed again under the next number where late statements came in. `shared_at` is when the last
    share of it was paid.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    jurisdiction = fields.CharField(max_length=40)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    number = fields.SmallIntField()
    facts = fields.JSONField[dict[str, object]]()
    lines = fields.JSONField[list[dict[str, object]]]()
    shares = fields.JSONField[list[dict[str, object]]]()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    closed_at = fields.DatetimeField()
    shared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "pay_period"


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
