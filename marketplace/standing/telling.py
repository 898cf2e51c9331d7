"""What a driver is told when something happens in a file of theirs; the reasons themselves stand in the app."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.core.window import zone

FILE = "The file in the app has the reason, the evidence and the name of who decided."
BACK = "Your account is active again."
WORDS = {
    "SuspensionProposed": "A suspension of your account was proposed. Nothing changes yet: you work as before until a"
    " person has decided. Read the proposal and its evidence in the app.",
    "SuspensionDismissed": f"The proposed suspension was dismissed; it is not held against you. {FILE}",
    "SuspensionConfirmed": f"Your account is suspended from {{since}}. {FILE} You can appeal there to another person.",
    "SuspensionBegan": "Your suspension is in force: you get no new offers. Finish the route you are on; your pay is"
    " yours. You can still appeal in the app.",
    "AppealDecided:upheld": f"Your appeal was upheld. {BACK} {FILE}",
    "AppealDecided:refused": f"Your appeal was refused. {FILE}",
    "SuspensionEnded:lifted": f"Your suspension was lifted. {BACK}",
    "SuspensionEnded:deactivated": "Your account was closed. What you have earned is paid out. Operations send you the"
    " file.",
    "EvidenceCorrected:upheld": "What you said against a row of your standing was upheld: the row counts no more.",
    "EvidenceCorrected:refused": "What you said against a row of your standing was refused; the answer stands beside"
    " the row.",
}
"""By event, and how it turned out where there are two ways."""


def words_about_suspension(name: str, payload: Mapping[str, Any], time_zone: str) -> str | None:
    """The text after an event about a suspension or a correction; None for any other event."""
    outcome = ""
    if "is_upheld" in payload:
        outcome = ":upheld" if payload["is_upheld"] else ":refused"
    elif name == "SuspensionEnded":
        outcome = f":{payload['state'].lower()}"
    text = WORDS.get(name + outcome)
    if text is None or "effective_at" not in payload:
        return text
    since = datetime.fromisoformat(payload["effective_at"]).astimezone(zone(time_zone))
    return text.format(since=f"{since:%d.%m. %H:%M}")
