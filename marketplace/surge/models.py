"""Tables of surge: what was expected, decided and promised, and what people set by hand."""

from tortoise import fields
from tortoise.models import Model


class DemandForecast(Model):
    """How many stops are expected to be picked up in a cell within the hour that begins then."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    cell = fields.CharField(max_length=16)
    slot_start = fields.DatetimeField()
    expected_stops = fields.FloatField()

    class Meta:
        table = "demand_forecast"


class SurgeDecision(Model):
    """How busy a cell was found to be, and what that comes to for drivers and shippers; kept as it was.

    `level_percent` follows the ratio in steps, `percent` is what came of it under overrides, freezes and the budget.
    `rising` and `falling` count the ticks in a row that asked for more or for less.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    cell = fields.CharField(max_length=16)
    decided_at = fields.DatetimeField()
    holds_until = fields.DatetimeField()
    open_stops = fields.IntField()
    forecast_milli = fields.IntField()
    idle_drivers = fields.IntField()
    population = fields.IntField()
    is_wide = fields.BooleanField()
    demand_milli = fields.BigIntField()
    supply_milli = fields.BigIntField()
    raw_ratio_percent = fields.IntField()
    ratio_percent = fields.IntField()
    target_percent = fields.SmallIntField()
    level_percent = fields.SmallIntField()
    rising = fields.SmallIntField()
    falling = fields.SmallIntField()
    percent = fields.SmallIntField()
    driver_bonus_minor = fields.BigIntField()
    surcharge_basis_points = fields.IntField()
    bound_by = fields.CharField(max_length=12, null=True)
    override_id = fields.UUIDField(null=True)

    class Meta:
        table = "surge_decision"


class SurgeOverride(Model):
    """What an operator set by hand: the level of one cell, or, without a cell, no surge in the whole market."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    cell = fields.CharField(max_length=16, null=True)
    percent = fields.SmallIntField()
    reason = fields.CharField(max_length=200)
    operator_id = fields.UUIDField()
    set_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    cleared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "surge_override"


class SurgeBonus(Model):
    """The bonus that every offer of a route carries, by which decision, in which window's budget, and who bears it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    decision_id = fields.UUIDField()
    bonus_minor = fields.BigIntField()
    borne_by_shippers_minor = fields.BigIntField()
    rule = fields.CharField(max_length=80)
    window_start = fields.DatetimeField()
    promised_at = fields.DatetimeField()

    class Meta:
        table = "surge_bonus"
