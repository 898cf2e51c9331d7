"""Browsers that a recipient lets us tell of the delivery, and the end of that."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from marketplace.alerts import (
    BROWSERS_EACH,
    LONGEST_ENDPOINT,
    PushDoor,
    subscribe_browser,
    unsubscribe_browser,
)
from marketplace.core.errors import Unavailable
from marketplace.core.work import Work
from schema.access import require_recipient
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.problem import Problem


class NoPush(Unavailable):
    """This deployment tells no browsers."""

    code = "NO_PUSH"
    retryable = False


@strawberry.type(description="What was said about a browser was kept.")
class BrowserChanged:
    """A browser after a change."""

    is_told: bool = strawberry.field(description="Whether it hears of the delivery from now on.")


BrowserResult = Annotated[BrowserChanged | Problem, strawberry.union("BrowserResult")]
Endpoint = Annotated[
    str,
    strawberry.argument(
        description="Where its push service takes messages for it, as PushSubscription says: https:// and a host of the"
        f" open network, at most {LONGEST_ENDPOINT} characters."
    ),
]


@strawberry.type
class Query:
    """What a browser needs before it can be told."""

    @query(
        description="What a browser is to allow as `applicationServerKey`: a point of P-256 as base64url; null where"
        " browsers are told nothing. For recipients."
    )
    async def push_key(self, info: Info) -> str | None:
        """Tells the public key."""
        require_recipient(info)
        pushes = info.context.marketplace.pushes
        return None if pushes is None else pushes.public_key


@strawberry.type
class Mutation:
    """Which browsers hear of the delivery of the link."""

    @mutation(
        description="Has a browser hear of the delivery until its tracking link ends; once more brings its latest keys."
        f" At most {BROWSERS_EACH} browsers hear of one delivery. For recipients."
    )
    async def subscribe_browser(
        self,
        info: Info,
        endpoint: Endpoint,
        p256dh: Annotated[str, strawberry.argument(description="Its public key: 65 bytes as base64url.")],
        auth: Annotated[str, strawberry.argument(description="Its secret: 16 bytes as base64url.")],
        idempotency_key: IdempotencyKey,
    ) -> BrowserResult:
        """Subscribes; where it goes is looked at before anything is opened."""
        recipient = require_recipient(info)
        await _door(info).check(endpoint)
        return await _change(
            info,
            operation="subscribeBrowser",
            arguments={"delivery": recipient.id, "endpoint": endpoint, "p256dh": p256dh, "auth": auth},
            idempotency_key=idempotency_key,
            run=lambda work: subscribe_browser(
                work, delivery_id=recipient.delivery_id, endpoint=endpoint, p256dh=p256dh, auth=auth
            ),
            is_told=True,
        )

    @mutation(description="Has a browser hear no more of the delivery. For recipients.")
    async def unsubscribe_browser(
        self, info: Info, endpoint: Endpoint, idempotency_key: IdempotencyKey
    ) -> BrowserResult:
        """Ends it."""
        recipient = require_recipient(info)
        return await _change(
            info,
            operation="unsubscribeBrowser",
            arguments={"delivery": recipient.id, "endpoint": endpoint},
            idempotency_key=idempotency_key,
            run=lambda work: unsubscribe_browser(work, delivery_id=recipient.delivery_id, endpoint=endpoint),
            is_told=False,
        )


def _door(info: Info) -> PushDoor:
    pushes: PushDoor | None = info.context.marketplace.pushes
    if pushes is None:
        raise NoPush("browsers are told nothing here")
    return pushes


async def _change(
    info: Info,
    *,
    operation: str,
    arguments: dict[str, object],
    idempotency_key: str,
    run: Callable[[Work], Awaitable[None]],
    is_told: bool,
) -> BrowserChanged | Problem:
    """Makes a change once. What is kept beside the key is a digest of the address and no copy."""

    async def once(work: Work) -> str:
        await run(work)
        return operation

    async def answer(_work: Work, _reference: str) -> BrowserChanged:
        return BrowserChanged(is_told=is_told)

    return await mutate(
        info, operation=operation, arguments=arguments, idempotency_key=idempotency_key, run=once, answer=answer
    )
