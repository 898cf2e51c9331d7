"""What shippers keep at hubs, by the codes that they call it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work

LONGEST_CODE, LONGEST_NAME = 60, 200
HEAVIEST_G = 500_000
LONGEST_SIDE_MM = 5_000

FIND = """
SELECT id, code, name, weight_g, length_mm, width_mm, height_mm FROM sku
WHERE shipper_id = $1 AND market_id = $2 AND code = ANY($3)
"""
SAVE = """
INSERT INTO sku (id, market_id, shipper_id, code, name, weight_g, length_mm, width_mm, height_mm, created_at)
SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10 FROM market WHERE id = $2
ON CONFLICT (shipper_id, market_id, code) DO UPDATE SET name = excluded.name, weight_g = excluded.weight_g,
    length_mm = excluded.length_mm, width_mm = excluded.width_mm, height_mm = excluded.height_mm
RETURNING id
"""


class BadSku(Invalid):
    """A code, name, weight or side outside its limits."""

    code = "BAD_SKU"


class UnknownSku(Invalid):
    """The shipper has nothing of that code in this market."""

    code = "UNKNOWN_SKU"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuFacts:
    """One thing as a shipper describes it: grams and millimetres of one."""

    code: str
    name: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int

    def __post_init__(self) -> None:
        if not (1 <= len(self.code) <= LONGEST_CODE and self.code.isprintable()):
            raise BadSku(f"a code has 1 to {LONGEST_CODE} characters", field="code")
        if len(self.name) > LONGEST_NAME or not (self.name.isprintable() or not self.name):
            raise BadSku(f"a name has at most {LONGEST_NAME} characters", field="name")
        if not 1 <= self.weight_g <= HEAVIEST_G:
            raise BadSku(f"one weighs 1 to {HEAVIEST_G} grams", field="weightG")
        if not all(1 <= side <= LONGEST_SIDE_MM for side in (self.length_mm, self.width_mm, self.height_mm)):
            raise BadSku(f"a side is 1 to {LONGEST_SIDE_MM} millimetres", field="lengthMm")


async def set_sku(work: Work, *, market_id: UUID, shipper_id: UUID, facts: SkuFacts) -> UUID:
    """Describes a thing that a shipper keeps at hubs of a market; the same code again describes it anew."""
    sku_id: UUID | None = await work.fetch_value(
        SAVE,
        work.new_id(),
        market_id,
        shipper_id,
        facts.code,
        facts.name,
        facts.weight_g,
        facts.length_mm,
        facts.width_mm,
        facts.height_mm,
        work.now,
    )
    if sku_id is None:
        raise NotFound("there is no such market", field="marketId")
    return sku_id


async def skus_of(
    work: Work, *, market_id: UUID, shipper_id: UUID, codes: Collection[str]
) -> dict[str, asyncpg.Record]:
    """The shipper's things by their codes; an unknown code is absent."""
    if not codes:
        return {}
    storable = [code for code in codes if code.isprintable()]
    return {row["code"]: row for row in await work.fetch(FIND, shipper_id, market_id, storable)}


async def sku_of(work: Work, *, market_id: UUID, shipper_id: UUID, code: str) -> UUID:
    """The shipper's thing of that code, or a refusal."""
    found = await skus_of(work, market_id=market_id, shipper_id=shipper_id, codes=[code])
    if code not in found:
        raise UnknownSku("you have nothing of this code here; describe it with setSku first", field="sku")
    sku_id: UUID = found[code]["id"]
    return sku_id
