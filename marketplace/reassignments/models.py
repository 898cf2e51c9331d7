"""The table of reassignments."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Reassignment(Model):
    """A route under way that passes from one driver to another, and how the parcels aboard change hands.

    The first driver has the route until it is DONE; only then there is a `next_route_id`. `code` is what the first
    driver shows and the second one says, `given` are the parcels that the first one scanned. `way_m` is the first
    driver's way to the meeting point, `approach_m` the second one's, `first_leg_m` leads from there to the next stop.
    The second driver's way in vain, where it came to nothing after a yes, is the route `way_route_id`.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    from_driver_id = fields.UUIDField()
    to_driver_id = fields.UUIDField()
    next_route_id = fields.UUIDField(null=True)
    way_route_id = fields.UUIDField(null=True)
    state = fields.CharField(max_length=10)
    reason = fields.CharField(max_length=300)
    lat = fields.FloatField(null=True)
    lon = fields.FloatField(null=True)
    next_stop_id = fields.UUIDField()
    way_m = fields.IntField()
    approach_m = fields.IntField()
    approach_s = fields.IntField()
    first_leg_m = fields.IntField()
    first_leg_s = fields.IntField()
    is_degraded = fields.BooleanField()
    pay_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    policy_version = fields.IntField()
    code = fields.CharField(max_length=6, null=True)
    code_tries = fields.SmallIntField(db_default=0)
    given = ArrayField(element_type="UUID", null=True)
    operator_id = fields.UUIDField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    agreed_at = fields.DatetimeField(null=True)
    given_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reassignment"
