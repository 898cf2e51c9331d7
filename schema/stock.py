"""What shippers keep at hubs: described, received, counted, moved between hubs, and filled up."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from marketplace.accounts import PrincipalKind, note_action
from marketplace.batches import TransferStock
from marketplace.billing import check_credit
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import MarketId, OperatorId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.hubs import SkuFacts, count_stock, hub_stock, receive_stock, set_replenishment, set_sku
from schema.access import require_one_of, require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.delivery_input import ItemInput
from schema.errands import mutate_by_errand
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.problem import Problem

HubArgument = Annotated[strawberry.ID, strawberry.argument(description="hub_….")]
SkuArgument = Annotated[str, strawberry.argument(description="Its code, 1 to 60 characters.")]
OwnerArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="shp_… whose goods they are: for operations; your own if left out."),
]
QUANTITY = "How many, 1 to 1,000,000."


@strawberry.type(description="What lies of a SKU at a hub.")
class HubStock:
    """A shelf."""

    hub_id: strawberry.ID = strawberry.field(description="hub_….")
    shipper_id: strawberry.ID = strawberry.field(description="shp_… whose it is.")
    sku: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="As its shipper calls it.")
    on_hand: int = strawberry.field(description="How many lie there.")
    reserved: int = strawberry.field(description="How many of them are promised to deliveries.")
    free: int = strawberry.field(description="How many can still be promised.")
    coming: int = strawberry.field(description="How many are on their way from other hubs, or promised to be.")
    source_hub_id: strawberry.ID | None = strawberry.field(description="hub_… from which it is filled up, if it is.")
    min_quantity: int | None = strawberry.field(description="It is filled up when fewer than so many are free.")
    target_quantity: int | None = strawberry.field(description="Up to so many.")


@strawberry.type(name="SkuSet", description="The SKU is described like this from now on.")
class SkuSetType:
    """A described SKU."""

    sku: str = strawberry.field(description="Its code.")


@strawberry.type(description="What lies on the shelf now.")
class StockChanged:
    """A shelf after a change."""

    stock: HubStock = strawberry.field(description="The shelf.")


@strawberry.type(description="A delivery will take it from one hub to the other.")
class StockTransferPosted:
    """A transfer."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_…; follow it like any other.")


SetSkuResult = Annotated[SkuSetType | Problem, strawberry.union("SetSkuResult")]
ReceiveStockResult = Annotated[StockChanged | Problem, strawberry.union("ReceiveStockResult")]
CountStockResult = Annotated[StockChanged | Problem, strawberry.union("CountStockResult")]
SetReplenishmentResult = Annotated[StockChanged | Problem, strawberry.union("SetReplenishmentResult")]
TransferStockResult = Annotated[StockTransferPosted | Problem, strawberry.union("TransferStockResult")]


class Asked:
    """Who asks about whose goods: a shipper about its own, operations of the market about anybody's."""

    def __init__(self, info: Info, market_id: strawberry.ID, shipper_id: strawberry.ID | None) -> None:
        principal = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        self.market = MarketId(from_wire("market", market_id, field="marketId"))
        self.operator_id: OperatorId | None = None
        named = from_wire("shipper", shipper_id, field="shipperId") if shipper_id else None
        if principal.kind is PrincipalKind.OPERATOR:
            self.operator_id = require_operator(info, self.market).operator_id
            self.shipper_id = named
        elif named not in (None, principal.id):
            raise NotFound("there is no such shipper", field="shipperId")
        else:
            self.shipper_id = principal.id

    @property
    def is_shipper(self) -> bool:
        """Whether a shipper asks."""
        return self.operator_id is None

    def owner(self) -> UUID:
        """Whose goods are to change."""
        if self.shipper_id is None:
            raise Invalid("name the shipper whose goods they are", field="shipperId")
        return self.shipper_id

    async def note(self, work: Work, verb: str, subject_id: UUID, details: dict[str, Any]) -> None:
        """Writes down what an operator does; a shipper's own goods are its own business."""
        if self.operator_id is not None:
            await note_action(
                work,
                operator_id=self.operator_id,
                market_id=self.market,
                verb=verb,
                subject_id=subject_id,
                details={"shipper_id": str(self.owner()), **details},
            )


@strawberry.type
class Query:
    """What lies at hubs."""

    @query(
        description="What lies at hubs by SKU and hub, at most 1,000: your own; for operations everybody's.",
        usual_rows=50,
    )
    async def hub_stock(
        self,
        info: Info,
        market_id: MarketArgument,
        hub_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only what lies at this hub, hub_….")
        ] = None,
        shipper_id: OwnerArgument = None,
    ) -> list[HubStock]:
        """Reads shelves."""
        asked = Asked(info, market_id, shipper_id)
        hub = from_wire("hub", hub_id, field="hubId") if hub_id else None
        async with info.context.marketplace.works.open() as work:
            rows = await hub_stock(work, market_id=asked.market, shipper_id=asked.shipper_id, hub_id=hub)
        return cast("list[HubStock]", rows)


@strawberry.type
class Mutation:
    """Changing what lies at hubs."""

    @mutation(description="Describes something that you keep at hubs; the same code again describes it anew.")
    async def set_sku(
        self,
        info: Info,
        market_id: MarketArgument,
        sku: SkuArgument,
        name: Annotated[str, strawberry.argument(description="At most 200 characters.")],
        weight_g: Annotated[int, strawberry.argument(description="Grams of one, 1 to 500,000.")],
        length_mm: Annotated[int, strawberry.argument(description="Millimetres of one, 1 to 5,000.")],
        width_mm: Annotated[int, strawberry.argument(description="Millimetres of one, 1 to 5,000.")],
        height_mm: Annotated[int, strawberry.argument(description="Millimetres of one, 1 to 5,000.")],
        idempotency_key: IdempotencyKey,
    ) -> SetSkuResult:
        """Describes a SKU."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        sides = {"length_mm": length_mm, "width_mm": width_mm, "height_mm": height_mm}
        facts = SkuFacts(code=sku, name=name, weight_g=weight_g, **sides)

        async def run(work: Work) -> str:
            await set_sku(work, market_id=market, shipper_id=shipper.id, facts=facts)
            return sku

        async def answer(_work: Work, reference: str) -> SkuSetType:
            return SkuSetType(sku=reference)

        return await mutate(
            info,
            operation="setSku",
            arguments={"market": market, "sku": sku, "name": name, "weight": weight_g, **sides},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Puts goods that came in on a hub's shelf. For operations, and for shippers at hubs of their own."
    )
    async def receive_stock(
        self,
        info: Info,
        market_id: MarketArgument,
        hub_id: HubArgument,
        sku: SkuArgument,
        quantity: Annotated[int, strawberry.argument(description=QUANTITY)],
        idempotency_key: IdempotencyKey,
        shipper_id: OwnerArgument = None,
    ) -> ReceiveStockResult:
        """Receives goods."""
        asked, hub = Asked(info, market_id, shipper_id), from_wire("hub", hub_id, field="hubId")

        async def run(work: Work) -> str:
            await receive_stock(
                work,
                market_id=asked.market,
                hub_id=hub,
                shipper_id=asked.owner(),
                code=sku,
                quantity=quantity,
                own_only=asked.is_shipper,
            )
            await asked.note(work, "receiveStock", hub, {"sku": sku, "quantity": quantity})
            return sku

        return await _change(info, "receiveStock", asked, hub, {"quantity": quantity}, sku, idempotency_key, run)

    @mutation(
        description="Corrects a shelf to what was counted there, which is not less than what is promised:"
        " STOCK_PROMISED. For operations, and for shippers at hubs of their own."
    )
    async def count_stock(
        self,
        info: Info,
        market_id: MarketArgument,
        hub_id: HubArgument,
        sku: SkuArgument,
        counted: Annotated[int, strawberry.argument(description="How many lie there, 0 to 1,000,000.")],
        idempotency_key: IdempotencyKey,
        shipper_id: OwnerArgument = None,
    ) -> CountStockResult:
        """Counts goods."""
        asked, hub = Asked(info, market_id, shipper_id), from_wire("hub", hub_id, field="hubId")

        async def run(work: Work) -> str:
            await count_stock(
                work,
                market_id=asked.market,
                hub_id=hub,
                shipper_id=asked.owner(),
                code=sku,
                counted=counted,
                own_only=asked.is_shipper,
            )
            await asked.note(work, "countStock", hub, {"sku": sku, "counted": counted})
            return sku

        return await _change(info, "countStock", asked, hub, {"counted": counted}, sku, idempotency_key, run)

    @mutation(
        description="Has a shelf filled up from another hub whenever fewer than the minimum are free: once for each"
        " shortage, up to the target. A minimum of 0 ends it. What operations set costs the shipper nothing."
    )
    async def set_replenishment(
        self,
        info: Info,
        market_id: MarketArgument,
        hub_id: HubArgument,
        source_hub_id: Annotated[strawberry.ID, strawberry.argument(description="hub_… from which it comes.")],
        sku: SkuArgument,
        min_quantity: Annotated[int, strawberry.argument(description="0 or more, below the target.")],
        target_quantity: Annotated[int, strawberry.argument(description="1 to 100,000.")],
        idempotency_key: IdempotencyKey,
        shipper_id: OwnerArgument = None,
    ) -> SetReplenishmentResult:
        """Sets a replenishment point."""
        asked, hub = Asked(info, market_id, shipper_id), from_wire("hub", hub_id, field="hubId")
        source = from_wire("hub", source_hub_id, field="sourceHubId")
        points = {"min_quantity": min_quantity, "target_quantity": target_quantity}

        async def run(work: Work) -> str:
            await set_replenishment(
                work,
                market_id=asked.market,
                hub_id=hub,
                shipper_id=asked.owner(),
                code=sku,
                source_hub_id=source,
                is_free=not asked.is_shipper,
                **points,
            )
            await asked.note(work, "setReplenishment", hub, {"sku": sku, "source_hub_id": str(source), **points})
            return sku

        arguments = {"source": source, **points}
        return await _change(info, "setReplenishment", asked, hub, arguments, sku, idempotency_key, run)

    @mutation(
        description="Posts a delivery that takes stock from one hub to another within 24 hours. It leaves the first"
        " when it is picked up and is free to be promised at the second when it is dropped off. What operations ask for"
        " costs the shipper nothing."
    )
    async def transfer_stock(
        self,
        info: Info,
        market_id: MarketArgument,
        from_hub_id: HubArgument,
        to_hub_id: HubArgument,
        items: Annotated[list[ItemInput], strawberry.argument(description="1 to 20 SKUs of one shipper.")],
        idempotency_key: IdempotencyKey,
        shipper_id: OwnerArgument = None,
    ) -> TransferStockResult:
        """Posts a transfer."""
        asked = Asked(info, market_id, shipper_id)
        units = {item.sku: item.quantity for item in items}
        if len(units) < len(items):
            raise Invalid("name each SKU once", field="items")
        errand = TransferStock(
            router=info.context.marketplace.router,
            gate=check_credit,
            market_id=asked.market,
            shipper_id=asked.owner(),
            from_hub_id=from_wire("hub", from_hub_id, field="fromHubId"),
            to_hub_id=from_wire("hub", to_hub_id, field="toHubId"),
            units=units,
            is_free=not asked.is_shipper,
            operator_id=asked.operator_id,
        )

        async def answer(_work: Work, reference: str) -> StockTransferPosted:
            return StockTransferPosted(delivery_id=strawberry.ID(to_wire("delivery", UUID(reference))))

        return await mutate_by_errand(
            info,
            operation="transferStock",
            arguments={
                "market": asked.market,
                "shipper": asked.owner(),
                "from": errand.from_hub_id,
                "to": errand.to_hub_id,
                "units": units,
            },
            idempotency_key=idempotency_key,
            errand=errand,
            reference=str,
            answer=answer,
        )


async def _change(
    info: Info,
    operation: str,
    asked: Asked,
    hub: UUID,
    arguments: dict[str, Any],
    sku: str,
    idempotency_key: str,
    run: Callable[[Work], Awaitable[str]],
) -> StockChanged | Problem:
    """Changes a shelf, and answers with it."""

    async def answer(work: Work, code: str) -> StockChanged:
        [stock] = await hub_stock(work, market_id=asked.market, shipper_id=asked.owner(), hub_id=hub, code=code)
        return StockChanged(stock=cast("HubStock", stock))

    return await mutate(
        info,
        operation=operation,
        arguments={"market": asked.market, "shipper": asked.owner(), "hub": hub, "sku": sku, **arguments},
        idempotency_key=idempotency_key,
        run=run,
        answer=answer,
    )
