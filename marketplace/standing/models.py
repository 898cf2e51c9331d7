"""Tables of standing: evidence, what it comes to for each driver, what drivers say against it, and suspensions."""

from tortoise import fields
from tortoise.models import Model


class StandingEvidence(Model):
    """One thing that a driver did on a route of their own, and whether it speaks for them; never changed.

    A row refers to a route that this driver drove, so what was only offered cannot be evidence. `excluded` says why a
    thing does not count; `value` is parcels handed over, seconds late by the driver's own part, or stars.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    route_id = fields.UUIDField()
    kind = fields.CharField(max_length=10)
    subject_id = fields.UUIDField()
    is_good = fields.BooleanField()
    value = fields.IntField()
    excluded = fields.CharField(max_length=12, null=True)
    facts = fields.JSONField[dict[str, object]]()
    occurred_at = fields.DatetimeField()
    found_at = fields.DatetimeField()

    class Meta:
        table = "standing_evidence"


class DriverStanding(Model):
    """What a driver's evidence comes to by the published rules: a level, and how much earlier blocks open for them."""

    driver_id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    level = fields.SmallIntField()
    early_access_minutes = fields.SmallIntField()
    rules_version = fields.SmallIntField()
    figures = fields.JSONField[dict[str, object]]()
    computed_at = fields.DatetimeField()

    class Meta:
        table = "driver_standing"


class StandingCorrection(Model):
    """What a driver says against one row of evidence, and what a person made of it; decided once."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    evidence_id = fields.UUIDField()
    text = fields.CharField(max_length=500)
    asked_at = fields.DatetimeField()
    state = fields.CharField(max_length=8)
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "standing_correction"


class Suspension(Model):
    """A proposal to suspend a driver and all that people decided about it; each part is written once.

    A rule, or an operator where somebody is in danger, proposes; a person decides, and it is in force from
    `effective_at` on; another person decides the appeal; a person ends it.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    state = fields.CharField(max_length=11)
    rule = fields.CharField(max_length=20)
    rules_version = fields.SmallIntField()
    reason = fields.CharField(max_length=500)
    evidence = fields.JSONField[list[dict[str, object]]]()
    safety_reason = fields.CharField(max_length=20, null=True)
    proposed_by = fields.UUIDField(null=True)
    proposed_at = fields.DatetimeField()
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    decision_reason = fields.CharField(max_length=500, null=True)
    notice_law = fields.CharField(max_length=20, null=True)
    notice_s = fields.IntField(null=True)
    effective_at = fields.DatetimeField(null=True)
    appealed_at = fields.DatetimeField(null=True)
    appeal_text = fields.CharField(max_length=2000, null=True)
    appeal_evidence = fields.JSONField[list[str]](null=True)
    appeal_decided_by = fields.UUIDField(null=True)
    appeal_decided_at = fields.DatetimeField(null=True)
    appeal_upheld = fields.BooleanField(null=True)
    appeal_reason = fields.CharField(max_length=500, null=True)
    ended_by = fields.UUIDField(null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "suspension"
