"""Tables of the fleet: drivers with their vehicle, shifts, and where each driver is now."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Driver(Model):
    """Somebody who drives, with contract kind, vehicle and skills.

    `capacity` has three numbers: packages, grams and cubic decimetres.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    name = fields.CharField(max_length=80)
    phone = fields.CharField(max_length=20)
    contract_kind = fields.CharField(max_length=14)
    account_state = fields.CharField(max_length=20)
    vehicle = fields.CharField(max_length=20)
    capacity = ArrayField(element_type="int", null=False)
    skills = ArrayField(element_type="text", null=False)
    max_stops = fields.SmallIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "driver"


class Shift(Model):
    """Agreed hours of a dedicated or contracted driver; a crowdsourced driver needs none."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()

    class Meta:
        table = "shift"


class Presence(Model):
    """Whether a driver can be asked now, and where; one row for each driver, written often."""

    driver_id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    state = fields.CharField(max_length=10)
    lat = fields.FloatField(null=True)
    lon = fields.FloatField(null=True)
    cell = fields.CharField(max_length=16, null=True)
    position_at = fields.DatetimeField(null=True)
    online_until = fields.DatetimeField(null=True)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "presence"
