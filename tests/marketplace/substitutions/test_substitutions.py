"""What a hub has run out of is exchanged as its line allows: at once, when the recipient agrees, or not at all."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from marketplace.batches import DeliveryState, ItemRequest, find_delivery
from marketplace.batches.request import check_rows
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from marketplace.substitutions import (
    NoSubstitute,
    NothingToAnswer,
    SubstitutionRule,
    SubstitutionState,
    answer_substitution,
    propose_substitute,
    settle_due,
)
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import order
from tests.marketplace.hubs.stock import keep, post, shelf
from tests.marketplace.payouts.world import make_operator

R, S = SubstitutionRule, SubstitutionState


class Order:
    """Two teas from a hub that has ten, with five cups of maté and one bag of coffee beside them."""

    def __init__(self, works: Works, market: Market, shipper: Shipper, hub: Hub, skus: dict[str, UUID]) -> None:
        self.works, self.market, self.shipper, self.hub, self.skus = works, market, shipper, hub, skus
        self.operator_id = self.delivery_id = UUID(int=0)

    async def propose(self, by: str) -> SubstitutionState:
        """The picker finds no tea."""
        async with self.works.open() as work:
            return await propose_substitute(
                work,
                market_id=self.market.id,
                operator_id=self.operator_id,
                delivery_id=self.delivery_id,
                code="tea",
                by_code=by,
            )

    async def answer(self, *, is_accepted: bool) -> None:
        """The recipient says so."""
        async with self.works.open() as work:
            await answer_substitution(
                work, delivery_id=DeliveryId(self.delivery_id), code="tea", is_accepted=is_accepted
            )

    async def promised(self) -> dict[str, int]:
        """How many of each lie promised on their shelves."""
        found = {code: await shelf(self.works, self.hub, sku_id) for code, sku_id in self.skus.items()}
        return {code: level[1] for code, level in found.items() if level is not None}

    async def shown(self) -> list[tuple[str, str, str]]:
        """What the shipper sees of it."""
        async with self.works.read() as connection:
            tree = await find_delivery(connection, delivery_id=self.delivery_id, shipper_id=self.shipper.id)
        assert tree is not None
        return [(one["sku"], one["state"], one["substitute"]) for one in tree["substitutions"]]

    async def told(self) -> list[tuple[str, Any]]:
        """What the shipper was told."""
        async with self.works.open() as work:
            rows = await work.fetch("SELECT name, payload FROM event WHERE name LIKE 'Substitu%' ORDER BY ordinal")
        return [(row["name"], orjson.loads(row["payload"]).get("outcome")) for row in rows]


async def ordered(works: Works, rule: SubstitutionRule, *similar: str) -> Order:
    """The order, posted under a rule for its tea."""
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        skus = {
            code: await keep(work, market, shipper, code, [(hub, count)])
            for code, count in (("tea", 10), ("mate", 5), ("coffee", 1))
        }
        operator_id = await make_operator(work, market.id)
    placed = Order(works, market, shipper, hub, skus)
    item = ItemRequest(sku="tea", quantity=2, substitution=rule, similar=similar)
    result = await post(works, market, shipper, order("a-1", packages=[], items=[item]))
    assert result.rows[0].delivery_id is not None
    placed.operator_id, placed.delivery_id = operator_id, result.rows[0].delivery_id
    return placed


async def test_what_the_line_names_goes_without_asking(works: Works) -> None:
    tea = await ordered(works, R.SIMILAR, "mate", "unknown")

    assert await tea.propose("mate") is S.TAKEN

    assert await tea.promised() == {"tea": 0, "mate": 2, "coffee": 0}
    assert await tea.shown() == [("tea", "TAKEN", "A mate")]
    assert await tea.told() == [("SubstitutionSettled", "TAKEN")]


@pytest.mark.parametrize(("rule", "similar", "by"), [(R.NONE, (), "mate"), (R.SIMILAR, ("mate",), "coffee")])
async def test_nothing_goes_that_the_line_does_not_allow(
    works: Works, rule: SubstitutionRule, similar: tuple[str, ...], by: str
) -> None:
    tea = await ordered(works, rule, *similar)

    with pytest.raises(NoSubstitute):
        await tea.propose(by)

    assert await tea.promised() == {"tea": 2, "mate": 0, "coffee": 0}
    assert (await tea.shown(), await tea.told()) == ([], [])


@pytest.mark.parametrize(
    ("is_accepted", "promised", "outcome"),
    [
        (True, {"tea": 0, "mate": 2, "coffee": 0}, "TAKEN"),
        (False, {"tea": 0, "mate": 0, "coffee": 0}, "LEFT_OUT"),
    ],
)
async def test_a_recipient_is_asked_and_decides(
    works: Works, is_accepted: bool, promised: dict[str, int], outcome: str
) -> None:
    tea = await ordered(works, R.ASK)
    assert await tea.propose("mate") is S.PROPOSED
    assert await tea.promised() == {"tea": 2, "mate": 0, "coffee": 0}

    await tea.answer(is_accepted=is_accepted)

    assert await tea.promised() == promised
    assert await tea.shown() == [("tea", outcome, "A mate")]
    assert await tea.told() == [("SubstituteProposed", None), ("SubstitutionSettled", outcome)]
    with pytest.raises(NothingToAnswer):
        await tea.answer(is_accepted=True)
    with pytest.raises(NoSubstitute):
        await tea.propose("mate")


async def test_who_does_not_answer_in_time_gets_neither(works: Works, clock: ManualClock) -> None:
    tea = await ordered(works, R.ASK)
    await tea.propose("mate")
    clock.advance(seconds=899)
    async with works.open() as work:
        assert await settle_due(work) == 0

    clock.advance(seconds=1)
    with pytest.raises(NothingToAnswer):
        await tea.answer(is_accepted=True)
    async with works.open() as work:
        assert (await settle_due(work), await settle_due(work)) == (1, 0)

    assert await tea.promised() == {"tea": 0, "mate": 0, "coffee": 0}
    assert await tea.shown() == [("tea", "LEFT_OUT", "A mate")]


async def test_a_substitute_that_is_short_itself_is_left_out(works: Works) -> None:
    tea = await ordered(works, R.SIMILAR, "coffee")

    assert await tea.propose("coffee") is S.LEFT_OUT

    assert await tea.promised() == {"tea": 0, "mate": 0, "coffee": 0}


async def test_what_has_left_the_hub_is_not_exchanged(works: Works) -> None:
    tea = await ordered(works, R.SIMILAR, "mate")
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = $1", DeliveryState.CANCELLED.value)

    with pytest.raises(NoSubstitute):
        await tea.propose("mate")


@pytest.mark.parametrize(
    "wrong",
    [
        {"substitution": R.SIMILAR},
        {"substitution": R.SIMILAR, "similar": tuple("abcdef")},
        {"substitution": R.NONE, "similar": ("mate",)},
    ],
)
def test_a_rule_that_says_two_things_is_refused(wrong: dict[str, Any]) -> None:
    row = order("a-1", packages=[], items=[ItemRequest(sku="tea", quantity=1, **wrong)])

    assert [one.field for one in check_rows([row]).problems.values()] == ["items.similar"]
