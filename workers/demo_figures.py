"""What became of the demo's day: counted until pay and figures have settled, held against the provider, and shown."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from marketplace.adapters.stripe import DevelopmentStripe
from marketplace.analytics import Fairness, fairness, recount_market, surge_figures
from marketplace.app import Marketplace
from marketplace.billing import charged_so_far
from marketplace.core.ids import MarketId
from marketplace.fleet import stops_by_kind
from marketplace.ledger import check_ledger
from marketplace.payouts import page_payouts, page_statements
from marketplace.tips import tipped_so_far
from workers.agreement import compare_now
from workers.demo_blocks import blocks_so_far
from workers.demo_stock import stock_so_far
from workers.progress import console
from workers.simulator import DaySummary
from workers.telling import payslip_lines

FIGURES = {
    "posted": "deliveries posted",
    "delivered": "delivered",
    "returned": "returned to their sender",
    "cancelled": "cancelled before pickup",
    "stock_shipped": "things that came from stock at hubs",
    "stock_back": "of which came back on the shelf",
    "stock_transfers": "transfers from hub to hub",
    "stock_replenished": "of which a hub that was short of something has raised",
    "stock_arrived": "things that arrived with them",
    "failed": "failed",
    "offers_sent": "offers sent",
    "offers_accepted": "offers accepted",
    "offers_declined": "offers declined",
    "offers_expired": "offers nobody answered in time",
    "routes_completed": "routes completed",
    "dedicated_stops": "stops made by dedicated drivers, on shift",
    "contracted_stops": "stops made by a contracted company's drivers",
    "crowdsourced_stops": "stops made by the crowd",
    "drivers_paid": "drivers paid",
    "paid_minor": "paid to drivers",
    "idle_minutes": "minutes that drivers were online without a route, all together",
    "offers_per_online_hour": "offers for each hour that a driver was online",
    "offers_gini": "inequality of that among drivers: 0 is all alike, 1 is all to one (Gini)",
    "pay_per_engaged_hour_minor": "pay of drivers for each hour on a route",
    "pay_per_online_hour_minor": "pay of drivers for each hour online",
    "windows_kept": "delivered within their window",
    "surge_came": "crowd drivers whom a bonus brought out",
    "surge_paid_minor": "surge bonus paid to drivers",
    "surge_surcharges_minor": "surge surcharges billed to shippers",
    "surge_borne_by_platform_minor": "of the bonus borne by the platform",
    "blocks_kept": "places in blocks that drivers kept",
    "blocks_missed": "of those signed for, nobody came",
    "block_top_ups_minor": "made up to the floor of blocks",
    "charges_paid": "charges paid by shippers",
    "charged_minor": "taken from shippers' cards",
    "tips_paid": "tips paid by recipients",
    "tipped_minor": "of which drivers have the whole",
    "statements_held": "pay statements held for a person",
    "ledger_sum_minor": "sum of the ledger, which must be 0",
    "movements_compared": "movements at the provider held against the ledger",
    "movements_differing": "of which the two say different things, which must be 0",
}
"""What the table at the end shows, in words; the JSON line has it all."""
LOOKS_OF_A_BANK = 8
BANK_DAYS_S = 3 * 86_400
"""While the day settles, days pass at the banks, in the stand-in's time: payouts arrive."""
STATEMENTS_SHOWN = 3
BUSIEST_DRIVER = """
SELECT d.id, d.name FROM driver d JOIN pay_statement s ON s.driver_id = d.id
WHERE d.market_id = $1 GROUP BY d.id ORDER BY sum(s.total_minor) DESC, d.id LIMIT 1
"""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
WINDOWS_KEPT = """
SELECT count(*) FROM event e JOIN delivery d ON d.id = e.delivery_id
WHERE e.market_id = $1 AND e.name = 'DeliveryDelivered' AND d.return_of IS NULL
  AND (e.payload ->> 'is_on_time')::boolean
"""
SETTLE_WITHIN_S = 40.0
"""Longest wait, after the last parcel, for statements, payouts and figures to be written."""
AGREE_WITHIN_S = 15.0
"""Longest wait, after that, for ledger and provider to agree: what has moved there is heard of a moment later."""


async def figures_of(
    marketplace: Marketplace, *, market_id: MarketId, seed: int, summary: DaySummary
) -> dict[str, Any]:
    """The day's figures, once pay and figures have settled or it takes too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_WITHIN_S
    for look in itertools.count():
        if look % LOOKS_OF_A_BANK == 0 and isinstance(marketplace.provider, DevelopmentStripe):
            await marketplace.provider.control("POST", "/clock", advance_s=BANK_DAYS_S)
        async with marketplace.works.open() as work:
            recount = await recount_market(work, market_id=market_id)
            ledger = await check_ledger(work, market_id=market_id)
            fair = await fairness(work, market_id=market_id)
            surge = await surge_figures(work, market_id=market_id, begins=LONG_AGO, ends=work.now)
            charges, charged_minor = await charged_so_far(work, market_id=market_id)
            tips, tipped_minor = await tipped_so_far(work, market_id=market_id)
            stops = await stops_by_kind(work, market_id=market_id)
            blocks = await blocks_so_far(work, market_id=market_id)
            stock = await stock_so_far(work, market_id=market_id)
        if recount.is_settled or loop.time() > until:
            break
        await asyncio.sleep(0.5)
    return {
        "seed": seed,
        **asdict(recount),
        "surge_paid_minor": surge.paid_minor,
        "surge_surcharges_minor": surge.surcharges_minor,
        "surge_borne_by_platform_minor": surge.borne_by_platform_minor,
        **_fairness_figures(fair),
        "surge_came": summary.counts["came_for_bonus"],
        "windows_kept": await _windows_kept(marketplace, market_id),
        **{f"{kind.lower()}_stops": count for kind, count in stops.items()},
        **blocks,
        **stock,
        "charges_paid": charges,
        "charged_minor": charged_minor,
        "tips_paid": tips,
        "tipped_minor": tipped_minor,
        "ledger_sum_minor": sum(ledger.sums_minor.values()),
        "ledger_findings": len(ledger.findings),
        **await _agreement(marketplace, market_id),
        "seen_by_apps": asdict(summary),
    }


async def _windows_kept(marketplace: Marketplace, market_id: MarketId) -> int:
    async with marketplace.works.open() as work:
        kept: int = await work.fetch_value(WINDOWS_KEPT, market_id)
    return kept


async def _agreement(marketplace: Marketplace, market_id: MarketId) -> dict[str, Any]:
    """Whether the provider's own movements say what the ledger says, once what is under way has arrived."""
    until = asyncio.get_running_loop().time() + AGREE_WITHIN_S
    while True:
        report = await compare_now(marketplace.works, marketplace.provider, market_id, at_rest=True)
        if report.is_clean or asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(1.0)
    return {
        "is_reconciled": report.is_clean,
        "movements_compared": report.movement_count,
        "movements_differing": len(report.disagreements),
    }


def _fairness_figures(found: Fairness) -> dict[str, Any]:
    """How the day's work was shared among all drivers, and for each kind beside it."""
    whole, *kinds = found.figures
    return {
        "idle_minutes": round(whole.idle_minutes),
        "offers_per_online_hour": round(whole.offers_per_online_hour, 2),
        "offers_gini": round(whole.gini, 2),
        "pay_per_engaged_hour_minor": whole.pay_per_engaged_hour_minor,
        "pay_per_online_hour_minor": whole.pay_per_online_hour_minor,
        "fairness_by_kind": [asdict(one) for one in kinds],
    }


async def show_payslip(marketplace: Marketplace, market_id: MarketId) -> None:
    """What one driver has earned, line by line, and where the money is now."""
    async with marketplace.works.read() as connection:
        rows = await connection.fetch(BUSIEST_DRIVER, market_id)
        for row in rows:
            statements = await page_statements(connection, driver_id=row["id"], before=None, limit=STATEMENTS_SHOWN)
            payouts = await page_payouts(connection, driver_id=row["id"], before=None, limit=STATEMENTS_SHOWN)
            told = payslip_lines(row["name"], [one for _, one in statements], [one for _, one in payouts])
            console.print("\n".join(["A driver's pay", *told]), highlight=False, soft_wrap=True)


def show_figures(kpis: Mapping[str, Any], currency: str) -> None:
    """The table at the end, and what other systems and addresses came to."""
    table = Table(title="The day in figures", show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    for name, words in FIGURES.items():
        unit = f" {currency}" if name.endswith("_minor") else ""
        table.add_row(words, f"{kpis[name]:,}{unit}")
    console.print(table)
    console.print(
        "A shipper's own system heard {webhooks_received} messages by webhook, signed by us:"
        " {webhooks_duplicated} came twice, {webhooks_out_of_order} out of order, {webhooks_forged} were refused.\n"
        "Of {addresses_posted} parcels with an address alone, the street search placed"
        " {addresses_placed_by_search} and an operator {addresses_placed_by_operator};"
        " {addresses_delivered} were delivered.".format_map(kpis),
        highlight=False,
        soft_wrap=True,
    )
