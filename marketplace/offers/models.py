"""Tables of the marketplace's heart: waves and offers, why they were made, and what was learnt from their answers."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Wave(Model):
    """Offers of one route that were sent together, and what it would take to get an answer."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    number = fields.SmallIntField()
    contract_kind = fields.CharField(max_length=14)
    state = fields.CharField(max_length=10)
    raise_minor = fields.BigIntField()
    raise_step_minor = fields.BigIntField()
    raise_cap_minor = fields.BigIntField()
    raise_budget_left_minor = fields.BigIntField()
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "wave"


class Offer(Model):
    """A timed proposal of one version of a route to one driver. Final states never change again."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    route_version = fields.IntField()
    wave_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    state = fields.CharField(max_length=10)
    pay_minor = fields.BigIntField()
    raise_minor = fields.BigIntField(db_default=0)
    currency = fields.CharField(max_length=3)
    lines = fields.JSONField[list[dict[str, object]]]()
    approach_m = fields.IntField()
    approach_s = fields.IntField()
    rank = fields.SmallIntField()
    skills = ArrayField(element_type="text", null=True)
    sent_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    viewed_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharField(max_length=20, null=True)
    # Why this driver was asked: what the acceptance model was told, what it said, and which version of it
    facts = fields.JSONField[dict[str, object]](null=True)
    accept_prob = fields.FloatField(null=True)
    model_version = fields.IntField(null=True)

    class Meta:
        table = "offer"


class Choice(Model):
    """What one search for a driver of a route saw and decided; kept as it was."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    wave_id = fields.UUIDField(null=True)
    outcome = fields.CharField(max_length=10)
    model_version = fields.IntField()
    slack_s = fields.IntField(null=True)
    raise_minor = fields.BigIntField()
    raises = fields.JSONField[list[dict[str, object]]]()
    candidates = fields.JSONField[list[dict[str, object]]]()
    ruled_out = fields.JSONField[list[dict[str, object]]]()
    decided_at = fields.DatetimeField()

    class Meta:
        table = "choice"


class AcceptanceModelRecord(Model):
    """What a market has learnt about which offers are taken; never edited, only followed by a later one."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    version = fields.IntField()
    weights = fields.JSONField[dict[str, float]]()
    accepted = fields.IntField()
    declined = fields.IntField()
    expired = fields.IntField()
    answered_until = fields.DatetimeField()
    fitted_at = fields.DatetimeField()

    class Meta:
        table = "acceptance_model"
