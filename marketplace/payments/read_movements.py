"""The errand of taking in what moved on an account at the provider, a bounded stretch of its time at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.core.errand import run_errand
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.payments.provider import PaymentProvider, ProviderMovement

STRETCH = timedelta(hours=6)
"""Most of the provider's time that one run takes in; a busy market has some thousands of movements in it."""
OVERLAP = timedelta(minutes=10)
"""Read again each time, for what the provider lists a little late."""
LOOK_BACK = timedelta(days=35)
"""How far the first reading of an account goes back."""
ACCOUNTS_AT_ONCE = 100
ROUNDS_AT_MOST = 1_000

PLATFORM = ""
"""The platform's own account, as a reading names it."""

READ_SO_FAR = "SELECT read_until FROM stripe_reading WHERE account = $1"
TAKE_IN = """
INSERT INTO stripe_movement
  (id, account, type, object_id, gross_minor, fee_minor, net_minor, currency, created_at, available_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::text[], $9::timestamptz[], $10::timestamptz[])
ON CONFLICT (id) DO NOTHING
"""
# A reading never goes back: of two at once the longer one stays.
HAVE_READ = """
INSERT INTO stripe_reading (account, read_until, read_at) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET read_until = excluded.read_until, read_at = excluded.read_at
WHERE stripe_reading.read_until < excluded.read_until
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
  AND (reading.account IS NULL OR object.seen_at > reading.read_until)
ORDER BY touched.account LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the provider's time that is to be read, and the market time at which the reading began."""

    since: datetime
    until: datetime
    began_at: datetime

    @property
    def is_last(self) -> bool:
        """Whether nothing remains after it."""
        return self.until - self.since < STRETCH + OVERLAP


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMovements:
    """Reads the next stretch of one account, `None` for the platform's own; run it with `run_errand` until it is last.

    Its answer is whether the account is read to the end.
    """

    provider: PaymentProvider
    account: str | None

    async def read(self, work: Work) -> Stretch:
        """From where the last reading ended, with a little overlap."""
        now = work.machine_now
        read_until: datetime = await work.fetch_value(READ_SO_FAR, self.account or PLATFORM) or now - LOOK_BACK
        return Stretch(since=read_until - OVERLAP, until=min(read_until + STRETCH, now), began_at=work.now)

    async def call(self, found: Stretch) -> Sequence[ProviderMovement]:
        """Lists what moved; a failure is tried again with the next reading."""
        return await self.provider.movements(account=self.account, since=found.since, until=found.until)

    async def record(self, work: Work, found: Stretch, answer: Sequence[ProviderMovement]) -> bool:
        """Keeps each movement once, and how far was read, in one commit."""
        columns = zip(*(_row(movement) for movement in answer), strict=True) if answer else [[] for _ in range(10)]
        await work.execute(TAKE_IN, *(list(column) for column in columns))
        await work.execute(HAVE_READ, self.account or PLATFORM, found.until, found.began_at)
        return found.is_last


async def read_all_movements(works: Works, *, provider: PaymentProvider, market_id: MarketId) -> None:
    """Reads our own account to the end, and then the accounts of a market's drivers on which something has moved.

    Raises ProviderBusy or OutcomeUnknown; what was read until then is kept.
    """
    await _read_to_the_end(works, ReadMovements(provider=provider, account=None))
    for _ in range(ROUNDS_AT_MOST):
        async with works.open() as work:
            rows = await work.fetch(ACCOUNTS_TO_READ, market_id, ACCOUNTS_AT_ONCE)
        for row in rows:
            await _read_to_the_end(works, ReadMovements(provider=provider, account=row["account"]))
        if len(rows) < ACCOUNTS_AT_ONCE:
            return


async def _read_to_the_end(works: Works, errand: ReadMovements) -> None:
    while not await run_errand(works, errand):
        continue


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
