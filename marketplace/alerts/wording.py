"""What is said to whom: words by language, cause and reader, with places for what differs, and shippers' own words.

Words of a shipper's own may use the same places and no others. They are filled in by name and hold no code.
"""

import string
from collections.abc import Mapping
from pathlib import Path

import orjson

from marketplace.alerts.policy import AlertPolicy, name_of
from marketplace.alerts.states import Audience, Cause
from marketplace.core.errors import Invalid
from marketplace.core.notifier import Channel

LONGEST_TEXT = 500
LONGEST_TEMPLATE = 300
NOTHING: dict[str, str] = dict.fromkeys(
    ("shipper", "external_id", "opens", "closes", "at", "reason", "link", "webhook", "name", "day"), ""
)
"""Every place with nothing in it."""
PLACES = frozenset(NOTHING)
"""What may stand in braces: names, times as clocks show them where the parcel goes, and the tracking page."""

_FILES = {name: orjson.loads((Path(__file__).parent / "words" / f"{name}.json").read_bytes()) for name in ("en", "es")}
WORDS: Mapping[str, Mapping[str, str]] = {language: file["messages"] for language, file in _FILES.items()}
"""Who is told of what, and how; a cause without words for a reader is not told to that reader."""
DRIVER_WORDS: Mapping[str, Mapping[str, str]] = {language: file["drivers"] for language, file in _FILES.items()}
"""What drivers are told, by event and how it turned out."""


class BadTemplate(Invalid):
    """Words that cannot be used: an unknown name, too long, or a place that nothing fills."""

    code = "BAD_TEMPLATE"


def words_for(
    policy: AlertPolicy, cause: Cause, audience: Audience, values: Mapping[str, str], channel: Channel = Channel.SMS
) -> str | None:
    """The text for a reader; None where this cause is not theirs to hear."""
    name = name_of(cause, audience, channel)
    usual = WORDS[policy.language].get(name)
    if usual is None:
        return None
    own = policy.templates.get(policy.language, {}).get(name)
    return (own or usual).format_map(values).strip()[:LONGEST_TEXT]


def reason_in(language: str, reason: str) -> str:
    """A reason in words."""
    return str(_FILES[language]["reasons"].get(reason, reason.lower().replace("_", " ")))


def paper_in(language: str, kind: str) -> str:
    """A paper or certificate in words."""
    return str(_FILES[language]["papers"][kind])


def check_template(language: str, name: str, text: str) -> None:
    """Refuses words that could not be filled in."""
    field = f"templates.{language}.{name}"
    if name not in WORDS.get(language, {}):
        raise BadTemplate("there is no such message: a template has a language and a name like DELIVERED:recipient",
                          field=field)  # fmt: skip
    if not 1 <= len(text) <= LONGEST_TEMPLATE:
        raise BadTemplate(f"a template has 1 to {LONGEST_TEMPLATE} characters", field=field)
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as fault:
        raise BadTemplate("a brace is open; two braces write one", field=field) from fault
    for _, place, form, conversion in parts:
        if place is not None and (place not in PLACES or form or conversion):
            raise BadTemplate(f"braces hold one of {', '.join(sorted(PLACES))}", field=field)
