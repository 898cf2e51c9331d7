"""The figures that a market is steered by, over a span of days: cost, density, service, empty metres, use, carbon.

They are read from the days' figures alone, never from deliveries, routes or events, and end with what has been counted.

A shipper sees its own rows, and of them what was done for it and what it paid: neither what drivers got nor what was
left over, nor how its routes were offered. In rows of hubs and shippers an offer counts by the part of its route's
deliveries, and so does a completed route. Utilisation and fairness are of the market and its days alone: who waits for
work waits for all hubs and shippers, so that no part of that time belongs to one of them.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from marketplace.analytics.kpi_row import KpiRow, SharedWork
from marketplace.analytics.kpi_sums import SHARED_SUMS, SUMS
from marketplace.analytics.reckon_row import row_of, share_of, with_shares
from marketplace.core.errors import Invalid
from marketplace.core.work import Work
from marketplace.markets import dials

MOST_DAYS = 366
MOST_ROWS = 1_000


class KpiGroup(StrEnum):
    """What the rows are of: the market as a whole, each hub, each shipper, or each local day."""

    MARKET = "MARKET"
    HUB = "HUB"
    SHIPPER = "SHIPPER"
    DAY = "DAY"


KEYS: Mapping[KpiGroup, str] = {KpiGroup.HUB: "hub_id", KpiGroup.SHIPPER: "shipper_id", KpiGroup.DAY: "day"}
NAMES: Mapping[KpiGroup, str] = {
    KpiGroup.HUB: "(SELECT name FROM hub WHERE id = hub_id) AS name",
    KpiGroup.SHIPPER: "(SELECT name FROM shipper WHERE id = shipper_id) AS name",
}
TOTALS = ", ".join(f"sum({name})::bigint AS {name}" for name in SUMS)


def _read(group: KpiGroup) -> str:
    key = KEYS.get(group)
    # What belongs to the market alone has no shipper, and is part of no hub's and no shipper's row.
    of_shippers = " AND shipper_id IS NOT NULL" if group in {KpiGroup.HUB, KpiGroup.SHIPPER} else ""
    grouped = f"GROUP BY {key} ORDER BY {key} NULLS LAST LIMIT {MOST_ROWS}" if key else "HAVING count(*) > 0"
    asked = ", ".join(part for part in (key, TOTALS, NAMES.get(group)) if part)
    return (
        f"SELECT {asked} FROM kpi_day WHERE market_id = $1 AND day BETWEEN $2 AND $3"  # noqa: S608 - names of ours
        f" AND ($4::uuid IS NULL OR shipper_id = $4){of_shippers} {grouped}"
    )


READS: Mapping[KpiGroup, str] = {group: _read(group) for group in KpiGroup}
SHARED_TOTALS = ", ".join(f"sum({name})::bigint AS {name}" for name in SHARED_SUMS)
SHARED = """
SELECT {key} AS day, contract_kind, {totals} FROM fairness_day
WHERE market_id = $1 AND day BETWEEN $2 AND $3 GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST
"""
SHARES: Mapping[KpiGroup, str] = {
    KpiGroup.MARKET: SHARED.format(key="NULL::date", totals=SHARED_TOTALS),
    KpiGroup.DAY: SHARED.format(key="day", totals=SHARED_TOTALS),
}


class BadDays(Invalid):
    """Days in the wrong order, or too many of them."""

    code = "BAD_DAYS"


async def kpis(
    work: Work, *, market_id: UUID, first: date, last: date, group_by: KpiGroup, shipper_id: UUID | None = None
) -> list[KpiRow]:
    """A market's figures from one local day to another, both included; with a shipper, its own and what it may see."""
    if not 0 <= (last - first).days < MOST_DAYS:
        raise BadDays(f"the days are 1 to {MOST_DAYS}, the first of them before the last", field="from")
    settings = await dials(work, market_id=market_id)
    rows = await work.fetch(READS[group_by], market_id, first, last, shipper_id)
    told = [row_of(dict(row), settings, is_own=shipper_id is not None) for row in rows]
    if group_by not in SHARES or shipper_id is not None:
        return told
    shares: defaultdict[date | None, list[SharedWork]] = defaultdict(list)
    for share in await work.fetch(SHARES[group_by], market_id, first, last):
        shares[share["day"]].append(share_of(dict(share)))
    return [with_shares(row, shares[row.day]) for row in told]
