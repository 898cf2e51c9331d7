"""Tables of reserved capacity: who has it and where, its dated terms, and what became of each day."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class CapacityReservation(Model):
    """Places that one shipper has for itself at a hub or, without one, in a market; settled day by day."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    hub_id = fields.UUIDField(null=True)
    settled_through = fields.DateField()
    is_over = fields.BooleanField(db_default=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "capacity_reservation"


class ReservationTerms(Model):
    """One dated version of what is reserved; in force until the next one begins, never edited."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    reservation_id = fields.UUIDField()
    version = fields.IntField()
    first_day = fields.DateField()
    last_day = fields.DateField(null=True)
    weekdays = ArrayField(element_type="int", null=False)
    opens = fields.CharField(max_length=5, null=True)
    closes = fields.CharField(max_length=5, null=True)
    places = fields.IntField()
    fee_minor = fields.BigIntField()
    release_days = fields.SmallIntField()
    release_time = fields.CharField(max_length=5)
    created_at = fields.DatetimeField()

    class Meta:
        table = "reservation_terms"


class ReservationDay(Model):
    """A day of a reservation that is over: how many places were used, and what the others cost; never edited."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    reservation_id = fields.UUIDField()
    day = fields.DateField()
    places = fields.IntField()
    used = fields.IntField()
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    journal_id = fields.UUIDField(null=True)
    settled_at = fields.DatetimeField()

    class Meta:
        table = "reservation_day"
