"""The picture of a paper is erased a month after nothing needs it any more, and not before."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.accounts import add_operator
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.fleet import DocumentKind
from marketplace.fleet.models import DriverDocument
from marketplace.onboarding import sweep_papers
from marketplace.onboarding.sweep_papers import KEPT_FOR
from marketplace.routes.object_store import ObjectKey, ObjectMissing
from tests.builders import make_driver, make_market

YEAR = timedelta(days=365)


async def add_paper(work: Work, marta: UUID, driver_id: UUID, market_id: UUID, **changes: object) -> UUID:
    """A paper with a picture, accepted and good for a year unless told otherwise."""
    key = ObjectKey.build("documents", random_hex=f"{work.random.getrandbits(128):032x}", digest_hex="0" * 32)
    values = {
        "kind": DocumentKind.IDENTITY.value,
        "state": "ACCEPTED",
        "expires_at": work.now + YEAR,
        "created_at": work.now,
        "uploaded_at": work.now,
        "checked_at": work.now,
        "checked_by": marta,
        "reason": "seen",
    }
    made = await DriverDocument.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        driver_id=driver_id,
        content_type="image/jpeg",
        object_key=key.text,
        **values | changes,
    )
    return made.id


async def kept(works: Works) -> set[UUID]:
    async with works.open() as work:
        return {row["id"] for row in await work.fetch("SELECT id FROM driver_document WHERE object_key IS NOT NULL")}


async def test_pictures_go_a_month_after_nothing_needs_them(works: Works, clock: ManualClock) -> None:
    store = MemoryObjectStore()
    async with works.open() as work:
        market = await make_market(work)
        marta = await add_operator(work, name="Marta", email="marta@example.com", market_id=MarketId(market.id))
        ana, luz = [await make_driver(work, market) for _ in range(2)]
        old = await add_paper(work, marta, ana.id, market.id, created_at=work.now - timedelta(days=1))
        new = await add_paper(work, marta, ana.id, market.id)
        refused = await add_paper(work, marta, luz.id, market.id, state="REFUSED")
        ends = await add_paper(work, marta, luz.id, market.id, kind="INSURANCE", expires_at=work.now)
        good = await add_paper(work, marta, luz.id, market.id)
        keys = {
            row["id"]: ObjectKey(row["object_key"])
            for row in await work.fetch("SELECT id, object_key FROM driver_document")
        }
    for key in keys.values():
        await store.put(key, b"picture")

    clock.advance(seconds=KEPT_FOR.total_seconds() - 1)
    early = await sweep_papers(works, store=store)
    clock.advance(seconds=1)
    swept = await sweep_papers(works, store=store)

    assert (early, swept, await sweep_papers(works, store=store)) == (0, 3, 0)
    assert await kept(works) == {new, good}
    for gone in (old, refused, ends):
        with pytest.raises(ObjectMissing):
            await store.get(keys[gone])
    assert await store.get(keys[new]) == b"picture"
