"""How long before a suspension is in force its driver is told, by the law of the market."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.markets import find_pay_policy

HOUR_S = 3_600
DEFAULT = "DEFAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLaw:
    """A law and its notice. Facts to start from, not legal advice."""

    law: str
    title: str
    hours: int
    source: str

    @property
    def notice_s(self) -> int:
        """Seconds of market time."""
        return self.hours * HOUR_S


LAWS: Mapping[str, NoticeLaw] = {
    row["law"]: NoticeLaw(**row) for row in orjson.loads((Path(__file__).parent / "notice_laws.json").read_bytes())
}


async def notice_of(work: Work, market_id: UUID) -> NoticeLaw:
    """The notice of the law whose pay floors the market goes by; the longest where none is known."""
    policy = await find_pay_policy(work, market_id=market_id, moment=work.now)
    floors = policy.floors if policy is not None else None
    return LAWS.get(floors.jurisdiction if floors is not None else DEFAULT, LAWS[DEFAULT])
