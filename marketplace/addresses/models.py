"""Tables of addresses: what geocoders have said, and where drivers have handed over."""

from tortoise import fields
from tortoise.models import Model


class DropPoint(Model):
    """Where drivers really hand over at an address: the middle of their places, and how many there were.

    The id is a digest of market, cell and address. `given_lat` and `given_lon` are what the shipper said first, and
    `moved_m` is how far from there the doors seem to be; too far is for a person to judge.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    lat = fields.FloatField()
    lon = fields.FloatField()
    visits = fields.IntField()
    given_lat = fields.FloatField()
    given_lon = fields.FloatField()
    moved_m = fields.IntField()
    needs_review = fields.BooleanField(db_default=False)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "drop_point"


class DropVisit(Model):
    """One place at which a driver handed over at an address, or to which one has corrected its pin."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    drop_point_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    lat = fields.FloatField()
    lon = fields.FloatField()
    weight = fields.SmallIntField()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "drop_visit"


class GeocodedText(Model):
    """What a geocoder has answered to a text, until it expires. The id is a digest of geocoder, market and text."""

    id = fields.UUIDField(primary_key=True)
    candidates = fields.JSONField[list[dict[str, object]]]()
    found_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "geocoded_text"
