"""Operations turn the dials of a market; what is open already keeps the terms it was made with."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from marketplace.core.work import Work
from marketplace.markets.dials import BadDial, Dials
from marketplace.markets.models import Market
from marketplace.markets.queries import dials

FIXED = {"market_id", "time_zone", "currency"}
NAMES = {field.name for field in fields(Dials)} - FIXED


async def set_dials(
    work: Work, *, market_id: UUID, changes: Mapping[str, int | str | bool], is_production: bool
) -> Dials:
    """Changes some dials of a market and leaves the others."""
    unknown = set(changes) - NAMES
    if unknown:
        raise BadDial(f"there is no dial {min(unknown)}")
    values: dict[str, Any] = asdict(await dials(work, market_id=market_id)) | dict(changes)
    changed = Dials(**values)
    changed.check(is_production=is_production)
    if changes:
        await Market.filter(id=market_id).using_db(work.db).update(**changes)
    return changed
