"""Reads what each shipper's recipients were promised and told on a local day, as counts and sums, in one statement.

A promise counts on the day of its hand-over, by the window that held then. The arrival that was foreseen after loading
counts on the day of the arrival; one of an app that was offline was no prediction. Predictions are dropped after some
days, so a day that is read again later keeps what it had counted of them.
"""

from datetime import date
from uuid import UUID

from marketplace.arrivals import PredictionMoment
from marketplace.core.work import Work

READ = """
WITH day AS (
    SELECT $2::date::timestamp AT TIME ZONE time_zone AS begins,
           ($2::date + 1)::timestamp AT TIME ZONE time_zone AS ends
    FROM market WHERE id = $1
), promised AS (
    SELECT d.shipper_id, 1 AS promised,
           extract(epoch FROM d.dropoff_closes_at - d.dropoff_opens_at) AS width_s, 0 AS eta_arrivals, 0 AS eta_error_s
    FROM day JOIN event e ON e.occurred_at >= day.begins AND e.occurred_at < day.ends
    JOIN delivery d ON d.id = e.delivery_id
    WHERE e.market_id = $1 AND e.name = 'DeliveryDelivered' AND d.return_of IS NULL
), foreseen AS (
    SELECT d.shipper_id, 0, 0, 1, abs(extract(epoch FROM s.arrived_at - p.p50))
    FROM day JOIN arrival_prediction p ON p.predicted_at >= day.begins - interval '1 day' AND p.predicted_at < day.ends
    JOIN stop s ON s.id = p.stop_id AND s.arrived_at >= day.begins AND s.arrived_at < day.ends
    JOIN delivery d ON d.id = p.delivery_id
    WHERE p.market_id = $1 AND p.moment = $3 AND p.predicted_at < s.arrived_at AND d.return_of IS NULL
), counted AS (
    SELECT shipper_id, sum(promised) AS promised, round(sum(width_s)) AS width_s, sum(eta_arrivals) AS eta_arrivals,
           round(sum(eta_error_s)) AS eta_error_s
    FROM (SELECT * FROM promised UNION ALL SELECT * FROM foreseen) AS each GROUP BY shipper_id
)
INSERT INTO experience_day AS e (id, market_id, shipper_id, day, promised, width_s, eta_arrivals, eta_error_s)
SELECT md5($1::text || shipper_id::text || $2::text)::uuid, $1, shipper_id, $2::date, promised, width_s, eta_arrivals,
       eta_error_s
FROM counted
ON CONFLICT (market_id, shipper_id, day) DO UPDATE SET promised = excluded.promised, width_s = excluded.width_s,
    eta_error_s = CASE WHEN excluded.eta_arrivals >= e.eta_arrivals THEN excluded.eta_error_s ELSE e.eta_error_s END,
    eta_arrivals = greatest(excluded.eta_arrivals, e.eta_arrivals)
"""


async def read_experience(work: Work, *, market_id: UUID, day: date) -> None:
    """Reads a day of a market anew; read twice it is the same."""
    await work.execute(READ, market_id, day, PredictionMoment.PICKUP.value)
