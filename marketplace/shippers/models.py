"""Tables of the paying senders: the shipper, its rate cards, the terms of its tiers and its areas."""

from tortoise import fields
from tortoise.models import Model


class Shipper(Model):
    """A company that posts deliveries and pays for them, and what it wants done where nobody takes a parcel."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=120)
    is_test = fields.BooleanField(db_default=False)
    failure_policy = fields.CharField(max_length=16, db_default="RETURN_TO_SENDER")
    max_attempts = fields.SmallIntField(db_default=2)
    created_at = fields.DatetimeField()

    class Meta:
        table = "shipper"


class RateCardRecord(Model):
    """One dated version of what a shipper pays in a market at a service level; never edited, only followed by another.

    It is in force from its moment until that of the next one, so that versions can neither overlap nor leave a gap.
    """

    id = fields.UUIDField(primary_key=True)
    shipper_id = fields.UUIDField()
    market_id = fields.UUIDField()
    service_level = fields.CharField(max_length=20)
    version = fields.IntField()
    currency = fields.CharField(max_length=3)
    base_minor = fields.BigIntField()
    per_km_minor = fields.BigIntField()
    per_stop_minor = fields.BigIntField()
    minimum_minor = fields.BigIntField()
    surcharges = fields.JSONField[list[dict[str, object]]](null=True)
    promises = fields.JSONField[dict[str, int]](null=True)
    effective_from = fields.DatetimeField()

    class Meta:
        table = "rate_card"


class ServiceArea(Model):
    """One version of where a shipper is served in a market, or by default everybody; never edited, only followed."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField(null=True)
    version = fields.IntField()
    area = fields.JSONField[dict[str, object]](null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "service_area"


class ServiceLevelRecord(Model):
    """One dated version of what a shipper's tier promises and costs in a market; never edited, only followed."""

    id = fields.UUIDField(primary_key=True)
    shipper_id = fields.UUIDField()
    market_id = fields.UUIDField()
    tier = fields.CharField(max_length=9)
    version = fields.IntField()
    is_offered = fields.BooleanField()
    opens = fields.CharField(max_length=5)
    cutoff = fields.CharField(max_length=5, null=True)
    window_s = fields.IntField()
    uplift_basis_points = fields.IntField()
    uplift_minor = fields.BigIntField()
    grace_s = fields.IntField()
    late_percent = fields.SmallIntField()
    late_minor = fields.BigIntField()
    missed_try_percent = fields.SmallIntField()
    monthly_cap_minor = fields.BigIntField(null=True)
    effective_from = fields.DatetimeField()

    class Meta:
        table = "service_level"
