"""What a check of the ledger asks besides of drivers' pay; each question names every row that breaks the rule."""

from collections.abc import Mapping

PROOFS_OF_PAY: Mapping[str, str] = {
    "PAYOUT_NOT_ITS_ENTRIES": """
        SELECT payout.id, format('its entries should be %s and are %s', wanted.minor, entries.minor) AS detail
        FROM payout
        CROSS JOIN LATERAL (SELECT CASE WHEN is_given_back THEN 0 ELSE entries_minor END AS minor) AS wanted
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS minor FROM payout_entry WHERE payout_id = payout.id) AS entries
        WHERE payout.market_id = $1 AND wanted.minor <> entries.minor ORDER BY payout.id LIMIT $2""",
    "STATEMENT_NOT_ON_WALLET": """
        SELECT statement.id,
               format('a statement of %s that brought %s to the wallet', total_minor, brought.minor) AS detail
        FROM pay_statement AS statement
        LEFT JOIN account AS wallet ON wallet.code = statement.market_id || ':' || statement.currency
            || CASE WHEN statement.company_id IS NULL THEN ':driver:' || statement.driver_id
                    ELSE ':company:' || statement.company_id END || ':wallet'
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS minor FROM posting
            WHERE journal_id = statement.journal_id AND credit_id = wallet.id) AS brought
        WHERE statement.market_id = $1 AND statement.state <> 'HELD' AND brought.minor <> total_minor
        ORDER BY statement.id LIMIT $2""",
}
