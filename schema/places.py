"""Places, windows and packages: the values that several nouns of the API share."""

import strawberry

from marketplace.batches import LocalWindow, PackageRequest, Place
from marketplace.core.geo import BadPoint
from marketplace.core.geo import Point as GeoPoint
from schema.scalars import DateTime, LocalDateTime, MoneyMinor


@strawberry.type(description="A place on earth, WGS84.")
class Point:
    """Coordinates."""

    lat: float = strawberry.field(description="Latitude in degrees, -90 to 90.")
    lon: float = strawberry.field(description="Longitude in degrees, -180 to 180.")


@strawberry.input(description="A place on earth, WGS84.")
class PointInput:
    """Coordinates as a client sends them."""

    lat: float = strawberry.field(description="Latitude in degrees, -90 to 90.")
    lon: float = strawberry.field(description="Longitude in degrees, -180 to 180.")

    def value(self) -> GeoPoint:
        """The checked place; raises BadPoint."""
        return GeoPoint(lat=self.lat, lon=self.lon)


@strawberry.type(description="An address with its coordinates and who is there.")
class Address:
    """Where and whom."""

    lat: float | None = strawberry.field(
        description="Latitude in degrees; null while the address is being looked for, which is before any planning."
    )
    lon: float | None = strawberry.field(description="Longitude in degrees, or null as `lat` is.")
    address: str = strawberry.field(description="Street and number as on the parcel, at most 200 characters.")
    name: str = strawberry.field(description="Who is there, at most 80 characters; may be empty.")
    phone: str = strawberry.field(description="How to reach them, at most 20 characters; may be empty.")


@strawberry.input(
    description="An address with its coordinates and who is there. A drop-off may leave out both coordinates where the"
    " market has a geocoder: it is found after posting, and priced then."
)
class AddressInput:
    """Where and whom, as a shipper sends it."""

    lat: float | None = strawberry.field(default=None, description="Latitude in degrees, -90 to 90.")
    lon: float | None = strawberry.field(default=None, description="Longitude in degrees, -180 to 180.")
    address: str = strawberry.field(description="Street and number, 1 to 200 characters.")
    name: str = strawberry.field(default="", description="Who is there, at most 80 characters.")
    phone: str = strawberry.field(default="", description="How to reach them, at most 20 characters.")

    def value(self) -> Place:
        """The place as the marketplace takes it; raises BadPoint."""
        if (self.lat is None) != (self.lon is None):
            raise BadPoint("send both lat and lon, or neither", field="lat")
        point = GeoPoint(lat=self.lat, lon=self.lon) if self.lat is not None and self.lon is not None else None
        return Place(point=point, address=self.address, name=self.name, phone=self.phone)


@strawberry.type(description="A promised interval; both ends belong to it.")
class Window:
    """From when to when."""

    opens_at: DateTime = strawberry.field(description="First instant, UTC.")
    closes_at: DateTime = strawberry.field(description="Last instant, UTC.")


@strawberry.input(
    description="An interval in the local time of the hub's time zone, so that it survives clock changes."
)
class WindowInput:
    """From when to when, on the clock that hangs in the hub."""

    opens: LocalDateTime = strawberry.field(description="First local time, without an offset: 2026-03-02T14:00.")
    closes: LocalDateTime = strawberry.field(description="Last local time; at most 31 days after the first.")

    def value(self) -> LocalWindow:
        """The window as the marketplace takes it."""
        return LocalWindow(opens=self.opens, closes=self.closes)


@strawberry.type(description="A physical item.")
class Package:
    """Weight and sides."""

    description: str = strawberry.field(description="What it is, at most 200 characters.")
    weight_g: int = strawberry.field(description="Grams.")
    length_mm: int = strawberry.field(description="Millimetres.")
    width_mm: int = strawberry.field(description="Millimetres.")
    height_mm: int = strawberry.field(description="Millimetres.")


@strawberry.input(description="A physical item.")
class PackageInput:
    """Weight and sides, as a shipper sends them."""

    weight_g: int = strawberry.field(description="Grams, 1 to 500,000.")
    length_mm: int = strawberry.field(description="Millimetres, 1 to 5,000.")
    width_mm: int = strawberry.field(description="Millimetres, 1 to 5,000.")
    height_mm: int = strawberry.field(description="Millimetres, 1 to 5,000.")
    description: str = strawberry.field(default="", description="What it is, at most 200 characters.")
    declared_minor: MoneyMinor | None = strawberry.field(
        default=None, description="What it is worth, minor units of the market's currency; a claim asks for no more."
    )

    pallet_places: int = strawberry.field(
        default=0, description="Pallet places that it takes on a vehicle's floor, 0 to 10; 0 for what stands loose."
    )

    def value(self) -> PackageRequest:
        """The package as the marketplace takes it."""
        return PackageRequest(
            description=self.description,
            weight_g=self.weight_g,
            length_mm=self.length_mm,
            width_mm=self.width_mm,
            height_mm=self.height_mm,
            declared_minor=self.declared_minor,
            pallet_places=self.pallet_places,
        )
