"""A driver's app in a hurry is never refused for its budget, and one that reads too much can still do its work."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from marketplace.core.ids import to_wire
from schema.asgi import build_app
from schema.documents import load_document
from schema.prepared import Documents
from schema.rates import DUTIES, Budget, Budgets, Rates, usual_rates
from tests.conftest import NOW
from tests.schema.conftest import Api, Caller, TestMarketplace

Request = tuple[str, dict[str, Any]]
REPORTS = ("start_route", "arrive_at_stop", "pick_up", "drop_off", "fail_stop")


def stopped() -> float:
    """A clock that stands still: nothing that was spent comes back."""
    return 0.0


def rates(caller: Budget) -> Rates:
    """Budgets that do not fill."""
    return Rates(
        callers=Budgets(caller, now=stopped),
        addresses=Budgets(caller, now=stopped),
        duties=Budgets(DUTIES, now=stopped),
    )


def answers_to_offers(name: str, count: int) -> Iterator[Request]:
    for _ in range(count):
        yield name, {"offerId": to_wire("offer", uuid4()), "idempotencyKey": uuid4().hex}


def reports(count: int) -> Iterator[Request]:
    for number in range(count):
        ids = {"routeId": to_wire("route", uuid4()), "stopId": to_wire("stop", uuid4()), "reason": "OTHER"}
        yield REPORTS[number % 5], {**ids, "clientEventId": uuid4().hex, "occurredAt": NOW.isoformat()}


async def statuses(api: Api, driver: Caller, requests: Iterator[Request], *, reads: bool = False) -> set[int]:
    """The statuses of all answers; with `reads` the driver's route is read after each."""
    answered = set()
    for name, variables in requests:
        answered.add((await api.send(load_document("driver", name), variables, driver)).status_code)
        if reads:
            answered.add((await api.send(load_document("driver", "my_route"), None, driver)).status_code)
    return answered


async def test_a_burst_of_a_driver_is_never_refused(marketplace: TestMarketplace, driver: Caller) -> None:
    usual = usual_rates(caller_units_per_s=marketplace.settings.caller_units_per_s).callers.budget
    api = Api(build_app(marketplace, rates=rates(usual)))

    accepts = await statuses(api, driver, answers_to_offers("accept_offer", 10), reads=True)
    declines = await statuses(api, driver, answers_to_offers("decline_offer", 10), reads=True)
    reported = await statuses(api, driver, reports(20), reads=True)
    left = (await api.send(load_document("driver", "my_route"), None, driver)).headers["x-budget-left"]

    assert accepts == declines == reported == {200}
    assert int(left) > usual.burst_units / 3


async def test_a_driver_who_has_read_too_much_can_still_do_the_work(
    marketplace: TestMarketplace, driver: Caller
) -> None:
    api = Api(build_app(marketplace, rates=rates(Budget(burst_units=100, units_per_s=1))))
    await statuses(api, driver, iter([("my_route", {})]))

    reads = await statuses(api, driver, iter([("my_route", {}), ("my_offers", {})]))
    work = await statuses(api, driver, answers_to_offers("accept_offer", 10)) | await statuses(api, driver, reports(20))

    assert (reads, work) == ({429}, {200})


async def test_duties_have_an_end_too(marketplace: TestMarketplace, driver: Caller) -> None:
    api = Api(build_app(marketplace, rates=rates(Budget(burst_units=100, units_per_s=1))))
    documents: Documents = api.app.state.edge.documents
    cost = documents.prepare(load_document("driver", "accept_offer")).select(None).units({})
    # The first one takes all of the common budget.
    possible = 1 + int(DUTIES.burst_units) // cost

    before = await statuses(api, driver, answers_to_offers("accept_offer", possible))
    after = await statuses(api, driver, answers_to_offers("accept_offer", 1))

    assert (before, after) == ({200}, {429})


async def test_only_an_operation_of_duties_alone_may_use_their_budget(
    marketplace: TestMarketplace, driver: Caller
) -> None:
    api = Api(build_app(marketplace, rates=rates(Budget(burst_units=65, units_per_s=1))))
    text = "mutation M($key: String!) { goOffline(idempotencyKey: $key) { __typename } } query Q { myRoute { id } }"
    await api.send(text, {"key": "a"}, driver, operationName="M")

    read = await api.send(text, None, driver, operationName="Q")
    duty = await api.send(text, {"key": "b"}, driver, operationName="M")

    assert (read.status_code, duty.status_code) == (429, 200)
