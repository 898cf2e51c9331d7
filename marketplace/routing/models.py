"""Tables of learnt traffic: what drives took, place by place, and which version of it routers go by."""

from tortoise import fields
from tortoise.models import Model


class SpeedFactor(Model):
    """What drives took in one cell on one kind of road at one time of day, and what they take on empty streets.

    Both fade, as of `counted_at`. The layer `LIVE` is about now: it has no slot (-1), and its `free_s` is what was to
    be expected at that time of day.
    """

    id = fields.BigIntField(primary_key=True)
    market_id = fields.UUIDField()
    layer = fields.CharField(max_length=5)
    slot = fields.SmallIntField()
    cell = fields.BigIntField()
    road_group = fields.SmallIntField()
    free_s = fields.FloatField()
    driven_s = fields.FloatField()
    counted_at = fields.DatetimeField()

    class Meta:
        table = "speed_factor"


class TrafficRelease(Model):
    """The version of a market's learnt traffic that routers answer by; its row lock makes one learner the writer."""

    market_id = fields.UUIDField(primary_key=True)
    version = fields.IntField(db_default=0)
    released_at = fields.DatetimeField(null=True)

    class Meta:
        table = "traffic_release"
