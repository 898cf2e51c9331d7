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
    "INVOICE_PAID_TOO_MUCH": """
        SELECT invoice.id, format('an invoice of %s for which %s were paid', total_minor, came.sum_minor) AS detail
        FROM invoice CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS sum_minor FROM journal JOIN posting ON journal_id = journal.id
            WHERE journal.subject_id = invoice.id AND journal.kind IN ('INVOICE_PAID', 'INVOICE_PAID_OUTSIDE')) AS came
        WHERE invoice.market_id = $1 AND came.sum_minor > invoice.total_minor
        ORDER BY invoice.id LIMIT $2""",
    "HAND_REFUND_NOT_BOOKED": """
        SELECT refund.id,
               format('a refund of %s, made by hand, moved %s', refund.amount_minor, gone.sum_minor) AS detail
        FROM refund
        LEFT JOIN account AS ours ON ours.code = refund.market_id || ':' || refund.currency || ':gateway:available'
        LEFT JOIN account AS owes ON owes.code
            = refund.market_id || ':' || refund.currency || ':shipper:' || refund.shipper_id || ':receivable'
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(
                CASE ours.id WHEN credit_id THEN posting.amount_minor ELSE -posting.amount_minor END), 0) AS sum_minor
            FROM journal JOIN posting ON journal_id = journal.id
            WHERE key IN ('refund:' || refund.id || ':paid', 'refund:' || refund.id || ':sent_back',
                          'refund:' || refund.id || ':returned', 'refund:' || refund.id || ':came_back')
              AND ours.id IN (debit_id, credit_id) AND owes.id IN (debit_id, credit_id)) AS gone
        WHERE refund.market_id = $1 AND refund.object_id IS NOT NULL
          AND gone.sum_minor <> CASE refund.state WHEN 'PAID' THEN refund.amount_minor ELSE 0 END
        ORDER BY refund.id LIMIT $2""",
    "EXCHANGE_ONE_SIDED": """
        SELECT journal.id, format('the journal %s exchanges %s sides', key, count(*)) AS detail
        FROM account JOIN posting ON account.id IN (debit_id, credit_id) JOIN journal ON journal.id = journal_id
        WHERE account.market_id = $1 AND account.code = $1 || ':' || account.currency || ':exchange'
        GROUP BY journal.id HAVING count(*) <> 2 OR count(DISTINCT posting.currency) <> 2
        ORDER BY journal.id LIMIT $2""",
}
