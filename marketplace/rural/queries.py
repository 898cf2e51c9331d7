"""Every read of rural zones: which are in force, and in which of them a place lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.rural.zone import RuralZone
from marketplace.shippers import ServiceArea, kept_area

ZONES_AT_MOST = 200
VERSIONS_AT_MOST = 500
TERMS = """
id, code, version, name, is_served, area::text AS area, days, cutoff, cutoff_days, opens, closes, window_s,
surcharge_minor, surcharge_basis_points, effective_from
"""
# Of each zone the version in force at a moment; of two of one moment the later one.
IN_FORCE = f"""
SELECT * FROM (
    SELECT DISTINCT ON (code) {TERMS} FROM rural_zone
    WHERE market_id = $1 AND effective_from <= $2 ORDER BY code, effective_from DESC, version DESC) AS latest
WHERE is_served ORDER BY code LIMIT $3
"""
SAME_ZONE = f"""
SELECT {TERMS} FROM rural_zone
WHERE (market_id, code) = (SELECT market_id, code FROM rural_zone WHERE id = $1) AND effective_from <= $2
ORDER BY effective_from DESC, version DESC LIMIT 1
"""
VERSIONS = f"""
SELECT {TERMS}, lead(effective_from) OVER (PARTITION BY code ORDER BY effective_from, version) AS effective_to
FROM rural_zone WHERE market_id = $1 ORDER BY code, effective_from DESC, version DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptZone:
    """The terms of a zone, where it lies, and under which id that version is kept."""

    id: UUID
    terms: RuralZone
    area: ServiceArea


async def rural_zones_at(work: Work, *, market_id: UUID, moment: datetime) -> list[KeptZone]:
    """The zones of a market in force at a moment, in the order of their codes, without those that were withdrawn."""
    return [_kept(row) for row in await work.fetch(IN_FORCE, market_id, moment, ZONES_AT_MOST)]


def zone_around(zones: Iterable[KeptZone], place: Point | None) -> KeptZone | None:
    """The zone in which a place lies; where two overlap the first by its code."""
    return next((zone for zone in zones if place is not None and zone.area.holds(place)), None)


async def rural_zone_of(work: Work, *, market_id: UUID, place: Point | None) -> KeptZone | None:
    """The zone in which a place lies by the terms in force now."""
    return zone_around(await rural_zones_at(work, market_id=market_id, moment=work.now), place)


async def terms_now(work: Work, *, zone_id: UUID | None) -> RuralZone | None:
    """The terms now of the zone under one version of which a delivery was posted; None where it was withdrawn."""
    row = await work.fetch_row(SAME_ZONE, zone_id, work.now) if zone_id is not None else None
    return RuralZone.of(dict(row)) if row is not None and row["is_served"] else None


async def rural_zone_version(work: Work, *, zone_id: UUID) -> int:
    """The number of a version of a zone."""
    version: int = await work.fetch_value("SELECT version FROM rural_zone WHERE id = $1", zone_id)
    return version


async def list_rural_zones(connection: asyncpg.Connection, *, market_id: UUID) -> list[dict[str, Any]]:
    """All versions of a market's zones, by code and latest first, with until when each is in force."""
    return [dict(row) for row in await connection.fetch(VERSIONS, market_id, VERSIONS_AT_MOST)]


def _kept(row: asyncpg.Record) -> KeptZone:
    return KeptZone(id=row["id"], terms=RuralZone.of(dict(row)), area=kept_area(row["area"]))
