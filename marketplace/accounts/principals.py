"""Who is calling: shippers and keepers of points by key, drivers and operators by session, recipients by link."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketplace.core.ids import DeliveryId, DriverId, MarketId, OperatorId, ShipperId


class PrincipalKind(StrEnum):
    """The six kinds of callers that prove who they are."""

    SHIPPER = "shipper"
    DRIVER = "driver"
    OPERATOR = "operator"
    RECIPIENT = "recipient"
    DISPATCHER = "dispatcher"
    KEEPER = "keeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose credential was checked.

    A dispatcher is a person of a contracted company; whose drivers that are is asked of the database each time.
    `market_id` is the city of a driver, dispatcher, keeper or recipient, or the one that an operator is limited to;
    None means every city. A recipient is known as the one delivery of the link and a keeper as the one point of the
    key: `id` is that one's. `expires_at` is machine time and None for keys, which last until they are revoked, and for
    links, which end with their delivery.
    """

    kind: PrincipalKind
    id: UUID
    market_id: UUID | None = None
    is_test: bool = False
    session_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def shipper_id(self) -> ShipperId:
        """The id of a caller that is known to be a shipper."""
        assert self.kind is PrincipalKind.SHIPPER
        return ShipperId(self.id)

    @property
    def driver_id(self) -> DriverId:
        """The id of a caller that is known to be a driver."""
        assert self.kind is PrincipalKind.DRIVER
        return DriverId(self.id)

    @property
    def operator_id(self) -> OperatorId:
        """The id of a caller that is known to be an operator."""
        assert self.kind is PrincipalKind.OPERATOR
        return OperatorId(self.id)

    @property
    def delivery_id(self) -> DeliveryId:
        """The delivery that a caller, known to be a recipient, follows."""
        assert self.kind is PrincipalKind.RECIPIENT
        return DeliveryId(self.id)

    @property
    def home_market_id(self) -> MarketId:
        """The market of a caller that belongs to exactly one."""
        assert self.market_id is not None
        return MarketId(self.market_id)

    def may_see_market(self, market_id: UUID) -> bool:
        """Whether this caller is not limited to another city."""
        return self.market_id is None or self.market_id == market_id
