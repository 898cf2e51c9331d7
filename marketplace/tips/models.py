"""The table of recipients' tips."""

from tortoise import fields
from tortoise.models import Model


class Tip(Model):
    """One tip that a recipient wanted to give. Nothing of its payer is kept: the card is between them and the provider.

    `url` is the provider's page while it can be paid there. `look_at` is when the provider is asked again, by the
    machine's clock, whether or not it has told us anything; `settled_at` when the money is ours to use.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    state = fields.CharField(max_length=10)
    url = fields.TextField(null=True)
    session_id = fields.CharField(max_length=80, null=True)
    intent_id = fields.CharField(max_length=80, null=True)
    error_code = fields.CharField(max_length=80, null=True)
    statement_id = fields.UUIDField(null=True)
    refunded_minor = fields.BigIntField(db_default=0)
    disputed_minor = fields.BigIntField(db_default=0)
    look_at = fields.DatetimeField(null=True)
    looks = fields.SmallIntField(db_default=0)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    available_on = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tip"
