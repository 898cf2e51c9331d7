"""Advice about the next hub on the command line."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from marketplace.app import open_marketplace, open_servers
from marketplace.core.errand import run_errand
from marketplace.core.errors import CannotStart
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.settings import Settings
from marketplace.core.window import zone
from marketplace.hubs import AdviseHub
from marketplace.markets import dials, market_ids

Told = Mapping[str, Any]


async def advise(settings: Settings, *, market: str | None, days: int, candidates: int, sites: int) -> dict[str, Any]:
    """Where a market's next hubs would save most, by the last so many days, today included."""
    async with open_servers(settings) as servers, open_marketplace(settings, servers) as marketplace:
        async with marketplace.works.open() as work:
            markets = [from_wire("market", market)] if market else await market_ids(work)
            if not markets:
                raise CannotStart("there is no market yet; make one with doorstep seed")
            time_zone = (await dials(work, market_id=markets[0])).time_zone
            today = work.now.astimezone(zone(time_zone)).date()
        errand = AdviseHub(
            router=marketplace.router,
            market_id=markets[0],
            first_day=today - timedelta(days=days - 1),
            last_day=today,
            candidates=candidates,
            sites=sites,
        )
        advice = await run_errand(marketplace.works, errand)
    assert advice is not None, "there is always an answer, or a refusal"
    return {"market": to_wire("market", markets[0]), **asdict(advice)}


def advice_lines(told: Told) -> Iterator[str]:
    """The advice as a table for people."""
    before, after, minutes = told["before"], told["after"], told["within_s"] // 60
    days = "one day" if told["days"] == 1 else f"{told['days']} days"
    yield f"Learnt from {told['deliveries']:,} deliveries of {days}; {told['candidates']} sites looked at."
    if not told["sites"]:
        yield "None of them would save anything."
        return
    yield "  site                    deliveries/day  saved h/day  saved km/day"
    for site in told["sites"]:
        place = f"{site['place']['lat']:.5f},{site['place']['lon']:.5f}"
        yield (
            f"  {place:22}  {site['deliveries_per_day']:14.1f}  {site['saved_hours_per_day']:11.2f}"
            f"  {site['saved_km_per_day']:12.1f}"
        )
    yield f"                 h/day    km/day  within {minutes} min"
    for name, drives in (("now", before), ("with them", after)):
        yield (
            f"  {name:10}  {drives['hours_per_day']:9.2f}  {drives['km_per_day']:8.1f}  {drives['share_within']:13.0%}"
        )
    gap = told["optimality_gap"]
    yield "Nothing better is possible among these sites." if gap <= 1e-6 else f"At most {gap:.1%} better is possible."
    first = told["sites"][0]["place"]
    yield (
        "Drives are as if each parcel went alone, which routes share: see what it saves of a day with"
        f" doorstep simulate --hub={first['lat']:.5f},{first['lon']:.5f}"
    )
