"""Tables of the goals: what shippers' recipients are to experience, and where that is missed."""

from tortoise import fields
from tortoise.models import Model


class ExperienceGoal(Model):
    """One dated version of what a shipper's recipients are to experience in a market; never edited, only followed."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    metric = fields.CharField(max_length=13)
    version = fields.IntField()
    is_withdrawn = fields.BooleanField()
    target = fields.FloatField()
    period_days = fields.SmallIntField()
    min_sample = fields.IntField()
    effective_from = fields.DatetimeField()

    class Meta:
        table = "experience_goal"


class ExperienceMiss(Model):
    """A goal that is missed, or was until `ended_at`: by how much, and for which day it was told last."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    metric = fields.CharField(max_length=13)
    goal_id = fields.UUIDField()
    since_day = fields.DateField()
    told_day = fields.DateField()
    actual = fields.FloatField()
    sample = fields.IntField()
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "experience_miss"
