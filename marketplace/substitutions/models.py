"""The table of lines for which something else may be sent."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Substitution(Model):
    """A line of a delivery that lets something else be sent: `similar` are SKUs that may go without asking anybody.

    `by_sku_id` is what was proposed, or went, in place of `sku_id`; until `answer_due_at` the recipient can answer.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    sku_id = fields.UUIDField()
    quantity = fields.IntField()
    rule = fields.CharField(max_length=7)
    similar = ArrayField(element_type="uuid", null=False)
    state = fields.CharField(max_length=8)
    by_sku_id = fields.UUIDField(null=True)
    proposed_by = fields.UUIDField(null=True)
    answer_due_at = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "substitution"
