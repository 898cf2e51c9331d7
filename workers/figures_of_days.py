"""What `doorstep kpis` tells: the figures of a market's days, counted up to now, as a table, JSON or CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from marketplace.analytics import KpiGroup, KpiRow, count_kpis, kpi_lines, kpis
from marketplace.app import open_servers
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.errors import CannotStart
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from workers.asked import chosen_market

SHOWN = (
    ("delivered", "delivered"), ("on time", "on_time_percent"), ("kept", "promise_kept_percent"),
    ("first try", "first_attempt_percent"), ("taken", "acceptance_percent"), ("stops/h", "stops_per_hour"),
    ("stops/km", "stops_per_km"), ("empty", "empty_percent"), ("used", "utilisation_percent"),
    ("CO2 g", "co2_per_delivery_g"), ("cost each", "cost_per_delivery_minor"), ("margin", "margin_minor"),
)  # fmt: skip
WIDTH = 9
NAME_WIDTH = 16


async def read_kpis(
    settings: Settings, *, first: str, last: str, group_by: str, market: str | None
) -> Sequence[KpiRow]:
    """Counts what is due in a market, the oldest one unless one is named, and reads its figures."""
    try:
        days, group = (date.fromisoformat(first), date.fromisoformat(last)), KpiGroup(group_by.upper())
    except ValueError:
        raise CannotStart("say days as 2026-03-02, and --by market, hub, shipper or day") from None
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1) as database,
    ):
        works = Works(database, DatabaseClock())
        market_id = MarketId(await chosen_market(works, market))
        await count_kpis(works, market_id=market_id)
        async with works.open() as work:
            return await kpis(work, market_id=market_id, first=days[0], last=days[1], group_by=group)


def as_table(rows: Sequence[KpiRow]) -> Iterator[str]:
    """The figures that are looked at first, a line for each row."""
    yield f"{'':{NAME_WIDTH}}" + "".join(f"{title:>{WIDTH + 1}}" for title, _ in SHOWN)
    for row in rows:
        name = str(row.day or row.name or "")[:NAME_WIDTH]
        values = (getattr(row, figure) for _, figure in SHOWN)
        yield f"{name:{NAME_WIDTH}}" + "".join(f"{'-' if one is None else f'{one:,}':>{WIDTH + 1}}" for one in values)


def as_json(rows: Sequence[KpiRow]) -> list[dict[str, Any]]:
    """All figures, with ids as the API has them."""
    return [
        asdict(row)
        | {"hub_id": row.hub_id and to_wire("hub", row.hub_id)}
        | {"shipper_id": row.shipper_id and to_wire("shipper", row.shipper_id)}
        for row in rows
    ]


def as_csv(rows: Sequence[KpiRow]) -> bytes:
    """All figures for a spreadsheet."""
    return b"".join(kpi_lines(rows))
