"""What a resolver is given: the marketplace, who asks, and loaders that live as long as the request."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from marketplace.accounts import Principal, Tokens
from marketplace.core.notifier import Notifier
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.payments import PaymentProvider

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")
Errand = Callable[[], Awaitable[None]]


class EdgeMarketplace(Protocol):
    """The parts of the marketplace that the edge itself needs; resolvers reach the others by the same object."""

    @property
    def settings(self) -> Settings:
        """How this deployment is set up."""
        ...

    @property
    def works(self) -> Works:
        """Opens units of change."""
        ...

    @property
    def notifier(self) -> Notifier:
        """Sends messages to people."""
        ...

    @property
    def provider(self) -> PaymentProvider:
        """Moves money, and tells what became of it."""
        ...

    @property
    def city(self) -> Any:
        """The city pack, or None where no streets are loaded."""
        ...

    @property
    def object_store(self) -> Any:
        """Keeps proofs."""
        ...


@dataclass(slots=True)
class RequestContext:
    """One request, or one subscription, with everything that its resolvers share."""

    marketplace: Any
    principal: Principal | None
    request_id: str
    address: str
    tokens: Tokens
    forget_session: Callable[[UUID | None], None]
    loaders: dict[object, DataLoader[Any, Any]] = field(default_factory=dict)
    errands: list[Errand] = field(default_factory=list)

    def loader(self, load: Callable[[Works, list[Key]], Awaitable[Sequence[Found]]]) -> DataLoader[Key, Found]:
        """The loader of this request for that function, which reads the records of many keys in one statement."""
        if load not in self.loaders:

            async def load_all(keys: list[Key]) -> Sequence[Found]:
                return await load(self.marketplace.works, keys)

            self.loaders[load] = DataLoader(load_all)
        return self.loaders[load]

    def after_answer(self, errand: Errand) -> None:
        """Has something done once the answer is on its way, so that the caller neither waits nor learns of it."""
        self.errands.append(errand)


Info = strawberry.Info[RequestContext, None]
