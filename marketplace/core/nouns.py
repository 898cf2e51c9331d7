"""Tells what an id is the id of: journals keep the thing that they happened for as a bare id."""

from collections.abc import Iterable
from uuid import UUID

from marketplace.core.ids import PREFIXES, to_wire
from marketplace.core.work import Work

NOT_OURS = {"movement"}
"""Ids of the provider's own things, which have rows under the provider's names."""
TABLES = {noun: noun for noun in PREFIXES.keys() - NOT_OURS} | {
    "statement": "pay_statement",
    "action": "operator_action",
    "operation": "stripe_operation",
    "adjustment": "pay_adjustment",
    "billing": "billing_profile",
    "credit": "bill_line",
    "message": "webhook_message",
    "surge": "surge_decision",
    "pause": "zone_pause",
    "reservation": "capacity_reservation",
    "goal": "experience_goal",
    "goal_miss": "experience_miss",
}
"""Where the things of each noun are; most tables are called as the noun."""
PRESENT = """
SELECT table_name FROM information_schema.columns
WHERE table_schema = current_schema() AND column_name = 'id' AND data_type = 'uuid' AND table_name = ANY($1)
"""


async def wire_ids(work: Work, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The ids as outside clients know them, such as `pay_…`; one that is of no known thing stays a bare UUID."""
    wanted = list(dict.fromkeys(ids))
    present = {row["table_name"] for row in await work.fetch(PRESENT, list(TABLES.values()))}
    asked = " UNION ALL ".join(
        f"SELECT id, '{noun}' AS noun FROM {table} WHERE id = ANY($1)"  # noqa: S608 - names from the table above
        for noun, table in TABLES.items()
        if table in present
    )
    nouns = {row["id"]: row["noun"] for row in await work.fetch(asked, wanted)}
    return {one: to_wire(nouns[one], one) if one in nouns else str(one) for one in wanted}
