"""A tip on a statement: one line, apart from pay, that no floor, guarantee or debt ever touches."""

from dataclasses import asdict
from hashlib import sha256
from uuid import UUID

import orjson

from marketplace.pricing.lines import PriceLine, price_line


def tip_line(amount_minor: int) -> PriceLine:
    """The whole tip."""
    return price_line(code="tip", quantity=1, unit="delivery", rate_minor=amount_minor, rule="tip:whole")


def tip_digest(delivery_id: UUID, line: PriceLine) -> bytes:
    """A digest of what a tip's statement rests on."""
    return sha256(
        orjson.dumps({"delivery_id": str(delivery_id), "line": asdict(line)}, option=orjson.OPT_SORT_KEYS)
    ).digest()
