"""What the marketplace counts about itself, for alert rules and dashboards: every name, in one place.

A figure has no label that names a person, a market's parcel or a text of a caller: each label has a known, small set of
values. Figures of rows, such as jobs that wait, are read by workers and are the same in each of them.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

REGISTRY = CollectorRegistry()
"""What this process shows. It is our own: nothing that a library registers by itself gets in."""
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

ANSWER_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
JOB_S = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
OTHER = "other"
"""Stands for every document of a caller's own, whatever it is called."""

HTTP_ANSWERS = Counter("doorstep_http_answers_total", "Answers over HTTP.", ["route", "status"], registry=REGISTRY)
OPERATION_S = Histogram(
    "doorstep_operation_seconds",
    "Time to answer one GraphQL operation, by the name of its ready-made document.",
    ["operation"],
    buckets=ANSWER_S,
    registry=REGISTRY,
)
IN_FLIGHT = Gauge("doorstep_requests_in_flight", "Operations that are being answered.", registry=REGISTRY)
OVERLOADED = Counter(
    "doorstep_requests_refused_total", "Requests refused at once because there were too many.", registry=REGISTRY
)
ERRORS = Counter("doorstep_errors_total", "Bugs: failures that were masked and logged.", registry=REGISTRY)
SOCKETS = Gauge("doorstep_sockets", "Sockets and event streams that are open.", registry=REGISTRY)
SUBSCRIPTIONS = Gauge("doorstep_subscriptions", "Subscriptions that are being told.", registry=REGISTRY)

CONNECTIONS = Gauge(
    "doorstep_database_connections", "Connections of the pool to PostgreSQL.", ["use"], registry=REGISTRY
)
NO_CONNECTION = Counter(
    "doorstep_database_unavailable_total",
    "Times that no connection was free, or the server was away.",
    registry=REGISTRY,
)

JOB_RUN_S = Histogram(
    "doorstep_job_seconds",
    "Time that one run of a job took, and how it ended.",
    ["kind", "outcome"],
    buckets=JOB_S,
    registry=REGISTRY,
)
QUEUE_AWAY = Counter(
    "doorstep_queue_away_total", "Times that the queue did not take jobs; they ran from their rows.", registry=REGISTRY
)
EVENTS = Counter("doorstep_events_total", "Events that this process has published.", ["name"], registry=REGISTRY)

JOBS = Gauge(
    "doorstep_jobs",
    "Jobs by what they do: due, later (a delay or a retry), running, dead.",
    ["standing"],
    registry=REGISTRY,
)
OLDEST_JOB_S = Gauge("doorstep_oldest_due_job_seconds", "How long the oldest due job has waited.", registry=REGISTRY)
LATENESS_S = Gauge(
    "doorstep_deadline_lateness_seconds",
    "How long ago the oldest deadline of a kind was due that has not taken effect, in market time.",
    ["deadline"],
    registry=REGISTRY,
)
OUTBOX = Gauge("doorstep_outbox_events", "Committed events that are not published yet.", registry=REGISTRY)
OUTBOX_LAG_S = Gauge(
    "doorstep_outbox_lag_seconds", "Age of the oldest event that is not published, in market time.", registry=REGISTRY
)
OPEN_OFFERS = Gauge("doorstep_open_offers", "Offers that a driver may still answer.", registry=REGISTRY)
PAYOUTS = Gauge("doorstep_payouts", "Payouts that are not at their end.", ["state"], registry=REGISTRY)
PROVIDER_OPERATIONS = Gauge(
    "doorstep_provider_operations", "Operations at the payment provider that are not at their end.", ["state"],
    registry=REGISTRY,
)  # fmt: skip
READ_AT = Gauge("doorstep_figures_read_at_seconds", "When the figures of rows were last read.", registry=REGISTRY)

SOLVERS = Gauge("doorstep_solver_processes", "Solver processes that may run at a time.", registry=REGISTRY)
SOLVERS_BUSY = Gauge("doorstep_solver_busy", "Plans that are being made, or wait for a process.", registry=REGISTRY)
SOLVER_LOST = Counter("doorstep_solver_lost_total", "Solver processes that died or overran.", registry=REGISTRY)
SOLVE_S = Histogram(
    "doorstep_solve_seconds", "Time to make one plan, waiting for a process included.", buckets=JOB_S, registry=REGISTRY
)


def watch(gauge: Gauge, read: Callable[[], float], **labels: str) -> None:
    """Has a gauge read its value whenever it is asked for."""
    (gauge.labels(**labels) if labels else gauge).set_function(read)
