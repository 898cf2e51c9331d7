"""What a shipper's lines allow in their place is kept with the deliveries that were posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.work import Work
from marketplace.hubs import StockLine
from marketplace.hubs.skus import skus_of
from marketplace.substitutions.states import SubstitutionRule, SubstitutionState

COLUMNS = ("id", "market_id", "shipper_id", "delivery_id", "sku_id", "quantity", "rule", "similar", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a line of one SKU allows: by code, as the shipper calls them."""

    sku: str
    rule: SubstitutionRule
    similar: Sequence[str] = ()


async def keep_rules(
    work: Work,
    *,
    market_id: UUID,
    shipper_id: UUID,
    rules: Mapping[UUID, Sequence[Rule]],
    lines: Mapping[UUID, Sequence[StockLine]],
) -> None:
    """Keeps the rules for what is promised to each delivery; codes that the shipper does not keep allow nothing."""
    asked = {key: [one for one in some if one.rule is not SubstitutionRule.NONE] for key, some in rules.items()}
    codes = {code for some in asked.values() for one in some for code in (one.sku, *one.similar)}
    if not codes:
        return
    skus = {
        code: row["id"]
        for code, row in (await skus_of(work, market_id=market_id, shipper_id=shipper_id, codes=codes)).items()
    }
    rows = []
    for delivery_id, some in asked.items():
        promised = {line.shelf.sku_id: line.quantity for line in lines.get(delivery_id, ())}
        for one in some:
            sku_id = skus.get(one.sku)
            if sku_id in promised:
                similar = [skus[code] for code in one.similar if code in skus]
                head = (work.new_id(), market_id, shipper_id, delivery_id, sku_id, promised[sku_id])
                rows.append((*head, one.rule.value, similar, SubstitutionState.OPEN.value))
    await work.insert_many("substitution", COLUMNS, rows)
