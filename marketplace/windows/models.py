"""Tables of windows: the places in them that are held and booked."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class WindowHold(Model):
    """A place in a window that is kept for one delivery: held until it expires, then booked.

    A hold may come before its delivery is posted. `difference_minor` is what the window costs more or less than the
    delivery otherwise does, charged only where `is_charged`; `extra_m` and `extra_s` are what it adds to the plan.
    `route_id` is the route on offer that the delivery is to join. `was_…` is the promise before the booking, which
    comes back when it is revoked.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    hub_id = fields.UUIDField(null=True)
    delivery_id = fields.UUIDField(null=True)
    state = fields.CharField(max_length=10)
    opens_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    pickup_lat = fields.FloatField()
    pickup_lon = fields.FloatField()
    dropoff_lat = fields.FloatField()
    dropoff_lon = fields.FloatField()
    load = ArrayField(element_type="int", null=False)
    skills = ArrayField(element_type="text", null=False)
    actor = fields.CharField(max_length=10)
    difference_minor = fields.BigIntField()
    is_charged = fields.BooleanField()
    currency = fields.CharField(max_length=3)
    reason = fields.CharField(max_length=20)
    extra_m = fields.IntField()
    extra_s = fields.IntField()
    route_id = fields.UUIDField(null=True)
    was_opens_at = fields.DatetimeField(null=True)
    was_closes_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "window_hold"
