"""Tables of the hubs: places where parcels wait for a driver."""

from tortoise import fields
from tortoise.models import Model


class Hub(Model):
    """A micro-fulfilment hub or a shipper's own store; `shipper_id` null means open to every shipper."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField(null=True)
    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=200)
    time_zone = fields.CharField(max_length=60)
    lat = fields.FloatField()
    lon = fields.FloatField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "hub"
