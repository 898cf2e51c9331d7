"""Tables of the fleet: companies, drivers with their papers and vehicles, shifts, and where each driver is now."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Company(Model):
    """A company whose own drivers drive for a market, on terms of its own; it sees only what is theirs."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    name = fields.CharField(max_length=80)
    state = fields.CharField(max_length=10)
    route_minor = fields.BigIntField(db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "company"


class Dispatcher(Model):
    """A person of a contracted company, who signs in by e-mail and sees that company's drivers."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    company_id = fields.UUIDField()
    name = fields.CharField(max_length=80)
    email = fields.CharField(max_length=254)
    created_at = fields.DatetimeField()

    class Meta:
        table = "dispatcher"


class Driver(Model):
    """Somebody who drives, with contract kind, vehicle and skills.

    `capacity` has three numbers: packages, grams and cubic decimetres; pallets stand on `pallet_places`. `skills_until`
    says for each of the skills, in their order, when its certificate ends, `documents_until` when the first paper does,
    `vehicle_until` when the vehicle is to be checked again; null is no end. All three are worked out from what was
    checked, so that a driver whose papers run out is not asked from that moment on, and no job has to say so. So is one
    who is suspended, from `suspended_from` on: the database asks for the suspension and for who decided it.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    name = fields.CharField(max_length=80)
    phone = fields.CharField(max_length=20)
    contract_kind = fields.CharField(max_length=14)
    account_state = fields.CharField(max_length=20)
    vehicle = fields.CharField(max_length=20)
    capacity = ArrayField(element_type="int", null=False)
    pallet_places = fields.SmallIntField(db_default=0)
    skills = ArrayField(element_type="text", null=False)
    skills_until = ArrayField(element_type="timestamptz", null=True)
    documents_until = fields.DatetimeField(null=True)
    vehicle_id = fields.UUIDField(null=True)
    vehicle_until = fields.DatetimeField(null=True)
    company_id = fields.UUIDField(null=True)
    suspension_id = fields.UUIDField(null=True)
    suspended_by = fields.UUIDField(null=True)
    suspended_from = fields.DatetimeField(null=True)
    area_cells = ArrayField(element_type="text", null=True)
    max_distance_m = fields.IntField(null=True)
    language = fields.CharField(max_length=2, db_default="en")
    max_stops = fields.SmallIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "driver"


class DriverDocument(Model):
    """A paper of a driver or a certificate of a skill: until when it is good, and who checked it with what reason."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    kind = fields.CharField(max_length=20)
    state = fields.CharField(max_length=10)
    content_type = fields.CharField(max_length=30)
    object_key = fields.CharField(max_length=120, null=True)
    expires_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    uploaded_at = fields.DatetimeField(null=True)
    checked_at = fields.DatetimeField(null=True)
    checked_by = fields.UUIDField(null=True)
    reason = fields.CharField(max_length=200, null=True)
    told_at = fields.DatetimeField(null=True)

    class Meta:
        table = "driver_document"


class VehicleRecord(Model):
    """A vehicle of a driver or a company: what it holds, how it is equipped, and until when its check is good."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField(null=True)
    company_id = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=20)
    label = fields.CharField(max_length=40)
    capacity = ArrayField(element_type="int", null=False)
    pallet_places = fields.SmallIntField(db_default=0)
    equipment = ArrayField(element_type="text", null=False)
    state = fields.CharField(max_length=10)
    checked_until = fields.DatetimeField(null=True)
    checked_at = fields.DatetimeField(null=True)
    checked_by = fields.UUIDField(null=True)
    reason = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "vehicle"


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


class DriverMessage(Model):
    """What an operator wrote to a driver; such a line is never changed."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    operator_id = fields.UUIDField()
    text = fields.CharField(max_length=480)
    sent_at = fields.DatetimeField()

    class Meta:
        table = "driver_message"
