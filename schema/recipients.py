"""What a recipient sees through a tracking link, and can do there."""

from typing import Annotated, Any, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import NotFound
from marketplace.fleet import Vehicle
from marketplace.recipients import Language, RatingReason, RecipientAction, SafePlace, TrackedStatus, tracked_delivery
from schema.access import require_recipient
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.places import Window
from schema.scalars import DateTime


@strawberry.type(description="Where the driver is, while the recipient may see it.")
class TrackedPosition:
    """A place and its moment."""

    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    occurred_at: DateTime = strawberry.field(description="When the driver was there, market time.")


@strawberry.type(description="Who brings the parcel.")
class TrackedDriver:
    """As little of a driver as helps at the door."""

    first_name: str = strawberry.field(description="First name.")
    vehicle: Vehicle = strawberry.field(description="What the driver drives.")


@strawberry.type(description="One step of the way so far.")
class TrackedStep:
    """A status and when it began."""

    status: TrackedStatus = strawberry.field(description="What was reached.")
    headline: str = strawberry.field(description="The same in words.")
    occurred_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="What the recipient thought of the delivery.")
class Rating:
    """A rating."""

    stars: int = strawberry.field(description="1 to 5.")
    reasons: list[RatingReason] = strawberry.field(description="What was good or bad.", metadata=usually(2))


@strawberry.type(description="A delivery as its recipient sees it.")
class TrackedDelivery:
    """What the holder of a tracking link may know."""

    id: strawberry.ID = strawberry.field(description="dlv_….")
    status: TrackedStatus = strawberry.field(description="Where the parcel is.")
    headline: str = strawberry.field(description="The same in words, in the language that was asked for.")
    reason: str | None = strawberry.field(description="Why a hand-over did not happen, in words.")
    shipper_name: str = strawberry.field(description="Who sends it.")
    time_zone: str = strawberry.field(description="IANA zone in which its windows are shown.")
    promised_window: Window = strawberry.field(description="When it was promised.")
    address: str = strawberry.field(description="Where it goes.")
    lat: float = strawberry.field(description="Latitude of the door in degrees.")
    lon: float = strawberry.field(description="Longitude of the door in degrees.")
    pin: str | None = strawberry.field(description="What to tell the driver at the door, while it is needed.")
    instructions: str = strawberry.field(description="What the recipient asked of the driver; may be empty.")
    safe_place: SafePlace | None = strawberry.field(description="Where it may be left.")
    driver: TrackedDriver | None = strawberry.field(description="Who brings it, once on the road.")
    position: TrackedPosition | None = strawberry.field(
        description="Where the driver is: only while at work for this delivery and at most the market's"
        " driverShownStops away, and not older than 5 minutes."
    )
    stops_before: int | None = strawberry.field(description="Stops that come before this one, when the driver is near.")
    actions: list[RecipientAction] = strawberry.field(description="What can be done now.", metadata=usually(2))
    rating: Rating | None = strawberry.field(description="What the recipient said of it.")
    timeline: list[TrackedStep] = strawberry.field(description="The way so far, oldest first.", metadata=usually(5))
    changed_at: DateTime = strawberry.field(description="When it last changed, market time.")


LanguageArgument = Annotated[Language, strawberry.argument(description="The language of words.")]


@strawberry.type
class Query:
    """What a tracking link shows."""

    @query(
        description="The delivery that your tracking link is for. Send the token of the link as Authorization: Bearer."
        " For recipients."
    )
    async def tracked_delivery(self, info: Info, language: LanguageArgument = Language.EN) -> TrackedDelivery:
        """Reads the recipient's delivery."""
        recipient = require_recipient(info)
        async with info.context.marketplace.works.open() as work:
            found = await tracked_delivery(work, delivery_id=recipient.delivery_id, language=language)
        if found is None:
            raise NotFound("there is no such delivery")
        return cast("TrackedDelivery", _shown(info, found))


def _shown(_info: Info, found: dict[str, Any]) -> dict[str, Any]:
    return found
