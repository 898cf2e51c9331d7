"""Tables of the hubs: places where parcels wait for a driver, and what shippers keep there."""

from tortoise import fields
from tortoise.models import Model


class Hub(Model):
    """A micro-fulfilment hub or a shipper's own store; `shipper_id` null means open to every shipper.

    `opening` is when it serves and how much; null until an operator has said so. `reached_at` is when its catchment
    was computed, for `reach_s` seconds of driving.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField(null=True)
    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=200)
    time_zone = fields.CharField(max_length=60)
    lat = fields.FloatField()
    lon = fields.FloatField()
    opening = fields.JSONField[dict[str, object]](null=True)
    reach_s = fields.IntField(null=True)
    reached_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "hub"


class HubCell(Model):
    """An H3 cell of a hub's catchment, and how many seconds it takes to drive there."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    hub_id = fields.UUIDField()
    cell = fields.CharField(max_length=16)
    drive_s = fields.IntField()

    class Meta:
        table = "hub_cell"


class Sku(Model):
    """A kind of thing that a shipper keeps at hubs: grams and millimetres of one of it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    code = fields.CharField(max_length=60)
    name = fields.CharField(max_length=200)
    weight_g = fields.IntField()
    length_mm = fields.IntField()
    width_mm = fields.IntField()
    height_mm = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "sku"


class HubStock(Model):
    """How many of a SKU lie at a hub, and how many of them are promised; always the sum of its movements."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    hub_id = fields.UUIDField()
    sku_id = fields.UUIDField()
    on_hand = fields.IntField(db_default=0)
    reserved = fields.IntField(db_default=0)

    class Meta:
        table = "hub_stock"


class StockMovement(Model):
    """What changed a hub's stock and why; never edited."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    hub_id = fields.UUIDField()
    sku_id = fields.UUIDField()
    delivery_id = fields.UUIDField(null=True)
    reason = fields.CharField(max_length=12)
    on_hand_change = fields.IntField(db_default=0)
    reserved_change = fields.IntField(db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "stock_movement"


class StockReservation(Model):
    """So many of a SKU at a hub that go with one delivery."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    hub_id = fields.UUIDField()
    sku_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    quantity = fields.IntField()
    state = fields.CharField(max_length=8)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "stock_reservation"


class Replenishment(Model):
    """Where a SKU is filled up at a hub: below `min_quantity` another hub sends what is missing to the target."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    hub_id = fields.UUIDField()
    sku_id = fields.UUIDField()
    source_hub_id = fields.UUIDField()
    min_quantity = fields.IntField()
    target_quantity = fields.IntField()
    is_free = fields.BooleanField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "replenishment"


class StockTransfer(Model):
    """A delivery that takes stock from one hub to another; `replenishment_id` is the shortage that raised it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    from_hub_id = fields.UUIDField()
    to_hub_id = fields.UUIDField()
    replenishment_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "stock_transfer"
