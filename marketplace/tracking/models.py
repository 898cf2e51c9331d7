"""Tables of what is told and where things are: positions and notifications."""

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


class Notification(Model):
    """A message that was sent because of one event; at most one for each event and reader."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    event_id = fields.UUIDField()
    delivery_id = fields.UUIDField(null=True)
    audience = fields.CharField(max_length=10)
    address = fields.CharField(max_length=254)
    text = fields.CharField(max_length=500)
    state = fields.CharField(max_length=8)
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
