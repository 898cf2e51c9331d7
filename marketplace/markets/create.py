"""Opens a market, and dates a new version of its drivers' pay."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.markets.dials import Dials
from marketplace.markets.models import Market, PayPolicyRecord
from marketplace.markets.pay_policy import PayPolicy

LOCK = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"


async def create_market(
    work: Work, *, slug: str, name: str, city_pack: str, dials: Dials, is_production: bool
) -> Dials:
    """Opens a market with its dials; its id is made here."""
    dials = replace(dials, market_id=work.new_id())
    dials.check(is_production=is_production)
    values = asdict(dials)
    values["id"] = values.pop("market_id")
    await Market.create(using_db=work.db, **values, slug=slug, name=name, city_pack=city_pack, created_at=work.now)
    await work.execute("INSERT INTO stream_head (market_id) VALUES ($1)", dials.market_id)
    return dials


async def set_pay_policy(work: Work, *, market_id: UUID, rates: Mapping[str, int]) -> int:
    """Dates a new version of the market's pay policy from now on; earlier versions stay for what they paid.

    Rates that nobody could be paid by are refused here, with BadPayPolicy, and not when a route is planned.
    """
    # Two at once queue at the market, so that each gets a version of its own.
    if await work.fetch_value(LOCK, market_id) is None:
        raise NotFound("there is no such market")
    version: int = await work.fetch_value(
        "SELECT coalesce(max(version), 0) + 1 FROM pay_policy WHERE market_id = $1", market_id
    )
    await PayPolicyRecord.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        version=version,
        effective_from=work.now,
        rates=PayPolicy.of(version, rates).rates(),
    )
    return version
