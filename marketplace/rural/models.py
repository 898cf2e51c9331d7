"""The table of rural zones."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class RuralZoneRecord(Model):
    """One version of where a rural zone lies, when it is served and what it costs; never edited, only followed."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    code = fields.CharField(max_length=30)
    version = fields.IntField()
    name = fields.CharField(max_length=80)
    is_served = fields.BooleanField()
    area = fields.JSONField[dict[str, object]]()
    days = ArrayField(element_type="int", null=False)
    cutoff = fields.CharField(max_length=5)
    cutoff_days = fields.SmallIntField()
    opens = fields.CharField(max_length=5)
    closes = fields.CharField(max_length=5)
    window_s = fields.IntField(null=True)
    surcharge_minor = fields.BigIntField()
    surcharge_basis_points = fields.IntField()
    effective_from = fields.DatetimeField()

    class Meta:
        table = "rural_zone"
