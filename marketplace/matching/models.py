"""Tables of matching: the zones in which a market is planned."""

from tortoise import fields
from tortoise.models import Model


class MatchingZone(Model):
    """A part of a market that is planned by itself; a market that is small has one with an empty path.

    The edges are degrees, from the lower ones on and below the upper ones, of pickups and of drop-offs. `path` tells
    how it was cut. `turn` counts the looks: only the plan of the latest one may be written.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    path = fields.CharField(max_length=60)
    south = fields.FloatField()
    west = fields.FloatField()
    drop_south = fields.FloatField()
    drop_west = fields.FloatField()
    north = fields.FloatField()
    east = fields.FloatField()
    drop_north = fields.FloatField()
    drop_east = fields.FloatField()
    turn = fields.IntField(db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "matching_zone"
