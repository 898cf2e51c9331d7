"""Reads one local day of a market into its figures, by shipper and hub: the whole day anew, in one statement.

Each fact is a row of shipper, hub, figure and amount; the figures of a day are the sums of them. How work was shared
among drivers is kept beside them, by contract kind. A day read again is replaced, so that reading it twice changes
nothing.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from marketplace.analytics.drivetrains import DRIVETRAINS
from marketplace.analytics.facts_of_deliveries import HAPPENED, PREDICTED
from marketplace.analytics.facts_of_money import BESIDES, BILLED
from marketplace.analytics.facts_of_routes import DRIVEN, OFFERED
from marketplace.analytics.fairness import DriverDay, driver_days, gini
from marketplace.analytics.kpi_rates import CostRates, cost_rates, support_minor
from marketplace.analytics.kpi_sums import SHARED_SUMS, SUMS
from marketplace.core.work import Work
from marketplace.fleet import ContractKind
from marketplace.markets import dials

PART_PER_MILLION = 1_000_000
NO_RATES = CostRates(fuel=dict.fromkeys(DRIVETRAINS, 0), vehicle=dict.fromkeys(DRIVETRAINS, 0))

SPAN = """
SELECT $2::date::timestamp AT TIME ZONE time_zone AS begins, ($2::date + 1)::timestamp AT TIME ZONE time_zone AS ends
FROM market WHERE id = $1
"""
DROP = "DELETE FROM kpi_day WHERE market_id = $1 AND day = $2"
READ = f"""
WITH {HAPPENED}, {PREDICTED}, {DRIVEN}, {OFFERED}, {BILLED}, {BESIDES}, facts AS (
    SELECT * FROM happened UNION ALL SELECT * FROM predicted UNION ALL SELECT * FROM shared UNION ALL
    SELECT * FROM loaded UNION ALL SELECT * FROM offered UNION ALL SELECT * FROM billed UNION ALL
    SELECT * FROM refunded UNION ALL SELECT * FROM besides UNION ALL
    -- A day on which drivers only waited has figures, too
    SELECT NULL, NULL, 'drivers', drivers FROM fairness_day
    WHERE market_id = $1 AND day = $8 AND contract_kind IS NULL
)
INSERT INTO kpi_day (id, market_id, day, shipper_id, hub_id, {", ".join(SUMS)})
SELECT md5($1::text || $8::text || coalesce(shipper_id::text, '-') || coalesce(hub_id::text, '-'))::uuid,
    $1, $8, shipper_id, hub_id,
    {", ".join(f"coalesce(sum(amount) FILTER (WHERE figure = '{name}'), 0)" for name in SUMS)}
FROM facts WHERE amount <> 0 GROUP BY shipper_id, hub_id
"""  # noqa: S608 - names of ours
DROP_SHARES = "DELETE FROM fairness_day WHERE market_id = $1 AND day = $2"
SHARE_COLUMNS = ("id", "market_id", "day", "contract_kind", *SHARED_SUMS)


async def read_day(work: Work, *, market_id: UUID, day: date) -> None:
    """Replaces the figures of a market's local day by what its records say now."""
    span = await work.fetch_row(SPAN, market_id, day)
    if span is None:
        return
    settings = await dials(work, market_id=market_id)
    rates = cost_rates(settings.currency) or NO_RATES
    await _read_shares(work, market_id, day)
    await work.execute(DROP, market_id, day)
    await work.execute(
        READ,
        market_id,
        span["begins"],
        span["ends"],
        [one.column for one in DRIVETRAINS],
        [rates.fuel[one] for one in DRIVETRAINS],
        [rates.vehicle[one] for one in DRIVETRAINS],
        support_minor(settings) or 0,
        day,
    )


async def _read_shares(work: Work, market_id: UUID, day: date) -> None:
    """How work was shared among the day's drivers: all of them, and each contract kind that was there."""
    _, drivers = await driver_days(work, market_id=market_id, day=day)
    rows = [
        (work.new_id(), market_id, day, kind.value if kind else None, *shares_of(found))
        for kind in (None, *ContractKind)
        if (found := [one for one in drivers if kind in {None, one.contract_kind}])
    ]
    await work.execute(DROP_SHARES, market_id, day)
    await work.insert_many("fairness_day", SHARE_COLUMNS, rows)


def shares_of(drivers: Sequence[DriverDay]) -> tuple[int, ...]:
    """The sums of some drivers' day, in the order of their columns."""
    online = [one for one in drivers if one.online_s > 0]
    return (
        len(drivers),
        sum(one.online_s for one in drivers),
        sum(one.engaged_s for one in drivers),
        sum(one.offers for one in drivers),
        sum(one.pay_minor for one in drivers),
        round(PART_PER_MILLION * gini([one.offers_per_online_hour for one in online])),
        int(bool(online)),
    )
