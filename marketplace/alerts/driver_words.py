"""What a driver is told, in the driver's language, with times as clocks show them where the driver works.

Reasons and evidence are not in these words: they stand in the app, for the driver alone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.alerts.wording import DRIVER_WORDS, paper_in
from marketplace.core.window import zone

DAYS = ("expires_at", "held_until", "effective_at", "opens_at")
"""Moments of an event that are told with their day; an answer is due on the day itself."""


def words_for_driver(language: str, name: str, payload: Mapping[str, Any], time_zone: str) -> str:
    """The text after an event."""

    def clock(field: str, form: str) -> str:
        return datetime.fromisoformat(payload[field]).astimezone(zone(time_zone)).strftime(form)

    values = {field: clock(field, "%d.%m. %H:%M") for field in DAYS if payload.get(field)}
    if "answer_by" in payload:
        values["answer_by"] = clock("answer_by", "%H:%M")
    if name == "DocumentExpiring":
        values["paper"] = paper_in(language, payload["kind"])
    return DRIVER_WORDS[language][name + _outcome(name, payload)].format_map(values)


def _outcome(name: str, payload: Mapping[str, Any]) -> str:
    """How it turned out, where there are two ways."""
    if "is_upheld" in payload:
        return ":upheld" if payload["is_upheld"] else ":refused"
    if name == "SuspensionEnded":
        return f":{payload['state'].lower()}"
    return ":given_back" if name == "PayoutFailed" and payload["is_given_back"] else ""
