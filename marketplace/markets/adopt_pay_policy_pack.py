"""Takes over the floors of a shipped pay law for a market, from a date on."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.markets.pay_calendar import PayCalendar
from marketplace.markets.pay_floors import BadPayFloor
from marketplace.markets.pay_packs import pay_pack
from marketplace.markets.queries import dials, find_pay_policy
from marketplace.markets.set_pay_policy import set_pay_policy


async def adopt_pay_policy_pack(
    work: Work,
    *,
    market_id: UUID,
    pack: str,
    parameters: Mapping[str, int],
    rates: Mapping[str, int] | None = None,
    calendar: PayCalendar | None = None,
    effective_from: datetime | None = None,
) -> int:
    """Dates a pay policy with the floors of a pack; the market's own rates stay, or are the given ones.

    Returns the new version. A pack in another currency than the market's is refused.
    """
    adopted, settings = pay_pack(pack), await dials(work, market_id=market_id)
    if adopted.currency != settings.currency:
        raise BadPayFloor(f"this pack is in {adopted.currency} and the market in {settings.currency}", field="pack")
    floors = adopted.floors(parameters, calendar=calendar)
    if rates is None:
        before = await find_pay_policy(work, market_id=market_id, moment=effective_from or work.now)
        if before is None:
            raise NotFound("this market has no rates of its own yet; send some with the pack")
        rates = before.rates()
    return await set_pay_policy(work, market_id=market_id, rates=rates, floors=floors, effective_from=effective_from)
