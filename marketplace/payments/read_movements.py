"""The errand of taking in what moved on an account at the provider since it was read before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.core.errand import run_errand
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.payments.provider import PaymentProvider, ProviderMovement

OVERLAP = timedelta(minutes=10)
"""Read again each time, for what the provider lists a little late."""
LOOK_BACK = timedelta(days=35)
"""How far the first reading of an account goes back; the provider's time may run ahead of ours, never behind it."""
ACCOUNTS_AT_ONCE = 100
ROUNDS_AT_MOST = 1_000

PLATFORM = ""
"""The platform's own account, as a reading names it."""

READ_SO_FAR = "SELECT read_until FROM stripe_reading WHERE account = $1"
TAKE_IN = """
INSERT INTO stripe_movement
  (id, account, type, object_id, gross_minor, fee_minor, net_minor, currency, created_at, available_at, seen_at)
SELECT moved.*, $1 FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                               $9::text[], $10::timestamptz[], $11::timestamptz[]) AS moved
ON CONFLICT (id) DO NOTHING
"""
# A reading never goes back: of two at once the longer one stays.
HAVE_READ = """
INSERT INTO stripe_reading (account, read_until, began_at, began_in_market_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account) DO UPDATE
SET read_until = excluded.read_until, began_at = excluded.began_at, began_in_market_at = excluded.began_in_market_at
WHERE stripe_reading.began_at < excluded.began_at
"""
# Only where something has moved by our doing since the last reading; what moves otherwise is read with it.
ACCOUNTS_TO_READ = """
SELECT DISTINCT touched.account
FROM stripe_object AS object
CROSS JOIN LATERAL (VALUES (object.account),
                           (CASE object.kind WHEN 'transfer' THEN object.facts ->> 'destination' END)
) AS touched(account)
LEFT JOIN stripe_reading AS reading ON reading.account = touched.account
WHERE object.market_id = $1 AND touched.account IS NOT NULL
  AND (reading.account IS NULL OR object.seen_at > reading.began_at)
ORDER BY touched.account LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """From which moment of the provider's time to read, and when that began by our two clocks."""

    since: datetime
    began_at: datetime
    began_in_market_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMovements:
    """Reads one account to its end, `None` for the platform's own; run it with `run_errand`."""

    provider: PaymentProvider
    account: str | None

    async def read(self, work: Work) -> Reading:
        """From where the last reading ended, with a little overlap."""
        read_until: datetime | None = await work.fetch_value(READ_SO_FAR, self.account or PLATFORM)
        return Reading(
            since=read_until - OVERLAP if read_until else work.machine_now - LOOK_BACK,
            began_at=work.machine_now,
            began_in_market_at=work.now,
        )

    async def call(self, found: Reading) -> Sequence[ProviderMovement]:
        """Lists what moved; a failure is tried again with the next reading."""
        return await self.provider.movements(account=self.account, since=found.since)

    async def record(self, work: Work, found: Reading, answer: Sequence[ProviderMovement]) -> None:
        """Keeps each movement once, and how far was read, in one commit."""
        columns = zip(*(_row(movement) for movement in answer), strict=True) if answer else [[] for _ in range(10)]
        await work.execute(TAKE_IN, work.machine_now, *(list(column) for column in columns))
        read_until = max([found.since + OVERLAP, *(movement.created_at for movement in answer)])
        await work.execute(HAVE_READ, self.account or PLATFORM, read_until, found.began_at, found.began_in_market_at)


async def read_all_movements(works: Works, *, provider: PaymentProvider, market_id: MarketId) -> None:
    """Reads our own account to the end, and then the accounts of a market's drivers on which something has moved.

    Raises ProviderBusy or OutcomeUnknown; what was read until then is kept.
    """
    await run_errand(works, ReadMovements(provider=provider, account=None))
    for _ in range(ROUNDS_AT_MOST):
        async with works.open() as work:
            rows = await work.fetch(ACCOUNTS_TO_READ, market_id, ACCOUNTS_AT_ONCE)
        for row in rows:
            await run_errand(works, ReadMovements(provider=provider, account=row["account"]))
        if len(rows) < ACCOUNTS_AT_ONCE:
            return


def _row(movement: ProviderMovement) -> tuple[object, ...]:
    return (
        movement.id,
        movement.account,
        movement.type,
        movement.object_id,
        movement.gross.minor,
        movement.fee.minor,
        movement.net.minor,
        movement.net.currency,
        movement.created_at,
        movement.available_at,
    )
