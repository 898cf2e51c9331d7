"""Tables of recipients: ratings, and who had one erased. Their links are credentials and stand with the other ones."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Rating(Model):
    """What a recipient thought of one delivery: once, in stars and reasons, never in words of their own."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    stars = fields.SmallIntField()
    reasons = ArrayField(element_type="text", null=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "rating"


class Erasure(Model):
    """Who had the recipient of a delivery erased, and when; never what was erased."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    erased_by_kind = fields.CharField(max_length=10)
    erased_by = fields.UUIDField()
    erased_at = fields.DatetimeField()

    class Meta:
        table = "erasure"
