"""Sets how a shipper wants people told: language, quiet hours, an address for itself, what is muted, and own words."""

import re
from collections.abc import Mapping, Sequence

import orjson

from marketplace.alerts.policy import DAY_MINUTES, AlertPolicy, policy_from
from marketplace.alerts.wording import WORDS, check_template
from marketplace.core.errors import Invalid
from marketplace.core.ids import ShipperId
from marketplace.core.work import Work

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}\.[^@\s]{2,63}")
FIND = """
SELECT language, quiet_from_minute, quiet_to_minute, email, muted, templates::text AS templates
FROM alert_policy WHERE shipper_id = $1
"""
PUT = """
INSERT INTO alert_policy (shipper_id, language, quiet_from_minute, quiet_to_minute, email, muted, templates, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)
ON CONFLICT (shipper_id) DO UPDATE SET language = $2, quiet_from_minute = $3, quiet_to_minute = $4, email = $5,
    muted = $6, templates = $7::jsonb, changed_at = $8
"""


class BadAlertPolicy(Invalid):
    """A language that is not spoken, an hour that no clock shows, or a message that does not exist."""

    code = "BAD_ALERT_POLICY"


async def alert_policy_of(work: Work, *, shipper_id: ShipperId) -> AlertPolicy:
    """What the shipper has set, or what is usual."""
    row = await work.fetch_row(FIND, shipper_id)
    return AlertPolicy() if row is None else policy_from(row)


async def set_alert_policy(
    work: Work,
    *,
    shipper_id: ShipperId,
    language: str,
    quiet_from_minute: int,
    quiet_to_minute: int,
    email: str = "",
    muted: Sequence[str] = (),
    templates: Mapping[str, Mapping[str, str]] | None = None,
) -> AlertPolicy:
    """Replaces the shipper's policy as a whole; what was promised already goes out as it was written."""
    if language not in WORDS:
        raise BadAlertPolicy(f"a language is one of {', '.join(WORDS)}", field="language")
    for name, minute in (("quietFromMinute", quiet_from_minute), ("quietToMinute", quiet_to_minute)):
        if not 0 <= minute < DAY_MINUTES:
            raise BadAlertPolicy("minutes after midnight are 0 to 1439", field=name)
    if email and not EMAIL.fullmatch(email):
        raise BadAlertPolicy("this is no e-mail address", field="email")
    for name in muted:
        if name not in WORDS[language]:
            raise BadAlertPolicy("there is no such message: a name is like DELIVERED:recipient", field="muted")
    for spoken, own in (templates or {}).items():
        for name, text in own.items():
            check_template(spoken, name, text)
    policy = AlertPolicy(
        language=language,
        quiet_from_minute=quiet_from_minute,
        quiet_to_minute=quiet_to_minute,
        email=email,
        muted=frozenset(muted),
        templates=templates or {},
    )
    await work.execute(
        PUT,
        shipper_id,
        language,
        quiet_from_minute,
        quiet_to_minute,
        email,
        sorted(policy.muted),
        orjson.dumps(policy.templates).decode(),
        work.now,
    )
    return policy
