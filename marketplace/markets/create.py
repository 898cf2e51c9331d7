"""Opens a market."""

from dataclasses import asdict, replace

from marketplace.core.work import Work
from marketplace.markets.dials import Dials
from marketplace.markets.models import Market


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
