"""What a check of the ledger asks besides of shippers' bills; each question names every row that breaks the rule."""

from collections.abc import Mapping

PROOFS_OF_BILLS: Mapping[str, str] = {
    "CHARGE_NOT_ALLOCATED": """
        SELECT charge.id, format('a charge of %s whose lines are %s', charge.amount_minor, lines.sum_minor) AS detail
        FROM charge CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS sum_minor FROM bill_line WHERE charge_id = charge.id) AS lines
        WHERE charge.market_id = $1 AND means <> 'TOP_UP' AND lines.sum_minor <> charge.amount_minor
        ORDER BY charge.id LIMIT $2""",
    "INVOICE_NOT_ITS_LINES": """
        SELECT invoice.id, format('an invoice of %s whose lines are %s', invoice.total_minor, lines.sum_minor) AS detail
        FROM invoice CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS sum_minor FROM invoice_line WHERE invoice_id = invoice.id) AS lines
        WHERE invoice.market_id = $1 AND lines.sum_minor <> invoice.total_minor
        ORDER BY invoice.id LIMIT $2""",
    "LINE_NOT_BOOKED": """
        SELECT line.id, format('a line of %s whose journal moved %s', line.amount_minor, moved.sum_minor) AS detail
        FROM bill_line AS line
        LEFT JOIN account AS owes ON owes.code
            = line.market_id || ':' || line.currency || ':shipper:' || line.shipper_id || ':receivable'
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE owes.id WHEN debit_id THEN amount_minor ELSE -amount_minor END), 0) AS sum_minor
            FROM posting WHERE journal_id = line.journal_id AND owes.id IN (debit_id, credit_id)) AS moved
        WHERE line.market_id = $1 AND line.kind <> 'CARRIED' AND moved.sum_minor <> line.amount_minor
        ORDER BY line.id LIMIT $2""",
}
