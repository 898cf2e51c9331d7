"""Tables of hand-over points: the places themselves, and the parcels that wait there."""

from tortoise import fields
from tortoise.models import Model


class HandOverPoint(Model):
    """A shop, a locker or a store in a village at which recipients collect their parcels.

    With a shipper it is for that shipper alone. `taken` counts the parcels that lie there or have a place promised.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField(null=True)
    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=100)
    lat = fields.FloatField()
    lon = fields.FloatField()
    opening = fields.JSONField[dict[str, object]]()
    places = fields.IntField()
    taken = fields.IntField(db_default=0)
    kept_days = fields.SmallIntField()
    is_open = fields.BooleanField()
    key_digest = fields.BinaryField(null=True)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "hand_over_point"


class Collection(Model):
    """A parcel at a hand-over point: when it came, until when it is kept, and who has got it.

    Its place is free again at `freed_at`. Its code stands nowhere: the deployment's key works it out from the id.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    point_id = fields.UUIDField()
    state = fields.CharField(max_length=11)
    code_tries = fields.SmallIntField(db_default=0)
    promised_at = fields.DatetimeField()
    arrived_at = fields.DatetimeField(null=True)
    due_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    confirmed_by = fields.CharField(max_length=10, null=True)
    return_id = fields.UUIDField(null=True)
    freed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "collection"
