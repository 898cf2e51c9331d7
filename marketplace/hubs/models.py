"""Tables of the hubs: places where parcels wait for a driver."""

from tortoise import fields
from tortoise.models import Model


class Hub(Model):
    """A micro-fulfilment hub or a shipper's own store; `shipper_id` null means open to every shipper.

    `opening` is when it serves and how much; null until an operator has said so. `reached_at` is when its catchment
    was computed, for `reach_s` seconds of driving.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField(null=True)
    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=200)
    time_zone = fields.CharField(max_length=60)
    lat = fields.FloatField()
    lon = fields.FloatField()
    opening = fields.JSONField[dict[str, object]](null=True)
    reach_s = fields.IntField(null=True)
    reached_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "hub"


class HubCell(Model):
    """An H3 cell of a hub's catchment, and how many seconds it takes to drive there."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    hub_id = fields.UUIDField()
    cell = fields.CharField(max_length=16)
    drive_s = fields.IntField()

    class Meta:
        table = "hub_cell"
