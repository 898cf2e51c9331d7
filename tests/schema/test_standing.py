"""Standing and a suspension over GraphQL, with the ready-made documents of the driver's app and of operations."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Work, Works
from marketplace.payouts import tell_driver
from marketplace.standing import begin_suspensions, compute_standing, propose_suspensions
from schema.asgi import build_app
from schema.documents import load_document
from tests.flows.api import Caller
from tests.marketplace.standing.driven import make_bad_driver, make_named, make_place
from tests.schema.conftest import TestMarketplace


@dataclass(slots=True, kw_only=True)
class Desk:
    """A late driver, two operators of the market and one of another, each with the API."""

    works: Works
    market: str
    driver_id: UUID
    driver: Caller
    marta: Caller
    iris: Caller
    stranger: Caller


@pytest.fixture
async def desk(works: Works, clock: ManualClock) -> AsyncIterator[Desk]:
    settings = Settings()
    marketplace: Any = TestMarketplace(settings=settings, works=works)
    app = build_app(marketplace)
    tokens = Tokens(settings.secret.get_secret_value())

    async def caller(work: Work, kind: PrincipalKind, principal_id: UUID) -> Caller:
        opened = await open_session(work, kind=kind, principal_id=principal_id, tokens=tokens)
        return Caller(app, opened.access_token)

    async with works.open() as work:
        place, elsewhere = await make_place(work), await make_place(work)
        driver = await make_bad_driver(work, place)
        people = [await make_named(work, place[0], name) for name in ("Marta", "Iris")]
        people.append(await make_named(work, elsewhere[0], "Eva"))
        marta, iris, stranger = [await caller(work, PrincipalKind.OPERATOR, person) for person in people]
        yield_driver = await caller(work, PrincipalKind.DRIVER, driver.id)
    clock.advance(seconds=86_400)
    yield Desk(
        works=works,
        market=to_wire("market", place[0].id),
        driver_id=driver.id,
        driver=yield_driver,
        marta=marta,
        iris=iris,
        stranger=stranger,
    )
