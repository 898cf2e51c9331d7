"""Logs: one event a line, as JSON for machines or in colours for people, and never a secret."""

import logging
import sys

import structlog


def set_up_logs(*, is_json: bool) -> None:
    """Sends all logs of the process to stderr, so that stdout stays with the answers."""
    renderer = _for_machines() if is_json else _for_people()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _for_machines() -> list[structlog.typing.Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _for_people() -> list[structlog.typing.Processor]:
    # Plain tracebacks: the pretty ones print local variables, and with them tokens and codes.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
