"""Arguments that many fields share, with their descriptions and limits in one place."""

from typing import Annotated

import strawberry

from schema.mutations import KEY_DESCRIPTION
from schema.places import PointInput
from schema.scalars import DateTime

IdempotencyKey = Annotated[str, strawberry.argument(description=KEY_DESCRIPTION)]
MarketArgument = Annotated[strawberry.ID, strawberry.argument(description="mkt_….")]
ClientEventId = Annotated[
    str,
    strawberry.argument(
        description="1 to 100 characters, made by the app for this report; the same one again has no second effect."
    ),
]
OccurredAt = Annotated[
    DateTime,
    strawberry.argument(
        description="When it happened by the market's clock. Before the acceptance or in the future it is kept, flagged"
        " and not paid automatically."
    ),
]
ReportPlace = Annotated[
    PointInput | None,
    strawberry.argument(description="Where the driver was; further than 300 m from the stop is flagged."),
]
