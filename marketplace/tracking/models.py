"""Table of where things are: positions."""

from tortoise import fields
from tortoise.models import Model


class Position(Model):
    """Where a driver was, as reported; written by COPY in batches, learnt from, and dropped after some days."""

    id = fields.BigIntField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    route_id = fields.UUIDField(null=True)
    lat = fields.FloatField()
    lon = fields.FloatField()
    accuracy_m = fields.FloatField(null=True)
    occurred_at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    is_digested = fields.BooleanField(db_default=False)

    class Meta:
        table = "position"
