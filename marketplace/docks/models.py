"""Tables of docks: where vehicles are served by appointment, and the appointments."""

from tortoise import fields
from tortoise.models import Model


class Dock(Model):
    """A dock that a shipper delivers to or loads at: slots of so many seconds, each with so many places.

    `opens` and `closes` are times of day by the clock of its zone. Who comes `tolerance_s` after a slot is too late.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    code = fields.CharField(max_length=60)
    lat = fields.FloatField()
    lon = fields.FloatField()
    time_zone = fields.CharField(max_length=60)
    opens = fields.CharField(max_length=5)
    closes = fields.CharField(max_length=5)
    slot_s = fields.IntField()
    places = fields.SmallIntField()
    tolerance_s = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "dock"


class DockAppointment(Model):
    """A place in a slot: held until it expires, or booked for the one end of a delivery that is at the dock."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    dock_id = fields.UUIDField()
    delivery_id = fields.UUIDField(null=True)
    is_pickup = fields.BooleanField(null=True)
    state = fields.CharField(max_length=8)
    opens_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "dock_appointment"
