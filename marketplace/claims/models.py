"""Tables of damage claims: the claim as it stands, and its file, which only grows."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Claim(Model):
    """What somebody asks for a parcel that came damaged, or not, or was another.

    `limit_minor` and `heard_by` are the market's terms when it was opened. `driver_id` is who drove, if anybody did,
    and `heard_at` when that driver answered. `decided_by` is the operator who accepted or rejected it, `credit_id` the
    line on the shipper's bill that came of it.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    driver_id = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=10)
    state = fields.CharField(max_length=14)
    asked_minor = fields.BigIntField()
    limit_minor = fields.BigIntField()
    accepted_minor = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3)
    opened_by_kind = fields.CharField(max_length=10)
    opened_at = fields.DatetimeField()
    heard_by = fields.DatetimeField(null=True)
    heard_at = fields.DatetimeField(null=True)
    decided_by = fields.UUIDField(null=True)
    ended_at = fields.DatetimeField(null=True)
    credit_id = fields.UUIDField(null=True)

    class Meta:
        table = "claim"


class ClaimEntry(Model):
    """One step of a claim: who said or decided what, when, and with which pictures."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    claim_id = fields.UUIDField()
    number = fields.SmallIntField()
    kind = fields.CharField(max_length=10)
    by_kind = fields.CharField(max_length=10)
    by_id = fields.UUIDField()
    text = fields.CharField(max_length=1000)
    proof_ids = ArrayField(element_type="uuid", null=False)
    amount_minor = fields.BigIntField(null=True)
    made_at = fields.DatetimeField()

    class Meta:
        table = "claim_entry"
