"""Finds the payouts and accounts that have not moved though something is known: a lost job loses no money."""

from uuid import UUID

from marketplace.core.ids import MarketId, PayoutId
from marketplace.core.work import Work

SWEPT_AT_ONCE = 200

# By the latest operation of each kind and the object that it made, and by the waits that are over.
DUE_PAYOUTS = """
SELECT p.id
FROM payout AS p
LEFT JOIN LATERAL (
    SELECT o.state, o.number, (object.facts ->> 'reversed_minor')::bigint AS reversed_minor
    FROM stripe_operation AS o LEFT JOIN stripe_object AS object ON object.id = o.object_id
    WHERE o.kind = 'TRANSFER' AND o.subject_id = p.id ORDER BY o.number DESC LIMIT 1
) AS transfer ON true
LEFT JOIN LATERAL (
    SELECT o.state, o.number, object.state AS object_state
    FROM stripe_operation AS o LEFT JOIN stripe_object AS object ON object.id = o.object_id
    WHERE o.kind = 'PAYOUT' AND o.subject_id = p.id ORDER BY o.number DESC LIMIT 1
) AS sent ON true
LEFT JOIN LATERAL (
    SELECT o.state FROM stripe_operation AS o
    WHERE o.kind = 'REVERSE_TRANSFER' AND o.subject_id = p.id ORDER BY o.number DESC LIMIT 1
) AS back ON true
LEFT JOIN payout_account AS own ON own.payee_id = coalesce(p.driver_id, p.company_id)
WHERE p.market_id = $1 AND (NOT p.is_given_back OR p.state = 'REVERSED')
  AND (p.state NOT IN ('PAID', 'REVERSED') OR p.settled_at > $2::timestamptz - interval '14 days')
  AND (coalesce(transfer.reversed_minor, 0) > p.reversed_minor
       OR NOT (p.state = 'ON_HOLD' AND p.reason = 'OPERATOR' AND p.transferred_at IS NOT NULL))
  AND CASE
      WHEN p.transferred_at IS NULL THEN transfer.state IN ('DONE', 'REJECTED')
      WHEN transfer.reversed_minor > p.reversed_minor THEN true
      WHEN p.reason = 'REVERSING' THEN back.state IN ('DONE', 'REJECTED')
      WHEN p.state = 'REVERSED' THEN sent.state = 'DONE' AND (sent.number > p.booked_sends
          OR sent.object_state IN ('failed', 'canceled') AND sent.number > p.returned_send)
      WHEN sent.number IS NULL OR sent.state = 'REJECTED'
          THEN (p.retry_at <= $2 OR p.retry_at IS NULL AND p.state <> 'FAILED')
               AND (p.state <> 'ON_HOLD' OR own.can_pay_out AND own.can_receive)
      WHEN sent.state <> 'DONE' THEN false
      WHEN sent.number > p.booked_sends THEN true
      WHEN sent.object_state IN ('failed', 'canceled')
          THEN sent.number > p.returned_send
               OR own.can_pay_out AND own.can_receive
                  AND (p.retry_at <= $2 OR p.retry_at IS NULL AND p.state = 'ON_HOLD')
      ELSE sent.object_state = 'paid' AND p.state <> 'PAID'
  END
ORDER BY p.id LIMIT $3
"""
DUE_ACCOUNTS = """
SELECT own.payee_id FROM payout_account AS own
JOIN stripe_operation AS o ON o.kind = 'CREATE_ACCOUNT' AND o.subject_id = own.payee_id AND o.state = 'DONE'
WHERE own.market_id = $1 AND own.account IS NULL
ORDER BY own.payee_id LIMIT $2
"""


async def sweep_payouts(work: Work, *, market_id: MarketId) -> list[PayoutId]:
    """The payouts that have a step before them, oldest first: what they wait for has come, or is known already.

    To settle one that somebody else settles just now is harmless.
    """
    rows = await work.fetch(DUE_PAYOUTS, market_id, work.now, SWEPT_AT_ONCE)
    return [PayoutId(row["id"]) for row in rows]


async def sweep_accounts(work: Work, *, market_id: MarketId) -> list[UUID]:
    """The drivers and companies whose account the provider has opened, while we do not know it yet."""
    rows = await work.fetch(DUE_ACCOUNTS, market_id, SWEPT_AT_ONCE)
    return [row["payee_id"] for row in rows]
