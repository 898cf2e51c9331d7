"""Tables of blocks and what is expected of them: blocks, sign-ups, and how good the forecast was."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Block(Model):
    """Paid availability that is published with places: where, when, for whom, and what an hour pays at least.

    `area_cells` are H3 cells of resolution 7. `taken` counts places that are signed for or held for an answer. Sign-ups
    begin at `signs_from`; those of the first `draw_s` seconds, and all early ones, are drawn with `seed`, of which only
    the digest is shown before.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    company_id = fields.UUIDField(null=True)
    hub_id = fields.UUIDField(null=True)
    area_name = fields.CharField(max_length=80)
    area_cells = ArrayField(element_type="text", null=False)
    time_zone = fields.CharField(max_length=60)
    opens_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    places = fields.SmallIntField()
    taken = fields.SmallIntField(db_default=0)
    vehicles = ArrayField(element_type="text", null=False)
    skills = ArrayField(element_type="text", null=False)
    floor_per_hour_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    free_until_min = fields.IntField()
    answer_s = fields.IntField()
    signs_from = fields.DatetimeField()
    draw_s = fields.IntField()
    seed = fields.CharField(max_length=64)
    seed_digest = fields.CharField(max_length=64)
    drawn_at = fields.DatetimeField(null=True)
    state = fields.CharField(max_length=10)
    reason = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "block"


class SignUp(Model):
    """A driver's wish for a place in a block and what became of it.

    `line` is the place in the waiting line, which the lot gives or the order of coming. `early_min` is by how many
    minutes the driver's early access let the wish in. Its hours are those of the block, so that the database can keep
    a driver from two blocks at once. At the end it holds what was attended, earned and made up.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    block_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    opens_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    state = fields.CharField(max_length=10)
    early_min = fields.SmallIntField(db_default=0)
    line = fields.IntField(null=True)
    answer_by = fields.DatetimeField(null=True)
    is_late = fields.BooleanField(db_default=False)
    checked_in_at = fields.DatetimeField(null=True)
    attended_s = fields.IntField(null=True)
    earned_minor = fields.BigIntField(null=True)
    top_up_minor = fields.BigIntField(null=True)
    statement_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sign_up"


class ForecastRun(Model):
    """One making of a market's forecast: what it was learnt from, which model it took, and how far off both were.

    Errors are of the last week, which neither had seen: the sum of what they missed in percent of the stops (wMAPE),
    and the same in parts of what a guess by the week before would have missed (MASE).
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    made_at = fields.DatetimeField()
    model = fields.CharField(max_length=20)
    history_hours = fields.IntField()
    held_out_hours = fields.IntField()
    model_wmape_percent = fields.FloatField(null=True)
    baseline_wmape_percent = fields.FloatField(null=True)
    model_mase = fields.FloatField(null=True)
    baseline_mase = fields.FloatField(null=True)
    expected_stops = fields.FloatField()

    class Meta:
        table = "forecast_run"
