"""POST /webhooks/stripe and /webhooks/stripe/connect: the payment provider tells that something has happened.

The signature over the raw body is all the authority that there is. An event is kept before it is answered, and looked
into by a worker later; whatever is not answered with 200 comes again.
"""

from starlette.types import Receive, Scope, Send

from marketplace.core.clock import machine
from marketplace.core.errors import Refusal
from marketplace.payments import Endpoint, receive_event
from schema.answers import Answer, answer_of, failed, refused, send_answer
from schema.edge import Edge
from schema.masking import new_request_id
from schema.refusals import BadRequest, BodyTooLarge, WrongMethod
from schema.requests import ClientGone, head_of, read_body

LARGEST_BYTES = 512 * 1024
"""Bytes of an event; the largest that Stripe sends are a fraction of it."""
LONGEST_SIGNATURE = 2_000


class WebhookEndpoint:
    """The ASGI application behind one of the provider's two addresses."""

    def __init__(self, edge: Edge, endpoint: Endpoint) -> None:
        self.edge = edge
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes one event."""
        request_id = new_request_id()
        try:
            answer = await self._take(scope, receive)
        except ClientGone:
            return
        except Refusal as refusal:
            answer = refused(refusal)
        except Exception as failure:  # noqa: BLE001 - whatever else happens is masked here, and logged
            answer = failed(failure, request_id)
        await send_answer(send, answer, request_id)

    async def _take(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            raise WrongMethod("send an event by POST")
        if (head_of(scope).announced_bytes or 0) > LARGEST_BYTES:
            raise BodyTooLarge(f"an event has at most {LARGEST_BYTES} bytes")
        signature = _signature(scope)
        # Past what this process can serve well it is refused before its body is read, and comes again.
        with self.edge.load.admit(is_priority=True):
            body = await read_body(receive, largest=LARGEST_BYTES)
            marketplace = self.edge.marketplace
            event = marketplace.provider.read_event(body, signature, endpoint=self.endpoint, now=machine())
            async with marketplace.works.open() as work:
                await receive_event(work, event=event)
        return answer_of({"received": True})


def _signature(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"stripe-signature"]
    if len(found) != 1 or len(found[0]) > LONGEST_SIGNATURE:
        raise BadRequest("an event comes with one Stripe-Signature header")
    return str(found[0].decode("latin-1"))
